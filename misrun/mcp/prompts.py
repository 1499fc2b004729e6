"""The prompts: the researcher's and the auditors' protocols, from the same sources as their agent definitions."""

from collections.abc import Callable
from typing import Annotated

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from misrun.mcp.service import Service

_ALONE = "   Where you can start agents, hand each audit to one; else use the prompt of that name, one after the other."
RESEARCHER = "failure-mode-researcher"

Failure = Annotated[str, Field(description="What is observed, what was expected, since when.")]
Where = Annotated[str, Field(description="Folder or log of the run, and the folder of its code.")]
Attempts = Annotated[str, Field(description="What was tried already, and what came of it.")]
Hypothesis = Annotated[str, Field(description="What is suspected, and from which source.")]
Place = Annotated[str, Field(description="Where to look: file:lines, or a folder.")]
Wanted = Annotated[str, Field(description="What to look for there.")]


def add_prompts(server: "MCPServer[Service]") -> None:
    """One prompt per agent, under the agent's name with underscores."""
    from misrun.agents.definitions.definition import definitions

    for agent in definitions():
        make = _research if agent.name == RESEARCHER else _audit
        server.prompt(name=agent.name.replace("-", "_"), description=agent.description)(make(agent.name))


def _research(name: str) -> Callable[..., str]:
    def prompt(failure: Failure, where: Where = "", tried: Attempts = "") -> str:
        return _with_task(name, {"Failure": failure, "Run and code": where, "Tried": tried})

    return prompt


def _audit(name: str) -> Callable[..., str]:
    def prompt(location: Place, hypothesis: Hypothesis = "", look_for: Wanted = "") -> str:
        return _with_task(name, {"Location": location, "Hypothesis": hypothesis, "Look for": look_for})

    return prompt


def _with_task(name: str, task: dict[str, str]) -> str:
    from misrun.agents.definitions.definition import definitions, filled, principles

    agent = next(agent for agent in definitions() if agent.name == name)
    body = filled(agent.instructions, {"principles": principles(), "delegation": _ALONE})
    given = "\n".join(f"{key}: {value or 'not given'}" for key, value in task.items())
    return f"{body}\n\n## The task\n\n{given}\n"
