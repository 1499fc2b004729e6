"""How long a container lives and whether anything empties it."""

import ast
from collections.abc import Iterator

from misrun.tools.code.project_model import Project
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.values import Value, ancestors
from misrun.tools.code.walking import children, unparsed, walk

_SAMPLING = frozenset({"random.sample", "random.choices", "random.choice"})
_EMPTYING = frozenset({"clear", "pop", "popleft", "popitem", "remove", "reset"})


def receiver_text(event: Event) -> str:
    """What a container is called where something is put into it: "self.images" of `self.images.append(x)`."""
    node = event.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return unparsed(node.func.value)
    if isinstance(node, ast.Subscript):
        return unparsed(node.value)
    return unparsed(node) if isinstance(node, ast.expr) else ""


def container_of(event: Event) -> Value | None:
    """The list that is appended to; for `stats["loss"].append(x)` on a defaultdict, the dictionary."""
    receiver = event.receiver
    if receiver is not None and receiver.kind != "sequence" and receiver.op == "element" and receiver.inputs:
        outer = receiver.inputs[0]
        return outer if outer.name.endswith("defaultdict") or outer.class_name == "defaultdict" else None
    return receiver if receiver is not None and receiver.kind == "sequence" else None


def is_bounded(container: Value | None) -> bool:
    """A deque with a length."""
    return container is not None and ("maxlen" in container.kwargs or len(container.args) > 1)


def is_fed_to(container: Value | None, root: tuple[Event, ...]) -> bool:
    """Whether a loss that is differentiated is computed from the container."""
    losses = [e.args[0] for e in root if e.op == "backward" and e.args]
    return any(v is container for loss in losses for v in ancestors(loss, 120))


def is_sampled(container: Value | None, root: tuple[Event, ...]) -> bool:
    """Whether random samples are drawn from the container: a replay memory."""
    return any(e.op in _SAMPLING and e.args and e.args[0] is container for e in root)


def created_within(event: Event, loop: Frame) -> bool:
    """Whether the container is made inside the loop: in its text, in a function called there, or set anew there."""
    container = container_of(event) or event.receiver
    if container is None or container.site is None:
        return True
    if any(node is container.site.node for node in walk(loop.node)):
        return True
    for frame in event.frame.chain():
        if frame is loop:
            return False
        if frame.kind == "call" and _defines(event, frame.label, container.site.line):
            return True
    return True


def _defines(event: Event, function: str, line: int) -> bool:
    """Whether a function of that name, other than a constructor, spans the line in the event's file."""
    found = (n for n in walk(event.file.tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    return function != "__init__" and any(n.lineno <= line <= (n.end_lineno or n.lineno) for n in found)


def is_emptied(project: Project, event: Event, loop: Frame | None) -> bool:
    """Whether the text of the project empties, replaces, cuts or bounds the container by its name.

    A plain name counts inside the loop; an attribute counts everywhere but where it is first set.
    """
    text = receiver_text(event)
    if text.startswith(("self.", "cls.")) or text.count(".") == 1:
        trees: list[ast.AST] = [file.tree for file in project.files]
        forms = {"." + text.rpartition(".")[2]}
    else:
        trees = [loop.node if loop else event.file.tree]
        forms = {text, text.partition("[")[0]}
    return any(_empties(node, forms) for tree in trees for node in _outside_constructors(tree))


def _outside_constructors(tree: ast.AST) -> Iterator[ast.AST]:
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(
            child for child in children(node) if not (isinstance(child, ast.FunctionDef) and child.name == "__init__")
        )


def _empties(node: ast.AST, forms: set[str]) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _EMPTYING and _is(node.func.value, forms)
    if isinstance(node, ast.Assign):
        targets = [one for t in node.targets for one in (t.elts if isinstance(t, ast.Tuple) else [t])]
        return any(_is(_whole(target), forms) for target in targets) and not _grows(node.value, forms)
    if isinstance(node, ast.Delete):
        return any(_is(t.value if isinstance(t, ast.Subscript) else t, forms) for t in node.targets)
    return isinstance(node, ast.If | ast.While) and any(f"{form.lstrip('.')})" in _lengths(node.test) for form in forms)


def _lengths(test: ast.expr) -> str:
    """The arguments of len() in a condition, as text."""
    calls = (n for n in walk(test) if isinstance(n, ast.Call) and unparsed(n.func) == "len")
    return " ".join(unparsed(call) for call in calls)


def _whole(target: ast.expr) -> ast.expr:
    """`x` of the assignment `x[:] = ...`."""
    return target.value if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice) else target


def _is(node: ast.expr, forms: set[str]) -> bool:
    """Whether the expression is one of the forms; ".name" stands for that attribute of any object."""
    return unparsed(node) in forms or (isinstance(node, ast.Attribute) and f".{node.attr}" in forms)


def _grows(value: ast.expr, forms: set[str]) -> bool:
    """`x = torch.cat([x, new])`: the container made longer, not a new one."""
    if not isinstance(value, ast.Call) or any(isinstance(n, ast.Slice) for n in walk(value)):
        return False
    return any(_is(n, forms) for n in walk(value) if isinstance(n, ast.expr))


def test_of(node: ast.AST) -> str:
    """The condition of a branch, as text."""
    return unparsed(node.test) if isinstance(node, ast.If) else ""
