"""The validator: true citations stand, forged ones fall with their sentence, and the search is sent out when needed."""

from pathlib import Path

import pytest
from small_runs import RunFolder, diagnosis, nan_run

from misrun.agents.characterization import Characterization
from misrun.agents.step import Claim, NextStep, Reference
from misrun.agents.synthesizer import synthesize
from misrun.agents.validator import validate
from misrun.knowledge.evidence import Evidence, SearchOutcome
from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.hypothesis import Diagnosis, Hypothesis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure

MODE = "optimization/learning_rate_too_high"
TOLD = diagnosis((MODE, 0.8))


def at(first: int, last: int | None = None, file: str = "train.log") -> Reference:
    span = Span(file=file, first=first, last=last or first)
    return Reference(kind="span", label=str(span), span=span)


def step(*claims: Claim, mode: str = MODE) -> NextStep:
    whole = (
        Claim(part="what", text="Lower it."),
        Claim(part="how", text="Edit it."),
        Claim(part="verify", text="See it."),
    )
    texts = {
        part: " ".join(c.text for c in (*whole, *claims) if c.part == part) for part in ("what", "why", "how", "verify")
    }
    return NextStep(
        **texts, mode=mode, likelihood=0.5, effort="one line", diagnostic_value=0.1, claims=(*whole, *claims)
    )


def why(text: str, *refs: Reference, derived: tuple[str, ...] = ()) -> Claim:
    return Claim(part="why", text=text, refs=refs, derived=derived)


TRUE = why("The loss was 0.42 at step 156.", at(9))


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    return nan_run(tmp_path).build()


def source(modes: tuple[str, ...] = (MODE,), fix: str = "Divide the rate by 10.") -> Evidence:
    return Evidence(
        id="issue-1", kind="issue", url="https://example.org/1", title="A title", year=2023, level=1, query="q", score=0.8,
        modes=modes, problem="NaN.", cause="Too high.", fix=fix, verify="Finite.", strength="confirmed",
        applicability="high", why="same setting",
    )  # fmt: skip


CITED = Reference(kind="evidence", label="A title", evidence="issue-1", url="https://example.org/1")


def only(
    run: RunRecord, *claims: Claim, evidence: tuple[Evidence, ...] = (), findings: tuple[Finding, ...] = ()
) -> NextStep:
    steps = validate((step(TRUE, *claims),), run, evidence, findings, TOLD).steps
    assert len(steps) == 1
    return steps[0]


def test_what_the_synthesizer_cites_checks_out(run: RunRecord) -> None:
    steps = synthesize(
        run, (), TOLD, Characterization(), SearchOutcome(evidence=(source(fix="Lower the learning rate."),)), ()
    ).steps
    checked = validate(steps, run, (source(fix="Lower the learning rate."),), (), TOLD)
    assert [s.what for s in checked.steps] == [s.what for s in steps]
    assert all(s.verdict and s.verdict.citations_dropped == 0 for s in checked.steps)
    assert sum(s.verdict.citations_checked for s in checked.steps if s.verdict) >= 5
    assert checked.convinced
    assert checked.wanted == ()


@pytest.mark.parametrize(
    "forged",
    [
        why("The loss was 0.37 at step 156.", at(9)),  # a number that is not there
        why("The loss was 0.42 at step 150.", at(9)),  # a step that is not there
        why("The loss rose.", at(11)),  # a line past the end of the file
        why("The loss rose.", at(1, file="other.log")),  # a file that is not there
        why("The loss rose.", at(1, file="../" * 9 + "etc/hostname")),  # a file outside the run
        why("A source says so.", CITED),  # a source that was not retrieved
        why("The loss was 0.37."),  # a number without a citation
    ],
)
def test_a_forged_claim_is_dropped_and_the_rest_stays(run: RunRecord, forged: Claim) -> None:
    checked = only(run, forged)
    assert forged.text not in checked.why
    assert TRUE.text in checked.why
    assert forged not in checked.claims
    assert checked.refs == TRUE.refs
    assert checked.verdict is not None
    assert not checked.verdict.convinced
    assert checked.verdict.citations_dropped == len(forged.refs)


@pytest.mark.parametrize(
    "true",
    [
        why("The loss was about 0.4 at step 156.", at(9)),  # rounded
        why("The gradient norm stayed at 1.20 from step 148 on.", at(1, 9)),
        why("That is 3 times less.", derived=("3",)),  # computed, and said to be
        why("train.log:9 holds it.", at(9)),  # the line number of the citation itself
        why("The rate was 3e-4.", at(1, file="config.yaml")),  # other spelling of 0.0003
    ],
)
def test_a_true_claim_stands(run: RunRecord, true: Claim) -> None:
    assert true.text in only(run, true).why


def test_a_source_about_another_mode_does_not_support_the_step(run: RunRecord) -> None:
    claim = why('"A title" fixed it.', CITED)
    assert claim.text in only(run, claim, evidence=(source(),)).why
    assert claim.text not in only(run, claim, evidence=(source(modes=("data_pipeline/leakage",)),)).why


def test_numbers_put_into_a_sources_mouth_are_dropped(run: RunRecord) -> None:
    said, invented = why("It divides the rate by 10.", CITED), why("It divides the rate by 50.", CITED)
    checked = only(run, said, invented, evidence=(source(),))
    assert said.text in checked.why
    assert invented.text not in checked.why


def test_a_hyphen_before_a_number_is_no_minus(run: RunRecord) -> None:
    claim = why("It maps labels to 0..C-1 in files 3-7.", CITED)
    entry = source(fix="Map labels to 0..C-1; files 3-7 were wrong.")
    assert claim.text in only(run, claim, evidence=(entry,)).why


def test_a_finding_has_to_exist_at_that_place(tmp_path: Path) -> None:
    folder = nan_run(tmp_path)
    folder.code("train.py", "x\n" * 50)
    run = folder.build()
    found = Finding(check="log-domain", agent="silent_bug", file="train.py", line=41, last_line=41, severity="error",
                    confidence=0.9, message="log of 0", expected="a clamp", mode=MODE)  # fmt: skip
    ref = Reference(kind="finding", label=f"log-domain at {found.span}", span=found.span)
    claim = why("log of 0.", ref)
    assert claim.text in only(run, claim, findings=(found,)).why
    assert claim.text not in only(run, claim).why
    moved = found.model_copy(update={"line": 7, "last_line": 7})
    assert claim.text not in only(run, claim, findings=(moved,)).why


def test_a_step_that_loses_its_sentence_or_all_cited_reasons_is_dropped(run: RunRecord) -> None:
    headless = NextStep(what="Set 9.", why="", how="Edit.", verify="See.", mode=MODE, likelihood=0.5, effort="one line",
                        diagnostic_value=0.0, claims=(Claim(part="what", text="Set 9.", refs=(at(9),)),
                                                      Claim(part="how", text="Edit.")))  # fmt: skip
    groundless = step(why("The loss was 7.7.", at(9)))
    checked = validate((headless, groundless), run, (), (), TOLD)
    assert checked.steps == ()
    assert not checked.convinced
    assert checked.wanted == (MODE,)
    assert checked.summary.startswith("0 of 2 steps stand")


def test_sizes_are_compared_in_their_units(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.line("train.log", "CUDA out of memory. Tried to allocate 512.00 MiB (GPU 0; 23.69 GiB total capacity)")
    run = folder.build()
    stands = why("It asked for 0.50 GiB of 23.69 GiB.", at(1))
    falls = why("It asked for 0.70 GiB of 23.69 GiB.", at(1))
    checked = validate((step(stands, falls),), run, (), (), TOLD).steps[0]
    assert stands.text in checked.why
    assert falls.text not in checked.why


def test_binary_sources_are_checked_against_their_points(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for index in range(5):
        folder.builder.metric("loss", 2.0 - 0.25 * index, file="events.tfevents", step=100.0 + index)
    run = folder.build()
    span = Span(file="events.tfevents", first=102, last=104, unit="step")
    ref = Reference(kind="span", label=str(span), span=span)
    stands, falls = why("The loss was 1.25 at step 103.", ref), why("The loss was 1.75 at step 103.", ref)
    checked = validate((step(stands, falls),), run, (), (), TOLD).steps[0]
    assert stands.text in checked.why
    assert falls.text not in checked.why


def test_utf16_and_crlf_files_are_cited_by_the_same_lines(tmp_path: Path) -> None:
    (tmp_path / "wide.log").write_bytes("step 1 loss 0.5\r\nstep 2 loss 0.25\r\n".encode("utf-16"))
    run = RunRecord(root=str(tmp_path))
    stands, falls = why("The loss was 0.25.", at(2, file="wide.log")), why("The loss was 0.5.", at(2, file="wide.log"))
    checked = validate((step(stands, falls),), run, (), (), TOLD).steps[0]
    assert stands.text in checked.why
    assert falls.text not in checked.why


def test_a_likely_cause_without_a_source_sends_the_search_out_again(run: RunRecord) -> None:
    checked = validate((step(TRUE),), run, (), (), diagnosis((MODE, 0.8), ("optimization/oscillation", 0.1)))
    assert not checked.convinced
    assert checked.wanted == (MODE, "optimization/oscillation")


def test_an_unlikely_cause_an_abstention_and_a_healthy_run_do_not(run: RunRecord) -> None:
    for told in (
        diagnosis((MODE, 0.3)),
        diagnosis((MODE, 0.6), abstained=True, missing="the gradient norm at every step"),
        diagnosis(("healthy/healthy", 0.9)),
    ):
        assert validate((step(TRUE),), run, (), (), told).convinced


def test_the_verdict_says_where_the_mode_stands_in_the_diagnosis(run: RunRecord) -> None:
    eliminated = Diagnosis(category="optimization", mode=MODE, likelihood=0.4, abstained=False, hypotheses=(
        Hypothesis(mode="optimization/oscillation", category="optimization", likelihood=0.4),
        Hypothesis(mode=MODE, category="optimization", likelihood=0.1, status="eliminated")))  # fmt: skip
    for told, words in ((TOLD, "likelihood 0.80, rank 1 of 1"), (eliminated, "rank 2 of 2, eliminated")):
        verdict = validate((step(TRUE),), run, (), (), told).steps[0].verdict
        assert verdict is not None
        assert words in verdict.classifier
        assert (verdict.support, verdict.of, verdict.executed) == (0, 0, "not run")


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != HEALTHY])
def test_every_step_of_every_mode_survives_its_own_check(tmp_path: Path, mode: str) -> None:
    folder = nan_run(tmp_path)
    folder.setting("num_classes", 10)
    folder.setting("weight_decay", 0.1)
    folder.setting("dropout", 0.2)
    folder.setting("num_workers", 4)
    folder.error("target_out_of_bounds", "Target 12 is out of bounds.", exception="IndexError")
    run = folder.build()
    signals = measure(run)
    told = diagnosis((mode, 0.6), (MODE if mode != MODE else "optimization/oscillation", 0.2))
    steps = synthesize(run, signals, told, Characterization(), SearchOutcome(), ()).steps
    checked = validate(steps, run, (), (), told)
    assert [s.action for s in checked.steps] == [s.action for s in steps]
    assert sum(s.verdict.citations_dropped for s in checked.steps if s.verdict) == 0
    assert any(s.mode == mode for s in checked.steps)


def test_user_files_are_left_as_they_were(run: RunRecord) -> None:
    before = {path.name: path.read_bytes() for path in Path(run.root).iterdir()}
    only(run)
    assert {path.name: path.read_bytes() for path in Path(run.root).iterdir()} == before
