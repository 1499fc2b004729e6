import argparse
import json
import math
from dataclasses import asdict, dataclass, fields

import torch
import torch.nn.functional as F
from tqdm import tqdm

from gate_log import BOATS, SKIPPER, text, vocabulary
from model import WordLSTM


@dataclass
class Config:
    size: int = 40
    layers: int = 1
    norm: bool = True
    calls: int = 2200
    window: int = 24
    batch: int = 24
    epochs: int = 4
    optimizer: str = "adamw"
    lr: float = 2e-2
    weight_decay: float = 1.0
    max_norm: float = 1.0
    seed: int = 2024


def parse() -> Config:
    p = argparse.ArgumentParser()
    for f in fields(Config):
        p.add_argument("--" + f.name.replace("_", "-"), type=type(f.default), default=f.default)
    return Config(**vars(p.parse_args()))


def batches(ids, cfg):
    rows = ids[: len(ids) // cfg.batch * cfg.batch].view(cfg.batch, -1)
    for i in range(0, rows.size(1) - cfg.window - 1, cfg.window):
        yield rows[:, i:i + cfg.window], rows[:, i + 1:i + cfg.window + 1]


@torch.no_grad()
def evaluate(model, ids, names):
    """Perplexity, and the share of names (skippers, and boats that answer) predicted right."""
    rows = ids[: len(ids) // 8 * 8].view(8, -1)
    logits, _ = model(rows[:, :-1])
    target = rows[:, 1:]
    asked = torch.isin(target, names) & ~torch.isin(rows[:, :-1], names.new_tensor([vocabulary()["from"]]))
    right = (logits.argmax(-1) == target)[asked].float().mean().item()
    return math.exp(F.cross_entropy(logits.flatten(0, 1), target.flatten()).item()), right


def main():
    cfg = parse()
    torch.manual_seed(cfg.seed)
    vocab = vocabulary()
    ids = torch.tensor([vocab[w] for w in text(cfg.calls, cfg.seed)])
    dev = torch.tensor([vocab[w] for w in text(150, cfg.seed + 1)])
    names = torch.tensor([vocab[n] for n in (*BOATS, *SKIPPER.values())])
    model = WordLSTM(len(vocab), cfg.size, cfg.layers, cfg.norm)
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[cfg.optimizer]
    optimizer = kind(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    print(json.dumps({"config": asdict(cfg), "words": len(ids), "vocabulary": len(vocab),
                      "parameters": sum(p.numel() for p in model.parameters())}))
    log = open("log.jsonl", "w")
    step = 0
    for epoch in range(1, cfg.epochs + 1):
        state = None
        bar = tqdm(list(batches(ids, cfg)), desc=f"epoch {epoch}", ncols=90, mininterval=3600)
        for x, y in bar:
            logits, state = model(x, state)
            state = tuple(s.detach() for s in state)
            loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), cfg.max_norm)
            optimizer.step()
            step += 1
            if step % 5 == 0:
                weights = torch.nn.utils.get_total_norm(list(model.parameters()))
                log.write(json.dumps({"step": step, "loss": round(loss.item(), 4), "grad_norm": round(norm.item(), 4),
                                      "weight_norm": round(weights.item(), 3)}) + "\n")
        ppl, right = evaluate(model, dev, names)
        log.write(json.dumps({"step": step, "epoch": epoch, "dev_ppl": round(ppl, 3), "names": round(right, 3)}) + "\n")
        print(f"epoch {epoch} done, dev perplexity {ppl:.2f}, names right {right:.3f}")
    torch.save({"config": asdict(cfg), "model": model.state_dict()}, "lstm.ckpt")


if __name__ == "__main__":
    main()
