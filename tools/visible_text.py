"""Text from outside without what acts on a display instead of standing in it."""

import re

# Colour and cursor commands of terminals (ECMA-48, 5.4); then control characters, zero-width and bidirectional marks,
# which can rewrite what a terminal or a browser shows, other separators of lines, and the tags of Unicode, which nobody
# sees and a language model reads. Tabs and line feeds stay.
_UNSEEN = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\u00ad\u061c\u180e\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """`text` without terminal commands, control characters and invisible marks."""
    return _UNSEEN.sub("", text)
