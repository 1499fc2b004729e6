"""Writes the files that are kept in the repository: the Claude plugin with its marketplace, and the Codex agents.

    python -m misrun.agents.definitions.generate

A test holds them to their sources. `misrun agents install` renders from the same sources into a user's project.
"""

import sys
from pathlib import Path

from misrun import __version__
from misrun.agents.definitions import hosts
from misrun.agents.definitions.definition import definitions, skill

_HERE = "agents/definitions"


def generated() -> dict[str, str]:
    """Path in the repository -> text."""
    agents, about = definitions(), hosts.skill_file(skill())
    plugin, codex = f"{_HERE}/claude", f"{_HERE}/codex"
    return {
        ".claude-plugin/marketplace.json": hosts.marketplace(f"./{plugin}"),
        f"{plugin}/.claude-plugin/plugin.json": hosts.plugin_manifest(__version__, agents),
        f"{plugin}/skills/misrun/SKILL.md": about,
        f"{codex}/skills/misrun/SKILL.md": about,
        **{f"{plugin}/agents/{a.name}.md": hosts.claude_agent(a, hosts.FROM_PLUGIN) for a in agents},
        **{f"{codex}/agents/{a.name}.toml": hosts.codex_agent(a) for a in agents},
    }


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    for name, text in generated().items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
