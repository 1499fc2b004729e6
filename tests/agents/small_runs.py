"""Small run folders, written as a program would leave them, with the RunRecord that a reader would make of them."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from misrun.tools.diagnosis.hypothesis import Diagnosis, Hypothesis
from misrun.tools.diagnosis.taxonomy import category_of
from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.run_record import CodeFile, Event, RunRecord, Scalar
from misrun.tools.record import Span


@dataclass
class RunFolder:
    """Writes files below `root` and records what stands in them, line for line."""

    root: Path
    text: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.builder = RunBuilder(str(self.root))

    def line(self, file: str, text: str) -> Span:
        lines = self.text.setdefault(file, [])
        lines.append(text)
        return Span(file=file, first=len(lines), last=len(lines))

    def point(self, step: int, *, file: str = "train.log", **metrics: float) -> None:
        """One log line such as "step 3 loss 0.41 grad_norm 1.2" and the points in it."""
        span = self.line(file, f"step {step} " + " ".join(f"{name} {value}" for name, value in metrics.items()))
        for name, value in metrics.items():
            self.builder.metric(name, value, file=file, line=span.first, step=step)

    def setting(self, name: str, value: Scalar, *, file: str = "config.yaml", origin: str = "yaml") -> None:
        span = self.line(file, f"{name}: {value}")
        self.builder.config(name, value, span=span, origin=origin)

    def error(self, name: str, message: str, *, exception: str | None = None, values: dict[str, Scalar] | None = None,
              kind: str = "error", frames: tuple[object, ...] = ()) -> Span:  # fmt: skip
        span = self.line("train.log", f"{exception}: {message}" if exception else message)
        event = {"name": name, "kind": kind, "message": message, "span": span, "exception": exception}
        self.builder.event(Event.model_validate({**event, "values": values or {}, "frames": frames}))
        return span

    def code(self, path: str, source: str) -> None:
        self.text[path] = source.splitlines()
        self.builder.code(CodeFile(path=path, lines=len(self.text[path]), sha256="0" * 64))

    def build(self) -> RunRecord:
        for file, lines in self.text.items():
            (self.root / file).parent.mkdir(parents=True, exist_ok=True)
            (self.root / file).write_text("\n".join(lines) + "\n")
        return self.builder.build()


def diagnosis(*ranked: tuple[str, float], abstained: bool = False, missing: str | None = None) -> Diagnosis:
    """A diagnosis with these modes and likelihoods, the first of them told as the answer."""
    hypotheses = tuple(Hypothesis(mode=mode, category=category_of(mode), likelihood=p) for mode, p in ranked)
    mode, likelihood = ranked[0]
    told = "unknown/undetermined" if abstained else mode
    return Diagnosis(
        category=category_of(told), mode=told, likelihood=likelihood, abstained=abstained, missing=missing,
        reason="Two causes are equally likely." if abstained else "", hypotheses=hypotheses,
    )  # fmt: skip


def nan_run(root: Path) -> RunFolder:
    """150 healthy steps, then a gradient that jumps, then NaN at step 157."""
    run = RunFolder(root)
    run.setting("optimizer.lr", 0.0003)
    run.setting("batch_size", 32)
    for step in range(148, 157):
        run.point(step, loss=round(0.5 - 0.01 * (step - 148), 2), grad_norm=1.2)
    run.point(157, loss=math.nan, grad_norm=math.nan)
    return run
