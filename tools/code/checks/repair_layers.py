"""Patches for layers and parameters: built in __init__, registered, handed to the optimizer as a whole."""

import ast

from misrun.tools.code.checks.repair_places import assigned_at, library
from misrun.tools.code.checks.repair_syntax import atom, class_of, function_of, names_in, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk


def built_in_constructor(site: Site) -> tuple[Edit, ...]:
    """`nn.Linear(20, 5)(x)` in forward becomes `self.linear(x)`, and __init__ builds it; none where its arguments are
    only known in forward."""
    file, call = site.file, site.node
    owner = class_of(file, call)
    if owner is None or not isinstance(call, ast.Call) or not _known_before(file, owner, call):
        return ()
    name = _attribute_name(file, owner, call)
    built = f"self.{name} = {text_of(file, call)}"
    start = next((m for m in owner.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
    if start is not None:
        if not isinstance(start.body[-1], ast.Return | ast.Raise):
            return (Edit("replace", file, call, f"self.{name}"), Edit("after", file, start.body[-1], built))
        return ()
    forward = function_of(file, call)
    if isinstance(forward, ast.Module):
        return ()
    made = f"def __init__(self):\n    super().__init__()\n    {built}\n"
    return (Edit("replace", file, call, f"self.{name}"), Edit("before", file, forward, made))


def _known_before(file: SourceFile, owner: ast.ClassDef, call: ast.Call) -> bool:
    """The arguments are numbers, attributes of the module that __init__ sets, and names of the file."""
    given = [*call.args, *(k.value for k in call.keywords)]
    of_file = {n.id for s in file.tree.body for n in walk(s) if isinstance(n, ast.Name) and n in _stored(s)}
    allowed = of_file | {"self", "True", "False", "None"} | _imported(file)
    start = next((m for m in owner.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
    set_there = {unparsed(n) for n in walk(start) if isinstance(n, ast.Attribute)} if start else set()
    read = {unparsed(n) for g in given for n in walk(g) if isinstance(n, ast.Attribute) and _is_self(n)}
    return all(names_in(g) <= allowed for g in given) and read <= set_there


def _stored(statement: ast.stmt) -> list[ast.AST]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return []
    return [n for n in walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _imported(file: SourceFile) -> set[str]:
    imports = (n for n in file.tree.body if isinstance(n, ast.Import | ast.ImportFrom))
    return {(a.asname or a.name).partition(".")[0] for n in imports for a in n.names}


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _attribute_name(file: SourceFile, owner: ast.ClassDef, call: ast.Call) -> str:
    """The variable the layer is assigned to, else the name of its class, as an attribute the module does not have."""
    made = assigned_at(file, call)
    named = made is not None and "." not in made[1]
    wanted = made[1] if named and made is not None else unparsed(call.func).rpartition(".")[2].lower()
    taken = {n.attr for n in walk(owner) if isinstance(n, ast.Attribute)}
    return next(name for name in (wanted, *(f"{wanted}{i}" for i in range(2, 100))) if name not in taken)


def parameter_outside(site: Site) -> tuple[Edit, ...]:
    """`nn.Parameter(x).to(device)` becomes `nn.Parameter(x.to(device))`."""
    statement = site.node
    call = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return ()
    made = call.func.value
    if not isinstance(made, ast.Call) or not made.args:
        return ()
    file = site.file
    given = ", ".join(text_of(file, a) for a in (*call.args, *call.keywords))
    data = f"{atom(file, made.args[0])}.{call.func.attr}({given})"
    rest = [text_of(file, a) for a in (*made.args[1:], *made.keywords)]
    return (Edit("replace", file, call, f"{text_of(file, made.func)}({', '.join([data, *rest])})"),)


def wrapped_in(site: Site, value: ast.expr | None, container: str) -> tuple[Edit, ...]:
    """The value of an assignment as `nn.ModuleList(value)`."""
    if value is None:
        return ()
    prefix = library(site.file, "torch.nn")
    text = text_of(site.file, value)
    inner = text[1:-1].strip(" ") if isinstance(value, ast.GeneratorExp) else text
    return (Edit("replace", site.file, value, f"{prefix}.{container}({inner})"),)


def repeated_in(site: Site, value: ast.expr | None, container: str) -> tuple[Edit, ...]:
    """`[Block(d)] * n` as `nn.ModuleList([Block(d) for _ in range(n)])`: n layers, each with weights of its own."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.left, ast.List) or len(value.left.elts) != 1:
        return ()
    one, times = text_of(site.file, value.left.elts[0]), text_of(site.file, value.right)
    prefix = library(site.file, "torch.nn")
    return (Edit("replace", site.file, value, f"{prefix}.{container}([{one} for _ in range({times})])"),)


def whole_model(site: Site) -> tuple[Edit, ...]:
    """`Adam(model.head.parameters())` becomes `Adam(model.parameters())`, where all parts given are of one model."""
    call = site.node
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if first is None or isinstance(first, ast.Starred):
        return ()
    made = [n for n in walk(first) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    parts = [n.func.value for n in made if isinstance(n.func, ast.Attribute) and n.func.attr == "parameters"]
    models = {unparsed(p.value) if isinstance(p, ast.Attribute) else "" for p in parts}
    if len(models) != 1 or "" in models or any(isinstance(n, ast.Dict) for n in walk(first)):
        return ()
    model = models.pop()
    return (Edit("replace", site.file, first, f"{model}.parameters()"),) if model != "self" else ()


def as_parameter(site: Site, value: ast.expr | None) -> tuple[Edit, ...]:
    """`torch.ones(d, requires_grad=True)` becomes `nn.Parameter(torch.ones(d))`."""
    flags = [
        (call, k)
        for call in (walk(value) if value is not None else ())
        if isinstance(call, ast.Call)
        for k in call.keywords
        if k.arg == "requires_grad"
    ]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "requires_grad_":
        made = f"{library(site.file, 'torch.nn')}.Parameter({text_of(site.file, value.func.value)})"
        return (Edit("replace", site.file, value, made),)
    if value is None or len(flags) != 1:
        return ()
    call, flag = flags[0]
    file = site.file
    whole, inner = text_of(file, value), text_of(file, call)
    given = [text_of(file, a) for a in (*call.args, *(k for k in call.keywords if k is not flag))]
    is_variable = unparsed(call.func).rpartition(".")[2] == "Variable" and len(given) == 1
    plain = given[0] if is_variable else f"{text_of(file, call.func)}({', '.join(given)})"
    if whole.count(inner) != 1:
        return ()
    return (Edit("replace", file, value, f"{library(file, 'torch.nn')}.Parameter({whole.replace(inner, plain)})"),)
