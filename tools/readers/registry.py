"""The list of readers, and the one way from a folder, a file or pasted text to a RunRecord."""

import csv
import io
import sqlite3
import struct
from functools import cache
from importlib import import_module
from pathlib import Path

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.rank_files import rank_files
from misrun.tools.readers.reader import Reader, Source
from misrun.tools.readers.run_record import RunRecord, SourceFile
from misrun.tools.readers.walk import run_files
from misrun.tools.redact.redactor import Redactor
from misrun.tools.sealed import is_sealed

# "module:class" in the order they are asked; the first whose `sniff` is true reads the file. Text log stays last: it
# takes every text that nothing more special wanted.
READERS: tuple[str, ...] = (
    "passed_over:PassedOver",
    "compressed_log:CompressedLog",
    "tensorboard_events:TensorboardEvents",
    "wandb_file:WandbFile",
    "wandb_debug_log:WandbDebugLog",
    "mlflow_sqlite:MlflowSqlite",
    "mlflow_files:MlflowFiles",
    "trainer_state:TrainerState",
    "torchrun_error:TorchrunError",
    "misrun_record:MisrunRecord",
    "json_lines:JsonLines",
    "json_document:JsonDocument",
    "yaml_config:YamlConfig",
    "toml_config:TomlConfig",
    "ini_config:IniConfig",
    "package_list:PackageList",
    "shell_script:ShellScript",
    "python_code:PythonCode",
    "notebook:Notebook",
    "metrics_csv:MetricsCsv",
    "yolo_results:YoloResults",
    "number_columns:NumberColumns",
    "passed_over:DataFile",
    "text_log:TextLog",
)  # fmt: skip
STDIN = "<stdin>"
# What damaged content raises in the standard library; anything else is a mistake of ours and is not hidden.
_DAMAGE = (OSError, ValueError, EOFError, struct.error, csv.Error, sqlite3.DatabaseError, RecursionError)


@cache
def readers() -> tuple[Reader, ...]:
    """The readers of `READERS`, imported on first use."""
    named = (row.split(":") for row in READERS)
    return tuple(getattr(import_module(f"misrun.tools.readers.{module}"), name)() for module, name in named)


def read_run(path: Path, *, stdin: str | None = None, redactor: Redactor | None = None) -> RunRecord:
    """Everything that can be read from a run folder or one file, and from text pasted beside it, without secrets.

    Raises FileNotFoundError or PermissionError when `path` itself cannot be opened, and ValueError when it is neither
    a folder nor a regular file. Whatever is wrong below `path` ends up in `skipped` or `notes`.
    """
    root = path.resolve(strict=True)
    run = RunBuilder(str(path), redactor)
    if root.is_dir():
        next(root.iterdir(), None)  # a folder named by the user must be readable
        files = list(run_files(root, run))
        run.rank_files = rank_files(name for _, name in files)
        for file, name in files:
            _read_file(file, name, run)
    elif is_sealed(root):
        raise ValueError(f"{path} belongs to the benchmark's answers, which are not read")
    elif root.is_file():
        with root.open("rb"):  # a file named by the user must be readable; inside a folder it would only be skipped
            _read_file(root, path.name, run)
    else:
        raise ValueError(f"{path} is neither a folder nor a regular file")
    if stdin:
        _read_pasted(stdin, run)
    return run.build()


def read_text(text: str, *, redactor: Redactor | None = None) -> RunRecord:
    """A pasted log or GitHub issue, without secrets; spans name it "<stdin>"."""
    run = RunBuilder(STDIN, redactor)
    _read_pasted(text, run)
    return run.build()


def _read_pasted(text: str, run: RunBuilder) -> None:
    from misrun.tools.readers.text_log import TextLog

    content = text.encode("utf-8", "replace")
    reader = TextLog()
    reader.read_stream(io.BytesIO(content), STDIN, run)
    run.file(SourceFile(path=STDIN, reader=reader.name, bytes=len(content)))


def _learn_secrets(source: Source, run: RunBuilder) -> None:
    """Looks through the head, where programs print their settings and environment: a secret that stands there beside
    its name may stand elsewhere without."""
    if b"\0" not in source.head:
        run.redactor.text(source.head.decode("utf-8", "replace"))


def _read_file(path: Path, name: str, run: RunBuilder) -> None:
    try:
        source = Source(path, name)
    except OSError as error:
        run.skip(name, f"cannot be opened: {error.strerror}; check its permissions")
        return
    if not source.head:
        run.skip(name, "empty")
        return
    reader = next((reader for reader in readers() if reader.sniff(source)), None)
    if reader is None:
        run.skip(name, "binary file of a kind that misrun does not read")
        return
    try:
        reader.read(source, run)
    except _DAMAGE as error:
        run.note(f"{name}: damaged as {reader.name}, read only in part ({type(error).__name__}: {str(error)[:200]})")
    if not run.has_skipped(name):
        _learn_secrets(source, run)
        run.file(SourceFile(path=name, reader=reader.name, bytes=source.bytes))
