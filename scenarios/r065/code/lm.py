import json
import math
import random
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from torch import nn

from archive import export, read_all, read_page

PAD, BOS, EOS, UNK = "<pad>", "<s>", "</s>", "<unk>"


class DayBookLM(nn.Module):
    def __init__(self, words, embed, hidden, cell="lstm", dropout=0.0):
        super().__init__()
        self.embed = nn.Embedding(words, embed, padding_idx=0)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](embed, hidden, batch_first=True)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, words)

    def forward(self, ids, state=None):
        y, state = self.rnn(self.drop(self.embed(ids)), state)
        return self.out(self.drop(y)), state


def build_vocab(entries):
    counts = Counter(word for line in entries for word in line.split())
    return {word: i for i, word in enumerate([PAD, BOS, EOS, UNK, *sorted(counts)])}, counts


def encode(entries, vocab):
    rows = [[vocab[BOS], *(vocab.get(w, vocab[UNK]) for w in line.split()), vocab[EOS]] for line in entries]
    width = max(len(row) for row in rows)
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])


def loss_of(model, rows):
    logits, _ = model(rows[:, :-1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=0)


def evaluate(model, rows):
    model.eval()
    with torch.no_grad():
        return sum(loss_of(model, part).item() * len(part) for part in rows.split(200)) / len(rows)


@torch.no_grad()
def write(model, vocab, length=24):
    model.eval()
    words, ids, state, text = list(vocab), torch.tensor([[vocab[BOS]]]), None, []
    for _ in range(length):
        logits, state = model(ids, state)
        ids = torch.multinomial((logits[0, -1] / 0.7).softmax(-1), 1)[None]
        if words[ids.item()] == EOS:
            break
        text.append(words[ids.item()])
    return " ".join(text)


def main(path="settings.json"):
    cfg = json.loads(Path(path).read_text())
    out = Path(cfg["out"])
    out.mkdir(exist_ok=True)
    torch.manual_seed(cfg["seed"])
    random.seed(cfg["seed"])

    export(cfg["books"]["train"], 4000, seed=cfg["seed"])
    export(cfg["books"]["valid"], 400, seed=cfg["seed"] + 500)
    train_lines = read_all(cfg["books"]["train"], cfg["page_size"], cfg["entries"])
    valid_lines = read_page(cfg["books"]["valid"], 0, 300)
    (out / "corpus.txt").write_text("\n".join(train_lines) + "\n")
    vocab, counts = build_vocab(train_lines)
    tokens = sum(counts.values())
    unseen = sum(w not in vocab for line in valid_lines for w in line.split())
    print(f"train  {len(train_lines)} entries, {tokens} words, {len(counts)} types")
    print(f"valid  {len(valid_lines)} entries, {sum(len(x.split()) for x in valid_lines)} words, {unseen} not in the vocabulary")

    train, valid = encode(train_lines, vocab), encode(valid_lines, vocab)
    model = DayBookLM(len(vocab), cfg["embed"], cfg["hidden"], cfg["cell"], cfg["dropout"])
    print(f"model  {cfg['cell']} {cfg['hidden']}, {sum(p.numel() for p in model.parameters()) / 1e3:.1f}k parameters")
    optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}[
        cfg["optimizer"]](model.parameters(), lr=cfg["lr"])

    table = open(out / "history.csv", "w")
    print("epoch,updates,train_loss,train_ppl,valid_loss,valid_ppl,seconds", file=table)
    updates = 0
    for epoch in range(1, cfg["epochs"] + 1):
        start, total = time.time(), 0.0
        model.train()
        batches = torch.randperm(len(train)).split(cfg["batch"])
        for rows in batches:
            batch = train[rows]
            loss = loss_of(model, batch[:, : int((batch > 0).sum(1).max())])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"])
            optimizer.step()
            total += loss.item()
            updates += 1
        train_loss, valid_loss = total / len(batches), evaluate(model, valid)
        print(f"{epoch},{updates},{train_loss:.4f},{math.exp(train_loss):.2f},{valid_loss:.4f},{math.exp(valid_loss):.2f},"
              f"{time.time() - start:.1f}", file=table, flush=True)
        print(f"epoch {epoch}: train ppl {math.exp(train_loss):7.2f}   valid ppl {math.exp(valid_loss):7.2f}")
    for _ in range(3):
        print("  >", write(model, vocab))
    torch.save({"state": model.state_dict(), "vocab": vocab, "settings": cfg}, out / "lm.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
