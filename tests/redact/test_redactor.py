"""What is a secret and what only looks like one, one placeholder per value, and lines that stay where they were."""

import hashlib
import uuid
from pathlib import Path

import pytest
from planted_secrets import Planted, all_secrets, named_secrets, private_key, vendor_secrets

from misrun.evals.development import LOOKED_AT
from misrun.tools.redact.names import is_secret
from misrun.tools.redact.redactor import Redactor

_ROOT = Path(__file__).parents[2]


def test_there_are_many_kinds() -> None:
    values = [planted.value for planted in all_secrets()]
    assert len(set(values)) == len(values) >= 60


@pytest.mark.parametrize("planted", all_secrets(), ids=lambda p: f"{p.kind}-{p.value[:6]}")
def test_a_secret_is_replaced_and_the_line_around_it_stays(planted: Planted) -> None:
    redactor = Redactor()
    shown = redactor.text(planted.line)
    assert planted.value not in shown
    assert f"[redacted:{planted.kind}#1]" in shown
    assert shown.startswith(
        planted.line[: planted.line.index(planted.value)].split("hooks.")[0].split("session=")[0][:9]
    )
    assert redactor.secrets == {planted.kind: 1}


@pytest.mark.parametrize("planted", vendor_secrets(), ids=lambda p: f"{p.kind}-{p.value[:6]}")
def test_a_key_cut_short_is_still_one(planted: Planted) -> None:
    cut = planted.value[: len(planted.value) * 3 // 4]
    if planted.kind == "twilio-key":
        pytest.skip("two letters and a length are all the shape it has")
    assert cut not in Redactor().text(f"Error: bad key {cut}")


@pytest.mark.parametrize("line", [
    "step 10 loss 2.1 tokens: 4096 tokens/s=12000 num_tokens=1000000 max_tokens=512",
    "pad_token='<pad>' eos_token_id=50256 bos_token: \"<s>\" unk_token=[UNK] token_type_ids",
    "token=128", "token: the", "tokens per second: 12.5k", 'next token = "Ġhello"', "tokenizer_class: LlamaTokenizerFast",
    "commit " + hashlib.sha1(b"x").hexdigest(),
    "sha256: " + hashlib.sha256(b"x").hexdigest(),
    "checkpoint saved to ckpt/" + hashlib.md5(b"x").hexdigest() + ".pt",
    f"run id {uuid.uuid5(uuid.NAMESPACE_DNS, 'x')}",
    "wandb: Run data is saved locally in wandb/run-20240101_120000-abc123xy",
    "wandb: Currently logged in as: alice (team). Use `wandb login --relogin` to force relogin",
    "<img src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4" * 3,
    "password = args.password", "api_key = os.environ['API_KEY']", "token = tokenizer.decode(ids)", "secret: null",
    "hub_token: <HUB_TOKEN>", "HF_TOKEN=$HF_TOKEN", "api_key: ${oc.env:WANDB_API_KEY}", "password: ********",
    "use_auth_token=True", "key=value cache_key: [1, 2]", "the bearer of bad news", "cookiecutter: 1.2",
    "https://huggingface.co/docs/hub/security-tokens", "http://localhost:8888/tree", "rdzv_endpoint=node:29500",
    "task-risk-based-sampling-strategy-for-imbalanced-data", "disk-usage-0123456789012345678901",
    "val_token_accuracy: 0.91", "access denied: no credentials", "-----BEGIN CERTIFICATE-----",
])  # fmt: skip
def test_everyday_words_of_training_are_left_alone(line: str) -> None:
    redactor = Redactor()
    assert redactor.text(line) == line
    assert redactor.secrets == {}


def test_no_line_of_the_runs_that_misrun_was_developed_on_is_redacted() -> None:
    redactor, read = Redactor(), 0
    folders = [_ROOT / "scenarios" / name / "run" for name in sorted(LOOKED_AT)]
    for file in (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()):
        text = file.read_text("utf-8", errors="replace")
        read += 1
        assert redactor.text(text) == text, file
    assert redactor.secrets == {} and read > 100


def test_one_value_has_one_placeholder_and_two_values_have_two() -> None:
    redactor = Redactor()
    one, other = (p.value for p in vendor_secrets()[6:8])
    assert redactor.text(f"{one} {other} {one}") == (
        "[redacted:github-token#1] [redacted:github-token#2] [redacted:github-token#1]"
    )
    assert redactor.text(f"again {other}") == "again [redacted:github-token#2]"
    assert redactor.secrets == {"github-token": 2}
    assert redactor.summary() == "2 secrets were redacted (2 github-token)."


def test_what_was_redacted_once_is_not_redacted_again() -> None:
    redactor = Redactor()
    once = redactor.text("\n".join(p.line for p in all_secrets()))
    assert redactor.text(once) == once
    assert Redactor().text(once) == once


def test_a_password_is_found_again_where_no_name_stands_beside_it() -> None:
    redactor = Redactor()
    redactor.text("DB_PASSWORD=correct-horse-7")
    assert redactor.text("login of trainer with correct-horse-7 failed") == (
        "login of trainer with [redacted:password#1] failed"
    )
    assert redactor.text("correct-horse-75") == "correct-horse-75"


def test_a_password_that_is_an_everyday_word_does_not_take_the_word_out_everywhere() -> None:
    redactor = Redactor()
    assert redactor.text("MYSQL_PASSWORD=training") == "MYSQL_PASSWORD=[redacted:password#1]"
    assert redactor.text("training starts") == "training starts"


@pytest.mark.parametrize("kind", ["RSA ", "OPENSSH ", "EC ", ""])
@pytest.mark.parametrize("prefix", ["", "2024-05-01 12:00:00,123 INFO auth: ", "[rank0]: "])
def test_private_keys_over_lines_of_a_log(kind: str, prefix: str) -> None:
    key = private_key(kind)
    lines = ["before", *(prefix + line for line in key), "after the key loss 0.5"]
    shown = Redactor().text("\n".join(lines)).split("\n")
    assert len(shown) == len(lines)
    assert (shown[0], shown[1], shown[-1]) == (lines[0], lines[1], lines[-1])
    assert set(shown[2:-2]) == {prefix + "[redacted:private-key#1]"}


def test_a_private_key_on_one_line_and_one_without_an_end() -> None:
    key = private_key("")
    one_line = '{"type": "service_account", "private_key": "' + "\\n".join(key) + '\\n", "client_id": "1"}'
    cut = "\n".join([*key[:5], "Traceback (most recent call last):", "  loss nan"])
    for text in (one_line, cut):
        shown = Redactor().text(text)
        assert not any(line in shown for line in key[1:5])
    assert Redactor().text(one_line).endswith('"client_id": "1"}')
    assert Redactor().text(cut).endswith("Traceback (most recent call last):\n  loss nan")


def test_a_long_text_is_searched_as_a_short_one_is() -> None:
    filler = "step 1 loss 0.5 tokens 4096 " * 400
    redactor = Redactor()
    shown = redactor.text("\n".join(f"{filler}\n{p.line}" for p in all_secrets()))
    assert [p for p in all_secrets() if p.value in shown] == []


def test_random_words_are_taken_out_only_when_asked_for() -> None:
    word = named_secrets()[0].value + "GhQzXvBnMkLpWeRtYu"
    assert Redactor().text(f"id {word}") == f"id {word}"
    assert Redactor(["entropy"]).text(f"id {word}") == "id [redacted:random#1]"
    digest = hashlib.sha256(b"x").hexdigest()
    assert Redactor(["entropy"]).text(f"id {digest}") == f"id {digest}"


def test_names_of_users_and_hosts_and_folders_are_taken_out_when_asked_for() -> None:
    log = (
        'File "/home/zuzanna/lab/src/train.py", line 3\nzuzanna@gpu-07 $ python train.py\n'
        "gpu-07:3412:3412 [0] NCCL INFO Bootstrap\nMASTER_ADDR=10.20.30.40\nerror on gpu-07 for zuzanna"
    )
    shown = Redactor(["users", "hosts"]).text(log)
    assert not any(name in shown for name in ("zuzanna", "gpu-07", "10.20.30.40"))
    assert "/home/[user#1]/lab/src/train.py" in shown and "MASTER_ADDR=[host#2]" in shown
    assert Redactor(["paths"], files=["src/train.py"]).text(log).startswith('File "[path#1]/src/train.py", line 3')
    assert Redactor(["paths"]).text("/opt/c/lib/python3.11/site-packages/torch/nn/x.py") == (
        "[path#1]/lib/python3.11/site-packages/torch/nn/x.py"
    )
    assert Redactor().text(log) == log


def test_private_names_leave_versions_addresses_and_epochs_alone() -> None:
    text = "torch 2.3.1+cu121 cudnn 8.9.2.26 https://pytorch.org/docs/a/b.html 12/34 train/loss localhost:29500 root@"
    assert Redactor(["users", "hosts", "paths"]).text(text) == text


def test_names_of_settings() -> None:
    assert all(map(is_secret, ("hub_token", "HF_TOKEN", "wandb.api_key", "env.DB_PASSWORD", "token", "client-secret")))
    assert not any(map(is_secret, ("pad_token", "max_tokens", "tokenizer", "key", "cache_key", "secretary", "tokens")))
