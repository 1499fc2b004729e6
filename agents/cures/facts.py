"""What cures may ask about a run: settings, curves, errors and signals, each answer with its citation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from misrun.agents.characterization import Characterization
from misrun.agents.step import Claim, Part, Reference
from misrun.tools.code.cure_edits.evaluation import is_without_autograd
from misrun.tools.code.cure_edits.scene import Scene
from misrun.tools.code.setting_change import SettingChange
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import is_constant
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.described_lengths import DescribedLengths, described_lengths
from misrun.tools.readers.run_record import ConfigValue, Event, RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.curve import losses
from misrun.tools.signals.signal import Signal


def cite(span: Span) -> Reference:
    return Reference(kind="span", label=str(span), span=span)


@dataclass(frozen=True)
class Value:
    """What fills a slot. `derived` values are computed, not read, and `rule` says by what rule of thumb, if any;
    `computed` lists single numbers of the text that were computed. `changes` are the settings that the text changes."""

    text: str
    number: float | None = None
    refs: tuple[Reference, ...] = ()
    derived: bool = False
    rule: str = ""
    computed: tuple[str, ...] = ()
    changes: tuple[SettingChange, ...] = ()

    def claim(self, part: Part) -> Claim:
        """The value as a sentence of its own."""
        return Claim(part=part, text=self.text, refs=self.refs, derived=self.computed)


@dataclass(frozen=True)
class Point:
    """One point of a series, by index."""

    series: Series
    index: int

    @property
    def value(self) -> float:
        return self.series.values[self.index]

    @property
    def step(self) -> float:
        return self.series.steps[self.index]

    @property
    def when(self) -> str:
        """ "step 157", "epoch 0.75", or "logged point 12" where the source counts neither."""
        unit = "logged point" if self.series.step_kind == "index" else self.series.step_kind
        return f"{unit} {int(self.step) if self.step == int(self.step) else format(self.step, '.4g')}"

    @property
    def reference(self) -> Reference:
        return cite(self.series.span(self.index))


class RunFacts(Facts):
    """One run seen by the cures: the facts of the diagnosis, and where each was read. `trace` is its program, where
    there is one to read."""

    def __init__(
        self,
        run: RunRecord,
        signals: Sequence[Signal] = (),
        characterization: Characterization | None = None,
        trace: Trace | None = None,
    ) -> None:
        super().__init__(run, signals)
        self.characterization = characterization or Characterization()
        self.trace = trace if trace is not None and trace.project.files else None

    @cached_property
    def lengths(self) -> DescribedLengths | None:
        """What the log says about the lengths of the samples."""
        return described_lengths(self.run)

    @property
    def evaluates_without_autograd(self) -> bool:
        """Whether the code says that evaluation builds no graph."""
        return self.trace is not None and is_without_autograd(Scene(self.trace, self))

    @property
    def may_load_with_workers(self) -> bool:
        """Whether a loader may have worker processes, as far as the code tells."""
        if self.trace is None:
            return True
        made = [e.argument(5, "num_workers") for e in self.trace.events("new") if e.result.kind == "loader"]
        return any(workers is not None and not is_constant(workers, 0) for workers in made)

    def framework(self, *names: str) -> bool:
        """Whether the run uses one of these libraries, as far as the characterization or the environment tells."""
        known = {name.lower() for name in self.characterization.frameworks}
        known |= {fact.name.lower() for fact in self.run.environment}
        known |= {"transformers" for file in self.run.files if file.reader == "trainer_state.json"}
        return any(name in known for name in names)

    def numeric(self, *names: str) -> tuple[float, ConfigValue] | None:
        """The first of these settings that is a finite number (numeric strings count, booleans do not)."""
        for name in names:
            found = self.run.setting(name)
            value = _as_number(found)
            if found is not None and value is not None:
                return value, found
        return None

    def switch(self, *names: str) -> ConfigValue | None:
        """The first of these settings that is switched on."""
        return next((self.run.setting(name) for name in names if self.enabled(name)), None)

    def event(self, *names: str) -> Event | None:
        """The first event of these signatures, one that is not a mere consequence if there is one."""
        found = [event for event in self.run.events if event.name in names]
        return next((event for event in found if not event.secondary), found[0] if found else None)

    @cached_property
    def loss(self) -> Series | None:
        return self.curve("loss") or self.run.best("loss")

    def curve(self, name: str) -> Series | None:
        """The training series of that name to talk about: the longest, or one counted in steps with half its points."""
        found = losses(self.run, "train") if name == "loss" else self.run.named(name, "train")
        counted = [s for s in found if s.step_kind == "step" and 2 * len(s.values) >= len(found[0].values)]
        return next(iter([*counted, *found]), None)

    @cached_property
    def onset(self) -> Point | None:
        """Where it began: the first non-finite loss or gradient norm, else the onset that was characterized."""
        curves = (self.curve("loss"), self.curve("grad_norm"))
        broken = [Point(s, s.first_nonfinite) for s in curves if s is not None and s.first_nonfinite is not None]
        if broken:
            return min(broken, key=lambda point: point.step)
        return self._characterized_onset()

    def _characterized_onset(self) -> Point | None:
        step = self.characterization.onset_step
        if step is None or self.loss is None or step not in self.loss.steps:
            return None
        return Point(self.loss, self.loss.steps.index(step))

    def healthy(self, series: Series) -> tuple[int, ...]:
        """Indices of the finite points before the onset (all finite points where no onset is known)."""
        limit = math.inf if self.onset is None else self.onset.step
        return tuple(i for i, value in enumerate(series.values) if math.isfinite(value) and series.steps[i] < limit)

    def before_onset(self, name: str) -> Point | None:
        """The last finite point of that training metric before the onset."""
        series = self.curve(name)
        if series is None or self.onset is None:
            return None
        indices = self.healthy(series)
        return Point(series, indices[-1]) if indices else None


def _as_number(setting: ConfigValue | None) -> float | None:
    if setting is None or isinstance(setting.value, bool) or not isinstance(setting.value, int | float | str):
        return None
    try:
        value = float(setting.value)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
