"""A number that a call is given, set anew where it is written: in the code, in a file or on the command."""

import ast

from misrun.tools.code.checks.repair_syntax import parents
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.setting_change import SettingChange
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site, Value, number
from misrun.tools.readers.run_record import ConfigValue


def set_number(scene: Scene, value: Value | None, expression: ast.expr | None, new: float, said: str) -> Written | None:
    """The number of `value`, which `expression` reads, becomes `new`.

    A setting of the run under the name that the expression reads goes before the literal in the code: what the command
    or a file says overrules a default. None where neither holds the number.
    """
    literal = _literal(value)
    name = _name_read(expression) or (_name_of(*literal) if literal else "")
    setting = scene.facts.run.setting(name) if name else None
    known = number(value)
    if setting is not None and _is_number(setting) and setting.origin != "code":
        return _by_setting(setting, new, said, literal, expression, scene)
    if literal is not None and known is not None:
        file, node = literal
        return Written(said, Site(file, node), (Edit("replace", file, node, f"{new:g}"),))
    if setting is not None and _is_number(setting):
        return _by_setting(setting, new, said, literal, expression, scene)
    return None


def _by_setting(
    setting: ConfigValue,
    new: float,
    said: str,
    literal: tuple[SourceFile, ast.Constant] | None,
    expression: ast.expr | None,
    scene: Scene,
) -> Written | None:
    old = setting.value
    place = Site(*literal) if literal else _site_of(scene, expression)
    if isinstance(old, tuple) or place is None:
        return None
    return Written(said, place, (), (SettingChange(name=setting.name, old=old, new=new),))


def _site_of(scene: Scene, expression: ast.expr | None) -> Site | None:
    if expression is None:
        return None
    owners = (file for file in scene.trace.project.files if id(expression) in parents(file))
    return next((Site(file, expression) for file in owners), None)


def _is_number(setting: ConfigValue) -> bool:
    return isinstance(setting.value, int | float) and not isinstance(setting.value, bool)


def _literal(value: Value | None) -> tuple[SourceFile, ast.Constant] | None:
    """The literal that a known number was read from: its own, or the default of the option it comes from."""
    if value is not None and value.op == "attr" and len(value.args) == 1:
        value = value.args[0]
    if value is None or value.kind != "const" or value.site is None:
        return None
    node = value.site.node
    inner = node if isinstance(node, ast.Constant) else _only_constant(node, value.const)
    return (value.site.file, inner) if inner is not None and inner.value == value.const else None


def _only_constant(node: ast.AST, wanted: object) -> ast.Constant | None:
    """The one literal of that value inside a statement or call (a field's default, an option's)."""
    found = [
        n for n in ast.walk(node) if isinstance(n, ast.Constant) and n.value == wanted and type(n.value) is type(wanted)
    ]
    return found[0] if len(found) == 1 and not isinstance(node, ast.BinOp) else None


def _name_read(expression: ast.expr | None) -> str:
    """The setting that an expression reads: `args.workers`, `cfg["workers"]`, `cfg.get("workers", 2)`; else ""."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    if isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant):
        return str(expression.slice.value)
    called = expression.func if isinstance(expression, ast.Call) else None
    if isinstance(called, ast.Attribute) and called.attr == "get" and isinstance(expression, ast.Call):
        first = expression.args[0] if expression.args else None
        return str(first.value) if isinstance(first, ast.Constant) else ""
    return ""


def _name_of(file: SourceFile, node: ast.Constant) -> str:
    """What a literal is assigned to: a field, a variable, a keyword or an option."""
    holder = parents(file).get(id(node))
    if isinstance(holder, ast.AnnAssign | ast.Assign):
        target = holder.target if isinstance(holder, ast.AnnAssign) else holder.targets[0]
        return target.id if isinstance(target, ast.Name) else ""
    if isinstance(holder, ast.keyword):
        call = parents(file).get(id(holder))
        option = call.args[0] if isinstance(call, ast.Call) and call.args else None
        if holder.arg == "default" and isinstance(option, ast.Constant) and isinstance(option.value, str):
            return option.value.lstrip("-").replace("-", "_")
        return holder.arg or ""
    return ""
