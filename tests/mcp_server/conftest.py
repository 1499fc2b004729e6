"""The project, and a client of the official SDK connected to the server in memory."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from project_for_mcp import JAX, TRAIN, connected, log_text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """tmp/project is allowed; tmp/elsewhere, beside it, is not."""
    root = tmp_path / "project"
    (root / "run").mkdir(parents=True)
    (root / "run" / "train.log").write_text(log_text())
    (root / "run" / "train.py").write_text(TRAIN)
    (root / "jax_code").mkdir()
    (root / "jax_code" / "noise.py").write_text(JAX)
    (root / "notes.txt").write_text("nothing of interest")
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "secret.py").write_text(TRAIN)
    (outside / "train.log").write_text(log_text())
    return root


@pytest.fixture
def ask(project: Path) -> Callable[[Callable[[Client], Awaitable[Any]]], Any]:
    """Runs a conversation with a server that may read the project."""

    def run(conversation: Callable[[Client], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with connected(project) as client:
                return await conversation(client)

        return anyio.run(main)

    return run
