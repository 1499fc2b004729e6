"""What messages mean by the rules alone."""

from pathlib import Path

import pytest

from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.table import BY_COMMAND, INTENTS
from misrun.agents.researcher.message import material_of, read_message
from misrun.agents.researcher.room import Room
from misrun.agents.researcher.topic import modes_named
from misrun.agents.researcher.understand import understand

COMMANDS = frozenset(BY_COMMAND)


def meaning(text: str, room: Room | None = None) -> tuple[str, str]:
    intent, heard = understand(text, room or Room(), 1, "/nowhere")
    return intent.name, heard.about


@pytest.mark.parametrize(
    ("text", "name", "about"),
    [
        ("why?", "why", ""),
        ("why is the loss constant?", "why", ""),
        ("explain", "why", ""),
        ("/step 2", "step", "2"),
        ("explain step 2", "step", "step 2"),
        ("the second step", "step", "the second step"),
        ("what should I do?", "step", ""),
        ("what now", "step", ""),
        ("show me the source", "evidence", "source"),
        ("any papers about codebook collapse?", "search", "codebook collapse"),
        ("has anyone seen this loss spike?", "search", "this loss spike"),
        ("I already tried lowering the lr to 1e-5", "tried", "lowering the lr to 1e-5"),
        ("tried gradient clipping, no effect", "tried", "gradient clipping, no effect"),
        ("lowering the lr did not help", "tried", "lowering the lr"),
        ("that fixed it", "helped", ""),
        ("that did not fix it", "tried", "that"),
        ("I don't have that", "decline", ""),
        ("what about the learning rate?", "what_about", "the learning rate"),
        ("could it be a data leak?", "what_about", "a data leak"),
        ("I think it's the dataloader", "what_about", "the dataloader"),
        ("why not the learning rate?", "why_not", "the learning rate"),
        ("why isn't it overfitting", "why_not", "overfitting"),
        ("how sure are you?", "sure", ""),
        ("what else could it be?", "sure", ""),
        ("what do you need?", "missing", ""),
        ("which line?", "code", ""),
        ("show train.py:32", "code", "train.py:32"),
        ("compare with runs/exp41", "compare", "runs/exp41"),
        ("loss at step 300", "value", "loss at step 300"),
        ("what's the batch size?", "value", "the batch size"),
        ("thanks!", "thanks", ""),
        ("exit", "quit", ""),
        ("help", "help", ""),
        ("my loss is nan after 400 steps", "supply", "my loss is nan after 400 steps"),
        ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", "supply", None),
        ("lr = 0.1", "supply", None),
        ("/data/that/is/not/there", "unknown", None),
    ],
)
def test_a_message_is_understood(text: str, name: str, about: str | None) -> None:
    found = meaning(text)
    assert found[0] == name, found
    if about is not None:
        assert found[1] == about


def test_a_path_is_supplied_whatever_stands_around_it(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("step 1 loss 2.0\n")
    for text in (str(tmp_path), f"look at {tmp_path}/train.log please", f'"{tmp_path}/train.log"'):
        assert meaning(text)[0] in ("supply", "open_run"), text
    assert read_message(f"what about {tmp_path}/train.log?", COMMANDS).path == f"{tmp_path}/train.log"


def test_an_answer_to_the_open_question_is_taken_as_one() -> None:
    waiting = Room(case=Case(number=1, folder="/nowhere", asked="the learning rate as applied"))
    assert meaning("it stays at 0.0003 all the time", waiting)[0] == "supply"
    assert meaning("it stays at 0.0003 all the time")[0] != "supply"


@pytest.mark.parametrize(
    ("text", "material"),
    [
        ("step 1 loss 2.3\nstep 2 loss 2.2", "log"),
        ("optimizer:\n  lr: 0.1\nbatch_size: 32", "settings"),
        ('{\n  "lr": 0.1,\n  "batch_size": 32\n}', "settings"),
        ("import torch\n\nmodel = torch.nn.Linear(3, 4)\nfor x in loader:\n    loss = model(x)", "code"),
        ("I wonder\nwhat it is", ""),
        ("what about the learning rate", ""),
    ],
)
def test_material_is_told_from_words(text: str, material: str) -> None:
    assert material_of(text) == material


@pytest.mark.parametrize(
    ("phrase", "mode"),
    [
        ("the learning rate", "optimization/learning_rate_too_high"),
        ("data leakage", "data_pipeline/leakage"),
        ("overfitting", "optimization/overfitting"),
        ("a memory leak", "memory_hardware/memory_leak"),
        ("exploding gradients", "optimization/gradient_explosion"),
        ("vanishing gradients", "optimization/vanishing_gradient"),
        ("a shape mismatch", "model_software/shape_mismatch"),
        ("fp16 overflow", "optimization/low_precision_overflow"),
        ("dead units", "optimization/dead_units"),
        ("shared memory", "memory_hardware/shared_memory"),
    ],
)
def test_a_phrase_names_its_failure_mode(phrase: str, mode: str) -> None:
    assert modes_named(phrase)[0] == mode


def test_a_phrase_that_names_none_names_none() -> None:
    assert modes_named("the weather on Tuesday") == ()


def test_every_intent_has_a_name_and_a_command_of_its_own() -> None:
    assert len({intent.name for intent in INTENTS}) == len(INTENTS)
    commands = [intent.command for intent in INTENTS if intent.command]
    assert len(set(commands)) == len(commands)
    assert all((intent.tell is None) != (intent.change is None) for intent in INTENTS)
