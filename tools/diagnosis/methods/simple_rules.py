"""The paper's baseline: 23 ordered rules, the first that matches decides, and the default is optimization.

The paper (../shared seeds: diagnostic benchmark, section 4.1) fixes the form and four rules (1, 11, 14 and 18 here)
and leaves nineteen open; those are practitioners' heuristics on the same inputs: error text, loss, gradient norm,
memory, perplexity. Thresholds that the paper does not give are stated with their origin.
"""

import math
from collections.abc import Callable, Sequence

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods.method import Case, told
from misrun.tools.diagnosis.taxonomy import category_of
from misrun.tools.record import Record

DEFAULT_MODE = "optimization/learning_rate_too_high"


class RuleMatch(Record):
    """Which rule decided (number 1..23, 0 for the default) and in which words."""

    number: int
    name: str
    mode: str

    @property
    def category(self) -> str:
        return category_of(self.mode)


def _says(*words: str) -> Callable[[Facts], bool]:
    return lambda facts: any(word.lower() in facts.text.lower() for word in words)


def _over(series: str, limit: float) -> Callable[[Facts], bool]:
    def test(facts: Facts) -> bool:
        values = [value for s in facts.run.named(series) for value in s.values if math.isfinite(value)]
        return bool(values) and max(values) > limit

    return test


def _signal(*names: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.has(*names)


# The order is the decision list; a specific wording stands before the general one that contains it.
RULES: tuple[tuple[str, Callable[[Facts], bool], str], ...] = (
    ("error says CUDA out of memory", _says("CUDA out of memory", "OutOfMemoryError", "RESOURCE_EXHAUSTED"), "memory_hardware/device_oom"),
    ("error says the host cannot allocate", _says("can't allocate memory", "Cannot allocate memory", "MemoryError"), "memory_hardware/host_oom"),
    ("process was killed", _signal("error.oom_killed", "error.killed_sigkill"), "memory_hardware/host_oom"),
    ("error says shared memory or bus error", _says("bus error", "shared memory"), "memory_hardware/shared_memory"),
    ("error says no space left", _says("No space left", "Disk quota"), "memory_hardware/storage_full"),
    ("error says NCCL or a collective", _says("NCCL", "collective operation"), "memory_hardware/collective_failure"),
    ("error says ECC, Xid or no device", _says("ECC error", "Xid", "no CUDA-capable device"), "memory_hardware/hardware_fault"),
    ("error says target out of bounds", _says("out of bounds", "t >= 0 && t < n_classes"), "data_pipeline/label_range"),
    ("error says index out of range", _says("index out of range", "srcIndex < srcSelectDimSize"), "data_pipeline/vocabulary_mismatch"),
    ("error says unequal samples", _says("stack expects each tensor"), "data_pipeline/batch_collation"),
    ("error says size mismatch", _says("size mismatch", "Missing key(s) in state_dict"), "model_software/checkpoint_mismatch"),
    ("error says shapes do not fit", _says("cannot be multiplied", "must match the size of tensor", "shape"), "model_software/shape_mismatch"),
    ("error says type or device differs", _says("dtype", "scalar type", "same device"), "model_software/dtype_mismatch"),
    # The paper's threshold: 1000, "based on empirical observation".
    ("gradient norm above 1000", _over("grad_norm", 1000.0), "optimization/gradient_explosion"),
    ("loss is not finite", _signal("loss_nonfinite", "loss_hidden_nan"), "optimization/unstable_arithmetic"),
    ("error says file or column is missing", _says("FileNotFoundError", "No such file", "KeyError"), "data_pipeline/missing_data"),
    ("error says it cannot decode", _says("UnicodeDecodeError", "cannot identify image", "JSONDecodeError"), "data_pipeline/corrupt_records"),
    # The paper's threshold: 10,000.
    ("perplexity above 10,000", _over("perplexity", 10_000.0), "data_pipeline/vocabulary_mismatch"),
    ("memory grows step after step", _signal("memory_growth"), "memory_hardware/memory_leak"),
    ("validation gets worse while training improves", _signal("validation_gap"), "optimization/overfitting"),
    ("loss is 0 and there is no gradient", _signal("loss_zero"), "data_pipeline/masked_targets"),
    ("loss or metric stays at chance", _signal("loss_at_chance", "metric_at_chance"), "data_pipeline/label_misalignment"),
    ("any other exception", lambda facts: facts.root is not None and facts.root.exception is not None, "model_software/api_error"),
)  # fmt: skip


def first_match(facts: Facts) -> RuleMatch:
    """The first rule of the list that holds, else the default (rule 0)."""
    for number, (name, holds, mode) in enumerate(RULES, start=1):
        if holds(facts):
            return RuleMatch(number=number, name=name, mode=mode)
    return RuleMatch(number=0, name="no rule matched; the paper's default", mode=DEFAULT_MODE)


class SimpleRules:
    """The decision list as a method; its probability is the share of training cases in which the same rule was right
    (Laplace's rule of succession, so that a rule seen once is not called certain)."""

    name = "simple_rules"

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}

    def fit(self, cases: Sequence[Case]) -> None:
        for case in cases:
            match = first_match(case.facts)
            right, total = self._seen.get(match.number, (0, 0))
            self._seen[match.number] = (right + (match.category == case.category), total + 1)

    def predict(self, facts: Facts) -> Diagnosis:
        match = first_match(facts)
        right, total = self._seen.get(match.number, (0, 0))
        ground = Ground(source=f"rule {match.number}", text=match.name, weight=1.0)
        return told(match.mode, (right + 1) / (total + 2), [ground])
