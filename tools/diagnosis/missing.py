"""The measurement that would settle an open question, chosen from what happened in this run and what it lacks.

Each row of `_ASKS` names a situation and the measurements that tell its usual causes apart; of those the run already
holds nothing is asked again. The first row that fits speaks. Choice of the measurements: the debugging guides of
PyTorch (https://docs.pytorch.org/docs/stable/notes/faq.html, .../torch_cuda_memory.html, .../elastic/errors.html),
Google's tuning playbook (https://github.com/google-research/tuning_playbook), and the maintainers' first questions in
the issues the knowledge corpus cites.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from misrun.tools.diagnosis.facts import FAILING, Facts
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES


class Part(NamedTuple):
    """One thing to supply, and whether this run holds it already."""

    text: str
    is_there: Callable[[Facts], bool]


class Ask(NamedTuple):
    """In which situation which parts are asked for, the most telling first."""

    when: Callable[[Facts], bool]
    parts: tuple[Part, ...]


# More than three things at once are a questionnaire.
MOST_PARTS = 3


def _never(_facts: Facts) -> bool:
    return False


def _has_code(facts: Facts) -> bool:
    return bool(facts.run.code)


def _measured(*names: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.measured(*names)


def _seen(*signals: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.has(*signals)


def _root(*names: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.root is not None and facts.root.name in names


def _nothing(facts: Facts) -> bool:
    return not facts.run.series and not facts.run.events and not facts.findings


def _only_code(facts: Facts) -> bool:
    return not facts.run.series and not facts.run.events


def _stopped_early(facts: Facts) -> bool:
    """The log stops before its plan, and nothing says why."""
    return facts.root is None and (facts.run.ending.status == "unfinished" or facts.has("stopped_in_evaluation"))


def _ended_silently(facts: Facts) -> bool:
    """Nobody knows how the run ended, and nothing measured looks wrong."""
    quiet = not any(signal.strength >= FAILING and signal.name not in _GOOD for signal in facts.signals)
    return facts.root is None and facts.run.ending.status == "unknown" and quiet and not facts.findings


_GOOD = frozenset({"loss_improving", "validation_improving", "reward_improving", "run_finished", "exit_code"})

_CODE = Part("the training script (the step, the loss and the data loading)", _has_code)
_CODE_OF_LOSS = Part("the code of the model and the loss", _has_code)
_STDERR = Part("standard error to its last line, with the traceback if there is one, and the exit code", _never)
_KERNEL = Part(
    "the kernel log (dmesg) or the scheduler's record (sacct, kubectl describe) for a kill, a time limit or a full disk",
    _never,
)
_RSS = Part("resident memory of the process per step (psutil) and the limit it runs under", _measured("memory"))
_GRAD_NORM = Part(
    "the gradient norm at every step (the return value of torch.nn.utils.clip_grad_norm_)", _measured("grad_norm")
)
_LEARNING_RATE = Part("the learning rate as applied (optimizer.param_groups[0]['lr'])", _measured("lr"))
_BATCH_AT = Part("the batch (inputs and labels) of the first step that is not finite", _never)
_ANOMALY = Part(
    "the operation that made the first NaN (torch.autograd.set_detect_anomaly) and the precision it ran in", _never
)
_LABELS = Part("ten samples of the data set next to their decoded labels", _never)
_LAYERS = Part("the gradient norm per layer, and whether the weights change in a step", _never)
_PHASES = Part(
    "how the time of a step divides into waiting for data, forward and backward (a profile or py-spy)", _never
)
_SHAPES = Part("the shape of every batch, and which tensors or lists grow", _never)
_DEVICE_STATE = Part("utilisation, clock and temperature of the accelerator (nvidia-smi dmon)", _never)
_BACKTRACE = Part(
    "a native backtrace (python -X faulthandler, or gdb on the core dump), with the versions of torch and of every "
    "compiled extension",
    _never,
)
_RANKS = Part(
    "the log of every rank with its last completed collective (TORCH_NCCL_TRACE_BUFFER_SIZE, NCCL_DEBUG=INFO)", _never
)
_STACKS = Part("where each rank stands while it hangs (py-spy dump --pid)", _never)
_EVAL_CODE = Part("the evaluation script", _has_code)
_PREDICTIONS = Part("predictions next to the labels for a hundred samples, and the confusion matrix", _never)
_VALIDATION = Part(
    "the validation loss and metric per epoch, beside the training loss",
    lambda facts: any(s.phase == "eval" for s in facts.run.series),
)
_SPLIT = Part("how the splits were made, and the same metric on training samples in eval mode", _never)

# From the loudest situation to the quietest; a run that crashed is asked about its crash first.
_ASKS: tuple[Ask, ...] = (
    Ask(_nothing, (Part("the console log of the run (stdout and stderr), from its start to its last line", _never),)),
    Ask(_only_code, (Part("the metrics of the run (loss and learning rate per step) and its console log", _never),)),
    Ask(_root("segfault", "abort", "bus_error"), (_BACKTRACE, _KERNEL)),
    Ask(_root("killed_sigkill", "oom_killed", "worker_killed"), (_KERNEL, _RSS, _SHAPES)),
    Ask(_root("host_oom_alloc"), (_RSS, _SHAPES, _CODE)),
    Ask(_root("cuda_oom", "xla_oom"), (
        Part("allocated against reserved memory per step (torch.cuda.memory_summary)", _measured("memory")),
        Part("the shape of the failing batch", _never),
        Part("the process list of the device (nvidia-smi)", _never))),
    Ask(_root("collective_timeout", "collective_error", "collective_mismatch", "peer_lost", "rendezvous_failed"),
        (_RANKS, _STACKS)),
    Ask(_root("sigterm", "interrupted", "preempted", "time_limit"), (
        Part("the scheduler's record of the job (sacct, or who ended it and why)", _never),)),
    Ask(_root("child_failed"), (Part("standard error of the rank that failed first (torchrun --tee 3 --log-dir)", _never),)),
    Ask(_root("gpu_fault", "device_assert", "cublas_error"), (
        Part("the kernel log (dmesg) for Xid lines and nvidia-smi -q", _never),
        Part("the same step with CUDA_LAUNCH_BLOCKING=1 (or on the CPU) for the true line", _never))),
    Ask(_root("traceback", "api_error"), (
        Part("the full traceback and pip freeze", lambda f: f.root is not None and bool(f.root.frames) and bool(f.run.environment)),
        _CODE)),
    Ask(_seen("memory_growth"), (
        Part("what grows: torch.cuda.memory_snapshot() or tracemalloc, two snapshots a hundred steps apart", _never), _CODE)),
    Ask(_seen("throughput_collapse", "step_time_pauses", "loader_bound"), (_PHASES, _RSS, _SHAPES, _DEVICE_STATE)),
    Ask(_seen("loss_nonfinite", "nan_from_start", "grad_nonfinite", "loss_hidden_nan"),
        (_GRAD_NORM, _BATCH_AT, _ANOMALY, _CODE_OF_LOSS)),
    Ask(_seen("loss_divergence", "loss_blow_up", "loss_spike", "grad_exploding"), (_GRAD_NORM, _LEARNING_RATE, _BATCH_AT)),
    Ask(_seen("reward_flat", "entropy_collapse", "kl_runaway", "kl_vanishing"), (
        Part("the reward's mean and spread within each group, and the policy's entropy, per update", _never), _GRAD_NORM, _CODE)),
    Ask(_stopped_early, (_STDERR, _KERNEL, _RSS)),
    Ask(_seen("loss_constant", "loss_at_chance", "loss_plateau", "loss_slow", "loss_hardly_falls", "loss_above_chance",
              "loss_zero", "grad_zero", "grad_vanishing"), (_LAYERS, _LABELS, _LEARNING_RATE, _CODE)),
    Ask(_seen("validation_gap", "validation_flat", "validation_noisy", "validation_apart", "test_below_validation",
              "validation_suspiciously_good"), (_SPLIT, _PREDICTIONS, _EVAL_CODE)),
    Ask(_seen("metric_at_chance", "metric_constant", "metric_disagrees", "metric_impossible", "metric_falls",
              "one_class_predicted", "validation_poor"), (_PREDICTIONS, _EVAL_CODE, _LABELS)),
    Ask(_ended_silently, (_STDERR, _KERNEL, _RSS)),
    Ask(_seen("loss_oscillation", "loss_periodic"), (_LEARNING_RATE, _GRAD_NORM, _LABELS)),
    Ask(_seen("loss_improving"), (_VALIDATION, _PREDICTIONS)),
)  # fmt: skip


def missing_measurement(facts: Facts, hypotheses: Sequence[Hypothesis]) -> str:
    """What to supply, in one sentence: by the situation, else what separates the two leading modes."""
    for ask in _ASKS:
        parts = [part.text for part in ask.parts if not part.is_there(facts)] if ask.when(facts) else []
        if parts:
            return "; ".join(parts[:MOST_PARTS])
    leading = [h.mode for h in hypotheses if h.mode != HEALTHY][:2]
    return "; ".join(MODES[mode].settled_by for mode in leading) or _VALIDATION.text
