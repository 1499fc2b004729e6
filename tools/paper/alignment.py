"""Compares a paper with a project: what the paper states, what the code does, both ways."""

from collections.abc import Sequence

from misrun.tools.code.project_model import Project
from misrun.tools.paper.choices import choice_statements
from misrun.tools.paper.compare_choices import compare_choices
from misrun.tools.paper.compare_losses import compare_losses
from misrun.tools.paper.compare_quantities import Settings, compare_quantities
from misrun.tools.paper.document import Paper
from misrun.tools.paper.loss_equations import loss_equations
from misrun.tools.paper.record import OUTCOMES, Alignment, Comparison
from misrun.tools.paper.statements import quantity_statements
from misrun.tools.readers.run_record import ConfigValue

_RANK = {"error": 0, "warning": 1, "note": 2}


def align(paper: Paper, project: Project, config: Sequence[ConfigValue]) -> Alignment:
    """The comparison of a paper with a project and the settings that configuration files and commands hold."""
    settings = Settings.of(project, config)
    rows = [
        *compare_quantities(quantity_statements(paper), settings),
        *compare_choices(choice_statements(paper), settings),
        *compare_losses(loss_equations(paper), settings),
    ]
    return Alignment(paper=paper.file, title=paper.title, comparisons=tuple(sorted(rows, key=_order)))


def _order(row: Comparison) -> tuple[int, int, int, int]:
    place = row.paper
    return (OUTCOMES.index(row.outcome), _RANK[row.severity], (place.page or 0) if place else 0,
            (place.line or 0) if place else 0)  # fmt: skip
