"""The harbour master's day books, as the port office exports them: one entry per line, oldest first."""
import random
from itertools import islice
from pathlib import Path

SHIPS = """amalia boreas cormoran dorothea eider fulmar gudrun halcyon ingrid jutland kestrel lodestar marigold nordkyn
oceanis petrel quirin ragnhild sturnus teal ursula valborg wigeon yvonne zephyr""".split()
KINDS = "brig schooner ketch trawler collier barque lighter tug".split()
PORTS = "bergen leith riga gdynia malmo hull ostend rouen vigo aveiro cork visby tonder emden".split()
CARGO = "timber salt herring coal grain hides tar linseed wool granite iron paper potatoes barrels".split()
WINDS = "calm light fresh strong gusty".split()
POINTS = "north northeast east southeast south southwest west northwest".split()
NUMBERS = "two three four five six seven eight nine ten eleven twelve".split()
BERTHS = ["the coal quay", "the fish pier", "berth two", "berth five", "the outer mole", "the customs steps"]


def entry(rng):
    ship, kind = rng.choice(SHIPS), rng.choice(KINDS)
    weather = f"wind {rng.choice(WINDS)} {rng.choice(POINTS)}"
    body = rng.choice([
        f"{kind} {ship} from {rng.choice(PORTS)} with {rng.choice(CARGO)} moored at {rng.choice(BERTHS)}",
        f"{kind} {ship} cleared for {rng.choice(PORTS)} laden with {rng.choice(CARGO)}",
        f"{ship} shifted from {rng.choice(BERTHS)} to {rng.choice(BERTHS)} to load {rng.choice(CARGO)}",
        f"pilot taken off the {kind} {ship} bound for {rng.choice(PORTS)}",
        f"{rng.choice(NUMBERS)} {kind}s waiting in the roads for the tide",
        f"dues paid by {ship} for {rng.choice(NUMBERS)} days at {rng.choice(BERTHS)}",
    ])
    return f"{weather} , {body} ." if rng.random() < 0.6 else f"{body} , {weather} ."


def export(path, entries, seed):
    """Stand-in for the office's export."""
    rng = random.Random(seed)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# day book export\n" + "".join(entry(rng) + "\n" for _ in range(entries)), encoding="utf-8")


def read_page(path, number, size):
    """Page `number` of the export; the real files do not fit into memory."""
    with open(path, encoding="utf-8") as book:
        next(book)
        return [line.rstrip("\n") for line in islice(book, size)]


def read_all(path, page_size, limit):
    """The first `limit` entries of the export, read page by page."""
    entries, number = [], 0
    while len(entries) < limit:
        page = read_page(path, number, page_size)
        if not page:
            break
        entries += page
        number += 1
    return entries[:limit]
