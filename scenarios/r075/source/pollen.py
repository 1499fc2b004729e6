"""Pollen grains under the microscope: ten taxa that differ in outline, pores and surface."""
import numpy as np

SIDE = 24
TAXA = ["betula", "alnus", "corylus", "pinus", "tilia", "quercus", "fagus", "poa", "plantago", "urtica"]
# lobes of the outline, bands of the surface
FORMS = [(lobes, bands) for bands in (0, 4) for lobes in (0, 2, 3, 4, 6)]


def grain(taxon, rng):
    lobes, bands = FORMS[taxon]
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    y, x = y - rng.normal(0, 0.8), x - rng.normal(0, 0.8)
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    outline = rng.uniform(7.0, 8.5) * (1 + 0.28 * np.cos(lobes * angle + rng.uniform(0, 2 * np.pi)) * (lobes > 0))
    inside = 1 / (1 + np.exp(np.clip(2 * (radius - outline), -30, 30)))
    surface = 1 + 0.5 * np.cos(bands * radius / 2.2) * (bands > 0)
    return inside * surface + rng.normal(0, 0.15, (SIDE, SIDE))


class Slides:
    """Grains and their taxa, drawn in random order."""

    def __init__(self, count, seed):
        rng = np.random.default_rng(seed)
        self.taxa = np.arange(count) % len(TAXA)
        self.grains = np.stack([grain(taxon, rng) for taxon in self.taxa]).astype(np.float32)[:, None]
        self.grains = (self.grains - self.grains.mean()) / self.grains.std()
        self.rng = rng

    def __len__(self):
        return len(self.taxa)

    def draw(self, size):
        """One pass over all slides in batches of `size`."""
        grains = self.rng.permutation(self.grains)
        taxa = self.rng.permutation(self.taxa)
        for start in range(0, len(self) - size + 1, size):
            yield grains[start : start + size], taxa[start : start + size]
