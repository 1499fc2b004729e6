"""How numbers are written into sentences and found in them again."""

import re

# A number that stands alone: "fp16", "v2" and "conv1d" hold none. No nested quantifier, so linear on any line.
STANDING_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")
# Sources glue units to numbers ("24.00GiB", "loss=0.41"), so reading them is more generous.
ANY_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
MIB_PER_GIB = 1024  # binary units, as torch prints them


def setting_text(value: float) -> str:
    """A number as one would type it into a config: no thousands separators, 4 significant digits, 3e-5 for 0.00003."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return re.sub(r"e-0*(\d)", r"e-\1", f"{value:.4g}")


def round_to(value: float, digits: int) -> float:
    """`value` rounded to so many significant digits."""
    return float(f"{value:.{digits - 1}e}")


def memory_text(mib: float) -> str:
    """A size in the unit torch would print it in: GiB from 1 GiB on, else MiB, two decimals."""
    return f"{mib / MIB_PER_GIB:.2f} GiB" if mib >= MIB_PER_GIB else f"{mib:.2f} MiB"


def numbers_in(text: str) -> tuple[str, ...]:
    """The standing numbers of a sentence as written, in order."""
    return tuple(match[0].rstrip(",") for match in STANDING_NUMBER.finditer(text))


def parse_number(token: str) -> float:
    """The value of a token that `STANDING_NUMBER` or `ANY_NUMBER` found; thousands separators are ignored."""
    return float(token.replace(",", ""))


def half_last_digit(token: str) -> float:
    """How far a source value may lie from a written one and still round to it: half of its last written digit."""
    mantissa, _, exponent = token.lower().replace(",", "").partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(0.5 * 10.0 ** (int(exponent or 0) - decimals))
