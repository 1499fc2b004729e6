"""Contra dances as a caller writes them on cards: four phrases of 16 beats; every figure begins in one formation and
ends in another."""
import random

# formation: [(what is called, beats, formation after it, how often it is chosen)]
FIGURES = {
    "lines": [("neighbors balance and swing", 16, "side", 4), ("long lines go forward and back", 8, "lines", 3),
              ("circle left three quarters", 8, "side", 2), ("right hand star all the way", 8, "lines", 1)],
    "side": [("ladies chain across", 8, "across", 4), ("circle left once around", 8, "side", 2),
             ("balance the ring and spin right", 8, "lines", 2), ("partners promenade over", 8, "across", 2)],
    "across": [("hey for four ladies lead by the right", 16, "partner", 3), ("right and left through", 8, "side", 3),
               ("gents allemande left once and a half", 8, "partner", 3), ("ladies chain back", 8, "side", 1)],
    "partner": [("partners balance and swing", 16, "side", 4), ("partners do si do", 8, "partner", 2),
                ("partners gypsy and meet", 8, "lines", 2), ("pass through to the next", 8, "lines", 2)],
}
PHRASES = ("A1", "A2", "B1", "B2")
ENDS = ("<card>",)


def choices(formation, beats_left):
    """What can be called: [(words, beats, next formation, probability)]."""
    fitting = [figure for figure in FIGURES[formation] if figure[1] <= beats_left]
    total = sum(figure[3] for figure in fitting)
    return [(words, beats, after, often / total) for words, beats, after, often in fitting]


class Cards:
    def __init__(self):
        called = {word for figures in FIGURES.values() for figure in figures for word in figure[0].split()}
        self.words = [*ENDS, *PHRASES, *sorted(called)]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def card(self, rng):
        """The words of one dance, all four phrases."""
        out, formation = ["<card>"], "lines"
        for phrase in PHRASES:
            out.append(phrase)
            beats_left = 16
            while beats_left:
                options = choices(formation, beats_left)
                words, beats, formation, _ = rng.choices(options, [option[3] for option in options])[0]
                out += words.split()
                beats_left -= beats
        return out

    def stream(self, count, seed):
        rng = random.Random(seed)
        return [self.ids[word] for _ in range(count) for word in self.card(rng)]
