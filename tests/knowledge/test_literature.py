"""The literature agent widens until it has enough that applies, says why it stops, and cites nothing beside the point."""

from collections.abc import Sequence

import pytest

from misrun.agents.applicability import CLOSE, RELATED, Situation, judge, precision
from misrun.agents.characterization import Characterization, Field
from misrun.agents.literature import enough, leading_modes, search_literature, source_of
from misrun.knowledge.corpus import Corpus
from misrun.knowledge.entry import KnowledgeEntry
from misrun.knowledge.evidence import SearchOutcome
from misrun.knowledge.index import KnowledgeIndex
from misrun.knowledge.ontology import load_ontology
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.diagnosis.taxonomy import HEALTHY, UNKNOWN
from misrun.tools.readers.run_record import ConfigValue, EnvironmentFact, Event, RunRecord, Scalar
from misrun.tools.record import Span

ONTOLOGY = load_ontology()
SPAN = Span(file="train.log", first=1, last=1)
LABELS = "data_pipeline/label_range"
OVERFLOW = "optimization/low_precision_overflow"


def hypotheses(*rows: tuple[str, float]) -> list[Hypothesis]:
    return [Hypothesis(mode=mode, category=mode.split("/")[0], likelihood=share) for mode, share in rows]


def run_with(settings: dict[str, Scalar], errors: Sequence[str] = (), **versions: str) -> RunRecord:
    return RunRecord(
        root="run",
        config=tuple(ConfigValue(name=k, value=v, span=SPAN, origin="yaml") for k, v in settings.items()),
        events=tuple(Event(name="traceback", kind="error", message=m, span=SPAN) for m in errors),
        environment=tuple(EnvironmentFact(name=k, value=v, span=SPAN) for k, v in versions.items()),
    )


def described(symptom: str, *frameworks: str, model_types: tuple[str, ...] = ()) -> Characterization:
    field = Field(value=symptom, origin="log") if symptom else Field()
    return Characterization(symptom=field, frameworks=frameworks, model_types=model_types)


def test_enough_at_a_narrow_level_ends_the_search(packaged_index: KnowledgeIndex) -> None:
    outcome = search_literature(
        described("IndexError: Target 10 is out of bounds.", "pytorch"), hypotheses((LABELS, 0.9)), packaged_index
    )
    last = max(step.level for step in outcome.steps)
    assert last < 4
    assert outcome.stopped.endswith(f"sources at level {last}")
    applicable = [item for item in outcome.evidence if item.applicability != "low"]
    assert len(applicable) >= 3
    assert len({source_of(item) for item in applicable}) >= 2
    assert all(LABELS in item.modes for item in applicable)
    assert outcome.corpus_entries == len(packaged_index.corpus.entries)
    assert outcome.snapshot == packaged_index.corpus.snapshot


def test_every_query_is_recorded_with_what_it_brought_up(packaged_index: KnowledgeIndex) -> None:
    outcome = search_literature(
        described("loss nan", "pytorch"),
        hypotheses((OVERFLOW, 0.5), ("optimization/unstable_arithmetic", 0.4)),
        packaged_index,
        run=run_with({}, ["FloatingPointError: loss is nan\nin step 4"]),
    )
    assert [step.query for step in outcome.steps][:2] == [
        "loss nan pytorch",
        "FloatingPointError: loss is nan pytorch",
    ]
    asked = {(step.level, step.query): set(step.ids) for step in outcome.steps}
    assert all(step.hits == len(step.ids) for step in outcome.steps)
    assert all(item.id in asked[item.level, item.query] for item in outcome.evidence)
    assert outcome.evidence


def test_the_levels_are_used_up_when_nothing_applies(packaged_index: KnowledgeIndex) -> None:
    outcome = search_literature(
        described("the quarterly sales report is late"), hypotheses((UNKNOWN, 0.7)), packaged_index
    )
    assert outcome.evidence == ()
    assert outcome.stopped.startswith("all four levels are used: 0 applicable")


def test_a_healthy_run_is_not_looked_up(packaged_index: KnowledgeIndex) -> None:
    outcome = search_literature(described("loss falls"), hypotheses((HEALTHY, 0.9), (OVERFLOW, 0.05)), packaged_index)
    assert (outcome.evidence, outcome.steps) == ((), ())
    assert "healthy" in outcome.stopped


def test_the_validator_can_ask_for_other_modes_and_new_entries(packaged_index: KnowledgeIndex) -> None:
    about = described("loss nan", "pytorch")
    first = search_literature(about, hypotheses((OVERFLOW, 0.9)), packaged_index)
    seen = {item.id for item in first.evidence}
    again = search_literature(about, hypotheses((OVERFLOW, 0.9)), packaged_index, modes=[LABELS], exclude=seen)
    assert again.evidence
    assert seen.isdisjoint(item.id for item in again.evidence)
    assert all(LABELS in item.modes for item in again.evidence if item.applicability != "low")


def test_evidence_on_the_likeliest_mode_comes_first(packaged_index: KnowledgeIndex) -> None:
    outcome: SearchOutcome = search_literature(
        described("loss flat at 1.8, accuracy 0.31", "pytorch"),
        hypotheses(("model_software/double_activation", 0.5), ("optimization/learning_rate_too_low", 0.3)),
        packaged_index,
    )
    useful = [item for item in outcome.evidence if item.applicability != "low"]
    on_first = ["model_software/double_activation" in item.modes for item in useful]
    assert on_first == sorted(on_first, reverse=True)
    assert on_first[0]


def test_what_comes_from_another_field_says_what_carries_over_and_where_that_ends(
    packaged_index: KnowledgeIndex,
) -> None:
    mode = "optimization/representation_collapse"
    near = {e.id for e in packaged_index.corpus.entries if mode in e.modes and e.domain != "analogies"}
    outcome = search_literature(
        described("codebook perplexity fell to 3", "pytorch", model_types=("vqvae",)),
        hypotheses((mode, 0.9)),
        packaged_index,
        exclude=near,
    )
    abroad = [item for item in outcome.evidence if item.level == 4]
    assert any("winner-takes-all" in item.why and "Where it ends:" in item.why for item in abroad)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(OVERFLOW, 0.6), (LABELS, 0.2), ("optimization/oscillation", 0.1)], (OVERFLOW, LABELS)),
        ([(UNKNOWN, 0.6), (LABELS, 0.1)], ()),
        ([(UNKNOWN, 0.4), (LABELS, 0.3)], (LABELS,)),
        ([(HEALTHY, 0.9), (LABELS, 0.1)], ()),
        ([], ()),
    ],
)
def test_modes_far_behind_the_first_hypothesis_are_not_searched(
    rows: list[tuple[str, float]], expected: tuple[str, ...]
) -> None:
    assert leading_modes(hypotheses(*rows)) == expected


def test_eliminated_hypotheses_are_not_searched() -> None:
    gone, left = hypotheses((OVERFLOW, 0.6), (LABELS, 0.4))
    assert leading_modes([gone.model_copy(update={"status": "eliminated"}), left]) == (LABELS,)


def test_one_repository_is_one_source_and_each_paper_its_own(packaged_index: KnowledgeIndex) -> None:
    by_kind = packaged_index.corpus.entries
    papers = [entry for entry in by_kind if entry.kind == "paper"][:2]
    assert source_of(papers[0]) != source_of(papers[1])
    issue = next(entry for entry in by_kind if entry.url.startswith("https://github.com/huggingface/transformers/"))
    assert source_of(issue) == "github.com/huggingface/transformers"


def test_three_reports_of_one_project_are_not_enough(packaged_index: KnowledgeIndex) -> None:
    outcome = search_literature(
        described("Target 10 is out of bounds.", "pytorch"), hypotheses((LABELS, 1)), packaged_index
    )
    three = [item for item in outcome.evidence if item.applicability != "low"][:3]
    assert enough(three, (LABELS,))
    same = [item.model_copy(update={"url": "https://github.com/a/b/issues/1", "kind": "issue"}) for item in three]
    assert not enough(same, (LABELS,))
    assert not enough(three[:2], (LABELS,))
    assert not enough(three, (OVERFLOW,))


# --- applicability ----------------------------------------------------------------------------------------------------


@pytest.fixture
def t5(small_corpus: Corpus) -> KnowledgeEntry:
    """Seen with transformers and T5 in fp16."""
    return small_corpus.by_id["issue-t5-fp16-overflow-dense"]


def judged(entry: KnowledgeEntry, score: float = 0.5, run: RunRecord | None = None, **known: tuple[str, ...]) -> str:
    situation = Situation(known.pop("modes", (OVERFLOW,)), run=run, **known)
    verdict = judge(entry, score, situation, ONTOLOGY)
    return f"{verdict.applicability}: {verdict.why}" if verdict else "dropped"


def test_same_mode_framework_and_precision_apply_highly(t5: KnowledgeEntry) -> None:
    said = judged(t5, run=run_with({"fp16": True}), frameworks=("transformers",), model_types=("encoder_decoder",))
    assert said.startswith("high: same failure mode (low precision overflow); same framework (transformers)")
    assert "precision is fp16 here too" in said


def test_a_stated_condition_that_is_not_met_makes_it_low(t5: KnowledgeEntry) -> None:
    said = judged(t5, run=run_with({"bf16": True}), frameworks=("transformers",))
    assert said.startswith("low")
    assert "precision is fp16 there and bf16 here" in said


def test_another_framework_makes_it_medium_and_says_so(t5: KnowledgeEntry) -> None:
    said = judged(t5, frameworks=("jax",))
    assert said.startswith("medium")
    assert "other framework (transformers there, jax here)" in said


def test_two_differences_make_it_low_unless_the_mechanism_does_not_depend_on_the_framework(
    small_corpus: Corpus, t5: KnowledgeEntry
) -> None:
    elsewhere = {"frameworks": ("jax",), "model_types": ("cnn",)}
    assert judged(t5, score=0.3, **elsewhere).startswith("medium")
    assert "which matters little" in judged(t5, score=0.3, **elsewhere)
    shared_memory = small_corpus.by_id["issue-pytorch-shm-bus-error"].model_copy(update={"model_types": ("gan",)})
    bus_error = ("memory_hardware/shared_memory",)
    assert judged(shared_memory, score=0.3, modes=bus_error, **elsewhere).startswith("low")


def test_a_library_shares_what_it_is_built_on(t5: KnowledgeEntry) -> None:
    said = judged(t5.model_copy(update={"frameworks": ("pytorch",)}), frameworks=("trl",))
    assert "same framework (trl)" in said


def test_a_number_the_source_happened_to_have_does_not_refute(t5: KnowledgeEntry) -> None:
    entry = t5.model_copy(update={"settings": {"learning_rate": "2e-4", "transformers": "4.46.3"}})
    run = run_with({"learning_rate": 1e-4}, transformers="4.40.0")
    assert judged(entry, run=run, frameworks=("transformers",)).startswith("medium")
    bounded = t5.model_copy(update={"settings": {"learning_rate": ">= 1e-3"}})
    assert judged(bounded, run=run, frameworks=("transformers",)).startswith("low")
    met = judged(entry, run=run_with({"train.learning_rate": 2e-4}), frameworks=("transformers",))
    assert met.startswith("high")
    assert "learning_rate is 0.0002 here too" in met


def test_what_is_about_something_else_is_dropped(t5: KnowledgeEntry) -> None:
    assert judged(t5, score=RELATED - 0.01) == "dropped"
    assert judged(t5, score=CLOSE - 0.01, modes=(LABELS,)) == "dropped"
    assert judged(t5, score=CLOSE, modes=(LABELS,)).startswith("low: similar wording, another failure mode")


def test_the_caveat_of_the_source_is_passed_on(t5: KnowledgeEntry) -> None:
    said = judged(t5.model_copy(update={"not_when": "The run is in fp32."}))
    assert said.endswith("Does not carry over when: The run is in fp32.")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"fp16": True}, "fp16"),
        ({"fp16": "true"}, "fp16"),
        ({"fp16": False, "bf16": True}, "bf16"),
        ({"fp16": False, "bf16": False}, "fp32"),
        ({"precision": "16-mixed"}, "fp16"),
        ({"precision": "bf16-mixed"}, "bf16"),
        ({"precision": 32}, "fp32"),
        ({"torch_dtype": "torch.bfloat16"}, "bf16"),
        ({"mixed_precision": "no"}, "fp32"),
        ({"fp16.enabled": "auto", "bf16.enabled": False}, "fp16"),
        ({"deepspeed.bf16.enabled": True}, "bf16"),
        ({"learning_rate": 0.1}, None),
    ],
)
def test_precision_is_read_in_every_spelling(settings: dict[str, Scalar], expected: str | None) -> None:
    assert precision(run_with(settings)) == expected
