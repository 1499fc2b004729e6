"""How similarity in meaning, shared words and failure mode make one score.

The mode is inferred from the query's own best entries (pseudo-relevance feedback as in Lavrenko and Croft 2001,
"Relevance-based language models", doi:10.1145/383952.383972, over failure modes instead of words): entries filed under
the mode that the best ones agree on rise, since one failure is described in many wordings.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from misrun.knowledge.embedder import Vectors

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.intp]

# Chosen on the development half of the labelled queries (n=137), with nDCG@10 and recall@5:
# weight of the words 0.5, 0.6, 0.7: 0.785, 0.800, 0.807 and 0.770, 0.793, 0.795; a plateau from 0.6 on.
LEXICAL_WEIGHT = 0.6
# share of the failure mode 0, 0.1, 0.2, 0.3: 0.802, 0.819, 0.818, 0.817 and 0.763, 0.797, 0.799, 0.782.
_MODE_SHARE = 0.2
# Entries that vote on the mode, and how much faster than its score an entry's vote falls (10 to 30 entries and factors
# of 10 to 20 do alike).
_VOTERS = 20
_SHARPNESS = 20.0


class Modes:
    """The failure modes of all entries, as numbers."""

    def __init__(self, modes_of: "list[tuple[str, ...]]") -> None:
        import numpy as np

        numbers = {mode: n for n, mode in enumerate(sorted({mode for modes in modes_of for mode in modes}))}
        self.count = len(numbers)
        widest = max((len(modes) for modes in modes_of), default=0)
        # Rows are filled up with the number after the last mode, which gets no votes.
        self.table = np.full((len(modes_of), max(1, widest)), self.count, dtype=np.intp)
        for row, modes in zip(self.table, modes_of, strict=True):
            row[: len(modes)] = [numbers[mode] for mode in modes]


def fused(dense: "Vectors", lexical: "Vectors") -> "Vectors":
    """The weighted mean of both similarities."""
    mixed: Vectors = (1 - LEXICAL_WEIGHT) * dense + LEXICAL_WEIGHT * lexical
    return mixed


def with_mode(scores: "Vectors", modes: Modes, wanted: "Flags") -> "Vectors":
    """The scores after the best of the wanted entries have voted on the failure mode. An entry without a mode keeps
    its score."""
    import numpy as np

    eligible = np.where(wanted, scores, -1.0)
    count = min(_VOTERS, len(scores))
    voters = np.argpartition(-eligible, count - 1)[:count]
    votes = np.exp(_SHARPNESS * (eligible[voters] - eligible[voters].max()))
    share = np.zeros(modes.count + 1)
    np.add.at(share, modes.table[voters], (votes / votes.sum())[:, None])
    share[modes.count] = 0.0
    agreed = share[modes.table].max(axis=1)
    has_mode = modes.table[:, 0] < modes.count
    raised: Vectors = np.where(has_mode, (1 - _MODE_SHARE) * scores + _MODE_SHARE * np.minimum(agreed, 1.0), scores)
    return raised
