"""misrun in the arena, without a language model: every task and variant, and the table of how it did."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from misrun.agents.solver import Solved, solve
from misrun.scenarios.arena.actions import Action
from misrun.scenarios.arena.catalogue import TASKS
from misrun.scenarios.arena.episode import Arena
from misrun.tools.record import Record

Clock = Callable[[], float]


class Row(Record):
    """One episode: the reward for the code, the bugs that were named of those planted, and the two other scores."""

    task: str
    variant: int
    reward: float
    named: int
    planted: int
    diagnosis: float
    explanation: float
    turns: int
    seconds: float
    episode: str


class _InProcess:
    """One episode as the solver sees it."""

    def __init__(self, arena: Arena, task: str, variant: int) -> None:
        self._arena, self._task, self._variant = arena, task, variant
        self.id = ""

    def reset(self) -> Mapping[str, Any]:
        episode = self._arena.reset(self._task, self._variant)
        self.id = episode.id
        return episode.first()

    def step(self, action: Mapping[str, Any]) -> tuple[Mapping[str, Any], float, bool]:
        step = self._arena.step(Action.model_validate(action), self.id)
        return step.observation, step.reward, step.done


def solved(arena: Arena, task: str, variant: int, clock: Clock) -> tuple[Row, Solved]:
    """Plays one episode."""
    began = clock()
    environment = _InProcess(arena, task, variant)
    result = solve(environment)
    named = result.details["named"]
    row = Row(
        task=task,
        variant=variant,
        reward=result.reward,
        named=sum(named["bugs"].values()),
        planted=len(named["bugs"]),
        diagnosis=round(named["diagnosis"], 4),
        explanation=round(named["explanation"], 4),
        turns=result.turns,
        seconds=round(clock() - began, 1),
        episode=environment.id,
    )
    return row, result


def play(tasks: Iterable[str], variants: Sequence[int], out: Path | None, clock: Clock, jobs: int) -> Iterator[Row]:
    """Plays every variant of every task, `jobs` episodes at a time; `out` keeps a transcript each, and rows.jsonl."""
    arena = Arena(out / "transcripts" if out is not None else None)
    episodes = [(task, variant) for task in tasks for variant in variants]
    with ThreadPoolExecutor(jobs) as pool:
        for row, _ in pool.map(lambda episode: solved(arena, episode[0], episode[1], clock), episodes):
            if out is not None:
                with (out / "rows.jsonl").open("a", encoding="utf-8") as file:
                    file.write(row.model_dump_json() + "\n")
            yield row


def table(rows: Sequence[Row]) -> str:
    """Rewards by task and variant, bugs named as k/n, and the means."""
    variants = sorted({row.variant for row in rows})
    heads = "".join(f"{variant:>7}" for variant in variants)
    lines = [f"{'task':<28}{heads}{'mean':>7}{'named':>9}{'expl.':>7}"]
    for task in sorted({row.task for row in rows}):
        mine = {row.variant: row for row in rows if row.task == task}
        cells = "".join(f"{mine[v].reward:>7.2f}" if v in mine else f"{'-':>7}" for v in variants)
        lines.append(f"{task + ' ' + TASKS[task].name:<28}{cells}{_summary(mine.values())}")
    lines.append(f"{'all':<28}{'':>{7 * len(variants)}}{_summary(rows)}")
    return "\n".join(lines)


def _summary(rows: Iterable[Row]) -> str:
    kept = list(rows)
    named = f"{sum(row.named for row in kept)}/{sum(row.planted for row in kept)}"
    explained = sum(row.explanation for row in kept) / len(kept)
    return f"{sum(row.reward for row in kept) / len(kept):>7.2f}{named:>9}{explained:>7.2f}"
