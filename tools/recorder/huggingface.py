"""The recorder as a callback of the Hugging Face Trainer:

from misrun.tools.recorder.huggingface import RecorderCallback
trainer = Trainer(..., callbacks=[RecorderCallback()])

"""

# ruff: noqa: ARG002 - the signatures are those of TrainerCallback
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from misrun.tools.recorder.recorder import Recorder, record

# Settings of the Trainer that the model and the optimizer do not show. Length and accumulation tell what a step is.
_SETTINGS = (
    "max_steps",
    "num_train_epochs",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_grad_norm",
    "warmup_steps",
    "lr_scheduler_type",
    "fp16",
    "bf16",
    "seed",
)


class RecorderCallback(TrainerCallback):  # type: ignore[misc]  # transformers is no dependency of misrun
    """Records every `trainer.train()` into `path`, by default record.jsonl in the Trainer's output folder.

    The evaluation results are written too. The Trainer tells callbacks nothing of an exception: the record of a run
    that crashed is ended when the interpreter is.
    """

    def __init__(self, path: str | Path | None = None, *, per_layer: bool = False) -> None:
        self._path = path
        self._per_layer = per_layer
        self._recorder: Recorder | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **running: Any
    ) -> None:
        if self._recorder:  # a notebook went on after an exception in the training before
            self._recorder.close(SystemExit("the next training began"))
        self._recorder = record(
            running["model"],
            running["optimizer"],
            self._path or Path(args.output_dir) / "record.jsonl",
            per_layer=self._per_layer,
            first_step=state.global_step,
            settings={name: getattr(args, name, None) for name in _SETTINGS} | {"max_steps": state.max_steps},
        )
        self._recorder.__enter__()

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, Any] | None = None,
        **running: Any,
    ) -> None:
        if self._recorder:
            self._recorder.metrics({n: v for n, v in (metrics or {}).items() if isinstance(v, int | float)})

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **running: Any
    ) -> None:
        if self._recorder:
            self._recorder.close()
            self._recorder = None
