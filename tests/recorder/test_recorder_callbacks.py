"""The callbacks, against the real trainers where these are installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

Rows = list[dict[str, Any]]
Read = Callable[[Path], Rows]
pytestmark = pytest.mark.usefixtures("always")
NO_TRAINER = "the trainer is no dependency of misrun; its callback is tested where it is installed"


def steps(lines: Rows) -> Rows:
    return [line for line in lines if "update_ratio" in line]


def test_hugging_face_trainer(tmp_path: Path, rows: Read) -> None:
    transformers = pytest.importorskip("transformers", reason=NO_TRAINER)
    pytest.importorskip("accelerate", reason=NO_TRAINER)
    from misrun.tools.recorder.huggingface import RecorderCallback

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    model = transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=50, **small))
    data = [{"input_ids": torch.full((8,), n), "labels": n % 2} for n in range(16)]
    arguments = transformers.TrainingArguments(
        str(tmp_path), max_steps=3, per_device_train_batch_size=2, gradient_accumulation_steps=2, logging_steps=1,
        eval_strategy="steps", eval_steps=3, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    trainer = transformers.Trainer(
        model, arguments, train_dataset=data, eval_dataset=data[:2], callbacks=[RecorderCallback()]
    )
    trainer.train()
    header, *lines = rows(tmp_path / "record.jsonl")
    own = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    # The Trainer clips to 1 and logs the norm before that.
    expected = [min(1.0, entry["grad_norm"]) for entry in own]
    assert [line["grad_norm"] for line in steps(lines)] == pytest.approx(expected, rel=1e-4)
    assert [line["lr"] for line in steps(lines)] == pytest.approx([entry["learning_rate"] for entry in own])
    assert [line["step"] for line in lines if "eval_loss" in line] == [3]
    assert (header["settings"]["max_steps"], header["settings"]["gradient_accumulation_steps"]) == (3, 2)
    assert (lines[-1]["event"], lines[-1]["reason"]) == ("end", "finished")


@pytest.mark.parametrize("fails", [False, True])
def test_lightning(tmp_path: Path, rows: Read, fails: bool) -> None:
    lightning = pytest.importorskip("lightning", reason=NO_TRAINER)
    from misrun.tools.recorder.lightning import RecorderCallback

    class Model(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any, number: int) -> torch.Tensor:
            if fails and number == 6:
                raise ZeroDivisionError("in the seventh batch")
            return self.net(batch[0]).square().mean()

        def validation_step(self, batch: Any, number: int) -> None:
            self.log("val_loss", self.net(batch[0]).mean())

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(16, 4)), batch_size=2)
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", default_root_dir=tmp_path, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, accumulate_grad_batches=2, gradient_clip_val=0.01,
        callbacks=[RecorderCallback()],
    )  # fmt: skip
    if fails:
        with pytest.raises(ZeroDivisionError):
            trainer.fit(Model(), data, data)
    else:
        trainer.fit(Model(), data, data)
    header, *lines = rows(tmp_path / "record.jsonl")
    assert [line["step"] for line in steps(lines)] == ([1, 2, 3] if fails else [1, 2, 3, 4])
    assert steps(lines)[0]["grad_norm"] == pytest.approx(0.01, rel=1e-3)
    assert steps(lines)[0]["loss"] > 0
    assert lines[-1]["reason"] == ("ZeroDivisionError" if fails else "finished")
    assert any("val_loss" in line for line in lines) is not fails
    assert header["settings"]["accumulate_grad_batches"] == 2
