"""Settings in the words of a line: recognising a list of them, and the value of one."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.readers.metric_table import states_settings
from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.run_record import Scalar

Setting = tuple[str, Scalar | tuple[Scalar, ...]]

_KEYWORD = re.compile(
    r"(?<![\w.])(?P<key>[A-Za-z_][\w.]{0,80})=(?P<value>'[^']{0,300}'|\"[^\"]{0,300}\"|\[[^\]]{0,300}\]|\([^)]{0,300}\)"
    r"|[^,()'\"\[\]\s]{1,200})(?=,|\s|\)|$)"
)
_NOT_A_NUMBER = re.compile(r"=(?:True|False|None|'|\"|\[|[A-Za-z/])")
# Names that only settings have.
_USUAL = re.compile(
    r"(?<![\w.])['\"]?(?P<key>seed|epochs|num_epochs|batch_?size|batch|bs|lr|learning_rate|weight_decay|wd|dropout"
    r"|momentum|workers"
    r"|num_\w{1,30}|n_\w{1,30}|max_\w{1,30}|min_\w{1,30}|hidden\w{0,30}|layers|heads|optimizer|optim|scheduler"
    r"|device|warmup\w{0,20}"
    r"|dim|\w{1,10}_dim|d_model|vocab\w{0,20}|model|dataset|data|data_\w{1,20}|init_\w{1,20}|log_\w{1,20}|clip"
    r"|\w{1,20}_size|amp|fp16|bf16)"
    r"['\"]?\s?[=:]\s?\S"
)
_RESULT = re.compile(
    r"\b(?:\w{0,20}loss|acc|accuracy|ppl|perplexity|grad_norm|gnorm|reward)['\"]?\s?[=: ]\s?[-\d]", re.I
)
# Namespace(lr=0.1, ...), TrainingArguments(lr=0.1, ...)
CALL = re.compile(r"\b(?:Namespace|TrainingArguments|\w{0,40}(?:Config|Arguments|Args))\((?P<inside>\w{1,60}=.*)$")
# {'batch': 4, 'lr': 0.001, 'steps': 3000}: a printed dictionary, whose names decide.
_DICTIONARY = re.compile(r"\{['\"]\w[^{}]{1,4000}\}\s*$")
_KEY = re.compile(r"['\"](\w[\w./ -]{0,60})['\"]\s?:")
# An echo of settings has several of them, or some that are no numbers; a line of metrics has numbers only.
_FEWEST_USUAL = 3
_FEWEST_PRINTED = 2
_FEWEST = 6
_FEWEST_WORDS = 3
_LONGEST = 60_000


def is_settings_list(text: str) -> bool:
    """Whether a line is an echo of settings ("batch=4, amp=False, data=x.yaml, ...") and not of metrics."""
    if "(" in text and CALL.search(text, 0, 20_000):
        return True
    if text.count("=") >= _FEWEST and len(_NOT_A_NUMBER.findall(text, 0, 20_000)) >= _FEWEST_WORDS:
        return True
    if text.count("=") + text.count(": ") < _FEWEST_USUAL:
        return False
    usual = {match["key"] for match in _USUAL.finditer(text, 0, 20_000)}
    printed = _DICTIONARY.search(text, 0, 20_000) if len(usual) >= _FEWEST_PRINTED else None
    if printed and states_settings(_KEY.findall(printed[0])):
        return True
    return len(usual) >= _FEWEST_USUAL and _RESULT.search(text, 0, 20_000) is None


def keyword_settings(text: str) -> Iterator[Setting]:
    """The settings of "lr=0.1, name='x'", or of a printed dictionary, whose nested keys become dotted names."""
    text = text[:_LONGEST]
    start, end = text.find("{"), text.rfind("}")
    if start >= 0 and end > start and (printed := _literal(text[start : end + 1])) is not None:
        yield from _flattened(printed, "")
        return
    for match in _KEYWORD.finditer(text):
        yield match["key"], setting_value(match["value"])


def setting_value(raw: str) -> Scalar | tuple[Scalar, ...]:
    """Number, boolean, None, a tuple of these, or the text without its quotes."""
    text = raw.strip().rstrip(",")
    if text[:1] in ("[", "("):
        try:
            value = _tuple(ast.literal_eval(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):  # not a literal, or one made to be deep
            return text[:300]
        if value is not None:
            return value
    scalar = parse_scalar(text)
    return scalar[:300] if isinstance(scalar, str) else scalar


def _literal(text: str) -> dict[object, object] | None:
    try:
        value = ast.literal_eval(text.replace("null", "None").replace("true", "True").replace("false", "False"))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):  # TypeError: an unhashable key
        return None
    return value if isinstance(value, dict) else None


def _flattened(values: dict[object, object], prefix: str) -> Iterator[Setting]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flattened(value, f"{name}.")
        elif isinstance(value, str | int | float | bool | None):
            yield name, value
        elif (items := _tuple(value)) is not None:
            yield name, items


def _tuple(value: object) -> tuple[Scalar, ...] | None:
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float | bool | None) for item in value):
        return tuple(value[:100])
    return None
