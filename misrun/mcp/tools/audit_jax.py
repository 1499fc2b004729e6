"""The tool `audit_jax`: the JAX-logic auditor."""

from misrun.mcp.arguments import CodePath, Hypothesis, Location, LookFor, Most, code_files, delegation
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, work
from misrun.mcp.shapes import AuditAnswer, audit_answer


async def audit_jax(
    call: Call,
    roots: Allowed,
    path: CodePath,
    hypothesis: Hypothesis = "",
    location: Location = "",
    look_for: LookFor = (),
    most: Most = 20,
) -> AuditAnswer:
    """Audit JAX code: random keys, what is traced, vmap and pmap axes, scan carry, jit and side effects, gradients and
    stop_gradient, state carried by hand. Pass hypothesis, location and what to look for when you have them. Nothing is
    executed."""
    asked = delegation("jax_logic", hypothesis, location, look_for)

    def look() -> AuditAnswer:
        from misrun.agents.auditors import jax_logic

        root, files = code_files(roots, path)
        return audit_answer(jax_logic.audit(root, files, asked), most)

    return await work(call, look)
