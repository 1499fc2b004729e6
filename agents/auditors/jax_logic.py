"""The JAX-logic auditor: random keys, what is traced, transformations, and the state that JAX code carries by hand."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from misrun.agents.auditors.code_audit import audit_with_checks
from misrun.tools.code.checks.check import Auditor
from misrun.tools.code.finding import Audit, Delegation
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import JaxProgram, jax_program
from misrun.tools.code.jax.ways import gradient_ways

AGENT: Auditor = "jax_logic"
# Also inside a notebook, where a line of code stands in quotes.
_IMPORT = re.compile(r"""(?:^|")\s*(?:import|from)\s+(?:jax|flax|optax|haiku|equinox)\b""", re.MULTILINE)
# More places than this no longer help the reader.
_NAMED = 12


def applies(root: Path, files: Sequence[str]) -> bool:
    """Whether one of the files imports JAX or a library built on it."""
    for name in files:
        path = root / name
        if path.is_file() and _IMPORT.search(path.read_text(encoding="utf-8", errors="replace")):
            return True
    return False


def audit(root: Path, files: Sequence[str] | None = None, delegations: tuple[Delegation, ...] = ()) -> Audit:
    """Reads the Python files below `root` (or `files`, relative to it); says so where none of them imports JAX."""
    result, trace = audit_with_checks(AGENT, root, files, delegations)
    if trace is None:
        return result
    program = jax_program(trace)
    if not program.bodies:
        return result.model_copy(update={"status": "nothing_to_read", "reason": "no file imports JAX"})
    faulty = {(f.file, f.line) for f in result.findings}
    return result.model_copy(update={"clean": tuple(dict.fromkeys(_in_order(program, faulty)))[:_NAMED]})


def _in_order(program: JaxProgram, faulty: set[tuple[str, int]]) -> Iterator[str]:
    """The way of each gradient, and each other function that is compiled, in which nothing was found."""
    differentiated = set()
    for way in gradient_ways(program):
        function, where = way.transform.function, way.transform.where
        differentiated.add(id(function))
        if not _holds_fault(function, faulty) and not _holds_fault(where, faulty):
            text = " -> ".join(dict.fromkeys(f"{name} ({site})" for name, site in way.steps))
            yield f"gradient of {function.name}: {text}"
    for body in program.bodies:
        kinds = sorted(program.kinds_of(body))
        if kinds and id(body) not in differentiated and not _holds_fault(body, faulty):
            yield f"{body.site(body.node)}: {body.name} ({', '.join(kinds)}) in order"


def _holds_fault(body: Body, faulty: set[tuple[str, int]]) -> bool:
    first, last = body.site(body.node).line, body.site(body.node).last_line
    lines = (body.file.line(first), body.file.line(max(first, last)))
    return any(file == body.file.path and lines[0] <= line <= lines[1] for file, line in faulty)
