"""Where each assistant looks for agents, skills and servers: in a project, or for all of a user's projects."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from misrun.agents.definitions import hosts
from misrun.agents.definitions.definition import Definition, definitions, skill
from misrun.assistants import json_registry, toml_registry


@dataclass(frozen=True)
class Place:
    """One assistant in one scope. `registry` is the file that names servers, `kept` the one where misrun notes what it
    did, both with `root` as the folder that relative names start from."""

    assistant: str
    root: Path
    registry: Path
    format: ModuleType
    kept: Path
    files: dict[Path, str]


def claude(root: Path, user: bool) -> Place:
    """`.claude/` and `.mcp.json` of a project; `~/.claude/` and `~/.claude.json` of a user (or CLAUDE_CONFIG_DIR)."""
    moved = os.environ.get("CLAUDE_CONFIG_DIR") if user else None
    folder = Path(moved) if moved else root / ".claude"
    registry = root / ".mcp.json" if not user else (folder if moved else root) / ".claude.json"
    agents = _agent_files(folder / "agents", ".md", lambda agent: hosts.claude_agent(agent, hosts.REGISTERED))
    files = {**agents, folder / "skills" / "misrun" / "SKILL.md": hosts.skill_file(skill())}
    return Place("Claude Code", root, registry, json_registry, folder / "misrun.json", files)


def codex(root: Path, user: bool) -> Place:
    """`.codex/` and `.agents/` of a project or of a user (CODEX_HOME moves the first of a user's)."""
    moved = os.environ.get("CODEX_HOME") if user else None
    folder = Path(moved) if moved else root / ".codex"
    agents = _agent_files(folder / "agents", ".toml", hosts.codex_agent)
    files = {**agents, root / ".agents" / "skills" / "misrun" / "SKILL.md": hosts.skill_file(skill())}
    return Place("Codex", root, folder / "config.toml", toml_registry, folder / "misrun.json", files)


def _agent_files(folder: Path, suffix: str, write: Callable[[Definition], str]) -> dict[Path, str]:
    return {folder / f"{agent.name}{suffix}": write(agent) for agent in definitions()}
