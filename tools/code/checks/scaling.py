"""Inputs scaled differently for training and validation, twice, or not at all."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import HELD_OUT_WORDS, TRAIN_WORDS, Body, bodies, part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_scaling import cast_divided, likewise_scaled, same_normaliser, scaled_always
from misrun.tools.code.checks.repair_syntax import atom, statement_of, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site, Value, ancestors, number
from misrun.tools.code.walking import unparsed, walk

_INCONSISTENT = "https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing"
_TO_TENSOR = "https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ToTensor.html"
_SCALE = "https://cs231n.github.io/neural-networks-2/#datapre"
_CASTING = names("tensor as_tensor from_numpy FloatTensor asarray array float32")
_SAME_NUMBERS = names("astype float double reshape view copy clone to contiguous unsqueeze squeeze")
_NORMALIZERS = ("Normalize", "normalize", "Standardize", "standardize", "PerChannelNorm")
_SCALING_WORDS = (
    "ToTensor", "to_tensor", "ToDtype", "Normalize", "normalize", "Standard", "MinMax", "scaler", ".std", "mean(0)",
    "BatchNorm", "LayerNorm", "ImageProcessor", "rescale", ".max()", "preprocess", "weights.transforms", "log1p",
)  # fmt: skip


def find_transform_per_part(trace: Trace) -> Iterator[Problem]:
    """`train_tf` normalises and `val_tf` does not (or with other numbers)."""
    for file in trace.project.files:
        pipelines = [(part_of(name), name, node) for name, node in _pipelines(file.tree) if part_of(name)]
        known = _named_normalisers(file.tree)
        for part, name, node in pipelines:
            twin = next(((n, o) for p, n, o in pipelines if p == "train" and part == "held out"), None)
            if twin is None or not _is_comparable(node, twin[1]):
                continue
            if _normalisers(node, known) == _normalisers(twin[1], known):
                continue
            yield Problem(
                Site(file, node),
                f"`{name}` scales its inputs otherwise than `{twin[0]}` (line {twin[1].lineno}): "
                f"{_told(node, known)} against {_told(twin[1], known)}. The model is validated on inputs of another "
                "scale than it was trained on.",
                "The same normalisation, with the same numbers, in both.",
                0.85,
                "Print mean and standard deviation of one batch of each.",
                same_normaliser(file, _steps(node), _steps(twin[1]), _NORMALIZERS, frozenset(known)),
                related=(Site(file, twin[1]),),
            )


def _pipelines(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Lists of transforms by the name or key they get: `val_tf = Compose([...])`, {"val": Compose([...])}."""
    for node in walk(tree):
        if isinstance(node, ast.Assign) and _is_pipeline(node.value):
            yield unparsed(node.targets[0]), node.value  # type: ignore[misc]
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and _is_pipeline(value):
                    yield key.value, value  # type: ignore[misc]


def _is_pipeline(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in ("Compose", "Sequential") and len(_steps(node)) > 0


def _steps(node: ast.Call) -> list[ast.expr]:
    """The transforms in order; empty where any is not written out."""
    first = node.args[0] if node.args else None
    steps = first.elts if isinstance(first, ast.List | ast.Tuple) else node.args
    return [] if any(isinstance(s, ast.Starred) for s in steps) else list(steps)


def _named_normalisers(tree: ast.AST) -> dict[str, str]:
    """Names that a normalisation is given to once: `normalize = transforms.Normalize(mean, std)`."""
    found: dict[str, list[str]] = {}
    for node in walk(tree):
        made = node.value if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Assign) and isinstance(made, ast.Call) and last_name(made.func) in _NORMALIZERS:
            found.setdefault(unparsed(node.targets[0]), []).append(unparsed(made))
    return {name: texts[0] for name, texts in found.items() if len(set(texts)) == 1}


def _normalisers(node: ast.Call, known: dict[str, str]) -> list[str]:
    """Every normalising step by its text; a name in place of numbers is the same name in both or not comparable."""
    steps = [(s, unparsed(s)) for s in _steps(node)]
    return [
        known.get(text, text)
        for s, text in steps
        if text in known or (isinstance(s, ast.Call) and last_name(s.func) in _NORMALIZERS)
    ]


def _is_comparable(one: ast.Call, other: ast.Call) -> bool:
    """One normalises and the other does not, in nothing it does; or both with numbers, which differ."""
    mine, theirs = _normalisers(one, {}), _normalisers(other, {})
    if mine and theirs:
        return all(not any(isinstance(n, ast.Name) and n.id.islower() for s in _steps(p) if isinstance(s, ast.Call)
                           and last_name(s.func) in _NORMALIZERS for n in (*s.args, *(k.value for k in s.keywords)))
                   for p in (one, other))  # fmt: skip
    plain = one if not mine else other
    hidden = [unparsed(s).lower() for s in _steps(plain)]
    return not any("norm" in text or "scale" in text or "standard" in text for text in hidden)


def _told(node: ast.Call, known: dict[str, str]) -> str:
    return ", ".join(_normalisers(node, known)) or "no normalisation"


def find_one_part_scaled(trace: Trace) -> Iterator[Problem]:
    """`x_train = (x_train - mean) / std` in a body where `x_val` is used and never gets the same."""
    for body in bodies(trace):
        scaled = {n: a for a in body.assigns for n in _scaled_names(a)}
        for name, assign in scaled.items():
            twin = _counterpart(body, name)
            if part_of(name) == "train" and twin and twin not in scaled and _only_taken(body, twin, assign):
                yield Problem(
                    Site(body.file, assign),
                    f"`{name}` is scaled here and `{twin}` is not: the model is validated on inputs of another scale "
                    "than it was trained on.",
                    f"Scale `{twin}` with the same numbers.",
                    0.85,
                    "Print mean and standard deviation of both.",
                    likewise_scaled(body.file, assign, name, twin),
                )


def _scaled_names(assign: ast.Assign) -> Iterator[str]:
    """x of `x = x / 255`, `x = (x - m) / s`, also in `a, b = a / 255, b / 255`; `x = scaler.transform(x)`."""
    target, value = assign.targets[0], assign.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=False))
    else:
        pairs = [(target, value)]
    for one, expression in pairs:
        name = unparsed(one)
        inside = {unparsed(n) for n in walk(expression) if isinstance(n, ast.Name | ast.Attribute)}
        if name in inside and _is_scaling(expression):
            yield name


def _is_scaling(node: ast.expr) -> bool:
    """A division, or a transform, of the whole: `(x - m) / s`, `tensor(x / 255)`, `scaler.transform(x)`."""
    while isinstance(node, ast.Call) and last_name(node.func) in _CASTING and node.args:
        node = node.args[0]
    divides = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_length(node.right)
    transforms = names("transform fit_transform normalize standardize")
    return divides or (isinstance(node, ast.Call) and last_name(node.func) in transforms)


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) == "len"


def _counterpart(body: Body, name: str) -> str:
    """The name with a held-out word in place of the training word, if the body has it."""
    known = {n.id for n in body.nodes if isinstance(n, ast.Name)}
    for word in sorted(TRAIN_WORDS, key=len, reverse=True):
        if word in name.lower():
            at = name.lower().index(word)
            options = (name[:at] + held + name[at + len(word) :] for held in sorted(HELD_OUT_WORDS))
            return next((o for o in options if o in known and part_of(o) == "held out"), "")
    return ""


def _is_cast(statement: ast.stmt, name: str) -> bool:
    """`x = torch.tensor(x, dtype=...)`: the same numbers as another type."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(value, ast.Call) and last_name(value.func) in _CASTING and value.args:
        return unparsed(value.args[0]) == name
    while (
        isinstance(value, ast.Call) and last_name(value.func) in _SAME_NUMBERS and isinstance(value.func, ast.Attribute)
    ):
        value = value.func.value
    return isinstance(value, ast.Name) and value.id == name


def _only_taken(body: Body, name: str, scaled: ast.Assign) -> bool:
    """Whether the held-out data is not computed anew after the scaling, nor scaled where it is used or made."""
    for statement in body.statements:
        binds = isinstance(statement, ast.Assign) and name in {unparsed(n) for t in statement.targets for n in walk(t)}
        anew = statement.lineno > scaled.lineno and not _is_cast(statement, name)
        if binds and (anew or any(w in unparsed(statement) for w in ("scal", "norm"))):
            return False
        for node in walk(statement):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Sub) and name in unparsed(node.left):
                return False
            if isinstance(node, ast.Call) and last_name(node.func) in (
                "transform",
                "normalize",
                "preprocess",
                "standardize",
                "prepare",
            ):
                return False
    return True


def find_scaled_in_training_only(trace: Trace) -> Iterator[Problem]:
    """`if self.train: x = (x - mean) / std` in `__getitem__`, with no scaling on the other way."""
    for body in bodies(trace):
        if getattr(body.node, "name", "") not in ("__getitem__", "__call__", "preprocess", "transform"):
            continue
        for block in (
            s for s in body.statements if isinstance(s, ast.If) and not s.orelse and _asks_for_training(s.test)
        ):
            found = next((a for a in block.body if isinstance(a, ast.Assign) and any(_scaled_names(a))
                          and _subtracts_mean(a.value)), None)  # fmt: skip
            if found is not None:
                yield Problem(
                    Site(body.file, found),
                    "Inputs are normalised only for training: validation sees another scale.",
                    "Normalise outside of the branch; only augmentation belongs in it.",
                    0.85,
                    "Print mean and standard deviation of one training and one validation batch.",
                    scaled_always(body.file, block, found),
                )


def _asks_for_training(test: ast.expr) -> bool:
    text = unparsed(test).lower()
    return "train" in text and not text.startswith("not ") and "!=" not in text


def _subtracts_mean(value: ast.expr) -> bool:
    text = unparsed(value).lower()
    return isinstance(value, ast.BinOp) and ("mean" in text or "mu" in text or "255" in text)


def find_scaled_twice(trace: Trace) -> Iterator[Problem]:
    """Divided by 255 on the way into the model, and by 255 again."""
    seen: set[int] = set()
    for training in training_loops(trace):
        for value in _model_inputs(training.events):
            divisions = [v for v in ancestors(value, 60) if v.op == "div" and _is_pixel_range(v)]
            if len(divisions) >= 2 and divisions[0].site is not None and id(divisions[0]) not in seen:
                seen.add(id(divisions[0]))
                yield Problem(
                    divisions[0].site,
                    f"The inputs were already divided by 255 ({divisions[1].site}) and are divided again: they all lie "
                    "below 0.004.",
                    "Divide once.",
                    0.85,
                    "Print the largest value of a batch.",
                    _undivided(divisions[0].site),
                )


def _undivided(division: Site) -> tuple[Edit, ...]:
    """`x / 255` as `x`; `x = x / 255` and `x /= 255` taken out."""
    file, node = division.file, division.node
    statement = statement_of(file, node)
    if isinstance(node, ast.AugAssign):
        return (Edit("delete", file, node),)
    if not isinstance(node, ast.BinOp):
        return ()
    kept = [unparsed(t) for t in statement.targets] if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.Assign) and statement.value is node and kept == [unparsed(node.left)]:
        return (Edit("delete", file, statement),)
    whole = isinstance(statement, ast.Assign | ast.Return) and statement.value is node
    return (Edit("replace", file, node, text_of(file, node.left) if whole else atom(file, node.left)),)


def _model_inputs(events: list[Event]) -> Iterator[Value]:
    yield from (e.args[0] for e in events if e.op in ("module()", "linear", "conv2d", "conv1d") and e.args)


def _is_pixel_range(division: Value) -> bool:
    return len(division.inputs) > 1 and number(division.inputs[1]) in (255.0, 256.0)


def find_raw_pixels(trace: Trace) -> Iterator[Problem]:
    """Bytes of images made into floats in a program that scales nothing anywhere."""
    text = "\n".join(line.partition("#")[0] for file in trace.project.files for line in file.lines)
    if any(word in text for word in _SCALING_WORDS) or _divides_by_pixels(trace):
        return
    if "torch" not in text or not any(_casts(c) for body in bodies(trace) for c in body.calls):
        return
    for body in bodies(trace):
        read = next((c for c in body.calls if _reads_bytes(c)), None)
        if read is not None:
            yield Problem(
                Site(body.file, read),
                "Pixels from 0 to 255 reach the model as they are; nothing in the program scales them. The first layer "
                "is far outside the range its initial weights are made for.",
                "Divide by 255 (and subtract the mean), in training and validation alike.",
                0.7,
                "Print mean, standard deviation and range of one input batch.",
                cast_divided([(b.file, c) for b in bodies(trace) for c in b.calls if _casts(c)]),
            )
            return


def _divides_by_pixels(trace: Trace) -> bool:
    """Any division by a number, or by a name of its own, of something that is no count."""
    return any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div) and isinstance(n.right, ast.Constant)
        and isinstance(n.right.value, int | float) and n.right.value > 8  # 16 grey levels and more
        for file in trace.project.files
        for n in walk(file.tree)
    )  # fmt: skip


def _reads_bytes(call: ast.Call) -> bool:
    """An image decoded, or an array of uint8."""
    name = last_name(call.func)
    as_bytes = name == "astype" and "uint8" in unparsed(call)
    drawn = name in ("randint", "integers") and any(unparsed(a) in ("255", "256") for a in call.args)
    decoded = name in ("imread", "read_image", "decode_image", "imdecode")
    frombuffer = name in ("frombuffer", "fromfile") and "uint8" in unparsed(call)
    return as_bytes or drawn or decoded or frombuffer


def _casts(node: ast.AST) -> bool:
    """`.float()`, `astype(np.float32)`, `tensor(x, dtype=torch.float32)`."""
    if not isinstance(node, ast.Call):
        return False
    text = unparsed(node)
    return last_name(node.func) in names("float astype tensor as_tensor to FloatTensor") and "float" in text.lower()


CHECKS = (
    Check("transform-differs-by-part", "Transforms for training and validation that normalise differently.",
          "The model sees another scale than it learned on.", "The same normalisation in both.",
          "data_pipeline/input_scaling", _INCONSISTENT, "error", "data_flow", find_transform_per_part),
    Check("one-part-scaled", "Training inputs scaled and held-out inputs not.",
          "The model sees another scale than it learned on.", "Scale both with the numbers of the training part.",
          "data_pipeline/input_scaling", _INCONSISTENT, "error", "data_flow", find_one_part_scaled),
    Check("scaled-in-training-only", "Normalisation inside `if training`.",
          "Validation sees another scale.", "Normalise always.",
          "data_pipeline/input_scaling", _INCONSISTENT, "error", "data_flow", find_scaled_in_training_only),
    Check("scaled-twice", "Pixels divided by 255 and divided by 255 again.",
          "All inputs are nearly 0; the differences between them vanish beside the bias.", "Divide once.",
          "data_pipeline/input_scaling", _TO_TENSOR, "error", "data_flow", find_scaled_twice),
    Check("raw-pixels", "Image bytes given to a network without any scaling.",
          "Initial weights assume inputs of size 1; sigmoids and tanh saturate at once.", "Divide by 255.",
          "data_pipeline/input_scaling", _SCALE, "warning", "data_flow", find_raw_pixels),
)  # fmt: skip
