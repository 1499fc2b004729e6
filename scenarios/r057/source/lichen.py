"""Photographs of lichen plates, 24x24 in grey, of six growth forms; and the views that training takes of them."""
import numpy as np

FORMS = ["crustose", "foliose", "fruticose", "leprose", "squamulose", "gelatinous"]
SIDE = 24


def plate(form, rng):
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi)
    if form == 0:
        image = np.sin(0.9 * x + phase)
    elif form == 1:
        image = np.sin(0.9 * y + phase)
    elif form == 2:
        image = np.sin(0.65 * (x + y) + phase)
    elif form == 3:
        image = np.sin(0.9 * x + phase) * np.sin(0.9 * y + phase)
    elif form == 4:
        image = np.sin(0.9 * np.hypot(x - 11.5 + rng.normal(0, 1), y - 11.5 + rng.normal(0, 1)) + phase)
    else:
        image = np.sin(0.25 * x + phase)
    return (image + rng.normal(0, 1.0, image.shape)).astype(np.float32)


def plates(count, seed):
    rng = np.random.default_rng(seed)
    forms = rng.integers(0, len(FORMS), count)
    return np.stack([plate(form, rng) for form in forms]), forms


class View:
    """How a plate was looked at: which one, its shift and contrast, and the view taken before it."""

    __slots__ = ("plate", "shift", "contrast", "before")

    def __init__(self, plate, shift, contrast, before):
        self.plate, self.shift, self.contrast, self.before = plate, shift, contrast, before


class Camera:
    """Takes shifted views with varied contrast and knows all it has taken, for the report on coverage."""

    def __init__(self, images, seed):
        self.images = images
        self.rng = np.random.default_rng(seed)
        self.latest = None

    def take(self, index):
        shift, contrast = int(self.rng.integers(-2, 3)), float(self.rng.uniform(0.8, 1.2))
        self.latest = View(int(index), shift, contrast, self.latest)
        return np.roll(self.images[index], shift, axis=1) * contrast

    def coverage(self):
        seen, view = set(), self.latest
        while view is not None:
            seen.add((view.plate, view.shift))
            view = view.before
        return len(seen) / (5 * len(self.images))
