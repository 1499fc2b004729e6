"""The recorder as a callback of Lightning:

from misrun.tools.recorder.lightning import RecorderCallback
trainer = Trainer(..., callbacks=[RecorderCallback()])

"""

# ruff: noqa: ARG002 - the signatures are those of Callback
from pathlib import Path

import torch

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ModuleNotFoundError:  # the same under the package's other name
    from pytorch_lightning import Callback, LightningModule, Trainer

from misrun.tools.recorder.recorder import Recorder, record


class RecorderCallback(Callback):  # type: ignore[misc]  # Lightning is no dependency of misrun
    """Records every `trainer.fit()` into `path`, by default record.jsonl in the logger's folder, or else in the
    trainer's root folder. What was logged is written after each validation."""

    def __init__(self, path: str | Path | None = None, *, per_layer: bool = False) -> None:
        self._path = path
        self._per_layer = per_layer
        self._recorder: Recorder | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        planned = {"max_epochs": trainer.max_epochs, "max_steps": trainer.max_steps}
        self._recorder = record(
            pl_module,
            trainer.optimizers,
            self._path or Path(trainer.log_dir or trainer.default_root_dir) / "record.jsonl",
            per_layer=self._per_layer,
            first_step=trainer.global_step,
            settings={
                **{name: length for name, length in planned.items() if length and length > 0},  # -1: without end
                "accumulate_grad_batches": trainer.accumulate_grad_batches,
                "gradient_clip_val": trainer.gradient_clip_val,
                "precision": trainer.precision,
            },
        )
        self._recorder.__enter__()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._recorder and not trainer.sanity_checking:
            logged = {name: value for name, value in trainer.callback_metrics.items() if _is_number(value)}
            self._recorder.metrics(logged)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close(exception)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._close(None)

    def _close(self, error: BaseException | None) -> None:
        if self._recorder:
            self._recorder.close(error)
            self._recorder = None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, torch.Tensor) and value.numel() == 1)
