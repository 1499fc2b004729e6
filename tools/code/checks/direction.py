"""Which way is better: the best score kept, early stopping, and schedulers that follow a metric."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_directions import copied, scheduler_told, started, turned_round, with_direction
from misrun.tools.code.checks.repair_syntax import function_of, given_node
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_LIGHTNING = "https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.ModelCheckpoint.html"
_TRAINER = (
    "https://huggingface.co/docs/transformers/main_classes/trainer#transformers.TrainingArguments.metric_for_best_model"
)
_SAVING = "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html"
_VERIFY = "Print the score of every evaluation beside the one that was kept."
# Scores by the direction in which they get better; a word decides only when no word of the other side stands there.
_FALLING = names("loss losses nll ppl perplexity mse mae rmse mape err error wer cer fid bpc bpb rmsle elbo_loss")
_RISING = names(
    "acc accuracy f1 auc auroc auprc iou miou dice map psnr ssim bleu rouge reward return mrr ndcg recall precision r2"
    " score kappa"
)
_BEST = names("best min max lowest highest top record")
_MONITORS = names("ModelCheckpoint EarlyStopping ReduceLROnPlateau")
# The defaults of the two frameworks' monitors (Lightning and torch.optim documentation).
_DEFAULT_MODE = "min"


def direction_of(text: str) -> str:
    """ "min" or "max" for a name whose words say so, else ""."""
    words = set(re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()))
    words |= {w.rstrip("0123456789") for w in words}
    falls, rises = bool(words & _FALLING), bool(words & _RISING)
    if falls == rises:
        return ""
    return "min" if falls else "max"


def find_wrong_best(trace: Trace) -> Iterator[Problem]:
    """`if loss > best: best = loss`, also written `best = max(best, loss)`."""
    for file in trace.project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.If):
                yield from _kept_by_comparison(file, node)
            elif isinstance(node, ast.Assign):
                yield from _kept_by_call(file, node)


def _kept_by_comparison(file: SourceFile, node: ast.If) -> Iterator[Problem]:
    condition = _condition(file, node)
    for test in _comparisons(condition):
        left, right, sign = test.left, test.comparators[0], _sign(test.ops[0])
        for new, best, wanted in ((left, right, sign), (right, left, -sign)):
            better = direction_of(unparsed(new)) or direction_of(unparsed(best))
            if sign == 0 or not _is_best(best) or not _is_assigned(node.body, best, new) or not better:
                continue
            if direction_of(unparsed(best)) not in ("", better) or (wanted > 0) == (better == "max"):
                continue
            yield Problem(
                Site(file, condition),
                f"`{unparsed(condition)}` keeps the {'highest' if wanted > 0 else 'lowest'} "
                f"`{unparsed(new)}` as the best, and this score is better when it is "
                f"{'lower' if better == 'min' else 'higher'}: the worst state is saved, or only the first.",
                f"Turn the comparison round, and start `{unparsed(best)}` at "
                f"{'infinity' if better == 'min' else 'minus infinity'}.",
                0.9,
                _VERIFY,
                turned_round(file, test, best, better),
            )


def _condition(file: SourceFile, node: ast.If) -> ast.expr:
    """The test, or the comparison behind its name: `is_best = loss < best` and `if is_best:`."""
    if not isinstance(node.test, ast.Name):
        return node.test
    name = node.test.id
    made = [
        n.value
        for n in walk(function_of(file, node))
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
    ]
    return made[0] if len(made) == 1 else node.test


def _kept_by_call(file: SourceFile, node: ast.Assign) -> Iterator[Problem]:
    """`best_loss = max(loss, best_loss)`."""
    call, best = node.value, node.targets[0]
    name = last_name(call.func) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
    texts = [unparsed(a) for a in call.args] if isinstance(call, ast.Call) else []
    if name not in ("max", "min") or len(texts) != 2 or unparsed(best) not in texts or not _is_best(best):
        return
    new = next((t for t in texts if t != unparsed(best)), "")
    known = {d for t in (new, unparsed(best)) if (d := direction_of(t))}
    if "best" in unparsed(best).lower() and known == {"min" if name == "max" else "max"}:
        other = "min" if name == "max" else "max"
        yield Problem(
            Site(file, node),
            f"`{unparsed(node)}` keeps the {'highest' if name == 'max' else 'lowest'} score as the best, and this "
            f"one is better when it is {'lower' if name == 'max' else 'higher'}.",
            f"{other}({', '.join(texts)})",
            0.85,
            _VERIFY,
            (Edit("replace", file, call.func, other),) if isinstance(call, ast.Call) else (),
        )


def _comparisons(test: ast.expr) -> Iterator[ast.Compare]:
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    yield from (p for p in parts if isinstance(p, ast.Compare) and len(p.ops) == 1)


def _sign(op: ast.cmpop) -> int:
    """1 for `new > best`, -1 for `new < best`."""
    return 1 if isinstance(op, ast.Gt | ast.GtE) else -1 if isinstance(op, ast.Lt | ast.LtE) else 0


def _is_best(node: ast.expr) -> bool:
    words = re.split(r"[^a-z]+", unparsed(node).lower())
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and bool(_BEST & set(words))


def _is_assigned(body: list[ast.stmt], best: ast.expr, new: ast.expr) -> bool:
    """Whether the branch makes `new` the best."""
    for statement in body:
        for node in walk(statement):
            if not isinstance(node, ast.Assign):
                continue
            for target, value in _pairs(node):
                if unparsed(target) == unparsed(best) and unparsed(new) in unparsed(value):
                    return True
    return False


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if (
            isinstance(target, ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and len(target.elts) == len(node.value.elts)
        ):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def find_wrong_start(trace: Trace) -> Iterator[Problem]:
    """`best_loss = 0` before a search for the lowest loss: nothing non-negative is ever lower."""
    for file in trace.project.files:
        for scope in walk(file.tree):
            body = getattr(scope, "body", None)
            if isinstance(body, list):
                yield from _unreachable_starts(file, body, body)
            init = _initialiser(scope) if isinstance(scope, ast.ClassDef) else None
            if init is not None and isinstance(scope, ast.ClassDef):
                others = [s for s in scope.body if s is not init]
                yield from _unreachable_starts(file, init.body, others)


def _initialiser(owner: ast.ClassDef) -> ast.FunctionDef | None:
    return next((s for s in owner.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"), None)


def _unreachable_starts(file: SourceFile, set_up: list[ast.stmt], body: list[ast.stmt]) -> Iterator[Problem]:
    """Starts among the statements `set_up` that no test in `body` can ever replace."""
    starts = {
        unparsed(target): (node, value)
        for node in set_up
        if isinstance(node, ast.Assign)
        for target, value in _pairs(node)
        if _is_best(target)
    }
    tests = [n for s in body for n in walk(s) if isinstance(n, ast.If)] if starts else []
    for name, (node, value) in starts.items():
        for test in tests:
            wanted = _search_for(test, name)
            if wanted and _can_never(value, wanted, f"{name} {unparsed(test.test)}"):
                yield Problem(
                    Site(file, node),
                    f"`{name}` starts at {unparsed(value)}, and only a {'lower' if wanted < 0 else 'higher'} score "
                    f"replaces it (line {test.lineno}): that never happens, so no state is ever kept.",
                    f"Start at float({'inf' if wanted < 0 else '-inf'!r}).",
                    0.92,
                    _VERIFY,
                    (started(file, value, "min" if wanted < 0 else "max"),),
                )
                break


def _search_for(node: ast.If, name: str) -> int:
    """1 or -1 when the branch keeps a higher (lower) score under this name; else 0."""
    for test in _comparisons(node.test):
        sign = _sign(test.ops[0])
        for new, best, wanted in ((test.left, test.comparators[0], sign), (test.comparators[0], test.left, -sign)):
            if unparsed(_threshold(best)) == name and _is_assigned(node.body, _threshold(best), _threshold(new)):
                return wanted
    return 0


def _threshold(score: ast.expr) -> ast.expr:
    """best of `best - delta`."""
    return score.left if isinstance(score, ast.BinOp) and isinstance(score.op, ast.Add | ast.Sub) else score


def _can_never(value: ast.expr, wanted: int, written: str) -> bool:
    """A loss is not negative and an accuracy does not exceed infinity."""
    text = unparsed(value).replace(" ", "").lower()
    if wanted > 0:
        return text in ("float('inf')", "math.inf", "np.inf", "numpy.inf", "torch.inf")
    zero = isinstance(value, ast.Constant) and isinstance(value.value, int | float) and value.value == 0
    minus = text.startswith("-") and text.endswith(("inf", "inf')"))
    return minus or (zero and direction_of(written) == "min" and "elbo" not in written and "nll" not in written)


def find_wrong_monitor(trace: Trace) -> Iterator[Problem]:
    """A checkpoint, early stopping or plateau scheduler told to follow a metric the wrong way."""
    for file in trace.project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Call):
                yield from _monitor(file, node)


def _monitor(file: SourceFile, node: ast.Call) -> Iterator[Problem]:
    given = {k.arg: k.value for k in node.keywords if k.arg}
    name = last_name(node.func)
    if name in _MONITORS and isinstance(given.get("monitor"), ast.Constant):
        metric = str(given["monitor"].value)  # type: ignore[attr-defined]
        mode = given.get("mode")
        told = mode.value if isinstance(mode, ast.Constant) else _DEFAULT_MODE if mode is None else None
        if told in ("min", "max") and direction_of(metric) not in ("", told):
            yield _wrong_monitor(file, node, metric, str(told), "mode")
    metric_node = given.get("metric_for_best_model")
    if isinstance(metric_node, ast.Constant) and isinstance(given.get("greater_is_better"), ast.Constant):
        told = "max" if given["greater_is_better"].value else "min"  # type: ignore[attr-defined]
        if direction_of(str(metric_node.value)) not in ("", told):
            yield _wrong_monitor(file, node, str(metric_node.value), told, "greater_is_better")


def _wrong_monitor(file: SourceFile, node: ast.Call, metric: str, told: str, option: str) -> Problem:
    return Problem(
        Site(file, node),
        f"{last_name(node.func)} follows {metric!r} with {option} for {'higher' if told == 'max' else 'lower'} is "
        "better, which is the wrong way round for this metric: the worst checkpoint is kept, or training stops while "
        "it still improves.",
        f"Give {option} the direction of {metric!r} ({direction_of(metric)}).",
        0.9,
        _VERIFY,
        with_direction(file, node, option, direction_of(metric)),
    )


def find_plateau_direction(trace: Trace) -> Iterator[Problem]:
    """ReduceLROnPlateau stepped with a loss under mode="max", or with an accuracy under "min"."""
    for event in trace.events("scheduler.step"):
        scheduler = event.receiver
        if scheduler is None or scheduler.class_name != "ReduceLROnPlateau" or not isinstance(event.node, ast.Call):
            continue
        given = scheduler.argument(1, "mode")
        told = given.const if given is not None else _DEFAULT_MODE
        metric = unparsed(event.node.args[0]) if event.node.args else ""
        if told in ("min", "max") and direction_of(metric) not in ("", told):
            yield _plateau_problem(scheduler.site or event.site, metric, str(told), event.site)
    yield from find_monitored_plateau(trace)


def find_monitored_plateau(trace: Trace) -> Iterator[Problem]:
    """Lightning's `{"scheduler": ReduceLROnPlateau(optimizer), "monitor": "val_acc"}`."""
    for file in trace.project.files:
        for node in walk(file.tree):
            entries = _entries(node) if isinstance(node, ast.Dict) else {}
            monitor, made = entries.get("monitor"), _made_scheduler(file, entries.get("scheduler"))
            if made is None or not isinstance(monitor, ast.Constant):
                continue
            given = given_node(made, 1, "mode")
            told = given.value if isinstance(given, ast.Constant) else _DEFAULT_MODE if given is None else None
            metric = str(monitor.value)
            if told in ("min", "max") and direction_of(metric) not in ("", told):
                yield _plateau_problem(Site(file, made), metric, str(told), Site(file, monitor))


def _entries(node: ast.Dict) -> dict[object, ast.expr]:
    """The values of a literal dictionary by their literal keys."""
    pairs = zip(node.keys, node.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}


def _made_scheduler(file: SourceFile, value: ast.expr | None) -> ast.Call | None:
    """The ReduceLROnPlateau(...) itself, or the one that the function keeps under this name."""
    if isinstance(value, ast.Name):
        made = [
            n.value
            for n in walk(function_of(file, value))
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == value.id for t in n.targets)
        ]
        value = made[0] if len(made) == 1 else None
    is_plateau = isinstance(value, ast.Call) and last_name(value.func) == "ReduceLROnPlateau"
    return value if is_plateau and isinstance(value, ast.Call) else None


def _plateau_problem(made: Site, metric: str, told: str, followed: Site) -> Problem:
    return Problem(
        made,
        f"ReduceLROnPlateau waits for `{metric}` ({followed}) to get {'higher' if told == 'max' else 'lower'}: while "
        "it gets better, the scheduler sees no progress and cuts the learning rate.",
        f"mode={direction_of(metric)!r}",
        0.9,
        "Log optimizer.param_groups[0]['lr'] at every epoch.",
        scheduler_told(made, direction_of(metric)),
        (followed,),
    )


def find_best_not_copied(trace: Trace) -> Iterator[Problem]:
    """`best = model.state_dict()` kept in a variable: it holds the live tensors, not their values of that moment."""
    for file in trace.project.files:
        loaded = _loaded_names(file)
        for node in walk(file.tree):
            if not isinstance(node, ast.If):
                continue
            for inner in (n for s in node.body for n in walk(s) if isinstance(n, ast.Assign)):
                for target, value in _pairs(inner):
                    text = unparsed(target)
                    if _is_live_state(value) and "best" in text.lower() and text in loaded:
                        yield Problem(
                            Site(file, inner),
                            f"`{text}` keeps references to the weights, which go on changing: what is loaded at line "
                            f"{loaded[text]} is the last state, not the best.",
                            "copy.deepcopy(model.state_dict()), or write it to a file.",
                            0.9,
                            "Compare one weight of the kept state before and after the next step: it changes.",
                            copied(file, value),
                        )


def _is_live_state(node: ast.expr) -> bool:
    """`m.state_dict()` with nothing around it; also the model itself is no copy, but may be meant."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "state_dict"


def _loaded_names(file: SourceFile) -> dict[str, int]:
    """What load_state_dict is given, with its line."""
    return {
        unparsed(node.args[0]): node.lineno
        for node in walk(file.tree)
        if isinstance(node, ast.Call) and last_name(node.func) == "load_state_dict" and node.args
    }


CHECKS = (
    Check("best-direction", "The best score searched for in the wrong direction.",
          "A loss is better when lower, an accuracy when higher; turned round, the worst state is kept.",
          "Turn the comparison round.", "model_software/evaluation_error",
          _SAVING, "error", "silent_bug", find_wrong_best),
    Check("best-start", "A best score that starts where nothing can beat it.",
          "No score passes the test, so no state is ever kept.",
          "Start at infinity of the right sign.", "model_software/evaluation_error",
          _SAVING, "error", "silent_bug", find_wrong_start),
    Check("monitor-direction", "A monitor that follows a metric the wrong way.",
          "ModelCheckpoint, EarlyStopping and ReduceLROnPlateau take lower as better unless told otherwise.",
          "Set mode (greater_is_better) to fit the metric.", "model_software/evaluation_error",
          _LIGHTNING, "error", "silent_bug", find_wrong_monitor),
    Check("plateau-direction", "A plateau scheduler that follows a metric the wrong way.",
          "It then takes every improvement for a plateau and lowers the rate again and again.",
          "Set mode to fit the metric.", "model_software/scheduler_misuse",
          "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html", "error",
          "silent_bug", find_plateau_direction),
    Check("best-state-not-copied", "The best weights kept by reference.",
          "state_dict() returns the live tensors; every later step changes them too.",
          "deepcopy the state.", "model_software/evaluation_error",
          _SAVING, "error", "silent_bug", find_best_not_copied),
)  # fmt: skip
