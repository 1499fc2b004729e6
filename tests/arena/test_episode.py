"""Ten turns, one submission, transcripts, expiry."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from misrun.scenarios.arena.actions import Action
from misrun.scenarios.arena.catalogue import UnknownTask
from misrun.scenarios.arena.episode import EXPIRES_S, MOST_EPISODES, TURNS, Arena, EpisodeOver, NoEpisode
from misrun.tools.sandbox.sandbox import unavailable

DIFF = Action(action_type="inspect_diff", proposed_code="print(1)\n")
confined = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_observation_holds_the_script_and_what_is_expected() -> None:
    first = Arena().reset("task3", 1).first()
    assert "def jitter" in first["buggy_code"]
    assert "450 MiB" in first["task_description"]
    assert (first["turn"], first["turns_left"], first["episode_done"]) == (0, TURNS, False)


def test_a_variant_nobody_asked_for_is_drawn() -> None:
    arena = Arena()
    assert len({arena.reset("task1").shown.script for _ in range(8)}) > 1


def test_the_tenth_turn_ends_an_episode_without_a_submission() -> None:
    arena = Arena()
    episode = arena.reset("task1", 0)
    steps = [arena.step(DIFF) for _ in range(TURNS)]
    assert [step.done for step in steps] == [False] * (TURNS - 1) + [True]
    assert steps[-1].reward == 0.0
    with pytest.raises(EpisodeOver):
        arena.step(DIFF)
    assert episode.state()["submitted"] is False


@confined
def test_a_submission_ends_the_episode() -> None:
    arena = Arena()
    arena.reset("task1", 0)
    step = arena.step(
        Action(action_type="submit_fix", fixed_code="print('loss 0.1')\n", explanation="the order of step and backward")
    )
    assert step.done
    assert step.reward < 0.15
    assert step.observation["grader_details"]["named"]["explained"]["step_order"] is True
    assert "loss 0.1" in step.observation["error_log"]
    with pytest.raises(EpisodeOver):
        arena.step(DIFF)


def test_the_diff_counts_lines() -> None:
    arena = Arena()
    script = arena.reset("task1", 0).shown.script
    changed = script.replace("lr=10.0", "lr=0.01")
    seen = arena.step(Action(action_type="inspect_diff", proposed_code=changed)).observation
    assert (seen["additions"], seen["deletions"], seen["lines_changed"]) == (1, 1, 2)
    assert "lr=0.01" in seen["diff"]


def test_episodes_are_kept_apart_and_the_latest_is_meant_without_an_id() -> None:
    arena = Arena()
    first, second = arena.reset("task1", 0), arena.reset("task2", 0)
    arena.step(DIFF)
    arena.step(DIFF, first.id)
    arena.step(DIFF, first.id)
    assert (first.turn, second.turn) == (2, 1)


def test_an_unused_episode_expires_and_a_used_one_does_not() -> None:
    clock = Clock()
    arena = Arena(clock=clock)
    idle, busy = arena.reset("task1", 0), arena.reset("task2", 0)
    clock.now = EXPIRES_S * 0.9
    arena.step(DIFF, busy.id)
    clock.now = EXPIRES_S * 1.5
    with pytest.raises(NoEpisode, match="expired"):
        arena.episode(idle.id)
    assert arena.episode(busy.id) is busy


def test_the_oldest_go_when_there_are_too_many() -> None:
    arena = Arena()
    ids = [arena.reset("task1", 0).id for _ in range(MOST_EPISODES + 3)]
    with pytest.raises(NoEpisode):
        arena.episode(ids[0])
    assert arena.episode(ids[-1]).id == ids[-1]


def test_a_transcript_holds_every_turn(tmp_path: Path) -> None:
    arena = Arena(tmp_path)
    episode = arena.reset("task4", 2)
    arena.step(DIFF)
    events = [json.loads(line) for line in (tmp_path / f"{episode.id}.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["reset", "step"]
    assert events[0]["observation"]["buggy_code"] == episode.shown.script
    assert events[1]["action"] == {"action_type": "inspect_diff", "proposed_code": "print(1)\n"}


@pytest.mark.parametrize("bad", ["../x", "a/b", "", "x" * 65, "a b"])
def test_an_id_that_is_no_name_is_refused(bad: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="letters"):
        Arena(tmp_path).reset("task1", 0, bad)


def test_unknown_tasks_variants_and_incomplete_actions_are_refused() -> None:
    arena = Arena()
    with pytest.raises(NoEpisode):
        arena.step(DIFF)
    with pytest.raises(UnknownTask):
        arena.reset("task0")
    with pytest.raises(ValueError, match="variant"):
        arena.reset("task1", -1)
    for fields in ({"action_type": "inspect_tensor", "setup_code": "x = 1"}, {"action_type": "submit_fix"}, {"action_type": "shell"},
                   {"action_type": "run_training_probe", "code": "x", "steps": 0}):  # fmt: skip
        with pytest.raises(ValidationError):
            Action.model_validate(fields)
