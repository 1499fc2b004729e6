"""The JAX code of a project: its functions, what transforms them (jit, grad, vmap, scan, ...), and who calls whom."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from misrun.tools.code.jax.bodies import Body, bodies_of, imports_of
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Project
from misrun.tools.code.trace import Trace

_LIBRARIES = names("jax flax optax haiku equinox chex distrax rlax gymnax brax distreqx")
# Transformations by their last name and where their function arguments stand
# (https://docs.jax.dev/en/latest/jax.html, https://docs.jax.dev/en/latest/jax.lax.html).
_FUNCTION_ARGUMENTS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(names("jit pjit pmap vmap grad value_and_grad jacfwd jacrev hessian vjp jvp linearize"), (0,)),
    **dict.fromkeys(names("checkpoint remat shard_map custom_vjp custom_jvp"), (0,)),
    **dict.fromkeys(names("filter_jit filter_pmap filter_vmap filter_grad filter_value_and_grad"), (0,)),
    "scan": (0,), "map": (0,), "associative_scan": (0,), "while_loop": (0, 1), "fori_loop": (2,), "cond": (1, 2),
    "transform": (0,), "transform_with_state": (0,),
}  # fmt: skip
_PARTIALS = names("functools.partial partial jax.tree_util.Partial")
_HOMES = ("jax", "flax", "equinox", "haiku", "nnx")
JITS = names("jit pjit pmap filter_jit filter_pmap")
GRADS = names("grad value_and_grad jacfwd jacrev filter_grad filter_value_and_grad")
# What runs its function on tracers whatever the arguments: Python cannot branch on values inside.
TRACING = JITS | names("scan while_loop fori_loop associative_scan shard_map")


@dataclass(frozen=True, eq=False)
class Transform:
    """`kind` is the last part of the transformation's name; `call` holds its settings (None for a bare decorator);
    `bound` are the names of parameters that a partial has already given; `where` is the body it stands in."""

    kind: str
    function: Body
    where: Body
    node: ast.expr
    call: ast.Call | None
    bound: frozenset[str] = frozenset()

    def setting(self, name: str) -> ast.expr | None:
        """A keyword of the transformation."""
        found = (k.value for k in (self.call.keywords if self.call else ()) if k.arg == name)
        return next(found, None)

    def fixed(self) -> frozenset[str] | None:
        """Names of the parameters that are no tracers: static or bound; None when that is not written out."""
        static = set(self.bound)
        for name in ("static_argnums", "static_broadcasted_argnums", "static_argnames"):
            value = self.setting(name)
            if value is None:
                continue
            chosen = chosen_parameters(self.function, value)
            if chosen is None:
                return None
            static |= chosen
        return frozenset(static)


def chosen_parameters(function: Body, value: ast.expr) -> set[str] | None:
    """The parameters that `(0, "x")`, `0` or `["x"]` names; None when it is no literal."""
    try:
        given = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        return None
    spec = getattr(function.node, "args", None)
    everything = [a.arg for a in (*spec.posonlyargs, *spec.args)] if spec else []
    found = set()
    for item in given if isinstance(given, tuple | list | set | frozenset) else [given]:
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, int) and -len(everything) <= item < len(everything):
            found.add(everything[item])
    return found


@dataclass(frozen=True, eq=False)
class JaxProgram:
    """All files of a project that import JAX or a library built on it."""

    project: Project
    bodies: tuple[Body, ...]

    @cached_property
    def by_node(self) -> dict[int, Body]:
        return {id(body.node): body for body in self.bodies}

    @cached_property
    def modules(self) -> dict[str, Body]:
        return {body.file.module: body for body in self.bodies if isinstance(body.node, ast.Module)}

    @cached_property
    def methods(self) -> dict[tuple[int, str], Body]:
        return {(id(b.owner), b.name): b for b in self.bodies if b.owner is not None}

    @cached_property
    def transforms(self) -> tuple[Transform, ...]:
        return tuple(t for body in self.bodies for t in self._transforms_in(body))

    @cached_property
    def transforms_of(self) -> dict[int, list[Transform]]:
        """The transformations of each function, by the id of its body."""
        found: dict[int, list[Transform]] = {}
        for transform in self.transforms:
            found.setdefault(id(transform.function), []).append(transform)
        return found

    def kinds_of(self, body: Body) -> set[str]:
        return {t.kind for t in self.transforms_of.get(id(body), ())}

    def _transforms_in(self, body: Body) -> Iterator[Transform]:
        for call in body.calls:
            kind = transform_kind(body, call.func)
            for position in _FUNCTION_ARGUMENTS.get(kind, ()):
                if position < len(call.args):
                    found = self.function(call.args[position], body)
                    if found is not None:
                        yield Transform(kind, found[0], body, call, call, found[1])
        for child in body.inner:
            for decorator in getattr(child.node, "decorator_list", ()):
                kind, settings = _decoration(body, decorator)
                if kind:
                    yield Transform(kind, child, body, decorator, settings)

    def function(self, node: ast.expr, body: Body, depth: int = 4) -> tuple[Body, frozenset[str]] | None:
        """The project's function an expression stands for, and which of its parameters are already given."""
        if depth == 0:
            return None
        if isinstance(node, ast.Lambda):
            return (self.by_node[id(node)], frozenset()) if id(node) in self.by_node else None
        if isinstance(node, ast.Call):
            return self._made_function(node, body, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, body)
        return self._named(node.id, body, depth) if isinstance(node, ast.Name) else None

    def _made_function(self, node: ast.Call, body: Body, depth: int) -> tuple[Body, frozenset[str]] | None:
        """`partial(f, a, b=c)` and `jax.vmap(f)`."""
        if (
            body.path(node.func) in ("functools.partial", "partial", "jax.tree_util.Partial", "jax.util.partial")
            and node.args
        ):
            found = self.function(node.args[0], body, depth - 1)
            if found is None:
                return None
            given = found[0].parameters[: len(node.args) - 1]
            return found[0], found[1] | {*given, *(k.arg for k in node.keywords if k.arg)}
        if transform_kind(body, node.func) and node.args:
            return self.function(node.args[0], body, depth - 1)
        return None

    def _attribute(self, node: ast.Attribute, body: Body) -> tuple[Body, frozenset[str]] | None:
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            owner = next((b.owner for b in body.around() if b.owner is not None), None)
            found = self.methods.get((id(owner), node.attr)) if owner is not None else None
            return (found, frozenset()) if found is not None else None
        return self._imported(body.path(node), body)

    def _named(self, name: str, body: Body, depth: int) -> tuple[Body, frozenset[str]] | None:
        for scope in body.around():
            if name in scope.functions:
                return scope.functions[name], frozenset()
            if name in scope.own_names:
                values = scope.assigned.get(name, [])
                single = len(values) == 1 and not (isinstance(values[0], ast.Name) and values[0].id == name)
                return self.function(values[0], scope, depth - 1) if single else None
        return self._imported(body.imports.get(name, ""), body)

    def _imported(self, path: str, body: Body) -> tuple[Body, frozenset[str]] | None:
        module, _, name = path.rpartition(".")
        level = len(module) - len(module.lstrip("."))
        if level:
            module = self.project.relative_module(body.file, level, module.lstrip(".") or None)
        file = self.project.find_module(module, body.file) if module else None
        home = self.modules.get(file.module) if file is not None else None
        found = home.functions.get(name) if home is not None else None
        return (found, frozenset()) if found is not None else None

    def callees(self, body: Body) -> list[Body]:
        """The project's functions that its own statements call or hand on."""
        found: dict[int, Body] = {}
        for call in body.calls:
            for node in (call.func, *call.args):
                if isinstance(node, ast.Name | ast.Attribute | ast.Lambda | ast.Call):
                    target = self.function(node, body)
                    if target is not None and target[0] is not body:
                        found[id(target[0])] = target[0]
        return list(found.values())

    @cached_property
    def callbacks(self) -> frozenset[int]:
        """Functions that the host runs: handed to pure_callback, io_callback or jax.debug.callback."""
        found = set()
        for body in self.bodies:
            for call in body.calls:
                if "callback" in body.path(call.func) or body.path(call.func).endswith((".id_tap", ".call")):
                    targets = (self.function(a, body) for a in call.args)
                    found |= {id(t[0]) for t in targets if t is not None}
        return frozenset(found)

    def reach(self, body: Body, limit: int = 60) -> list[Body]:
        """The body, the functions in it and all it calls in the project. The limit bounds recursion in odd code."""
        found: dict[int, Body] = {}
        stack = [body]
        while stack and len(found) < limit:
            top = stack.pop()
            if id(top) not in found and id(top) not in self.callbacks:
                found[id(top)] = top
                stack += [*top.inner, *self.callees(top)]
        return list(found.values())

    @cached_property
    def compiled(self) -> dict[int, Transform]:
        """Bodies that run while something is traced (by jit, scan, ...), each with the transformation that does it."""
        found: dict[int, Transform] = {}
        for transform in self.transforms:
            if transform.kind in TRACING:
                for body in self.reach(transform.function):
                    found.setdefault(id(body), transform)
        for transform in self.transforms:
            if transform.kind in TRACING:
                found[id(transform.function)] = transform
        return found


def transform_kind(body: Body, node: ast.expr) -> str:
    """ "jit" for `jax.jit`; "" for what is no transformation of JAX or the libraries on it."""
    path = body.path(node)
    head, _, name = path.rpartition(".")
    known = name in _FUNCTION_ARGUMENTS and head.partition(".")[0] in _HOMES
    if not known or (name in ("map", "cond", "scan") and not head.startswith("jax")):
        return ""
    return "" if name == "map" and "lax" not in head else name


def _decoration(body: Body, node: ast.expr) -> tuple[str, ast.Call | None]:
    """`@jax.jit`, `@jax.jit(...)` or `@partial(jax.jit, ...)`."""
    if not isinstance(node, ast.Call):
        return transform_kind(body, node), None
    if body.path(node.func) in _PARTIALS and node.args:
        return transform_kind(body, node.args[0]), node
    return transform_kind(body, node.func), node


@lru_cache(maxsize=1)  # every check asks for the program of the same trace
def jax_program(trace: Trace) -> JaxProgram:
    return program_of(trace.project)


def program_of(project: Project) -> JaxProgram:
    bodies: list[Body] = []
    for file in project.files:
        if not any(name in line for line in file.lines for name in _LIBRARIES if "import" in line):
            continue
        imports = imports_of(file.tree)
        if uses_jax(imports):
            bodies += bodies_of(file, imports)
    return JaxProgram(project, tuple(bodies))


def uses_jax(imports: dict[str, str]) -> bool:
    return any(path.partition(".")[0] in _LIBRARIES for path in imports.values())
