"""The card of what is fitted of misrun's diagnosis: data, protocol, numbers and limits.

`python -m misrun.evals.model_card DIR` writes it from fusion.json and the summary.json of `misrun eval --out DIR`.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from misrun.evals import tables
from misrun.evals.evaluation import SUMMARY, engine_digest
from misrun.evals.held_out import HeldOut
from misrun.evals.report import markdown_table
from misrun.evals.splits import QUESTIONS
from misrun.evals.summary import CHAMPION, Evaluation, MethodSummary
from misrun.evals.views import ABLATIONS
from misrun.tools.diagnosis.fusion import SHIPPED, Fusion
from misrun.tools.diagnosis.partial import PASTED_LINES

CARD = Path(__file__).resolve().parents[1] / "docs" / "MODEL_CARD.md"


def card(evaluation: Evaluation, shipped: Mapping[str, Any]) -> str:
    """The card as Markdown, from an evaluation and the content of fusion.json; no number is typed in."""
    splits = [split for split in QUESTIONS if split not in ABLATIONS]
    fusion = Fusion.model_validate(shipped["fusion"])
    champion = evaluation.champion("grouped")
    assert champion is not None, "an evaluation of misrun on grouped folds"
    sections = {
        "What it is": _WHAT,
        "What is fitted": markdown_table(calibrations_table(fusion)),
        "Data": _DATA.format(**shipped, lines=PASTED_LINES),
        "Protocol": _PROTOCOL,
        "On runs that it was not fitted on": markdown_table(held_out_table(shipped)) + _HELD_OUT,
        "Numbers": markdown_table(tables.splits_table(evaluation, splits)) + _NUMBERS + _calibration_error(champion),
        "Beside other methods (grouped folds)": markdown_table(tables.methods_table(evaluation.of("grouped"))),
        "Where it is wrong": markdown_table(tables.confusion_table(champion)),
        "Limits": _LIMITS,
    }
    head = "# Model card: what is fitted of misrun's diagnosis\n\n"
    head += f"Written by evals/model_card.py; engine {evaluation.version}.\n"
    return head + "".join(f"\n## {title}\n\n{text.strip()}\n" for title, text in sections.items())


def calibrations_table(fusion: Fusion) -> tables.Table:
    """Threshold, slope and offset of each footing, and what they make of three likelihoods."""
    rows = [
        (footing, f"{c.told_from:.2f}", f"{c.slope:.2f}", f"{c.offset:+.2f}", _shown(fusion, footing))
        for footing, c in fusion.calibrations.items()
    ]
    head = ("the answer rests on", "told from", "slope", "offset", "0.60 / 0.80 / 0.95 is shown as")
    return head, [*rows, ("unfitted", "0.60", "1.00", "+0.00", "0.60 / 0.80 / 0.95")]


def _shown(fusion: Fusion, footing: str) -> str:
    calibration = next(c for name, c in fusion.calibrations.items() if name == footing)
    return " / ".join(f"{calibration.share_right(likelihood):.2f}" for likelihood in (0.60, 0.80, 0.95))


def held_out_table(shipped: Mapping[str, Any]) -> tables.Table:
    """Right of told and the calibration error, unfitted and fitted on other folds, per set of runs and view."""
    head = ("runs", "seen", "right / told, unfitted", "ECE, unfitted", "right / told, fitted", "ECE, fitted")
    found = (HeldOut.model_validate(row) for row in shipped["held_out"])
    return head, [
        (r.source, r.view, f"{r.right_unfitted}/{r.told_unfitted}", f"{r.error_unfitted:.3f}", f"{r.right}/{r.told}",
         f"{r.error:.3f}")
        for r in found
    ]  # fmt: skip


def _calibration_error(champion: MethodSummary) -> str:
    told = sum(b.n for b in champion.bins)
    bins = f"{len(champion.bins)} of 10 bins of equal width used"
    return f"Grouped folds: ECE {champion.calibration_error:.3f} over {told} answers, {bins}."


_WHAT = """
For every failure mode the log-odds that text, what users say, series, settings, code findings and reported attempts
give it are added up (diagnosis/clues/), and the soft-max of the sums, beside a fixed "something else", ranks the
modes. Those log-odds are judgements from the definitions of the signals; nothing about them is fitted. Fitted is, for
each of three things an answer can rest on (the error that ended the run; else the code, which was read; else only
curves and text), from which likelihood on the leading category is told, and how often an answer of that likelihood is
right. Neither changes which mode is first. fusion.json holds these numbers and is read as JSON: nothing in it can
run.

Weights per kind of evidence were fitted too (a conditional logit, with offsets per category or without, priors from
tight to wide, on scenarios alone and with the development runs). On held-out folds none told more runs right without
telling fewer healthy ones healthy or answering fewer pasted logs, so they are not used.
"""
_DATA = """
The {scenarios} scenarios of the benchmark (scenarios/README.md; fingerprint of what was seen: {fitted_on}) and the
{development_runs} development runs (evals/development_runs.py), small programs that really ran, on the processor.
Each run is seen whole, by its console logs alone, and by their last {lines} lines. Either set counts as much as the
other.
Ids, paths and recording data are not among what is seen (tests/evals/test_run.py renames them). `python -m
misrun.evals.fit` fits anew.
"""
_PROTOCOL = """
Nothing is judged by what was fitted on it. Grouped folds keep all runs of one failure mode together. Signals, checks
and clues were written by hand with the development runs and some of the scenarios open to look at, and the others
held back: "not looked at" counts the latter. In `misrun eval` each fold is calibrated on its training scenarios
alone.
"""
_HELD_OUT = """
Five folds over both sets at once. A fitted threshold may be lower than the unfitted one and never higher, so that
nothing is withheld that would be told without a fit. ECE is over ten bins of equal width.
"""
_NUMBERS = """
`misrun eval` prints these and writes every prediction to results.jsonl; half_way are healthy runs only.

"""
_LIMITS = """
- The scenarios are small and were written for this benchmark: real runs are longer, noisier and fail in more ways.
- Likelihoods are calibrated on the mix of these runs (a quarter of the scenarios and half of the development runs are
  healthy); another mix shifts them, most for answers that rest on curves alone.
- The development runs are those that signals and checks were developed on: shares on them are too good. That is why
  they count no more than the scenarios, of which there are fewer.
- Lead times rest on the few scenarios whose onset is late enough; their denominators say how few. Many of these have
  no precursor in what is logged or in the code, and "healthy so far" is then counted as wrong.
- Hardware faults and failures of many machines are known from texts alone: no scenario has them.
"""


def main() -> None:
    """Write the card from the evaluation in the folder given; it must be of the code as it is now."""
    summary = Path(sys.argv[1]) / SUMMARY
    evaluation = Evaluation.model_validate_json(summary.read_text("utf-8"))
    if evaluation.version != engine_digest():
        sys.exit(f"{summary} is of another version: run misrun eval --out {sys.argv[1]} again")
    if evaluation.champion("grouped") is None:
        sys.exit(f"{summary} has no {CHAMPION} on grouped folds")
    CARD.write_text(card(evaluation, json.loads(SHIPPED.read_text("utf-8"))), "utf-8")
    sys.stdout.write(f"{CARD.name} written\n")


if __name__ == "__main__":
    main()
