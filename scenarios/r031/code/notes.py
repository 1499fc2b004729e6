"""Call-centre notes -> routing line "<queue> <urgency> <callback>", one token each."""
import random

QUEUES = {
    "q_billing": "invoice refund charged bank amount fee".split(),
    "q_network": "router signal outage wifi dropped slow".split(),
    "q_orders": "parcel delivery box courier shipped tracking".split(),
    "q_account": "password login email locked username reset".split(),
}
FILL = "customer called about says the again since today and agent told line asked".split()
SPECIAL = ["<pad>", "</s>", "urgent", "not", "u_high", "u_low", "cb_yes", "cb_no", "back"]
WORDS = SPECIAL + list(QUEUES) + sorted({w for v in QUEUES.values() for w in v}) + FILL
INDEX = {w: i for i, w in enumerate(WORDS)}
NOTE_LEN = 14


def note(rng):
    queue = rng.choice(list(QUEUES))
    high, again = rng.random() < 0.5, rng.random() < 0.5
    words = rng.sample(QUEUES[queue], 3) + rng.sample(FILL, 5)
    rng.shuffle(words)
    for plain in ("urgent", "back"):
        agrees = high if plain == "urgent" else again
        # callers say both "urgent" and "not urgent"; a plain mention counts only without the "not" before it
        at = rng.randint(0, len(words))
        words[at:at] = [plain] if agrees else ["not", plain]
    return words, [queue, "u_high" if high else "u_low", "cb_yes" if again else "cb_no", "</s>"]


def encode(words, length=None):
    ids = [INDEX[w] for w in words]
    return ids + [0] * ((length or len(ids)) - len(ids))


def make_set(n, seed):
    import torch

    rng = random.Random(seed)
    rows = [note(rng) for _ in range(n)]
    return torch.tensor([encode(a, NOTE_LEN) for a, _ in rows]), torch.tensor([encode(b) for _, b in rows])
