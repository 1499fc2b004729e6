import json
import logging
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import yaml

from bert import Bert
from reports import LABELS, WordTokenizer, corpus


class Trainer:
    def __init__(self, model, tokenizer, cfg, out):
        self.model, self.tokenizer, self.cfg, self.out = model, tokenizer, cfg, out
        decay = [p for p in model.parameters() if p.ndim > 1]
        rest = [p for p in model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": cfg["weight_decay"]},
                                            {"params": rest, "weight_decay": 0.0}], lr=cfg["lr"])
        self.step = 0

    def tensors(self, texts):
        ids, mask = self.tokenizer(texts)
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def fit(self, train, dev, rng):
        texts, labels = train
        size = self.cfg["batch_size"]
        total = self.cfg["epochs"] * (len(texts) // size)
        for epoch in range(1, self.cfg["epochs"] + 1):
            losses, hits = [], []
            order = rng.permutation(len(texts))
            for rows in order[:len(order) // size * size].reshape(-1, size):
                target = torch.from_numpy(labels[rows])
                logits = self.model(*self.tensors([texts[i] for i in rows]))
                loss = F.cross_entropy(logits, target)
                self.optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg["max_grad_norm"])
                for group in self.optimizer.param_groups:
                    group["lr"] = self.cfg["lr"] * min((self.step + 1) / self.cfg["warmup_steps"], 1 - self.step / total)
                self.optimizer.step()
                self.step += 1
                losses.append(loss.item())
                hits.append((logits.argmax(1) == target).float().mean().item())
                if self.step % self.cfg["log_steps"] == 0:
                    recent = slice(-self.cfg["log_steps"], None)
                    logging.info("step %d/%d loss=%.4f acc=%.3f", self.step, total, np.mean(losses[recent]), np.mean(hits[recent]))
            logging.info("epoch %d eval_loss=%.4f eval_acc=%.4f train_acc=%.4f", epoch, *self.evaluate(dev), np.mean(hits))

    @torch.no_grad()
    def evaluate(self, data):
        self.model.eval()
        texts, labels = data
        logits, target = self.model(*self.tensors(texts)), torch.from_numpy(labels)
        self.confusion = np.zeros((len(LABELS), len(LABELS)), dtype=int)
        np.add.at(self.confusion, (labels, logits.argmax(1).numpy()), 1)
        self.model.train()
        return F.cross_entropy(logits, target).item(), (logits.argmax(1) == target).float().mean().item()


def main(config):
    cfg = yaml.safe_load(Path(config).read_text())
    out = Path(cfg["output_dir"])
    out.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=out / "train.log", level=logging.INFO, format="%(message)s")
    logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
    torch.manual_seed(cfg["seed"])
    rng = np.random.default_rng(cfg["seed"])

    train, dev = corpus(cfg["data"]["train"], rng), corpus(cfg["data"]["dev"], rng)
    tokenizer = WordTokenizer(train[0], max_length=cfg["data"]["max_length"])
    model = Bert(len(tokenizer.vocab), classes=len(LABELS), **cfg["model"])
    words = np.array([len(text.split()) for text in train[0]])
    logging.info("corpus: %d reports, words per report mean %.1f, median %d, 95%% %d, max %d", len(words), words.mean(),
                 np.median(words), np.percentile(words, 95), words.max())
    logging.info("labels: %s", dict(zip(LABELS, np.bincount(train[1]).tolist())))
    logging.info("config: %s", json.dumps(cfg))
    logging.info("parameters: %d", sum(p.numel() for p in model.parameters()))

    trainer = Trainer(model, tokenizer, cfg["train"], out)
    trainer.fit(train, dev, rng)
    (out / "confusion.csv").write_text("\n".join(",".join(map(str, row)) for row in trainer.confusion.tolist()) + "\n")
    torch.save({"model": model.state_dict(), "vocab": tokenizer.vocab, "config": cfg}, out / "model.pt")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "config.yaml")
