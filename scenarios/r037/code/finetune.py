"""Trains the counter's chat model: a GRU that answers after "### desk:". Settings: settings.json."""
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from tqdm import tqdm

from desk import Pieces, chats, written

IGNORE = -100


class ChatCollator:
    """Pads a batch of chats; only what follows the response template is learned."""

    def __init__(self, pieces, response_template):
        self.pieces = pieces
        self.template = pieces.encode(response_template)

    def response_start(self, ids):
        n = len(self.template)
        for i in range(len(ids) - n + 1):
            if ids[i:i + n] == self.template:
                return i + n
        return len(ids)

    def __call__(self, texts):
        rows = [self.pieces.encode(text) for text in texts]
        longest = max(map(len, rows))
        inputs = torch.zeros(len(rows), longest, dtype=torch.long)
        labels = torch.full((len(rows), longest), IGNORE)
        for i, ids in enumerate(rows):
            start = self.response_start(ids)
            inputs[i, :len(ids)] = torch.tensor(ids)
            labels[i, start:len(ids)] = torch.tensor(ids[start:], dtype=torch.long)
        return inputs, labels


class ChatGRU(nn.Module):
    def __init__(self, vocab, dim, hidden, layers=1, cell="gru", dropout=0.0):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim, padding_idx=0)
        self.rnn = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](dim, hidden, layers, batch_first=True)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, ids):
        return self.out(self.drop(self.rnn(self.embed(ids))[0]))


def lm_loss(logits, labels):
    """Next-piece loss per learned piece."""
    logits, labels = logits[:, :-1], labels[:, 1:]
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE, reduction="sum")
    return total / max(1, (labels != IGNORE).sum().item())


@torch.no_grad()
def validate(model, loader):
    model.eval()
    losses = [lm_loss(model(inputs), labels).item() for inputs, labels in loader]
    model.train()
    return float(np.mean(losses))


@torch.no_grad()
def answer(model, pieces, prompt, limit=14):
    model.eval()
    ids = pieces.encode(prompt)
    start = len(ids)
    while len(ids) < start + limit:
        ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
        if pieces.list[ids[-1]] == "<end>":
            break
    model.train()
    return pieces.decode(ids[start:]).replace("<end>", "").strip()


def main(path="settings.json"):
    s = json.loads(Path(path).read_text())
    torch.manual_seed(s["seed"])
    rng = np.random.default_rng(s["seed"])
    train, val = ([written(*chat) for chat in chats(s[key], rng)] for key in ("train_chats", "val_chats"))
    pieces = Pieces(train)
    collate = ChatCollator(pieces, s["response_template"])
    generator = torch.Generator().manual_seed(s["seed"])
    loader = DataLoader(train, s["batch_size"], shuffle=True, collate_fn=collate, generator=generator)
    val_loader = DataLoader(val, 128, collate_fn=collate)

    model = ChatGRU(len(pieces.list), s["dim"], s["hidden"], s["layers"], s["cell"], s["dropout"])
    optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[s["optimizer"]](model.parameters(), lr=s["lr"])
    print(f"{len(train)} chats for training, {len(val)} held back, {len(pieces.list)} pieces, "
          f"{sum(p.numel() for p in model.parameters()):,} weights")

    history = open("history.csv", "w")
    history.write("epoch,step,train_loss,val_loss,val_ppl\n")
    step = 0
    for epoch in range(1, s["epochs"] + 1):
        seen = []
        for inputs, labels in tqdm(loader, desc=f"epoch {epoch}", ncols=70, mininterval=30, disable=not s["bar"]):
            loss = lm_loss(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), s["clip"])
            optimizer.step()
            step += 1
            seen.append(loss.item())
        val_loss = validate(model, val_loader)
        history.write(f"{epoch},{step},{np.mean(seen):.5f},{val_loss:.5f},{math.exp(val_loss):.4f}\n")
        print(f"epoch {epoch}: train {np.mean(seen):.4f} | val {val_loss:.4f} | val ppl {math.exp(val_loss):.3f}")
    history.close()

    print("--- a few questions ---")
    for text in val[:4]:
        prompt = text[:text.index("### desk:")] + "### desk:"
        print(repr(prompt), "->", repr(answer(model, pieces, prompt)))
    torch.save({"weights": model.state_dict(), "pieces": pieces.list, "settings": s}, "desk.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
