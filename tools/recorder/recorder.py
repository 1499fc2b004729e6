"""`misrun.record`: two lines in a training script that keep what an investigation needs."""

import atexit
import functools
import logging
import sys
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self

import torch

from misrun.tools.recorder import taps
from misrun.tools.recorder.budget import Budget
from misrun.tools.recorder.header import described, device_of, header, rank
from misrun.tools.recorder.journal import Journal
from misrun.tools.recorder.losses import Number, StepLoss, Unscaled, copied, scalars
from misrun.tools.recorder.measurement import Measurement
from misrun.tools.recorder.membership import NAMED, membership, membership_key, modes
from misrun.tools.recorder.parameters import parameter_names, stepped_parameters, unwrapped
from misrun.tools.recorder.precursors import Precursors
from misrun.tools.recorder.resources import Throughput, memory

_log = logging.getLogger("misrun")
_P = ParamSpec("_P")

# What may be lost when the process is killed without notice.
_LONGEST_WAIT_S = 1.0
# The first measurements tell the norm of every layer: what gets no gradient, or nearly none, shows from the start.
# misrun.tools.signals.gradient_parts judges from three points on.
_LAYERS_AT_START = 5
# Optimizers that are followed without having been given: one for each parameter, stepped within backward, would be
# hundreds of series.
_MOST_OPTIMIZERS = 8
# Frames of a traceback that are kept, the innermost; PyTorch's own stacks reach about 20.
_FRAMES = 30


@dataclass
class _Place:
    """A set of parameters that one optimizer steps, or several in turns: how its metrics are called, how many steps
    were made. It outlives the optimizers."""

    prefix: str
    steps: int
    parameters: frozenset[int]


@dataclass
class _Track:
    """One optimizer: its place, and what is being measured of it.

    `loss_version` tells whether there was a loss since its last step; `has_stepped` whether it made a step since
    GradScaler.step was last called, and `skipped` how many of those calls made none.
    """

    place: _Place
    measurement: Measurement | None = None
    loss_version: int = 0
    has_stepped: bool = False
    skipped: Number = 0.0

    @property
    def prefix(self) -> str:
        return self.place.prefix

    @property
    def steps(self) -> int:
        return self.place.steps


@dataclass(frozen=True)
class _Pending:
    """A finished measurement whose numbers are still on the device."""

    line: dict[str, Any]
    prefix: str
    step: int
    measurement: Measurement


def _observes(
    method: Callable[Concatenate["Recorder", _P], None],
) -> Callable[Concatenate["Recorder", _P], None]:
    """Never raises into the training, does nothing before the start or after the end, and pays for its time."""

    @functools.wraps(method)
    def guarded(self: "Recorder", /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        if not self._is_on:
            return
        started = time.perf_counter()
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the user's training goes on
            self._stand_down(error)
        finally:
            self._budget.spent += time.perf_counter() - started

    return guarded


class Recorder:
    """Observes a model and its optimizers from `with` to its end and writes JSON lines; see `record`."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer | Iterable[torch.optim.Optimizer],
        path: Path,
        *,
        per_layer: bool,
        first_step: int,
        settings: Mapping[str, object],
    ) -> None:
        self.path = path
        self._model = model
        self._given: torch.optim.Optimizer | Iterable[torch.optim.Optimizer] | None = optimizer
        self._per_layer = per_layer
        self._first_step = first_step
        self._settings = settings
        self._is_on = self._in_step = self._closure_was_evaluated = self._is_measuring = False
        self._budget = Budget()
        self._tracks: weakref.WeakKeyDictionary[torch.optim.Optimizer, _Track] = weakref.WeakKeyDictionary()
        self._places: list[_Place] = []
        self._strangers: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()
        self._seen, self._told, self._unscaled = StepLoss(mean=False), StepLoss(mean=True), Unscaled()
        self._scaler: weakref.ref[torch.amp.GradScaler] | None = None
        self._queue: list[dict[str, Any]] = []
        self._pending: list[_Pending] = []
        self._measured = 0
        self._cost = 0.0
        self._state: tuple[object, ...] = ()
        self._precursors, self._throughput = Precursors(), Throughput()
        self._journal: Journal | None = None
        self._undo_forward: Callable[[], None] | None = None

    # The life of a recorder

    def __enter__(self) -> Self:
        try:
            self._start()
        except Exception as error:  # noqa: BLE001 - a path that cannot be written must not stop a training run
            self._stand_down(error)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close(error)

    def _start(self) -> None:
        self._device = device_of(self._model)
        self._names = parameter_names(self._model)
        own = self.path.with_name(f"{self.path.stem}.rank{rank()}{self.path.suffix}") if rank() else self.path
        self._journal = Journal(own)
        self.path = self._journal.path
        given = [self._given] if isinstance(self._given, torch.optim.Optimizer) else self._given
        for optimizer in given or ():
            self._follow(_innermost(optimizer))
        self._given = None  # from here on they may be deleted as if nobody watched
        self._journal.write([header(self._model, list(self._tracks), self._settings)])
        self._budget = Budget()
        self._written = time.perf_counter()
        self._undo_forward = self._listen_to_forward()
        self._error_before = getattr(sys, "last_value", None)
        atexit.register(self._at_exit)
        taps.attach(self)
        self._is_on = True

    def _listen_to_forward(self) -> Callable[[], None] | None:
        """Through the model's class: a hook would be copied and saved with the model. Not for a compiled model, which
        would have to be compiled again."""
        inner = unwrapped(self._model)
        if hasattr(self._model, "_orig_mod") or getattr(inner, "_compiled_call_impl", None) is not None:
            return None

        def call(original: Callable[..., Any], module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if module is inner and module.training:
                self._count_batch((args, kwargs))
            return original(module, *args, **kwargs)

        return taps.replace(type(inner), "__call__", call)

    def close(self, error: BaseException | None = None) -> None:
        """Ends the record; `error` is what ended the training, None when it came to its end."""
        self._write_end(error)
        self._leave()

    @_observes
    def _write_end(self, error: BaseException | None) -> None:
        self._flush()
        if self._last_step() == self._first_step:
            _log.warning("misrun.record saw no optimizer step: is it compiled, or made by DeepSpeed?")
        cost = {"recorder_seconds": self._budget.spent, "measured_steps": self._measured}
        end = {"event": "end", "step": self._last_step(), **_reason(error), "seconds": self._budget.elapsed, **cost}
        self._write([end])

    def _stand_down(self, error: Exception) -> None:
        """The recorder's own error: one line about it, and no more recording."""
        _log.warning("misrun.record stopped recording: %s: %s", type(error).__name__, error)
        line = {"event": "recorder_error", "step": self._last_step(), **_reason(error)}
        try:
            self._write([line])
        except Exception:  # noqa: BLE001 - the disk may be what failed; the warning above has told it
            _log.debug("misrun.record could not write its own error", exc_info=True)
        self._leave()

    def _write(self, lines: list[dict[str, Any]]) -> None:
        if self._journal:  # it could not be opened where that is what went wrong
            self._journal.write(lines)

    def _leave(self) -> None:
        self._is_on = False
        taps.detach(self)
        atexit.unregister(self._at_exit)
        if self._undo_forward:
            self._undo_forward()
            self._undo_forward = None
        if self._journal:
            self._journal.close()

    def _at_exit(self) -> None:
        """The interpreter ends inside a callback's training: an uncaught exception has been printed by now."""
        error = getattr(sys, "last_value", None)
        self.close(error if error is not self._error_before else SystemExit("the interpreter ended"))

    # What the user may tell

    @_observes
    def loss(self, loss: float | torch.Tensor) -> None:
        """The loss of the step that comes next, where it cannot be seen from `backward`. Several are averaged."""
        self._told.add(copied(loss) if isinstance(loss, torch.Tensor) else float(loss))

    @_observes
    def metrics(self, values: Mapping[str, float | torch.Tensor]) -> None:
        """Anything else, at the current step: {"val_loss": 2.31}."""
        numbers = {name: copied(v) if isinstance(v, torch.Tensor) else float(v) for name, v in values.items()}
        self._queue.append({"step": self._last_step(), **numbers})

    # What is observed

    @_observes
    def on_backward(self, tensors: Any) -> None:
        if self._in_step and self._closure_was_evaluated:
            return  # a closure evaluated again (LBFGS): the loss of a step is that at its start
        self._closure_was_evaluated = self._in_step
        for value in scalars(tensors, self._unscaled):
            self._seen.add(value)

    @_observes
    def on_scaled(self, scaler: torch.amp.GradScaler, raw: Any, scaled: Any) -> None:
        self._unscaled.remember(raw, scaled)
        self._scaler = weakref.ref(scaler)

    @_observes
    def _count_batch(self, inputs: object) -> None:
        self._throughput.batch(inputs)

    @_observes
    def before_step(self, optimizer: torch.optim.Optimizer, has_closure: bool) -> None:
        track = self._track(optimizer)
        if track is None:
            return
        track.place.steps += 1
        self._in_step, self._closure_was_evaluated = True, False
        self._write_if_due(track)
        if not track.prefix:
            self._throughput.step()
            self._is_measuring = self._budget.allows(fine=self._precursors.watching(track.steps))
        if self._is_measuring:
            started = time.perf_counter()
            track.measurement = Measurement(optimizer, has_closure=has_closure)
            self._cost = time.perf_counter() - started

    @_observes
    def after_step(self, optimizer: torch.optim.Optimizer) -> None:
        track = self._track(optimizer)
        self._in_step = False
        if track is not None:
            track.has_stepped = True
            line = {"step": track.steps, **self._step_loss(track)}
            self._count_skipped_by_kernel(optimizer, track)
            if track.measurement is not None:
                self._finish(track, line)
            elif len(line) > 1:  # more than the number of the step
                self._queue.append(line)
            self._watch_loss(track, line.get(f"{track.prefix}loss"))
        # Any optimizer's step ends a loss, so that the discriminator's does not become part of the generator's.
        self._seen.close()
        self._told.close()

    @_observes
    def after_scaler_step(self, optimizer: torch.optim.Optimizer) -> None:
        track = self._tracks.get(optimizer)
        if track is None:
            return
        if not track.has_stepped and self._scaler is not None and (scaler := self._scaler()):
            track.skipped = track.skipped + 1.0
            # GradScaler has just waited for the device itself, to know whether to step.
            facts = {"skipped_steps": track.skipped, "loss_scale": scaler.get_scale()}
            self._queue.append({"step": track.steps, **self._step_loss(track), **_prefixed(track.prefix, facts)})
            self._seen.close()
        track.has_stepped = False

    # Optimizers

    def _track(self, optimizer: torch.optim.Optimizer) -> _Track | None:
        """What is known of an optimizer; one that steps the model's parameters is followed from its first step on."""
        track = self._tracks.get(optimizer)
        if track is None and optimizer not in self._strangers:
            own = any(id(parameter) in self._names for parameter in stepped_parameters(optimizer))
            if own and len(self._tracks) < _MOST_OPTIMIZERS:
                track = self._follow(optimizer)
                self._queue.append({"event": "optimizer", "step": track.steps, **described(optimizer)})
            else:
                self._strangers.add(optimizer)
        return track

    def _follow(self, optimizer: torch.optim.Optimizer) -> _Track:
        """A new optimizer takes the place of the one that had its parameters; otherwise it gets names of its own."""
        own = frozenset(map(id, stepped_parameters(optimizer)))
        place = next((known for known in self._places if known.parameters & own), None)
        if place is None:
            prefix = f"optimizer{len(self._places)}/" if self._places else ""
            place = _Place(prefix, self._first_step, own)
            self._places.append(place)
        self._tracks[optimizer] = track = _Track(place)
        return track

    def _last_step(self) -> int:
        return max((place.steps for place in self._places), default=self._first_step)

    # Losses

    def _step_loss(self, track: _Track) -> dict[str, Number]:
        """Nothing when there was no backward since this optimizer's last step."""
        source = self._told if self._told.version else self._seen
        fresh, track.loss_version = source.version != track.loss_version, source.version
        return {f"{track.prefix}loss": source.value} if fresh and source.value is not None else {}

    def _watch_loss(self, track: _Track, loss: Number | None) -> None:
        """Losses on a device are looked at when they are read."""
        if not track.prefix and isinstance(loss, float):
            self._watch("loss", loss, track.steps)

    def _watch(self, quantity: str, value: float, step: int) -> None:
        sign = self._precursors.see(quantity, value, step)
        if sign is not None:
            self._queue.append(sign)

    def _count_skipped_by_kernel(self, optimizer: torch.optim.Optimizer, track: _Track) -> None:
        """Fused optimizers are called for every step and skip by themselves what GradScaler found infinite."""
        found = getattr(optimizer, "found_inf", None)
        if isinstance(found, torch.Tensor):
            track.skipped = track.skipped + copied((found != 0).float())

    # Measurements

    def _finish(self, track: _Track, line: dict[str, Any]) -> None:
        started = time.perf_counter()
        measurement, track.measurement = track.measurement, None
        assert measurement is not None  # the caller has looked
        measurement.finish()
        if scaler := self._scaler and self._scaler():
            line |= _prefixed(track.prefix, {"skipped_steps": track.skipped, "loss_scale": scaler.get_scale()})
        if not track.prefix:
            line |= memory(self._device) | self._throughput.read()
        self._pending.append(_Pending(line, track.prefix, track.steps, measurement))
        self._measured += 1
        if self._device.type == "cpu":  # nothing to wait for, and a killed run keeps its last step
            self._flush()
        self._budget.measured(self._cost + time.perf_counter() - started)

    def _write_if_due(self, track: _Track) -> None:
        """What was measured on a device is read one step later: by then it is done, or the device has the next step
        to go on with while this thread waits."""
        waited_long = time.perf_counter() - self._written > _LONGEST_WAIT_S
        if (self._pending and not track.prefix) or (self._queue and waited_long):
            self._flush()

    def _flush(self) -> None:
        self._read_device()
        self._describe_changes()
        pending, self._pending = self._pending, []
        measured = [self._measured_line(one) for one in pending]
        lines, self._queue = [*self._queue, *measured], []
        self._write(sorted(lines, key=lambda line: line["step"]))
        self._written = time.perf_counter()

    def _read_device(self) -> None:
        """Puts numbers in the place of tensors, with one transfer. Waiting for a busy device is no cost to the run."""
        lines = [*self._queue, *(one.line for one in self._pending)]
        places = [(line, name) for line in lines for name, value in line.items() if isinstance(value, torch.Tensor)]
        if not places:
            return
        started = time.perf_counter()
        read = torch.stack([line[name].to(self._device) for line, name in places]).tolist()
        self._budget.spent -= time.perf_counter() - started
        for (line, name), value in zip(places, read, strict=True):
            line[name] = value
            if name == "loss":
                self._watch("loss", value, line["step"])

    def _measured_line(self, one: _Pending) -> dict[str, Any]:
        per_layer = self._per_layer or self._measured <= _LAYERS_AT_START or self._precursors.watching(one.step)
        values, broken = one.measurement.read(self._names, per_layer=per_layer)
        if broken:
            event = {"event": "nonfinite_gradient", "step": one.step, "count": len(broken), "names": broken[:NAMED]}
            self._queue.append(event)
        if not one.prefix:
            for quantity in ("grad_norm", "memory"):
                seen = {**values, "memory": one.line.get("memory_allocated_mib", one.line["host_rss_mib"])}
                if quantity in seen:
                    self._watch(quantity, seen[quantity], one.step)
        return {**one.line, **_prefixed(one.prefix, values)}

    def _describe_changes(self) -> None:
        """Lines about what belongs to the optimizers and which modules train, at the start and whenever it changes."""
        if not self._pending:
            return
        optimizers = list(self._tracks)
        without = [p for one in self._pending for p in one.measurement.without_gradient]
        state = (membership_key(self._model, optimizers), modes(self._model), [id(p) for p in without])
        if state == self._state:
            return
        self._state = state
        self._names = parameter_names(self._model)
        names = [self._names.get(id(p), f"tensor of shape {tuple(p.shape)}") for p in without]
        step = self._pending[-1].step
        self._queue += [
            {"event": "membership", "step": step, **membership(self._model, optimizers)},
            {"event": "modes", "step": step, **modes(self._model)},
            {"event": "no_gradient", "step": step, "count": len(names), "names": names[:NAMED]},
        ]


def record(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | Iterable[torch.optim.Optimizer],
    path: str | Path = "record.jsonl",
    *,
    per_layer: bool = False,
    first_step: int = 0,
    settings: Mapping[str, object] | None = None,
) -> Recorder:
    """Records a training run while the `with` block is open.

        with misrun.record(model, optimizer, path="runs/exp42/record.jsonl"):
            train(model, optimizer)

    Every optimizer step gives its loss: the sum of the scalars that `backward` was called on since the step before
    (so the sum over accumulated batches where the loss is not divided by their number). Measured steps also give
    `grad_norm`, Euclidean, as the optimizer sees it: after unscaling and clipping; `update_ratio`, the norm of the step
    over that of the weights, from up to 4,096 entries of each parameter; `lr`; memory in MiB; throughput per second;
    and counts of parameters whose gradients or weights are not finite. Which steps are measured follows from what
    measuring costs: the recorder holds itself to 2 % of the run's time, and looks closely where loss, gradients or
    memory leave their usual range. `per_layer` writes the gradient norms of all modules in every measurement, not only
    in the first ones and where it looks closely.

    With several optimizers the metrics of the second are called "optimizer1/loss" and so on; an optimizer that takes
    over the parameters of another goes on with its names. For several models give `torch.nn.ModuleList`. A file that
    exists is kept: the new one is record.2.jsonl. Of several processes, each writes its own file (rank 0 `path`, rank 3
    record.rank3.jsonl); no collective is called, so with sharded parameters the norms are those of this rank's shards.
    `first_step` is the number of steps made before (a resumed run); `settings` go into the record as they are.

    What cannot be seen: steps inside a function that torch.compile compiles, and those of optimizers that work on
    copies of the parameters (DeepSpeed ZeRO). One recorder at a time: backward passes are those of the process.

    Nothing is raised: what goes wrong in the recorder is logged, written as one line, and ends the recording.
    """
    kept = settings or {}
    return Recorder(model, optimizer, Path(path), per_layer=per_layer, first_step=first_step, settings=kept)


def _innermost(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Below wrappers that hold the stepping optimizer in `optimizer` (accelerate) or `_optimizer` (Lightning)."""
    while isinstance(
        inner := getattr(optimizer, "optimizer", getattr(optimizer, "_optimizer", None)), torch.optim.Optimizer
    ):
        optimizer = inner
    return optimizer


def _prefixed(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in values.items()}


def _reason(error: BaseException | None) -> dict[str, object]:
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return {"reason": "finished"}
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    text = str(error).strip().partition("\n")[0][:500]
    return {
        "reason": type(error).__name__,
        "message": text,
        "traceback": [
            {"file": frame.filename, "line": frame.lineno, "function": frame.name, "code": (frame.line or "")[:200]}
            for frame in frames
        ],
    }
