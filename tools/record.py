"""The base of every record that travels between stages, and the citation they all carry."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class Record(BaseModel):
    """A frozen value. Unknown fields are refused, so that a misspelt key fails where it is written.

    Non-finite floats are written to JSON as the strings "NaN", "Infinity" and "-Infinity": bare NaN is not JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", populate_by_name=True)


class Span(Record):
    """What a citation points at: an inclusive range of lines, or of steps where the source has no lines.

    `file` is relative to the run folder with forward slashes, or "<stdin>" for pasted text. Line numbers start at 1;
    a line ends at "\\n" (a progress bar that redraws itself with "\\r" stays on one line). `unit` is "step" for
    binary sources (TensorBoard, W&B, SQLite), where first and last are training steps.
    """

    file: str
    first: int
    last: int
    unit: Literal["line", "step"] = "line"

    @model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.last < self.first or (self.unit == "line" and self.first < 1):
            raise ValueError(f"span {self.first}-{self.last} of {self.file} is not a range")
        return self

    def __str__(self) -> str:
        mark = "step " if self.unit == "step" else ""
        return f"{self.file}:{mark}{self.first}" + (f"-{self.last}" if self.last > self.first else "")
