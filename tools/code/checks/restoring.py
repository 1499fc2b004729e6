"""What a checkpoint holds, and what of it is read again."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import atom, function_of, given_node, is_in_reach, statement_of, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site, Value, ancestors
from misrun.tools.code.walking import unparsed, walk

_SAVING = "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
_STRICT = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict"
_COUNTERS = names("epoch step it iter iters iteration iterations global_step steps start_epoch epochs current_epoch")
_WRAPPERS = {"DataParallel": "module.", "DistributedDataParallel": "module.", "DDP": "module.", "compile": "_orig_mod."}
_STATES = {"opt": "the optimizer's moments start at 0 again", "sched": "the schedule starts over",
           "scaler": "the loss scale is searched for again"}  # fmt: skip


@dataclass(frozen=True)
class _Saved:
    """One saved mapping: what its keys hold, by "model", "opt", "sched", "scaler" or "counter", and for each state the
    name of the object it is of."""

    site: Site
    keys: dict[str, str]
    owners: dict[str, str]


def find_state_not_restored(trace: Trace) -> Iterator[Problem]:
    """Saved beside the model and never read again, in a program that goes on training from its counter."""
    read = {key for file in trace.project.files for key in _keys_read(file)}
    restored = _restored(trace)
    # A library file shows the saving and the loading, and no loop; what restores some state goes on with training.
    if not any(t.steps for t in training_loops(trace)) and not restored and not _speaks_of_resuming(trace):
        return
    for saved in (s for file in trace.project.files for s in _saved(file)):
        counters = [k for k, kind in saved.keys.items() if kind == "counter"]
        models = [k for k, kind in saved.keys.items() if kind == "model"]
        if not any(k in read for k in models) or not (any(k in read for k in counters) or _speaks_of_resuming(trace)):
            continue
        lost = [k for k, kind in saved.keys.items() if kind in _STATES and k not in read and kind not in restored]
        if lost:
            yield _not_restored(trace, saved, lost, models)


def _saved(file: SourceFile) -> Iterator[_Saved]:
    for node in walk(file.tree):
        pairs = _pairs(node)
        kinds = {key: _kind(key, value) for key, value in pairs}
        found = {key: kind for key, kind in kinds.items() if kind}
        if "model" in found.values() and len(found) > 1:
            states = {
                k: v.func.value for k, v in pairs if isinstance(v, ast.Call) and isinstance(v.func, ast.Attribute)
            }
            yield _Saved(Site(file, node), found, {key: text_of(file, owner) for key, owner in states.items()})


def _pairs(node: ast.AST) -> list[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        return [
            (k.value, v)
            for k, v in zip(node.keys, node.values, strict=True)
            if isinstance(k, ast.Constant) and isinstance(k.value, str)
        ]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return [(k.arg, k.value) for k in node.keywords if k.arg]
    return []


def _kind(key: str, value: ast.expr) -> str:
    """What is kept under a key, by the text of its value: `opt.state_dict()`."""
    if isinstance(value, ast.Call) and last_name(value.func) == "state_dict":
        owner = unparsed(value.func).lower().removesuffix(".state_dict").rpartition(".")[2]
        return next((kind for kind in ("sched", "scaler", "opt") if kind in f"{owner} {key.lower()}"), "model")
    return "counter" if key.lower() in _COUNTERS else ""


def _keys_read(file: SourceFile) -> Iterator[str]:
    """Keys in `x["key"]`, `x.get("key")`, `x.pop("key")` and `"key" in x`."""
    for node in walk(file.tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value)
        elif isinstance(node, ast.Call) and last_name(node.func) in ("get", "pop") and node.args:
            if isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
            yield str(node.left.value)


def _restored(trace: Trace) -> set[str]:
    """Kinds of state that some load_state_dict in the project restores."""
    found = set()
    for event in trace.events():
        if event.op.endswith(".load_state_dict"):
            written = unparsed(event.node).lower()
            kind = event.receiver.kind if event.receiver is not None else ""
            found |= {k for k in _STATES if k in written or kind.startswith(k[:3])}
    return found


def _speaks_of_resuming(trace: Trace) -> bool:
    """A function, option or message about going on with an earlier run."""
    pattern = re.compile(r"\b(resum|restart|continu(e|ing) (the )?train|preempt)", re.IGNORECASE)
    return any(pattern.search(line) for file in trace.project.files for line in file.lines)


def _not_restored(trace: Trace, saved: _Saved, lost: list[str], models: list[str]) -> Problem:
    load, key, kind = _load_of(trace, models), lost[0], saved.keys[lost[0]]
    site = load.site if load is not None else saved.site
    return Problem(
        site,
        f"The checkpoint holds {key!r} ({saved.site}), and nothing reads it when training goes on: {_STATES[kind]}.",
        f"Load it too: load_state_dict(checkpoint[{key!r}]).",
        0.9,
        "Compare loss and learning rate just before and after the resume.",
        _restoring(load, saved, lost) if load is not None else (),
        related=(saved.site,),
    )


def _restoring(load: Event, saved: _Saved, lost: list[str]) -> tuple[Edit, ...]:
    """Every lost state loaded below the model's, or where its object is made if that comes later in the same code."""
    file, given = load.file, given_node(load.node, 0, "state_dict")
    if not isinstance(given, ast.Subscript) or not isinstance(given.value, ast.Name):
        return ()
    checkpoint, edits = given.value.id, []
    for key in lost:
        owner = saved.owners[key]
        reached = is_in_reach(file, owner, load.node)
        place = statement_of(file, load.node) if reached else _made_after(load, owner)
        if place is None:
            return ()
        edits.append(Edit("after", file, place, f"{owner}.load_state_dict({checkpoint}[{key!r}])".replace("'", '"')))
    return tuple(edits)


def _made_after(load: Event, owner: str) -> ast.stmt | None:
    """The assignment of the owner on a later line of the code that loads the model."""
    scope = function_of(load.file, load.node)
    made = (
        n
        for n in walk(scope)
        if isinstance(n, ast.Assign) and n.lineno > load.line and owner in {unparsed(t) for t in n.targets}
    )
    found = next(made, None)
    return found if found is not None and function_of(load.file, found) is scope else None


def _load_of(trace: Trace, models: list[str]) -> Event | None:
    """Where the model is loaded from one of these keys."""
    for event in trace.events():
        if event.op.endswith(".load_state_dict") and any(f"'{m}'" in unparsed(event.node) for m in models):
            return event
    return None


def find_swallowed_mismatch(trace: Trace) -> Iterator[Problem]:
    """strict=False, or keys filtered by what the model has, where the saved keys carry a prefix or nobody looks."""
    words = {
        n.value
        for f in trace.project.files
        for n in walk(f.tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    wrapped = _wrapper_prefix(trace)
    for event in trace.events():
        if not event.op.endswith(".load_state_dict") or not event.args:
            continue
        lenient = _is_lenient(event)
        filtered = _is_filtered(event.args[0])
        if not (lenient or filtered):
            continue
        prefix = wrapped or _prefix_of_owner(trace, event.receiver)
        if prefix and not _is_stripped(prefix, words, trace):
            yield _nothing_loaded(event, prefix, 0.9, _renamed(event, prefix, whole=prefix == wrapped))
        elif (
            lenient and _is_ignored(event) and not _is_shown(event) and not filtered and not _is_cleaned(event.args[0])
        ):
            yield _nothing_loaded(event, "", 0.4)


def _is_stripped(prefix: str, words: set[str], trace: Trace) -> bool:
    """The prefix stands in the code by itself (`replace("module.", "")`), or as many letters are cut off."""
    if any(w.strip("^").replace("\\", "").rstrip(".") == prefix.rstrip(".") for w in words):
        return True
    slices = (n for f in trace.project.files for n in walk(f.tree) if isinstance(n, ast.Slice))
    return any(isinstance(n.lower, ast.Constant) and n.lower.value == len(prefix) for n in slices)


def _is_lenient(event: Event) -> bool:
    given = event.argument(1, "strict")
    return given is not None and given.const is False


def _is_ignored(event: Event) -> bool:
    return any(isinstance(n, ast.Expr) and n.value is event.node for n in walk(event.file.tree))


def _is_shown(event: Event) -> bool:
    """Somewhere in the file the missing keys are looked at."""
    return any("missing_keys" in line or "unexpected" in line for line in event.file.lines)


def _is_filtered(value: Value) -> bool:
    """Comes through `{k: v for k, v in saved.items() if k in own}`, directly or by update of the model's own state."""
    return _filter_of(value) is not None or (value.op == "method" and value.name == "state_dict")


def _filter_of(value: Value) -> Site | None:
    for part in (value, *value.inputs, *value.kwargs.values()):
        node = part.site.node if part.site is not None else None
        if isinstance(node, ast.DictComp) and any(
            isinstance(t, ast.Compare) and any(isinstance(o, ast.In) for o in t.ops)
            for g in node.generators for c in g.ifs for t in walk(c)
        ):  # fmt: skip
            return part.site
    return None


def _renamed(event: Event, prefix: str, *, whole: bool) -> tuple[Edit, ...]:
    """The saved keys without the prefix, loaded strictly; of a larger model only the keys that have it."""
    file, given, strict = event.file, given_node(event.node, 0, "state_dict"), given_node(event.node, 1, "strict")
    filtered = _filter_of(event.args[0])
    if filtered is not None:
        return tuple(_renamed_filter(filtered, prefix))
    if given is None or strict is None:
        return ()
    kept = "" if whole else f' if k.startswith("{prefix}")'
    text = f'{{k.removeprefix("{prefix}"): v for k, v in {atom(file, given)}.items(){kept}}}'
    return (Edit("replace", file, given, text), Edit("replace", file, strict, "True"))


def _renamed_filter(filtered: Site, prefix: str) -> Iterator[Edit]:
    """`{k: v ... if k in own}` with the prefix taken off both k."""
    node = filtered.node
    if not isinstance(node, ast.DictComp) or not isinstance(node.key, ast.Name):
        return
    for part in (node.key, *(n for g in node.generators for c in g.ifs for n in walk(c))):
        if isinstance(part, ast.Name) and part.id == node.key.id:
            yield Edit("replace", filtered.file, part, f'{part.id}.removeprefix("{prefix}")')


def _is_cleaned(value: Value) -> bool:
    """The keys are renamed or dropped on the way: somebody thought about them."""
    return any(v.op in ("comprehension", "replace") or v.kind == "mapping" for v in ancestors(value, 12))


def _wrapper_prefix(trace: Trace) -> str:
    """The prefix in saved keys where the state of a wrapped model is saved, not that of its `.module`."""
    for file in trace.project.files:
        made: dict[str, str] = {}
        for node in walk(file.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                name = last_name(node.value.func)
                if name in _WRAPPERS and (name != "compile" or "torch" in unparsed(node.value.func)):
                    made |= {unparsed(t): _WRAPPERS[name] for t in node.targets}
        for node in walk(file.tree):
            if isinstance(node, ast.Call) and last_name(node.func) == "save":
                for inner in (n for a in node.args for n in walk(a) if isinstance(n, ast.Call)):
                    owner = unparsed(inner.func).removesuffix(".state_dict")
                    if last_name(inner.func) == "state_dict" and owner in made:
                        return made[owner]
    return ""


def _prefix_of_owner(trace: Trace, model: Value | None) -> str:
    """The attribute under which a saved, larger model holds one of the class that is loaded."""
    if model is None or not isinstance(model.definition, Class):
        return ""
    for event in trace.events("torch.save"):
        for part in (v for a in event.args[:1] for v in ancestors(a, 30)):
            owner = part.inputs[0] if part.op == "method" and part.name == "state_dict" and part.inputs else None
            if owner is None or not isinstance(owner.definition, Class) or owner.definition is model.definition:
                continue
            for name, inner in owner.attrs.items():
                if inner.kind == "module" and inner.definition is model.definition:
                    return f"{name}."
    return ""


def _nothing_loaded(event: Event, prefix: str, sure: float, edits: tuple[Edit, ...] = ()) -> Problem:
    why = (
        f"the saved keys begin with {prefix!r} and those of the model do not"
        if prefix
        else "keys that do not fit are passed over without a word"
    )
    return Problem(
        event.site,
        f"`{unparsed(event.node)[:70]}` cannot fail: {why}, so weights may stay at their first, random values.",
        "Rename the keys and load with strict=True, or check missing_keys and unexpected_keys of the result.",
        sure,
        "Print the result of load_state_dict; compare one weight before and after it.",
        edits,
    )


CHECKS = (
    Check("state-not-restored", "A saved optimizer, scheduler or scaler state that nothing reads.",
          "Training goes on with fresh moments, a restarted schedule or a new loss scale.",
          "Load every state that was saved.", "model_software/resume_state",
          _SAVING, "error", "silent_bug", find_state_not_restored),
    Check("load-mismatch-swallowed", "Weights loaded in a way that passes over keys that do not fit.",
          "With strict=False, or after filtering, a changed prefix loads nothing at all.",
          "Load strictly, or look at what was left out.", "model_software/checkpoint_mismatch",
          _STRICT, "warning", "silent_bug", find_swallowed_mismatch),
)  # fmt: skip
