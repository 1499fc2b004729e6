"""How each assistant wants an agent written: Claude Code as Markdown with front matter, Codex as TOML.

Formats: https://code.claude.com/docs/en/sub-agents, /plugins-reference and /skills; https://developers.openai.com/codex/subagents
and /skills.
"""

import json
from collections.abc import Sequence

from misrun.agents.definitions.definition import Definition, Skill, filled, principles

# What the assistant calls the tools of a server: of one that was registered, and of one that a plugin brings.
REGISTERED = "mcp__misrun__"
FROM_PLUGIN = "mcp__plugin_misrun_misrun__"

_CLAUDE_DELEGATION = """\
   Start them with the Task tool (`subagent_type` is the agent's name), independent ones side by side. Where you cannot
   start agents (a subagent often cannot), do each audit yourself with the tools you have, one after the other, and say
   so."""
_CODEX_DELEGATION = """\
   Start each as a subagent of that name, independent ones side by side, and wait for their answers. Where you cannot
   start agents, do each audit yourself with the tools you have, one after the other, and say so."""


def claude_agent(agent: Definition, prefix: str) -> str:
    """`.claude/agents/<name>.md`. Without a `model` line the agent uses the one of the conversation."""
    own = (*agent.files, *(("WebSearch", "WebFetch") if agent.web else ()), *(("Task",) if agent.delegates else ()))
    tools = ", ".join((*own, *(prefix + tool for tool in agent.misrun)))
    front = f"name: {agent.name}\ndescription: {_quoted(agent.description)}\ntools: {tools}"
    return f"---\n{front}\n---\n\n{_body(agent, _CLAUDE_DELEGATION)}\n"


def codex_agent(agent: Definition) -> str:
    """`.codex/agents/<name>.toml`."""
    body = _body(agent, _CODEX_DELEGATION)
    if "'''" in body:
        raise ValueError(f"{agent.name}: ''' would end the TOML text")
    return (
        f"name = {_quoted(agent.name)}\ndescription = {_quoted(agent.description)}\n"
        f"sandbox_mode = \"read-only\"\ndeveloper_instructions = '''\n{body}\n'''\n"
    )


def skill_file(skill: Skill) -> str:
    """`skills/<name>/SKILL.md`, the same for every assistant."""
    body = filled(skill.instructions, {"principles": principles()})
    return f"---\nname: {skill.name}\ndescription: {_quoted(skill.description)}\n---\n\n{body}\n"


def plugin_manifest(version: str, agents: Sequence[Definition]) -> str:
    """`.claude-plugin/plugin.json`: agents and skills lie in the folders that are looked into anyway."""
    return _json(
        {
            "name": "misrun",
            "version": version,
            "description": f"Finds out why an ML training run failed: {len(agents)} agents and an MCP server.",
            "license": "Apache-2.0",
            "mcpServers": {"misrun": {"command": "misrun", "args": ["mcp"]}},
        }
    )


def marketplace(plugin_folder: str) -> str:
    """`.claude-plugin/marketplace.json` at the root of the repository."""
    plugin = {
        "name": "misrun",
        "source": plugin_folder,
        "description": "Finds out why an ML training run failed.",
    }
    return _json({"name": "misrun", "owner": {"name": "misrun"}, "plugins": [plugin]})


def _body(agent: Definition, delegation: str) -> str:
    return filled(agent.instructions, {"principles": principles(), "delegation": delegation})


def _quoted(text: str) -> str:
    """A string that JSON, YAML and TOML read alike."""
    return json.dumps(text, ensure_ascii=False)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
