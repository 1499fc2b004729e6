"""Train and eval mode, and gradients during evaluation."""

from collections.abc import Iterator

from misrun.tools.code.bodies import HELD_OUT_WORDS, name_words
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.loop_places import head_of, loop_head, place_in_loop
from misrun.tools.code.checks.repair_no_grad import evaluated_in_eval_mode, trained_in_train_mode, without_gradients
from misrun.tools.code.checks.repair_places import loops_around
from misrun.tools.code.models import is_loss_by_name, runs_network
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class
from misrun.tools.code.torch_api import KEEPING_OPS, LOSS_OPS, MODE_LAYERS
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import contains, training_loops
from misrun.tools.code.values import Site, Value, alternatives, ancestors, is_constant, same
from misrun.tools.code.walking import unparsed

_EVAL = "https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval"
_NO_GRAD = "https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html"
# Managers known not to touch the mode of a model; what another one does on entering is not seen.
_PLAIN_MANAGERS = names("no_grad inference_mode set_grad_enabled autocast open tqdm amp_ctx nullcontext device")

# Positions of `dropout` in the constructors (torch.nn documentation).
_DROPOUT_POSITIONS = {"TransformerEncoderLayer": 3, "TransformerDecoderLayer": 3, "Transformer": 5}

# Functions of such names write a model down or count it.
_LEAVE_MODE = names("save checkpoint log print count summary watch dump export write")
# What functions that evaluate are called.
_EVALUATES = HELD_OUT_WORDS | names("evaluate evaluation predict prediction testing infer inference score proba")

# A model of the project or a library; one whose build is not seen.
_CALLS = ("module()", "call")


def mode_set_by(event: Event) -> str | None:
    """ "train" or "eval" for a call that switches the mode, "either" when the argument is not known."""
    if not event.op.endswith((".train", ".eval")):
        return None
    if event.op.endswith(".eval"):
        return "eval"
    given = event.argument(0, "mode")
    if given is None or is_constant(given, True):
        return "train"
    return "eval" if is_constant(given, False) else "either"


def has_mode_layers(model: Value) -> bool:
    """Whether the model certainly holds dropout or batch norm, as far as its construction is seen."""
    stack, seen = list(alternatives(model)), {id(model)}
    while stack and len(seen) < 300:
        part = stack.pop()
        if _is_mode_layer(part):
            return True
        for child in [*part.attrs.values(), *part.args, *(part.items or ()), *part.inputs]:
            if id(child) not in seen and (
                child.kind in ("module", "sequence", "mapping") or child.op == "comprehension"
            ):
                seen.add(id(child))
                stack.append(child)
    return False


def _is_mode_layer(value: Value) -> bool:
    if value.kind != "module" or isinstance(value.definition, Class):
        return False
    if is_constant(_dropout_of(value), 0, 0.0) or _without_running_statistics(value):
        return False
    return value.class_name in MODE_LAYERS or (value.path.startswith("torchvision.models") and "vgg" not in value.path)


def _dropout_of(layer: Value) -> Value | None:
    """The dropout probability a layer is built with, where it is given."""
    if layer.class_name in _DROPOUT_POSITIONS:
        return layer.argument(_DROPOUT_POSITIONS[layer.class_name], "dropout")
    return layer.argument(0, "p") if "Dropout" in layer.class_name else None


def _without_running_statistics(layer: Value) -> bool:
    """A norm that uses the statistics of its input in both modes: instance norm unless told otherwise."""
    given = layer.argument(4, "track_running_stats")
    if layer.class_name.startswith("InstanceNorm"):
        return given is None or is_constant(given, False)
    return "BatchNorm" in layer.class_name and is_constant(given, False)


def find_missing_eval(trace: Trace) -> Iterator[Problem]:
    switched_in = {e.file.path for e in trace.events() if mode_set_by(e) in ("eval", "either")}
    for root in trace.roots:
        eval_is_known = any(e.file.path in switched_in for e in root)
        switches = [e for e in root if mode_set_by(e)]
        for call in root:
            if call.op not in _CALLS or not call.grad_is_off() or call.callee is None or not call.loops():
                continue
            if any(e.op == "backward" and e.within(call.loops()[-1]) for e in root):
                continue  # part of a training step: pseudo-labels, targets
            if (
                not _is_top_call(call)
                or not _trained_in(root, call.callee)
                or not (
                    has_mode_layers(call.callee) or (not eval_is_known and _is_put_in_train_mode(switches, call.callee))
                )
            ):
                continue
            before = [s for s in switches if s.index < call.index and _may_switch(s, call.callee)]
            if _mode_before(before, call) == "train" and not _odd_manager(call) and not _wants_dropout(call):
                edits = evaluated_in_eval_mode(call, root, restore=not _is_trained_again(root, call))
                yield _missing_eval(call, before, edits)


def find_evaluation_in_train_mode(trace: Trace) -> Iterator[Problem]:
    """A library's evaluation function: it runs what the file's training function puts into train mode, without
    gradients, and nothing in the file, or on the way to it, calls eval()."""
    switched = {e.file.path for e in trace.events() if mode_set_by(e) in ("eval", "either")}
    trained = {
        (e.file.path, e.receiver.name.rpartition(".")[2])
        for e in trace.events()
        if mode_set_by(e) == "train" and e.receiver is not None and e.receiver.name and e.file.path not in switched
    }
    for root in trace.roots if trained else ():
        if any(e.op == "backward" or mode_set_by(e) in ("eval", "either") for e in root):
            continue
        for call in root:
            known = call.callee is not None and call.op in _CALLS and call.grad_is_off()
            known = known and (bool(call.loops()) or _in_evaluation(call))
            name = call.callee.name.rpartition(".")[2] if known and call.callee is not None else ""
            if (call.file.path, name) in trained and _is_top_call(call) and not _wants_dropout(call):
                yield _missing_eval(call, [], evaluated_in_eval_mode(call, root, restore=False))
                break


def _in_evaluation(call: Event) -> bool:
    labels = [f.label for f in call.frame.chain() if f.kind in ("call", "root")]
    return any(name_words(label.rpartition(".")[2]) & _EVALUATES for label in labels)


def find_evaluated_in_train_mode(trace: Trace) -> Iterator[Problem]:
    yield from find_missing_eval(trace)
    yield from find_evaluation_in_train_mode(trace)


def _is_top_call(call: Event) -> bool:
    """Not a call of a part from inside another model's forward."""
    return not any(f.kind == "call" and f.label == "forward" for f in call.frame.chain())


def _trained_in(root: tuple[Event, ...], model: Value) -> bool:
    """Whether the same model is run with gradients and a backward in the same program."""
    return any(e.op == "backward" for e in root) and any(
        e.op in _CALLS and not e.grad_may_be_off() and same(e.callee, model) for e in root
    )


def _is_put_in_train_mode(switches: list[Event], model: Value) -> bool:
    """A model of unknown build whose author calls train() on it: the mode matters."""
    return any(mode_set_by(s) == "train" and same(s.receiver, model) for s in switches)


def _may_switch(switch: Event, model: Value) -> bool:
    target = switch.receiver
    if target is None or target.kind not in ("module",):
        return True
    return same(target, model) or any(contains(t, m) for t in alternatives(target) for m in alternatives(model))


def _mode_before(before: list[Event], call: Event) -> str:
    """The mode at the call: models start in train mode; a switch under a condition of its own leaves it open."""
    mode = "train"
    for switch in before:
        conditions = {id(b) for b in switch.frame.chain() if b.kind == "branch"} - {id(b) for b in call.frame.chain()}
        chosen = mode_set_by(switch) or mode
        if switch.receiver is None or switch.receiver.kind != "module":
            mode = chosen if chosen != "train" or mode == "train" else "either"
        elif conditions:
            mode = mode if chosen == mode else "either"
        else:
            mode = chosen
    return mode


def _odd_manager(call: Event) -> bool:
    return any(f.kind == "with" and f.label not in _PLAIN_MANAGERS for f in call.frame.chain())


def _wants_dropout(call: Event) -> bool:
    """Monte-Carlo dropout and statistics passes run in train mode on purpose; their names say so."""
    words = (
        "mc_",
        "monte",
        "dropout",
        "bn_",
        "update_bn",
        "calibrat",
        "teacher",
        "momentum",
        "ema",
        "target",
        "generate",
        "sample",
    )
    labels = [f.label.lower() for f in call.frame.chain() if f.kind == "call"]
    return any(w in label for label in labels for w in words)


def _is_trained_again(root: tuple[Event, ...], call: Event) -> bool:
    """Whether the training itself switches the model to train mode in each of its rounds, or comes no more."""
    rounds = call.loops()[:-1]
    if not any(e.op == "backward" and e.index > call.index for e in root) and not rounds:
        return True
    return bool(rounds) and any(mode_set_by(e) == "train" and e.within(rounds[-1]) for e in root)


def _missing_eval(call: Event, before: list[Event], edits: tuple[Edit, ...]) -> Problem:
    where = f"; the last switch is {unparsed(before[-1].node)} at {before[-1].site}" if before else ""
    return Problem(
        call.site,
        f"The model is evaluated in train mode{where}: dropout is active and batch norm uses (and updates) the "
        "statistics of the evaluation batches.",
        "model.eval() before the evaluation loop, model.train() after it.",
        0.9,
        "Print model.training in the evaluation loop; evaluate twice: the results differ.",
        edits,
    )


def find_train_not_restored(trace: Trace) -> Iterator[Problem]:
    """In a loop over epochs, eval() comes after the training part and no train() before the next one."""
    for training in training_loops(trace):
        if training.is_managed:
            continue
        calls = [e for e in training.events if e.op in _CALLS and e.callee is not None and not e.grad_may_be_off()]
        calls = [e for e in calls if e.op == "module()" or _is_switched_to_eval(training.root, e.callee)]
        for call in [c for c in calls if _is_top_call(c)][:1]:
            model = call.callee
            if model is None or not (call.op == "call" or has_mode_layers(model)):
                continue
            culprit, round_ = _eval_carried_over(training.root, call, model)
            if culprit is not None and round_ is not None:
                site = _training_place(trace, call, culprit, round_)
                where = "here" if site.node is culprit.node else f"at {culprit.site}"
                yield Problem(
                    site,
                    f"The model goes to eval mode {where} and is never put back: from the second pass on, the training "
                    f"at {call.site} runs without dropout and with frozen batch statistics.",
                    "model.train() at the start of every training epoch.",
                    0.93,
                    "Print model.training at the first batch of every epoch.",
                    trained_in_train_mode(call, round_),
                    related=(culprit.site,),
                )


def _training_place(trace: Trace, call: Event, culprit: Event, round_: Frame) -> Site:
    """The head of the loop over batches, where train() is missing; within that loop, what switches to eval mode."""
    loops = loops_around(call.file, call.node)
    if not loops or loops[-1] is round_.node:
        return place_in_loop(trace.project, culprit, round_)
    return head_of(call.file, loops[-1])


def _is_switched_to_eval(root: tuple[Event, ...], model: Value | None) -> bool:
    """A model of unknown build whose author calls eval() on it: the mode matters."""
    return any(mode_set_by(e) == "eval" and same(e.receiver, model) for e in root)


def _is_about(switch: Event, model: Value) -> bool:
    return same(switch.receiver, model) or (switch.receiver is not None and switch.receiver.kind == "module")


def _hands_on(event: Event, model: Value) -> bool:
    """A call of something unseen that is given the model and may switch it."""
    seen = event.receiver is not None or event.op.startswith(("torch.", "builtins.", "numpy."))
    name = (event.callee.name if event.op == "call" and event.callee is not None else event.op).rpartition(".")[2]
    harmless = name_words(name) & _LEAVE_MODE
    unseen = not seen and not harmless and (event.op == "call" or "." in event.op)
    return unseen and any(same(a, model) for a in (*event.args, *event.kwargs.values()))


def _eval_carried_over(root: tuple[Event, ...], call: Event, model: Value) -> tuple[Event, Frame] | tuple[None, None]:
    """The switch to eval mode behind the training call, and the loop in whose next pass it is still on."""
    switches = [e for e in root if mode_set_by(e) and _may_switch(e, model)]
    for loop in reversed(call.loops()):
        mine = [e for e in switches if e.within(loop)]
        if not mine:
            continue
        if any(mode_set_by(e) != "eval" or not _is_about(e, model) for e in mine):
            return None, None
        if call.op == "call" and any(_hands_on(e, model) for e in root if e.within(loop)):
            return None, None
        after = [e for e in mine if e.index > call.index and same(e.receiver, model)]
        return (after[-1], loop) if after and not _odd_manager(after[-1]) else (None, None)
    return None, None


def find_missing_no_grad(trace: Trace) -> Iterator[Problem]:
    """Outputs or losses of an evaluation in eval mode kept in a list or total, with gradients on."""
    for root in trace.roots:
        backwards = [e for e in root if e.op == "backward"]
        if not backwards and any(_wants_gradients(e) for e in root):
            continue
        for event in root:
            value = (
                event.args[1]
                if event.op == "augadd"
                else (event.args[0] if event.op == "append" and event.args else None)
            )
            if value is None or not event.loops() or event.grad_may_be_off() or value.kind == "const":
                continue
            call = _attached_model_call(value, root, trace)
            if call is None or call.grad_may_be_off() or not call.within(event.loops()[-1]):
                continue
            if any(b.within(event.loops()[-1]) for b in backwards) or not is_in_eval_mode(root, call):
                continue
            if any(v is event.result or v is event.receiver for b in backwards for v in ancestors(b.args[0], 80)):
                continue
            yield Problem(
                loop_head(event),
                f"The evaluation keeps tensors with their autograd graph ({event.site}): memory grows with every "
                "batch.",
                "Run the evaluation under torch.no_grad().",
                0.85,
                "Log torch.cuda.memory_allocated() during the evaluation.",
                without_gradients(event.site, root),
                related=(event.site,),
            )


def _wants_gradients(event: Event) -> bool:
    """Gradients are asked for by other means than backward."""
    return (
        "autograd" in event.op
        or event.op in ("requires_grad_", "set.requires_grad")
        or event.op.endswith((".step", ".optimize", ".backward", ".manual_backward", ".fit"))
    )


def _attached_model_call(value: Value, root: tuple[Event, ...], trace: Trace) -> Event | None:
    """The model call whose output, or a loss of it, the value still is, attached to its graph."""
    keeping = LOSS_OPS | KEEPING_OPS | names("mul div add sub mean sum softmax log_softmax sigmoid normalize relu tanh")
    calls = {id(e.result): e for e in root if runs_network(e, trace)}
    stack, budget = [value], 40
    while stack and budget:
        top = stack.pop()
        budget -= 1
        if id(top) in calls:
            return calls[id(top)]
        if top.op in keeping or top.op == "element":
            stack.extend(top.inputs[:2])
        elif is_loss_by_name(top):
            stack.extend(top.inputs[1:3])
    return None


def is_in_eval_mode(root: tuple[Event, ...], call: Event) -> bool:
    model = call.callee
    before = [
        s for s in root if mode_set_by(s) and s.index < call.index and model is not None and _may_switch(s, model)
    ]
    return bool(before) and mode_set_by(before[-1]) == "eval"


CHECKS = (
    Check("eval-mode-missing", "A model with dropout or batch norm evaluated in train mode.",
          "Dropout stays active and batch norm mixes in the statistics of the evaluation batches.",
          "Call model.eval() before evaluating.", "model_software/train_eval_mode",
          _EVAL, "error", "silent_bug", find_evaluated_in_train_mode),
    Check("train-mode-not-restored", "eval() inside the epoch loop without train() before the next training pass.",
          "From the second epoch on, training runs without dropout and with frozen batch statistics.",
          "Call model.train() at the start of every training pass.", "model_software/train_eval_mode",
          _EVAL, "error", "silent_bug", find_train_not_restored),
    Check("no-grad-missing", "An evaluation loop that keeps outputs or losses with their graph.",
          "Each kept tensor holds all activations of its batch.",
          "Wrap the evaluation in torch.no_grad().", "memory_hardware/evaluation_memory",
          _NO_GRAD, "error", "silent_bug", find_missing_no_grad),
)  # fmt: skip
