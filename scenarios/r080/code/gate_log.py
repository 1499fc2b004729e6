"""Sentences that a lock keeper's radio log is made of: boats, chambers, orders, in a fixed etiquette."""
import random

SYLLABLES = ["an", "be", "cor", "do", "es", "fi", "glo", "han"]
BOATS = [(first + second).capitalize() for first in SYLLABLES for second in ("gret", "luga", "moran", "thea", "valo", "rella", "nette", "sund")]
_registry = random.Random(1)
CHAMBER = {boat: _registry.choice(["north", "middle", "south"]) for boat in BOATS}
SKIPPER = {boat: _registry.choice(["Ahrens", "Bakker", "Claes", "Dircks", "Ebbers", "Focken", "Gerdes", "Harms"]) for boat in BOATS}
CARGO = {"north": "gravel", "south": "grain", "middle": "timber"}
ORDERS = {"up": "fill the chamber and open the upper gate", "down": "drain the chamber and open the lower gate"}


def call(rng):
    boat, way = rng.choice(BOATS), rng.choice(["up", "down"])
    chamber = CHAMBER[boat]
    return (f"lock control from {boat} going {way} with {CARGO[chamber]} , {SKIPPER[boat]} speaking , over . "
            f"{boat} take the {chamber} chamber , we {ORDERS[way]} , out .").split()


def text(calls, seed):
    rng = random.Random(seed)
    return [word for _ in range(calls) for word in call(rng)]


def vocabulary():
    words = set(BOATS) | set(CHAMBER.values()) | set(SKIPPER.values()) | set(CARGO.values()) | {"up", "down"}
    for order in ORDERS.values():
        words |= set(order.split())
    words |= set("lock control from going with , speaking over . take the chamber we out".split())
    return {w: i for i, w in enumerate(sorted(words))}
