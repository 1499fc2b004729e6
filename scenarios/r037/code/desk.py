"""Opening-hours chats of a city library, written out from its time table in the wording of the old counter staff."""
import re

import numpy as np

BRANCHES = ["harbour", "castle", "mill", "station", "garden", "market"]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
ASK = ["when does the {b} branch open on {d}?", "hello, is {b} open {d}?", "{d} hours for {b} please",
       "i want to visit {b} on {d}, when?", "could you tell me the {d} hours at {b}?"]
SHUT = {("mill", "monday"), ("castle", "wednesday"), ("market", "saturday")}
USER, STAFF = "### visitor:", "### desk:"


def hours(branch, day):
    i, j = BRANCHES.index(branch), DAYS.index(day)
    opens, closes = 8 + i % 4, 16 + j % 5
    if (branch, day) in SHUT:
        return f"{day} {branch} is closed."
    return f"{day} {branch} is open {opens} to {closes}."


def chats(count, rng):
    """`count` pairs (question, answer)."""
    out = []
    for _ in range(count):
        branch, day = rng.choice(BRANCHES), rng.choice(DAYS)
        out.append((rng.choice(ASK).format(b=branch, d=day), hours(branch, day)))
    return out


def written(question, answer):
    return f"{USER} {question}\n{STAFF} {answer}<end>"


class Pieces:
    """Words keep the blank in front of them, as in byte-pair vocabularies; marks and line ends stand alone."""

    pattern = re.compile(r"<end>|###| ?\w+|\n|[^\w\s]|\s")

    def __init__(self, texts):
        found = {piece for text in texts for piece in self.pattern.findall(text)}
        self.list = ["<pad>", "<unk>", *sorted(found | {" "})]
        self.ids = {piece: i for i, piece in enumerate(self.list)}

    def encode(self, text):
        return [self.ids.get(piece, 1) for piece in self.pattern.findall(text)]

    def decode(self, ids):
        return "".join(self.list[i] for i in ids)
