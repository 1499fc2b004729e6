"""One measured fact: a number, what it was compared with, and where both were read."""

from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Record, Span


class Signal(Record):
    """`name` is in `catalogue.CATALOGUE`, or "error.<signature>" for an event of the run.

    `text` is a whole sentence that holds the number and the comparison. `strength` (0..1) says how far beyond its
    comparison the fact lies: 0.5 is just over, 1 beyond doubt. `step` is when it began, where that makes sense.
    `values` holds the numbers the sentence was made of, for steps to quote.
    """

    name: str
    text: str
    value: float | None = None
    unit: str = ""
    strength: float = 1.0
    step: float | None = None
    spans: tuple[Span, ...] = ()
    values: dict[str, Scalar] = {}
