import struct
from pathlib import Path

import pytest

from misrun.tools.readers.registry import read_run
from misrun.tools.readers.tensorboard_events import masked_crc

from .record_views import Read, series, settings, where


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc(length)) + payload + b"\0" * 4


def event(step: int, value: bytes) -> bytes:
    return record(b"\x09" + struct.pack("<d", 1.0) + b"\x10" + varint(step) + field(5, field(1, value)))


VERSION = record(b"\x09" + struct.pack("<d", 1.0) + field(3, b"brain.Event:2"))


def test_checksum_of_the_reference_vector() -> None:
    # RFC 3720 B.4: CRC-32C of 32 zero bytes is 8a9136aa; masked as in crc32c.h
    crc = 0x8A9136AA
    assert masked_crc(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_trainer_events_hold_scalars_and_all_training_arguments(data: Path) -> None:
    run = read_run(data / "tb" / "hf.tfevents")
    assert series(run, "train/loss").steps == tuple(range(4, 33, 4))
    assert series(run, "train/loss").values[0] == pytest.approx(4.703143, abs=1e-6)
    assert series(run, "eval/loss").phase == "eval"
    found = settings(run)
    assert found["learning_rate"] == 0.001
    assert found["per_device_train_batch_size"] == 4
    assert found["lr_scheduler_type"] == "linear"
    assert found["model_config.model_type"] == "gpt2"
    assert where(run)["learning_rate"] == "hf.tfevents:step 0"


def test_lightning_events_hold_hyperparameters_and_no_placeholder(data: Path) -> None:
    run = read_run(data / "tb" / "lightning.tfevents")
    assert settings(run) == {"hidden": 8, "lr": 0.1, "optimizer": "sgd"}
    assert series(run, "train_loss").values[0] == pytest.approx(0.59935856)
    assert "hp_metric" not in {found.raw_name for found in run.series}


def test_reinforcement_events(data: Path) -> None:
    run = read_run(data / "tb" / "sb3.tfevents")
    assert series(run, "rollout/ep_rew_mean").steps == (256, 512, 768, 1024)


def test_tensor_scalars_of_keras_are_read_and_the_folder_tells_the_phase(read: Read) -> None:
    plugin = field(9, field(1, field(1, b"scalars")))
    content = b"\x08\x01" + field(4, struct.pack("<f", 0.25))
    packed = b"\x08\x02" + field(6, struct.pack("<d", 0.5))
    events = event(0, field(1, b"epoch_loss") + field(8, content) + plugin)
    events += event(1, field(1, b"epoch_loss") + field(8, packed) + plugin)
    run = read({"validation/events.out.tfevents.1.host.2.v2": VERSION + events})
    loss = series(run, "epoch_loss")
    assert (loss.name, loss.phase, loss.step_kind) == ("loss", "eval", "epoch")
    assert (loss.steps, loss.values) == ((0, 1), (0.25, 0.5))


def test_a_markdown_table_of_hyperparameters_is_settings(read: Read) -> None:
    table = b"|param|value|\n|-|-|\n|learning_rate|0.00025|\n|cuda|True|\n|env_id|CartPole-v1|"
    tensor = b"\x08\x07" + field(8, table)
    plugin = field(9, field(1, field(1, b"text")))
    run = read(
        {
            "events.out.tfevents.1": VERSION
            + event(0, field(1, b"hyperparameters/text_summary") + field(8, tensor) + plugin)
        }
    )
    assert settings(run) == {"learning_rate": 0.00025, "cuda": True, "env_id": "CartPole-v1"}


def test_a_truncated_last_record_ends_the_reading_with_a_note(read: Read, data: Path) -> None:
    content = (data / "tb" / "sb3.tfevents").read_bytes()
    run = read({"events.out.tfevents.1": content[:-10]})
    assert series(run, "rollout/ep_rew_mean").steps[:3] == (256, 512, 768)
    assert any("cut off" in note for note in run.notes)


def test_a_length_that_lies_does_not_allocate(read: Read) -> None:
    length = struct.pack("<Q", 2**62)
    huge = length + struct.pack("<I", masked_crc(length)) + b"x" * 100
    scalar = event(5, field(1, b"loss") + b"\x15" + struct.pack("<f", 2.0))
    run = read({"events.out.tfevents.1": VERSION + scalar + huge})
    assert series(run, "loss").values == (2.0,)
