"""Whistled phrases: six syllables, each a tone in one of four registers that rises, falls or stays level."""

from functools import lru_cache

import numpy as np

REGISTERS = 4
CONTOURS = ("rise", "fall", "level")
SYLLABLES = [f"{contour[0]}{register}" for register in range(REGISTERS) for contour in CONTOURS]
PER_PHRASE = 6
FRAMES = 60          # per syllable, 8 ms hop
BINS = 64            # mel bins, 0.8 to 4 kHz
PAD, BOS, EOS = 0, 1, 2
OFFSET = 3


class Phrases:
    """Phrase number `i` is rendered from its own generator, so that it is the same whenever it is asked for."""

    def __init__(self, count, seed, keep=4000, noise=0.6):
        self.count, self.seed, self.noise = count, seed, noise
        self.bins = np.arange(BINS, dtype=np.float32)
        # the front end is the slow part of a step, so rendered phrases stay around
        self.features = lru_cache(maxsize=keep)(self.render)

    def syllables(self, index):
        return np.random.default_rng([self.seed, index]).integers(0, len(SYLLABLES), PER_PHRASE)

    def render(self, index):
        rng = np.random.default_rng([self.seed, index, 1])
        ramp = np.linspace(-1.0, 1.0, FRAMES, dtype=np.float32)
        rows = []
        for syllable in self.syllables(index):
            register, contour = divmod(int(syllable), len(CONTOURS))
            slope = (5.0, -5.0, 0.0)[contour]
            centre = 8.0 + 16.0 * register + rng.normal(0.0, 1.2) + slope * ramp
            rows.append(np.exp(-0.5 * ((self.bins[None, :] - centre[:, None]) / 2.0) ** 2))
        frames = np.concatenate(rows).astype(np.float32)
        return frames + self.noise * rng.standard_normal(frames.shape, dtype=np.float32)

    def batch(self, indices):
        sounds = np.stack([self.features(int(i)) for i in indices])
        targets = np.stack([np.concatenate(([BOS], self.syllables(int(i)) + OFFSET, [EOS])) for i in indices])
        return sounds, targets
