"""Names of environment facts, and the JSON files that hold them."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.json_text import Leaf
from misrun.tools.readers.metric_names import mebibytes
from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Span

_ENVIRONMENT_FILE = re.compile(
    r"^(?:environment|env|env_info|system|system_info|sysinfo|hardware|hardware_info|machine|wandb-metadata|versions|"
    r"collect_env|platform|gpu|gpu_info|device|device_info)\.json$",
    re.IGNORECASE,
)
# ruff: noqa: E501 - the synonym table
# Spellings of W&B's metadata file, torch's and mmcv's collect_env, transformers' env command, and hand-written dumps.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "python": ("python", "python_version", "python version", "pythonversion"),
    "torch": ("torch", "pytorch", "torch_version", "pytorch_version", "pytorch version", "pytorch version (gpu?)", "torch version"),
    "transformers": ("transformers", "transformers_version", "transformers version", "`transformers` version"),
    "cuda": (
        "cuda", "cuda_version", "cudaversion", "cuda version", "cuda_runtime", "cuda used to build pytorch", "cuda runtime version",
        "torch_cuda", "torch_cuda_version", "cuda_runtime_version",
    ),
    "cudnn": ("cudnn", "cudnn_version", "cudnn version"),
    "driver": ("driver", "driver_version", "driver version", "nvidia_driver", "nvidia_driver_version", "nvidia driver version", "gpu_driver"),
    "gpu": ("gpu", "gpu_name", "gpu_type", "gpus", "device_name", "gpu_model", "cuda_device_name", "accelerator", "gpu name", "gpu models and configuration", "gpu type", "gpu_device"),
    "gpu_memory_mib": (
        "memorytotal", "gpu_memory_mib", "gpu_memory_mb", "gpu_mem_mib", "gpu_memory_total_mib", "memorytotal", "gpu_total_memory_mib", "total_memory_mib", "vram_mib",
        "vram_mb", "gpu_mem_mb", "gpu_memory_total_mb",
    ),
    "gpu_memory_gib": ("gpu_memory_gib", "gpu_memory_gb", "gpu_mem_gb", "vram_gb", "vram_gib", "gpu_memory_total_gb", "gpu_total_memory_gb"),
    "gpu_count": ("gpu_count", "num_gpus", "n_gpus", "n_gpu", "gpucount", "cuda_device_count", "device_count", "number of gpus"),
    "host": ("host", "hostname", "node", "host_name"),
    "os": ("os", "platform", "operating_system"),
    "world_size": ("world_size", "worldsize"),
    "cpu_count": ("cpu_count", "cpus", "num_cpus", "cpu_count_logical"),
    "memory_total_mib": ("ram_mib", "ram_mb", "memory_total_mib", "system_memory_mib", "host_memory_mib", "total_ram_mib"),
}  # fmt: skip
_CANONICAL = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms}
# requirements.txt of a full environment has about 400 packages.
MAX_FACTS = 1_500
_VERSION_MARK = re.compile(r"^v?\d+(?:\.\d+)+")


# Of W&B's metadata: the command line, read as settings, and what concerns the person and not the machine.
_NO_FACTS = frozenset(
    [
        "args",
        "email",
        "username",
        "root",
        "executable",
        "codePath",
        "codePathLocal",
        "git",
        "startedAt",
        "heartbeatAt",
        "disk",
        "writerId",
    ]
)


def fact_name(name: str) -> str | None:
    """The canonical name of an environment fact, or None when `name` is no spelling of one."""
    return _CANONICAL.get(name.strip().lower())


def is_environment_file(name: str) -> bool:
    return _ENVIRONMENT_FILE.match(PurePosixPath(name).name) is not None


def add_fact(name: str, value: Scalar, span: Span, run: RunBuilder) -> None:
    """Add one fact under its canonical name; a memory size in GiB is converted to MiB."""
    canonical = fact_name(name) or name
    text = str(value).strip()
    if canonical in ("gpu_memory_gib", "gpu_memory_mib"):
        number = re.match(r"\d{1,20}(?:\.\d+)?", text)
        unit = "gib" if canonical == "gpu_memory_gib" else text[number.end() :].strip() if number else ""
        canonical = "gpu_memory_mib"
        text = f"{mebibytes(unit, float(number[0])):.0f}" if number else text
    if text and value is not None:
        run.environment(canonical, text[:500], span)


def add_environment(found: Iterable[Leaf], file: str, run: RunBuilder) -> None:
    """The facts of an environment.json or wandb-metadata.json; what is no known fact keeps its dotted name."""
    for leaf in list(found)[:MAX_FACTS]:
        span = Span(file=file, first=leaf.line, last=leaf.line)
        path = tuple(str(part) for part in leaf.path) or ("",)
        if path[0] in _NO_FACTS:
            continue
        add_fact(_fact_path(path), leaf.value, span, run)


def _fact_path(path: tuple[str, ...]) -> str:
    """Objects called packages or versions name packages; elsewhere the last part may be a known name."""
    named = tuple(part for part in path if not part.isdigit())
    if len(named) > 1 and named[-2].lower() in ("packages", "versions", "libraries", "pip", "dependencies"):
        return named[-1].lower()
    return named[-1] if len(named) == 1 or fact_name(named[-1]) else ".".join(path)
