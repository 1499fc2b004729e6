"""Opening lines of a draughts club's score books, one move per token (Manchester notation, squares 1..32)."""
import numpy as np

SQUARES = 32
GAMES_PER_BOOK = 500


def moves():
    """Every single step and single jump of a man, as "11-15" or "15x24"."""
    out = []
    for a in range(1, SQUARES + 1):
        for b in range(1, SQUARES + 1):
            if 3 <= abs(a - b) <= 5:
                out.append(f"{a}-{b}")
            elif abs(a - b) in (7, 9):
                out.append(f"{a}x{b}")
    return out


MOVES = ["<game>"] + moves()


def habits(n_follow=4, seed=17):
    """For each move the replies the club's players choose from, with their weights."""
    rng = np.random.default_rng(seed)
    replies = rng.integers(1, len(MOVES), (len(MOVES), n_follow))
    return replies, np.array([0.7, 0.2, 0.07, 0.03])


def play(n_games, length, rng):
    """n_games x length move ids; every game begins with <game>."""
    replies, weights = habits()
    games = np.zeros((n_games, length), dtype=np.int64)
    cuts = weights.cumsum()
    for t in range(1, length):
        choice = np.searchsorted(cuts, rng.random(n_games))
        games[:, t] = replies[games[:, t - 1], np.minimum(choice, len(weights) - 1)]
    return games
