"""Does this session end with a ticket? -- python fit.py [options]; metrics go to metrics.jsonl, one object per step."""
import argparse
import json

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from s4d import SessionSSM
from sessions import EVENTS, BucketBatches, field_test


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--sessions", type=int, default=2000)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--boundaries", type=int, nargs="+", default=[32, 64, 128])
    p.add_argument("--dim", type=int, default=32)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--lr", type=float, default=5e-3)
    p.add_argument("--wd", type=float, default=0.01)
    p.add_argument("--seed", type=int, default=21)
    return p.parse_args()


def main():
    o = options()
    torch.manual_seed(o.seed)
    batches = BucketBatches(field_test(o.sessions, o.seed), o.boundaries, o.batch_size, o.seed)
    names = [f"<={b}" for b in o.boundaries] + [f">{o.boundaries[-1]}"]
    print("sessions per bucket:", ", ".join(f"{name}: {len(bucket)}" for name, bucket in zip(names, batches.buckets)))
    model = SessionSSM(EVENTS, o.dim, o.layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=o.lr, weight_decay=o.wd)
    print("parameters:", sum(p.numel() for p in model.parameters()))

    step, metrics = 0, open("metrics.jsonl", "w")
    for epoch in range(o.epochs):
        for ids, lengths, bought in batches:
            logits = model(ids, lengths)
            loss = binary_cross_entropy_with_logits(logits, bought)
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            accuracy = ((logits > 0) == bought.bool()).float().mean()
            row = {"step": step, "epoch": epoch, "loss": loss.item(), "accuracy": accuracy.item(), "grad_norm": norm.item()}
            metrics.write(json.dumps({k: round(v, 5) for k, v in row.items()}) + "\n")
            metrics.flush()
        print(f"epoch {epoch} finished at step {step}")
    torch.save({"weights": model.state_dict(), "dim": o.dim, "layers": o.layers}, "session_ssm.pt")


if __name__ == "__main__":
    main()
