"""Options of the command line and of configuration files: read as they are written, and used at all."""

import ast
import difflib
from collections.abc import Iterable, Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_settings import key_of_file, word_read
from misrun.tools.code.configuration import configuration_files
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_ARGPARSE = "https://docs.python.org/3/library/argparse.html#type"
_GET = "https://docs.python.org/3/library/stdtypes.html#dict.get"


def find_bool_option(trace: Trace) -> Iterator[Problem]:
    """`add_argument("--x", type=bool)`: bool("False") is True."""
    for file, call in _options(trace):
        kind = next((k.value for k in call.keywords if k.arg == "type"), None)
        if isinstance(kind, ast.Name) and kind.id == "bool":
            flag = _destination(call) or "the option"
            yield Problem(
                Site(file, call),
                f"type=bool turns every word given for {flag} into True, the word False too.",
                'action="store_true", argparse.BooleanOptionalAction, or a function that reads the word.',
                0.75,
                f"Print the parsed options of a call with `--{flag} False`.",
                word_read(file, call),
            )


def _options(trace: Trace) -> Iterator[tuple[SourceFile, ast.Call]]:
    for file in trace.project.files:
        for node in walk(file.tree):
            if (
                isinstance(node, ast.Call)
                and last_name(node.func) == "add_argument"
                and isinstance(node.func, ast.Attribute)
            ):
                yield file, node


def find_unused_option(trace: Trace) -> Iterator[Problem]:
    """An option that is declared with a default or type and read nowhere, in a program that reads others by name."""
    read = _names_read(trace)
    if read is None:
        return
    declared = [(file, call, _destination(call)) for file, call in _options(trace)]
    unused = [(f, c, d) for f, c, d in declared if d and d not in read]
    if not declared or len(unused) * 2 > len(declared):
        return  # the parser belongs to a program that is not here
    for file, call, name in unused:
        yield Problem(
            Site(file, call),
            f"The option `{name}` is parsed and never read: whatever is given for it changes nothing.",
            f"Use args.{name} where the value is needed, or drop the option.",
            0.7 if any(name in group for group in _SYNONYMS) else 0.4,  # others seldom decide how a run ends
            "Change the option and compare what the program does.",
        )


def _destination(call: ast.Call) -> str:
    dest = next((k.value for k in call.keywords if k.arg == "dest"), None)
    if isinstance(dest, ast.Constant):
        return str(dest.value)
    flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    long = [f for f in flags if f.startswith("--")] or [f for f in flags if not f.startswith("-")] or flags
    action = next((k.value for k in call.keywords if k.arg == "action"), None)
    if not long or (isinstance(action, ast.Constant) and action.value in ("version", "help")):
        return ""
    return long[0].lstrip("-").replace("-", "_")


def _names_read(trace: Trace) -> set[str] | None:
    """Attributes, keys and names the project reads; None when the options are handed on as a whole (vars(args))."""
    found: set[str] = set()
    for file in trace.project.files:
        for node in walk(file.tree):
            if _hands_on_all(node):
                return None
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.startswith("-"):
                found.add(node.value)
    return found


def _hands_on_all(node: ast.AST) -> bool:
    """vars(args), f(**kwargs), or a parser whose options something else reads."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Attribute) and node.attr == "__dict__"
    handed = ("vars", "asdict", "HfArgumentParser", "LightningCLI", "initialize", "from_argparse_args", "Namespace")
    return last_name(node.func) in handed or any(k.arg is None and _is_args(k.value) for k in node.keywords)


def _is_args(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id in ("args", "opt", "cfg", "config", "hparams") for n in walk(node))


def find_missing_key(trace: Trace) -> Iterator[Problem]:
    """`config.get("lr", default)` where the file has no "lr", and another key of it that is like it and never read."""
    files = {path.name: content for path, content in configuration_files(trace.project).items()}
    if not files:
        return
    keys = {key: name for name, content in files.items() for key in _keys(content)}
    words = {
        n.value
        for f in trace.project.files
        for n in walk(f.tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    } | {n.attr for f in trace.project.files for n in walk(f.tree) if isinstance(n, ast.Attribute)}
    unread = [k for k in keys if k not in words]
    for file, call, key in _gets(trace):
        like = _alike(key, unread) if key not in keys else None
        if like is not None:
            yield Problem(
                Site(file, call),
                f"`{unparsed(call)}` finds no key {key!r} in {keys[like]} and takes its default; the file says "
                f"{like!r}, which nothing reads.",
                f"Use one name in both places, and read it with [{like!r}], which fails when it is missing.",
                0.85,
                "Print the value that is really used.",
                key_of_file(file, call, key, like, _level_of(like, files.values())),
            )


def _keys(content: object, depth: int = 5) -> Iterator[str]:
    if isinstance(content, dict) and depth:
        for key, value in content.items():
            if isinstance(key, str):
                yield key
            yield from _keys(value, depth - 1)


def _level_of(key: str, contents: Iterable[object], depth: int = 5) -> dict[str, object]:
    """The mapping that holds the key; empty where none or several do."""
    found: list[dict[str, object]] = []
    queue = [(content, depth) for content in contents]
    while queue:
        top, left = queue.pop()
        if isinstance(top, dict) and left:
            found += [top] if key in top else []
            queue += [(value, left - 1) for value in top.values()]
    return found[0] if len(found) == 1 else {}


def _gets(trace: Trace) -> Iterator[tuple[SourceFile, ast.Call, str]]:
    """`something.get("key", default)` with a default."""
    for file in trace.project.files:
        for node in walk(file.tree):
            if not isinstance(node, ast.Call) or len(node.args) != 2:
                continue
            name = last_name(node.func)
            key = node.args[1] if name == "getattr" else node.args[0]
            if name == "get" and isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield file, node, key.value


# Names that programs use for one setting; a key of one group beside another of the group is the same setting.
_SYNONYMS = (
    {"lr", "learning_rate", "base_lr", "init_lr", "initial_lr"}, {"batch_size", "bs", "train_batch_size", "batch"},
    {"epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs"}, {"weight_decay", "wd", "l2"},
    {"hidden_size", "hidden_dim", "hidden", "d_model", "n_hidden"}, {"dropout", "dropout_rate", "p_drop", "drop"},
    {"warmup", "warmup_steps", "num_warmup_steps", "n_warmup"}, {"grad_clip", "clip", "max_grad_norm", "clip_grad"},
    {"optimizer", "optim", "optimizer_name"}, {"momentum", "mom"}, {"num_layers", "n_layers", "layers", "depth"},
)  # fmt: skip


def _alike(key: str, unread: list[str]) -> str | None:
    """The unread key that says the same: a known synonym, or a name that differs by a letter or two."""
    plain = key.lower().replace("-", "_")
    for other in unread:
        written = other.lower().replace("-", "_")
        if any(plain in group and written in group for group in _SYNONYMS):
            return other
    # 0.85 lets pass one wrong, missing or swapped letter in seven (difflib ratio); a judgement.
    close = difflib.get_close_matches(key, [k for k in unread if len(k) >= 4], n=1, cutoff=0.85)
    return close[0] if close else None


CHECKS = (
    Check("bool-option", "A command-line option with type=bool.",
          "argparse calls bool() on the word, and every word but the empty one is True.",
          "action='store_true' or BooleanOptionalAction.", "model_software/invalid_config",
          _ARGPARSE, "warning", "silent_bug", find_bool_option),
    Check("option-never-read", "A command-line option that nothing reads.",
          "The program goes on with a value written elsewhere.",
          "Use the option.", "model_software/invalid_config",
          _ARGPARSE, "warning", "data_flow", find_unused_option),
    Check("setting-under-other-name", "A setting read under a name the file does not have.",
          ".get with a default hides that the key is missing.",
          "Use one name and fail on missing keys.", "model_software/invalid_config",
          _GET, "error", "data_flow", find_missing_key),
)  # fmt: skip
