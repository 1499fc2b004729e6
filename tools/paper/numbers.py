"""Numbers as papers write them, and the words around them."""

import re
from dataclasses import dataclass

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "sixteen": 16, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100, "half": 0.5, "zero": 0,
}  # fmt: skip
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "mio": 1e6, "billion": 1e9}
_TOKEN = re.compile(
    r"(?P<number>(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+|(?<=\d)\.(?=\s*\*))?"
    r"(?:(?<=\d)(?:\s?\*\s?10\s?\^\s?\(?[-+]?\d+\)?|\s?[eE]\s?[-+]?\d+))?(?<=[\d)])(?![\d])(?P<scale>[kKM](?![\w^]))?)"
    r"|(?P<word>[A-Za-z][\w']*)|(?P<mark>\|\||<-|->|[^\s\w])"
)
_SCIENTIFIC = re.compile(r"([-+]?[\d.]*)\*10\^\(?([-+]?\d+)\)?")


@dataclass(frozen=True, slots=True)
class Token:
    """A number with its value, a word in small letters, or a mark."""

    text: str
    start: int
    end: int
    value: float | None = None

    @property
    def is_word(self) -> bool:
        return self.value is None and self.text[:1].isalpha()


def tokens(text: str) -> list[Token]:
    """The tokens of a normalised text; "10^-4", "3*10^-4", "1,024", "10k", "two" and "one million" are numbers."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        token = _token(match)
        if token.value is not None and token.text == "^":
            continue
        found.append(token)
    return _joined(found)


def _token(match: re.Match[str]) -> Token:
    text = match[0]
    if match["number"] is not None and match["number"]:
        value = number(text.rstrip("kKM") if match["scale"] else text)
        if value is not None and match["scale"]:
            value *= _SCALES[match["scale"].lower()]
        return Token(text, match.start(), match.end(), value)
    word = text.lower()
    return Token(word if match["word"] else text, match.start(), match.end(), _WORDS.get(word))


def number(text: str) -> float | None:
    """The value of "1,024", "1e-4", "3 * 10^-4"; None where it is no number."""
    plain = re.sub(r"\s", "", text).replace(",", "")
    try:
        if found := _SCIENTIFIC.fullmatch(plain):
            exponent = int(found[2])
            return float(found[1] or 1) * 10.0**exponent if abs(exponent) < 60 else None
        return float(plain)
    except ValueError:
        return None


def _joined(found: list[Token]) -> list[Token]:
    """ "10 ^ -4" and "one million" as one number."""
    out: list[Token] = []
    index = 0
    while index < len(found):
        token, used = _with_next(found[index], found[index + 1 : index + 3])
        out.append(token)
        index += 1 + used
    return out


def _with_next(token: Token, after: list[Token]) -> tuple[Token, int]:
    """The token with the scale or the exponent behind it, and how many tokens those were."""
    if token.value is None or not after:
        return token, 0
    scale = _SCALES.get(after[0].text) if after[0].text not in ("k", "m") else None
    if scale is not None:
        return Token(token.text, token.start, after[0].end, token.value * scale), 1
    exponent = after[1].value if len(after) == 2 and after[0].text == "^" else None
    if exponent is not None and abs(exponent) < 60 and token.value > 0:
        return Token(token.text, token.start, after[1].end, float(token.value**exponent)), 2
    return token, 0


def shown(value: float) -> str:
    """A number as a reader writes it: 0.0003 as 0.0003, 1e-06 as 1e-6, 250000 as 250000."""
    text = f"{value:.6g}" if abs(value) < 1e6 or value % 1 else f"{value:.0f}"
    return re.sub(r"e([-+])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", text)


def equal(one: float, other: float) -> bool:
    """Equal as numbers rounded for print are: to one part in a thousand."""
    return abs(one - other) <= 1e-3 * max(abs(one), abs(other))
