"""Python files: what code there is, and the settings that stand in it as literals."""

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from misrun.tools.readers.builder import CONSTRUCTED, RunBuilder
from misrun.tools.readers.config_tree import MAX_LIST
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import CodeFile, Scalar
from misrun.tools.record import Span

# CPython's largest own module has 20,000 lines in 0.9 MB; larger files are generated.
_MAX_BYTES = 5 * 2**20
_MAX_SETTINGS = 400
_LONGEST_TEXT = 200
# Beyond these the product of settings is no setting, and Python's integers would grow without bound.
_MAX_EXPONENT = 64
_LARGEST_OPERAND = 1e18
_DEPTH = 8
# Callables whose keyword literals are settings of the training. Schedulers and optimizers keep torch's names.
_CONFIGURES = re.compile(
    r"(?:Arguments|Config|Args|Params|LR|Scheduler|Loader|Trainer|Optimizer)$|^(?:SGD|Adam\w*|RMSprop|RAdam|NAdam|Lion|LBFGS|Adagrad|Adadelta|"
    r"Adafactor|Muon|dict|Namespace|SimpleNamespace|EasyDict|ConfigDict|Dict|fit|compile|EarlyStopping|GradScaler|autocast|Accelerator)$"
)
# Names of loop variables that count the whole training; "i" counts anything.
_COUNTERS = {
    "epoch": "epochs", "ep": "epochs", "epoch_idx": "epochs", "epoch_num": "epochs",
    "step": "steps", "global_step": "steps", "train_step": "steps", "iteration": "steps", "iter": "steps",
    "it": "steps", "itr": "steps", "update": "steps",
}  # fmt: skip
_HOLDS_SETTINGS = re.compile(r"(?:config|cfg|args|params|hparams|settings|options|arguments|hyper)", re.IGNORECASE)
# The optimizers of torch, timm, bitsandbytes and apex by their own names, those of optax and Keras by their module.
_OPTIMIZER = re.compile(
    r"(?:ASGD|SGD|Adam\w{0,12}|[RN]Adam|RMSprop|Rprop|Lion\w{0,8}|LBFGS|Adagrad|Adadelta|Adafactor|Muon|LAMB|LARS"
    r"|FusedAdam|FusedSGD|PagedAdam\w{0,8}|DeepSpeedCPUAdam|Sophia\w?|Shampoo)"
)
_OPTIMIZER_MODULES = frozenset(("optim", "optimizers", "optax"))
_OPTAX = re.compile(r"(?:adam\w{0,3}|sgd|rmsprop|adagrad|adafactor|lion|lamb|lars|radam|nadam)")
_FLAGS = frozenset(("add_argument", "option", "add_option", "add_arg"))
_DEFINES = re.compile(r"^DEFINE_(?:float|integer|string|bool|boolean|enum)$")


class PythonCode:
    """Never imports or runs what it reads. Defaults found here may be overridden by files and commands."""

    name = "Python code"

    def sniff(self, source: Source) -> bool:
        return source.name.lower().endswith((".py", ".pyw")) and b"\0" not in source.head

    def read(self, source: Source, run: RunBuilder) -> None:
        if source.bytes > _MAX_BYTES:
            run.skip(source.name, f"{source.bytes // 2**20} MB is more than hand-written code has")
            return
        read_source(read_code(source, run), None, source.name, run)


def read_code(source: Source, run: RunBuilder) -> str:
    """Lists the file among the code of the run and returns its text."""
    content = source.path.read_bytes()
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    run.code(CodeFile(path=source.name, lines=lines, sha256=hashlib.sha256(content).hexdigest()))
    return content.decode("utf-8-sig", "replace")


class _Found(NamedTuple):
    name: str
    value: Scalar | tuple[Scalar, ...]
    line: int


class _Literal(NamedTuple):
    """The value of a literal; None may be one."""

    value: Scalar | tuple[Scalar, ...]


def read_source(text: str, lines: list[int] | None, file: str, run: RunBuilder) -> None:
    """Add the settings of one module; `lines` maps its line numbers (from 1) to those of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in the user's strings are not ours to report
            tree = ast.parse(text)
    except SyntaxError as error:
        at = error.lineno or 1
        run.note(f"{file}:{lines[min(at, len(lines)) - 1] if lines else at}: not valid Python ({error.msg})")
        return
    except (ValueError, RecursionError, MemoryError) as error:
        run.note(f"{file}: Python could not be parsed ({type(error).__name__})")
        return
    for count, found in enumerate(_settings(tree)):
        if count >= _MAX_SETTINGS:
            run.note(f"{file}: only the first {_MAX_SETTINGS} literals in code were taken as settings")
            return
        line = lines[found.line - 1] if lines else found.line
        run.config(found.name, found.value, span=Span(file=file, first=line, last=line), origin="code")


def _settings(tree: ast.Module) -> Iterator[_Found]:
    """Settings in the order of the file's lines: module-level literals, argparse defaults, keyword literals of the
    callables that configure training, defaults of configuration classes."""
    found: list[_Found] = []
    for statement in tree.body:
        found += _assigned(statement, "")
    found += _loops(tree)
    found += _optimizer(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found += _called(node)
        elif isinstance(node, ast.ClassDef) and (_HOLDS_SETTINGS.search(node.name) or _is_dataclass(node)):
            for statement in node.body:
                found += _assigned(statement, f"{node.name}.")
    yield from sorted(found, key=lambda setting: setting.line)


def _assigned(statement: ast.stmt, prefix: str) -> Iterator[_Found]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for name, item in zip(target.elts, value.elts, strict=True):
            yield from _named(name, item, prefix)
    else:
        yield from _named(target, value, prefix)


def _named(target: ast.expr, value: ast.expr, prefix: str) -> Iterator[_Found]:
    name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
    if not name or name.startswith("__"):
        return
    if isinstance(value, ast.Dict):
        yield from _dictionary(value, f"{prefix}{name}.", 0)
        return
    literal = _literal(value)
    if literal:
        yield _Found(prefix + name, literal.value, value.lineno)


def _dictionary(node: ast.Dict, prefix: str, depth: int) -> Iterator[_Found]:
    for key, value in zip(node.keys, node.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)) or depth > _DEPTH:
            continue
        if isinstance(value, ast.Dict):
            yield from _dictionary(value, f"{prefix}{key.value}.", depth + 1)
        elif literal := _literal(value):
            yield _Found(prefix + key.value, literal.value, value.lineno)


def _called(node: ast.Call) -> Iterator[_Found]:
    function = node.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    if name in _FLAGS:
        yield from _flag(node)
    elif _DEFINES.match(name) and len(node.args) >= 2:
        flag, value = _literal(node.args[0]), _literal(node.args[1])
        if flag and value and isinstance(flag.value, str):
            yield _Found(flag.value, value.value, node.args[1].lineno)
    elif _CONFIGURES.search(name):
        for keyword in node.keywords:
            literal = _literal(keyword.value) if keyword.arg else None
            if literal:
                yield _Found(f"{name}.{keyword.arg}", literal.value, keyword.value.lineno)


def _optimizer(tree: ast.Module) -> Iterator[_Found]:
    """The optimizer's class where the module constructs only one kind: several leave open which one ran."""
    made = [(name, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call) and (name := _made(node.func))]
    if len({name for name, _ in made}) == 1:
        name, line = min(made, key=lambda one: one[1])
        yield _Found(CONSTRUCTED, name, line)


def _made(function: ast.expr) -> str:
    """The optimizer that a call constructs, "" for other calls: torch.optim.SGD, optim.SGD, AdamW, optax.adam."""
    if isinstance(function, ast.Name):
        return function.id if _OPTIMIZER.fullmatch(function.id) else ""
    if not isinstance(function, ast.Attribute):
        return ""
    name, owner = function.attr, function.value
    module = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    known = _OPTIMIZER.fullmatch(name) or (module == "optax" and _OPTAX.fullmatch(name))
    custom = module in _OPTIMIZER_MODULES and name[:1].isupper() and name != "Optimizer"
    return name if known or custom else ""


def _loops(tree: ast.Module) -> Iterator[_Found]:
    """The planned length in `for epoch in range(30)`. A loop over steps inside one over epochs counts only those of
    one epoch."""
    counted = [(loop, name) for loop in ast.walk(tree) if isinstance(loop, ast.For) and (name := _counter(loop))]
    within = {id(inner) for loop, name in counted if name == "epochs" for inner in ast.walk(loop) if inner is not loop}
    for loop, name in counted:
        length = None if id(loop) in within else _range_end(loop.iter)
        if length is not None:
            yield _Found(f"range.{name}", length, loop.iter.lineno)


def _counter(loop: ast.For) -> str:
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) and loop.target.elts else loop.target
    return _COUNTERS.get(target.id.strip("_").lower(), "") if isinstance(target, ast.Name) else ""


def _range_end(node: ast.expr) -> int | None:
    """The number of turns of range(30), range(1, 31) or tqdm(range(30)) when it stands there as numbers."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in ("range", "trange"):
        return _range_end(node.args[0])
    ends = [value for argument in node.args[:2] if (value := _number(argument)) is not None]
    if len(ends) != min(len(node.args), 2) or len(node.args) > 2 or not all(isinstance(end, int) for end in ends):
        return None
    first, end = (ends[0], ends[1]) if len(ends) == 2 else (0, ends[0])
    return int(end - first) if first in (0, 1) else None  # elsewhere it goes on from a checkpoint


def _flag(node: ast.Call) -> Iterator[_Found]:
    """add_argument("--lr", "-l", default=1e-3): the first long name decides, as in argparse."""
    words = [word.value for item in node.args if isinstance(word := item, ast.Constant) and isinstance(word.value, str)]
    names = [word for word in words if word.startswith("--")] or words
    default = next((keyword.value for keyword in node.keywords if keyword.arg == "default"), None)
    literal = _literal(default) if default is not None else None
    if names and default is not None and literal:
        yield _Found(names[0].lstrip("-").replace("-", "_"), literal.value, default.lineno)


def _literal(node: ast.expr, depth: int = 0) -> _Literal | None:
    """A scalar, a flat list or tuple of scalars, or arithmetic on numbers such as 5e-4 / 2; None for all else."""
    if isinstance(node, ast.Constant):
        value = node.value
        if not isinstance(value, Scalar) or (isinstance(value, str) and len(value) > _LONGEST_TEXT):
            return None
        return _Literal(value)
    if isinstance(node, ast.List | ast.Tuple) and 0 < len(node.elts) <= MAX_LIST and depth == 0:
        items = [_literal(item, 1) for item in node.elts]
        return _Literal(tuple(item.value for item in items if item)) if all(items) else None  # type: ignore[misc]
    number = _number(node, depth)
    return None if number is None else _Literal(number)


def _number(node: ast.expr, depth: int = 0) -> float | int | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else None
    if depth > _DEPTH:
        return None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand, depth + 1)
        return None if value is None else -value
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left, depth + 1), _number(node.right, depth + 1)
        return None if left is None or right is None else _arithmetic(node.op, left, right)
    return None


def _arithmetic(operator: ast.operator, left: float, right: float) -> float | int | None:
    if not max(abs(left), abs(right)) < _LARGEST_OPERAND:
        return None
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div) and right:
        return left / right
    if isinstance(operator, ast.Pow) and 0 < left <= 1024 and abs(right) <= _MAX_EXPONENT:
        power: float | int = left**right
        return power
    return None


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.dump(decorator) for decorator in node.decorator_list)
