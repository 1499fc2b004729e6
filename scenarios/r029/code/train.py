import argparse
import json
import statistics
import warnings

import torch
import torch.nn.functional as F

import catalogue
from t5small import T5

p = argparse.ArgumentParser(description="shelf marks from card texts")
p.add_argument("--cards", type=int, default=1200)
p.add_argument("--epochs", type=int, default=2)
p.add_argument("--batch-size", type=int, default=16)
p.add_argument("--max-tokens", type=int, default=None, help="cut card texts to this many tokens")
p.add_argument("--lr", type=float, default=2e-3)
p.add_argument("--optim", choices=["adam", "adamw"], default="adam")
p.add_argument("--layers", type=int, default=2)
p.add_argument("--seed", type=int, default=1)
p.add_argument("--metrics", default="metrics.jsonl")
a = p.parse_args()

torch.manual_seed(a.seed)
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    warnings.warn("no GPU, this will be slow")

catalogue.write_cards("cards.train.jsonl", a.cards, a.seed)
catalogue.write_cards("cards.dev.jsonl", 200, a.seed + 1, start=a.cards)
train, dev = (catalogue.read_cards(f"cards.{part}.jsonl", a.max_tokens) for part in ("train", "dev"))
sizes = sorted(len(t) for t, _ in train)
print(f"{len(train)} cards, {sum(sizes)} tokens; per card: mean {statistics.mean(sizes):.1f}, "
      f"median {sizes[len(sizes) // 2]}, p99 {sizes[int(len(sizes) * .99)]}, max {sizes[-1]}")


def collate(cards):
    width = max(len(t) for t, _ in cards)
    source = torch.tensor([t + [catalogue.PAD] * (width - len(t)) for t, _ in cards])
    return source.to(device), torch.tensor([m for _, m in cards]).to(device)


model = T5(layers=a.layers).to(device)
opt = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[a.optim](model.parameters(), lr=a.lr)
print(f"T5: {sum(q.numel() for q in model.parameters()):,} parameters on {device}, {a.epochs} x {len(train) // a.batch_size} steps")

step = 0
with open(a.metrics, "w") as metrics:
    for epoch in range(a.epochs):
        order = torch.randperm(len(train)).tolist()
        for i in range(0, len(order) - a.batch_size + 1, a.batch_size):
            source, mark = collate([train[j] for j in order[i:i + a.batch_size]])
            logits = model(source, mark)
            loss = F.cross_entropy(logits.flatten(0, 1), mark.flatten())
            opt.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            step += 1
            row = {"epoch": epoch, "step": step, "loss": round(loss.item(), 4)}
            if device == "cuda":
                row["mem_mib"] = round(torch.cuda.memory_allocated() / 2**20, 1)
            metrics.write(json.dumps(row) + "\n")
            metrics.flush()
        model.eval()
        right = 0
        for i in range(0, len(dev), 50):
            source, mark = collate(dev[i:i + 50])
            right += (model.generate(source) == mark).all(1).sum().item()
        model.train()
        print(f"epoch {epoch}: exact shelf marks {right / len(dev):.3f}")
        torch.save({"args": vars(a), "model": model.state_dict()}, "t5.pt")
