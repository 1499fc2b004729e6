"""Weights that are shared and should not be, or copied where they should be shared."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import atom, statement_of, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value
from misrun.tools.code.walking import unparsed, walk

_LISTS = "https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html"
_TYING = "https://arxiv.org/abs/1608.05859"
_CONTAINERS = names("ModuleList Sequential")
_COPIES = names("clone detach copy Parameter tensor as_tensor new_tensor deepcopy")


def find_shared_layers(trace: Trace) -> Iterator[Problem]:
    """`ModuleList([Block()] * n)`, `Sequential(*[layer] * n)` and `[block for _ in range(n)]` of one object."""
    for event in trace.events("new"):
        if event.result.class_name not in _CONTAINERS or not isinstance(event.node, ast.Call):
            continue
        for given in event.node.args:
            inner = given.value if isinstance(given, ast.Starred) else given
            repeated = _repeated(inner, event)
            if repeated is not None:
                yield Problem(
                    event.site,
                    f"`{repeated}` is one layer several times, not several layers: all of them share the same weights.",
                    "Build a new one for each place: [make_layer() for _ in range(n)].",
                    0.9,
                    "Compare sum(p.numel() for p in model.parameters()) with what you expect.",
                    _built_anew(event.file, inner),
                )


def _built_anew(file: SourceFile, node: ast.expr) -> tuple[Edit, ...]:
    """`[Block()] * n` as `[Block() for _ in range(n)]`; of one object, copies of it."""
    if isinstance(node, ast.ListComp):
        copies = Edit("replace", file, node.elt, f"copy.deepcopy({text_of(file, node.elt)})")
        return (copies, Edit("import", file, node, "import copy"))
    if not isinstance(node, ast.BinOp):
        return ()
    items, count = (node.left, node.right) if isinstance(node.left, ast.List | ast.Tuple) else (node.right, node.left)
    if not isinstance(items, ast.List | ast.Tuple) or len(items.elts) != 1:
        return ()
    one, again = text_of(file, items.elts[0]), f"for _ in range({text_of(file, count)})"
    if isinstance(items.elts[0], ast.Name):
        copies = Edit("replace", file, node, f"[copy.deepcopy({one}) {again}]")
        return (copies, Edit("import", file, node, "import copy"))
    return (Edit("replace", file, node, f"[{one} {again}]"),)


def _repeated(node: ast.expr, event: Event) -> str | None:
    """The text of a list that holds one module object more than once."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        sides = [s for s in (node.left, node.right) if isinstance(s, ast.List | ast.Tuple)]
        built = [e for s in sides for e in s.elts if isinstance(e, ast.Call | ast.Name)]
        return unparsed(node) if built else None
    if isinstance(node, ast.ListComp) and isinstance(node.elt, ast.Name):
        made = event.args[0] if event.args else Value()
        source = made.inputs[0] if made.op == "comprehension" and made.inputs else made
        target = {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name)}
        if source.kind in ("module", "unknown") and node.elt.id not in target:
            return unparsed(node)
    return None


def find_copied_tie(trace: Trace) -> Iterator[Problem]:
    """`head.weight = nn.Parameter(embedding.weight.clone())`: equal at the start, two tensors from then on."""
    for event in trace.events("set.weight", "set.data"):
        source = _copied_weight(event)
        if source is None or event.loops() or not _ties(event, source, unparsed(event.node)):
            continue
        yield Problem(
            event.site,
            f"`{unparsed(event.node)}` gets a copy of `{source}`: the two are equal now and drift apart with the "
            "first step, so the weights are not tied.",
            f"Share the parameter itself: `{unparsed(event.node)} = {source}`.",
            0.9,
            "Compare data_ptr() of the two weights.",
            _tied(event, unparsed(event.node).removesuffix(".data"), source),
        )


def _tied(event: Event, target: str, source: str) -> tuple[Edit, ...]:
    """The statement as an assignment of the parameter itself."""
    statement = statement_of(event.file, event.node)
    whole = isinstance(statement, ast.Expr | ast.Assign) and (
        not isinstance(statement, ast.Assign) or len(statement.targets) == 1
    )
    return (Edit("replace", event.file, statement, f"{target} = {source}"),) if whole and statement is not None else ()


def find_filled_tie(trace: Trace) -> Iterator[Problem]:
    """`head.weight.data.copy_(embedding.weight.data)` in the constructor of a model or in a function that ties."""
    for event in trace.events("copy_"):
        node = event.node
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        target, source = (unparsed(n).removesuffix(".data") for n in (node.func.value, node.args[0]))
        if (
            target.endswith(".weight")
            and source.endswith(".weight")
            and not event.loops()
            and _ties(event, source, target)
        ):
            yield Problem(
                event.site,
                f"`{target}` is filled from `{source}` once: the two drift apart with the first step, so the weights "
                "are not tied.",
                f"Share the parameter itself: `{target} = {source}`.",
                0.7,  # a head may be meant to start like the embedding and go its own way
                "Compare data_ptr() of the two weights.",
                _tied(event, target, source),
            )


def _copied_weight(event: Event) -> str | None:
    """`x.weight` inside a chain of copies; None when the parameter itself is given."""
    statement = next((n for n in walk(event.file.tree) if isinstance(n, ast.Assign) and event.node in n.targets), None)
    if statement is None:
        return None
    node, copied = statement.value, False
    while isinstance(node, ast.Call) or (isinstance(node, ast.Attribute) and node.attr == "data"):
        if isinstance(node, ast.Attribute):
            node = node.value
            continue
        copied = copied or last_name(node.func) in _COPIES
        if last_name(node.func) not in _COPIES:
            return None
        node = (
            node.func.value
            if isinstance(node.func, ast.Attribute) and not node.args
            else node.args[0]
            if node.args
            else node
        )
        if isinstance(node, ast.Name):
            return None
    is_copy = any(
        isinstance(n, ast.Call) and last_name(n.func) in ("clone", "deepcopy", "Parameter", "copy")
        for n in walk(statement.value)
    )
    return unparsed(node) if copied and is_copy and isinstance(node, ast.Attribute) and node.attr == "weight" else None


def _ties(event: Event, source: str, written: str) -> bool:
    """Written to tie: a function of that name, or an output layer that gets the weight of an embedding."""
    labels = [f.label.lower() for f in event.frame.chain() if f.kind == "call"]
    if any(word in label for label in labels for word in ("tie", "tying", "share")):
        return True
    words = source.lower()
    is_table = any(w in words for w in ("emb", "wte", "tok", "lut", "shared"))
    target = written.lower()
    return (
        is_table
        and any(w in target for w in ("head", "out", "decoder", "proj", "fc", "generator", "lm_"))
        and "ema" not in target
    )


def find_broken_tie(trace: Trace) -> Iterator[Problem]:
    """`self.out.weight = self.emb.weight` when built, and `self.emb = ...` (or `model.emb = ...`) later on."""
    for owner in trace.project.classes.values():
        tied = _tied_names(owner)
        for file in trace.project.files if tied else ():
            for function in walk(file.tree):
                if isinstance(function, ast.FunctionDef | ast.Module):
                    yield from _replaced_after(file, function, tied)


def _tied_names(owner: Class) -> dict[str, str]:
    """For both sides of a tie made in the constructor, the text of the tie."""
    init = owner.methods.get("__init__")
    found: dict[str, str] = {}
    for node in walk(init.node) if init is not None else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            sides = (_owner_of_weight(node.targets[0]), _owner_of_weight(node.value))
            if all(sides):
                found |= dict.fromkeys(sides, unparsed(node))
    return found


def _owner_of_weight(node: ast.expr) -> str:
    """`emb` in `self.emb.weight`."""
    if isinstance(node, ast.Attribute) and node.attr == "weight" and isinstance(node.value, ast.Attribute):
        return node.value.attr if isinstance(node.value.value, ast.Name) else ""
    return ""


def _replaced_after(file: SourceFile, scope: ast.FunctionDef | ast.Module, tied: dict[str, str]) -> Iterator[Problem]:
    """A new layer under a tied name, in a function that does not tie again."""
    if isinstance(scope, ast.FunctionDef) and scope.name == "__init__":
        return
    own = [n for s in scope.body if not isinstance(s, ast.FunctionDef | ast.ClassDef) for n in walk(s)]
    if any(isinstance(n, ast.Assign) and _owner_of_weight(n.targets[0]) for n in own):
        return
    if any(isinstance(n, ast.Call) and "tie" in last_name(n.func) for n in own):
        return
    for node in own:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Attribute) or target.attr not in tied:
            continue
        if isinstance(node.value, ast.Call) and re.search(r"Embedding|\bLinear$", unparsed(node.value.func)):
            yield _broken_tie(file, node, target.attr, tied[target.attr])


def _broken_tie(file: SourceFile, node: ast.Assign, name: str, tie: str) -> Problem:
    return Problem(
        Site(file, node),
        f"A new layer takes the place of `{name}`, whose weight was tied when the model was built (`{tie}`): the other "
        "side still holds the old weight, and the two are trained apart.",
        "Tie again after the replacement, or write the values into the old weight.",
        0.92,
        "Compare data_ptr() of the two weights.",
        _tied_again(file, node, name, tie),
    )


def _tied_again(file: SourceFile, node: ast.Assign, name: str, tie: str) -> tuple[Edit, ...]:
    """The other side gets the new layer's weight; a layer whose bias keeps the old length could not use it."""
    sides = [_owner_of_weight(s) for s in (ast.parse(tie).body[0].targets[0], ast.parse(tie).body[0].value)]  # type: ignore[attr-defined]
    other = next((s for s in sides if s != name), "")
    grows = not any(isinstance(k, ast.keyword) and k.arg == "freeze" for k in getattr(node.value, "keywords", []))
    if not other or not isinstance(node.targets[0], ast.Attribute) or (grows and _may_have_bias(file, other)):
        return ()
    owner = text_of(file, node.targets[0].value)
    return (Edit("after", file, node, f"{owner}.{other}.weight = {owner}.{name}.weight"),)


def _may_have_bias(file: SourceFile, attribute: str) -> bool:
    """Whether a layer of that name in the file is a Linear built with a bias."""
    return any(
        isinstance(n, ast.Call) and last_name(n.func) == "Linear"
        and not any(k.arg == "bias" and unparsed(k.value) == "False" for k in n.keywords)
        for a in walk(file.tree) if isinstance(a, ast.Assign) and attribute in unparsed(a.targets[0])
        for n in walk(a.value)
    )  # fmt: skip


def find_target_is_same(trace: Trace) -> Iterator[Problem]:
    """`self.target = self.online`: a target network that is the trained network itself."""
    for file in trace.project.files:
        synced = _synchronised(file)
        for node in walk(file.tree):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Name | ast.Attribute):
                continue
            for target in node.targets:
                name = unparsed(target)
                if _is_target_network(name) and name in synced and unparsed(node.value) != "None":
                    yield Problem(
                        Site(file, node),
                        f"`{name}` is the same object as `{unparsed(node.value)}`: the target moves with every step "
                        "of the trained network.",
                        "copy.deepcopy the network.",
                        0.9,
                        "Compare the two networks after one step: they must differ until the next synchronisation.",
                        (
                            Edit("replace", file, node.value, f"copy.deepcopy({atom(file, node.value)})"),
                            Edit("import", file, node, "import copy"),
                        ),
                    )


def _is_target_network(name: str) -> bool:
    last = name.lower().rpartition(".")[2]
    return last.startswith(("target", "ema", "teacher")) or last.endswith(("_target", "_ema", "teacher"))


def _synchronised(file: SourceFile) -> set[str]:
    """Networks that load_state_dict is called on, or whose parameters are walked beside another's."""
    found = set()
    for node in walk(file.tree):
        method = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if method is not None and method.attr in ("load_state_dict", "parameters", "eval", "state_dict"):
            found.add(unparsed(method.value))
    return found


CHECKS = (
    Check("layers-shared-by-repetition", "A list that repeats one layer object.",
          "[layer] * n holds n references to one layer: its weights are shared by all places.",
          "Build one layer per place.", "model_software/tied_weights",
          _LISTS, "warning", "silent_bug", find_shared_layers),
    Check("tie-copies", "An output layer tied to an embedding by a copy.",
          "A copy is a second parameter: tying needs the same one in both places.",
          "Assign the parameter itself.", "model_software/tied_weights",
          _TYING, "error", "silent_bug", find_copied_tie),
    Check("tie-filled", "An output layer filled from an embedding once.",
          "Equal values are not the same parameter.",
          "Assign the parameter itself.", "model_software/tied_weights",
          _TYING, "warning", "silent_bug", find_filled_tie),
    Check("tie-broken", "A tied layer replaced after the tie was made.",
          "The tie is one parameter in two places; a new layer brings a parameter of its own.",
          "Tie again after the replacement.", "model_software/tied_weights",
          _TYING, "error", "silent_bug", find_broken_tie),
    Check("target-network-shared", "A target network that is the trained network.",
          "An assignment makes no copy; the target then has no lag.",
          "deepcopy it.", "model_software/tied_weights",
          "https://doi.org/10.1038/nature14236", "error", "silent_bug", find_target_is_same),
)  # fmt: skip
