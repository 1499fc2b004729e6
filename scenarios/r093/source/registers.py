"""Dates of old parish registers and the same dates in figures."""
import numpy as np

MONTHS = {
    1: ("januarii", "jan"), 2: ("februarii", "feb"), 3: ("martii", "mar"), 4: ("aprilis", "apr"),
    5: ("maii", "may"), 6: ("junii", "jun"), 7: ("julii", "jul"), 8: ("augusti", "aug"),
    9: ("septembris", "7bris"), 10: ("octobris", "8bris"), 11: ("novembris", "9bris"), 12: ("decembris", "10bris"),
}
FORMS = (
    "die {d} {m} anno {y} baptizatus est",
    "anno domini {y} {m} die {d} sepultus",
    "{d} {m} {y} copulati sunt",
    "eodem anno {y} natus {d} {m}",
)
NOTES = ("pagina vacat", "folium deest hic", "nihil scriptum anno eodem")
VOLUMES = 6
PAD, START = 0, 1


def figures(day, month, year):
    return [f"D{day:02d}", f"M{month:02d}", f"Y{year:02d}"]


def entry(rng):
    day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(40, 80))
    text = str(rng.choice(FORMS)).format(d=f"{day}.", m=rng.choice(MONTHS[month]), y=f"17{year}")
    return text, " ".join(figures(day, month, year))


def volume(number, size, seed):
    """Entries in the order of the book. The clerk of the fourth book left three pages out and says so."""
    rng = np.random.default_rng([seed, number])
    rows = [entry(rng) for _ in range(size)]
    if number == 3:
        for place in rng.choice(size, 3, replace=False):
            rows[place] = (str(rng.choice(NOTES)), "")
    return rows


def lexicon():
    words = {"<pad>": PAD, "<s>": START}
    fixed = " ".join((*FORMS, *NOTES)).replace("{d}", "").replace("{m}", "").replace("{y}", "").split()
    months = [name for names in MONTHS.values() for name in names]
    days = [f"{day}." for day in range(1, 32)]
    years = [f"17{year:02d}" for year in range(100)]
    marks = [figures(d, 1, 0)[0] for d in range(1, 32)] + [f"M{m:02d}" for m in MONTHS] + [f"Y{y:02d}" for y in range(100)]
    for word in (*fixed, *months, *days, *years, *marks):
        words.setdefault(word, len(words))
    return words


def to_rows(texts, words, length):
    rows = np.zeros((len(texts), length), dtype=np.int64)
    for row, text in zip(rows, texts):
        ids = [words[word] for word in text.split()]
        row[: len(ids)] = ids
    return rows
