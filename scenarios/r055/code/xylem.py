"""End grain of six timbers, drawn at 160 x 160 pixels and kept deflated in one pack file, as the scanner does."""
import os
import zlib

import numpy as np

SPECIES = ("oak", "ash", "beech", "maple", "walnut", "elm")
SIDE = 160
# ring width in pixels, pore radius early and late in the ring, pores per scan, strength of the rays, rays per scan
HABITS = {
    "oak": (26, 3, 0, 420, 0.9, 14),
    "ash": (22, 3, 1, 420, 0.0, 0),
    "beech": (24, 1, 1, 1300, 0.6, 24),
    "maple": (30, 1, 1, 500, 0.15, 40),
    "walnut": (34, 2, 2, 330, 0.0, 0),
    "elm": (20, 2, 0, 700, 0.2, 20),
}


def draw(species, rng):
    """uint8 (SIDE, SIDE): rings run across, rays along."""
    width, early, late, pores, ray, rays = HABITS[SPECIES[species]]
    width = width * rng.uniform(0.85, 1.15)
    v = np.arange(SIDE)[:, None] + rng.normal(0, 0.03) * np.arange(SIDE) + rng.uniform(0, width)
    place = (v % width) / width
    wood = 0.62 + 0.14 * place + rng.normal(0, 0.05)
    at = rng.integers(4, SIDE - 4, (pores, 2))
    for radius in {early, late}:
        first = place[at[:, 0], at[:, 1]] < 0.35
        if early == late:
            chosen = at
        else:
            chosen = at[first] if radius == early else at[~first]
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                if dy * dy + dx * dx <= radius * radius + 0.5:
                    wood[chosen[:, 0] + dy, chosen[:, 1] + dx] = 0.22
    for x in rng.integers(1, SIDE - 1, rays):
        wood[:, x:x + 1 + (ray > 0.5)] += 0.25 * ray
    wood = wood + rng.normal(0, 0.05, wood.shape)
    return (255 * wood.clip(0, 1)).astype(np.uint8)


def write_pack(folder, name, count, seed):
    """`name`.pack holds the scans one after the other, `name`.npy their offsets, lengths and species."""
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(seed)
    index, offset = [], 0
    with open(f"{folder}/{name}.pack", "wb") as pack:
        for _ in range(count):
            species = int(rng.integers(len(SPECIES)))
            data = zlib.compress(draw(species, rng).tobytes(), 1)
            pack.write(data)
            index.append([offset, len(data), species])
            offset += len(data)
    np.save(f"{folder}/{name}.npy", np.array(index))
    return offset
