"""Referral notes of a small-animal practice, shortened to key words, with the department they were sent to."""
import random

DEPARTMENTS = ["skin", "heart", "gut", "joints"]
SIGNS = {
    "skin": "itching licking scabs dandruff redness hairloss mites ears odour flaking".split(),
    "heart": "coughing fainting murmur panting oedema pulse cyanosis arrhythmia fatigue ascites".split(),
    "gut": "vomiting diarrhoea mucus bloating drooling constipation weightloss appetite cramps foreign".split(),
    "joints": "limping stiffness swelling reluctance stairs hips crackling lifting hindleg pain".split(),
}
COMMON = """dog cat rabbit old young female male neutered since days weeks months owner reports indoor outdoor fed
vaccinated slight severe morning night sudden slow again after walk rest travel new house stress blood urine normal
temperature raised weight stable""".split()
SYNONYMS = {"dog": "canine", "cat": "feline", "old": "senior", "young": "juvenile", "slight": "mild",
            "severe": "marked", "sudden": "acute", "slow": "gradual", "owner": "keeper", "walk": "exercise"}
WORDS = sorted({*COMMON, *SYNONYMS.values(), *(w for group in SIGNS.values() for w in group)})


def note(rng):
    """Many animals have more than one complaint, and who is on duty decides as well."""
    department = rng.choice(DEPARTMENTS)
    words = rng.sample(COMMON, rng.randint(7, 9))
    for _ in range(4):
        source = department if rng.random() < 0.62 else rng.choice(DEPARTMENTS)
        words.append(rng.choice(SIGNS[source]))
    rng.shuffle(words)
    if rng.random() < 0.08:
        department = rng.choice(DEPARTMENTS)
    return words, DEPARTMENTS.index(department)


def notes(count, seed):
    rng = random.Random(seed)
    return [note(rng) for _ in range(count)]


def rewrite(words, rng):
    """The same note in slightly other words: synonyms, two neighbours swapped, now and then a word left out."""
    new = [SYNONYMS.get(w, w) if rng.random() < 0.5 else w for w in words]
    i = rng.randrange(len(new) - 1)
    new[i], new[i + 1] = new[i + 1], new[i]
    if rng.random() < 0.3:
        del new[rng.randrange(len(new))]
    return new


def enlarge(rows, copies, rng):
    """Each note and `copies` rewritten versions of it."""
    return rows + [(rewrite(words, rng), label) for words, label in rows for _ in range(copies)]


def split(rows, share, rng):
    """Shuffle and cut off `share` of the rows for validation."""
    rows = list(rows)
    rng.shuffle(rows)
    cut = round(len(rows) * share)
    return rows[cut:], rows[:cut]
