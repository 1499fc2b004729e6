"""The paper's improved rules (section 4.2): a tree of 47 nodes in three levels that abstains rather than guess.

Level 1 sorts errors, level 2 refines by metrics, level 3 wants several signals to agree. The paper gives the form, tau
and the confidence formula (equation 3), and leaves the nodes open. Its formula takes the minimum over all relevant
signals, which is 0 whenever one of them is silent; here it is the minimum over the signals that the branch requires.
Weights are each signal's precision for the leaf's category on the training cases.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from misrun.tools.diagnosis.facts import ERROR, Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground
from misrun.tools.diagnosis.methods.method import Case, abstained, told
from misrun.tools.diagnosis.taxonomy import HEALTHY, category_of

# Section 4.2: set for 90 % precision on the diagnoses that are told.
TAU = 0.60


@dataclass(frozen=True)
class Leaf:
    """An answer. `requires` are the signals that must agree (any one of a group); `needs` are series without which the
    branch cannot be judged. A leaf without a mode abstains."""

    mode: str | None
    requires: tuple[tuple[str, ...], ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One test of one level (1 triage, 2 metrics, 3 confirmation), and where its answers lead."""

    level: int
    text: str
    test: Callable[[Facts], bool]
    yes: "Question | Leaf"
    no: "Question | Leaf"


def _errors(*names: str) -> tuple[str, ...]:
    return tuple(f"{ERROR}{name}" for name in names)


_DEVICE_OOM = _errors("cuda_oom", "xla_oom")
_KILLED = _errors("oom_killed", "killed_sigkill", "host_oom_alloc", "worker_killed")
_SHARED = _errors("shm_exhausted", "bus_error")
_DISK = _errors("disk_full")
_MACHINE = _errors(
    "gpu_fault", "gpu_unavailable", "collective_timeout", "collective_error", "collective_mismatch", "peer_lost"
)
_MODEL = _errors(
    "shape_mismatch",
    "batch_size_mismatch",
    "checkpoint_mismatch",
    "dtype_mismatch",
    "device_mismatch",
    "view_incompatible",
    "input_channels",
)
_RANGE = _errors("index_out_of_range", "target_out_of_bounds", "device_assert", "bce_range")
_DATA = _errors("collate_unequal", "decode_error", "missing_file", "missing_column", "empty_dataset", "nan_in_input")


def _is(*signals: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.has(*signals)


_MEMORY_ERROR = Question(
    2, "the device ran out of memory", _is(*_DEVICE_OOM),
    Question(
        3, "memory grew step after step", _is("memory_growth"),
        Leaf("memory_hardware/memory_leak", (_DEVICE_OOM, ("memory_growth",)), ("memory",)),
        Question(
            3, "memory jumped at one step", _is("memory_jump"),
            Leaf("memory_hardware/long_batch", (_DEVICE_OOM, ("memory_jump",)), ("memory",)),
            Leaf("memory_hardware/device_oom", (_DEVICE_OOM,)),
        ),
    ),
    Question(
        2, "a disk is full", _is(*_DISK),
        Leaf("memory_hardware/storage_full", (_DISK,)),
        Question(
            2, "shared memory ran out", _is(*_SHARED),
            Leaf("memory_hardware/shared_memory", (_SHARED,)),
            Leaf("memory_hardware/host_oom", (_KILLED,)),
        ),
    ),
)  # fmt: skip
_CODE_ERROR = Question(
    2, "shapes, types or weights do not fit", _is(*_MODEL),
    Question(
        3, "weights do not fit the model", _is(*_errors("checkpoint_mismatch")),
        Leaf("model_software/checkpoint_mismatch", (_errors("checkpoint_mismatch"),)),
        Question(
            3, "types or devices differ", _is(*_errors("dtype_mismatch", "device_mismatch")),
            Leaf("model_software/dtype_mismatch", (_errors("dtype_mismatch", "device_mismatch"),)),
            Leaf("model_software/shape_mismatch", (_MODEL,)),
        ),
    ),
    Question(
        2, "an index or a label is out of range", _is(*_RANGE),
        Leaf("data_pipeline/vocabulary_mismatch", (_RANGE,)),
        Question(
            2, "the data cannot be read or put into batches", _is(*_DATA),
            Question(
                3, "samples do not fit into one batch", _is(*_errors("collate_unequal")),
                Leaf("data_pipeline/batch_collation", (_errors("collate_unequal"),)),
                Leaf("data_pipeline/corrupt_records", (_DATA,)),
            ),
            Leaf("model_software/api_error", (("traceback_root",),)),
        ),
    ),
)  # fmt: skip
_NOT_FINITE = Question(
    2, "gradients or loss grew before", _is("grad_exploding", "loss_divergence", "loss_blow_up"),
    Question(
        3, "it trains in half precision", _is("half_precision", "loss_scale_collapse"),
        Leaf("optimization/low_precision_overflow", (("loss_nonfinite", "grad_nonfinite"), ("half_precision", "loss_scale_collapse"))),
        Leaf("optimization/gradient_explosion", (("loss_nonfinite", "grad_nonfinite"), ("grad_exploding", "loss_divergence", "loss_blow_up")), ("grad_norm",)),
    ),
    Leaf("optimization/unstable_arithmetic", (("loss_nonfinite", "grad_nonfinite", "nan_from_start"),)),
)  # fmt: skip
_FLAT = Question(
    3, "no gradient arrives", _is("grad_zero", "grad_vanishing", "gradient_part_zero"),
    Leaf("model_software/frozen_parameters", (("loss_constant", "loss_at_chance", "loss_plateau"), ("grad_zero", "grad_vanishing", "gradient_part_zero")), ("grad_norm",)),
    Question(
        3, "the learning rate is low", _is("lr_low", "lr_zero", "loss_slow"),
        Leaf("optimization/learning_rate_too_low", (("lr_low", "lr_zero", "loss_slow"),)),
        Leaf("data_pipeline/label_misalignment", (("loss_at_chance", "metric_at_chance"),)),
    ),
)  # fmt: skip
_QUIET = Question(
    2, "the loss diverges or swings", _is("loss_divergence", "loss_oscillation", "loss_blow_up", "grad_exploding"),
    Leaf("optimization/learning_rate_too_high", (("loss_divergence", "loss_oscillation", "loss_blow_up", "grad_exploding"),)),
    Question(
        2, "the loss does not move", _is("loss_constant", "loss_at_chance", "loss_plateau", "metric_at_chance", "loss_slow"),
        _FLAT,
        Question(
            2, "validation disagrees with training", _is("validation_gap", "validation_flat", "validation_suspiciously_good"),
            Leaf("optimization/overfitting", (("validation_gap", "validation_flat", "validation_suspiciously_good"),)),
            Question(
                3, "training and validation improve", lambda facts: facts.has("loss_improving") and facts.has("validation_improving"),
                Leaf(HEALTHY, (("loss_improving",), ("validation_improving",))),
                Leaf(None),
            ),
        ),
    ),
)  # fmt: skip
TREE = Question(
    1, "the run ended with an error or was killed", lambda facts: facts.root is not None,
    Question(
        1, "the error is of memory", _is(*_DEVICE_OOM, *_KILLED, *_SHARED, *_DISK),
        _MEMORY_ERROR,
        Question(
            1, "the machine or a peer failed", _is(*_MACHINE),
            Leaf("memory_hardware/collective_failure", (_MACHINE,)),
            _CODE_ERROR,
        ),
    ),
    Question(
        1, "loss or gradient is not finite", _is("loss_nonfinite", "grad_nonfinite", "nan_from_start", "loss_hidden_nan"),
        _NOT_FINITE,
        _QUIET,
    ),
)  # fmt: skip


def count_nodes(node: Question | Leaf) -> int:
    """Questions and leaves below and including `node`."""
    return 1 if isinstance(node, Leaf) else 1 + count_nodes(node.yes) + count_nodes(node.no)


def leaves(node: Question | Leaf) -> tuple[Leaf, ...]:
    """Every leaf below `node`, from yes to no."""
    return (node,) if isinstance(node, Leaf) else (*leaves(node.yes), *leaves(node.no))


class ImprovedRules:
    """Walks the tree; tells the leaf's mode when its least reliable required signal reaches TAU."""

    name = "improved_rules"

    def __init__(self) -> None:
        self._precision: dict[tuple[str, str], float] = {}

    def fit(self, cases: Sequence[Case]) -> None:
        """Precision of every required signal for its leaf's category: Laplace's (k + 1) / (n + 2)."""
        for leaf in leaves(TREE):
            if leaf.mode is None:
                continue
            category = category_of(leaf.mode)
            for signal in {name for group in leaf.requires for name in group}:
                shown = [case for case in cases if case.facts.has(signal)]
                right = sum(case.category == category for case in shown)
                self._precision[signal, category] = (right + 1) / (len(shown) + 2)

    def predict(self, facts: Facts) -> Diagnosis:
        leaf, path = _walk(facts)
        if leaf.mode is None:
            return abstained("no branch of the tree fits")
        if not facts.crashed and not facts.measured(*leaf.needs) and leaf.needs:
            return abstained(f"critical metric not logged: {', '.join(leaf.needs)}", leaning=[(leaf.mode, 0.0)])
        confidence, grounds = self._confidence(leaf, facts)
        if confidence < TAU:
            return abstained(f"confidence {confidence:.2f} is below {TAU:.2f}", confidence, [(leaf.mode, confidence)])
        if (other := self._conflict(leaf, facts)) is not None:
            return abstained(f"the signals also fit {other}", confidence, [(leaf.mode, confidence), (other, TAU)])
        return told(leaf.mode, confidence, [*path, *grounds])

    def _confidence(self, leaf: Leaf, facts: Facts) -> tuple[float, list[Ground]]:
        """Equation 3, mended: the least of the required groups, each by its most reliable signal that is shown."""
        category = category_of(leaf.mode or "")
        grounds: list[Ground] = []
        least = 1.0
        for group in leaf.requires:
            shown = {name: self._precision.get((name, category), 0.5) for name in group if facts.has(name)}
            if not shown:
                return 0.0, []
            best = max(sorted(shown), key=lambda name: shown[name])
            signal = facts.signal(best)
            grounds.append(Ground(source=best, text=signal.text if signal else best, weight=round(shown[best], 3),
                                  spans=signal.spans if signal else ()))  # fmt: skip
            least = min(least, shown[best])
        return least, grounds

    def _conflict(self, leaf: Leaf, facts: Facts) -> str | None:
        """A mode of another category whose several required signals all agree as well, in runs without an error."""
        if facts.root is not None:
            return None
        for other in leaves(TREE):
            rival = other.mode is not None and category_of(other.mode) != category_of(leaf.mode or "")
            if rival and len(other.requires) > 1 and self._confidence(other, facts)[0] >= TAU:
                return other.mode
        return None


def _walk(facts: Facts) -> tuple[Leaf, list[Ground]]:
    """The leaf that this run reaches, and the questions answered with yes on the way."""
    node: Question | Leaf = TREE
    path: list[Ground] = []
    while isinstance(node, Question):
        answer = node.test(facts)
        if answer:
            path.append(Ground(source=f"level {node.level}", text=node.text, weight=0.1))
        node = node.yes if answer else node.no
    return node, path
