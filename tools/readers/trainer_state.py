"""trainer_state.json of the Hugging Face Trainer: the complete log history and how far the run got."""

import re
from pathlib import Path

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.json_document import Document, add_rows, read_leaves
from misrun.tools.readers.json_text import Leaf
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Ending
from misrun.tools.record import Span

_SETTINGS = frozenset((
    "max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps",
    "best_metric", "best_global_step", "best_model_checkpoint", "num_input_tokens_seen", "total_flos",
))  # fmt: skip
_CHECKPOINT = re.compile(r"^(?P<prefix>.*-)(?P<step>\d+)$")


class TrainerState:
    """Reads the newest state of a run; an older checkpoint's is the beginning of the same history."""

    name = "trainer_state.json"

    def sniff(self, source: Source) -> bool:
        head = source.head
        keys = (b'"log_history"', b'"global_step"', b'"is_world_process_zero"', b'"is_hyper_param_search"')
        return head.lstrip()[:1] == b"{" and source.name.endswith(".json") and sum(key in head for key in keys) >= 2

    def read(self, source: Source, run: RunBuilder) -> None:
        newer = _newer_state(source)
        if newer:
            run.note(f"{source.name}: the same history goes on in {newer}, which was read instead")
            return
        document = Document(read_leaves(source, run))
        rows = document.records.get(("log_history",), {})
        last_logged = add_rows(rows, source.name, run)
        top = {str(leaf.path[0]): leaf for leaf in document.scalars if len(leaf.path) == 1}
        settings = (leaf for name, leaf in top.items() if name in _SETTINGS and leaf.value is not None)
        add_config(settings, source.name, run, origin="trainer_args")
        stopping = next((leaf for leaf in document.scalars if leaf.path[-1] == "should_training_stop"), None)
        run.ending = combined_ending(run.ending, _ending(top, stopping, last_logged, source.name))


def _ending(top: dict[str, Leaf], stopping: Leaf | None, last_logged: float | None, file: str) -> Ending:
    reached = _number(top.get("global_step"))
    planned = _number(top.get("max_steps"))
    last = max((step for step in (reached, last_logged) if step is not None), default=None)
    planned = planned if planned and planned > 0 else None
    if reached is None or "global_step" not in top:
        return Ending(last_step=last, planned_steps=planned)
    stopped = stopping is not None and stopping.value is True
    finished = stopped or (planned is not None and reached >= planned)
    line = top["global_step"].line
    return Ending(
        status="finished" if finished else "unfinished" if planned else "unknown",
        last_step=last,
        planned_steps=planned,
        spans=(Span(file=file, first=line, last=line),),
    )


def _number(leaf: Leaf | None) -> float | None:
    value = leaf.value if leaf else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _newer_state(source: Source) -> str | None:
    """The state file inside the run folder that reaches further than this checkpoint's: the run's own, or that of a
    later checkpoint."""
    here = _CHECKPOINT.match(source.path.parent.name)
    if here is None or "/" not in source.name:  # the folder above is not part of the run
        return None
    above = source.path.parent.parent
    file = source.path.name
    later: dict[float, Path] = {float("inf"): above / file}
    for folder in above.iterdir():
        other = _CHECKPOINT.match(folder.name)
        if other and other["prefix"] == here["prefix"] and int(other["step"]) > int(here["step"]):
            later[float(other["step"])] = folder / file
    best = max((step for step, path in later.items() if path.is_file()), default=None)
    return None if best is None else later[best].relative_to(above).as_posix()
