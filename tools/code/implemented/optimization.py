"""Which optimizer and which schedule of the learning rate the code uses."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.implemented.fact import Form
from misrun.tools.code.implemented.syntax import calls, identifiers, keyword, name_of, number_of, span_of, text_of, walk
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile

_OPTIMIZER = re.compile(
    r"(?:Fused|Paged|DeepSpeedCPU)?(Adam(?:W|ax)?|[RN]Adam|SGD|RMSprop|Adagrad|Adadelta|Adafactor|Lion|LAMB|Lamb|LARS|LBFGS|Muon)"
    r"(?:8bit)?"
)
_OPTAX = re.compile(r"(adamw?|sgd|rmsprop|adagrad|adafactor|lion|lamb|lars|radam|nadam|adabelief)")
# Scheduler classes and functions of torch, transformers and optax, by what they do to the rate.
_SCHEDULES = {
    "CosineAnnealingLR": "cosine", "CosineAnnealingWarmRestarts": "cosine", "get_cosine_schedule_with_warmup": "cosine",
    "cosine_decay_schedule": "cosine", "warmup_cosine_decay_schedule": "cosine", "CosineLRScheduler": "cosine",
    "get_linear_schedule_with_warmup": "linear", "linear_schedule": "linear", "LinearLR": "linear",
    "PolynomialLR": "polynomial",
    "get_polynomial_decay_schedule_with_warmup": "polynomial", "polynomial_schedule": "polynomial", "StepLR": "step",
    "MultiStepLR": "step", "piecewise_constant_schedule": "step", "ExponentialLR": "exponential", "exponential_decay":
    "exponential", "ReduceLROnPlateau": "plateau", "OneCycleLR": "one-cycle", "CyclicLR": "cyclic",
    "ConstantLR": "constant",
    "get_constant_schedule": "constant", "get_constant_schedule_with_warmup": "constant",
    "constant_schedule": "constant",
    "get_inverse_sqrt_schedule": "inverse square root",
}  # fmt: skip
_TYPES = {"cosine": "cosine", "cosine_with_restarts": "cosine", "linear": "linear", "polynomial": "polynomial",
          "constant": "constant", "constant_with_warmup": "constant", "inverse_sqrt": "inverse square root",
          "reduce_lr_on_plateau": "plateau"}  # fmt: skip
_ARGUMENTS = re.compile(r"\w*TrainingArguments|(?:DPO|SFT|PPO|GRPO|ORPO|KTO)Config")


def optimizers(project: Project) -> Iterator[Form]:
    """The optimizers that are constructed; several where the code has several."""
    for file, call in calls(project):
        name = name_of(call.func)
        found = _OPTIMIZER.fullmatch(name)
        if not found and isinstance(call.func, ast.Attribute) and name_of(call.func.value) == "optax":
            found = _OPTAX.fullmatch(name)
        if found and not (isinstance(call.func, ast.Attribute) and name_of(call.func.value) in ("trainer", "self")):
            choice, sure = found[1].lower(), not _may_be_adam(found[1].lower(), call)
            yield Form(topic="optimizer", choice=choice, shown=text_of(call), span=span_of(file, call), sure=sure)
        elif _ARGUMENTS.fullmatch(name):
            given = keyword(call, "optim")
            choice = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else "adamw"
            yield Form(topic="optimizer", choice=re.split("[_8]", choice)[0], shown=text_of(call),
                       span=span_of(file, given or call), sure=given is not None)  # fmt: skip


def _may_be_adam(name: str, call: ast.Call) -> bool:
    """AdamW without weight decay is Adam (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2); one that is set
    elsewhere may be zero."""
    given = keyword(call, "weight_decay") if name == "adamw" else None
    return given is not None and not number_of(given)


def schedules(project: Project) -> Iterator[Form]:
    """What happens to the learning rate after the warm-up."""
    for file, call in calls(project):
        name = name_of(call.func)
        if name in _SCHEDULES and not _only_warms(name, call):
            yield Form(topic="schedule", choice=_SCHEDULES[name], shown=text_of(call), span=span_of(file, call))
        elif name in ("LambdaLR", "MultiplicativeLR"):
            yield _of_lambda(project, file, call)
        elif _ARGUMENTS.fullmatch(name):
            given = keyword(call, "lr_scheduler_type")
            if given is None or isinstance(given, ast.Constant):
                choice = _TYPES.get(str(given.value) if isinstance(given, ast.Constant) else "linear", "")
                span = span_of(file, given or call)
                yield Form(topic="schedule", choice=choice, shown=text_of(call), span=span, sure=bool(choice))
    for file, node in walk(project):
        if isinstance(node, ast.Assign) and any(_sets_rate(target) for target in node.targets):
            used = identifiers(node.value)
            yield Form(topic="schedule", choice="cosine" if "cos" in used else "", shown=text_of(node),
                       span=span_of(file, node), sure="cos" in used)  # fmt: skip


def _sets_rate(target: ast.expr) -> bool:
    return isinstance(target, ast.Subscript) and name_of(target) == "lr"


def _only_warms(name: str, call: ast.Call) -> bool:
    """LinearLR raises the rate by default (start_factor 1/3, end_factor 1)."""
    if name == "linear_schedule":
        return (number_of(keyword(call, "init_value")) or 0.0) == 0.0 and keyword(call, "end_value") is not None
    return name == "LinearLR" and (number_of(keyword(call, "end_factor")) or 1.0) >= 1.0


def _of_lambda(project: Project, file: SourceFile, call: ast.Call) -> Form:
    """The form of the function that a LambdaLR is given, where it can be told from its text."""

    given = call.args[1] if len(call.args) > 1 else keyword(call, "lr_lambda")
    body: ast.AST | None = given
    if isinstance(given, ast.Name):
        body = _definition(project, given.id) or given
    used = identifiers(body) if body is not None else set()
    choice = "cosine" if {"cos"} & used else ""
    if not choice and body is not None:
        choice = next((kind for n in ast.walk(body) if (kind := _of_power(n))), "")
    return Form(topic="schedule", choice=choice, shown=text_of(call), span=span_of(file, call), sure=bool(choice))


def _of_power(node: ast.AST) -> str:
    """step ** -0.5 falls with the inverse square root, 0.5 ** epochs in steps."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return ""
    base, exponent = number_of(node.left), number_of(node.right)
    if base is None and exponent == -0.5:
        return "inverse square root"
    return "step" if base is not None and base < 1 else ""


def _definition(project: Project, name: str) -> ast.AST | None:
    for _, node in walk(project):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and name_of(node.targets[0]) == name and isinstance(node.value, ast.Lambda):
            return node.value
    return None
