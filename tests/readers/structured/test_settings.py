import itertools
import math
from pathlib import Path

import pytest

from misrun.tools.readers.command_line import settings_of, words_of
from misrun.tools.readers.registry import read_run

from .record_views import Read, series, settings, where

CONFIG = """# a comment
defaults:
  - model: small
lr: 1e-4
base: &base
  dim: 8
  act: !!python/name:torch.nn.ReLU
model:
  <<: *base
  layers: [1, 2, 3]
  obj: !!python/object:project.Thing {size: 4}
epochs: 1_000
limit: .inf
fp16: yes
resume: ~
quoted: "1e-4"
betas:
  - 0.9
  - 0.999
"""


def test_yaml_values_keep_types_lines_and_unknown_tags(read: Read) -> None:
    run = read({"config.yaml": CONFIG})
    found = settings(run)
    assert found["lr"] == 1e-4
    assert found["quoted"] == "1e-4"
    assert (found["epochs"], found["limit"], found["fp16"], found["resume"]) == (1000, math.inf, True, None)
    assert found["model.layers"] == (1, 2, 3)
    assert found["model.dim"] == 8
    assert found["model.obj.size"] == 4
    assert found["base.act"] == "python/name:torch.nn.ReLU"
    assert found["betas"] == (0.9, 0.999)
    lines = CONFIG.split("\n")
    for name in ("lr", "epochs", "fp16", "quoted"):
        assert lines[int(where(run)[name].rpartition(":")[2]) - 1].startswith(f"{name}:")
    assert where(run)["betas"] == "config.yaml:18-19"


def test_ultralytics_arguments(data: Path) -> None:
    run = read_run(data / "ultralytics" / "args.yaml")
    assert (settings(run)["batch"], settings(run)["optimizer"], settings(run)["time"]) == (4, "auto", None)
    assert where(run)["batch"] == "args.yaml:8"


def test_broken_yaml_keeps_what_stands_before_the_damage(read: Read) -> None:
    run = read({"config.yaml": "lr: 0.1\nbatch: 8\nmodel: {dim: 3\nother: [1\n"})
    assert settings(run) == {"lr": 0.1, "batch": 8}
    assert any("not valid YAML" in note for note in run.notes)


def test_a_yaml_bomb_of_aliases_is_bounded(read: Read) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    names = "abcdefghi"
    for before, name in itertools.pairwise(names):
        bomb += f"{name}: &{name} [" + ", ".join([f"*{before}"] * 9) + "]\n"
    run = read({"config.yaml": bomb})
    assert len(run.config) <= 2_000


def test_yaml_nested_too_deeply_is_a_note(read: Read) -> None:
    run = read({"config.yaml": "a: " + "[" * 20_000, "other.yaml": "lr: 0.1\n"})
    assert settings(run) == {"lr": 0.1}
    assert any("config.yaml" in note for note in run.notes)


def test_hydra_overrides_are_the_command(read: Read) -> None:
    run = read(
        {".hydra/overrides.yaml": "- model.dim=32\n- +trainer.lr=1e-3\n", ".hydra/hydra.yaml": "run:\n  dir: out\n"}
    )
    assert [(value.name, value.value, value.origin) for value in run.config] == [
        ("model.dim", 32, "command"),
        ("trainer.lr", 1e-3, "command"),
    ]


def test_json_settings_have_dotted_names_and_exact_lines(read: Read) -> None:
    content = '{\n  "train_micro_batch_size_per_gpu": 4,\n  "fp16": {\n    "enabled": true,\n    "loss_scale": 0\n  },\n  "betas": [\n    0.9,\n    0.999\n  ]\n}'
    run = read({"ds_config.json": content})
    assert settings(run) == {
        "train_micro_batch_size_per_gpu": 4,
        "fp16.enabled": True,
        "fp16.loss_scale": 0,
        "betas": (0.9, 0.999),
    }
    assert where(run)["fp16.loss_scale"] == "ds_config.json:5"
    assert where(run)["betas"] == "ds_config.json:8-9"


def test_json_cut_in_the_middle_keeps_its_beginning(read: Read) -> None:
    run = read({"config.json": '{"lr": 0.1, "model": {"dim": 32, "layers": 1'})
    assert settings(run) == {"lr": 0.1, "model.dim": 32}
    assert any("not complete JSON" in note for note in run.notes)


def test_toml_values_have_the_line_of_their_key(read: Read) -> None:
    content = 'title = "x"\n[optimizer]\nname = "AdamW"\nlr = 1e-3 # high\nbetas = [0.9, 0.99]\n\n[model.inner]\ndim = 8\nk = {a = 1}\n'
    run = read({"train.toml": content, "pyproject.toml": "[project]\nname = 'x'\n"})
    assert settings(run) == {
        "title": "x", "optimizer.name": "AdamW", "optimizer.lr": 1e-3, "optimizer.betas": (0.9, 0.99), "model.inner.dim": 8, "model.inner.k.a": 1,
    }  # fmt: skip
    assert where(run)["optimizer.lr"] == "train.toml:4"
    assert where(run)["model.inner.k.a"] == "train.toml:9"


def test_ini_settings_are_named_by_section(read: Read) -> None:
    run = read({"train.ini": "[training]\nlr = 0.01 ; inline\n# off = 1\nuse_amp: true\n"})
    assert settings(run) == {"training.lr": 0.01, "training.use_amp": True}
    assert where(run)["training.use_amp"] == "train.ini:4"


SCRIPT = """#!/bin/bash
#SBATCH --mem=32G
export NCCL_DEBUG=INFO
export WANDB_API_KEY=abcdef
LR=1e-4
OUT="out/run 1"
CUDA_VISIBLE_DEVICES=0,1 torchrun --nproc_per_node=2 --master_port 29501 \\
    train.py \\
    --learning_rate $LR \\
    --per_device_train_batch_size 8 --bf16 \\
    --offset -1 --betas 0.9 0.95 \\
    --output_dir "$OUT" 2>&1 | tee log.txt
# python old.py --lr 9
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_shell_script_flags_have_values_types_and_lines(read: Read, newline: str) -> None:
    run = read({"train.sh": SCRIPT.replace("\n", newline)})
    assert settings(run) == {
        "slurm.mem": "32G", "env.NCCL_DEBUG": "INFO", "LR": 1e-4, "OUT": "out/run 1", "env.CUDA_VISIBLE_DEVICES": "0,1",
        "torchrun.nproc_per_node": 2, "torchrun.master_port": 29501, "learning_rate": 1e-4, "per_device_train_batch_size": 8,
        "bf16": True, "offset": -1, "betas": (0.9, 0.95), "output_dir": "out/run 1",
    }  # fmt: skip
    assert where(run)["learning_rate"] == "train.sh:9"
    assert where(run)["bf16"] == "train.sh:10"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python main.py model.dim=32 +trainer.max_epochs=10", [("model.dim", 32), ("trainer.max_epochs", 10)]),
        (
            "accelerate launch --num_processes 2 --multi_gpu ft.py --lr 3e-5",
            [("accelerate.num_processes", 2), ("accelerate.multi_gpu", True), ("lr", 3e-5)],
        ),
        (
            "fairseq-train data --arch transformer --no-save -s de",
            [("arch", "transformer"), ("no_save", True), ("s", "de")],
        ),
        ("python t.py --name 'unclosed", []),
    ],
)
def test_commands_of_every_style(command: str, expected: list[tuple[str, object]]) -> None:
    assert settings_of(words_of(command)) == expected


def test_a_single_setting_file_beside_a_log_does_not_hide_metrics(read: Read) -> None:
    run = read({"args.json": '{"lr": 0.1, "epochs": 3, "loss": "ce"}', "metrics.csv": "step,loss\n1,0.5\n"})
    assert settings(run) == {"lr": 0.1, "epochs": 3, "loss": "ce"}
    assert series(run, "loss").steps == (1,)


def test_secrets_are_not_read(read: Read) -> None:
    run = read({
        "config.yaml": "hub_token: hf_abc\nwandb: {api_key: x}\npad_token: <pad>\nmax_tokens: 5\n",
        "train.sh": "export HF_TOKEN=abc\npython t.py --api-key abc --max_tokens 7\n",
        "train.py": "PASSWORD = 'abc'\nEOS_TOKEN = 'e'\n",
    })  # fmt: skip
    assert [(value.name, value.value) for value in run.config] == [
        ("pad_token", "<pad>"), ("max_tokens", 5), ("EOS_TOKEN", "e"), ("max_tokens", 7),
    ]  # fmt: skip
