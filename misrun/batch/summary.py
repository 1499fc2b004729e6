"""What a batch found, for a terminal and as Markdown."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from misrun.agents.verdict_words import mode_name, share
from misrun.batch.groups import Group
from misrun.tools.visible_text import visible

# Named per group: the rest is in results.jsonl.
_MOST_NAMED = 5


def show(console: Console, groups: Sequence[Group]) -> None:
    total = sum(len(group.rows) for group in groups)
    for group in groups:
        console.print(Text(f"\n{len(group.rows)} of {total}  {_title(group)}", style="bold"))
        for line in _body(group):
            console.print(Text(f"  {visible(line)}"), soft_wrap=False)


def to_markdown(groups: Sequence[Group], root: str) -> str:
    """The summary with every run named."""
    total = sum(len(group.rows) for group in groups)
    lines = [f"# {total} runs of `{root}`\n", "| runs | outcome | in common | first step |", "|---|---|---|---|"]
    lines += [f"| {len(g.rows)} | {_cell(_outcome(g))} | {_cell(g.like)} | {_cell(_step(g))} |" for g in groups]
    for group in groups:
        lines.append(f"\n## {_cell(_title(group))}\n")
        lines += [f"- `{row.run}` {_cell(row.error or row.headline)} ({row.id or 'no report'})" for row in group.rows]
    return "\n".join(lines) + "\n"


def _title(group: Group) -> str:
    return f"{_outcome(group)}: {visible(group.like)}" if group.like else _outcome(group)


def _outcome(group: Group) -> str:
    return mode_name(group.outcome)


def _step(group: Group) -> str:
    """The first step of the surest run of the group."""
    return group.rows[0].step


def _body(group: Group) -> Iterator[str]:
    if _step(group):
        yield f"first step: {_step(group)}"
    for row in group.rows[:_MOST_NAMED]:
        sure = f"{share(row.likelihood)} " if row.likelihood and not row.abstained else ""
        yield f"{sure}{row.run}" + (f": {row.error}" if row.error else f"  ({row.id})")
    if len(group.rows) > _MOST_NAMED:
        yield f"and {len(group.rows) - _MOST_NAMED} more"


def _cell(text: str) -> str:
    return visible(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
