"""What an edit is made from, the followed program and the facts of its run; and what an edit says it does."""

import ast
from dataclasses import dataclass

from misrun.tools.code.patches import Edit
from misrun.tools.code.setting_change import SettingChange
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.run_record import Frame


@dataclass(frozen=True)
class Written:
    """`said`: what the edits and changes do together, as one sentence without its place; `site`: where."""

    said: str
    site: Site
    edits: tuple[Edit, ...] = ()
    changes: tuple[SettingChange, ...] = ()


@dataclass(frozen=True)
class Scene:
    """One program and one run of it."""

    trace: Trace
    facts: Facts

    @property
    def message(self) -> str:
        """The message of the error that ended the run, or ""."""
        return self.facts.root.message if self.facts.root is not None else ""

    def raised(self) -> list[tuple[SourceFile, Frame]]:
        """The frames of that error which lie in the program's own files, outermost first."""
        root = self.facts.root
        found = ((self._file(frame.file), frame) for frame in (root.frames if root is not None else ()))
        return [(file, frame) for file, frame in found if file is not None and frame.line <= len(file.lines)]

    def events_at(self, file: SourceFile, line: int, *ops: str) -> list[Event]:
        """What happens on a line of a file, in the order of the trace."""
        return [e for e in self.trace.events(*ops) if e.file is file and e.line <= line <= e.site.last_line]

    def _file(self, printed: str) -> SourceFile | None:
        """The file that a traceback names: the one with the longest path that ends the printed one."""
        if "site-packages" in printed or "dist-packages" in printed:
            return None
        path = printed.replace("\\", "/")
        match = [file for file in self.trace.project.files if path == file.path or path.endswith(f"/{file.path}")]
        return max(match, key=lambda file: len(file.path), default=None)


def function_at(file: SourceFile, line: int) -> ast.FunctionDef | None:
    """The innermost function whose body holds the line."""
    around = [
        node
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(around, key=lambda node: node.lineno, default=None)
