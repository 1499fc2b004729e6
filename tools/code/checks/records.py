"""Records that cannot be read and are replaced by something that looks like data."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_settings import read_strictly
from misrun.tools.code.names import names
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_COLLATE = "https://docs.pytorch.org/docs/stable/data.html#working-with-collate-fn"
_FILLNA = "https://pandas.pydata.org/docs/user_guide/missing_data.html"
_BLANKS = names("zeros zeros_like ones full empty new")
_READING = names(
    "load open imread read read_csv loads decode loadtxt read_image fromstring frombuffer getitem float int fromfile"
    " decode_image imdecode loadtxt literal_eval convert"
)
# A filling this far outside of any standardised range cannot stand for "missing" in a network's input.
_MARKER = 90


def find_placeholder(trace: Trace) -> Iterator[Problem]:
    """`except Exception: x = np.zeros(size)` around the reading of one record, whose label stays."""
    for body in bodies(trace):
        for block in (s for s in body.statements if isinstance(s, ast.Try)):
            if not _reads(block):
                continue
            for handler in block.handlers:
                blank = next((n for s in handler.body for n in walk(s) if _is_blank(n)), None)
                leaves = any(isinstance(s, ast.Raise | ast.Continue) for s in handler.body)
                if blank is not None and not leaves and _is_per_record(body):
                    yield Problem(
                        Site(body.file, blank),
                        "A record that cannot be read is replaced by a blank one and keeps its label: the model is "
                        "trained to predict labels from nothing, and nobody learns how many records are affected.",
                        "Leave such records out (and count them).",
                        0.7,
                        "Count how often this handler runs in one epoch.",
                    )


def find_blank_instead(trace: Trace) -> Iterator[Problem]:
    """`tokens = row["tokens"] or [0] * 12` in `__getitem__`: a sample made of nothing, with a label."""
    for body in bodies(trace):
        if getattr(body.node, "name", "") != "__getitem__" or _leaves_out(body):
            continue
        for node in body.nodes:
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and _is_blank(node.values[-1]):
                yield Problem(
                    Site(body.file, node),
                    "A record without content is replaced by a blank one and keeps its label: the model is trained to "
                    "predict labels from nothing.",
                    "Leave such records out when the data set is built (and count them).",
                    0.7,
                    "Count how often the blank is used in one epoch.",
                )


def _leaves_out(body: Body) -> bool:
    """Whether the class drops records when it is built: `[r for r in rows if r["tokens"]]`."""
    owners = [n for n in walk(body.file.tree) if isinstance(n, ast.ClassDef) and body.node in n.body]
    return any(isinstance(n, ast.comprehension) and n.ifs for owner in owners for n in walk(owner))


def find_stand_ins(trace: Trace) -> Iterator[Problem]:
    yield from find_placeholder(trace)
    yield from find_blank_instead(trace)


def _reads(block: ast.Try) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func) in _READING for s in block.body for n in walk(s))


def _is_blank(node: ast.AST) -> bool:
    """`np.zeros(...)`, `torch.zeros_like(x)`, `Image.new("RGB", size)`, `[0.0] * n`."""
    if isinstance(node, ast.Call):
        function = unparsed(node.func)
        of_library = function.partition(".")[0] in ("np", "numpy", "torch", "Image", "jnp")
        return of_library and last_name(node.func) in _BLANKS
    repeats = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List)
    return repeats and unparsed(node.left) in ("[0]", "[0.0]", "[0.]")  # type: ignore[attr-defined]


def _is_per_record(body: Body) -> bool:
    """In `__getitem__`, or in a function that reads one record (its result is what a loop over records collects)."""
    name = getattr(body.node, "name", "")
    words = ("getitem", "read", "load", "parse", "decode", "open", "get", "fetch", "convert")
    return any(w in name.lower() for w in words) and not any(
        w in name.lower() for w in ("checkpoint", "model", "weights")
    )


def find_marker_filling(trace: Trace) -> Iterator[Problem]:
    """`df.fillna(-999)` in a program that trains a network on it."""
    text = "\n".join(line for file in trace.project.files for line in file.lines)
    if "torch" not in text:
        return
    for body in bodies(trace):
        for call in body.calls:
            value = _filling(call)
            filling = _number(value) if last_name(call.func) in ("fillna", "nan_to_num", "replace") else None
            if filling is not None and abs(filling) >= _MARKER:
                yield Problem(
                    Site(body.file, call),
                    f"Missing values become {filling:g}, which the network takes for a measured size: such entries "
                    "outweigh all others, in the statistics of a scaler too.",
                    "Fill with the mean (or median) of the training part and add a column that says what was missing.",
                    0.6,
                    "Print the smallest and largest value of every column.",
                )


def _filling(call: ast.Call) -> ast.expr | None:
    """What `fillna(v)`, `fillna(value=v)` and `nan_to_num(x, nan=v)` fill in."""
    named = next((k.value for k in call.keywords if k.arg in ("value", "fill_value", "nan")), None)
    by_position = call.args[0] if call.args and last_name(call.func) != "nan_to_num" else None
    return named or by_position


def _number(node: ast.expr | None) -> float | None:
    sign = -1.0 if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 1.0
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if isinstance(inner, ast.Constant) and type(inner.value) in (int, float):
        return sign * float(inner.value)  # type: ignore[arg-type]
    return None


def find_hidden_decoding_errors(trace: Trace) -> Iterator[Problem]:
    """`open(path, encoding="ascii", errors="replace")`: what the encoding lacks becomes a question mark, or nothing."""
    for body in bodies(trace):
        for call in body.calls:
            given = {k.arg: unparsed(k.value).strip("'\"") for k in call.keywords if k.arg}
            if last_name(call.func) == "decode" and call.args:
                given.setdefault("encoding", unparsed(call.args[0]).strip("'\""))
                given.setdefault("errors", unparsed(call.args[1]).strip("'\"") if len(call.args) > 1 else "")
            hides = given.get("errors") in ("replace", "ignore") and not given.get("mode", "r").startswith("w")
            if last_name(call.func) in ("open", "read_text", "decode") and hides:
                narrow = given.get("encoding", "").lower().replace("-", "").replace("_", "") in ("ascii", "usascii")
                if last_name(call.func) == "decode" and not narrow:  # what a network or a process sent
                    continue
                yield Problem(
                    Site(body.file, call),
                    f"errors='{given['errors']}' hides every character that {given.get('encoding', 'the encoding')} "
                    "cannot read: different letters become the same sign, or vanish, and nothing tells.",
                    "Read with the encoding the file was written in (usually utf-8) and errors='strict'.",
                    0.85 if narrow else 0.4,
                    "Count the replacement characters in what was read.",
                    read_strictly(body.file, call) if narrow else (),
                )


CHECKS = (
    Check("decoding-errors-hidden", "Text read with errors='replace' or 'ignore'.",
          "Letters outside of the encoding are lost without a word.", "Name the right encoding.",
          "data_pipeline/corrupt_records", "https://docs.python.org/3/library/codecs.html#error-handlers", "warning",
          "data_flow", find_hidden_decoding_errors),
    Check("placeholder-for-failure", "A blank sample in place of one that cannot be read.",
          "Its label stays, so the model learns to answer nothing with something.", "Leave it out and count it.",
          "data_pipeline/corrupt_records", _COLLATE, "warning", "data_flow", find_stand_ins),
    Check("marker-filling", "Missing values filled with a number like -999.",
          "A network multiplies it by its weights.", "Fill with a typical value.",
          "data_pipeline/corrupt_records", _FILLNA, "warning", "data_flow", find_marker_filling),
)  # fmt: skip
