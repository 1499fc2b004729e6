"""Writes docs/mcp.md: one call of every tool, as the official client makes it, and the beginning of the answer.

python docs/mcp_transcripts.py
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from misrun.cli.demo import DEMO
from misrun.mcp.server import build_server
from misrun.mcp.service import Options
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out

HEAD = """# The tools of `misrun mcp`

One call of each, on the run of `misrun demo`. Long texts and lists are cut here for reading. Written by
`python docs/mcp_transcripts.py`.
"""
PAPER = """# Alerts for pumps

## Training
We use Adam with a learning rate of 0.001 and batches of 128 samples. Gradients are clipped to norm 1.0.
"""
JAX = "import jax\n\n\n@jax.jit\ndef step(x):\n    if x > 0:\n        return x\n    return -x\n"
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("investigate", {"path": "pump-alerts", "tried": ["lower lr to 1e-4, no change"]}),
    ("characterize", {"path": "pump-alerts"}),
    ("diagnose", {"path": "pump-alerts"}),
    ("search_literature", {"query": "loss becomes nan, log of a sigmoid", "level": "1", "limit": 2}),
    ("inspect_code", {"path": "pump-alerts", "only": ["unclamped-log"]}),
    ("trace_data_flow", {"path": "pump-alerts", "most": 1}),
    (
        "audit_jax",
        {"path": "step.py", "hypothesis": "the branch depends on a traced value", "location": "step.py:6"},
    ),
    ("audit_paper", {"path": "pump-alerts", "paper": "paper.md", "most": 3}),
    ("benchmark_support", {"id": "<id>"}),
    ("get_report", {"id": "<id>"}),
    ("list_scenarios", {"architecture": "gru_lm"}),
)


def shortened(value: Any) -> Any:
    """Texts of 160 characters, lists of 2: enough to see what an answer looks like."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value[:2]] + ([f"... {len(value) - 2} more"] if len(value) > 2 else [])
    return value[:160] + " ..." if isinstance(value, str) and len(value) > 160 else value


async def transcripts(root: Path) -> list[str]:
    sections, session = [HEAD], ""
    async with Client(build_server(Options(roots=(root,)))) as client:
        for name, arguments in CALLS:
            sent = {key: session if value == "<id>" else value for key, value in arguments.items()}
            result = await client.call_tool(name, sent)
            found = result.structured_content or {}
            session = found["id"] if name == "investigate" else session
            answer = result.content[0].text if result.is_error else json.dumps(shortened(found), indent=1)
            call = f"{name} {json.dumps(sent)}"
            kind = "text" if result.is_error else "json"
            text = f"## {name}\n\n```text\n{call}\n```\n\n```{kind}\n{answer}\n```\n"
            sections.append(text.replace(str(root), "/projects"))
    return sections


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        lay_out(load(DEMO), root)
        (root / "step.py").write_text(JAX)
        (root / "paper.md").write_text(PAPER)
        text = "\n".join(anyio.run(transcripts, root))
    (Path(__file__).parent / "mcp.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
