"""The chosen model with every answer kept on disk, for work that asks the same again: evaluations, and their audits."""

import re

from misrun.tools.home import misrun_home
from misrun.tools.llm.cassette import Cassette
from misrun.tools.llm.choice import chosen_model


def stored_model() -> Cassette:
    """The chosen model; answers lie in `replies` in misrun's home, one file per model and version of its weights.

    Raises ModelError when no model is chosen or its server does not answer: the version is asked for at once, because
    a name can stand for other weights tomorrow.
    """
    model = chosen_model()
    name = re.sub(r"[^\w.-]+", "_", model.name)
    return Cassette(misrun_home() / "replies" / f"{name}-{model.digest()[:12] or 'missing'}.jsonl", model)
