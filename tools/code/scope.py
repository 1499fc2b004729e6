"""The names of a module, function or class body while it is followed."""

from dataclasses import dataclass, field

from misrun.tools.code.project_model import Function
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Value


@dataclass(eq=False)
class Scope:
    """`ended` is set once the current path has left (return, raise, continue); `stars` are libraries star-imported."""

    file: SourceFile
    parent: "Scope | None" = None
    function: Function | None = None
    variables: dict[str, Value] = field(default_factory=dict)
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    ended: bool = False

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        return None

    def star_libraries(self) -> list[str]:
        scope: Scope | None = self
        found: list[str] = []
        while scope is not None:
            found += scope.stars
            scope = scope.parent
        return found
