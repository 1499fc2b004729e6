"""What a solver may do in a turn, in the words of the original's interface."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from misrun.scenarios.arena.naming import Claim

ActionType = Literal[
    "execute_snippet",
    "inspect_tensor",
    "run_training_probe",
    "get_variable_state",
    "inspect_diff",
    "submit_fix",
]
# What an action cannot do without.
_NEEDS: dict[str, tuple[str, ...]] = {
    "execute_snippet": ("code",),
    "inspect_tensor": ("setup_code", "target_expression"),
    "run_training_probe": ("code",),
    "get_variable_state": ("setup_code", "expressions"),
    "inspect_diff": ("proposed_code",),
    "submit_fix": ("fixed_code",),
}
TELLS: dict[str, str] = {
    "execute_snippet": "Run Python beside train.py and its example data.",
    "inspect_tensor": "Run setup code, then tell shape, type, gradient and range of one expression.",
    "run_training_probe": "Run a script for its first optimizer steps: losses, gradients, what the optimizer holds.",
    "get_variable_state": "Run setup code, then evaluate up to ten expressions.",
    "inspect_diff": "Compare a proposed script with the one that was given.",
    "submit_fix": "Hand in the mended script, a diagnosis and an explanation. Ends the episode.",
}
_MOST_CHARACTERS = 200_000


class Action(BaseModel):
    """One turn. Fields of other clients are let pass; those that the action needs must be there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    action_type: ActionType = "submit_fix"
    code: str = Field(default="", max_length=_MOST_CHARACTERS)
    setup_code: str = Field(default="", max_length=_MOST_CHARACTERS)
    target_expression: str = Field(default="", max_length=2000)
    expressions: tuple[str, ...] = Field(default=(), max_length=10)
    proposed_code: str = Field(default="", max_length=_MOST_CHARACTERS)
    fixed_code: str = Field(default="", max_length=_MOST_CHARACTERS)
    explanation: str = Field(default="", max_length=20_000)
    diagnosis: tuple[Claim, ...] = Field(default=(), max_length=20)
    steps: int = Field(default=5, ge=1, le=50)
    episode_id: str | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Action":
        for name in _NEEDS[self.action_type]:
            if not getattr(self, name):
                raise ValueError(f"{self.action_type} needs {name}")
        return self

    def told(self) -> dict[str, Any]:
        """The action as it is kept in a transcript."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"action_type": self.action_type}


def tools() -> list[dict[str, Any]]:
    """The tools by name, with what each needs."""
    return [{"name": name, "description": TELLS[name], "needs": list(needs)} for name, needs in _NEEDS.items()]
