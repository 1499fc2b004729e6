"""What a reported attempt speaks against: a cure that was tried without success lowers the mode it would have cured."""

import re
from collections.abc import Sequence
from pathlib import Path

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.hypothesis import Ground

# A failed cure is evidence against its mode, but people try things half-way: 1.5 in log-odds divides the odds by 4.5.
FAILED_ATTEMPT = -1.5
_PLACE = re.compile(r"([\w./-]{1,200}\.(?:py|ipynb)):(\d{1,7})")
_HELPED = re.compile(r"\b(helped|fixed|solved|worked|better now|cured)\b", re.I)
_NEGATED = re.compile(r"\b(not|no|never|without|neither)\b|n't", re.I)

ATTEMPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(lower|reduc|decreas|small|halv|divid|drop)\w*.{0,20}(learning.?rate|\blr\b)|\blr\b.{0,15}(lower|small)", ("optimization/learning_rate_too_high", "optimization/oscillation")),
    (r"(rais|increas|higher|larger)\w*.{0,20}(learning.?rate|\blr\b)", ("optimization/learning_rate_too_low",)),
    (r"(clip)\w*", ("optimization/gradient_explosion",)),
    (r"warm.?up", ("optimization/missing_warmup",)),
    (r"(small|reduc|lower|decreas|halv)\w*.{0,20}batch|batch.?size.{0,12}\b(1|2|4|8)\b|gradient.?checkpoint", ("memory_hardware/device_oom",)),
    (r"\b(bf16|bfloat16|fp32|float32|full precision)\b|(disabl|without|no)\w*.{0,12}(amp|fp16|mixed)", ("optimization/low_precision_overflow", "model_software/dtype_mismatch")),
    (r"(more|add|increas)\w*.{0,15}(dropout|weight decay|regulari)", ("optimization/overfitting",)),
    (r"(less|no|remov|without)\w*.{0,15}(dropout|weight decay|regulari)", ("optimization/regularization",)),
    (r"empty_cache|expandable_segments|max_split_size", ("memory_hardware/fragmentation",)),
    (r"shuffl", ("data_pipeline/unshuffled_data",)),
    (r"normali[sz]", ("data_pipeline/input_scaling",)),
    (r"num_workers.{0,8}0|--?shm-size|/dev/shm", ("memory_hardware/shared_memory",)),
    (r"(new|other|another|different|chang)\w*.{0,15}(gpu|node|machine|server)", ("memory_hardware/hardware_fault",)),
    (r"(xavier|kaiming|init)\w*", ("optimization/bad_initialization",)),
    (r"model\.eval|eval mode|no_grad", ("model_software/train_eval_mode", "memory_hardware/evaluation_memory")),
    (r"(eps|epsilon|clamp)\w*", ("optimization/unstable_arithmetic",)),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.I), modes) for pattern, modes in ATTEMPTS)


def has_failed(attempt: str) -> bool:
    """Whether a reported attempt did not cure; only one said to have helped did."""
    return not _HELPED.search(attempt) or bool(_NEGATED.search(attempt))


def failed_attempts(tried: Sequence[str], findings: Sequence[Finding] = ()) -> dict[str, tuple[Ground, ...]]:
    """Grounds against each mode whose usual cure was reported as tried, or whose finding was corrected at the place that
    the attempt names. An attempt said to have helped is left out."""
    grounds: dict[str, tuple[Ground, ...]] = {}
    for attempt in filter(has_failed, tried):
        ground = Ground(source="tried", text=f'Tried without success: "{attempt}"', weight=FAILED_ATTEMPT)
        modes = [mode for pattern, cured in _COMPILED if pattern.search(attempt) for mode in cured]
        modes += [finding.mode for finding in findings if corrects(attempt, finding)]
        for mode in dict.fromkeys(modes):
            grounds[mode] = (*grounds.get(mode, ()), ground)
    return grounds


def corrects(attempt: str, finding: Finding) -> bool:
    """Whether an attempt names the place of a finding ("Correct train.py:66: ...")."""
    named = {(Path(place[1]).name, int(place[2])) for place in _PLACE.finditer(attempt)}
    name = Path(finding.file).name
    return any(file == name and finding.line <= line <= finding.last_line for file, line in named)
