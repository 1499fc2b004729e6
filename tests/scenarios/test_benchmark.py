"""The benchmark as a whole: what it holds, and that every recording shows what its answer says."""

import re
from collections import Counter
from functools import cache

import pytest

from misrun.scenarios.library import ids, load, load_all, load_answer, with_answers
from misrun.scenarios.recording import provenance
from misrun.scenarios.schema import Answer, Scenario
from misrun.scenarios.table import README, with_table

# The paper's categories (section 3.2) and the healthy controls.
COUNTS = {
    "memory_hardware": 20,
    "optimization": 15,
    "data_pipeline": 18,
    "model_software": 15,
    "unknown": 8,
    "healthy": 24,
}
# The six architectures of the paper's section 5.2, and those of its tables 7 to 9.
ARCHITECTURES = {"encoder_decoder", "t5", "distilbert", "bert", "lstm_lm", "gru_lm", "cnn", "vit", "ssm"}
ALL = ids()


@cache
def both(scenario_id: str) -> tuple[Scenario, Answer]:
    scenario = load(scenario_id)
    return scenario, load_answer(scenario)


def test_every_scenario_loads_with_its_answer() -> None:
    whole, damaged = load_all()
    _, unanswered = with_answers(whole)
    assert damaged == ()
    assert unanswered == ()


def test_it_holds_the_paper_s_categories_and_the_healthy_controls() -> None:
    assert Counter(both(name)[1].category for name in ALL) == COUNTS


def test_it_is_spread_over_architectures_optimizers_and_difficulties() -> None:
    failing = [both(name) for name in ALL if both(name)[1].category != "healthy"]
    architectures = Counter(scenario.architecture for scenario, _ in failing)
    optimizers = Counter(scenario.optimizer for scenario, _ in failing)
    assert all(architectures[name] >= 3 for name in ARCHITECTURES), architectures
    assert all(optimizers[name] >= 12 for name in ("sgd", "adam", "adamw")), optimizers
    assert all(count >= 10 for count in Counter(answer.difficulty for _, answer in failing).values())


def test_no_two_scenarios_share_a_mechanism_or_a_script() -> None:
    mechanisms = [both(name)[1].mechanism for name in ALL]
    scripts = [path.read_bytes() for name in ALL for path in load(name).source_dir.rglob("*.py") if path.stat().st_size]
    assert len(set(mechanisms)) == len(ALL)
    assert len(set(scripts)) == len(scripts)


def test_the_table_of_the_readme_is_that_of_the_files() -> None:
    text = README.read_text("utf-8")
    assert with_table(text) == text


@pytest.mark.parametrize("scenario_id", ALL)
def test_the_recording_shows_what_its_answer_says(scenario_id: str) -> None:
    scenario, answer = both(scenario_id)
    texts = {p.relative_to(scenario.run_dir).as_posix(): p.read_text("utf-8") for p in scenario.run_dir.rglob("*.*")}
    if scenario.handed_over:
        assert set(texts) == {part.file for part in scenario.handed_over}
        return
    for trace in answer.evidence:
        assert re.search(trace.pattern, texts[trace.file], re.MULTILINE), trace
    if answer.onset is not None:
        steps = re.findall(answer.onset.pattern, texts[answer.onset.file], re.MULTILINE)
        seen = int(steps[0] if answer.onset.match == "first" else steps[-1])
        assert abs(seen - answer.onset.step) <= answer.onset.tolerance


@pytest.mark.parametrize("scenario_id", ALL)
def test_the_recording_says_how_it_was_made(scenario_id: str) -> None:
    scenario, _ = both(scenario_id)
    how = provenance(scenario)
    assert how.recording == scenario.recording
    assert how.seed == scenario.seed.value
    assert how.seconds <= 20  # a run takes at most 20 s on one processor


@pytest.mark.parametrize("scenario_id", ALL)
def test_variants_are_set_through_the_project_s_own_configuration(scenario_id: str) -> None:
    """Arguments, or edits of a config file; in code only the fields of a settings class ("lr: float = 0.05")."""
    scenario = load(scenario_id)
    for settings in (scenario.seed, *scenario.variants):
        for edit in settings.edits:
            assert not edit.file.endswith(".py") or re.fullmatch(r"\w+: \w+ = \S+", edit.old), edit


def test_most_failing_scenarios_can_be_varied() -> None:
    failing = [name for name in ALL if both(name)[1].category not in ("healthy", "unknown")]
    varied = [name for name in failing if load(name).variants]
    assert len(varied) >= 0.8 * len(failing)
