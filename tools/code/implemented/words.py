"""The words of a project, to tell what is not there at all."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from misrun.tools.code.implemented.syntax import identifiers, name_of, span_of
from misrun.tools.code.project_model import Project
from misrun.tools.record import Span

_LOSSES = re.compile(r"cross_entropy|CrossEntropyLoss|BCE\w*|binary_cross_entropy\w*|nll_loss|NLLLoss|mse_loss|MSELoss")
_TRAINERS = re.compile(r"\w*(?:Trainer|TrainingArguments|DPOConfig|SFTConfig)$|pipeline$|hydra|accelerate", re.ASCII)
# Where the thing would be: at the update, at the loss, at the optimizer, or in the model.
_PLACE = {"gradient_clip": "update", "label_smoothing": "loss", "warmup": "optimizer", "dropout": "model",
          "drop_path": "model", "ema_decay": "update", "mixup_alpha": "loss", "gradient_penalty": "loss"}  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """`words` are all names of code and configuration joined by blanks; `places` where something would have to be."""

    words: str
    places: dict[str, Span]
    whole: bool

    @classmethod
    def of(cls, project: Project, configured: Iterable[str]) -> "Vocabulary":
        found: set[str] = {name.lower() for name in configured}
        places: dict[str, Span] = {}
        names: set[str] = set()
        for file in project.files:
            if file.is_unit_test:
                continue
            found |= identifiers(file.tree)
            for node in ast.walk(file.tree):
                name = name_of(node) if isinstance(node, ast.Call) else ""
                names.add(name)
                kind = _kind(node, name)
                if kind and kind not in places:
                    places[kind] = span_of(file, node)
        whole = "backward" in names or bool({"value_and_grad", "grad"} & names)
        trained = any(_TRAINERS.match(name) for name in names)
        return cls(" ".join(found), places, whole and not trained)

    def where_missing(self, absent: str, topic: str) -> Span | None:
        """The place where something would have to be of which none of the words in `absent` is found; None where it
        may be in code that is not seen."""
        if not absent or not self.whole or any(word in self.words for word in absent.split()):
            return None
        return self.places.get(_PLACE.get(topic, "update"))


def _kind(node: ast.AST, name: str) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = name_of(node.func.value).lower()
        if name == "step" and ("opt" in owner or owner == "trainer"):
            return "update"
        if name == "apply_updates":
            return "update"
        if re.fullmatch(r"(?:Adam\w*|SGD|RMSprop|RAdam|NAdam|adamw?|sgd)", name):
            return "optimizer"
    if isinstance(node, ast.Call) and _LOSSES.fullmatch(name):
        return "loss"
    if isinstance(node, ast.ClassDef) and any(name_of(base) in ("Module", "LightningModule") for base in node.bases):
        return "model"
    return ""
