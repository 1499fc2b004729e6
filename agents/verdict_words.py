"""The verdict in words: what every face and the conversation say of it in the same way."""

from misrun.agents.report import Report
from misrun.tools.diagnosis.taxonomy import MODES


def mode_name(mode: str) -> str:
    """ "optimization/unstable_arithmetic" as "unstable arithmetic"."""
    return mode.rsplit("/", 1)[-1].replace("_", " ")


def share(likelihood: float) -> str:
    """A likelihood with two digits; what rounds to 1 is told as above 0.99, because nothing here is certain."""
    return ">0.99" if likelihood > 0.995 else f"{likelihood:.2f}"


def headline(report: Report) -> str:
    """The verdict in one sentence, with how sure it is."""
    verdict = report.verdict
    if verdict.abstained:
        return f"I do not know. {verdict.reason[:1].upper()}{verdict.reason[1:]}."
    if verdict.category == "healthy":
        return f"This run looks healthy (likelihood {share(verdict.likelihood)})."
    name = mode_name(verdict.mode)
    if verdict.mode_likelihood < verdict.likelihood - 0.1:
        return (
            f"{verdict.category.replace('_', ' ').capitalize()} failure (likelihood {share(verdict.likelihood)}), "
            f"most likely {name} ({share(verdict.mode_likelihood)})."
        )
    return f"{name.capitalize()} ({verdict.category.replace('_', ' ')}), likelihood {share(verdict.mode_likelihood)}."


def definition(report: Report) -> str:
    """What the failure mode means; empty when abstained."""
    return "" if report.verdict.abstained else MODES[report.verdict.mode].definition
