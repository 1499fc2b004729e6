"""How the run of one log ended, once everything in it is known."""

from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.events import Draft
from misrun.tools.readers.lines.exit_codes import signal_name
from misrun.tools.readers.planned_end import Reached
from misrun.tools.readers.run_record import Ending
from misrun.tools.record import Span

# Errors that end a process when no traceback shows it: the launcher, the driver or the interpreter said so.
_FATAL_WITHOUT_TRACEBACK = frozenset(
    {"cuda_oom", "xla_oom", "collective_timeout", "device_assert", "gpu_fault", "loss_scale_minimum", "child_failed"}
)
_SIGNALS = {
    "oom_killed": "SIGKILL",
    "killed_sigkill": "SIGKILL",
    "segfault": "SIGSEGV",
    "bus_error": "SIGBUS",
    "abort": "SIGABRT",
    "sigterm": "SIGTERM",
    "interrupted": "SIGINT",
}
# Training that goes on for more than this many lines after an error has survived it; fewer are the last prints of
# other ranks and of buffers flushed late.
_SURVIVED_LINES = 50
# A progress bar is drawn once or twice more after the program has said that it is done.
_LATE_LINES = 5


def settle_ending(context: LogContext) -> None:
    """Hands points, events and the ending to the builder."""
    context.events.settle()
    drafts = context.events.all()
    for event in context.events.built():
        context.run.event(event)
    if context.events.dropped:
        context.run.note(f"{context.file}: {context.events.dropped} further events of many kinds were not kept")
    ending = _ending(context, drafts)
    epochs = context.progress.epochs()
    if epochs is not None:
        context.run.reached(Reached(context.file, *epochs))
    context.points.flush()
    context.run.ending = combined_ending(context.run.ending, ending)


def _ending(context: LogContext, drafts: list[Draft]) -> Ending:
    progress = context.progress
    plan = progress.planned_steps
    base = Ending(last_step=progress.last_step, planned_steps=plan, exit_code=context.exit_code)
    fatal = [draft for draft in drafts if _is_fatal(draft) and not _survived(context, draft)]
    root = min((d for d in fatal if not d.secondary), key=lambda d: d.first, default=None) or next(iter(fatal), None)
    if root is not None:
        killed = root.kind == "kill"
        told = root.values.get("exit_code")
        code = told if isinstance(told, int) else context.exit_code
        signal = _SIGNALS.get(root.name) or (signal_name(code) if code is not None else None)
        return base.model_copy(
            update={
                "status": "killed" if killed else "crashed",
                "exit_code": code,
                "signal": signal if killed else None,
                "spans": (_span(context, root),),
            }
        )
    if context.exit_code:
        span = Span(file=context.file, first=context.exit_line, last=context.exit_line)
        return base.model_copy(update={"status": "crashed", "signal": signal_name(context.exit_code), "spans": (span,)})
    return base.model_copy(update=_without_error(context))


def _without_error(context: LogContext) -> dict[str, object]:
    progress = context.progress
    if context.finish is not None and progress.line <= context.finish.line + _LATE_LINES:
        return {
            "status": "finished",
            "spans": (Span(file=context.file, first=context.finish.line, last=context.finish.line),),
        }
    spans = (Span(file=context.file, first=progress.line, last=progress.line),) if progress.line else ()
    if progress.finished_by_count():
        return {"status": "finished", "spans": spans}
    # Without a step of its own a log cannot be short of steps: the Trainer prints fractions of epochs only.
    planned, reached = progress.planned_steps, progress.last_step
    short_of_steps = planned is not None and reached is not None and reached < planned
    epochs, last = progress.planned_epochs, progress.last_epoch
    # Epochs are counted from 0 or from 1: only a gap of two is surely short.
    short_of_epochs = epochs is not None and last is not None and last < epochs - 1
    # The last line of the log stands within an epoch: nothing told its end, nor the end of the run.
    broken_off = progress.broken_off and progress.line >= context.last_line and planned is None
    if progress.line and (broken_off or short_of_epochs or (short_of_steps and epochs is None)):
        return {"status": "unfinished", "spans": spans}
    return {}


def _is_fatal(draft: Draft) -> bool:
    if draft.kind == "kill":
        return not draft.secondary
    return draft.kind == "error" and (draft.fatal or draft.name in _FATAL_WITHOUT_TRACEBACK)


def _survived(context: LogContext, draft: Draft) -> bool:
    after = max(context.points.last_line, context.progress.line, context.finish.line if context.finish else 0)
    return after > draft.seen_last + _SURVIVED_LINES or (
        context.finish is not None and context.finish.line > draft.seen_last and draft.kind != "kill"
    )


def _span(context: LogContext, draft: Draft) -> Span:
    return Span(file=context.file, first=draft.first, last=max(draft.last, draft.first))
