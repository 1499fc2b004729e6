"""The way through the house, the question around it in a conversation, and the only file that knows langgraph.

read -> characterize -> triage -> literature -> auditors in parallel -> weigh -> beyond -> synthesize -> validate ->
prove -> report,
with one bounded way back: a validator that is not convinced sends the literature agent out again, at most twice.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol, TypedDict, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt
from langsmith.run_helpers import tracing_context

from misrun.agents import characterization, report, request, step
from misrun.agents.auditors import data_flow, jax_logic, paper_alignment, silent_bug
from misrun.agents.auditors.code_audit import program
from misrun.agents.characterization import Characterization
from misrun.agents.characterizer import characterize
from misrun.agents.literature import follow_findings, search_literature
from misrun.agents.live_literature import search_live
from misrun.agents.own_literature import search_own
from misrun.agents.prover import prove
from misrun.agents.report import Report, Timing
from misrun.agents.request import Request
from misrun.agents.step import NextStep
from misrun.agents.synthesizer import synthesize
from misrun.agents.triage import AUDITORS, delegations, triage
from misrun.agents.validator import validate
from misrun.agents.workbench import Workbench
from misrun.agents.write_report import write_report
from misrun.knowledge import evidence, own_documents
from misrun.knowledge.evidence import SearchOutcome
from misrun.tools import record
from misrun.tools.code import finding, setting_change
from misrun.tools.code.finding import Audit, Delegation, Finding
from misrun.tools.code.flow import record as flow
from misrun.tools.diagnosis import hypothesis
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.home import misrun_home
from misrun.tools.paper import record as paper
from misrun.tools.record import Record
from misrun.tools.signals import signal
from misrun.tools.signals.measure import measure
from misrun.tools.signals.signal import Signal

# The design's bound on the only way back.
MOST_ROUNDS = 2
_AUDIT = {"silent_bug": silent_bug.audit, "data_flow": data_flow.audit, "jax_logic": jax_logic.audit}


def _appended(old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, ...]:
    """Joins what parallel branches add; a checkpoint brings tuples back as lists, so both are taken."""
    return (*old, *new)


class State(TypedDict, total=False):
    """What travels between the nodes and into the checkpoints. Every key a node returns must stand here."""

    request: Request
    signals: tuple[Signal, ...]
    characterization: Characterization
    diagnosis: Diagnosis
    delegations: tuple[Delegation, ...]
    outcome: SearchOutcome
    audits: Annotated[tuple[Audit, ...], _appended]
    steps: tuple[NextStep, ...]
    last_resort: str
    convinced: bool
    wanted: tuple[str, ...]
    rounds: int
    notes: Annotated[tuple[str, ...], _appended]
    timings: Annotated[tuple[Timing, ...], _appended]
    report: Report


class AuditTask(TypedDict):
    """What one auditor is sent."""

    agent: str
    delegations: tuple[Delegation, ...]


class Progress(Record):
    """One line of progress: which stage begins or ends, and what it found."""

    stage: str
    text: str
    done: bool


class Consultation(TypedDict, total=False):
    """What the graph around an investigation keeps while it waits for the user."""

    request: Request
    missing: str


class Question(Record):
    """What an investigation would like to be given before it can say more; the conversation waits for it."""

    missing: str


@dataclass(frozen=True)
class Desk:
    """What a consultation needs of the conversation it is held in: the report on a request (of an investigation that
    was begun before, too), and the one thing to ask the user for then; empty when there is nothing to ask."""

    investigate: Callable[[Request, Callable[[Progress], None]], Report]
    wanted: Callable[[Report], str]


class Node(Protocol):
    """A node of the graph as langgraph calls it."""

    def __call__(self, state: State, runtime: Runtime[Workbench]) -> State: ...


def _stage(name: str, work: Callable[[State, Workbench], tuple[State, str]]) -> Node:
    """A node that announces itself, does its work and says what came out and how long it took."""

    def node(state: State, runtime: Runtime[Workbench]) -> State:
        tell = get_stream_writer()
        tell(Progress(stage=name, text="", done=False))
        began = time.perf_counter()
        bench = runtime.context
        # What a stage hands on goes into checkpoints, prompts and reports.
        update, outcome = bench.redactor.item(work(state, bench))
        seconds = round(time.perf_counter() - began, 3)
        tell(Progress(stage=name, text=outcome, done=True))
        return {**update, "timings": (Timing(stage=name, seconds=seconds, outcome=outcome),)}

    return node


def _findings(state: State) -> tuple[Finding, ...]:
    found = [f for audit in state.get("audits", ()) for f in audit.findings]
    return tuple(sorted(found, key=lambda f: (-f.confidence, f.file, f.line)))


def _read(_: State, bench: Workbench) -> tuple[State, str]:
    run = bench.run
    title = f", paper {bench.paper.title[:60]}" if bench.paper is not None else ""
    points = sum(len(series.values) for series in run.series)
    outcome = f"{len(run.files)} files, {points:,} points, {len(run.events)} events, {len(run.code)} code files{title}"
    return {"notes": run.notes}, outcome


def _characterize(_: State, bench: Workbench) -> tuple[State, str]:
    signals = measure(bench.run)
    facts = Facts(bench.run, signals, (), bench.tried)
    filled = characterize(
        facts,
        bench.ontology,
        code_text=bench.code_text,
        differences=bench.differences,
        siblings=bench.siblings,
    )
    return {
        "signals": signals,
        "characterization": filled,
    }, f"{len(signals)} signals; {filled.symptom.value or 'no symptom'}"


def _triage(state: State, bench: Workbench) -> tuple[State, str]:
    diagnosis = triage(bench.run, state["signals"], bench.tried)
    asked = delegations(bench.run, diagnosis.hypotheses) if bench.run.code else ()
    leading = ", ".join(f"{h.mode} {h.likelihood:.2f}" for h in diagnosis.hypotheses[:3])
    return {"diagnosis": diagnosis, "delegations": asked, "rounds": 0}, leading or "nothing speaks for any mode yet"


def _literature(state: State, bench: Workbench) -> tuple[State, str]:
    previous = state.get("outcome", SearchOutcome())
    found = search_literature(
        state["characterization"],
        state["diagnosis"].hypotheses,
        bench.index,
        run=bench.run,
        modes=state.get("wanted", ()),
        exclude=[entry.id for entry in previous.evidence],
    )
    outcome = previous.joined(found)
    text = f"{len(outcome.evidence)} entries after {len(outcome.steps)} queries: {outcome.stopped}"
    return {"outcome": outcome, "notes": bench.index.notes}, text


def _auditor(state: AuditTask, runtime: Runtime[Workbench]) -> State:
    """One auditor on its own branch; its failure is a record and never stops the other branch."""
    agent = state["agent"]
    mine = tuple(d for d in state["delegations"] if d.agent == agent)

    def work(_: State, bench: Workbench) -> tuple[State, str]:
        files = [code.path for code in bench.run.code]
        if bench.paper is not None and agent == paper_alignment.AGENT:
            audit = paper_alignment.compare(bench.request.root, bench.paper, files, bench.run.config)
        else:
            audit = _AUDIT[agent](bench.request.root, files, mine)
        return {"audits": (audit,)}, _audit_outcome(audit)

    return _stage(agent, work)(State(), runtime)


def _audit_outcome(audit: Audit) -> str:
    if audit.status != "done":
        return f"{audit.status.replace('_', ' ')}: {audit.reason}" if audit.reason else audit.status.replace("_", " ")
    if audit.alignment is not None:
        return paper_alignment.summary(audit.alignment)
    first = f": {audit.findings[0].file}:{audit.findings[0].line} {audit.findings[0].check}" if audit.findings else ""
    return f"{len(audit.findings)} findings in {audit.files} files{first}"


def _weigh(state: State, bench: Workbench) -> tuple[State, str]:
    """Weighs the hypotheses again with what the auditors found, and asks the literature for the mechanism found."""
    findings = _findings(state)
    diagnosis = triage(bench.run, state["signals"], bench.tried, findings)
    outcome = follow_findings(
        state["outcome"], findings, state["characterization"], diagnosis.hypotheses, bench.index, run=bench.run
    )
    leading = ", ".join(f"{h.mode} {h.likelihood:.2f}" for h in diagnosis.hypotheses[:3])
    return {"diagnosis": diagnosis, "outcome": outcome}, leading or "nothing speaks for any mode"


def _beyond(state: State, bench: Workbench) -> tuple[State, str]:
    """Asks the user's own documents and, only where the request says so, the live sources; once, with the code read."""
    filled = state["characterization"]
    own, trouble = search_own(filled, bench.run, misrun_home())
    notes = (trouble,) if trouble else ()
    live: tuple[evidence.Evidence, ...] = ()
    if bench.request.online:
        live, told = search_live(filled, state["diagnosis"].hypotheses, bench.run, bench.sources, bench.ontology)
        notes = (*notes, *told)
    outcome = state["outcome"].model_copy(update={"beyond": (*own, *live)})
    return {"outcome": outcome, "notes": notes}, "; ".join((f"{len(own)} of your own, {len(live)} live", *notes))


def _synthesize(state: State, bench: Workbench) -> tuple[State, str]:
    diagnosis = state["diagnosis"]
    steps, last_resort = synthesize(
        bench.run, state["signals"], diagnosis, state["characterization"], state["outcome"], state.get("audits", ()),
        program(bench.request.root, [code.path for code in bench.run.code]),
    )  # fmt: skip
    return {"steps": steps, "last_resort": last_resort}, f"{len(steps)} steps"


def _validate(state: State, bench: Workbench) -> tuple[State, str]:
    checked = validate(
        state["steps"], bench.run, state["outcome"].evidence, _findings(state), state["diagnosis"], state["signals"]
    )
    rounds = state.get("rounds", 0) + 1
    update: State = {"steps": checked.steps, "convinced": checked.convinced, "wanted": checked.wanted, "rounds": rounds}
    return update, checked.summary


def _prove(state: State, bench: Workbench) -> tuple[State, str]:
    steps = [step.model_copy(update={"patch": bench.redactor.restored(step.patch)}) for step in state["steps"]]
    proof = prove(steps, bench.request, state["signals"], bench.run.ending.status in ("crashed", "killed"))
    return {"steps": proof.steps, "notes": proof.notes}, proof.summary


def _report(state: State, bench: Workbench) -> tuple[State, str]:
    written = write_report(state, bench, complete=True)
    return {"report": written}, written.verdict.mode


def _to_auditors(state: State, runtime: Runtime[Workbench]) -> list[Send] | str:
    """Auditors run once, in parallel; a later round of literature goes straight on to the weighing."""
    if state.get("rounds", 0) > 0 or not runtime.context.run.code:
        return "weigh"
    asked = state.get("delegations", ())
    bench = runtime.context
    with_jax = jax_logic.applies(bench.request.root, [code.path for code in bench.run.code])
    agents = [agent for agent in AUDITORS if with_jax or agent != jax_logic.AGENT]
    agents += [paper_alignment.AGENT] if bench.paper is not None else []
    return [Send("auditor", AuditTask(agent=agent, delegations=asked)) for agent in agents]


def _beyond_or_on(state: State, runtime: Runtime[Workbench]) -> str:
    """Past the shipped knowledge once, where there is something to ask."""
    something = runtime.context.request.online or own_documents.exists(misrun_home())
    return "beyond" if something and state.get("rounds", 0) == 0 else "synthesize"


def _back_or_on(state: State, runtime: Runtime[Workbench]) -> str:
    """Back for more literature, or on; steps are carried out only where the user gave a command to run."""
    if not state["convinced"] and state["rounds"] <= MOST_ROUNDS:
        return "literature"
    return "prove" if runtime.context.request.command and state["steps"] else "report"


def _record_types() -> list[tuple[str, str]]:
    """Every record class that can stand in a checkpoint: the serializer refuses types that are not named to it."""
    modules = (
        characterization,
        evidence,
        finding,
        flow,
        paper,
        hypothesis,
        record,
        report,
        request,
        setting_change,
        signal,
        step,
    )
    return [(m.__name__, name) for m in modules for name, item in vars(m).items() if _is_record(item, m.__name__)]


def _is_record(item: object, module: str) -> bool:
    return isinstance(item, type) and issubclass(item, Record) and item.__module__ == module


def open_saver(database: Path) -> SqliteSaver:
    """The checkpoint store; survives a kill between any two stages."""
    connection = sqlite3.connect(database, check_same_thread=False, timeout=30)
    return SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=_record_types()))


def saved_state(saver: SqliteSaver, session: str) -> State | None:
    """What is known of a session, or None when there is no such session."""
    found = saver.get_tuple({"configurable": {"thread_id": session}})
    return None if found is None else cast("State", found.checkpoint["channel_values"])


def stream(saver: SqliteSaver, bench: Workbench, *, resume: bool) -> Iterator[State | Progress]:
    """Runs (or resumes) the investigation; yields progress lines and, after each stage, the whole state."""
    start = None if resume else State(request=bench.request)
    config: RunnableConfig = {"configurable": {"thread_id": bench.request.id}}
    graph = build_graph(saver)
    # Logs and code stay on this machine even where the environment switches the libraries' own tracing on.
    with tracing_context(enabled=False):
        for mode, item in graph.stream(start, config, context=bench, stream_mode=["values", "custom"]):
            yield cast("State", item) if mode == "values" else cast("Progress", item)


def build_graph(saver: Any) -> CompiledStateGraph[State, Workbench, State, State]:
    """The compiled pipeline over a checkpoint saver."""
    graph = StateGraph(State, context_schema=Workbench)
    nodes = (("read", _read), ("characterize", _characterize), ("triage", _triage), ("literature", _literature),
             ("weigh", _weigh), ("beyond", _beyond), ("synthesize", _synthesize), ("validate", _validate),
             ("prove", _prove), ("report", _report))  # fmt: skip
    for name, work in nodes:
        graph.add_node(name, _stage(name, work))
    graph.add_node("auditor", _auditor)
    way = ((START, "read"), ("read", "characterize"), ("characterize", "triage"), ("triage", "literature"),
           ("auditor", "weigh"), ("beyond", "synthesize"), ("synthesize", "validate"), ("prove", "report"),
           ("report", END))  # fmt: skip
    for start, end in way:
        graph.add_edge(start, end)
    graph.add_conditional_edges("literature", _to_auditors, ["auditor", "weigh"])
    graph.add_conditional_edges("weigh", _beyond_or_on, ["beyond", "synthesize"])
    graph.add_conditional_edges("validate", _back_or_on, ["report", "prove", "literature"])
    return graph.compile(checkpointer=saver)


# A conversation asks for what is missing


def _consult(state: Consultation, runtime: Runtime[Desk]) -> Consultation:
    tell = get_stream_writer()
    report = runtime.context.investigate(state["request"], tell)
    tell(report)
    return {"missing": runtime.context.wanted(report)}


def _ask(state: Consultation) -> Consultation:
    """Waits, over restarts too, until the user has answered; the answer is the request with what was supplied."""
    return {"request": Request.model_validate(interrupt(state["missing"]))}


def _ask_or_end(state: Consultation) -> str:
    return "ask" if state["missing"] else END


def build_consultation(saver: Any) -> CompiledStateGraph[Consultation, Desk, Consultation, Consultation]:
    """investigate -> ask (an interrupt) -> investigate ..., until nothing is missing that the user could supply."""
    graph = StateGraph(Consultation, context_schema=Desk)
    graph.add_node("investigate", _consult)
    graph.add_node("ask", _ask)
    graph.add_edge(START, "investigate")
    graph.add_edge("ask", "investigate")
    graph.add_conditional_edges("investigate", _ask_or_end, ["ask", END])
    return graph.compile(checkpointer=saver)


def consult(saver: SqliteSaver, thread: str, desk: Desk, request: Request) -> Iterator[Progress | Report | Question]:
    """Investigates `request` within a conversation. Where the thread waits for an answer, the request is that answer;
    where it was killed in the middle of this very request, it goes on with it."""
    graph = build_consultation(saver)
    config: RunnableConfig = {"configurable": {"thread_id": thread}}
    begun = graph.get_state(config)
    start: Any = Consultation(request=request)
    if begun.next == ("ask",):
        start = Command(resume=request.model_dump(mode="json"))
    elif begun.next and begun.values.get("request") == request:
        start = None
    with tracing_context(enabled=False):
        for mode, item in graph.stream(start, config, context=desk, stream_mode=["custom", "updates"]):
            if mode == "custom":
                yield cast("Progress | Report", item)
            elif "__interrupt__" in cast("dict[str, Any]", item):
                yield Question(missing=cast("dict[str, Any]", item)["__interrupt__"][0].value)
