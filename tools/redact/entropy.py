"""Words that look drawn at random: asked for, never by default, because digests, ids and images look so too."""

import math
import re
from collections import Counter
from collections.abc import Iterator

_WORD = re.compile(r"(?<![\w+/=.-])[A-Za-z0-9+/=_-]{20,4000}(?![\w+/=.-])")
# Bits per character; the limit that Yelp's detect-secrets ships for base64 (Base64HighEntropyString).
_BITS = 4.5


def random_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Where such words stand. 4.5 bits take 23 different characters at least: hexadecimal digits never count."""
    for found in _WORD.finditer(text):
        if _entropy(found[0]) > _BITS:
            yield *found.span(), "random"


def _entropy(word: str) -> float:
    """Shannon entropy of the characters of a word, in bits."""
    return -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())
