"""Whose value a sentence speaks of: the paper's own, one of several tried, a variant's, or somebody else's."""

import re

from misrun.tools.paper.document import Block
from misrun.tools.paper.record import Standing

_OTHER_SECTION = re.compile(
    r"related|prior work|previous work|baseline|comparison|compared|ablation|sensitivity|references", re.I
)
# In a section that explains known methods, equations count but numbers are examples.
_OTHER = re.compile(
    r"baselines?\b|prior work|previous(?:ly)? |earlier (?:work|models?)|et al\b|(?:by|of) (?:its|their) authors|compared methods?"
    r"|re-?implement\w+|in contrast to|original (?:paper|authors)|(?:they|others) use|rather than|instead of|unlike|accuracy (?:drops|falls)"
    r"|(?:drops?|degrad\w+|diverg\w+|worse|unstable)\b|ablat",
    re.IGNORECASE,
)
_SEARCHED = re.compile(
    r"search(?:ed)?\b|tuned|grid|sweep|swept|(?:we )?tried|picked from|(?:selected|chosen|choose|select) (?:from|among|between)"
    r"|among \{?|range(?:s|d)? (?:from|between)|between [\d.e-]+ and |varied",
    re.IGNORECASE,
)
_OTHER_COLUMN = re.compile(r"baseline|previous|prior|default|compared|\[\d+\]|et al", re.IGNORECASE)
_OWN_COLUMN = re.compile(r"\bours?\b|value|setting|this work|proposed|^$|choice|used", re.IGNORECASE)


_VARIANT = re.compile(
    r"\b(tiny|small|base|medium|large|larger|largest|smaller|smallest|huge|big|mini)\b[- ](?:model|variant|version|network|configuration)",
    re.IGNORECASE,
)


def variant_at(sentence: str, at: int) -> str:
    """The variant spoken of at a position of a sentence that tells several apart, else ""."""
    found = list(_VARIANT.finditer(sentence))
    if len({match[1].lower() for match in found}) < 2:
        return ""
    before = [match for match in found if match.start() <= at]
    return (before[-1] if before else found[0])[1].lower()


def of_sentence(block: Block, sentence: str) -> Standing:
    """The standing of the numbers in a sentence."""
    if _OTHER_SECTION.search(block.section) or _OTHER.search(sentence):
        return "other"
    if _SEARCHED.search(sentence):
        return "searched"
    return "own"


def of_column(block: Block, header: str, columns: int) -> Standing:
    """The standing of a table's column with that heading, beside `columns` columns of values."""
    if _OTHER_SECTION.search(block.section) or _OTHER_COLUMN.search(header):
        return "other"
    return "own" if columns == 1 or _OWN_COLUMN.search(header) else "variant"
