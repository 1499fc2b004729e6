"""Grains of six plant species as seen through the counting microscope, 24 x 24 pixels, grey."""
import numpy as np

SPECIES = ["alnus", "betula", "corylus", "fraxinus", "pinus", "quercus"]
SIZE = 24

# radius (pixels), wall thickness, number of pores, strength of the pores, inner texture (cycles per grain)
FORMS = {
    "alnus": (6.0, 1.2, 5, 0.28, 0.0),
    "betula": (6.0, 1.2, 3, 0.34, 0.0),
    "corylus": (4.5, 2.0, 3, 0.10, 0.0),
    "fraxinus": (6.0, 1.2, 4, 0.12, 2.5),
    "pinus": (8.0, 1.6, 2, 0.40, 0.0),
    "quercus": (7.5, 2.6, 3, 0.10, 0.0),
}


def grain(species, rng):
    radius, wall, pores, strength, texture = FORMS[species]
    radius = radius * rng.uniform(0.92, 1.08)
    cx, cy = SIZE / 2 - 0.5 + rng.uniform(-1.5, 1.5, 2)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    angle = np.arctan2(y - cy, x - cx)
    distance = np.hypot(y - cy, x - cx)
    outline = radius * (1 + strength * np.cos(pores * (angle + rng.uniform(0, 2 * np.pi))) / 1.5)
    picture = np.exp(-(((distance - outline) / wall) ** 2))
    inside = (distance < outline).astype(np.float32)
    if texture:
        picture += 0.35 * inside * np.sin(2 * np.pi * texture * distance / radius)
    picture += 0.25 * inside + rng.normal(0, 0.06, picture.shape)
    return picture.astype(np.float32)


def slides(per_species, seed):
    """The grains slide by slide: one slide holds the reference material of one species."""
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for number, species in enumerate(SPECIES):
        images.append(np.stack([grain(species, rng) for _ in range(per_species)]))
        labels.append(np.full(per_species, number))
    images = np.concatenate(images)[:, None]
    labels = np.concatenate(labels)
    return (images - 0.25) / 0.35, labels
