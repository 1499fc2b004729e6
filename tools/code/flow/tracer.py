"""Puts the flows together: every loss, metric and fit with the ways of its data."""

from collections.abc import Iterable, Iterator

from misrun.tools.code.finding import Finding
from misrun.tools.code.flow.path import Step, steps_to
from misrun.tools.code.flow.record import Flow, Stage, Way
from misrun.tools.code.flow.sinks import Sink, sinks
from misrun.tools.code.flow.stages import Moves, stages_of
from misrun.tools.code.jax.program import jax_program
from misrun.tools.code.jax.ways import gradient_ways
from misrun.tools.code.names import names
from misrun.tools.code.trace import Trace

# More flows no longer help the reader.
_MOST_FLOWS = 40
_TAKES_LOGITS = names("cross_entropy binary_cross_entropy_with_logits multilabel_soft_margin_loss")
_NORMALISING = names("Normalize StandardScaler.transform StandardScaler.fit_transform MinMaxScaler.transform normalize")
_PREDICTING = names("argmax topk softmax sigmoid predict module() linear log_softmax")


def trace_flows(trace: Trace) -> tuple[Flow, ...]:
    """The flow into every loss, metric and fit of the project, in the order of the code."""
    moves = _moves(trace)
    own = (sink for sink in sinks(trace) if not sink.event.file.is_unit_test)
    found = [_flow(sink, moves) for sink, _ in zip(own, range(_MOST_FLOWS), strict=False)]
    return (*_compared(found), *_jax_flows(trace))


def _jax_flows(trace: Trace) -> Iterator[Flow]:
    """In JAX code the way of each gradient: operations and places, without shapes."""
    for way, _ in zip(gradient_ways(jax_program(trace)), range(_MOST_FLOWS), strict=False):
        function = way.transform.function
        given = f"{', '.join(function.parameters)} (arguments of {function.name})"
        steps = ((given, function.site(function.node)), *way.steps)
        stages = tuple(
            Stage(operation=name, file=site.file.path, line=site.file.line(site.line)) for name, site in steps
        )
        place = function.site(function.node)
        line = place.file.line(place.line)
        way_ = Way(role="gradient", stages=stages)
        yield Flow(kind="loss", sink=function.name, file=place.file.path, line=line, ways=(way_,))


def _flow(sink: Sink, moves: Moves) -> Flow:
    event = sink.event
    ways = [_way(sink, role, steps_to(value), moves) for role, value in sink.inputs]
    return Flow(
        kind=sink.kind, sink=sink.name, file=event.file.path, line=event.file.line(event.line), ways=tuple(ways)
    )


def _way(sink: Sink, role: str, steps: list[Step], moves: Moves) -> Way:
    stages = list(stages_of(steps, moves))
    if role == "prediction" and sink.name in _TAKES_LOGITS and stages and not stages[-1].values:
        stages[-1] = stages[-1].model_copy(update={"values": "logits"})
    if sink.kind == "metric":
        computed = any(step.value.op in _PREDICTING or step.value.name == "predict" for step in steps)
        role = "prediction" if computed else "target"
    return Way(role=role, stages=tuple(stages))


def _moves(trace: Trace) -> Moves:
    """Events that move a value to a device or change it in place, by the id of the value."""
    found: Moves = {}
    for event in trace.events():
        target = event.receiver if event.receiver is not None else (event.args[0] if event.args else None)
        if target is not None and (event.op in ("?.to", "?.cuda", "?.cpu", "set[]") or _is_in_place(event.op)):
            found.setdefault(id(target), []).append(event)
    return found


def _is_in_place(op: str) -> bool:
    """`x += y`, `x.mul_(y)`."""
    name = op.rpartition(".")[2]
    return op.startswith("aug") or (name.endswith("_") and not name.startswith("_") and name != "requires_grad_")


def _compared(flows: list[Flow]) -> Iterator[Flow]:
    """Marks where the way to a loss and the way to a metric differ in what normalises the input."""
    for flow in flows:
        others = [o for o in flows if {o.kind, flow.kind} == {"loss", "metric"}]
        mine = _is_normalised(flow)
        texts = (
            f"the input is {'' if mine else 'not '}normalised here, but {'not ' if mine else ''}on the way to {o.sink} "
            f"({o.file}:{o.line})"
            for o in others
            if mine is not None and _is_normalised(o) is not None and _is_normalised(o) != mine
        )
        yield flow.model_copy(update={"differences": tuple(texts)[:3]})


def _is_normalised(flow: Flow) -> bool | None:
    """Whether a stage of the prediction's way normalises; None where its source is not seen."""
    way = next((w for w in flow.ways if w.role == "prediction"), None)
    if way is None or way.unresolved or not any(stage.boundary == "disk" for stage in way.stages):
        return None
    return any(part in _NORMALISING for stage in way.stages for part in stage.operation.split(", "))


def unresolved_stages(flows: Iterable[Flow]) -> tuple[Finding, ...]:
    """A finding for every stage that could not be followed, each place once."""
    found: dict[tuple[str, int], Finding] = {}
    for flow in flows:
        for way in flow.ways:
            for stage in way.unresolved:
                if stage.file:
                    found.setdefault((stage.file, stage.line), _unresolved(stage, flow, way))
    return tuple(found.values())


def _unresolved(stage: Stage, flow: Flow, way: Way) -> Finding:
    return Finding(
        check="unresolved-stage",
        agent="data_flow",
        file=stage.file,
        line=stage.line,
        last_line=stage.line,
        severity="note",
        confidence=0.5,  # it is open whether something is wrong there
        message=f"What {stage.operation} does to the data is not in the code that was read; it is on the way of the "
        f"{way.role} to {flow.sink} ({flow.file}:{flow.line}).",
        expected="Give the code of this stage too, or print shape, type and range behind it.",
        mode="unknown/undetermined",
        verify="Print shape, dtype, min and max before and after it.",
    )
