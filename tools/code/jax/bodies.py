"""Functions of JAX code with their scopes: what a name means where it stands, and in what order things are written."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site
from misrun.tools.code.walking import children, walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(eq=False)
class Body:
    """A module, function or lambda. `functions` are those defined directly in it, `owner` is the class of a method,
    `imports` maps the names of the file to dotted library paths."""

    node: ast.Module | FunctionNode
    file: SourceFile
    imports: dict[str, str]
    parent: "Body | None" = None
    owner: ast.ClassDef | None = None
    functions: dict[str, "Body"] = field(default_factory=dict)
    inner: list["Body"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "<lambda>" if isinstance(self.node, ast.Lambda) else "<module>")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Its own nodes as written, without the insides of functions defined in it."""
        return tuple(_own(self.node))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        return tuple(n for n in self.nodes if isinstance(n, ast.Call))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters as they can be given by position; of a method without `self`."""
        if isinstance(self.node, ast.Module):
            return ()
        names = [a.arg for a in (*self.node.args.posonlyargs, *self.node.args.args)]
        return tuple(names[1:] if self.owner and names[:1] in (["self"], ["cls"]) else names)

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Parameters and names that are stored in it."""
        found = {n.id for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if not isinstance(self.node, ast.Module):
            spec = self.node.args
            rest = [a for a in (spec.vararg, spec.kwarg) if a is not None]
            found |= {a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *rest)}
        return frozenset(found | set(self.functions))

    @cached_property
    def assigned(self) -> dict[str, list[ast.expr]]:
        """What is assigned to single names, in order."""
        found: dict[str, list[ast.expr]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append(node.value)
        return found

    @cached_property
    def returned(self) -> tuple[ast.expr, ...]:
        if isinstance(self.node, ast.Lambda):
            return (self.node.body,)
        return tuple(n.value for n in self.nodes if isinstance(n, ast.Return) and n.value is not None)

    def path(self, node: ast.expr) -> str:
        """The dotted library path of a name or attribute ("jax.random.split"); "" for anything else."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.path(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def site(self, node: ast.AST) -> Site:
        return Site(self.file, node)

    def around(self) -> "Iterator[Body]":
        """Itself and the bodies it stands in, innermost first."""
        body: Body | None = self
        while body is not None:
            yield body
            body = body.parent

    def below(self) -> "Iterator[Body]":
        """Itself and the functions defined in it, at any depth."""
        yield self
        for body in self.inner:
            yield from body.below()

    def home_of(self, name: str) -> "Body | None":
        """The body whose variable `name` is, seen from here; None for a builtin or unknown name."""
        return next((body for body in self.around() if name in body.own_names), None)


def bodies_of(file: SourceFile, imports: dict[str, str]) -> list[Body]:
    """The module and every function and lambda of the file, outer ones first."""
    module = Body(file.tree, file, imports)
    found = [module]
    stack: list[tuple[ast.AST, Body, ast.ClassDef | None]] = [(file.tree, module, None)]
    while stack:
        node, body, owner = stack.pop()
        for child in children(node):
            if isinstance(child, _FUNCTIONS):
                made = Body(child, file, imports, body, owner)
                found.append(made)
                body.inner.append(made)
                if owner is None and not isinstance(child, ast.Lambda):
                    body.functions[child.name] = made
                stack.append((child, made, None))
            else:
                stack.append((child, body, child if isinstance(child, ast.ClassDef) else owner))
    return found


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Pre-order; of a function defined inside only the node itself, its decorators and defaults."""
    for child in _inside(node):
        yield child
        if isinstance(child, _FUNCTIONS):
            for part in (*getattr(child, "decorator_list", ()), *child.args.defaults):
                yield part
                yield from _own(part)
        else:
            yield from _own(child)


def _inside(node: ast.AST) -> list[ast.AST]:
    """The children; of a function only its body, since decorators and defaults belong to where it is defined."""
    if isinstance(node, ast.Lambda):
        return [node.body]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return list(node.body)
    return list(children(node))


def imports_of(tree: ast.Module) -> dict[str, str]:
    """Local names and the dotted paths they were imported from, wherever in the file the import stands."""
    found: dict[str, str] = {}
    for node in walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {a.asname or a.name: f"{base}.{a.name}" for a in node.names}
    return found
