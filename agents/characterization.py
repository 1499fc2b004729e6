"""Characterization: the filled template every later stage works from."""

from typing import Literal

from misrun.tools.record import Record, Span

Origin = Literal["log", "code", "config", "user", "inferred", "missing"]


class Fact(Record):
    """One named fact inside a field, such as {"torch": "2.13.0"} in the environment."""

    name: str
    value: str
    origin: Origin
    spans: tuple[Span, ...] = ()


class Field(Record):
    """One field of the template. `value` is None exactly when `origin` is "missing"; then `ask` says what to supply."""

    value: str | None = None
    origin: Origin = "missing"
    spans: tuple[Span, ...] = ()
    facts: tuple[Fact, ...] = ()
    ask: str = ""


class Characterization(Record):
    """Symptom, expected, started, tried, environment. `onset_step` is the step at which the failure began."""

    symptom: Field = Field()
    expected: Field = Field()
    started: Field = Field()
    tried: Field = Field()
    environment: Field = Field()
    onset_step: float | None = None
    frameworks: tuple[str, ...] = ()
    model_types: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
