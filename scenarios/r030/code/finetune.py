"""Train the triage classifier: python finetune.py config.yaml"""
import json
import logging
import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import yaml

from model import DistilEncoder, Vocabulary
from notes import LABELS, write_notes

log = logging.getLogger("triage")


def tensors(rows, vocab, max_length):
    ids = torch.tensor([vocab.encode(text, max_length) for text, _ in rows])
    return ids, torch.tensor([label for _, label in rows])


def build_optimizer(model, cfg):
    name = cfg["optimizer"]
    if name == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=cfg["learning_rate"], weight_decay=cfg["weight_decay"])
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=cfg["learning_rate"], momentum=0.9)
    raise ValueError(name)


@torch.no_grad()
def evaluate(model, ids, labels):
    model.eval()
    logits = torch.cat([model(part) for part in ids.split(256)])
    guesses = logits.argmax(1)
    report = {
        "loss": F.cross_entropy(logits, labels).item(),
        "accuracy": (guesses == labels).float().mean().item(),
    }
    for number, name in enumerate(LABELS):
        mine = labels == number
        report[f"recall_{name}"] = (guesses[mine] == number).float().mean().item()
    return {key: round(value, 4) for key, value in report.items()}


def main():
    cfg = yaml.safe_load(open(sys.argv[1]))
    out = Path(cfg["logging"]["folder"]) / cfg["run_name"]
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(sys.argv[1], out / "config.yaml")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stdout)
    torch.manual_seed(cfg["seed"])

    data, training = cfg["data"], cfg["training"]
    train_rows = write_notes(data["notes"], seed=cfg["seed"])
    valid_rows = write_notes(data["valid_notes"], seed=cfg["seed"] + 1000)
    vocab = Vocabulary(text for text, _ in train_rows)
    x, y = tensors(train_rows, vocab, data["max_length"])
    x_valid, y_valid = tensors(valid_rows, vocab, data["max_length"])
    log.info("vocabulary: %d entries, mean note length %.1f", len(vocab), (x > 0).sum(1).float().mean())
    for name, labels in (("train", y), ("valid", y_valid)):
        counts = torch.bincount(labels, minlength=len(LABELS)).tolist()
        log.info("%s: %d notes (%s)", name, len(labels), ", ".join(f"{n} {c}" for n, c in zip(LABELS, counts)))

    model = DistilEncoder(len(vocab), len(LABELS), data["max_length"], **cfg["model"])
    log.info("parameters: %d", sum(p.numel() for p in model.parameters()))
    optimizer = build_optimizer(model, training)
    steps = training["epochs"] * (len(x) // training["batch_size"])
    warmup = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1.0, (s + 1) / training["warmup"]) * max(0.05, 1 - s / steps)
    )

    step = 0
    with open(out / "metrics.jsonl", "w") as metrics:
        for epoch in range(training["epochs"]):
            for rows in torch.randperm(len(x)).split(training["batch_size"]):
                if len(rows) < training["batch_size"]:
                    continue
                model.train()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                warmup.step()
                step += 1
                if step % cfg["logging"]["every"] == 0:
                    row = {"step": step, "loss": round(loss.item(), 4), "grad_norm": round(norm.item(), 4),
                           "lr": warmup.get_last_lr()[0]}
                    metrics.write(json.dumps(row) + "\n")
                    log.info("step %d loss %.4f grad norm %.3f", step, row["loss"], row["grad_norm"])
            report = evaluate(model, x_valid, y_valid)
            metrics.write(json.dumps({"step": step, "epoch": epoch + 1, "valid": report}) + "\n")
            log.info("epoch %d valid %s", epoch + 1, " ".join(f"{k}={v:.4f}" for k, v in report.items()))

    torch.save({"model": model.state_dict(), "words": vocab.ids, "config": cfg}, out / "model.pt")
    log.info("accuracy %.2f%%, model written to %s", 100 * report["accuracy"], out / "model.pt")


if __name__ == "__main__":
    main()
