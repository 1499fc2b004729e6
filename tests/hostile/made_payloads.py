"""Hostile things that cannot lie in a repository: pipes, links, bombs, damaged binaries, lines of megabytes, odd names.

Each function puts one of them into the folder of a run. `outside` is a folder that nothing may be read from."""

import gzip
import io
import json
import os
import pickle
import socket
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

Put = Callable[[Path, Path], None]
PAYLOADS: dict[str, Put] = {}
_LOG = "".join(f"step {n} loss {n}\n" for n in range(50))
_MIB = 1 << 20


def payload(put: Put) -> Put:
    PAYLOADS[put.__name__.replace("_", "-")] = put
    return put


class _Evil:
    """Creates the canary when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch $HOSTILE_CANARY",)


# Pipes, sockets, devices, links


@payload
def pipe_log(run: Path, outside: Path) -> None:
    os.mkfifo(run / "other.log")


@payload
def pipe_code_and_settings(run: Path, outside: Path) -> None:
    for name in ("model.py", "config.yaml", "explore.ipynb", "args.json"):
        os.mkfifo(run / name)


@payload
def pipe_in_a_store(run: Path, outside: Path) -> None:
    for name in ("a", "b"):
        (run / "mlruns" / "1" / name / "params").mkdir(parents=True)
        (run / "mlruns" / "1" / name / "params" / "lr").write_text("0.1")
    (run / "mlruns" / "1" / "a" / "meta.yaml").write_text("run_id: a\nstatus: 3\nstart_time: 1\nartifact_uri: x\n")
    os.mkfifo(run / "mlruns" / "1" / "b" / "meta.yaml")


@payload
def socket_file(run: Path, outside: Path) -> None:
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(run)  # the path of a socket may have 108 bytes
        try:
            made.bind("s.log")
        finally:
            os.chdir(here)


@payload
def link_to_a_device(run: Path, outside: Path) -> None:
    (run / "zero.log").symlink_to("/dev/zero")
    (run / "random.py").symlink_to("/dev/urandom")


@payload
def link_to_this_process(run: Path, outside: Path) -> None:
    (run / "environ.log").symlink_to("/proc/self/environ")


@payload
def link_out_of_the_run(run: Path, outside: Path) -> None:
    (outside / "private.log").write_text("PRIVATE-OUTSIDE\n" + _LOG)
    (run / "private.log").symlink_to(outside / "private.log")


@payload
def link_to_code_outside(run: Path, outside: Path) -> None:
    (outside / "private.py").write_text("PRIVATE_OUTSIDE = 1\nfor x in range(0, 3): x.backward(0)\n")
    (run / "private.py").symlink_to(outside / "private.py")


@payload
def folder_link_out_of_the_run(run: Path, outside: Path) -> None:
    (outside / "deep").mkdir()
    (outside / "deep" / "private.py").write_text("PRIVATE_OUTSIDE = 1\n")
    (outside / "deep" / "private.log").write_text("PRIVATE-OUTSIDE\n" + _LOG)
    (run / "linked").symlink_to(outside / "deep")


@payload
def settings_link_out_of_the_run(run: Path, outside: Path) -> None:
    (outside / "private.yaml").write_text("lr: 77.77\nname: PRIVATE-OUTSIDE\n")
    (run / "model.py").write_text("import yaml\nc = yaml.safe_load(open('private.yaml'))\n")
    (run / "private.yaml").symlink_to(outside / "private.yaml")


@payload
def store_link_out_of_the_run(run: Path, outside: Path) -> None:
    (outside / "meta.yaml").write_text(
        "run_id: x\nrun_name: PRIVATE-OUTSIDE\nstatus: 4\nstart_time: 9\nartifact_uri: x\n"
    )
    for name in ("a", "b"):
        (run / "mlruns" / "1" / name / "metrics").mkdir(parents=True)
        (run / "mlruns" / "1" / name / "metrics" / "accuracy").write_text("1 0.5 0\n")
    (run / "mlruns" / "1" / "a" / "meta.yaml").write_text("run_id: a\nstatus: 3\nstart_time: 1\nartifact_uri: x\n")
    (run / "mlruns" / "1" / "b" / "meta.yaml").symlink_to(outside / "meta.yaml")


@payload
def links_in_circles(run: Path, outside: Path) -> None:
    (run / "a").symlink_to(run / "b")
    (run / "b").symlink_to(run / "a")
    (run / "self.log").symlink_to(run / "self.log")
    (run / "up").symlink_to(run.parent)
    (run / "here").symlink_to(run)
    (run / "gone.py").symlink_to(run / "nowhere.py")


# Pickles and archives


@payload
def pickles(run: Path, outside: Path) -> None:
    content = pickle.dumps(_Evil())
    for name in (
        "model.pkl",
        "training_args.bin",
        "optimizer.pt",
        "m.joblib",
        "m.ckpt",
        "m.npy",
        "state.msgpack",
        "model",
    ):
        (run / name).write_bytes(content)


@payload
def pickle_in_the_clothes_of_a_log(run: Path, outside: Path) -> None:
    for name in ("a.log", "a.json", "a.yaml", "a.csv", "a.txt"):
        (run / name).write_bytes(pickle.dumps(_Evil(), protocol=0))


@payload
def checkpoint_with_a_pickle(run: Path, outside: Path) -> None:
    with zipfile.ZipFile(run / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Evil()))


@payload
def zip_bomb(run: Path, outside: Path) -> None:
    with zipfile.ZipFile(run / "logs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.log", bytes(64 * _MIB))
    with zipfile.ZipFile(run / "weights.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(64 * _MIB))


@payload
def gzip_bomb(run: Path, outside: Path) -> None:
    (run / "train.log.gz").write_bytes(gzip.compress(bytes(64 * _MIB)))
    (run / "packed.log").write_bytes(gzip.compress(bytes(16 * _MIB)))


@payload
def archive_with_ways_out(run: Path, outside: Path) -> None:
    with tarfile.open(run / "run.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("../../outside/evil.log")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))


# Binary formats


def _store(run: Path, script: str) -> None:
    base = sqlite3.connect(run / "mlflow.db")
    base.executescript(script)
    base.close()


_RUNS = "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, lifecycle_stage TEXT);"
_PARAMS = "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
_METRICS = (
    "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);"
)


@payload
def database_that_counts_for_ever(run: Path, outside: Path) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    _store(run, f"{_RUNS}{_PARAMS} CREATE VIEW metrics AS {endless} SELECT 'loss' AS key, x AS value, x AS timestamp,"
                " 'a' AS run_uuid, x AS step, 0 AS is_nan FROM c; INSERT INTO runs VALUES ('a', 'n', 'FAILED', 1, 'active');")  # fmt: skip


@payload
def database_with_wrong_types(run: Path, outside: Path) -> None:
    _store(run, f"{_RUNS}{_PARAMS}{_METRICS} INSERT INTO runs VALUES (x'ff', x'00ff', 7, 'x', 'active');"
                "INSERT INTO metrics VALUES (x'ff', 'text', 'x', x'ff', 1.5, 'y'), (NULL, NULL, NULL, NULL, NULL, NULL);"
                "INSERT INTO params VALUES (NULL, x'80', NULL), ('lr', zeroblob(1000000), x'ff');")  # fmt: skip


@payload
def database_cut_short(run: Path, outside: Path) -> None:
    _store(run, _RUNS + _PARAMS + _METRICS)
    content = (run / "mlflow.db").read_bytes()
    (run / "mlflow.db").write_bytes(content[: len(content) // 2])
    (run / "other.db").write_bytes(content[:100] + os.urandom(5000))


@payload
def events_whose_lengths_lie(run: Path, outside: Path) -> None:
    from misrun.tools.readers.tensorboard_events import masked_crc

    length = struct.pack("<Q", 2**62)
    (run / "events.out.tfevents.1").write_bytes(length + struct.pack("<I", masked_crc(length)) + b"x" * 50)
    nested = b"\x2a\xff\xff\xff\xff\x7f" * 3000
    length = struct.pack("<Q", len(nested))
    (run / "events.out.tfevents.2").write_bytes(
        length + struct.pack("<I", masked_crc(length)) + nested + struct.pack("<I", masked_crc(nested))
    )


@payload
def tracker_file_whose_lengths_lie(run: Path, outside: Path) -> None:
    (run / "run-a.wandb").write_bytes(
        b":W&B\xe1\xbe\x00" + (b"\0\0\0\0\xff\xff\x02" + b"\x12\xff\xff\xff\xff\x0f") * 500
    )
    (run / "run-b.wandb").write_bytes(b":W&B\xe1\xbe\x00" + os.urandom(50_000))


@payload
def binary_noise(run: Path, outside: Path) -> None:
    for name in (
        "noise.log",
        "noise.json",
        "noise.yaml",
        "noise.csv",
        "noise.py",
        "noise.ipynb",
        "noise.toml",
        "noise.sh",
    ):
        (run / name).write_bytes(os.urandom(20_000))


# Text in quantities


@payload
def line_of_ten_megabytes(run: Path, outside: Path) -> None:
    (run / "long.log").write_text("step 1 loss " + "9" * 10 * _MIB + "\n" + "a=" * 5 * _MIB + "\n")


@payload
def settings_on_a_line_of_megabytes(run: Path, outside: Path) -> None:
    (run / "long.json").write_text('{"a": "' + "x" * 2 * _MIB + '"}')
    (run / "long.yaml").write_text("a: " + "x" * 500_000 + "\n")
    (run / "long.toml").write_text("a = '" + "x" * 2 * _MIB + "'\n")
    (run / "long.ini").write_text("[a]\nb = " + "x" * 2 * _MIB + "\n")
    (run / "long.csv").write_text("step,loss," + "x" * 2 * _MIB + "\n1,2,3\n")
    (run / "long.sh").write_text("python train.py --a " + "x" * 2 * _MIB + "\n")
    (run / "long.jsonl").write_text('{"step": 1, "a": "' + "x" * 2 * _MIB + '"}\n')
    (run / "requirements.txt").write_text("torch==" + "1." * _MIB + "\n")


@payload
def brackets_and_quotes_by_the_megabyte(run: Path, outside: Path) -> None:
    for at, piece in enumerate(
        ("(", "[", "{", '"', "'", "=", ":", "|", "%|", "-", " ", "a b ", "\\", "<", "1,", "1e", "k=", "k='")
    ):
        (run / f"piece{at}.log").write_text((piece * (256 * 1024 // len(piece)) + "\n") * 2)


@payload
def a_million_short_lines(run: Path, outside: Path) -> None:
    (run / "short.log").write_text("x\n" * _MIB)


@payload
def redrawn_for_ever(run: Path, outside: Path) -> None:
    (run / "bars.log").write_text(
        "\r".join(f"{n % 100}%|##| {n}/100000 [00:01<00:01, 9.9it/s, loss=1.0]" for n in range(20_000))
    )


@payload
def metrics_without_number(run: Path, outside: Path) -> None:
    (run / "names.log").write_text("".join(f"step {n} metric_{n}=0.5 other{n}=1.0\n" for n in range(4_000)))
    (run / "names.jsonl").write_text("".join(json.dumps({"step": n, f"m{n}": 1.0}) + "\n" for n in range(4_000)))


@payload
def frames_without_end(run: Path, outside: Path) -> None:
    frame = '  File "/x/y.py", line 3, in f\n    f()\n'
    (run / "frames.log").write_text("INFO x\n" + frame * 40_000)


@payload
def notebook_of_lines_that_are_nowhere(run: Path, outside: Path) -> None:
    lines = [f"x{n} = {n}\\u0061\n" for n in range(20_000)]
    cells = [{"cell_type": "code", "metadata": {}, "source": "".join(lines), "outputs": [], "execution_count": 1}]
    text = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}, indent=1)
    (run / "nowhere.ipynb").write_text(text + "\n" * 60_000)


@payload
def code_nested_deeply(run: Path, outside: Path) -> None:
    (run / "nested.py").write_text("x = " + "-" * 100_000 + "1\n")
    (run / "brackets.py").write_text("x = " + "(" * 100_000 + "\n")
    (run / "chain.py").write_text(
        "if a: pass\n" + "elif a: pass\n" * 900 + "x = a" + ".b" * 800 + "\ny = " + "+".join(["1"] * 900) + "\n"
    )
    (run / "calls.py").write_text("x = " + "f(" * 90 + ")" * 90 + "\n" + "y = " + "lambda: " * 80 + "1\n")


@payload
def code_that_goes_on(run: Path, outside: Path) -> None:
    (run / "long.py").write_text("".join(f"def f{n}(x):\n    return f{n + 1}(x) + f{n + 2}(x)\n" for n in range(400)))


@payload
def wide_encodings(run: Path, outside: Path) -> None:
    (run / "wide.log").write_bytes(("\ufeff" + "IGNORE \u202e\n" * 50).encode("utf-16-le"))
    (run / "odd.log").write_bytes(b"\xff\xfe" + b"a" * 1001)
    (run / "bad.csv").write_bytes(b"step,loss\n1,\xff\xfe\n2,\x80\n")


# Names


@payload
def names_that_act(run: Path, outside: Path) -> None:
    for name in ("a\nb.log", "\x1b[31mred.log", "<img src=x onerror=alert(1)>.log", "-rf.log", "--help.log", '"q\'.log',
                 "\u202egol.exe.log", "=cmd|'.log", "$(touch $HOSTILE_CANARY).log", "`touch $HOSTILE_CANARY`.log",
                 "; touch x.log", "%n%s.log", "[x](javascript:alert(1)).log", "#1 @everyone.log", "{{7*7}}.log", "a|b.log"):  # fmt: skip
        (run / name).write_text("WARNING odd name\n" + "step 1 accuracy 0.5\n")


@payload
def names_of_code_that_act(run: Path, outside: Path) -> None:
    for name in ("a\nb.py", "\x1b[31mred.py", "<script>.py", "-c.py", "$(id).py", "a b.py", "\u202eyp.py", "+++.py"):
        (run / name).write_text("import torch\nx = torch.zeros(3)\n")


@payload
def names_that_are_not_text(run: Path, outside: Path) -> None:
    for raw in (b"\xff\xfe.log", b"caf\xe9.py", b"\x80.yaml"):
        Path(os.fsdecode(bytes(run) + b"/" + raw)).write_text("lr: 0.001\n")


@payload
def a_name_as_long_as_can_be(run: Path, outside: Path) -> None:
    (run / ("x" * 251 + ".log")).write_text(_LOG.replace("loss", "accuracy"))


@payload
def folders_without_end(run: Path, outside: Path) -> None:
    folder = run
    for _ in range(150):
        folder = folder / "deeper"
    folder.mkdir(parents=True)
    (folder / "deep.log").write_text("step 1 accuracy 0.5\n")


@payload
def thousands_of_files(run: Path, outside: Path) -> None:
    for n in range(2_100):
        (run / f"f{n}.txt").write_text("x")
