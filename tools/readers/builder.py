"""The accumulator that readers write into; `build` turns it into a RunRecord."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from misrun.tools.readers.epoch_steps import in_steps
from misrun.tools.readers.metric_names import canonical_metric, is_measured_in_evaluation
from misrun.tools.readers.planned_end import Reached, inferred_ending
from misrun.tools.readers.rank_causes import settled
from misrun.tools.readers.rank_files import RankFiles
from misrun.tools.readers.run_record import (
    CodeFile,
    ConfigValue,
    Ending,
    EnvironmentFact,
    Event,
    Phase,
    RankLog,
    RunRecord,
    Scalar,
    Series,
    SkippedFile,
    SourceFile,
)
from misrun.tools.record import Span
from misrun.tools.redact.names import is_secret
from misrun.tools.redact.redactor import Redactor

StepKind = Literal["step", "epoch", "index"]


# The setting that the code's only optimizer is told by.
CONSTRUCTED = "constructed.optimizer"


class _Points:
    """Growing columns of one series; plain lists, because a long log appends here a million times."""

    __slots__ = ("lines", "steps", "values")

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.values: list[float] = []
        self.lines: list[int] = []


class RunBuilder:
    """Collects what readers find in one run folder, and redacts it when it is built: no secret gets into a record. Not
    thread-safe: one builder per run."""

    def __init__(self, root: str, redactor: Redactor | None = None) -> None:
        self.root = root
        self.redactor = redactor or Redactor()
        self.ending = Ending()
        self.rank_files = RankFiles()
        self._points: dict[tuple[str, str, StepKind, Phase | None, int | None], _Points] = defaultdict(_Points)
        self._files: list[SourceFile] = []
        self._events: list[Event] = []
        self._config: list[ConfigValue] = []
        self._environment: list[EnvironmentFact] = []
        self._code: list[CodeFile] = []
        self._skipped: list[SkippedFile] = []
        self._notes: list[str] = []
        self._reached: list[Reached] = []
        self._ranks: list[RankLog] = []

    def metric(
        self,
        raw_name: str,
        value: float,
        *,
        file: str,
        line: int = 0,
        step: float | None = None,
        step_kind: StepKind = "step",
        phase: Phase | None = None,
        rank: int | None = None,
    ) -> None:
        """Append one point. Without `step` the point is numbered by its order; without `phase` the name decides."""
        kind: StepKind = "index" if step is None else step_kind
        points = self._points[(file, raw_name, kind, phase, rank)]
        points.steps.append(float(len(points.steps)) if step is None else float(step))
        points.values.append(value)
        points.lines.append(line)

    def metrics(
        self,
        raw_name: str,
        values: Iterable[float],
        lines: Iterable[int],
        *,
        file: str,
        steps: Iterable[float] | None,
        step_kind: StepKind,
        phase: Phase | None,
        rank: int | None,
    ) -> None:
        """Append many points of one series at once; `steps` None numbers them by their order."""
        points = self._points[(file, raw_name, "index" if steps is None else step_kind, phase, rank)]
        points.values.extend(values)
        points.lines.extend(lines)
        points.steps.extend(map(float, range(len(points.steps), len(points.values))) if steps is None else steps)

    def reached(self, reached: Reached) -> None:
        """How far a log came in epochs, where its metrics are counted in steps."""
        self._reached.append(reached)

    def rank_log(self, log: RankLog) -> None:
        self._ranks.append(log)

    def event(self, event: Event) -> None:
        self._events.append(event)

    def config(self, name: str, value: Scalar | tuple[Scalar, ...], *, span: Span, origin: str) -> None:
        if is_secret(name):
            self.redactor.setting(name, value)
            return
        self._config.append(ConfigValue(name=name, value=value, span=span, origin=origin))

    def environment(self, name: str, value: str, span: Span) -> None:
        if is_secret(name):
            self.redactor.setting(name, value)
            return
        if name == "host":
            self.redactor.host(value)
        self._environment.append(EnvironmentFact(name=name, value=value, span=span))

    def code(self, code: CodeFile) -> None:
        self._code.append(code)

    def file(self, file: SourceFile) -> None:
        self._files.append(file)

    def skip(self, file: str, reason: str) -> None:
        self._skipped.append(SkippedFile(file=file, reason=reason))

    def has_skipped(self, file: str) -> bool:
        """Whether a reader has turned the file down after looking into it."""
        return any(skipped.file == file for skipped in self._skipped[-1:])

    def note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    def build(self) -> RunRecord:
        """The record of everything collected; an ending that no source told is inferred from plan and progress."""
        record = self._record()
        return record.model_copy(update={"ending": inferred_ending(record, self._reached), **self._redacted(record)})

    def _redacted(self, record: RunRecord) -> dict[str, object]:
        """All parts that hold text from files; `root` stays, it is where files are opened again."""
        self.redactor.files |= {file.path for file in record.files} | {file.path for file in record.code}
        parts = ("files", "series", "events", "config", "environment", "code", "ranks", "skipped", "notes")
        return self.redactor.item({part: getattr(record, part) for part in parts})

    def _record(self) -> RunRecord:
        series = tuple(in_steps(self._series(), self._config))
        return RunRecord(
            root=self.root,
            files=tuple(self._files),
            series=series,
            events=tuple(settled(self._events, series)),
            config=tuple(self._settings()),
            environment=tuple(self._environment),
            code=tuple(self._code),
            ranks=tuple(self._ranks),
            ending=self.ending,
            skipped=tuple(self._skipped),
            notes=tuple(self._notes),
        )

    def _settings(self) -> list[ConfigValue]:
        """All settings, without the optimizers of the code where its files construct different ones."""
        made = {setting.value for setting in self._config if setting.name == CONSTRUCTED}
        return [setting for setting in self._config if setting.name != CONSTRUCTED or len(made) == 1]

    def _series(self) -> list[Series]:
        evaluated = self._evaluated()
        built = []
        for (file, raw_name, kind, phase, rank), points in self._points.items():
            name, guessed = canonical_metric(raw_name)
            if (file, name) in evaluated and is_measured_in_evaluation(raw_name):
                guessed = "train"  # beside "val_recall" a bare "recall" is that of training
            built.append(
                Series(
                    name=name,
                    raw_name=raw_name,
                    phase=phase or guessed,
                    file=file,
                    step_kind=kind,
                    steps=tuple(points.steps),
                    values=tuple(points.values),
                    lines=tuple(points.lines),
                    rank=rank,
                )
            )
        return built

    def _evaluated(self) -> set[tuple[str, str]]:
        """File and canonical name of every metric whose own name says that it is one of evaluation."""
        named = ((file, raw_name) for file, raw_name, *_ in self._points if not is_measured_in_evaluation(raw_name))
        return {(file, canonical_metric(raw)[0]) for file, raw in named if canonical_metric(raw)[1] == "eval"}
