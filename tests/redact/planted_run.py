"""A run folder with every secret of planted_secrets in every kind of file that a run leaves, the place of the failure
and the faulty code among them."""

import json
import sqlite3
import struct
from collections.abc import Sequence
from pathlib import Path

from planted_secrets import Planted, all_secrets, private_key

# A bug that misrun finds (log of a sigmoid) beside literals that nobody should see.
_TRAIN = """import os
import torch
from torch import nn

{literals}
model = nn.Linear(4, 2)
HUB_TOKEN = {first!r}
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in batches:
    p = torch.sigmoid(model(x))
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()  # {second}
    loss.backward()
    optimizer.step()
"""


def values() -> list[str]:
    """All that may be found nowhere, the lines of the private keys included."""
    keys = [line for kind in ("RSA ", "OPENSSH ", "") for line in private_key(kind)[1:-1]]
    return [planted.value for planted in all_secrets()] + keys


def plant(root: Path) -> None:
    secrets = all_secrets()
    _log(root, secrets)
    _code(root, secrets)
    _settings(root, secrets)
    _trackers(root, secrets)
    plain = [p.value for p in secrets if p.value.replace("-", "").replace("_", "").isalnum() and len(p.value) < 60]
    for value in plain[:3]:
        (root / f"eval-{value}.log").write_text("".join(f"step {n} loss {2 - n / 50}\n" for n in range(40)))


def _log(root: Path, secrets: Sequence[Planted]) -> None:
    lines = [planted.line for planted in secrets]
    for kind in ("RSA ", "OPENSSH "):
        lines += [f"2024-05-01 10:00:00 INFO {line}" for line in private_key(kind)]
    for step in range(60):
        lines.append(f"step {step} loss {2 / (step + 1) if step < 50 else float('nan')} lr 0.001 grad_norm 1.5")
        if step in (20, 49, 50, 51):  # beside the place that is cited
            lines += [f"WARNING step {step}: {planted.line}" for planted in secrets]
    lines += [
        "Traceback (most recent call last):",
        '  File "train.py", line 12, in <module>',
        f"    push({secrets[0].value!r})",
    ]
    told = " | ".join(planted.line for planted in secrets)
    lines += [f"RuntimeError: upload refused: {told}", *private_key("")]
    (root / "train.log").write_text("\n".join(lines) + "\n")


def _code(root: Path, secrets: Sequence[Planted]) -> None:
    # A password that is an everyday word is one only beside its name.
    literals = "\n".join(
        f"s{n} = os.environ.get('S', {p.value!r})" for n, p in enumerate(secrets) if not p.value.isalpha()
    )
    named = "\n".join(f"if {n} < 0: connect(password={planted.value!r})" for n, planted in enumerate(secrets))
    keys = 'KEY = """' + "\n".join(private_key("RSA ")) + '"""'
    source = _TRAIN.format(literals=f"{literals}\n{named}\n{keys}", first=secrets[6].value, second=secrets[13].value)
    (root / "train.py").write_text(source)
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": source.splitlines(keepends=True),
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [p.line + "\n" for p in secrets]},
                        {"output_type": "error", "ename": "ValueError", "evalue": secrets[11].line,
                         "traceback": [f"ValueError: {p.line}" for p in secrets]}]}  # fmt: skip
    (root / "explore.ipynb").write_text(
        json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}, indent=1)
    )


def _settings(root: Path, secrets: Sequence[Planted]) -> None:
    by_name = {f"part{n}_password": planted.value for n, planted in enumerate(secrets)}
    by_shape = {f"note_{n}": planted.line for n, planted in enumerate(secrets)}
    (root / "config.yaml").write_text(
        "lr: 0.001\n" + "".join(f"{k}: {json.dumps(v)}\n" for k, v in (by_name | by_shape).items())
    )
    (root / "args.json").write_text(json.dumps({"lr": 0.001, "epochs": 3, **by_name, "nested": by_shape}, indent=1))
    (root / "environment.json").write_text(json.dumps({"python": "3.11", "env": by_name | by_shape}))
    (root / "settings.toml").write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in by_name.items()))
    (root / "run.sh").write_text(
        "#!/bin/sh\n"
        + "".join(f"export PART{n}_SECRET={p.value}\n" for n, p in enumerate(secrets))
        + "python train.py " + " ".join(f"--p{n}_api_key {p.value}" for n, p in enumerate(secrets)) + "\n"
    )  # fmt: skip
    (root / "requirements.txt").write_text(
        f"torch==2.3\n--extra-index-url https://u:{secrets[9].value}@pypi.example.org/s\n"
    )
    told = [planted.value for planted in secrets if not planted.value.isalpha()]
    (root / "metrics.csv").write_text(
        "step,loss,note\n" + "".join(f"{n},{1 / (n + 1)},{v}\n" for n, v in enumerate(told))
    )
    rows = [json.dumps({"step": n, "loss": 1.0, "note": p.line}) for n, p in enumerate(secrets)]
    (root / "metrics.jsonl").write_text("\n".join(rows) + "\n")


def _trackers(root: Path, secrets: Sequence[Planted]) -> None:
    wandb = root / "wandb" / "run-1" / "files"
    wandb.mkdir(parents=True)
    (wandb / "config.yaml").write_text(
        "lr:\n  value: 0.001\n" + "".join(f"n{n}:\n  value: {json.dumps(p.line)}\n" for n, p in enumerate(secrets))
    )
    (wandb / "wandb-metadata.json").write_text(
        json.dumps({"os": "Linux", "args": [p.line for p in secrets], "git": {"remote": secrets[50].line}})
    )
    mlflow = root / "mlruns" / "1" / "abc"
    (mlflow / "params").mkdir(parents=True)
    (mlflow / "metrics").mkdir()
    (mlflow / "metrics" / "loss").write_text("1 9.0 0\n2 8.0 1\n")
    (mlflow / "meta.yaml").write_text(f"run_id: abc\nrun_name: {secrets[4].value}\nstart_time: 1\nstatus: 4\n")
    for n, planted in enumerate(secrets):
        (mlflow / "params" / f"p{n}").write_text(planted.line)
    with sqlite3.connect(root / "mlflow.db") as base:
        base.executescript(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, lifecycle_stage TEXT);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);"
            "INSERT INTO metrics VALUES ('loss', 1.0, 1, 'a', 0, 0);"
        )
        base.execute("INSERT INTO runs VALUES ('a', ?, 'FAILED', 1, 'active')", (secrets[10].value,))
        base.executemany("INSERT INTO params VALUES (?, ?, 'a')", [(f"p{n}", p.line) for n, p in enumerate(secrets)])
    base.close()
    _tensorboard(root, secrets)


def _tensorboard(root: Path, secrets: Sequence[Planted]) -> None:
    from misrun.tools.readers.tensorboard_events import masked_crc

    def varint(value: int) -> bytes:
        low = bytes([value & 127 | (128 if value > 127 else 0)])
        return low + (varint(value >> 7) if value > 127 else b"")

    def field(number: int, payload: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(payload)) + payload

    def record(payload: bytes) -> bytes:
        length = struct.pack("<Q", len(payload))
        return length + struct.pack("<I", masked_crc(length)) + payload + struct.pack("<I", masked_crc(payload))

    table = "|name|value|\n|-|-|\n" + "".join(f"|n{n}|{p.line}|\n" for n, p in enumerate(secrets))
    start = b"\x09" + struct.pack("<d", 1.0)
    tensor = field(8, b"\x08\x07" + field(8, table.encode()))
    scalar = field(1, secrets[12].value.encode()) + b"\x15" + struct.pack("<f", 0.5)
    events = [
        field(3, b"brain.Event:2"),
        field(5, field(1, field(1, b"hparams") + tensor)),
        b"\x10\x01" + field(5, field(1, scalar)),
    ]
    (root / "tb").mkdir()
    (root / "tb" / "events.out.tfevents.1").write_bytes(b"".join(record(start + event) for event in events))
