"""Which language model misrun uses: the one that the user names. There is one setting and no default model.

The setting is "NAME", a model of the Ollama server that OLLAMA_HOST tells (this machine's by default), or "NAME@URL".
It is taken from the first place that says it: the option of a command, MISRUN_MODEL, the line `model = "..."` of the
configuration file. "off" is no model, whatever is said elsewhere.
"""

import os
import sys
import tomllib
from pathlib import Path

from misrun.tools.llm.errors import ModelMissing
from misrun.tools.llm.ollama import OllamaModel

MODEL_VARIABLE = "MISRUN_MODEL"
HOST_VARIABLE = "OLLAMA_HOST"
OFF = "off"


def chosen_model(name: str | None = None, host: str | None = None) -> OllamaModel:
    """The named model, else that of the setting; without a host that of OLLAMA_HOST. Nothing is sent yet.

    Raises ModelMissing when none is named, the host is no address, or the configuration file cannot be read.
    """
    wanted = setting(name)
    if not wanted:
        raise ModelMissing(
            f"No language model is named. Set {MODEL_VARIABLE} to one that `ollama list` shows (misrun needs none)."
        )
    model, _, said = wanted.partition("@")
    try:
        return OllamaModel(model, host or said or os.environ.get(HOST_VARIABLE, ""))
    except ValueError as error:
        raise ModelMissing(f"{'The model setting' if said else HOST_VARIABLE}: {error}") from error


def setting(name: str | None = None) -> str:
    """The setting as it stands, `name` before all others; "" for none. Raises ModelMissing for a broken file."""
    wanted = (name or os.environ.get(MODEL_VARIABLE, "")).strip() or _configured()
    return "" if wanted.lower() == OFF else wanted


def configuration_file() -> Path:
    """misrun's configuration: MISRUN_CONFIG, else config.toml in the platform's folder for settings."""
    if asked := os.environ.get("MISRUN_CONFIG"):
        return Path(asked).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "misrun" / "config.toml"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "misrun" / "config.toml"


def _configured() -> str:
    """What the configuration file says of the model; "" where there is no file or no such line."""
    file = configuration_file()
    try:
        said = tomllib.loads(file.read_text("utf-8")).get("model", "")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise ModelMissing(f'{file} cannot be read ({error}). It holds lines such as model = "llama3.2".') from error
    if not isinstance(said, str):
        raise ModelMissing(f'{file}: the model is a name, as in model = "llama3.2".')
    return said.strip()
