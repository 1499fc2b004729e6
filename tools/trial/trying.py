"""Carries changes out on copies of a project, each against the same unchanged run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from misrun.tools.code.apply_patch import DoesNotApply, apply_patch
from misrun.tools.sandbox.sandbox import Bounds
from misrun.tools.trial.comparison import Trial, compare_runs
from misrun.tools.trial.reproduction import Reproduction, project_copy, reproduce


@dataclass
class Laboratory:
    """One project and the command that reproduces its failure within `bounds`; the unchanged run is made once.

    `seen` are the symptoms of the run that was investigated (comparison.symptoms), where there was one.

    Raises sandbox.NotConfinable or reproduction.TooLarge at the first trial where the project cannot be run at all.
    """

    root: Path
    command: tuple[str, ...]
    bounds: Bounds = field(default_factory=Bounds)
    seen: frozenset[str] | None = None
    _unchanged: Reproduction | None = None

    @property
    def unchanged(self) -> Reproduction:
        """The project as it is, run once."""
        if self._unchanged is None:
            with project_copy(self.root) as project:
                self._unchanged = reproduce(project, self.command, self.bounds)
        return self._unchanged

    def try_change(self, patch: str | None, arguments: Sequence[str] = ()) -> Trial:
        """What comes of a patch, of arguments added to the command, or of both."""
        before = self.unchanged
        with project_copy(self.root) as project:
            try:
                if patch:
                    apply_patch(patch, project)
            except DoesNotApply as error:
                return Trial(outcome="inconclusive", reason=f"the patch does not apply: {error}")
            after = reproduce(project, (*self.command, *arguments), self.bounds)
        return compare_runs(before, after, self.seen)
