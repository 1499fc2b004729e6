"""Versions and devices named in a report: "pytorch 1.5.0", "RTX 2070", "CUDA Version 10.1", "transformers==4.15.0"."""

import re

from misrun.tools.readers.lines.context import LogContext

# ruff: noqa: E501 - patterns, one alternative group a line
_MAX_LINE = 2_000
# What a report names, by the spellings of it; longer names first, so that "pytorch-lightning" is no "pytorch".
_PACKAGES = (
    ("pytorch-lightning", r"pytorch[ -]?lightning|lightning"),
    ("torchvision", r"torch[ -]?vision"),
    ("torch", r"py ?torch|torch(?:\.__version__)?"),
    ("tensorflow", r"tensorflow(?:-gpu)?|tf(?:\.__version__)?"),
    ("python", r"python"),
    ("cuda", r"cuda(?: ?toolkit)?"),
    ("cudnn", r"cudnn"),
    ("driver", r"(?:nvidia[ -])?driver"),
    ("transformers", r"transformers"),
    ("accelerate", r"accelerate"),
    ("deepspeed", r"deepspeed"),
    ("datasets", r"datasets"),
    ("peft", r"peft"),
    ("trl", r"trl"),
    ("bitsandbytes", r"bitsandbytes"),
    ("numpy", r"numpy"),
    ("keras", r"keras"),
    ("jax", r"jax"),
    ("mmcv", r"mmcv(?:-full)?"),
    ("ultralytics", r"ultralytics"),
    ("fastai", r"fastai"),
    ("apex", r"apex"),
    ("nccl", r"nccl"),
    ("vllm", r"vllm"),
    ("flash-attn", r"flash[-_]attn"),
)
_VERSION = re.compile(
    r"(?<![\w./-])(?:" + "|".join(f"(?P<p{index}>{names})" for index, (_, names) in enumerate(_PACKAGES)) + r")"
    r"['\"`]?\s{0,3}(?:version|ver\.?|v|版本)?\s{0,2}(?:==?|[:：]|\bis\b)?\s{0,2}['\"`]?v?(?P<version>\d{1,4}\.\d{1,4}(?:\.\w{1,12})?(?:\+\w{1,12})?)(?![\w%])",
    re.IGNORECASE | re.ASCII,
)
# Product names of the makers; a bare number ("3090") counts only where GPUs are spoken of.
_DEVICE = re.compile(
    r"(?<![\w-])(?P<name>(?:NVIDIA )?(?:GeForce )?(?:RTX|GTX)[ -]?(?:A\d{4}|\d{3,4})(?:[ -]?(?:Ti|Super))?(?![\w])|(?:NVIDIA )?Quadro \w{1,10}(?: \d{4})?"
    r"|(?:NVIDIA |Tesla )?(?<![\w.])(?:A100|A800|H100|H800|H200|B200|V100|P100|T4|K80|L40S?|L4|A10G?|A30|A40|A6000|P40|M60|MI\d{3}X?|TPU ?v\d)(?:-(?:SXM\d?|PCIE))?(?:-\d{2,3}GB)?(?![\w])"
    r"|Titan (?:Xp?|V|RTX)\b|\d{4} ?Ti\b|\b(?:[2345]0[6789]0)\b(?= (?:gpus?|cards?|Ti)|卡|显卡))"
    r"(?:\W{0,3}(?P<memory>\d{1,3}(?:\.\d)?) ?G(?:i?B)?\b)?",
    re.IGNORECASE | re.ASCII,
)
# One report names a device a few times; more are tables of benchmarks.
_MAX_FACTS = 60


class SaidEnvironment:
    """Adds a fact the first time it is named."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._seen: set[tuple[str, str]] = set()

    def feed(self, number: int, text: str) -> None:
        text = text[:_MAX_LINE]
        for match in _VERSION.finditer(text):
            index = next(index for index in range(len(_PACKAGES)) if match[f"p{index}"])
            self._add(_PACKAGES[index][0], match["version"], number)
        for match in _DEVICE.finditer(text):
            self._add("gpu", " ".join(match["name"].split()), number)
            if match["memory"]:
                self._add("gpu_memory_mib", f"{float(match['memory']) * 1024:.0f}", number)

    def _add(self, name: str, value: str, number: int) -> None:
        if (name, value.lower()) in self._seen or len(self._seen) >= _MAX_FACTS:
            return
        self._seen.add((name, value.lower()))
        self._context.run.environment(name, value, self._context.span(number))
