"""The whole way from recorded scenarios to files, on a few of them and with quick methods."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun.cli.app import app
from misrun.evals.compare import NothingToCompare, compare_with
from misrun.evals.evaluation import Request, Result, evaluate
from misrun.evals.row import Row
from misrun.evals.run import append_rows, read_rows
from misrun.evals.summary import Evaluation
from misrun.scenarios.library import load_all

METHODS = ("most_frequent", "simple_rules", "misrun")


@pytest.fixture(scope="module")
def scenarios() -> list[object]:
    """Every fourth one: some of each category."""
    return list(load_all()[0][::4])


@pytest.fixture(scope="module")
def first(scenarios: list[object], tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("evaluation")
    return evaluate(Request(scenarios, out, methods=METHODS)), out  # type: ignore[arg-type]


def test_every_readable_case_is_judged_by_every_method_on_every_split(first: tuple[Result, Path]) -> None:
    result, out = first
    rows = read_rows(out / "results.jsonl")
    for split in ("stratified", "grouped", "unseen_architecture", "logs_only"):
        for method in METHODS:
            judged = [row.scenario for row in rows if (row.split, row.method) == (split, method)]
            assert len(judged) == len(set(judged)) == 25
    assert {row.key for row in result.rows} == {row.key for row in rows}
    assert not any(row.error for row in rows)


def test_the_summary_is_what_the_rows_say(first: tuple[Result, Path]) -> None:
    _, out = first
    summary = Evaluation.model_validate_json((out / "summary.json").read_text())
    rows = [r for r in read_rows(out / "results.jsonl") if r.split == "grouped" and r.category != "healthy"]
    for found in summary.of("grouped"):
        own = [row for row in rows if row.method == found.method]
        assert (found.category.k, found.category.n) == (sum(row.hit for row in own), len(own))
        assert found.category.low <= found.category.value <= found.category.high
    assert {c.second for c in summary.comparisons["grouped"]} == {"most_frequent", "simple_rules"}


def test_the_page_stands_alone_and_shows_every_section_of_the_markdown(first: tuple[Result, Path]) -> None:
    _, out = first
    page, text = (out / "report.html").read_text(), (out / "report.md").read_text()
    assert "<svg" in page
    assert not re.search(r"(src|href)=\"(?!#)[^\"]*//", page)
    titles = re.findall(r"^## (.+)$", text, re.M)
    assert len(titles) > 10
    assert all(title.replace("'", "&#x27;") in page for title in titles)


def test_a_second_call_works_nothing_off_and_says_the_same(
    first: tuple[Result, Path], scenarios: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    result, out = first

    def never(*args: object) -> list[Row]:
        raise AssertionError("nothing is left to do")

    monkeypatch.setattr("misrun.evals.run.evaluate", never)
    again = evaluate(Request(scenarios, out, methods=METHODS))  # type: ignore[arg-type]
    assert again.evaluation.methods == result.evaluation.methods
    assert again.set_aside is None


def test_rows_of_another_version_are_kept_aside(scenarios: list[object], tmp_path: Path) -> None:
    request = Request(scenarios[:6], tmp_path, methods=("simple_rules",))  # type: ignore[arg-type]
    evaluate(request)
    mark = json.loads((tmp_path / "evaluation.json").read_text())
    (tmp_path / "evaluation.json").write_text(json.dumps(mark | {"engine": "older"}))
    before = (tmp_path / "results.jsonl").read_text()
    aside = evaluate(request).set_aside
    assert aside is not None
    assert aside.name == "results.older.jsonl"
    assert aside.read_text() == before


def test_a_scenario_that_cannot_be_read_is_rows_and_the_others_go_on(
    scenarios: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = scenarios[0].id  # type: ignore[attr-defined]

    def lay_out(scenario: object, folder: Path) -> Path:
        if scenario.id == broken:  # type: ignore[attr-defined]
            raise OSError("disk on fire")
        return real(scenario, folder)  # type: ignore[arg-type]

    from misrun.evals import cases

    real = cases.lay_out
    monkeypatch.setattr(cases, "lay_out", lay_out)
    result = evaluate(Request(scenarios[:6], tmp_path, methods=("simple_rules", "most_frequent")))  # type: ignore[arg-type]
    bad = [row for row in result.rows if row.error]
    assert {(row.scenario, row.method, row.error) for row in bad} == {
        (broken, method, "OSError: disk on fire") for method in ("simple_rules", "most_frequent")
    }
    assert result.evaluation.unreadable == {broken: "OSError: disk on fire"}
    assert "disk on fire" in (tmp_path / "report.md").read_text()


def test_only_the_wanted_cases_are_judged_but_all_are_learned_from(scenarios: list[object], tmp_path: Path) -> None:
    wanted = frozenset({scenarios[3].id})  # type: ignore[attr-defined]
    result = evaluate(Request(scenarios, tmp_path, methods=("misrun",), judged=wanted))  # type: ignore[arg-type]
    assert {row.scenario for row in result.rows} == wanted


def test_comparing_names_what_got_worse_and_what_got_better(first: tuple[Result, Path], tmp_path: Path) -> None:
    rows = [row for row in first[0].rows if row.method == "misrun" and row.split == "grouped"]
    right, wrong = next(r for r in rows if r.hit), next(r for r in rows if not r.hit)
    old = tmp_path / "old.jsonl"
    append_rows(old, [right.model_copy(update={"hit": False}), wrong.model_copy(update={"hit": True})])
    changes = compare_with(old, rows)
    assert [(c.scenario, c.worse) for c in changes] == [(wrong.scenario, True), (right.scenario, False)]
    (tmp_path / "empty.jsonl").write_text("not rows\n")
    with pytest.raises(NothingToCompare):
        compare_with(tmp_path / "empty.jsonl", rows)


def test_the_command_prints_a_table_that_fits_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    called = CliRunner().invoke(
        app,
        ["eval", "--out", str(tmp_path), "--methods", "simple_rules,misrun", "--scenarios", "unknown", "--jobs", "1"],
    )
    assert called.exit_code == 0, called.output
    assert "misrun" in called.stdout
    assert "/8" in called.stdout
    assert max(len(line) for line in called.stdout.splitlines() if str(tmp_path) not in line) <= 80
    assert {row.category for row in read_rows(tmp_path / "results.jsonl")} == {"unknown"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--methods", "magic"], "there is no method 'magic'"),
        (["--scenarios", "r999"], "no scenario and no category"),
        (["--compare", "nowhere.jsonl"], "not a file"),
        (["--fresh", "."], "misrun scenarios record"),
    ],
)
def test_a_wrong_argument_is_told_in_words_before_anything_runs(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    called = CliRunner().invoke(app, ["eval", "--out", str(tmp_path / "out"), *arguments])
    assert called.exit_code == 2
    assert words in called.output
    assert not (tmp_path / "out").exists()
