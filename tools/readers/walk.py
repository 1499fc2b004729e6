"""Finds the files of a run folder: bounded, in a fixed order, never outside the folder."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.compressed_log import COMPRESSED_LOG
from misrun.tools.sealed import sealed_names

# Bounds of one walk, from the project's requirements: a folder beyond them is a data set and not a run.
MAX_ENTRIES = 20_000
MAX_FILES = 2_000
# One log per rank is the most files of one kind a run keeps side by side; 256 ranks plus some. More is data.
MAX_ALIKE_PER_FOLDER = 300
# The first few of a kind are named one by one; the rest only counted, so that a data set does not fill the report.
MAX_NAMED_SKIPS = 20

_PASSED_OVER = {
    ".git",
    ".hg",
    ".svn",
    "site-packages",
    "dist-packages",
    "node_modules",
    "__pycache__",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".nox",
    ".eggs",
}
_BINARY_KINDS = {
    "binary weights, never unpickled": ".pt .pth .ckpt .bin .safetensors .pkl .pickle .joblib .h5 .hdf5 .keras .onnx "
    ".gguf .ggml .msgpack .npz .npy .tflite .pdparams .distcp .model .engine .trt",
    "a data set": ".parquet .arrow .feather .tfrecord .tfrecords .lmdb .mdb .rec .idx .zarr .orc .avro",
    "an archive": ".zip .tar .gz .tgz .bz2 .xz .zst .7z .rar .whl .egg",
    "media": ".png .jpg .jpeg .gif .bmp .webp .tif .tiff .svg .pdf .wav .mp3 .flac .ogg .mp4 .avi .mov .mkv .webm",
    "a compiled or native file": ".so .o .a .dll .dylib .pyc .pyd .exe .class .jar .cubin .ptx .nsys-rep .qdrep .woff "
    ".woff2 .ttf",
}
_REASONS = {suffix: kind for kind, suffixes in _BINARY_KINDS.items() for suffix in suffixes.split()}


def run_files(root: Path, run: RunBuilder) -> Iterator[tuple[Path, str]]:
    """Every file worth opening under `root`, as (path, name relative to root with forward slashes).

    Shallow folders come first and names are sorted, so that a log at the top is reached before a data set below it.
    What is passed over for a reason the user can act on is recorded in `run`; version control, virtual environments
    and caches are passed over silently.
    """
    left = MAX_ENTRIES
    found = 0
    skips: Counter[str] = Counter()
    level = [root]
    while level:
        deeper: list[Path] = []
        for folder in level:
            entries = _entries(folder, root, left, run)
            left -= len(entries)
            for entry in _regular(entries, root, deeper, skips, run):
                found += 1
                if found > MAX_FILES:
                    run.note(f"only the first {MAX_FILES} files were read; point misrun at the run's own folder")
                    return
                yield Path(entry.path), relative_name(Path(entry.path), root)
        level = deeper
    for reason, count in sorted(skips.items()):
        if count > MAX_NAMED_SKIPS:
            run.note(f"{count - MAX_NAMED_SKIPS} more files were not read: {reason}")


def relative_name(path: Path, root: Path) -> str:
    """`path` relative to `root` with forward slashes; bytes that are not UTF-8 become replacement characters."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")


def _entries(folder: Path, root: Path, left: int, run: RunBuilder) -> list[os.DirEntry[str]]:
    entries: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as scan:
            for entry in scan:
                if len(entries) >= left:
                    run.note(
                        f"only the first {MAX_ENTRIES} entries were looked at; point misrun at the run's own folder"
                    )
                    break
                entries.append(entry)
    except OSError as error:
        run.skip(relative_name(folder, root), f"folder cannot be opened: {error.strerror}; check its permissions")
    if any(entry.name == "pyvenv.cfg" for entry in entries):
        return []
    sealed = sealed_names({entry.name for entry in entries})
    return sorted((entry for entry in entries if entry.name not in sealed), key=lambda entry: entry.name)


def _regular(
    entries: list[os.DirEntry[str]], root: Path, deeper: list[Path], skips: Counter[str], run: RunBuilder
) -> Iterator[os.DirEntry[str]]:
    """The files among `entries` that can be read; folders are added to `deeper`."""
    alike: Counter[str] = Counter()
    for entry in entries:
        suffix = Path(entry.name).suffix.lower()
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _PASSED_OVER:
                deeper.append(Path(entry.path))
            continue
        reason = _refusal(entry, root, suffix)
        if reason is None and alike[suffix] >= MAX_ALIKE_PER_FOLDER:
            reason = (
                f"more than {MAX_ALIKE_PER_FOLDER} '{suffix or 'nameless'}' files in one folder look like a data set"
            )
        if reason is None:
            alike[suffix] += 1
            yield entry
        elif reason:
            skips[reason] += 1
            if skips[reason] <= MAX_NAMED_SKIPS:
                run.skip(relative_name(Path(entry.path), root), reason)


def _refusal(entry: os.DirEntry[str], root: Path, suffix: str) -> str | None:
    """Why this entry is not opened; None to open it, "" to pass over it silently."""
    if entry.is_symlink():
        return _link_refusal(Path(entry.path), root)
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    if not stat.S_ISREG(mode):
        return "a pipe, socket or device, not a file"
    return None if suffix == ".gz" and COMPRESSED_LOG.search(entry.name) else _REASONS.get(suffix)


def _link_refusal(link: Path, root: Path) -> str:
    """A link inside the folder needs no reading, its target is read in its own place; others are not followed."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: Python 3.11 and 3.12 report a loop so
        return "a symbolic link that is broken or loops"
    return "" if target.is_relative_to(root) else "a symbolic link that leaves the run folder; copy the file here"
