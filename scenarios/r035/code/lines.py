"""Opening lines in coordinate-free form: a walk through a small opening book, one token per move."""
import random

FIRST = {"e4": ["e5", "c5", "e6", "c6"], "d4": ["d5", "Nf6", "f5"], "c4": ["e5", "c5", "Nf6"], "Nf3": ["d5", "Nf6", "c5"]}
PLANS = {
    "e4e5": ["Nf3 Nc6 Bb5 a6 Ba4 Nf6 O-O Be7", "Nf3 Nc6 Bc4 Bc5 c3 Nf6 d3 d6", "f4 exf4 Nf3 g5 h4 g4 Ne5 Nf6"],
    "e4c5": ["Nf3 d6 d4 cxd4 Nxd4 Nf6 Nc3 a6", "Nc3 Nc6 g3 g6 Bg2 Bg7 d3 d6"],
    "e4e6": ["d4 d5 Nc3 Bb4 e5 c5 a3 Bxc3", "d4 d5 Nd2 Nf6 e5 Nfd7 Bd3 c5"],
    "e4c6": ["d4 d5 e5 Bf5 Nf3 e6 Be2 c5", "d4 d5 exd5 cxd5 Bd3 Nc6 c3 Nf6"],
    "d4d5": ["c4 e6 Nc3 Nf6 Bg5 Be7 e3 O-O", "c4 c6 Nf3 Nf6 Nc3 dxc4 a4 Bf5"],
    "d4Nf6": ["c4 g6 Nc3 Bg7 e4 d6 Nf3 O-O", "c4 e6 Nc3 Bb4 e3 O-O Bd3 d5"],
    "d4f5": ["g3 Nf6 Bg2 e6 Nf3 Be7 O-O O-O"],
    "c4e5": ["Nc3 Nf6 g3 d5 cxd5 Nxd5 Bg2 Nb6"],
    "c4c5": ["Nf3 Nf6 Nc3 d5 cxd5 Nxd5 e3 Nxc3"],
    "c4Nf6": ["Nc3 e6 e4 d5 e5 d4 exf6 dxc3"],
    "Nf3d5": ["g3 Nf6 Bg2 c6 O-O Bg4 d3 Nbd7"],
    "Nf3Nf6": ["g3 g6 b3 Bg7 Bb2 O-O Bg2 d6"],
    "Nf3c5": ["c4 Nc6 Nc3 g6 e3 Bg7 d4 cxd4"],
}
MOVES = sorted({m for replies in FIRST.values() for m in replies} | set(FIRST)
               | {m for plans in PLANS.values() for plan in plans for m in plan.split()})
STOI = {"<g>": 0, **{m: i for i, m in enumerate(MOVES, 1)}}


def game(rng):
    white = rng.choice(list(FIRST))
    black = rng.choice(FIRST[white])
    return ["<g>", white, black, *rng.choice(PLANS[white + black]).split()]


def stream(games, seed):
    rng = random.Random(seed)
    return [STOI[m] for _ in range(games) for m in game(rng)]
