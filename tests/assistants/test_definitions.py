"""The agents' definitions: in step with their sources, and as both assistants want them."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from misrun.agents.definitions import hosts
from misrun.agents.definitions.definition import Definition, definitions, skill
from misrun.agents.definitions.generate import generated
from misrun.mcp.server import TOOLS

ROOT = Path(__file__).parents[2]
AGENTS = {
    "data-flow-tracer",
    "failure-characterizer",
    "failure-mode-researcher",
    "jax-logic-auditor",
    "literature-searcher",
    "paper-alignment-auditor",
    "silent-bug-detector",
}
# https://code.claude.com/docs/en/sub-agents: the fields that may stand in the front matter, and the tools' names.
CLAUDE_FIELDS = {"name", "description", "tools"}
CLAUDE_TOOLS = {"Read", "Grep", "Glob", "Bash", "WebSearch", "WebFetch", "Task"}
# https://developers.openai.com/codex/subagents
CODEX_FIELDS = {"name", "description", "developer_instructions", "sandbox_mode"}
MISRUN_TOOLS = {tool.__name__ for tool, _ in TOOLS}


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    found = re.fullmatch(r"---\n(.*?)\n---\n\n(.*)", text, re.S)
    assert found
    front: dict[str, Any] = yaml.safe_load(found[1])
    return front, found[2]


def test_the_files_in_the_repository_are_what_the_sources_give() -> None:
    for name, text in generated().items():
        assert (ROOT / name).read_text("utf-8") == text, f"{name}: run python -m misrun.agents.definitions.generate"


def test_no_file_lies_there_that_is_not_generated() -> None:
    kept = {p for host in ("claude", "codex") for p in (ROOT / "agents/definitions" / host).rglob("*") if p.is_file()}
    assert {path.relative_to(ROOT).as_posix() for path in kept} <= set(generated())


def test_all_seven_agents_are_there() -> None:
    assert {agent.name for agent in definitions()} == AGENTS


@pytest.mark.parametrize("agent", definitions(), ids=lambda agent: agent.name)
def test_a_claude_agent_has_exactly_what_the_format_takes(agent: Definition) -> None:
    front, body = front_matter(hosts.claude_agent(agent, hosts.REGISTERED))
    assert set(front) == CLAUDE_FIELDS
    assert front["name"] == agent.name and re.fullmatch(r"[a-z]+(-[a-z]+)*", agent.name)
    tools = front["tools"].split(", ")
    own = [tool for tool in tools if not tool.startswith("mcp__")]
    assert len(tools) == len(set(tools)) and set(own) <= CLAUDE_TOOLS
    assert {tool.removeprefix("mcp__misrun__") for tool in tools if tool not in own} == set(agent.misrun)
    assert "{{" not in body and body.endswith("\n") and not body.endswith("\n\n")


@pytest.mark.parametrize("agent", definitions(), ids=lambda agent: agent.name)
def test_a_codex_agent_has_exactly_what_the_format_takes(agent: Definition) -> None:
    fields = tomllib.loads(hosts.codex_agent(agent))
    assert set(fields) == CODEX_FIELDS and all(isinstance(value, str) for value in fields.values())
    assert fields["sandbox_mode"] == "read-only"
    assert fields["description"] == agent.description
    assert "{{" not in fields["developer_instructions"]


@pytest.mark.parametrize("agent", definitions(), ids=lambda agent: agent.name)
def test_a_definition_says_when_what_how_and_needs_little(agent: Definition) -> None:
    assert re.search(r"\bUse it\b", agent.description) and re.search(r"\bPass it\b", agent.description)
    assert len(agent.description) < 1024
    for section in ("## What the caller passes", "## Process", "## What to hand back", "{{principles}}"):
        assert section in agent.instructions, section
    assert set(agent.misrun) <= MISRUN_TOOLS
    assert agent.delegates == (agent.name == "failure-mode-researcher")
    if agent.name.endswith(("detector", "tracer", "auditor")):
        assert "Bash" not in agent.files, "auditors only read"


@pytest.mark.parametrize("agent", definitions(), ids=lambda agent: agent.name)
def test_tools_that_are_named_in_the_text_exist(agent: Definition) -> None:
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", agent.instructions)) - {"subagent_type", "look_for"}
    assert named <= MISRUN_TOOLS
    assert named <= set(agent.misrun), "it is told to call a tool that it was not given"


def test_the_researcher_delegates_to_agents_that_exist() -> None:
    researcher = next(agent for agent in definitions() if agent.delegates)
    assert {"silent-bug-detector", "data-flow-tracer", "jax-logic-auditor", "paper-alignment-auditor"} == {
        name for name in AGENTS if f"| {name} |" in researcher.instructions
    }


def test_the_skill_is_portable() -> None:
    front, body = front_matter(hosts.skill_file(skill()))
    assert set(front) == {"name", "description"} and front["name"] == "misrun"
    assert all(name in body for name in AGENTS) and "{{" not in body


def test_the_plugin_and_its_marketplace_point_to_each_other() -> None:
    files = generated()
    market = json.loads(files[".claude-plugin/marketplace.json"])
    assert set(market) == {"name", "owner", "plugins"} and market["owner"]["name"]
    (plugin,) = market["plugins"]
    assert plugin["source"].startswith("./")
    folder = plugin["source"][2:]
    manifest = json.loads(files[f"{folder}/.claude-plugin/plugin.json"])
    assert manifest["name"] == plugin["name"] == "misrun"
    assert manifest["mcpServers"]["misrun"] == {"command": "misrun", "args": ["mcp"]}
    agent, _ = front_matter(files[f"{folder}/agents/silent-bug-detector.md"])
    assert "mcp__plugin_misrun_misrun__inspect_code" in agent["tools"]
