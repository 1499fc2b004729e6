"""Which language model misrun uses: the one that the user names. There is no second setting and no default model."""

import os

from misrun.tools.llm.errors import ModelMissing
from misrun.tools.llm.ollama import OllamaModel

MODEL_VARIABLE = "MISRUN_MODEL"
HOST_VARIABLE = "OLLAMA_HOST"


def chosen_model(name: str | None = None, host: str | None = None) -> OllamaModel:
    """The named model; without a name that of MISRUN_MODEL, without a host that of OLLAMA_HOST. Nothing is sent yet.

    Raises ModelMissing when none is named or the host is no address.
    """
    wanted = name or os.environ.get(MODEL_VARIABLE, "").strip()
    if not wanted:
        raise ModelMissing(
            f"No language model is named. Set {MODEL_VARIABLE} to one that `ollama list` shows (misrun needs none)."
        )
    try:
        return OllamaModel(wanted, host if host is not None else os.environ.get(HOST_VARIABLE, ""))
    except ValueError as error:
        raise ModelMissing(f"{HOST_VARIABLE}: {error}") from error
