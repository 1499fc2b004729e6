"""What a diagnosis may read must not tell the answer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from misrun.scenarios.schema import Scenario, all_scenarios, load_answer
from misrun.tools.diagnosis.taxonomy import MODES

TELLTALE = re.compile(
    r"\b(bugs?|buggy|faults?|faulty|broken|wrong|mistakes?|incorrect|fixme|todo|hack|misrun|scenario|planted|decoy|cures?)\b",
    re.IGNORECASE,
)


def readable(scenario: Scenario) -> Iterator[Path]:
    for folder in filter(None, (scenario.code_dir, scenario.run_dir)):
        yield from (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.id)
def test_ids_are_a_letter_and_a_number(scenario: Scenario) -> None:
    assert re.fullmatch(r"[shu]\d{3}", scenario.id)


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.id)
def test_no_telltale_word_in_names_code_or_records(scenario: Scenario) -> None:
    names = {mode.split("/")[1] for mode in MODES} - {"healthy"}
    for path in readable(scenario):
        text = f"{path.relative_to(scenario.folder)}\n{path.read_text('utf-8')}"
        assert not (found := TELLTALE.search(text)), f"{path}: {found[0]}"
        words = re.sub(r"[\s-]", "_", text.lower())
        assert not [name for name in names if name in words], path


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.id)
def test_the_mechanism_is_not_told_in_the_code(scenario: Scenario) -> None:
    """No run of six words of the answer's explanation stands in what can be read."""
    words = re.findall(r"\w+", load_answer(scenario).mechanism.lower())
    phrases = {" ".join(words[i : i + 6]) for i in range(len(words) - 5)}
    for path in readable(scenario):
        text = " ".join(re.findall(r"\w+", path.read_text("utf-8").lower()))
        assert not [phrase for phrase in phrases if phrase in text], path


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.id)
def test_records_hold_no_path_of_the_recording_machine(scenario: Scenario) -> None:
    for path in readable(scenario):
        homes = set(re.findall(r"(?:^|[\s\"'])(/\w[^\s\"',]*)", path.read_text("utf-8")))
        assert all(home.startswith(("/home/user/", "/usr/")) for home in homes), (path, homes)
