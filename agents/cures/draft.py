"""A step before it is ordered: its claims, what it would do about which modes, and what that is worth."""

from dataclasses import dataclass, field

from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.worth import (
    cure_likelihood,
    diagnostic_value,
    outcomes_of_cure,
    outcomes_of_measurement,
    score,
)
from misrun.agents.step import Claim, Effort, NextStep, Part, StepKind, join_part, references_of
from misrun.tools.code.setting_change import SettingChange


@dataclass(frozen=True)
class Draft:
    """`modes`: mode id -> probability that the step cures if that mode is the cause (0 for measurements). `priors`:
    probability per mode still in question, as worth.priors_of gives it. `displaced`: the sentence that says which
    cause the step would only hide. `tried`: whether this very step was reported as tried without success."""

    action: str
    kind: StepKind
    modes: dict[str, float]
    claims: tuple[Claim, ...]
    effort: Effort
    moves: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    displaced: str = ""
    patch: str | None = None
    arguments: tuple[str, ...] = ()
    changes: tuple[SettingChange, ...] = ()
    priors: dict[str, float] = field(default_factory=dict)
    tried: bool = False

    @property
    def can_be_carried_out(self) -> bool:
        """Whether it comes as a patch or as arguments of the command."""
        return bool(self.patch or self.arguments)

    @property
    def what(self) -> str:
        return join_part(self.claims, "what")

    @property
    def likelihood(self) -> float:
        return cure_likelihood(self.priors, self.modes)

    @property
    def mode(self) -> str:
        """The mode it is most likely to cure (for measurements: the likeliest it tells about)."""
        return max(self.modes, key=lambda mode: (self.priors.get(mode, 0.0) * (self.modes[mode] or 1.0), mode))

    @property
    def value(self) -> float:
        if self.kind == "measurement":
            return diagnostic_value(self.priors, outcomes_of_measurement(self.priors, self.modes))
        return diagnostic_value(self.priors, outcomes_of_cure(self.priors, self.modes, self.hides))

    @property
    def score(self) -> float:
        return score(self.likelihood, self.effort, self.value, written=self.can_be_carried_out)

    def step(self, contradicts: tuple[str, ...] = ()) -> NextStep:
        return NextStep(
            what=self.what,
            why=join_part(self.claims, "why"),
            how=join_part(self.claims, "how"),
            verify=join_part(self.claims, "verify"),
            mode=self.mode,
            likelihood=round(self.likelihood, 3),
            effort=self.effort,
            diagnostic_value=round(self.value, 3),
            refs=references_of(self.claims),
            patch=self.patch,
            arguments=self.arguments,
            changes=self.changes,
            contradicts=contradicts,
            displaced=self.displaced,
            kind=self.kind,
            action=self.action,
            claims=self.claims,
        )


def own_words(part: Part, text: str) -> Claim:
    """A sentence that rests on no source: every number in it is ours."""
    return Claim(part=part, text=text, derived=numbers_in(text))


def plain(mode: str) -> str:
    """The name of a mode as a reader wants it: "gradient explosion"."""
    return mode.partition("/")[2].replace("_", " ")
