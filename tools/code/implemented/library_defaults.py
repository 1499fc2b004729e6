"""What a library uses where the code gives nothing."""

import ast
from collections.abc import Mapping

from misrun.tools.code.implemented.fact import NamedNumber
from misrun.tools.code.implemented.syntax import calls, name_of, span_of, text_of
from misrun.tools.code.project_model import Project

# The keyword under which the call would have taken it, where it is not the topic's own name.
_KEYWORDS = {
    "learning_rate": ("lr", "learning_rate"), "beta1": ("betas", "b1", "adam_beta1"),
    "beta2": ("betas", "b2", "adam_beta2"),
    "adam_epsilon": ("eps", "adam_epsilon"), "gradient_clip": ("max_grad_norm",), "huber_delta": ("delta", "beta"),
    "batch_size": ("per_device_train_batch_size",), "epochs": ("num_train_epochs", "max_steps"),
    "warmup": ("warmup_steps", "warmup_ratio"),
}  # fmt: skip


def library_numbers(project: Project, defaults: Mapping[str, float], topic: str) -> list[NamedNumber]:
    """The defaults of the calls that do not set the topic; none where a call takes what cannot be seen (`**kwargs`)."""
    if not defaults:
        return []
    found = []
    for file, call in calls(project, *defaults):
        given = {word.arg for word in call.keywords}
        wanted = _KEYWORDS.get(topic, (topic,))
        if None in given or any(isinstance(a, ast.Starred) for a in call.args):
            return []
        if given & set(wanted):
            continue
        owner = name_of(call.func)
        found.append(
            NamedNumber(name=wanted[0], numbers=(defaults[owner],), owner=owner, rank="library",
                        span=span_of(file, call), context=text_of(call))
        )  # fmt: skip
    return found
