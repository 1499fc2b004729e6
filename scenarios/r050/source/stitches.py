"""Rows of knitting charts as a stream of stitches. A stitch follows, mostly, from the two before it."""

import numpy as np

STITCHES = "k p yo k2tog p2tog ssk sl skp sk2p c2f c2b c4f c4b c6f c6b m1l m1r kfb pfb psso tbl wyif bo mb".split()


def house_style():
    """The next stitch for each pair of stitches; the same for all charts of the house."""
    rng = np.random.default_rng(1907)
    one = rng.permutation(len(STITCHES))
    two = rng.integers(0, len(STITCHES), (len(STITCHES), len(STITCHES)))
    return one, two


def charts(length, seed):
    one, two = house_style()
    rng = np.random.default_rng(seed)
    kinds, drawn = rng.random(length), rng.integers(0, len(STITCHES), length)
    out = [0, 1]
    for kind, free in zip(kinds, drawn):
        if kind < 0.15:
            out.append(int(one[out[-1]]))
        elif kind < 0.93:
            out.append(int(two[out[-2], out[-1]]))
        else:
            out.append(int(free))
    return np.array(out[2:], dtype=np.int64)


def columns(stream, count):
    """The stream cut into `count` parallel pieces: (time, count)."""
    return stream[: len(stream) // count * count].reshape(count, -1).T.copy()
