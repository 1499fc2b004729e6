"""The whole way through the house on the recorded runs: right mode, right line, citations that check out."""

import json
from pathlib import Path

import pytest

from misrun import investigate, load_report
from misrun.agents.report import Report
from misrun.scenarios.library import load, load_answer
from misrun.scenarios.recording import lay_out

FAILING = ("r087", "r013", "r077")
HEALTHY = ("r008", "r073")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """One investigation of each recorded run, from a copy of what the user would have."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: investigate(lay_out(load(name), folder / name)) for name in (*FAILING, *HEALTHY)}


@pytest.mark.parametrize("name", FAILING)
def test_the_right_mode_comes_first(reports: dict[str, Report], name: str) -> None:
    answer = load_answer(load(name))
    assert reports[name].verdict.mode == answer.mode
    assert not reports[name].verdict.abstained


@pytest.mark.parametrize("name", FAILING)
def test_the_right_line_is_found(reports: dict[str, Report], name: str) -> None:
    faults = load_answer(load(name)).places
    named = {(f.file, line) for f in reports[name].findings for line in range(f.line, f.last_line + 1)}
    crash = {
        (s.file, line)
        for step in reports[name].steps
        for r in step.refs
        if (s := r.span)
        for line in range(s.first, s.last + 1)
    }
    wanted = {(fault.file, line) for fault in faults for line in range(fault.first, fault.last + 1)}
    assert wanted & (named | crash)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_is_called_healthy(reports: dict[str, Report], name: str) -> None:
    assert reports[name].verdict.category == "healthy"
    assert not [step for step in reports[name].steps if step.patch]


def test_a_fragment_that_tells_nothing_is_not_guessed_at() -> None:
    verdict = investigate(Path(__file__).parents[1] / "data" / "fragment").verdict
    assert verdict.abstained
    assert verdict.missing


@pytest.mark.parametrize("name", FAILING)
def test_every_span_lies_inside_a_file_of_the_run(reports: dict[str, Report], name: str, tmp_path: Path) -> None:
    root = lay_out(load(name), tmp_path / name)
    report = reports[name]
    spans = [span for h in report.hypotheses for g in (*h.supporting, *h.opposing) for span in g.spans]
    spans += [ref.span for step in report.steps for ref in step.refs if ref.span]
    assert spans
    for span in spans:
        assert (root / span.file).is_file()
        if span.unit == "line":
            assert 1 <= span.first <= span.last <= len((root / span.file).read_bytes().split(b"\n"))


@pytest.mark.parametrize("name", FAILING)
def test_every_cited_entry_was_retrieved(reports: dict[str, Report], name: str) -> None:
    known = {entry.id for entry in reports[name].evidence}
    cited = {ref.evidence for step in reports[name].steps for ref in step.refs if ref.evidence}
    assert cited <= known
    assert known, "nothing was found for a known failure mode"


@pytest.mark.parametrize("name", FAILING)
def test_the_report_survives_a_round_trip_through_json(reports: dict[str, Report], name: str) -> None:
    text = reports[name].model_dump_json(by_alias=True)
    assert Report.model_validate_json(text) == reports[name]
    contract = json.loads(text)
    assert {
        "schema_version",
        "id",
        "verdict",
        "characterization",
        "hypotheses",
        "evidence",
        "findings",
        "steps",
        "search",
        "notes",
    } <= set(contract)
    assert set(contract["hypotheses"][0]) >= {"mode", "category", "likelihood", "for", "against", "status"}


def test_a_finished_report_can_be_loaded_by_its_id(reports: dict[str, Report]) -> None:
    assert load_report(reports["r087"].id) == reports["r087"]


def test_what_was_tried_is_taken_as_evidence(reports: dict[str, Report], tmp_path: Path) -> None:
    run = lay_out(load("r087"), tmp_path / "run")
    again = investigate(run, tried=("lowered the learning rate to 1e-5, still the same",))
    assert "lowered the learning rate" in (again.characterization.tried.value or "")
    assert again.verdict.mode == reports["r087"].verdict.mode


def test_scenarios_say_what_they_are(tmp_path: Path) -> None:
    assert all(load(name).healthy for name in HEALTHY)


def test_the_same_run_gives_the_same_report_twice(reports: dict[str, Report], tmp_path: Path) -> None:
    again = investigate(lay_out(load("r013"), tmp_path / "r013"))
    volatile = {"id", "created", "timings", "path"}
    assert again.model_dump(exclude=volatile) == reports["r013"].model_dump(exclude=volatile)


def test_edited_code_is_read_again_in_the_same_process(tmp_path: Path) -> None:
    run = lay_out(load("r013"), tmp_path)
    assert [f.check for f in investigate(run).findings] == ["softmax-before-cross-entropy"]
    model = run / "model.py"
    model.write_text(model.read_text().replace("            nn.Softmax(dim=1),\n", ""))
    assert investigate(run).findings == ()


@pytest.mark.parametrize("name", FAILING)
def test_the_first_step_mends_the_faulty_place(reports: dict[str, Report], name: str) -> None:
    """An exact place in this code goes before what usually helps with such a failure, but for a cure of the same failure
    that can be carried out as it stands where the correction cannot."""
    places = load_answer(load(name)).places
    first, second = reports[name].steps[:2]
    ready = first.patch is not None and second.patch is None and first.kind == "cure"
    step = second if ready else first
    cited = [ref.span for ref in step.refs if ref.kind == "finding" and ref.span]
    assert any(span.file == p.file and span.first <= p.last and p.first <= span.last for span in cited for p in places)
