"""Random geometry that moves the input and not what marks places in it."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies, name_words
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_augmentation import drawn_from, moved_alike, one_draw
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class, Function, last_name
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_PAIRED = "https://docs.pytorch.org/vision/stable/transforms.html"
# What names a target that lies in the plane of the image.
_SPATIAL = names(
    "mask masks msk seg segmentation boxes box bbox bboxes keypoints keypoint kps kpts points point pts pt landmarks "
    "landmark joints heatmap heatmaps flow depth xy coords coord annotation gt target label labels"
)
# "target" and "label" may also be a class, so they count only as a part that is sliced or transformed like an image.
_SURELY_SPATIAL = _SPATIAL - names("annotation gt target label labels")
_MOVES = names("flip fliplr flipud hflip vflip rot90 rotate roll transpose_image affine crop elastic_transform")
_RANDOM_TRANSFORMS = names(
    "RandomHorizontalFlip RandomVerticalFlip RandomRotation RandomAffine RandomResizedCrop RandomCrop "
    "RandomPerspective ElasticTransform"
)
# What makes two calls draw the same, or draws once.
_SET_BACK = names("manual_seed set_rng_state seed setstate set_state get_params")


def find_one_sided_augmentation(trace: Trace) -> Iterator[Problem]:
    """`if random() < .5: image = image.flip(-1)` in a sample whose mask, boxes or points stay where they are."""
    for body in bodies(trace):
        returned = _returned(body)
        targets = [n for n in returned if name_words(n) & _SURELY_SPATIAL]
        for block in (s for s in body.statements if isinstance(s, ast.If) and _is_random(s.test)):
            moved = {unparsed(a.targets[0]): a for a in block.body if isinstance(a, ast.Assign) and _moves(a)}
            touched = {_stored_root(n) for s in block.body for n in walk(s)}
            inputs = [n for n in moved if n in returned and not name_words(n) & _SPATIAL]
            if inputs and targets and not any(t in touched for t in targets):
                yield Problem(
                    Site(body.file, moved[inputs[0]]),
                    f"`{inputs[0]}` is moved (flipped, turned or cut) at random and `{targets[0]}` stays: half of the "
                    "targets lie at another place than what they mark.",
                    f"Apply the same move to `{targets[0]}`.",
                    0.85,
                    "Draw ten augmented samples with their targets over them.",
                    moved_alike(body, moved[inputs[0]], inputs[0], targets) if len(inputs) == 1 else (),
                )


def _returned(body: Body) -> list[str]:
    """The root names of the parts of a returned sample."""
    found: list[str] = []
    for node in body.nodes:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple | ast.Dict):
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else node.value.values
            found += [n.id for part in parts for n in walk(part) if isinstance(n, ast.Name)]
    return found


def _is_random(test: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func) in ("random", "rand", "uniform", "randint", "choice")
               for n in walk(test))  # fmt: skip


def _moves(assign: ast.Assign) -> bool:
    """`x = torch.flip(x, ...)`, `x = x[:, ::-1]`."""
    reverses = any(isinstance(n, ast.Slice) and n.step is not None and unparsed(n.step) == "-1"
                   for n in walk(assign.value))  # fmt: skip
    calls = {last_name(n.func) for n in walk(assign.value) if isinstance(n, ast.Call)}
    return isinstance(assign.targets[0], ast.Name) and (reverses or bool(calls & _MOVES))


def _stored_root(node: ast.AST) -> str:
    """The variable an assignment changes: p of `p[0] = 1 - p[0]`; "" for anything else."""
    target = node if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) else None
    if target is None or not isinstance(getattr(target, "ctx", None), ast.Store):
        return ""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value  # type: ignore[assignment]
    return target.id if isinstance(target, ast.Name) else ""


def find_separate_draws(trace: Trace) -> Iterator[Problem]:
    """`image = self.transform(image); mask = self.transform(mask)`: two calls draw two flips."""
    moving = _random_transforms(trace)
    for body in bodies(trace) if moving else ():
        if any(last_name(c.func) in _SET_BACK for c in body.calls):
            continue
        calls = [(a, c) for a in body.assigns if (c := _transform_call(a, moving)) is not None]
        for first, one in calls:
            for second, other in calls:
                mask = name_words(unparsed(second.targets[0])) & _SURELY_SPATIAL
                if first is not second and mask and unparsed(one.func) == unparsed(other.func):
                    yield Problem(
                        Site(body.file, second),
                        f"`{unparsed(other.func)}` flips, turns or cuts at random and is called once for the input "
                        f"(line {first.lineno}) and again for the target: each call draws anew, so they no longer lie "
                        "over each other.",
                        "Draw the parameters once and apply them to both (torchvision.transforms.functional, or one "
                        "call with both).",
                        0.85,
                        "Draw ten augmented samples with their targets over them.",
                        one_draw(body.file, first, second, _generator_of(trace)),
                        (Site(body.file, first),),
                    )
                    break


def _generator_of(trace: Trace) -> str:
    """The module that the random transforms draw from: torch for torchvision's; "" where there are several kinds."""
    own = [c for c in trace.project.classes.values() if _moves_at_random(c)]
    from_library = any("torchvision" in line for file in trace.project.files for line in file.lines if "import" in line)
    if from_library:
        return "torch" if not own else ""
    found = {drawn_from(c.node, c.file) for c in own}
    return found.pop() if len(found) == 1 else ""


def _random_transforms(trace: Trace) -> set[str]:
    """Last names of variables and attributes that hold transforms with random geometry."""
    starts = {c.name: c.methods["__init__"] for c in trace.project.classes.values() if "__init__" in c.methods}
    random = _RANDOM_TRANSFORMS | {c.name for c in trace.project.classes.values() if _moves_at_random(c)}
    found: set[str] = set()
    for file in trace.project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Assign) and _holds(node.value, random):
                found |= {last_name(t) for t in node.targets}
            elif isinstance(node, ast.Call):
                found |= {k.arg for k in node.keywords if k.arg and _holds(k.value, random)}
                found |= {n for n, a in _parameters(starts.get(last_name(node.func)), node) if _holds(a, random)}
    return found | _kept_as(trace, found)


def _moves_at_random(cls: Class) -> bool:
    """A transform of the project's own: `__call__` draws a number and flips, turns or cuts by it."""
    method = cls.methods.get("__call__") or cls.methods.get("forward")
    calls = {last_name(n.func) for n in walk(method.node) if isinstance(n, ast.Call)} if method else set()
    return bool(calls & _MOVES) and bool(calls & {"random", "rand", "uniform", "randint", "choice"})


def _parameters(start: Function | None, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """(parameter, argument) of the construction of one of the project's classes, by position."""
    if start is not None:
        yield from zip([a.arg for a in start.node.args.args[1:]], call.args, strict=False)


def _kept_as(trace: Trace, parameters: set[str]) -> set[str]:
    """The attributes that hold such a parameter: `self.tf = transforms`."""
    return {
        n.targets[0].attr
        for file in trace.project.files
        for n in walk(file.tree)
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Attribute)
        and isinstance(n.value, ast.Name) and n.value.id in parameters
    }  # fmt: skip


def _holds(value: ast.expr, transforms: frozenset[str] | set[str]) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func) in transforms for n in walk(value))


def _transform_call(assign: ast.Assign, moving: set[str]) -> ast.Call | None:
    """The call of `x = transform(x)`, also with something around it: `mask = (self.transform(mask) > 0).float()`."""
    target = assign.targets[0]
    if not isinstance(target, ast.Name):
        return None
    for node in walk(assign.value):
        given = node.args[0] if isinstance(node, ast.Call) and len(node.args) == 1 else None
        if isinstance(node, ast.Call) and last_name(node.func) in moving and isinstance(given, ast.Name):
            return node
    return None


CHECKS = (
    Check("one-sided-augmentation", "An input moved at random while its mask, boxes or points stay.",
          "The target then marks another place.", "Move both.",
          "data_pipeline/label_misalignment", _PAIRED, "error", "data_flow", find_one_sided_augmentation),
    Check("separate-random-draws", "A random transform called once for the input and again for its target.",
          "Every call draws its own flip, angle or window.", "Draw once, apply to both.",
          "data_pipeline/label_misalignment", _PAIRED, "error", "data_flow", find_separate_draws),
)  # fmt: skip
