"""Compares the sums of losses of a paper with those of the code, term by term."""

import re
from collections.abc import Iterator, Sequence

from misrun.tools.code.implemented.comments import departure_comment
from misrun.tools.code.implemented.fact import RANKS
from misrun.tools.code.implemented.loss_terms import LossSum, Term, loss_sums
from misrun.tools.paper.compare_quantities import Settings
from misrun.tools.paper.loss_equations import LossEquation, PaperTerm
from misrun.tools.paper.numbers import equal, shown
from misrun.tools.paper.record import Comparison, Outcome
from misrun.tools.record import Span

# Coefficients that have a quantity of their own are compared there, too; here they go by the same topic.
_TOPICS = {
    "kl": "kl_weight",
    "commitment": "commitment_weight",
    "entropy": "entropy_coefficient",
    "value": "value_coefficient",
}
# Names that papers and code use for the same term.
_ALIKE = ({"reconstruction", "l1", "cross entropy", "nll"}, {"policy", "reward"}, {"distillation", "kl"},
          {"codebook", "quantizer"})  # fmt: skip


def compare_losses(equations: Sequence[LossEquation], settings: Settings) -> Iterator[Comparison]:
    """Rows for the terms of each equation; nothing where no sum in the code has at least half of its terms."""
    sums = list(loss_sums(settings.project))
    for equation in equations:
        best = max(sums, key=lambda one: _common(equation, one), default=None)
        if best is None or _common(equation, best) * 2 < len(equation.terms):
            yield Comparison(
                outcome="not_verified",
                topic="loss_terms",
                says=f"loss {equation.shown}",
                paper=equation.place,
                reason="no sum of losses in the code has half of these terms by name",
            )
            continue
        yield from _of_equation(equation, best, settings)


def _common(equation: LossEquation, loss: LossSum) -> int:
    return len(_matched(equation, loss))


def _matched(equation: LossEquation, loss: LossSum) -> dict[int, Term]:
    """The term of the code for each term of the paper (by index): the same kind first, else a kind that is alike."""
    left = list(loss.terms)
    found: dict[int, Term] = {}
    for alike in (False, True):
        for index, term in enumerate(equation.terms):
            if index in found:
                continue
            held = next((one for one in left if _same(term.kind, one.kind, alike)), None)
            if held is not None:
                found[index] = held
                left.remove(held)
    return found


def _same(one: str, other: str, alike: bool) -> bool:
    return one == other or (alike and any({one, other} <= group for group in _ALIKE))


def _of_equation(equation: LossEquation, loss: LossSum, settings: Settings) -> Iterator[Comparison]:
    matched = _matched(equation, loss)
    flip = _flip(equation, matched)
    unclear = len(loss.terms) > len(matched) + sum(not term.kind for term in loss.terms)
    for index, term in enumerate(equation.terms):
        held = matched.get(index)
        if held is None:
            missing: Outcome = "ambiguous" if unclear else "discrepancy"
            reason = "the sum in the code has terms whose names say nothing of the paper" if unclear else ""
            yield _row(missing, "loss_term", f"{term.kind} term {term.shown}", f"no such term in {loss.shown[:120]}",
                       term, loss.span, settings, reason, equation)  # fmt: skip
            continue
        if flip and term.sign * flip != held.sign:
            yield _row("discrepancy", "loss_sign", f"{_sign(term.sign * flip)} {term.kind}: {term.shown}",
                       f"{_sign(held.sign)} {held.shown}", term, held.span, settings, "", equation)  # fmt: skip
        else:
            yield from _coefficient(term, held, settings, equation)


def _flip(equation: LossEquation, matched: dict[int, Term]) -> int:
    """The factor between the signs: -1 where one maximises what the other minimises; 0 if that is open."""
    signs = [equation.terms[index].sign * held.sign for index, held in matched.items()]
    if not signs:
        return 0
    if not equation.maximised:
        return 1
    return signs[0]


def _coefficient(term: PaperTerm, held: Term, settings: Settings, equation: LossEquation) -> Iterator[Comparison]:
    topic = _TOPICS.get(term.kind, "loss_coefficient")
    value, places = _value(held, settings)
    says = f"{term.kind} term {term.shown}" + (
        f" with {term.symbol} = {shown(term.coefficient)}" if term.symbol and term.coefficient is not None else ""
    )
    if term.coefficient is None or value is None:
        outcome: Outcome = "verified" if term.coefficient is None and held.symbol else "not_verified"
        reason = "" if outcome == "verified" else "its coefficient is not known as a number on both sides"
        yield _row(outcome, "loss_term", says, held.shown, term, held.span, settings, reason, equation)
        return
    does = held.shown + (f" with {held.symbol} = {shown(value)}" if held.symbol else "")
    outcome = "verified" if equal(value, term.coefficient) else "discrepancy"
    if outcome == "discrepancy" and term.coefficient == 1 and not term.symbol:
        outcome = "not_verified"  # a paper that writes no coefficient may leave it out
    reason = "the paper writes no coefficient" if outcome == "not_verified" else ""
    yield _row(outcome, topic, says, does, term, places or held.span, settings, reason, equation)


def _value(held: Term, settings: Settings) -> tuple[float | None, Span | None]:
    """The coefficient's number and where it is set."""
    if not held.symbol:
        return held.coefficient, None
    symbol = held.symbol.lower().strip("_")
    named = [n for n in settings.numbers if n.name.lower().strip("_") == symbol and len(n.numbers) == 1]
    nearest = min(named, key=lambda n: RANKS.index(n.rank), default=None)
    if nearest is None or len({n.numbers for n in named if n.rank == nearest.rank}) > 1:
        return None, None
    factor = held.coefficient if held.coefficient is not None else 1.0
    return nearest.numbers[0] * factor, nearest.span


def _sign(sign: int) -> str:
    return "plus" if sign > 0 else "minus"


def _row(
    outcome: Outcome,
    topic: str,
    says: str,
    does: str,
    term: PaperTerm,
    span: Span,
    settings: Settings,
    reason: str,
    equation: LossEquation,
) -> Comparison:
    if outcome == "discrepancy" and (said := departure_comment(settings.project, span)):
        outcome, reason = "departure", f'a comment says so: "{said}"'
    at_value = topic not in ("loss_term", "loss_sign") or outcome == "verified"
    return Comparison(
        outcome=outcome,
        topic=topic,
        says=re.sub(r"\s+", " ", says),
        does=does,
        paper=term.place if at_value else equation.place,
        code=(span,),
        severity="error" if outcome == "discrepancy" else "note",
        reason=reason,
    )
