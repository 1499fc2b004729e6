"""Episodes: one script, ten turns, one submission. Kept by id, told in transcripts, forgotten when unused."""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from misrun.scenarios.arena.actions import Action
from misrun.scenarios.arena.catalogue import task as task_of
from misrun.scenarios.arena.debugging import use_tool
from misrun.scenarios.arena.grader import grade
from misrun.scenarios.arena.naming import Claimed
from misrun.scenarios.arena.task import Shown, Task

TURNS = 10
EXPIRES_S = 1800.0
MOST_EPISODES = 64
# A variant that nobody asked for is drawn from so many.
_VARIANTS_DRAWN = 1_000_000
_ID = re.compile(r"[\w-]{1,64}")


class NoEpisode(ValueError):
    """There is no such episode, or none yet: the caller resets first."""


class EpisodeOver(ValueError):
    """The episode has ended: the caller resets."""


@dataclass
class Step:
    """What a turn brings: the observation, the reward (0 until the submission), and whether the episode ended."""

    observation: dict[str, Any]
    reward: float
    done: bool


@dataclass
class Episode:
    """One episode. `used` is when it was last touched, by a clock that only counts forward."""

    id: str
    task: Task
    shown: Shown
    used: float
    turn: int = 0
    done: bool = False
    reward: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self) -> dict[str, Any]:
        return {
            "episode_id": self.id,
            "task_id": self.task.id,
            "task_description": self.shown.description,
            "buggy_code": self.shown.script,
            "error_log": "",
            "last_reward": 0.0,
            "turn": 0,
            "turns_left": TURNS,
            "episode_done": False,
        }

    def step(self, action: Action) -> Step:
        """Takes one turn; EpisodeOver when there is none left."""
        with self.lock:
            if self.done:
                raise EpisodeOver("the episode is complete; reset to start another")
            self.turn += 1
            submitted = action.action_type == "submit_fix"
            told = self._graded(action) if submitted else use_tool(self.task, self.shown, action)
            self.done = submitted or self.turn >= TURNS
            self.history.append({"turn": self.turn, "action_type": action.action_type})
            more = {"action_type": action.action_type, "turn": self.turn, "turns_left": TURNS - self.turn}
            return Step({**told, **more, "episode_done": self.done}, self.reward, self.done)

    def _graded(self, action: Action) -> dict[str, Any]:
        claimed = Claimed(diagnosis=action.diagnosis, explanation=action.explanation)
        found = grade(self.task, self.shown.variant, action.fixed_code, claimed)
        self.reward = found.reward
        details = {"fixed": found.fixed, "metrics": found.metrics, "named": found.named.model_dump()}
        return {"reward": found.reward, "error_log": found.output, "grader_details": details}

    def state(self) -> dict[str, Any]:
        return {
            "episode_id": self.id,
            "step_count": self.turn,
            "turn": self.turn,
            "turns_left": TURNS - self.turn,
            "task_id": self.task.id,
            "variant": self.shown.variant,
            "submitted": any(entry["action_type"] == "submit_fix" for entry in self.history),
            "done": self.done,
            "best_reward": self.reward,
            "tool_call_history": self.history,
        }


class Arena:
    """The episodes that are open. `transcripts` is the folder that keeps one JSON-lines file per episode."""

    def __init__(
        self,
        transcripts: Path | None = None,
        expires_s: float = EXPIRES_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transcripts, self._expires_s, self._clock = transcripts, expires_s, clock
        self._episodes: dict[str, Episode] = {}
        self._lock = threading.Lock()
        if transcripts is not None:
            transcripts.mkdir(parents=True, exist_ok=True)

    def reset(self, task_id: str, variant: int | None = None, episode_id: str | None = None) -> Episode:
        """A new episode; UnknownTask, or ValueError for an id or a variant that cannot be one."""
        task = task_of(task_id)
        if episode_id is not None and not _ID.fullmatch(episode_id):
            raise ValueError("an episode id is made of up to 64 letters, digits, _ and -")
        if variant is not None and variant < 0:
            raise ValueError("a variant is a number from 0 up")
        number = secrets.randbelow(_VARIANTS_DRAWN) if variant is None else variant
        episode = Episode(episode_id or secrets.token_hex(8), task, task.shown(number), self._clock())
        with self._lock:
            self._forget()
            self._episodes.pop(episode.id, None)
            self._episodes[episode.id] = episode
        self._note(episode, "reset", {"observation": episode.first(), "variant": number})
        return episode

    def step(self, action: Action, episode_id: str | None = None) -> Step:
        """A turn in the named episode, or in the latest one."""
        episode = self.episode(episode_id or action.episode_id)
        step = episode.step(action)
        episode.used = self._clock()
        self._note(
            episode,
            "step",
            {"action": action.told(), "observation": step.observation, "reward": step.reward, "done": step.done},
        )
        return step

    def episode(self, episode_id: str | None = None) -> Episode:
        """The episode with this id, or the one that was reset last; NoEpisode when it is not there any more."""
        with self._lock:
            self._forget()
            found = self._episodes.get(episode_id) if episode_id else next(reversed(self._episodes.values()), None)
        if found is None:
            raise NoEpisode(
                f"no episode {episode_id!r}; it may have expired: reset" if episode_id else "no episode yet: reset"
            )
        found.used = self._clock()
        return found

    def _forget(self) -> None:
        """Drops what was not used for a while, and the oldest beyond the most that are kept."""
        now = self._clock()
        kept = {key: e for key, e in self._episodes.items() if now - e.used <= self._expires_s}
        self._episodes = dict(list(kept.items())[-(MOST_EPISODES - 1) :])

    def _note(self, episode: Episode, event: str, what: dict[str, Any]) -> None:
        if self._transcripts is None:
            return
        with (self._transcripts / f"{episode.id}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": time.time(), "event": event, "task_id": episode.task.id, **what}) + "\n")
