"""Fills the template: symptom, expected, started, tried, environment, each with its origin and its places."""

import re
from collections.abc import Sequence

from misrun.agents.characterization import Characterization, Fact, Field, Origin
from misrun.agents.siblings import Sibling
from misrun.knowledge.ontology import Ontology, TermKind
from misrun.tools.diagnosis.facts import ERROR, Facts
from misrun.tools.readers.run_record import ConfigValue, EnvironmentFact, RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.compare import Difference
from misrun.tools.signals.measure import onset
from misrun.tools.signals.signal import Signal

# What a person would name first, from the fatal to the merely odd; the first that was measured is the symptom.
_SALIENCE: tuple[str, ...] = (
    "loss_scale_collapse", "loss_nonfinite", "loss_hidden_nan", "grad_nonfinite", "loss_zero", "loss_divergence", "loss_blow_up", "metric_impossible", "one_class_predicted", "representation_std_collapse", "gradient_part_zero", "gradient_part_vanishing", "test_below_validation", "metric_falls",
    "loss_constant", "loss_softmax_floor", "loss_at_chance", "metric_at_chance", "reward_flat", "entropy_collapse", "kl_runaway", "kl_vanishing", "oov_high",
    "vocabulary_exceeds_embedding", "labels_exceed_classes", "grad_exploding", "grad_zero", "memory_growth", "memory_jump",
    "loss_jump_at_resume", "validation_suspiciously_good", "validation_gap", "validation_flat", "metric_constant",
    "metric_disagrees", "lr_zero", "lr_change_at_onset", "lr_constant_under_schedule", "grad_vanishing", "loss_oscillation",
    "loss_plateau", "loss_slow", "loss_start_high", "loss_negative", "perplexity_high", "completions_clipped", "loss_periodic",
    "throughput_collapse", "loader_bound", "validation_noisy", "loss_spike", "config_conflict", "run_unfinished",
)  # fmt: skip
# Numbers at most this many ahead of the onset count as "what changed there" (share of the steps before it).
_NEAR_ONSET = 0.05

# A sentence of the user is the symptom where nothing was measured (readers/complaint_table.py).
_SAID = f"{ERROR}said_"

_EXPECTED: dict[str, str] = {
    "loss_nonfinite": "A finite loss that goes on falling from {last_finite}",
    "loss_hidden_nan": "A finite loss above 0 with a finite gradient norm",
    "loss_zero": "A loss above 0 and a gradient norm above 0 while there is something to learn",
    "loss_divergence": "A loss that stays at or below its best level of {best}",
    "loss_at_chance": "A loss clearly below the chance level of {chance_loss}",
    "loss_constant": "A loss that falls from its first value",
    "metric_at_chance": "A metric clearly above chance",
    "validation_gap": "Validation that follows training",
    "validation_flat": "Validation that improves with training",
    "validation_suspiciously_good": "Validation slightly worse than training",
    "memory_growth": "Memory that stays level after the first steps",
    "grad_exploding": "A gradient norm that stays within its own earlier range",
    "loss_plateau": "A loss that keeps falling below its plateau",
    "loss_softmax_floor": "A loss that can approach 0",
    "reward_flat": "Rewards that differ within a group",
}  # fmt: skip

_TERM_KINDS: tuple[TermKind, ...] = ("frameworks", "model_types", "techniques")
# Settings a colleague asks for first; the last part of a dotted name decides.
_HYPERPARAMETERS: tuple[str, ...] = (
    "lr", "learning_rate", "batch_size", "per_device_train_batch_size", "train_batch_size", "micro_batch_size",
    "gradient_accumulation_steps", "accumulate_grad_batches", "optimizer", "optim", "weight_decay", "warmup_steps",
    "warmup_ratio", "lr_scheduler_type", "scheduler", "max_grad_norm", "grad_clip", "gradient_clip_val", "fp16", "bf16",
    "precision", "mixed_precision", "epochs", "num_train_epochs", "max_epochs", "max_steps", "seed", "dropout",
    "num_classes", "num_labels", "vocab_size", "max_length", "seq_len", "block_size", "hidden_size", "d_model", "n_layer",
    "num_layers", "num_hidden_layers", "n_parameters", "trainable_parameters", "num_examples",
)  # fmt: skip


def characterize(
    facts: Facts,
    ontology: Ontology,
    *,
    code_text: str = "",
    differences: Sequence[Difference] = (),
    siblings: Sequence[Sibling] = (),
) -> Characterization:
    """The filled template of one run. `code_text` is the run's code, for naming frameworks and model types."""
    begun = onset(facts.signals)
    words = _vocabulary_of(facts.run, code_text)
    named = {kind: tuple(term.id for term in ontology.terms_in(words, kind)) for kind in _TERM_KINDS}
    return Characterization(
        symptom=_symptom(facts),
        expected=_expected(facts),
        started=_started(facts, begun, differences),
        tried=_tried(facts, siblings),
        environment=_environment(facts.run, named["frameworks"]),
        onset_step=begun,
        frameworks=named["frameworks"],
        model_types=named["model_types"],
        techniques=named["techniques"],
    )


def primary_signal(facts: Facts) -> Signal | None:
    """The signal a person would report: the root error, else the most salient measurement."""
    if facts.root is not None and not _only_says_nonfinite(facts):
        named = facts.signal(f"{ERROR}{facts.root.name}")
        return named or facts.signal("traceback_root")
    killed = facts.signal("killed_by_signal")
    measured = next((facts.signal(name) for name in _SALIENCE if facts.has(name)), None)
    return killed or measured or next((s for s in facts.signals if s.name.startswith(_SAID)), None)


def _only_says_nonfinite(facts: Facts) -> bool:
    """A line that only reports a NaN is the same fact as the measured series, which says more."""
    root = facts.root
    return root is not None and root.name == "nonfinite_detected" and not root.frames and facts.has("loss_nonfinite")


def _symptom(facts: Facts) -> Field:
    primary = primary_signal(facts)
    if primary is None:
        return _healthy_symptom(facts)
    beside: list[Signal | None] = []
    if facts.root is not None and not _only_says_nonfinite(facts):
        where = facts.signal("traceback_root")
        if where is not None and facts.root.message[:80] in where.text:
            primary = where  # the same message, with the place where it was raised
        beside = [where, next((facts.signal(name) for name in _SALIENCE[:4] if facts.has(name)), None)]
    told = list(dict.fromkeys(s.text for s in (primary, *beside) if s is not None))
    spans = [span for s in (primary, *beside) if s is not None for span in s.spans]
    origin: Origin = "user" if primary.name.startswith(_SAID) else "log"
    return Field(value=" ".join(told), origin=origin, spans=tuple(dict.fromkeys(spans)))


def _healthy_symptom(facts: Facts) -> Field:
    improving, finished = facts.signal("loss_improving"), facts.signal("run_finished")
    found = [signal for signal in (improving, finished) if signal]
    if not found:
        return Field(ask="what went wrong in one sentence, and the log lines where it shows")
    return Field(
        value="No failure was found. " + " ".join(signal.text for signal in found),
        origin="log",
        spans=tuple(span for signal in found for span in signal.spans),
    )


def _expected(facts: Facts) -> Field:
    ending = facts.run.ending
    if (facts.root is not None and not _only_says_nonfinite(facts)) or facts.has("killed_by_signal"):
        goal = f" to step {_count(ending.planned_steps)}" if ending.planned_steps else " to its end"
        return Field(value=f"Training that runs{goal} without an error", origin="inferred", spans=ending.spans)
    primary = primary_signal(facts)
    if primary is None:
        return Field(ask="the value you expected (paper, earlier run) and of which metric")
    template = _EXPECTED.get(primary.name)
    if template is None:
        return Field(ask="the value you expected (paper, earlier run) and of which metric")
    values = {key: _number(value) for key, value in primary.values.items()}
    try:
        return Field(value=template.format(**values), origin="inferred", spans=primary.spans)
    except KeyError:
        return Field(value=re.sub(r" (from|of) \{\w+\}", "", template), origin="inferred", spans=primary.spans)


def _started(facts: Facts, begun: float | None, differences: Sequence[Difference]) -> Field:
    parts: list[str] = []
    spans: list[Span] = []
    origin: Origin = "log"
    if begun is not None:
        parts.append(_position(begun, facts.run))
        for signal in _changes_at(facts, begun):
            parts.append(signal.text)
            spans.extend(signal.spans)
    if differences:
        parts.append("Against the baseline: " + "; ".join(_difference(d) for d in differences[:6]) + ".")
        spans.extend(span for d in differences[:6] for span in d.spans)
        origin = "log" if begun is not None else "config"
    if not parts:
        return Field(ask="since when it fails, and a run that still worked (--baseline RUN)")
    primary = primary_signal(facts)
    return Field(value=" ".join(parts), origin=origin, spans=tuple(spans) or (primary.spans if primary else ()))


def _position(begun: float, run: RunRecord) -> str:
    end = run.ending.planned_steps or run.ending.last_step
    share = f" of {_count(end)} ({100 * begun / end:.0f} %)" if end and end >= begun > 0 else ""
    return f"At step {_count(begun)}{share}."


def _changes_at(facts: Facts, begun: float) -> list[Signal]:
    """Signals that tell what changed at the onset: a learning-rate change, a resume, the end of a warm-up."""
    # After a crash the learning rate of that step is a coincidence.
    of_curves = () if facts.root else ("lr_change_at_onset", "lr_at_onset", "lr_no_warmup")
    names = ("loss_jump_at_resume", "memory_jump", *of_curves)
    near = max(1.0, _NEAR_ONSET * begun)
    found = [signal for name in names if (signal := facts.signal(name))]
    return [s for s in found if s.step is None or abs(s.step - begun) <= near][:2]


def _difference(difference: Difference) -> str:
    return f"{difference.name} {difference.there} -> {difference.here}"


def _tried(facts: Facts, siblings: Sequence[Sibling]) -> Field:
    places = {str(event.values.get("attempt")): event.span for event in facts.run.events}
    told = [
        Fact(name="reported", value=text, origin="user", spans=(places[text],) if text in places else ())
        for text in facts.tried
    ]
    seen = [Fact(name=s.name, value=s.summary, origin="log", spans=s.spans) for s in siblings]
    if not told and not seen:
        return Field(ask='what has been tried already (--tried "lower lr to 1e-4, no change")')
    both = (*told, *seen)
    text = "; ".join([f.value for f in told] + [f"{f.name}: {f.value}" for f in seen])
    origin: Origin = "user" if told else "log"
    return Field(value=text, origin=origin, spans=tuple(s for f in both for s in f.spans), facts=both)


def _environment(run: RunRecord, frameworks: Sequence[str]) -> Field:
    facts = [Fact(name=e.name, value=e.value, origin="log", spans=(e.span,)) for e in _once(run)]
    facts += [_setting_fact(value) for value in _hyperparameters(run)]
    if frameworks and not any(fact.name in frameworks for fact in facts):
        facts.append(Fact(name="framework", value=", ".join(frameworks), origin="code" if run.code else "inferred"))
    if not facts:
        return Field(ask="framework versions (pip freeze), the GPU (nvidia-smi) and the configuration of the run")
    text = ", ".join(f"{fact.name} {fact.value}" for fact in facts)
    return Field(
        value=text, origin=facts[0].origin, spans=tuple(s for f in facts for s in f.spans)[:12], facts=tuple(facts)
    )


def _once(run: RunRecord) -> list[EnvironmentFact]:
    return list({fact.name: fact for fact in reversed(run.environment)}.values())[::-1][:24]


def _hyperparameters(run: RunRecord) -> list[ConfigValue]:
    found = [run.setting(name) for name in _HYPERPARAMETERS]
    return [value for value in found if value is not None]


def _setting_fact(value: ConfigValue) -> Fact:
    origin: Origin = "code" if value.origin == "code" else "config"
    return Fact(name=value.name.rsplit(".", 1)[-1], value=str(value.value), origin=origin, spans=(value.span,))


def _vocabulary_of(run: RunRecord, code_text: str) -> str:
    """All words that may name a framework, a model type or a technique."""
    settings = " ".join(f"{c.name} {c.value}" for c in run.config[:400])
    messages = " ".join(e.message[:400] for e in run.events[:50])
    readers = " ".join(f.reader for f in run.files)
    packages = " ".join(e.name for e in run.environment)
    frames = " ".join(frame.file for e in run.events[:20] for frame in e.frames)
    return " ".join((settings, messages, readers, packages, frames, code_text))


def _count(steps: float) -> str:
    return f"{steps:,.0f}" if steps == int(steps) else f"{steps:.4g}"


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
