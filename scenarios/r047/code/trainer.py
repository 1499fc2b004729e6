import csv
import json
from pathlib import Path

import torch
import torch.nn.functional as F

PAD, CLS, SEP, UNK = range(4)


class TicketTrainer:
    def __init__(self, config, model_class):
        self.config = config
        self.folder = Path(config["output"])
        self.folder.mkdir(parents=True, exist_ok=True)
        self.words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"] + self.read_vocabulary()
        self.index = {w: i for i, w in enumerate(self.words)}
        self.model = model_class(len(self.words), **config["model"])
        self.optimizer = self.build_optimizer()
        self.history = []

    def read_vocabulary(self):
        with open(self.config["train"]) as f:
            return sorted({w for row in csv.DictReader(f) for w in row["text"].split()})

    def build_optimizer(self):
        c = self.config["optimizer"]
        kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[c["name"]]
        extra = {"momentum": 0.9} if c["name"] == "sgd" else {}
        return kind(self.model.parameters(), lr=c["lr"], **extra)

    def encode(self, text):
        ids = [CLS] + [self.index.get(w, UNK) for w in text.split()][: self.config["max_words"]] + [SEP]
        return ids + [PAD] * (self.config["max_words"] + 2 - len(ids))

    def load(self, path, queues=None):
        with open(path) as f:
            rows = list(csv.DictReader(f))
        queues = queues or sorted({row["queue"] for row in rows})
        x = torch.tensor([self.encode(row["text"]) for row in rows])
        return x, torch.tensor([queues.index(row["queue"]) for row in rows]), queues

    def prepare(self):
        self.x, self.y, self.queues = self.load(self.config["train"])
        self.val_x, self.val_y, _ = self.load(self.config["val"], self.queues)
        self.model.set_labels(len(self.queues))
        size = sum(p.numel() for p in self.model.parameters())
        print(f"{len(self.words)} words, {len(self.x)} tickets, {len(self.queues)} queues: {', '.join(self.queues)}")
        print(f"model: {size} parameters ({size * 4 / 2**20:.2f} MiB), all trainable")

    def evaluate(self):
        self.model.eval()
        with torch.no_grad():
            logits = self.model(self.val_x)
        return F.cross_entropy(logits, self.val_y).item(), (logits.argmax(-1) == self.val_y).float().mean().item()

    def run(self):
        self.prepare()
        step, batch = 0, self.config["batch"]
        for epoch in range(1, self.config["epochs"] + 1):
            self.model.train()
            for idx in torch.randperm(len(self.x)).split(batch):
                loss = F.cross_entropy(self.model(self.x[idx]), self.y[idx])
                self.optimizer.zero_grad()
                loss.backward()
                norm = sum(p.grad.norm() ** 2 for p in self.model.parameters() if p.grad is not None) ** 0.5
                self.optimizer.step()
                step += 1
                if step % 20 == 0:
                    self.history.append({"step": step, "loss": loss.item(), "grad_norm": norm.item()})
                    print(f"step {step:>4} | loss {loss.item():.4f} | grad norm {norm.item():.3f}")
            val_loss, val_acc = self.evaluate()
            self.history.append({"step": step, "epoch": epoch, "val_loss": val_loss, "val_acc": val_acc})
            print(f"== epoch {epoch}: val loss {val_loss:.4f}, val accuracy {val_acc:.3f}")
        (self.folder / "history.json").write_text(json.dumps(self.history, indent=1))
        torch.save({"model": self.model.state_dict(), "words": self.words, "queues": self.queues}, self.folder / "model.pt")
