"""Department of a letter from its subject line: a linear probe on the encoder, which stays as pretraining left it."""
import csv
import os
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from letters import NAMES, Vocab, collect
from minibert import Department, MiniBert


@dataclass
class Probe:
    seed: int = int(os.environ.get("SEED", 8))
    optimizer: str = os.environ.get("OPTIMIZER", "adamw")
    lr: float = 3e-3
    weight_decay: float = 0.01
    batch: int = 32
    epochs: int = 3
    labelled: int = 800
    backbone: str = "bert.pt"
    train_backbone: bool = False


def evaluate(model, ids, labels):
    model.eval()
    with torch.no_grad():
        logits = model(ids)
    return F.cross_entropy(logits, labels).item(), (logits.argmax(-1) == labels).float().mean().item()


def main(p=Probe()):
    torch.manual_seed(p.seed)
    bert = MiniBert(len(Vocab().words))
    print(bert.load_state_dict(torch.load(p.backbone)))
    for parameter in bert.parameters():
        parameter.requires_grad_(p.train_backbone)
    model = Department(bert, len(NAMES))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total, few = sum(q.numel() for q in model.parameters()), sum(q.numel() for q in trained)
    print(f"trainable params: {few:,} || all params: {total:,} || trainable%: {100 * few / total:.3f}")
    print(f"{len(trained)} of {len(list(model.parameters()))} tensors in the optimizer")

    (ids, labels), (dev_ids, dev_labels) = (map(torch.from_numpy, collect(n, p.seed + k))
                                            for n, k in ((p.labelled, 100), (300, 200)))
    labels, dev_labels = labels // 3, dev_labels // 3
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[p.optimizer]
    optimizer = kind(trained, lr=p.lr, weight_decay=p.weight_decay)
    log = csv.writer(open("probe_log.csv", "w", newline="", buffering=1))
    log.writerow(["epoch", "step", "loss", "grad_norm", "tensors_with_grad", "dev_loss", "dev_acc"])
    loss0, acc0 = evaluate(model, dev_ids, dev_labels)
    print(f"before: dev_loss {loss0:.4f} dev_acc {acc0:.3f}")
    step = 0
    for epoch in range(1, p.epochs + 1):
        model.train()
        bert.eval()
        for rows in torch.randperm(len(ids)).split(p.batch):
            loss = F.cross_entropy(model(ids[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(trained, 5.0)
            optimizer.step()
            step += 1
            with_grad = sum(q.grad is not None for q in model.parameters())
            if step % 8 == 0:
                log.writerow([epoch, step, f"{loss.item():.4f}", f"{norm.item():.4f}", with_grad, "", ""])
        dev_loss, dev_acc = evaluate(model, dev_ids, dev_labels)
        log.writerow([epoch, step, f"{loss.item():.4f}", f"{norm.item():.4f}", with_grad, f"{dev_loss:.4f}", f"{dev_acc:.4f}"])
        print(f"epoch {epoch} loss {loss.item():.4f} dev_loss {dev_loss:.4f} dev_acc {dev_acc:.3f}")
    torch.save(model.state_dict(), "department.pt")


if __name__ == "__main__":
    main()
