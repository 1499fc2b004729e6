"""Numbers and counts as a reader wants them in a sentence."""

import math


def number(value: float) -> str:
    """Four significant digits, thousands separated: 0.4123, 2,847, 1.2e-07, NaN, infinity."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if 1_000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """A share (0..1) as a percentage with at most three significant digits."""
    return f"{100.0 * share:.3g} %"


def times(ratio: float) -> str:
    """A ratio as a factor: "2.5 times", "1,300 times"."""
    return f"{number(float(f'{ratio:.3g}'))} times"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
