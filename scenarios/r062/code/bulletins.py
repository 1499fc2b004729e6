"""Coast-station bulletins as word ids: each station repeats its own phrases, and bulletins are short or very long."""
import numpy as np

VOCAB = 6000
EOS = 0


class Stations:
    def __init__(self, n=6, phrases=10):
        rng = np.random.default_rng(1911)
        self.phrases = [[rng.integers(1, VOCAB, rng.integers(3, 8)) for _ in range(phrases)] for _ in range(n)]

    def bulletin(self, rng, longest):
        phrases = self.phrases[rng.integers(len(self.phrases))]
        length = int(np.clip(rng.lognormal(2.9, 0.6), 5, longest))
        words = []
        while len(words) < length:
            words.extend(phrases[rng.integers(len(phrases))])
        return np.append(np.array(words[:length]), EOS)


def corpus(n, seed, longest=80):
    rng, stations = np.random.default_rng(seed), Stations()
    return [stations.bulletin(rng, longest) for _ in range(n)]
