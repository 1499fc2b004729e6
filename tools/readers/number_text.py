"""Numbers and settings as text files spell them, NaN and infinity included."""

import math
import re

from misrun.tools.readers.run_record import Scalar

# C runtimes of Windows before 2015 print 1.#QNAN, 1.#IND and 1.#INF (Microsoft UCRT notes); later ones nan(ind).
_WINDOWS_NAN = re.compile(r"^[+-]?(?:1\.#(?:q?nan|snan|ind)\d*|nan\((?:ind|snan)\))$", re.IGNORECASE)
_WINDOWS_INF = re.compile(r"^([+-]?)1\.#inf\d*$", re.IGNORECASE)
_TENSOR = re.compile(r"^(?:tensor|array|Array|DeviceArray)\(\s*\[?\s*([^\],)\s]{1,40})[\s\],)]")
# Longer cells are text. The longest float that Python prints has 24 characters.
_LONGEST = 64


def parse_number(text: str) -> float | None:
    """The value of one cell or quoted number, or None when it is no number.

    Understands every spelling of NaN and infinity, a percent sign (kept on its scale: "91.2%" is 91.2), and the
    representation of a one-element tensor.
    """
    if len(text) > _LONGEST or "_" in text:  # float() would read 1_000, which in a file is an identifier
        return None
    try:
        return float(text)
    except ValueError:
        return _unusual(text.strip())


def _unusual(bare: str) -> float | None:
    if not bare:
        return None
    if _WINDOWS_NAN.match(bare):
        return math.nan
    infinite = _WINDOWS_INF.match(bare)
    if infinite:
        return -math.inf if infinite[1] == "-" else math.inf
    tensor = _TENSOR.match(bare)
    if tensor or bare.endswith("%"):
        return parse_number(tensor[1] if tensor else bare[:-1])
    return None


def parse_scalar(written: str) -> Scalar:
    """A setting written as text: number, boolean, None, or the text without its quotes."""
    word = written.strip()
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    if word in ("None", "null", "~", ""):
        return None
    try:
        return int(word) if len(word) < 20 else word
    except ValueError:
        number = parse_number(word) if not word.endswith("%") else None
    if number is not None:
        return number
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word
