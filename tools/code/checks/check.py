"""What a check is, and what it reports before it becomes a Finding."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from misrun.tools.code.finding import Severity
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site

Auditor = Literal["silent_bug", "data_flow", "jax_logic"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where a check fires. `confidence` is 0..1; `edits` repair it where that is mechanical."""

    site: Site
    message: str
    expected: str
    confidence: float
    verify: str = ""
    edits: tuple[Edit, ...] = ()
    related: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """`what` it looks for, `why` that is wrong, the `cure`, the failure `mode` it causes, the `source` that says so."""

    id: str
    what: str
    why: str
    cure: str
    mode: str
    source: str
    severity: Severity
    auditor: Auditor
    find: Callable[[Trace], Iterator[Problem]]
