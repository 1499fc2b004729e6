"""Settings in the words of a line: recognising a list of them, and the value of one."""

import ast
import re

from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.run_record import Scalar

KEYWORD = re.compile(
    r"""(?<![\w.])(?P<key>[A-Za-z_][\w.]{0,80})=(?P<value>'[^']{0,300}'|"[^"]{0,300}"|\[[^\]]{0,300}\]|\([^)]{0,300}\)|[^,()'"\[\]\s]{1,200})(?=,|\s|\)|$)"""
)
_NOT_A_NUMBER = re.compile(r"=(?:True|False|None|'|\"|\[|[A-Za-z/])")
# An echo of settings has many of them, and some that are no numbers; a line of metrics has numbers only.
_FEWEST = 6
_FEWEST_WORDS = 3


def is_settings_list(text: str) -> bool:
    """Whether a line is an echo of settings ("batch=4, amp=False, data=x.yaml, ...") and not of metrics."""
    return text.count("=") >= _FEWEST and len(_NOT_A_NUMBER.findall(text, 0, 20_000)) >= _FEWEST_WORDS


def setting_value(raw: str) -> Scalar | tuple[Scalar, ...]:
    """Number, boolean, None, a tuple of these, or the text without its quotes."""
    text = raw.strip().rstrip(",")
    if text[:1] in "[(" and text:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):  # not a literal, or one made to be deep
            return text[:300]
        if isinstance(value, list | tuple) and all(isinstance(item, str | int | float | bool | None) for item in value):
            return tuple(value[:100])
    value = parse_scalar(text)
    return value[:300] if isinstance(value, str) else value
