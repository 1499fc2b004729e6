"""Compares the quantities that a paper states with the numbers that code sets, both ways."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from misrun.tools.code.implemented.comments import departure_comment
from misrun.tools.code.implemented.fact import RANKS, NamedNumber
from misrun.tools.code.implemented.layers import positional_bases
from misrun.tools.code.implemented.library_defaults import library_numbers
from misrun.tools.code.implemented.named_numbers import named_numbers
from misrun.tools.code.implemented.words import Vocabulary
from misrun.tools.code.project_model import Project
from misrun.tools.paper.numbers import equal, shown
from misrun.tools.paper.quantities import BY_TOPIC, QUANTITIES, Quantity
from misrun.tools.paper.record import Comparison, Outcome, Severity, Statement
from misrun.tools.readers.run_record import ConfigValue
from misrun.tools.record import Span

_DEVICES = re.compile(
    r"(?:n|num|nb)?_?(?:gpus?|devices|world_size|n_gpus?|nproc_per_node|num_devices|ngpus)", re.IGNORECASE
)
# More places than this no longer help the reader.
_MOST_PLACES = 4


@dataclass(frozen=True)
class Settings:
    """The numbers of a project by quantity, the nearest to what runs first; `vocabulary` are the words of its code."""

    project: Project
    numbers: tuple[NamedNumber, ...]
    vocabulary: Vocabulary

    @classmethod
    def of(cls, project: Project, config: Sequence[ConfigValue]) -> "Settings":
        given: dict[str, list[tuple[str, int]]] = {}
        for quantity in QUANTITIES:
            for call, position in quantity.given.items():
                given.setdefault(call, []).append((f"{quantity.topic}!", position))
        bases = (
            NamedNumber(name=form.topic, numbers=(base,), rank="used", context=form.shown, span=form.span)
            for base, form in positional_bases(project)
        )
        numbers = (*named_numbers(project, config, given), *bases)
        return cls(project, numbers, Vocabulary.of(project, [value.name for value in config]))

    def of_quantity(self, quantity: Quantity) -> list[NamedNumber]:
        """What may be this quantity, what runs before what is only a default."""
        found = [n for n in self.numbers if _is(quantity, n) and all(map(quantity.possible, n.numbers))]
        for elsewhere in (_of_side_program, _of_evaluation):
            found = [n for n in found if not elsewhere(n)] or found
        return sorted(found, key=lambda n: RANKS.index(n.rank))


_SIDE = re.compile(
    r"(?:^|[/_-])(?:eval|bench|sampl|test|demo|infer|generat|plot|visual|example|docs?(?=/)|finetun|probe|linear_|lr_?find|find_?lr|search|tune_|sweep)",
    re.I,
)
_EVALUATES = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|test|eval|evaluation|dev)(?:[^a-z]|$)", re.IGNORECASE)


def _of_side_program(number: NamedNumber) -> bool:
    """Whether the file is by its name one that evaluates, samples or shows, beside the one that trains."""
    return bool(_SIDE.search(number.span.file))


def _of_evaluation(number: NamedNumber) -> bool:
    return bool(_EVALUATES.search(f"{number.name} {number.owner} {number.context}"))


def _is(quantity: Quantity, number: NamedNumber) -> bool:
    if number.name.endswith("!"):
        return number.name == f"{quantity.topic}!" and not (
            quantity.not_owner and re.search(quantity.not_owner, number.owner)
        )
    return bool(quantity.code_pattern.fullmatch(number.name)) and quantity.owned(number.owner)


def compare_quantities(statements: Sequence[Statement], settings: Settings) -> Iterator[Comparison]:
    """One row for each quantity that the paper states as its own, then those that only the code has."""
    topics: dict[str, list[Statement]] = {}
    for statement in statements:
        topics.setdefault(statement.topic, []).append(statement)
    for topic, said in topics.items():
        mine = [statement for statement in said if statement.standing != "other"]
        if mine:
            yield from _topic(BY_TOPIC[topic], mine, settings)
    for quantity in QUANTITIES:
        stated = any(s.standing != "other" for s in topics.get(quantity.topic, ()))
        if quantity.weighty and not stated:
            yield from _unstated(quantity, settings)


def _topic(quantity: Quantity, said: Sequence[Statement], settings: Settings) -> Iterator[Comparison]:
    """Own statements are compared one by one; where they contradict each other, none can convict the code."""
    own = [statement for statement in said if statement.standing == "own"]
    open_ones = [statement for statement in said if statement.standing != "own"]
    groups: dict[tuple[tuple[str, ...], str], list[Statement]] = {}
    for statement in own:
        groups.setdefault((statement.roles, statement.unit), []).append(statement)
    for group in groups.values():
        rows = [_compared(quantity, statement, settings) for statement in group]
        differing = len({statement.numbers[:1] for statement in group}) > 1
        yield from _settled(rows) if differing else rows[:1]
    if not own and open_ones:
        yield _open_row(quantity, open_ones, settings)


def _settled(rows: Sequence[Comparison]) -> Iterator[Comparison]:
    """Several values in one paper: what agrees with one of them is in order; else it is open which one is meant."""
    agreeing = [row for row in rows if row.outcome == "verified"]
    if agreeing:
        yield agreeing[0]
        return
    says = " and ".join(dict.fromkeys(row.says for row in rows))
    reason = "the paper gives several values and does not say here which one is meant"
    outcome = "ambiguous" if rows[0].code else "not_verified"
    yield rows[0].model_copy(update={"outcome": outcome, "says": says, "reason": reason, "severity": "note"})


def _open_row(quantity: Quantity, said: Sequence[Statement], settings: Settings) -> Comparison:
    """The paper names several values: a variant's value in the code tells which variant it is."""
    candidates = _candidates(quantity, said[0], settings)
    for statement in said:
        held = [n for n in candidates if any(equal(n.numbers[0], value) for value in statement.numbers)]
        if held and statement.standing == "variant":
            return _row("verified", quantity, statement, held[:1], f"the value of the variant {statement.label}")
    every = settings.of_quantity(quantity)
    for statement in said:
        found = [[n for n in every if any(equal(one, value) for one in n.numbers)] for value in statement.numbers]
        if statement.standing == "listed" and all(found):
            return _row("verified", quantity, statement, [some[0] for some in found])
    first = said[0]
    why = {"searched": "the paper names values that were tried, not the one that was used",
           "variant": "the paper gives one value for each variant, and the code has none of them",
           "listed": "the paper lists several values"}[first.standing]  # fmt: skip
    says = ", ".join(dict.fromkeys(shown(value) for statement in said for value in statement.numbers))
    row = _row("ambiguous" if candidates else "not_verified", quantity, first, candidates[:1], why)
    return row.model_copy(update={"says": f"{quantity.title} {says}"})


def _candidates(quantity: Quantity, statement: Statement, settings: Settings) -> list[NamedNumber]:
    """The numbers that can be what the statement speaks of, only those nearest to what runs."""
    found = [n for n in settings.of_quantity(quantity) if _same_unit(quantity, statement, n)]
    found = _of_role(statement, found) or []
    return [n for n in found if n.rank == found[0].rank]


def _same_unit(quantity: Quantity, statement: Statement, number: NamedNumber) -> bool:
    """Whether a warm-up of so many steps is compared with steps, not with a ratio."""
    if quantity.topic != "warmup":
        return True
    name = number.name.lower()
    unit = "ratio" if re.search("ratio|frac|prop", name) else "epochs" if "epoch" in name else "steps"
    return not statement.unit or unit == statement.unit


def _of_role(statement: Statement, found: list[NamedNumber]) -> list[NamedNumber]:
    """Those that belong to the part that is spoken of; where the code names other parts only, none."""
    if not statement.roles:
        return found
    mine = [n for n in found if any(_speaks_of(role, n) for role in statement.roles)]
    return mine or [n for n in found if not any(_speaks_of(role, n) for role in _PARTS)]


# A part of the model by the words that stand for it in code.
_PARTS = {
    "actor": r"actor|policy|(?:^|[^a-z])pi(?:[^a-z]|$)",
    "critic": r"critic|value|(?:^|[^a-z])(?:qf?\d?|vf)(?:[^a-z]|$)",
    "policy": r"policy|actor|(?:^|[^a-z])pi(?:[^a-z]|$)", "value": r"value|critic|(?:^|[^a-z])vf(?:[^a-z]|$)",
    "generator": r"gen(?:erator)?(?:[^a-z]|$)|(?:^|[^a-z])(?:g|netg)(?:[^a-z]|$)",
    "discriminator": r"disc(?:riminator)?(?:[^a-z]|$)|(?:^|[^a-z])(?:d|netd)(?:[^a-z]|$)",
    "encoder": "encoder", "decoder": "decoder", "teacher": "teacher", "student": "student", "backbone": "backbone",
}  # fmt: skip


def _speaks_of(role: str, number: NamedNumber) -> bool:
    return re.search(_PARTS[role], f"{number.name} {number.owner} {number.context}".lower()) is not None


def _compared(quantity: Quantity, statement: Statement, settings: Settings) -> Comparison:
    every = _of_role(statement, [n for n in settings.of_quantity(quantity) if _same_unit(quantity, statement, n)])
    if not every:
        return _without_number(quantity, statement, settings)
    nearest = [n for n in every if n.rank == every[0].rank]
    agreeing, extra = _agreeing(quantity, statement, nearest, settings)
    differing = [n for n in nearest if n not in agreeing]
    apart = [n for n in differing if n.rank == "used" and n.span.file in {one.span.file for one in agreeing}]
    if agreeing and not (statement.whole and apart and quantity.topic in _OF_OPTIMIZERS):
        return _row("verified", quantity, statement, agreeing[:1])
    farther = [n for n in every if n not in nearest and _equals(statement, n)]
    values = {n.numbers for n in differing}
    differing += [n for n in every if n not in nearest and n.numbers in values][:1]
    return _disagreement(quantity, statement, differing, farther, extra, settings)


_OF_OPTIMIZERS = frozenset(("learning_rate", "beta1", "beta2", "weight_decay", "momentum", "adam_epsilon"))


def _agreeing(
    quantity: Quantity, statement: Statement, found: Sequence[NamedNumber], settings: Settings
) -> tuple[list[NamedNumber], list[NamedNumber]]:
    """The numbers that say the same, and the factors (devices, accumulation) that a batch was multiplied with."""
    if quantity.topic != "batch_size":
        return [n for n in found if _equals(statement, n)], []
    factors = _factors(settings)
    agreeing = []
    for n in found:
        products = _products(n.numbers[0], [factor.numbers[0] for factor in factors])
        possible = products[-1:] if statement.total and factors else products
        if any(equal(product, value) for product in possible for value in statement.numbers[:1]) or any(
            equal(n.numbers[0], value) for value in statement.numbers[1:]
        ):
            agreeing.append(n)
    return agreeing, factors


def _factors(settings: Settings) -> list[NamedNumber]:
    accumulation = settings.of_quantity(BY_TOPIC["accumulation"])[:1]
    devices = [n for n in settings.numbers if _DEVICES.fullmatch(n.name) and n.numbers[0] >= 1]
    return [*accumulation, *sorted(devices, key=lambda n: RANKS.index(n.rank))[:1]]


def _products(batch: float, factors: Sequence[float]) -> list[float]:
    """The batch alone, with each factor, and with all of them (last)."""
    total = batch
    for factor in factors:
        total *= factor
    return [batch, *(batch * factor for factor in factors), total]


def _equals(statement: Statement, number: NamedNumber) -> bool:
    if len(statement.numbers) > 1 and len(number.numbers) > 1:
        return len(statement.numbers) == len(number.numbers) and all(map(equal, statement.numbers, number.numbers))
    return any(equal(one, statement.numbers[0]) for one in number.numbers)


def _disagreement(
    quantity: Quantity, statement: Statement, differing: Sequence[NamedNumber], farther: Sequence[NamedNumber],
    extra: Sequence[NamedNumber], settings: Settings,
) -> Comparison:  # fmt: skip
    """A discrepancy, unless a comment or an override says that it is meant, or too much is open."""
    places = [*differing, *extra]
    said = next((text for n in differing if (text := departure_comment(settings.project, n.span))), "")
    if said:
        return _row("departure", quantity, statement, places, f'a comment says so: "{said}"')
    if farther and differing[0].rank in ("command", "file"):
        carrier = "command" if differing[0].rank == "command" else "configuration file"
        return _row("departure", quantity, statement, [*places, farther[0]],
                    f"the {carrier} overrides the paper's value, the default in {farther[0].span}")  # fmt: skip
    if farther and not any(_hands_to(one, other) for one in differing for other in farther):
        return _row("ambiguous", quantity, statement, [*places, farther[0]], "the code has the paper's value elsewhere")
    if quantity.weak and all(re.fullmatch(quantity.weak, n.name, re.IGNORECASE) for n in differing):
        return _row("ambiguous", quantity, statement, places, "the code uses this name for other things, too")
    if all(_one_of_several(n, differing, settings) for n in differing):
        return _row("ambiguous", quantity, statement, places, "it stands in one of several configurations")
    if _many(differing):
        return _row("ambiguous", quantity, statement, places, "the code has several values, none of them the paper's")
    return _row("discrepancy", quantity, statement, places)


def _hands_to(one: NamedNumber, other: NamedNumber) -> bool:
    """Whether a call sets the parameter that `other` is the default of."""
    return one.name == other.name and one.owner == other.owner.removesuffix(".__init__")


def _one_of_several(one: NamedNumber, differing: Sequence[NamedNumber], settings: Settings) -> bool:
    """Whether the file lies beside other configurations that do not all say the same."""
    folder = one.span.file.rpartition("/")[0]
    if folder.rpartition("/")[2] not in ("config", "configs", "conf", "confs", "experiments", "exps"):
        return False
    beside = {n.span.file for n in settings.numbers if n.span.file.rpartition("/")[0] == folder}
    same = {n.span.file for n in differing if n.numbers == one.numbers}
    return len(beside) > 1 and not beside <= same


def _many(differing: Sequence[NamedNumber]) -> bool:
    """Whether so many different numbers go by this name that it need not be the one of the paper (a judgement)."""
    return len({n.numbers for n in differing}) > 2


def _without_number(quantity: Quantity, statement: Statement, settings: Settings) -> Comparison:
    """No number of that name: the library's default, or nothing of the kind anywhere, or not to be told."""
    library = library_numbers(settings.project, quantity.defaults, quantity.topic)
    if library:
        agreeing = [n for n in library if _equals(statement, n)]
        if agreeing:
            return _row("verified", quantity, statement, agreeing[:1], "the library's default")
        return _row("discrepancy", quantity, statement, library, "it is not set, and this is the library's default")
    where = settings.vocabulary.where_missing(quantity.absent, quantity.topic)
    if where is not None and any(statement.numbers):
        row = _row("discrepancy", quantity, statement, [])
        return row.model_copy(update={"does": f"nothing of the kind: no {quantity.title} anywhere", "code": (where,)})
    asked = f"no number in the code or its configuration is called {quantity.title} or the like"
    return _row("not_verified", quantity, statement, [], asked)


def _unstated(quantity: Quantity, settings: Settings) -> Iterator[Comparison]:
    found = [n for n in settings.of_quantity(quantity) if n.rank != "default" and any(n.numbers)]
    nearest = [n for n in found if n.rank == found[0].rank][:1]
    if quantity.topic == "accumulation" and nearest and nearest[0].numbers[0] == 1:
        return
    for number in nearest:
        yield Comparison(outcome="not_in_paper", topic=quantity.topic, does=_does(quantity, number),
                         code=(number.span,), reason="the paper states no value")  # fmt: skip


def _row(
    outcome: Outcome, quantity: Quantity, statement: Statement, numbers: Sequence[NamedNumber], reason: str = ""
) -> Comparison:
    severity: Severity = quantity.severity if outcome == "discrepancy" else "note"
    part = f" of the {' and '.join(statement.roles)}" if statement.roles else ""
    listed = ", ".join(shown(value) for value in statement.numbers[: None if len(statement.numbers) < 4 else 1])
    spans: tuple[Span, ...] = tuple(dict.fromkeys(n.span for n in numbers))[:_MOST_PLACES]
    return Comparison(
        outcome=outcome,
        topic=quantity.topic,
        says=f"{quantity.title}{part} {listed} {statement.unit}".strip(),
        does="; ".join(dict.fromkeys(_does(quantity, n) for n in numbers))[:300],
        paper=statement.place,
        code=spans,
        severity=severity,
        reason=reason,
    )


def _does(quantity: Quantity, number: NamedNumber) -> str:
    name = quantity.title if number.name.endswith("!") else number.name
    owner = f"{number.owner}: " if number.owner else ""
    return f"{owner}{name} = {', '.join(map(shown, number.numbers))}"
