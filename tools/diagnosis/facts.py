"""What a diagnosis may look at: signals by name, the run's events and settings, code findings and reported attempts."""

from collections.abc import Sequence
from functools import cached_property

from misrun.tools.code.finding import Finding
from misrun.tools.readers.run_record import Event, RunRecord
from misrun.tools.signals.catalogue import CATALOGUE
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.text_events import root_event

ERROR = "error."
# Below this strength a signal is a mark that a healthy run may carry too (tools/signals/measure.py).
FAILING = 0.5
# Signals that are read off the configuration, or how the run ended, and not off what it measured.
_NOT_MEASURED = frozenset({
    "config_conflict", "lr_high", "lr_low", "lr_no_warmup", "half_precision", "lr_constant_under_schedule",
    "vocabulary_exceeds_embedding", "labels_exceed_classes", "oov_high", "weight_decay_high", "dropout_high",
    "optimizer_unusual", "traceback_root", "exit_code", "killed_by_signal",
})  # fmt: skip


class Facts:
    """A read-only view over one run for rules and clues; holds no opinion of its own."""

    def __init__(
        self,
        run: RunRecord,
        signals: Sequence[Signal],
        findings: Sequence[Finding] = (),
        tried: Sequence[str] = (),
    ) -> None:
        self.run = run
        self.signals = tuple(signals)
        self.findings = tuple(findings)
        self.tried = tuple(tried)
        self._by_name = {signal.name: signal for signal in reversed(self.signals)}

    def signal(self, name: str) -> Signal | None:
        """The first signal of that name, or None."""
        return self._by_name.get(name)

    def has(self, *names: str) -> bool:
        """Whether any of these signals counts as a failure: at least FAILING strong."""
        return any(name in self._by_name and self._by_name[name].strength >= FAILING for name in names)

    def number(self, name: str, key: str) -> float | None:
        """A number out of a signal's values, or None when the signal or the number is missing."""
        signal = self._by_name.get(name)
        value = signal.values.get(key) if signal else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def setting(self, *names: str) -> float | None:
        """A numeric setting of the configuration by the last part of its name, or None."""
        found = self.run.setting(*names)
        return _as_number(found.value) if found else None

    def enabled(self, *names: str) -> bool:
        """Whether a boolean setting is on ("true", "1" and "yes" count)."""
        found = self.run.setting(*names)
        return found is not None and str(found.value).lower() in {"true", "1", "yes", "on"}

    @property
    def half_precision(self) -> bool:
        """Whether the run trains in fp16 (not bf16), as far as its settings, messages and ranges tell."""
        if self.signal("half_precision") is not None:
            return True
        precision = self.run.setting("precision", "mixed_precision", "dtype", "torch_dtype")
        said = str(precision.value).lower() if precision else ""
        return self.enabled("fp16", "amp") or said in {"16", "fp16", "16-mixed", "float16", "half", "16-true"}

    @cached_property
    def root(self) -> Event | None:
        """The event that ended the run: the root error, else the first kill that is not a consequence."""
        kills = (e for e in self.run.events if e.kind == "kill" and not e.secondary)
        return root_event(self.run) or next(kills, None)

    @property
    def crashed(self) -> bool:
        return self.run.ending.status in {"crashed", "killed"}

    @property
    def still_going(self) -> bool:
        """Whether the log just stops, as the log of a run does that is read while it runs: nothing ended it, and it is
        not known to have come to its end."""
        return self.root is None and self.run.ending.status in {"unknown", "unfinished"}

    @cached_property
    def text(self) -> str:
        """All messages of the run's errors, one per line, for the rules that look for words."""
        return "\n".join(event.message for event in self.run.events if event.kind != "notice")

    def measured(self, *series: str) -> bool:
        """Whether any of these series was logged at all."""
        return any(s.name in series for s in self.run.series)


def is_read_off_series(source: str) -> bool:
    """Whether a ground's source is a fact measured on a series: no error, setting, reported attempt or code check."""
    return source in CATALOGUE and source not in _NOT_MEASURED and not source.startswith(ERROR)


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        return None
