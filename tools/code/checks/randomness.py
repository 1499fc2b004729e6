"""Random generators that are set back again and again, so that the same numbers come each time."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_generators import generator_seeded_once, seeded_in_constructor
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Function, last_name
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_NOTES = "https://docs.pytorch.org/docs/stable/notes/randomness.html"
_GENERATORS = "https://docs.pytorch.org/docs/stable/generated/torch.Generator.html"
_SEEDING = names("manual_seed seed manual_seed_all seed_everything set_seed")
_FRESH = names("default_rng RandomState Generator Random PRNGKey key")
_DRAWING = names(
    "rand randn randint randperm rand_like randn_like normal uniform random choice shuffle permutation sample bernoulli"
    " multinomial standard_normal integers randrange gauss"
)
# Functions that are called for every sample or batch.
_PER_SAMPLE = names("__getitem__ collate collate_fn __iter__")
# Fixed noise to look at the same samples each time is meant.
_MEANT = ("eval", "valid", "test", "preview", "plot", "fixed", "visual", "show", "demo", "init")


def find_generator_set_back(trace: Trace) -> Iterator[Problem]:
    """In a training step, a generator gets a fixed seed, or a new one with a fixed seed is made, and is drawn from."""
    for training in training_loops(trace):
        for event in training.events:
            if _is_seeded_again(event) and not _is_meant(event, training):
                yield Problem(
                    event.site,
                    f"`{unparsed(event.node)[:60]}` runs in every training step: each step draws the same random "
                    "numbers (noise, masks, sampled indices).",
                    "Make and seed the generator once, before the loop.",
                    0.9,
                    "Print the first random number of three steps: it is the same.",
                    generator_seeded_once(event),
                    related=(training.backwards[0].site,) if training.backwards else (),
                )


def _is_seeded_again(event: Event) -> bool:
    """`generator.manual_seed(0)` on an object, or `default_rng(0)`; the global generator has its own check."""
    if not isinstance(event.node, ast.Call) or not _is_literal(event.node):
        return False
    name = last_name(event.node.func)
    if event.op.startswith(("?.", "object.")) and name in ("manual_seed", "seed"):
        return True
    made = (event.op == "new" and event.result.class_name in _FRESH) or event.op.endswith((".default_rng", ".PRNGKey"))
    return made and event.op != "call"


def _is_literal(node: ast.Call) -> bool:
    """The seed does not depend on the step: a number, or a setting called seed."""
    if not node.args:
        return False
    seed = node.args[0]
    if isinstance(seed, ast.Constant):
        return type(seed.value) is int
    return isinstance(seed, ast.Attribute | ast.Name) and unparsed(seed).lower().rpartition(".")[2] in (
        "seed",
        "random_seed",
    )


def _is_meant(event: Event, training: TrainingLoop) -> bool:
    """Under a condition of its own, without gradients, or in a function whose name says that it shows something."""
    labels = [f.label.lower() for f in event.frame.chain() if f.kind == "call"]
    inner = labels[: len(labels) - sum(f.kind == "call" for f in training.loop.chain())]
    return (
        bool(event.branches_within(training.loop))
        or event.grad_may_be_off()
        or any(word in label for label in inner for word in _MEANT)
    )


def find_seed_per_sample(trace: Trace) -> Iterator[Problem]:
    """`__getitem__` (or a collate function) sets a fixed seed and then draws: every sample is augmented alike."""
    for function in trace.project.functions.values():
        if function.name in _PER_SAMPLE:
            yield from _seeded_samples(function)


def _seeded_samples(function: Function) -> Iterator[Problem]:
    calls = [n for n in walk(function.node) if isinstance(n, ast.Call)]
    drawn = {n.id for n in walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    seeds = [c for c in calls if _seeds_literally(c) and unparsed(c.args[0]) not in drawn]
    draws = [c for c in calls if last_name(c.func) in _DRAWING or "transform" in unparsed(c.func)]
    if seeds and any(d.lineno >= seeds[0].lineno for d in draws):
        yield Problem(
            Site(function.file, seeds[0]),
            f"{function.name} sets the same seed for every sample: all samples, in all epochs, are drawn with the same "
            "random numbers.",
            "Seed once, outside of the data set; derive a seed from the index only where a sample must be repeatable.",
            0.9,
            "Print the random numbers of two samples: they are the same.",
            seeded_in_constructor(Site(function.file, seeds[0])) if len(seeds) == 1 else (),
        )


def _seeds_literally(call: ast.Call) -> bool:
    name = last_name(call.func)
    return (name in _SEEDING or name in ("default_rng", "RandomState")) and _is_literal(call)


CHECKS = (
    Check("generator-set-back", "A generator seeded anew in every training step.",
          "The same noise is drawn in each step: the model sees one draw of it and learns it by heart.",
          "Seed once.", "model_software/seed_misuse",
          _GENERATORS, "error", "data_flow", find_generator_set_back),
    Check("seed-per-sample", "A fixed seed set where samples are made.",
          "Augmentation and noise are then the same for all samples and epochs.",
          "Seed once.", "model_software/seed_misuse",
          _NOTES, "error", "data_flow", find_seed_per_sample),
)  # fmt: skip
