"""The card of weights fitted on the benchmark: data, protocol, numbers and limits, from one evaluation.

`python -m misrun.evals.model_card DIR` writes it from the summary.json of `misrun eval --out DIR`.
"""

import json
import sys
from pathlib import Path

from misrun.evals import tables
from misrun.evals.evaluation import SUMMARY, engine_digest
from misrun.evals.report import markdown_table
from misrun.evals.splits import QUESTIONS
from misrun.evals.summary import CHAMPION, Evaluation
from misrun.evals.views import ABLATIONS
from misrun.tools.diagnosis.fusion import SHIPPED, Fusion

CARD = SHIPPED.with_name("MODEL_CARD.md")


def card(evaluation: Evaluation, fusion: Fusion, cases: int) -> str:
    """The card as Markdown; the numbers are the evaluation's, nothing is typed in."""
    splits = [split for split in QUESTIONS if split not in ABLATIONS]
    grouped = evaluation.of("grouped")
    sections = {
        "What it is": _WHAT,
        "Weights": markdown_table(_weights(fusion)),
        "Data": _DATA.format(cases=cases, fingerprint=evaluation.cases),
        "Protocol": _PROTOCOL,
        "Numbers": markdown_table(tables.splits_table(evaluation, splits)) + _NUMBERS,
        "Beside other methods (grouped folds)": markdown_table(tables.methods_table(grouped)),
        "Where it is wrong": _wrong(evaluation),
        "Limits": _LIMITS,
    }
    head = (
        f"# Model card: misrun's fusion of evidence\n\nWritten by evals/model_card.py; engine {evaluation.version}.\n"
    )
    return head + "".join(f"\n## {title}\n\n{text.strip()}\n" for title, text in sections.items())


def _weights(fusion: Fusion) -> tables.Table:
    rows = [(f"evidence: {kind}", f"{weight:.2f}", "1.00") for kind, weight in fusion.kinds.items()]
    rows += [(f"offset: {category}", f"{weight:+.2f}", "+0.00") for category, weight in fusion.categories.items()]
    rows += [("score of something else", f"{fusion.unknown:.2f}", f"{Fusion().unknown:.2f}")]
    return ("weight", "fitted", "unfitted"), [*rows]


def _wrong(evaluation: Evaluation) -> str:
    champion = evaluation.champion("grouped")
    return markdown_table(tables.confusion_table(champion)) if champion else "Not evaluated."


_WHAT = """
A conditional logit over the failure modes (diagnosis/fusion.py): for every mode the log-odds that text, what users
say, series, settings, code findings and reported attempts give it (diagnosis/clues/) are weighed by one weight per kind
of evidence, with an offset per category and a fixed score for "something else". It has no weight for any single mode,
signal or scenario. Every likelihood it gives is shown with the grounds for and against it; below 0.60 it abstains. It
is a JSON file of numbers, read as such: nothing in it can run.
"""
_DATA = """
The {cases} scenarios of the benchmark (scenarios/README.md): small training programs that really ran, on the
processor; fingerprint of what was seen: {fingerprint}. Ids, paths and recording data are not among what is seen
(tests/evals/test_run.py renames them). `python -m misrun.evals.fit` writes the weights anew.
"""
_PROTOCOL = """
Nothing is judged by what was fitted on it. Grouped folds keep all scenarios of one failure mode together; how far
weights may stray from the unfitted ones is chosen inside each training part (nested). Signals, checks and clues were
written by hand, with half of the scenarios open to look at and half held back: "not looked at" counts the latter.
"""
_NUMBERS = """
`misrun eval` prints these and writes every prediction to results.jsonl.
"""
_LIMITS = """
- The scenarios are small and were written for this benchmark: real runs are longer, noisier and fail in more ways.
- The weights of clues within one kind are judgements. Fitting changes how kinds count against each other, no more.
- Lead times rest on the few scenarios whose onset is late enough; their denominators say how few.
- Hardware faults and failures of many machines are known from texts alone: no scenario has them.
- Likelihoods are calibrated on this benchmark's mix of failures and healthy runs; another mix shifts them.
"""


def main() -> None:
    """Write the card from the evaluation in the folder given; it must be of the code as it is now."""
    summary = Path(sys.argv[1]) / SUMMARY
    evaluation = Evaluation.model_validate_json(summary.read_text("utf-8"))
    if evaluation.version != engine_digest():
        sys.exit(f"{summary} is of another version: run misrun eval --out {sys.argv[1]} again")
    if evaluation.champion("grouped") is None:
        sys.exit(f"{summary} has no {CHAMPION} on grouped folds")
    content = json.loads(SHIPPED.read_text("utf-8"))
    CARD.write_text(card(evaluation, Fusion.model_validate(content["fusion"]), content["cases"]), "utf-8")
    sys.stdout.write(f"{CARD.name} written\n")


if __name__ == "__main__":
    main()
