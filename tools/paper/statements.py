"""The quantities that a paper states, each with its value, its unit and its place."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from misrun.tools.code.names import names
from misrun.tools.paper.document import MOST_STATEMENTS, Block, Paper
from misrun.tools.paper.numbers import Token, tokens
from misrun.tools.paper.quantities import BY_TOPIC, QUANTITIES, Quantity
from misrun.tools.paper.record import Standing, Statement
from misrun.tools.paper.sentences import sentences
from misrun.tools.paper.standing import of_column, of_sentence, variant_at

# Words that may stand between a quantity and its number.
_FILLERS = names(
    "of is was are were be been to at by with a an the and set fixed kept equal equals value values"
    " constant initial starting base peak maximum max starts start used use we probability rate rates"
    " coefficient factor parameter size about over approximately first last dimension that norm total"
    " sizes for all have has most each every from linearly or per global exceeds whose exceed epochs epoch"
    " steps linear fraction on decayed annealed equivalent"
)
_MARKS = frozenset(["(", ":", "=", "~", "|", "-", "[", "<"])
_SYMBOL = re.compile(
    r"(?:alpha|beta|gamma|delta|epsilon|eps|eta|theta|lambda|lam|mu|tau|rho|sigma)\d?(?:_\w{1,12})?|[a-z]\d?(?:_\w{1,6})?|lr|wd|l2"
)
# More words than this between the two and they belong to something else (a judgement).
_REACH = 8
_ROLES = re.compile(
    r"\b(actor|critic|policy|value|q|q-networks?|q-functions?|generator|discriminator|encoder|decoder|backbone|teacher|student)s?\b",
    re.IGNORECASE,
)
_HAS_ROLE = names("learning_rate min_learning_rate weight_decay beta1 beta2 gradient_clip")
_WHOLE = re.compile(r"\b(?:both|all)\b", re.IGNORECASE)
_TOTAL = re.compile(r"\b(?:effective|total|global|overall|accumulated)\b", re.IGNORECASE)
_UNITS = (("epochs", "epoch"), ("ratio", "%"), ("ratio", "percent"), ("steps", "step"), ("steps", "iteration"),
          ("steps", "update"), ("steps", "batches"))  # fmt: skip
# What is counted in steps, epochs or a share of the training.
_HAS_UNIT = frozenset(("warmup", "lr_decay_interval", "lr_milestones", "target_update_interval"))
_LISTS = frozenset(("lr_milestones",))


def quantity_statements(paper: Paper) -> tuple[Statement, ...]:
    """Every quantity found, in the order of the paper; one number states at most one quantity."""
    return tuple(dict.fromkeys(islice(_all(paper), MOST_STATEMENTS)))


def _all(paper: Paper) -> Iterator[Statement]:
    for block in paper.blocks:
        if block.kind == "row":
            yield from _of_row(paper, block)
        elif block.kind == "text":
            for offset, sentence in sentences(block):
                yield from _of_sentence(paper, block, offset, sentence)


def _of_sentence(paper: Paper, block: Block, offset: int, sentence: str) -> Iterator[Statement]:
    sentence = sentence.replace("\n", " ")
    words = tokens(sentence)
    if all(word.value is None for word in words):
        return
    taken: set[int] = set()
    yield from _beta_pair(paper, block, offset, sentence, words, taken)
    for way in (_by_count, _by_name, _by_symbol, _by_duration):
        for quantity in QUANTITIES:
            for at, indices in way(quantity, sentence, words, taken):
                unit, scale = _unit(quantity, sentence, words, indices[-1])
                values = tuple(value * scale for i in indices if (value := words[i].value) is not None)
                if all(quantity.possible(value) for value in values):
                    taken.update(indices)
                    yield from _stated(paper, block, offset, sentence, quantity, at, words, indices, values, unit)


_BETAS = re.compile(
    r"(?:\(? ?beta1 ?(?:,|and) ?beta2 ?\)?|\bbetas?\b) ?(?:=|of|set to|to|are|were)? ?"
    r"(?=[(\[]? ?0?\.\d+ ?(?:,|and) ?0?\.\d+)"
)


def _beta_pair(
    paper: Paper, block: Block, offset: int, sentence: str, words: Sequence[Token], taken: set[int]
) -> Iterator[Statement]:
    """ "(beta1, beta2) = (0.9, 0.95)"."""
    for named in _BETAS.finditer(sentence):
        indices = [i for i, word in enumerate(words) if word.start >= named.end() and word.value is not None][:2]
        for topic, index in zip(("beta1", "beta2"), indices, strict=False):
            value = words[index].value
            if value is not None and BY_TOPIC[topic].possible(value):
                taken.add(index)
                yield _statement(
                    paper, block, offset, sentence, BY_TOPIC[topic], named.start(), words, (index,), (value,), ""
                )


def _stated(
    paper: Paper, block: Block, offset: int, sentence: str, quantity: Quantity, at: int,
    words: Sequence[Token], indices: Sequence[int], values: tuple[float, ...], unit: str,
) -> Iterator[Statement]:  # fmt: skip
    """One statement, or one for each part where "respectively" hands the values out."""
    roles = _roles_in(sentence)
    if "respectively" in sentence and len(values) == len(roles) > 1 and quantity.topic in _HAS_ROLE:
        for index, value, role in zip(indices, values, roles, strict=True):
            one = _statement(paper, block, offset, sentence, quantity, at, words, (index,), (value,), unit)
            yield one.model_copy(update={"roles": (role,)})
    else:
        yield _statement(paper, block, offset, sentence, quantity, at, words, indices, values, unit)


def _statement(
    paper: Paper, block: Block, offset: int, sentence: str, quantity: Quantity, at: int,
    words: Sequence[Token], indices: Sequence[int], values: tuple[float, ...], unit: str,
) -> Statement:  # fmt: skip
    clause = _clause(sentence, at, words[indices[-1]].end)
    variant = variant_at(sentence, at)
    standing: Standing = "variant" if variant else of_sentence(block, sentence)
    if standing == "own" and len(values) > 1 and quantity.topic not in _LISTS:
        standing = "listed"
    return Statement(
        topic=quantity.topic,
        numbers=(*values, *_breakdown(quantity, words, indices[-1])),
        unit=unit,
        roles=_roles(quantity, clause),
        standing=standing,
        label=variant,
        whole=bool(_WHOLE.search(sentence)),
        total=bool(_TOTAL.search(clause)),
        place=paper.place(block, offset + words[indices[0]].start),
    )


def _clause(sentence: str, at: int, end: int) -> str:
    """What stands between the commas and semicolons around a quantity and its number."""
    begin = max(sentence.rfind(mark, 0, at) for mark in (",", ";", "(", " and ")) + 1
    stop = min((i for mark in (",", ";", " and ") if (i := sentence.find(mark, end)) >= 0), default=len(sentence))
    return sentence[begin:stop]


def _roles(quantity: Quantity, text: str) -> tuple[str, ...]:
    """The parts of the model that the words speak of, where the quantity can differ between parts."""
    return _roles_in(text) if quantity.topic in _HAS_ROLE else ()


def _roles_in(text: str) -> tuple[str, ...]:
    """The parts in the order they are named; a Q-network is a critic."""
    named = (role.lower() for role in _ROLES.findall(text))
    return tuple(dict.fromkeys("critic" if role.startswith("q") else role for role in named))


Link = tuple[int, tuple[int, ...]]


def _by_name(quantity: Quantity, sentence: str, words: Sequence[Token], taken: set[int]) -> Iterator[Link]:
    """ "a learning rate of 3e-4": where the quantity is named, and the indices of its numbers among the tokens."""
    for named in quantity.said_pattern.finditer(sentence) if quantity.said_pattern else ():
        found = _after(words, named.end(), taken, _FILLERS - {"and", "with"} if quantity.counted else _FILLERS)
        if found:
            yield named.start(), found


def _by_count(quantity: Quantity, sentence: str, words: Sequence[Token], taken: set[int]) -> Iterator[Link]:
    """ "12 layers": the number, and what it counts behind it."""
    if quantity.counted_pattern is None or quantity.topic in _DURATIONS:
        return
    for index, token in enumerate(words):
        if token.value is not None and index not in taken and _counted(quantity, sentence, words, index):
            yield token.start, _list_before(words, index, taken)


# How long something goes on is told in the same words of the whole training and of its parts.
_DURATIONS = frozenset(("epochs", "steps", "warmup"))
_PART = re.compile(
    r"(?:every|after|first|last|patience of|another|per|each|warm(?:ed)?[- ]?up(?: \w+){0,3})\s*$", re.IGNORECASE
)


def _by_duration(quantity: Quantity, sentence: str, words: Sequence[Token], taken: set[int]) -> Iterator[Link]:
    """ "for 90 epochs", but not "every 30 epochs"."""
    if quantity.counted_pattern is None or quantity.topic not in _DURATIONS:
        return
    for index, token in enumerate(words):
        if token.value is None or index in taken or _PART.search(sentence[max(0, token.start - 40) : token.start]):
            continue
        if _counted(quantity, sentence, words, index):
            yield token.start, _list_before(words, index, taken)


def _after(words: Sequence[Token], end: int, taken: set[int], fillers: frozenset[str]) -> tuple[int, ...]:
    """The number that follows within reach, with those listed behind it; empty when other words come first."""
    start = next((i for i, word in enumerate(words) if word.start >= end), len(words))
    for index in range(start, min(start + _REACH, len(words))):
        word = words[index]
        if word.value is not None:
            return () if index in taken else _list_after(words, index)
        if word.text not in fillers and word.text not in _MARKS and not _SYMBOL.fullmatch(word.text):
            return ()
    return ()


def _list_after(words: Sequence[Token], index: int) -> tuple[int, ...]:
    """The number at `index` and those listed with it: "8 and 11", "{1e-4, 3e-4}"."""
    found = [index]
    while (
        index + 2 < len(words)
        and words[index + 1].text in ("and", "or", ",", "/")
        and words[index + 2].value is not None
    ):
        after = words[index + 3] if index + 3 < len(words) else None
        if words[index + 1].text in (",", "and") and after is not None and after.is_word and after.text not in _CLOSING:
            break
        index += 2
        found.append(index)
    return tuple(found)


_CLOSING = names("and or respectively for in on with")


def _list_before(words: Sequence[Token], index: int, taken: set[int]) -> tuple[int, ...]:
    """The number at `index` and those before it: "400 and 300 units"."""
    found = [index]
    while (
        index >= 2
        and words[index - 1].text in ("and", "or")
        and words[index - 2].value is not None
        and index - 2 not in taken
        and (index < 3 or words[index - 3].text not in _CONNECTS)
    ):
        index -= 2
        found.insert(0, index)
    return tuple(found)


# Before a number, these tie it to what was named earlier: "a hidden size of 384 and 6 heads".
_CONNECTS = names("of is to size width dimension rate with") | {"=", ":"}


def _counted(quantity: Quantity, sentence: str, words: Sequence[Token], index: int) -> bool:
    """Whether the quantity is named right behind the number, with at most three describing words between."""
    pattern = quantity.counted_pattern
    assert pattern is not None
    for step in range(1, 5):
        if index + step >= len(words):
            return False
        word = words[index + step]
        if pattern.match(sentence, word.start) or (word.text == "-" and pattern.match(sentence, word.end)):
            return True
        if not (word.is_word or word.text == "-") or word.text in _STOPS:
            return False
    return False


_STOPS = names(
    "and or of for with in on at to the is are was were by per from as over after a an that which where we each"
)


def _by_symbol(quantity: Quantity, sentence: str, words: Sequence[Token], taken: set[int]) -> Iterator[Link]:
    """ "gamma = 0.99" where the sentence speaks of what gamma stands for here."""
    if not quantity.symbols or not re.search(quantity.context, sentence, re.IGNORECASE):
        return
    symbols = quantity.symbols.lower().split()
    for index in range(len(words) - 2):
        named, mark, value = words[index : index + 3]
        if named.text in symbols and mark.text in ("=", "of") and value.value is not None and index + 2 not in taken:
            yield named.start, (index + 2,)


def _unit(quantity: Quantity, sentence: str, words: Sequence[Token], index: int) -> tuple[str, float]:
    """The unit that follows the number, and what makes a share of a percentage."""
    following = sentence[words[index].end : words[index].end + 40].lower().lstrip(" -")
    preceding = sentence[max(0, words[index].start - 30) : words[index].start].lower()
    if following.startswith(("%", "percent")):
        return ("ratio" if quantity.topic in _HAS_UNIT else ""), 0.01
    if quantity.topic not in _HAS_UNIT:
        return "", 1.0
    if "ratio" in preceding or "fraction" in preceding:
        return "ratio", 1.0
    named = [(following.find(word), unit) for unit, word in _UNITS if word in following[:25]]
    if not named:
        named = [(0, unit) for unit, word in _UNITS if word in preceding]
    return (min(named)[1] if named else ""), 1.0


def _breakdown(quantity: Quantity, words: Sequence[Token], index: int) -> tuple[float, ...]:
    """The part for one device in "256 (8 GPUs x 32)" and "64 (4 per device, 16 steps)"."""
    if quantity.topic != "batch_size" or index + 1 >= len(words) or words[index + 1].text != "(":
        return ()
    inside = words[index + 2 : next((i for i in range(index, len(words)) if words[i].text == ")"), index)]
    parts = []
    for at, word in enumerate(inside):
        after = inside[at + 1].text if at + 1 < len(inside) else ""
        if word.value is not None and not after.startswith(("gpu", "device", "accum", "worker", "node", "step", "tpu")):
            parts.append(word.value)
    return tuple(parts)


def _of_row(paper: Paper, block: Block) -> Iterator[Statement]:
    """The quantity that a table's first cell names, once for each column of values."""
    if len(block.cells) < 2:
        return
    label, values = block.cells[0], block.cells[1:]
    quantity = _named_in(label, block)
    if quantity is None:
        return
    for index, cell in enumerate(values, start=1):
        found = [word.value for word in tokens(cell) if word.value is not None]
        header = block.header[index] if index < len(block.header) and block.header != block.cells else ""
        if not found or not all(quantity.possible(value) for value in found):
            continue
        standing: Standing = of_column(block, header, len(values))
        standing = "searched" if standing == "own" and len(found) > 1 and ("{" in cell or "," in cell) else standing
        yield Statement(
            topic=quantity.topic,
            numbers=tuple(found[:1] if standing == "own" else found),
            unit=_row_unit(quantity, f"{label} {cell}"),
            roles=_roles(quantity, label),
            standing=standing,
            label=header,
            place=paper.place(block),
        )


def _row_unit(quantity: Quantity, text: str) -> str:
    if quantity.topic not in _HAS_UNIT:
        return ""
    return next((unit for unit, word in _UNITS if word in text.lower()), "")


def _named_in(label: str, block: Block) -> Quantity | None:
    """The quantity that a label is the name of, the longest name first."""
    best: tuple[int, Quantity] | None = None
    for quantity in QUANTITIES:
        for pattern in (quantity.said_pattern, quantity.counted_pattern):
            found = pattern.search(label) if pattern is not None else None
            if found and (best is None or len(found[0]) > best[0]):
                best = len(found[0]), quantity
    if best is not None:
        return best[1]
    lone = label.strip().lower()
    for quantity in QUANTITIES:
        if lone in quantity.symbols.lower().split() and re.search(quantity.context, block.section, re.IGNORECASE):
            return quantity
    return BY_TOPIC.get(lone)
