"""Settings and environment that a program prints about itself, and the command it was started with."""

import re

from misrun.tools.readers.command_line import runs_training, settings_of, words_of
from misrun.tools.readers.environment_facts import add_fact
from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.numbers import number
from misrun.tools.readers.lines.settings_text import CALL, is_settings_list, keyword_settings, setting_value
from misrun.tools.readers.planned_end import EPOCH_PLANS, STEP_PLANS
from misrun.tools.readers.run_record import Scalar

_OVERRIDING = re.compile(r"^\s*Overriding:? (?:config with )?(?P<key>[\w.]{1,80}) ?(?:=|with) ?(?P<value>\S.{0,300})$")
_CONTINUED_FLAG = re.compile(r"^\s{0,20}--?[A-Za-z][\w.\-]{1,80}(?:[ =]\S.{0,2000})?\s*\\?\s*$")
_PROMPT = re.compile(r"^[\s$+#>`]{0,8}(?:\S{1,60}[$#] )?|`+")
_LINE_PAIR = re.compile(
    r"^[\s>|\-*]{0,12}[\"'`]?(?P<key>[A-Za-z_][\w.\-]{1,60})[\"'`]?\s{0,40}(?::|=|\.{3,60})\s{1,40}"
    r"(?P<value>[^\s{\[][^{}]{0,200}?),?\s*$"
)
_PLAIN_VALUE = re.compile(r"[\w./\-]{1,80}|'[^']*'|\"[^\"]*\"")
_NOT_A_SETTING = re.compile(
    r"^(?:epoch|step|iter|.{0,60}(?:Error|[Ww]arning|Exception)$|File$|time$|https?$|(?:INFO|DEBUG|WARN|ERROR)$)", re.I
)
# transformers-cli env, torch.utils.collect_env, mmengine, ultralytics, nvidia-smi, accelerate
_ENVIRONMENT: tuple[tuple[str, str], ...] = (
    ("transformers", r"transformers`? version: (?P<v>\d\S*)"),
    (
        "torch",
        r"(?<!build )(?:PyTorch [Vv]ersion(?: \([^)]{1,30}\))?|Pytorch|PyTorch|[Tt]orch [Vv]ersion"
        r"|torch\.__version__|^\s*torch)\s?[:=]+ ?v?(?P<v>\d+\.\d+[^\s,()]*)|\btorch-(?P<v2>\d+\.\d+[^\s,]*)",
    ),
    ("python", r"(?:^|[\s-])Python(?: [Vv]ersion)?\s?: ?v?(?P<v>\d\.\d+(?:\.\d+)?)|Python-(?P<v2>\d\.\d+\.\d+)"),
    ("cuda", r"CUDA(?: used to build PyTorch| runtime version|(?:/cuDNN)? [Vv]ersion)?\s?: ?(?P<v>\d+\.\d+[^\s|,]*)"),
    ("driver", r"(?:Nvidia driver version|Driver Version)\s?: ?(?P<v>\d+\.\d+(?:\.\d+)?)"),
    ("os", r"^[\s-]*(?:Platform|OS|Operating System)(?: \([^)]{1,30}\))?: (?P<v>\S.{1,120})"),
    ("accelerate", r"^[\s-]*`?Accelerate`? version: ?(?P<v>\d\S+)"),
    (
        "gpu",
        r"GPU models and configuration: (?P<v>[^\s].{1,120})|^\s{0,4}GPU \d+: (?P<v2>[^(\n]{3,80})"
        r"|\|\s{1,4}\d+\s{2,}(?P<v3>(?:NVIDIA|Tesla|GeForce|Quadro|AMD|A100|H100)[\w \-.]{2,60}?)\s{2,}",
    ),
    ("gpu_memory_mib", r"\d+MiB / {1,4}(?P<v>\d+)MiB"),
    ("world_size", r"\bworld[_ ]size\s?[:=] ?(?P<v>\d+)\b|starting with (?P<v2>\d+) processes"),
    ("lightning", r"(?:pytorch-lightning|lightning|PyTorch Lightning)(?: [Vv]ersion)?\s?: ?(?P<v>\d\S+)"),
)
_FACTS = tuple((name, re.compile(pattern)) for name, pattern in _ENVIRONMENT)
_FACT_HINT = re.compile(
    r"version|Version|Python|orch|CUDA|GPU|MiB|Platform|\bOS\b|Operating|world|processes|ightning|ccelerate"
)
_PACKAGE = re.compile(
    r"^\s{0,4}(?:[-*] )?(?P<name>torch|torchvision|transformers|accelerate|deepspeed|peft|trl|datasets|bitsandbytes"
    r"|jax|jaxlib|tensorflow|keras"
    r"|numpy|lightning|pytorch-lightning|flash-attn|xformers|timm|ultralytics|unsloth|vllm)(?:==|\s{2,60}|@|: )"
    r"(?P<v>\d[\w.+]{1,40})(?:\s.*)?$",
    re.I,
)
_PARAMETERS = re.compile(
    r"(?:number of (?:model |trainable )?param\w*|total param\w*|trainable param\w*|(?:^|[\s|])param"
    r"(?:eter)?s)\s?[:=]\s?(?P<count>\d[\d.,]*)"
    r"\s?(?P<scale>[KkMBG])?\b|(?:^|[\s|,])(?P<count2>\d[\d.,]*)\s?(?P<scale2>[KkMBG])?\s(?:trainable |total "
    r"|model )?param(?:eter)?s\b",
    re.I,
)
_SCALE = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9}
# Settings stand at the head of a log; later "key: value" lines are results.
_HEAD_LINES = 400
_MAX_SETTINGS = 2_000


class ArgparseEcho:
    """Reads settings at any place where the wording is unmistakable, and plain "key: value" rows at the head only."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._command: tuple[int, str] | None = None
        self._settings = 0
        self._facts: set[tuple[str, str]] = set()

    @property
    def busy(self) -> bool:
        return self._command is not None

    def feed(self, line: Line) -> bool:
        text = line.body
        if self._command is not None:
            return self._continued(text)
        found = self._environment(text, line)
        if self._settings >= _MAX_SETTINGS:
            return found
        counted = "param" in text.lower() and self._parameters(text, line)
        if "=" in text and (match := CALL.search(text)):
            return self._keywords(match["inside"], line)
        if counted:
            return True
        if is_settings_list(text):
            return self._keywords(text, line)
        if "Overriding" in text and (match := _OVERRIDING.match(text)):
            self._put(match["key"], setting_value(match["value"]), line.number, "command")
            return True
        if (" --" in text and runs_training(text[:20_000])) or (
            text.lstrip().startswith("--") and _CONTINUED_FLAG.match(text)
        ):
            self._command = (line.number, _PROMPT.sub("", text).rstrip())
            return self._complete()
        return found or self._row(text, line)

    def close(self) -> None:
        self._read_command()

    def _environment(self, text: str, line: Line) -> bool:
        if len(text) > 600:
            return False
        found = False
        for name, pattern in _FACTS if _FACT_HINT.search(text) else ():
            if match := pattern.search(text):
                value = next(group for group in match.groups() if group)
                found = self._fact(name, value.strip(" `,"), line)
        if not found and (match := _PACKAGE.match(text)):
            found = self._fact(match["name"].lower(), match["v"], line)
        return found

    def _fact(self, name: str, value: str, line: Line) -> bool:
        """True also for a fact that is known already: the line meant something."""
        if (name, value) not in self._facts and len(self._facts) < _MAX_SETTINGS:
            self._facts.add((name, value))
            add_fact(name, value, self._context.span(line.number), self._context.run)
        return True

    def _parameters(self, text: str, line: Line) -> bool:
        match = _PARAMETERS.search(text, 0, 400)
        count = number((match["count"] or match["count2"]).rstrip(".,")) if match else None
        if match is None or count is None:
            return False
        scale = _SCALE.get((match["scale"] or match["scale2"] or "").lower(), 1.0)
        self._put("n_parameters", round(count * scale), line.number, "log")
        return True

    def _keywords(self, text: str, line: Line) -> bool:
        found = False
        for name, value in keyword_settings(text):
            self._put(name, value, line.number, "argparse")
            found = True
        return found

    def _row(self, text: str, line: Line) -> bool:
        """ "learning_rate: 0.001" or "lr ........ 0.001" at the head, before training has said anything."""
        if self._context.points.last_line or line.number > _HEAD_LINES or len(text) > 300:
            return False
        match = _LINE_PAIR.match(text)
        if not match or _NOT_A_SETTING.match(match["key"]):
            return False
        value = match["value"].strip()
        if number(value) is None and not _PLAIN_VALUE.fullmatch(value):
            return False
        self._put(match["key"], setting_value(value), line.number, "log")
        return True

    def _continued(self, text: str) -> bool:
        """The next line of a command that ends in a backslash."""
        if self._command is not None and self._command[1].endswith("\\") and len(self._command[1]) < 20_000:
            self._command = (self._command[0], self._command[1][:-1] + " " + text.strip().strip("`"))
            return self._complete()
        self._read_command()
        return False

    def _complete(self) -> bool:
        if self._command is not None and not self._command[1].endswith("\\"):
            self._read_command()
        return True

    def _read_command(self) -> None:
        if self._command is None:
            return
        (first, text), self._command = self._command, None
        for name, value in settings_of(words_of(text) or text.split()):
            self._put(name, value, first, "command")

    def _put(self, name: str, value: Scalar | tuple[Scalar, ...], line: int, origin: str) -> None:
        self._settings += 1
        self._plan(name.rsplit(".", 1)[-1].lower(), value)
        if self._settings <= _MAX_SETTINGS:
            self._context.config(name, value, line, origin)

    def _plan(self, name: str, value: Scalar | tuple[Scalar, ...]) -> None:
        """The planned length of the run, as far as nothing told it better."""
        progress = self._context.progress
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            return
        if name in EPOCH_PLANS and progress.planned_epochs is None:
            progress.planned_epochs = float(value)
        if name in STEP_PLANS and progress.planned_steps is None:
            progress.planned_steps = float(value)
