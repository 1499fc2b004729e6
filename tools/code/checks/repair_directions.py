"""Repairs of comparisons that run the wrong way: the sign, the start, the mode of a monitor, the copy of the best."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.repair_syntax import class_of, function_of, given_node, text_of, with_keyword
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_TURNED = {ast.Gt: "<", ast.GtE: "<=", ast.Lt: ">", ast.LtE: ">="}
_INFINITE = ("float('inf')", "math.inf", "np.inf", "numpy.inf", "torch.inf", "float('infinity')")
# A score searched for downwards starts wrongly at 0 or minus infinity, one searched for upwards at infinity.
_WRONG = {"min": ("0", "0.0", *(f"-{i}" for i in _INFINITE), "float('-inf')"), "max": _INFINITE}


def turned_round(file: SourceFile, test: ast.Compare, best: ast.expr, better: str) -> tuple[Edit, ...]:
    """The comparison the other way, and infinity of the right sign where the best score starts at what it then never
    passes."""
    sign = _TURNED[type(test.ops[0])]
    text = f"{text_of(file, test.left)} {sign} {text_of(file, test.comparators[0])}"
    starts = [v for v in _starts(file, test, unparsed(best)) if unparsed(v).lower() in _WRONG[better]]
    return (Edit("replace", file, test, text), *(started(file, value, better) for value in starts))


def started(file: SourceFile, value: ast.expr, better: str) -> Edit:
    quote = quote_of(file)
    return Edit("replace", file, value, f"float({quote}{'inf' if better == 'min' else '-inf'}{quote})")


def _starts(file: SourceFile, test: ast.expr, best: str) -> Iterator[ast.expr]:
    """What the best score is set to in the same function, or anywhere in the class for an attribute of self."""
    scope: ast.AST = (class_of(file, test) if best.startswith("self.") else None) or function_of(file, test)
    for node in walk(scope):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            yield from (value for name, value in pairs if unparsed(name) == best)


def quote_of(file: SourceFile) -> str:
    """The quotation mark the file uses more."""
    text = "\n".join(file.lines)
    return "'" if text.count("'") > text.count('"') else '"'


def with_direction(file: SourceFile, call: ast.Call, option: str, direction: str) -> tuple[Edit, ...]:
    """`mode="max"`, or `greater_is_better=True`."""
    quote = quote_of(file)
    value = str(direction == "max") if option == "greater_is_better" else f"{quote}{direction}{quote}"
    return (with_keyword(file, call, option, value),)


def scheduler_told(site: Site | None, direction: str) -> tuple[Edit, ...]:
    """The mode of ReduceLROnPlateau(optimizer, mode), where the call shows it."""
    call = site.node if site is not None else None
    if site is None or not isinstance(call, ast.Call) or any(k.arg is None for k in call.keywords):
        return ()
    quote, given = quote_of(site.file), given_node(call, 1, "mode")
    if given is not None:
        written = isinstance(given, ast.Constant)
        return (Edit("replace", site.file, given, f"{quote}{direction}{quote}"),) if written else ()
    return (with_keyword(site.file, call, "mode", f"{quote}{direction}{quote}"),)


def copied(file: SourceFile, state: ast.expr) -> tuple[Edit, ...]:
    """copy.deepcopy around the state, under the name the file has for it."""
    for node in file.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "copy":
            name = next((a.asname or a.name for a in node.names if a.name == "deepcopy"), None)
            if name is not None:
                return (Edit("replace", file, state, f"{name}({text_of(file, state)})"),)
    stored = (n for n in walk(file.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    if any(n.id == "copy" for n in stored):
        return ()
    return (
        Edit("replace", file, state, f"copy.deepcopy({text_of(file, state)})"),
        Edit("import", file, file.tree, "import copy"),
    )
