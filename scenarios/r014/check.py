"""New cards, each read from its start: nats per word above what the true chances of the figures give, the gain over
the frequencies of single words, and the share of phrases made by the model whose beats come to 16."""
import collections
import json
import math
import random

import torch

from caller_lm import RNNModel
from cards import FIGURES, PHRASES, Cards, choices

saved = torch.load("caller.pt")
args, words = saved["args"], saved["words"]
model = RNNModel(len(words), args["emsize"], args["nhid"], args["nlayers"], args["dropout"])
model.load_state_dict(saved["model"])
model.eval()
ids = {word: i for i, word in enumerate(words)}
corpus, rng = Cards(), random.Random(60606060)
cards = [corpus.card(rng) for _ in range(150)]


def parse(card):
    """Nats of the figures chosen in the card (their words are told apart by their first one or two words)."""
    nats, formation, left, text = 0.0, "lines", 0, list(card[1:])
    while text:
        if text[0] in PHRASES:
            text.pop(0)
            left = 16
            continue
        options = choices(formation, left)
        called, beats, after, chance = max((o for o in options if text[: len(o[0].split())] == o[0].split()), key=lambda o: len(o[0]))
        nats, formation, left, text = nats - math.log(chance), after, left - beats, text[len(called.split()):]
    return nats


true = sum(map(parse, cards))
count = sum(len(card) - 1 for card in cards)
counts = collections.Counter(word for card in cards for word in card[1:])
single = -sum(n * math.log(n / count) for n in counts.values()) / count
nats = 0.0
with torch.no_grad():
    for card in cards:
        x = torch.tensor([ids[word] for word in card])
        output, _ = model(x[:-1, None])
        nats += torch.nn.functional.cross_entropy(output[:, 0], x[1:], reduction="sum").item()
    torch.manual_seed(3)
    last, hidden, made = torch.full((1, 60), ids["<card>"]), None, []
    for _ in range(70):
        output, hidden = model(last, hidden)
        last = torch.multinomial(output[0].softmax(1), 1).t()
        made.append(last[0])
beats = {figure[0]: figure[1] for figures in FIGURES.values() for figure in figures}
right = total = 0
for column in torch.stack(made, 1).tolist():
    text = " ".join(words[i] for i in column)
    for mark in (*PHRASES, "<card>"):
        text = text.replace(mark, "|")
    for phrase in (part.strip() for part in text.split("|")[1:-1]):
        if not phrase:
            continue
        total += 1
        names = [name for name in beats if phrase.startswith(name)]
        rest, sums = phrase, 0
        while names:
            name = max(names, key=len)
            rest, sums = rest[len(name):].strip(), sums + beats[name]
            names = [name for name in beats if rest.startswith(name)]
        right += not rest and sums == 16
print(json.dumps({"nats_above_truth": (nats - true) / count, "gain_over_single_words": single - nats / count, "phrases_right": right / max(total, 1)}))
