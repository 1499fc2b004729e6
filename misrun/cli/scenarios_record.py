"""`misrun scenarios record`: what the runs leave behind, recorded anew or with other seeds and variants."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail
from misrun.cli.scenario_choice import Ids, chosen, need_torch, report_damage

if TYPE_CHECKING:
    from misrun.scenarios.schema import Scenario, Variant


def record_command(
    ids: Ids = None,
    seed: Annotated[int | None, typer.Option(help="Another seed (needs --out; default: the recorded one).")] = None,
    variants: Annotated[str, typer.Option(help='Variants by name, comma-separated, or "all" (needs --out).')] = "",
    out: Annotated[Path | None, typer.Option(help="Write fresh scenarios here, with their answers.")] = None,
) -> None:
    """Record runs anew: in place, or with another seed and other variants as scenarios of their own in --out."""
    need_torch()
    if out is None:
        if seed is not None or variants or not ids:
            fail("name the scenarios to record in place; --seed and --variants (and all scenarios) need --out DIR")
        _record_in_place(tuple(map(chosen, ids)))
    else:
        _record_fresh(_all_or(ids), seed, variants, out)


def _all_or(ids: list[str] | None) -> "tuple[Scenario, ...]":
    from misrun.scenarios.library import load_all

    if ids:
        return tuple(map(chosen, ids))
    scenarios, damaged = load_all()
    report_damage(damaged)
    return scenarios


def _record_in_place(scenarios: "tuple[Scenario, ...]") -> None:
    from misrun.scenarios.execution import NotRunnable
    from misrun.scenarios.recording import record

    for scenario in scenarios:
        try:
            outcome = record(scenario)
        except NotRunnable as error:
            fail(str(error))
        typer.echo(
            f"{scenario.id}: exit code {outcome.exit_code}, {outcome.seconds:g} s, "
            f"{len(outcome.files)} files in {scenario.run_dir}"
        )


def _record_fresh(scenarios: "tuple[Scenario, ...]", seed: int | None, variants: str, out: Path) -> None:
    """Writes every wanted variant; one that does not show its failure is named and does not stop the rest."""
    from misrun.scenarios.execution import NotRunnable
    from misrun.scenarios.recording import NotAsLabelled, record_fresh

    wanted = [(scenario, variant) for scenario in scenarios for variant in _variants(scenario, variants)]
    refused = 0
    for scenario, variant in wanted:
        try:
            fresh = record_fresh(scenario, scenario.seed.value if seed is None else seed, variant, out)
            typer.echo(f"{fresh.id}: {fresh.folder}")
        except (NotAsLabelled, NotRunnable) as error:
            refused += 1
            typer.echo(f"misrun: not recorded: {error}", err=True)
    typer.echo(f"{len(wanted) - refused}/{len(wanted)} recorded in {out}")
    if refused:
        raise typer.Exit(1)


def _variants(scenario: "Scenario", names: str) -> "list[Variant | None]":
    """The scenario as it is, and the variants asked for."""
    if names == "all":
        return [None, *scenario.variants]
    try:
        return [None, *(scenario.variant(name) for name in names.split(",") if name)]
    except ValueError as error:
        fail(str(error))
