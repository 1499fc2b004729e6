import math
from pathlib import Path

from misrun.tools.readers.registry import read_run

from .record_views import Read, facts, series, settings, where


def test_offline_file_holds_history_settings_and_exit(data: Path) -> None:
    (file,) = (data / "wandb").rglob("*.wandb")
    run = read_run(file)
    loss = series(run, "train/loss")
    assert loss.steps == tuple(range(12))
    assert loss.values[:3] == (2.0, 1.0, 0.6666666666666666)
    assert loss.first_nonfinite == 8
    assert settings(run) == {"lr": 0.001, "batch_size": 8, "model.dim": 32}
    assert facts(run)["python"] == "CPython 3.11.7"
    assert (run.ending.status, run.ending.exit_code, run.ending.last_step) == ("finished", 0, 11)


def test_debug_log_gives_the_configuration_with_its_line(data: Path) -> None:
    (file,) = (data / "wandb").rglob("debug.log")
    run = read_run(file)
    assert settings(run) == {"lr": 0.001, "batch_size": 8, "model.dim": 32}
    assert where(run)["lr"] == "debug.log:8"


def test_a_cut_file_keeps_the_history_before_the_cut(read: Read, data: Path) -> None:
    (file,) = (data / "wandb").rglob("*.wandb")
    run = read({"run-x.wandb": file.read_bytes()[:4000]})
    loss = series(run, "train/loss")
    assert 2 < len(loss.values) < 12
    assert loss.values[0] == 2.0
    assert any("cut off" in note for note in run.notes)


def test_records_that_cross_a_block_are_put_together(read: Read) -> None:
    name = b"train/loss"
    item = b"\x12" + bytes([len(name)]) + name + b"\x82\x01\x03" + b"1.5"
    step = b"\x12\x05_step\x82\x01\x01" + b"7"
    pad = b"\x12\x04note\x82\x01" + b"\xb8\x91\x02" + b'"' + b"x" * 34998 + b'"'
    history = b"".join(b"\x0a" + varint(len(part)) + part for part in (item, step, pad))
    payload = b"\x12" + varint(len(history)) + history
    first = 32768 - 7 - 7
    chunks = chunk(payload[:first], 2) + chunk(payload[first:], 4)
    run = read({"run-a.wandb": b":W&B\xe1\xbe\x00" + chunks})
    assert (series(run, "train/loss").steps, series(run, "train/loss").values) == ((7,), (1.5,))


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def chunk(payload: bytes, kind: int) -> bytes:
    return b"\0\0\0\0" + len(payload).to_bytes(2, "little") + bytes([kind]) + payload


def test_online_folder_config_summary_and_metadata(read: Read) -> None:
    run = read({
        "wandb/run-1/files/config.yaml": "wandb_version: 1\n\n_wandb:\n    value:\n        t: [1]\nlr:\n    desc: null\n    value: 0.001\nmodel:\n    value:\n        dim: 32\n",
        "wandb/run-1/files/wandb-summary.json": '{"_step": 120, "_runtime": 5.1, "train/loss": NaN, "_wandb": {"runtime": 5}}',
        "wandb/run-1/files/wandb-metadata.json": '{\n"os": "Linux",\n"args": [\n"--lr",\n"0.1",\n"--fp16"\n],\n"gpu": "NVIDIA A100",\n'
        '"gpu_nvidia": [{"name": "NVIDIA A100", "memoryTotal": "42949672960"}], "cudaVersion": "12.2"}',
    })  # fmt: skip
    found = {(value.name, value.value, str(value.span).rpartition("/")[2], value.origin) for value in run.config}
    assert found == {
        ("lr", 0.001, "config.yaml:8", "wandb"),
        ("model.dim", 32, "config.yaml:11", "wandb"),
        ("lr", 0.1, "wandb-metadata.json:4", "command"),
        ("fp16", True, "wandb-metadata.json:6", "command"),
    }
    loss = series(run, "train/loss")
    assert loss.steps == (120,)
    assert math.isnan(loss.values[0])
    assert len(run.series) == 1
    assert facts(run)["gpu_memory_mib"] == "40960"
    assert facts(run)["cuda"] == "12.2"
