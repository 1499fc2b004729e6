"""Flax variables: batch statistics that are computed and dropped, dropout off in training or on in evaluation."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import GRADS, JaxProgram, jax_program
from misrun.tools.code.jax.repair_statistics import kept_in_state
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_BATCH_NORM = "https://flax-linen.readthedocs.io/en/latest/guides/training_techniques/batch_norm.html"
_DROPOUT = "https://flax-linen.readthedocs.io/en/latest/guides/training_techniques/dropout.html"
_EVALUATION = ("eval", "valid", "test", "predict", "infer", "sample")
_MEASURING = names("eval evaluate evaluation validate valid val test")
# Switches of a model's call and the value that turns training behaviour off.
_OFF = {"train": False, "training": False, "is_training": False, "deterministic": True, "eval_mode": True}


def find_dropped_statistics(trace: Trace) -> Iterator[Problem]:
    """`logits, updates = model.apply(..., mutable=["batch_stats"])` and the updates go nowhere."""
    program = jax_program(trace)
    for body in program.bodies:
        for node in body.nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            target = node.targets[0]
            if not _gives_state(node.value, body) or not isinstance(target, ast.Tuple) or len(target.elts) != 2:
                continue
            if _is_evaluation(body) or not _trains(body, program):
                continue
            new = target.elts[1]
            if isinstance(new, ast.Name) and not _is_read(new.id, body) and not _keeps_another(node, body):
                yield _dropped(body, node, new.id, kept_in_state(body, node))


def _keeps_another(node: ast.Assign, body: Body) -> bool:
    """Another run of the model in the same function keeps its statistics: leaving these out is a choice."""
    for other in body.nodes:
        if isinstance(other, ast.Assign) and other is not node and isinstance(other.value, ast.Call):
            target = other.targets[0]
            pair = isinstance(target, ast.Tuple) and len(target.elts) == 2 and _gives_state(other.value, body)
            new = target.elts[1] if pair and isinstance(target, ast.Tuple) else None
            if isinstance(new, ast.Name) and _is_read(new.id, body):
                return True
    return False


def _dropped(body: Body, node: ast.AST, name: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        body.site(node),
        f"The new batch statistics (`{name}`) are not used: the running mean and variance stay as initialised, and "
        "evaluation normalises with them.",
        'Return them and keep updates["batch_stats"] in the state.',
        0.85,
        "Print the running mean after ten steps: it is still 0.",
        edits,
    )


def _gives_state(call: ast.Call, body: Body) -> bool:
    """Flax's apply with mutable statistics, or apply of what hk.transform_with_state made."""
    if _is_mutable(call):
        return True
    method = call.func
    if not isinstance(method, ast.Attribute) or method.attr != "apply" or not isinstance(method.value, ast.Name):
        return False
    home = body.home_of(method.value.id)
    values = home.assigned.get(method.value.id, []) if home is not None else []
    made = [v for v in values if isinstance(v, ast.Call)]
    return bool(made) and all("transform_with_state" in unparsed(v.func) for v in made)


def _is_mutable(call: ast.Call) -> bool:
    value = next((k.value for k in call.keywords if k.arg == "mutable"), None)
    return value is not None and "batch_stats" in unparsed(value)


def _is_evaluation(body: Body) -> bool:
    return any(word in b.name.lower() for b in body.around() for word in (*_EVALUATION, "init"))


def _trains(body: Body, program: JaxProgram) -> bool:
    """The body is differentiated, or updates parameters itself."""
    around = list(body.around())
    calls = [c for b in around[:2] if not isinstance(b.node, ast.Module) for i in b.below() for c in i.calls]
    applied = any(unparsed(c.func).endswith(("apply_updates", "apply_gradients")) for c in calls)
    return applied or any(program.kinds_of(b) & GRADS for b in around)


def _is_read(name: str, body: Body) -> bool:
    seeing = (b for b in body.below() if b is body or name not in b.own_names)
    reads = (n.id for b in seeing for n in b.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return name in reads


def find_unkept_statistics(trace: Trace) -> Iterator[Problem]:
    """The loss hands the updates out as auxiliary value, and the step ignores them."""
    program = jax_program(trace)
    for body in program.bodies:
        makers = [b for b in body.inner if any(_is_mutable(c) for c in b.calls)]
        if (
            not makers
            or not any(unparsed(c.func).endswith("apply_gradients") for c in body.calls)
            or _is_evaluation(body)
        ):
            continue
        given = _auxiliary_names(body)
        handled = any(_is_read(name, body) for name in given & _updates_of(makers) or given)
        if not handled and not _keeps(unparsed(body.node)):
            call = next(c for b in makers for c in b.calls if _is_mutable(c))
            node = next(n for n in makers[0].nodes if isinstance(n, ast.stmt) and any(m is call for m in walk(n)))
            edits = kept_in_state(makers[0], node) if isinstance(node, ast.Assign) else ()
            yield _dropped(makers[0], call, "the second result of apply", edits)


def _updates_of(makers: list[Body]) -> set[str]:
    """Names of the new state in `logits, updates = apply(...)`."""
    targets = (n.targets[0] for b in makers for n in b.nodes if isinstance(n, ast.Assign) and n.value in b.calls)
    pairs = (t.elts for t in targets if isinstance(t, ast.Tuple) and len(t.elts) == 2)
    return {elements[1].id for elements in pairs if isinstance(elements[1], ast.Name)}


def _auxiliary_names(body: Body) -> set[str]:
    """Names of the auxiliary part of `(loss, aux), grads = ...`."""
    found = set()
    for node in body.nodes:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Tuple) and len(target.elts) == 2:
            first = target.elts[0]
            parts = first.elts[1:] if isinstance(first, ast.Tuple) else [first]
            found |= {n.id for p in parts for n in walk(p) if isinstance(n, ast.Name)}
    return found


def _keeps(text: str) -> bool:
    """`batch_stats=...` given to something, or the updates taken apart by pop."""
    return "batch_stats=" in text.replace(" ", "") or "pop(" in text


def find_switched_off_training(trace: Trace) -> Iterator[Problem]:
    """A differentiated loss that calls the model with train=False (deterministic=True), a dropout key given."""
    program = jax_program(trace)
    for body in program.bodies:
        if _is_evaluation(body) or not any(program.kinds_of(b) & GRADS for b in body.around()):
            continue
        for call in body.calls:
            switch = _switch(call, off=True)
            if switch is not None and _gives_dropout_key(call):
                yield Problem(
                    body.site(call),
                    f"The loss that is differentiated calls the model with {unparsed(switch)}: dropout is off in "
                    "training, although a key for it is given.",
                    f"{switch.arg}={not _OFF[str(switch.arg)]} in the training step.",
                    0.8,
                    "Call the model twice with two keys: the outputs must differ.",
                    (Edit("replace", body.file, switch.value, str(not _OFF[str(switch.arg)])),),
                )


def _switch(call: ast.Call, *, off: bool) -> ast.keyword | None:
    """The keyword that switches training behaviour off (or on), where it is a literal."""
    for keyword in call.keywords:
        if keyword.arg in _OFF and isinstance(keyword.value, ast.Constant):
            wanted = _OFF[keyword.arg] if off else not _OFF[keyword.arg]
            if keyword.value.value is wanted:
                return keyword
    return None


def _gives_dropout_key(call: ast.Call) -> bool:
    rngs = next((k.value for k in call.keywords if k.arg in ("rngs", "dropout_rng")), None)
    return rngs is not None and ("dropout" in unparsed(rngs) or any(k.arg == "dropout_rng" for k in call.keywords))


def find_evaluation_in_training_mode(trace: Trace) -> Iterator[Problem]:
    """A function that evaluates calls the model with train=True (deterministic=False)."""
    program = jax_program(trace)
    for body in program.bodies:
        name = body.name.lower()
        words = set(name.split("_"))
        if name.startswith("test_") or not words & (_MEASURING | {"predict", "inference"}) or "train" in words:
            continue
        if any(program.kinds_of(b) & GRADS for b in body.below()):
            continue
        for call in body.calls:
            switch = _switch(call, off=False)
            applied = isinstance(call.func, ast.Attribute) and call.func.attr in ("apply", "apply_fn")
            # A prediction that is given a key for it is random on purpose.
            meant = _gives_dropout_key(call) and (not words & _MEASURING or _changes_nothing(call))
            if switch is not None and applied and not meant:
                yield Problem(
                    body.site(call),
                    f"{body.name} calls the model with {unparsed(switch)}: dropout and batch statistics work as in "
                    "training while it is evaluated.",
                    f"{switch.arg}={_OFF[str(switch.arg)]}.",
                    0.75,
                    "Evaluate twice: the results must be equal.",
                    (Edit("replace", body.file, switch.value, str(_OFF[str(switch.arg)])),),
                )


def _changes_nothing(call: ast.Call) -> bool:
    """`mutable=False` beside train=True: the randomness of training is wanted without its other effects."""
    value = next((k.value for k in call.keywords if k.arg == "mutable"), None)
    return isinstance(value, ast.Constant) and value.value is False


CHECKS = (
    Check("batch-stats-dropped", "New batch statistics of a Flax model that are not kept.",
          "apply gives them back as a value; the model itself does not change.", "Keep them in the state.",
          "model_software/train_eval_mode", _BATCH_NORM, "error", "jax_logic", find_dropped_statistics),
    Check("batch-stats-not-kept", "Batch statistics handed out of the loss and ignored by the step.",
          "The state keeps the statistics it was made with.", "state.replace(batch_stats=...).",
          "model_software/train_eval_mode", _BATCH_NORM, "error", "jax_logic", find_unkept_statistics),
    Check("training-switch-off", "A training loss computed with the model in evaluation mode.",
          "Dropout does nothing.", "Switch it on.", "model_software/train_eval_mode", _DROPOUT, "warning",
          "jax_logic", find_switched_off_training),
    Check("training-switch-on", "An evaluation with the model in training mode.",
          "Outputs are random and depend on the batch.", "Switch it off.",
          "model_software/train_eval_mode", _DROPOUT, "warning", "jax_logic", find_evaluation_in_training_mode),
)  # fmt: skip
