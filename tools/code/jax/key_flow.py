"""Follows random keys through a body: where each is used up, and whether it is replaced before the next use.

A key gives the same numbers every time it is used: after a draw or a split it must not be used again
(https://docs.jax.dev/en/latest/random-numbers.html). `fold_in` does not use a key up.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import JaxProgram
from misrun.tools.code.names import names
from misrun.tools.code.walking import children, unparsed, walk

# Functions of jax.random that make, mix or look at keys and draw nothing with them.
KEY_MAKERS = names("PRNGKey key split fold_in clone")
_NO_DRAW = KEY_MAKERS | names(
    "key_data wrap_key_data key_impl default_prng_impl PRNGKeyArray KeyArray Array prng_key_shape"
)


@dataclass(frozen=True, slots=True)
class Use:
    """A key is used up at `node` by `how`: "draw", "split" or the name of a function of the project."""

    key: str
    node: ast.Call
    how: str


@dataclass(frozen=True, slots=True)
class Reuse:
    """`second` uses the key that `first` has used up; `in_loop` when both are one place, in two rounds of a loop."""

    first: Use
    second: Use
    in_loop: bool


State = dict[str, Use]


@dataclass
class KeyFlow:
    """Walks the statements of one body in order; `state` holds the keys that are used up."""

    program: JaxProgram
    body: Body
    found: dict[int, Reuse] = field(default_factory=dict)

    def run(self) -> list[Reuse]:
        node = self.body.node
        if isinstance(node, ast.Lambda):
            self._expression(node.body, {})
        else:
            self._block(node.body, {})
        return list(self.found.values())

    def _block(self, statements: Iterable[ast.stmt], state: State) -> State | None:
        """The state after the statements; None when every path has left."""
        for statement in statements:
            after = self._statement(statement, state)
            if after is None:
                return None
            state = after
        return state

    def _statement(self, node: ast.stmt, state: State) -> State | None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return state
        if isinstance(node, ast.If):
            return self._if(node, state)
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            return self._loop(node, state)
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self._expression(item.context_expr, state)
            return self._block(node.body, state)
        if isinstance(node, ast.Try):
            return self._try(node, state)
        if isinstance(node, ast.Match):
            return _joined([self._block(case.body, dict(state)) for case in node.cases] + [state])
        return self._simple(node, state)

    def _simple(self, node: ast.stmt, state: State) -> State | None:
        for child in children(node):
            if isinstance(child, ast.expr):
                self._expression(child, state)
        for target in _targets(node):
            _forget(target, state)
        return None if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue) else state

    def _if(self, node: ast.If, state: State) -> State | None:
        self._expression(node.test, state)
        return _joined([self._block(node.body, dict(state)), self._block(node.orelse, dict(state))])

    def _try(self, node: ast.Try, state: State) -> State | None:
        before = dict(state)
        after = [self._block([*node.body, *node.orelse], state)]
        after += [self._block(handler.body, dict(before)) for handler in node.handlers]
        left = _joined(after)
        return self._block(node.finalbody, left) if left is not None else None

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, state: State) -> State:
        """Two rounds: the second meets the keys that the first has used up."""
        self._expression(node.test if isinstance(node, ast.While) else node.iter, state)
        once = isinstance(node, ast.For | ast.AsyncFor) and _runs_at_most_once(node.iter)
        current: State = dict(state)
        for _ in range(1 if once else 2):
            if not isinstance(node, ast.While):
                _forget(node.target, current)
            after = self._block(node.body, current)
            if after is None:
                return state
            current = after
        return current

    def _expression(self, node: ast.expr, state: State) -> None:
        """Parts first, then the call itself; of `a if c else b` either part alone."""
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.IfExp):
            self._expression(node.test, state)
            one, other = dict(state), dict(state)
            self._expression(node.body, one)
            self._expression(node.orelse, other)
            state.update(_joined([one, other]) or {})
            return
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            self._comprehension(node, state)
            return
        for child in children(node):
            for part in [child.value] if isinstance(child, ast.keyword) else [child]:
                if isinstance(part, ast.expr):
                    self._expression(part, state)
        if isinstance(node, ast.Call):
            self._call(node, state)
        if isinstance(node, ast.NamedExpr):
            _forget(node.target, state)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, state: State) -> None:
        for part in node.generators:
            self._expression(part.iter, state)
        once = len(node.generators) == 1 and _runs_at_most_once(node.generators[0].iter)
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for _ in range(1 if once else 2):
            for part in node.generators:
                _forget(part.target, state)
            for element in elements:
                self._expression(element, state)
        for part in node.generators:
            _forget(part.target, state)

    def _call(self, node: ast.Call, state: State) -> None:
        for use in uses_of(node, self.program, self.body):
            earlier = state.get(use.key)
            if earlier is not None and _clashes(earlier, use):
                self.found.setdefault(id(use.node), Reuse(earlier, use, earlier.node is use.node))
            if earlier is None or earlier.how not in ("draw", "split"):
                state[use.key] = use
        _forget_changed_object(node, state)


def uses_of(node: ast.Call, program: JaxProgram, body: Body) -> Iterator[Use]:
    """The keys that a call uses up."""
    path = body.path(node.func)
    head, _, name = path.rpartition(".")
    if head == "jax.random":
        given = key_argument(node)
        key = key_name(given, body) if given is not None else ""
        if key and (name == "split" or name not in _NO_DRAW):
            yield Use(key, node, "split" if name == "split" else "draw")
        return
    if head.startswith("equinox.nn") or (name == "sample" and not head.startswith(("numpy", "random"))):
        drawn = next((k.value for k in node.keywords if k.arg in ("key", "seed")), None)
        key = key_name(drawn, body) if drawn is not None else ""
        if key:
            yield Use(key, node, "draw")
        return
    target = program.function(node.func, body) if isinstance(node.func, ast.Name | ast.Attribute) else None
    if target is not None and not target[1]:
        consumed = consumed_parameters(target[0])
        for parameter, value in arguments(node, target[0]):
            key = key_name(value, body) if parameter in consumed else ""
            if key:
                yield Use(key, node, target[0].name)


def key_argument(node: ast.Call) -> ast.expr | None:
    """The key of a function of jax.random."""
    if node.args and not isinstance(node.args[0], ast.Starred):
        return node.args[0]
    return next((k.value for k in node.keywords if k.arg in ("key", "rng")), None)


def key_name(node: ast.expr, body: Body) -> str:
    """How a key is told from others: `key`, `self.key`, `keys[0]`; "" where the expression makes a new one."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return "" if _is_property(node, body) else f"{node.value.id}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
        return f"{node.value.id}[{node.slice.value!r}]"
    return ""


def _is_property(node: ast.Attribute, body: Body) -> bool:
    """An attribute of self that no code of the file stores may make a new key at each look."""
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    if name != "self":
        return not any(part in node.attr for part in ("key", "rng", "seed"))
    stored = (
        isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and n.attr == node.attr
        for n in walk(body.file.tree)
    )
    return not any(stored)


def arguments(node: ast.Call, function: Body) -> Iterator[tuple[str, ast.expr]]:
    """Parameter names and what they are given, as far as written out."""
    if any(isinstance(a, ast.Starred) for a in node.args):
        return
    yield from zip(function.parameters, node.args, strict=False)
    yield from ((k.arg, k.value) for k in node.keywords if k.arg)


@lru_cache(maxsize=4096)
def consumed_parameters(function: Body) -> frozenset[str]:
    """Parameters that the function draws from or splits as they come in, whatever branch is taken."""
    node = function.node
    statements = [] if isinstance(node, ast.Lambda) else node.body
    found: set[str] = set()
    replaced: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.If | ast.For | ast.While | ast.Try | ast.FunctionDef | ast.ClassDef):
            replaced |= {n.id for n in walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            continue
        found |= set(_drawn_from(statement, function)) - replaced
        replaced |= {n.id for t in _targets(statement) for n in walk(t) if isinstance(n, ast.Name)}
    found |= {name for name in _given_as_rngs(function) if name not in replaced}
    return frozenset(found & set(function.parameters))


def _given_as_rngs(function: Body) -> Iterator[str]:
    """Names of the function given to a Flax model as they are: `rngs={"dropout": key}`, also in a loss inside it."""
    for body in function.below():
        for keyword in (k for call in body.calls for k in call.keywords if k.arg == "rngs"):
            for value in keyword.value.values if isinstance(keyword.value, ast.Dict) else ():
                if isinstance(value, ast.Name) and body.home_of(value.id) is function:
                    yield value.id


def _drawn_from(statement: ast.stmt, function: Body) -> Iterator[str]:
    for node in walk(statement):
        if isinstance(node, ast.Call):
            head, _, name = function.path(node.func).rpartition(".")
            given = key_argument(node)
            if head == "jax.random" and isinstance(given, ast.Name) and (name == "split" or name not in _NO_DRAW):
                yield given.id


def _clashes(earlier: Use, later: Use) -> bool:
    """Draws and splits clash with each other; a function of the project clashes with itself alone."""
    basic = ("draw", "split")
    return (earlier.how in basic and later.how in basic) or earlier.how == later.how


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return [node.target]
    return list(node.targets) if isinstance(node, ast.Delete) else []


def _forget(target: ast.expr, state: State) -> None:
    """What is assigned anew is a new key; so are its parts."""
    for node in walk(target):
        if isinstance(node, ast.Name | ast.Attribute):
            name = unparsed(node)
            for key in [k for k in state if k == name or k.startswith((f"{name}.", f"{name}["))]:
                del state[key]


def _forget_changed_object(node: ast.Call, state: State) -> None:
    """A method, or a function that is given the whole object, may replace the key that the object holds."""
    touched = {a.id for a in node.args if isinstance(a, ast.Name)}
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        touched.add(node.func.value.id)
    for key in [k for k in state if k.partition(".")[0] in touched and "." in k and state[k].node is not node]:
        del state[key]


def _runs_at_most_once(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value in (0, 1)
    return isinstance(node, ast.List | ast.Tuple) and len(node.elts) < 2


def _joined(states: list[State | None]) -> State | None:
    """What is used up on every path that goes on."""
    going = [s for s in states if s is not None]
    if not going:
        return None
    return {key: use for key, use in going[0].items() if all(key in other for other in going[1:])}
