"""Song bouts of a sedge warbler in the annotators' syllable alphabet."""
import numpy as np

PHRASES = {
    "intro": ["tk tk tr", "tk tk tk tr", "ti tr"],
    "mimic": ["swa lo swa lo", "bla ck bi", "wag ta il ta", "spa ro spa"],
    "trill": ["tr tr tr", "zi zi zi zi", "ze zu ze zu", "ki ka ki"],
    "coda": ["we et", "hu we et", "si fli we"],
}
# which part follows which
NEXT = {"intro": ["mimic", "trill"], "mimic": ["trill", "mimic", "coda"], "trill": ["mimic", "coda"], "coda": ["intro"]}
REST = "|"


def recording(bouts, seed):
    """One long list of syllables; a rest closes each bout."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(bouts):
        part = "intro"
        while True:
            out += rng.choice(PHRASES[part]).split()
            if part == "coda":
                break
            part = rng.choice(NEXT[part])
        out.append(REST)
    return out


SYLLABLES = sorted({s for group in PHRASES.values() for phrase in group for s in phrase.split()} | {REST})
