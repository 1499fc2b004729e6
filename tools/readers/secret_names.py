"""Settings whose value is a key to somebody's account: never read into a record."""

import re

# Whole last words only: pad_token and max_tokens are settings, hub_token and HF_TOKEN are not.
_SECRET = re.compile(
    r"(?:^|[_.\-])(?:api_?key|secret(?:_?key)?|password|passwd|credentials?|private_?key|access_?key(?:_?id)?|"
    r"(?:hub|hf|hugging_?face|access|auth|bearer|github|gh|git|api|wandb|comet|neptune|session|refresh|push_to_hub|login)_?token)$|^token$",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Whether a setting of that (dotted) name holds a secret."""
    return _SECRET.search(name) is not None
