"""A number or a setting of the run that the user asks for by name."""

import re
from itertools import islice

from misrun.agents.researcher.answer import Answer, Line, places
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.tools.readers.metric_names import canonical_metric
from misrun.tools.readers.run_record import ConfigValue, RunRecord, Series

_AT_STEP = re.compile(r"\b(?:at|in|on|of)? ?(?:step|epoch|iteration|iter) (\d+)\b", re.I)
_ALIKE = {"learning_rate": ("lr",), "lr": ("learning_rate",), "batchsize": ("batch_size",), "bs": ("batch_size",),
          "batch_size": ("train_batch_size", "per_device_train_batch_size"), "optimiser": ("optimizer",)}  # fmt: skip
_FILLER = re.compile(r"\b(?:the|my|its|current|exact|value of|final|last|used|logged|it|was|is)\b", re.I)


def _tell(heard: Heard, room: Room) -> Answer:
    step = _AT_STEP.search(heard.about)
    name = "_".join(_FILLER.sub(" ", _AT_STEP.sub(" ", heard.about)).lower().split())
    settings = [] if step else _settings(room.run, name)
    series = _series(room.run, name)
    if not settings and series is None:
        return _not_there(name.replace("_", " "), room.run)
    lines = [_point(series, step)] if series is not None else []
    told = [_setting(value) for value in settings[:3]]
    first, *rest = [*told, *lines]
    return Answer(intent="value", head=first.text, cites=first.cites, lines=tuple(rest))


def _settings(run: RunRecord, name: str) -> list[ConfigValue]:
    wanted = (name, *_ALIKE.get(name, ()))
    found = run.setting(*wanted)
    if found is None:
        return []
    others = [v for v in run.config if v.name.rsplit(".", 1)[-1] in wanted and v.value != found.value]
    return [found, *islice(others, 2)]


def _series(run: RunRecord, name: str) -> Series | None:
    canonical, phase = canonical_metric(name)
    return run.best(canonical, phase) or run.best(canonical) or run.best(name)


def _setting(value: ConfigValue) -> Line:
    return Line(text=f"{value.name} = {value.value}", cites=places(value.span), look="item")


def _point(series: Series, step: re.Match[str] | None) -> Line:
    """The value at the step asked for, or the nearest one logged; without a step the last one."""
    index = len(series.values) - 1
    if step is not None:
        wanted = float(step[1])
        index = min(range(len(series.steps)), key=lambda i: abs(series.steps[i] - wanted))
    at = f"{series.step_kind} {series.steps[index]:g}" if series.step_kind != "index" else f"point {index + 1}"
    other = step is not None and series.steps[index] != float(step[1])
    near = f" (nearest to {step[1]} that was logged)" if step is not None and other else ""
    which = "" if step is not None else ", the last one logged"
    text = f"{series.raw_name} is {series.values[index]:.6g} at {at}{near}{which}."
    return Line(text=text, cites=places(series.span(index)), look="item")


def _not_there(name: str, run: RunRecord) -> Answer:
    known = dict.fromkeys([*(s.raw_name for s in run.series), *(v.name for v in run.config)])
    listed = ", ".join(islice(known, 12))
    head = f'This run holds no "{name}".'
    return Answer(intent="value", head=head, lines=(Line(text=f"It holds: {listed}.", look="note"),) if listed else ())


def holds(about: str, run: RunRecord) -> bool:
    """Whether the run has a metric or a setting of that name."""
    name = "_".join(_FILLER.sub(" ", _AT_STEP.sub(" ", about)).lower().split())
    return bool(_settings(run, name)) or _series(run, name) is not None


INTENT = Intent(
    name="value",
    meaning="asks for a number of the run: a metric (at a step), a setting",
    tell=_tell,
    needs_report=True,
    says=(
        r"^(?:and )?(?:what|which)(?:'s| is| was| were| are) (?P<about>(?:the |my )?(?:(?:last|final|current|exact) )?[\w./-]+(?: [\w./-]+)?(?: (?:at|in|on) (?:step|epoch|iteration) \d+)?(?: used)?)\?*$",
        r"^(?:and )?(?:what|which) (?P<about>learning rate|lr|batch size|optimi[sz]er|seed|precision|loss|scheduler)\b.{0,30}$",
        r"^(?P<about>(?:loss|lr|grad norm|accuracy|learning rate|val loss) (?:at|in|on) (?:step|epoch|iteration) \d+)\W*$",
        r"^how (?:high|large|big|low|small) (?:is|was) (?P<about>.{1,40})$",
    ),
)
