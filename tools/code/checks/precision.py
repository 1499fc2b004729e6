"""Number formats: training in pure float16, autocast without a scaler, double-precision inputs."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_precision import not_half, scaled_backward
from misrun.tools.code.checks.repair_rows import double_cast
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import contains, parameters_of, training_loops
from misrun.tools.code.values import Value, alternatives, is_constant, same, unwrap
from misrun.tools.code.walking import unparsed

_AMP = "https://docs.pytorch.org/docs/stable/notes/amp_examples.html"
_FROM_NUMPY = "https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html"
_HALF = ("torch.float16", "torch.half")


def _is_half(value: Value | None) -> bool:
    return value is not None and value.kind == "lib" and value.path in _HALF


def find_half_training(trace: Trace) -> Iterator[Problem]:
    """`model.half()` or `model.to(torch.float16)` for a model whose parameters an optimizer holds."""
    for root in trace.roots:
        held = [m for e in root if e.op == "new" and e.result.kind == "optimizer" for m in parameters_of(e.result)]
        if not held:
            continue
        for event in root:
            if (
                _makes_half(event)
                and any(_holds(event.receiver, m) for m in held)
                and _is_trained_plainly(trace, event)
            ):
                yield Problem(
                    event.site,
                    "The weights themselves are float16 and are trained: gradients below 6e-8 become 0, sums above "
                    "65,504 become inf, and updates smaller than 1/2048 of a weight are lost.",
                    "Keep the weights in float32 and use torch.autocast with a GradScaler, or bfloat16.",
                    0.85,
                    "Run the same steps in float32 or bfloat16.",
                    not_half(event.site),
                )


def _makes_half(event: Event) -> bool:
    if event.op == "module.half":
        return True
    return event.op == "module.to" and any(_is_half(v) for v in (*event.args, event.kwargs.get("dtype")))


def _holds(module: Value | None, part: Value) -> bool:
    return module is not None and (same(module, part) or any(contains(m, part) for m in alternatives(module)))


def _is_trained_plainly(trace: Trace, cast: Event) -> bool:
    """A backward in the file of the cast (in another method of a class, too), and no scaler there."""
    roots = [root for root in trace.roots if any(e.file is cast.file for e in root)]
    return any(e.op == "backward" for root in roots for e in root) and not any(map(_scaled, roots))


def _scaled(root: tuple[Event, ...]) -> bool:
    """Master weights, a scaler or a later cast back."""
    return any(e.op in ("module.float", "module.bfloat16", "scaler.step") or "master" in e.op for e in root) or any(
        e.op == "new" and e.result.kind == "scaler" for e in root
    )


def find_autocast_without_scaler(trace: Trace) -> Iterator[Problem]:
    """float16 autocast around the loss of a training step, and no scaler in the whole project."""
    if any("scaler" in text.lower() or "accelerat" in text.lower() for f in trace.project.files for text in f.lines):
        return
    for training in training_loops(trace):
        for event in training.events:
            frame = next((f for f in event.frame.chain() if f.kind == "with" and f.label == "autocast"), None)
            if (
                event.op in ("module()", "call", *LOSS_OPS)
                and frame is not None
                and frame.value is not None
                and _is_float16(frame.value)
            ):
                yield Problem(
                    training.backwards[0].site,
                    "The loss is computed under float16 autocast and differentiated without a GradScaler: small "
                    "gradients become 0 in float16.",
                    "scaler.scale(loss).backward(), scaler.step(optimizer), scaler.update(); or autocast to bfloat16.",
                    0.8,
                    "Print the share of gradients that are exactly 0.",
                    scaled_backward(training),
                    related=(event.site,),
                )
                break


def _is_float16(manager: Value) -> bool:
    """`autocast("cuda")` is float16 by default, `autocast("cpu")` bfloat16."""
    dtype = manager.kwargs.get("dtype") or (manager.args[1] if len(manager.args) > 1 else None)
    if dtype is not None:
        return _is_half(dtype)
    if "enabled" in manager.kwargs:
        return False
    return manager.path.startswith("torch.cuda") or is_constant(manager.argument(0, "device_type"), "cuda")


# Functions of numpy whose result is float64 whatever the platform, and those that keep the type of their argument.
_DOUBLE = names("linspace random rand randn normal uniform standard_normal logspace genfromtxt loadtxt")
_KEEPS = names("sin cos exp sqrt abs concatenate stack vstack hstack column_stack array asarray reshape tanh log copy")
_CASTS = names("float double half bfloat16 type type_as long int")


def find_double_input(trace: Trace) -> Iterator[Problem]:
    """from_numpy of float64 numbers, given to a float32 layer without a cast."""
    if any(e.op == "module.double" or e.op.endswith("set_default_dtype") for e in trace.events()):
        return
    for event in trace.events("linear", "conv1d", "conv2d", "conv3d", "lstm", "gru", "rnn"):
        layer, value = event.callee, event.args[0] if event.args else None
        if layer is None or value is None or "dtype" in layer.kwargs:
            continue
        made = _double_tensor(value)
        if made is not None and made.site is not None:
            yield Problem(
                made.site,
                f"numpy numbers are float64 and stay so here; {layer.class_name} ({layer.site}) has float32 weights "
                "and refuses them.",
                "Add .float() to the tensor, or .astype(np.float32) to the array.",
                0.85,
                "Print the dtype of the first batch.",
                (*double_cast(made.site), *_targets_cast(trace, made)),
                related=(event.site,),
            )


def _targets_cast(trace: Trace, inputs: Value) -> tuple[Edit, ...]:
    """Targets of a regression that are float64 too: beside float32 outputs backward refuses them."""
    edits: dict[int, Edit] = {}
    for event in trace.events("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy"):
        made = _double_tensor(event.args[1]) if len(event.args) > 1 else None
        if made is not None and made is not inputs and made.site is not None:
            edits |= {id(made.site.node): edit for edit in double_cast(made.site)}
    return tuple(edits.values())


def _double_tensor(value: Value) -> Value | None:
    """The tensor made of float64 numbers when nothing between it and `value` casts it."""
    for _ in range(40):  # longer chains do not occur in hand-written code
        if value.op in ("from_numpy", "as_tensor", "tensor") and value.inputs:
            typed = "dtype" in value.kwargs
            return value if not typed and _is_double(value.inputs[0]) else None
        if value.op in _CASTS or (value.op == "to" and _may_cast(value)) or value is unwrap(value) or not value.inputs:
            return None
        value = value.inputs[0]
    return None


def _may_cast(value: Value) -> bool:
    """`x.to(...)` with anything but what is plainly a device."""
    return not all(_is_device(v) for v in (*value.args[1:], *value.kwargs.values()))


def _is_device(value: Value) -> bool:
    if isinstance(value.const, str):
        return value.const.startswith(("cuda", "cpu", "mps"))
    return "device" in f"{value.name} {value.path}".lower() or (
        value.site is not None and "device" in unparsed(value.site.node).lower()
    )


def _is_double(value: Value, depth: int = 12) -> bool:
    """Whether an array is certainly float64."""
    if depth == 0 or (not value.inputs and not value.args and not value.path):
        return False
    if value.path.startswith("numpy") and value.op in _DOUBLE:
        return "dtype" not in value.kwargs
    if value.op == "method" and value.name in ("normal", "uniform", "standard_normal"):
        return bool(value.inputs) and value.inputs[0].op in ("default_rng", "RandomState")
    if value.op in ("add", "sub", "mul", "div"):
        return any(_is_double(v, depth - 1) for v in value.inputs)
    keeps = value.op in ("index", "slice", "element", "reshape", "transpose", "T", "copy", "flatten", "squeeze") or (
        value.path.startswith("numpy") and value.op in _KEEPS
    )
    return keeps and "dtype" not in value.kwargs and bool(value.inputs) and _is_double(value.inputs[0], depth - 1)


CHECKS = (
    Check("half-precision-training", "A model cast to float16 and trained.",
          "float16 holds numbers from 6e-8 to 65,504 with 11 bits.",
          "Use autocast with a GradScaler, or bfloat16.", "optimization/low_precision_overflow",
          _AMP, "error", "silent_bug", find_half_training),
    Check("autocast-without-scaler", "float16 autocast without a GradScaler.",
          "Gradients that small vanish in float16.", "Use a GradScaler, or bfloat16.",
          "optimization/low_precision_overflow", _AMP, "warning", "silent_bug", find_autocast_without_scaler),
    Check("double-precision-input", "float64 data from numpy given to float32 layers.",
          "Layers do not convert their inputs.", "Cast the data to float32.", "model_software/dtype_mismatch",
          _FROM_NUMPY, "error", "data_flow", find_double_input),
)  # fmt: skip
