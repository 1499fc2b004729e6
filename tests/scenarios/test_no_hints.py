"""What a diagnosis may read must not tell the answer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from misrun.scenarios.library import ids, load, load_answer
from misrun.tools.diagnosis.taxonomy import MODES

TELLTALE = re.compile(
    # "Segmentation fault" is what a shell prints, whatever the reason.
    r"(?<![a-z])(bugs?|buggy|(?<!segmentation )faults?|faulty|"
    r"broken|breaks|wrong|wrongly|mistakes?|mistaken|incorrect|incorrectly|fixme|"
    r"todo|xxx|hack|misrun|scenario|planted|sabotage|decoy|cures?|cured|bad|badly|corrupt|corrupted|culprit|"
    r"root cause|intentional|deliberate|on purpose|expected to fail|should fail|will fail|failure mode)(?![a-z])",
    re.IGNORECASE,
)
# PyTorch's own words: what it says of every refusal on a device, and how it names the file system it cannot allocate on.
BOILERPLATE = re.compile(
    r"try setting PYTORCH_ALLOC_CONF=expandable_segments:True to avoid fragmentation|"
    r"unable to allocate shared memory\(shm\)|insufficient shared memory \(shm\)|out of shared memory|"
    r"shared memory limit"
)
NAMES = {mode.split("/")[1] for mode in MODES} - {"healthy"}


def readable(scenario_id: str) -> Iterator[tuple[Path, str]]:
    """Every file that the user hands over, with the text a diagnosis sees: its path in the project and its content."""
    scenario = load(scenario_id)
    for folder in filter(None, (scenario.code_dir, scenario.run_dir)):
        for path in (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
            yield path, f"{scenario.project}/{path.relative_to(folder)}\n{path.read_text('utf-8')}"


@pytest.mark.parametrize("scenario_id", ids())
def test_ids_say_nothing(scenario_id: str) -> None:
    assert re.fullmatch(r"r\d{3}", scenario_id)


@pytest.mark.parametrize("scenario_id", ids())
def test_no_telltale_word_in_names_code_or_records(scenario_id: str) -> None:
    for path, text in readable(scenario_id):
        assert not (found := TELLTALE.search(text)), f"{path}: {found[0]}"
        words = re.sub(r"[\s-]+", "_", BOILERPLATE.sub("", text).lower())
        assert not [name for name in NAMES if re.search(rf"(?<![a-z]){name}(?![a-z])", words)], path


@pytest.mark.parametrize("scenario_id", ids())
def test_the_explanations_are_not_in_what_can_be_read(scenario_id: str) -> None:
    """No run of six words of the mechanism or of a reason for a change, and no line that a change adds, stands there."""
    answer = load_answer(load(scenario_id))
    told = " | ".join((answer.mechanism, *(change.why for change in (*answer.cures, *answer.decoys))))
    words = re.findall(r"\w+|\|", told.lower())
    phrases = {" ".join(words[i : i + 6]) for i in range(len(words) - 5)}
    for path, text in readable(scenario_id):
        flat = " ".join(re.findall(r"\w+", text.lower()))
        assert not [phrase for phrase in phrases if phrase in flat], path


@pytest.mark.parametrize("scenario_id", ids())
def test_records_hold_no_path_of_the_recording_machine(scenario_id: str) -> None:
    for path, text in readable(scenario_id):
        homes = set(re.findall(r"(?:^|[\s\"'])(/(?:home|root|tmp|work|mnt|var)/[^\s\"',:]*)", text))
        assert all(home.startswith("/home/user/") for home in homes), (path, homes)
