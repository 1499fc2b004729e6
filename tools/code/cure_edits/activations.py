"""Another activation where the present one saturates: by the option that chooses it, or in the layers themselves."""

import ast

from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.setting_change import SettingChange
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

_SETTINGS = ("activation", "act", "nonlinearity", "act_fn", "activation_function", "hidden_act", "act_layer")
_SATURATING = frozenset({"sigmoid", "tanh"})
# GELU keeps a slope on either side (Hendrycks and Gimpel 2016, arXiv:1606.08415).
_NEW = "gelu"


def unsaturated(scene: Scene) -> Written | None:
    """A sigmoid or tanh inside the network becomes a GELU."""
    return _by_option(scene) or _in_layers(scene)


def _by_option(scene: Scene) -> Written | None:
    """The setting that names the activation, where the program knows GELU by that name too."""
    setting = scene.facts.run.setting(*_SETTINGS)
    if setting is None or str(setting.value).lower() not in _SATURATING or isinstance(setting.value, tuple):
        return None
    for file in scene.trace.project.files:
        known = next((n for n in ast.walk(file.tree) if isinstance(n, ast.Constant) and n.value == _NEW), None)
        if known is not None:
            said = f"Use {_NEW} in place of {setting.value} inside the network."
            change = SettingChange(name=setting.name, old=setting.value, new=_NEW)
            return Written(said, Site(file, known), (), (change,))
    return None


def _in_layers(scene: Scene) -> Written | None:
    """`nn.Sigmoid()` and `nn.Tanh()` between other layers; the last layer of a stack is an output and stays."""
    for file in scene.trace.project.files:
        nodes = [n for n in ast.walk(file.tree) if isinstance(n, ast.Call) and _is_hidden(n, file)]
        if nodes:
            edits = tuple(Edit("replace", file, n, f"{_module(file, n)}GELU()") for n in nodes)
            said = f"Use GELU in place of {_names(nodes)} inside the network."
            return Written(said, Site(file, nodes[0]), edits)
    return None


def _is_hidden(node: ast.Call, file: SourceFile) -> bool:
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("Sigmoid", "Tanh") or node.args:
        return False
    stacks = [
        n for n in ast.walk(file.tree) if isinstance(n, ast.Call) and text_of(file, n.func).endswith("Sequential")
    ]
    return any(any(a is node for a in stack.args[:-1]) for stack in stacks)


def _module(file: SourceFile, node: ast.Call) -> str:
    return f"{text_of(file, node.func.value)}." if isinstance(node.func, ast.Attribute) else ""


def _names(nodes: list[ast.Call]) -> str:
    found = dict.fromkeys(n.func.attr for n in nodes if isinstance(n.func, ast.Attribute))
    return " and ".join(found)
