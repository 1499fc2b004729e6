"""
Train:   python train_song.py --hidden 64
"""
import argparse
import json
import math
import os
import warnings

import torch
from torch.utils.data import DataLoader, Dataset

from songlm import SongLM
from syllables import SYLLABLES, recording


class Windows(Dataset):
    def __init__(self, syllables, length):
        index = {s: i for i, s in enumerate(SYLLABLES)}
        ids = torch.tensor([index[s] for s in syllables])
        self.rows = ids[: len(ids) // length * length].view(-1, length)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        # labels are a copy of the inputs, shifting is up to the model
        return {"input_ids": row, "labels": row.clone()}


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--cell", default="gru", choices=["gru", "lstm"])
    p.add_argument("--embedding", type=int, default=32)
    p.add_argument("--hidden", type=int, default=64)
    p.add_argument("--layers", type=int, default=1)
    p.add_argument("--dropout", type=float, default=0.0)
    p.add_argument("--length", type=int, default=24)
    p.add_argument("--batch_size", type=int, default=32)
    p.add_argument("--optimizer", default="adam", choices=["adam", "adamw", "rmsprop"])
    p.add_argument("--lr", type=float, default=5e-3)
    p.add_argument("--epochs", type=int, default=5)
    p.add_argument("--temperature", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=6)
    p.add_argument("--fp16", action="store_true", help="only on the cluster")
    p.add_argument("--output_dir", default="out")
    return p.parse_args()


def main():
    args = get_args()
    if not args.fp16:
        warnings.warn("training in full precision, --fp16 is off", UserWarning)
    torch.manual_seed(args.seed)
    os.makedirs(args.output_dir, exist_ok=True)
    train = Windows(recording(1100, args.seed), args.length)
    valid = Windows(recording(120, args.seed + 1), args.length)
    print(f"{len(SYLLABLES)} syllables, {train.rows.numel()} training, {valid.rows.numel()} validation")

    model = SongLM(len(SYLLABLES), args.embedding, args.hidden, args.layers, args.dropout, args.cell)
    optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}[
        args.optimizer](model.parameters(), lr=args.lr)
    loader = DataLoader(train, batch_size=args.batch_size, shuffle=True)
    valid_loader = DataLoader(valid, batch_size=64)

    log, step = open(os.path.join(args.output_dir, "log.jsonl"), "w"), 0
    for epoch in range(args.epochs):
        model.train()
        for batch in loader:
            loss = model(**batch)["loss"]
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 10 == 0:
                log.write(json.dumps({"step": step, "epoch": epoch + 1, "loss": round(loss.item(), 5)}) + "\n")
        model.eval()
        with torch.no_grad():
            losses = [model(**batch)["loss"].item() for batch in valid_loader]
        value = sum(losses) / len(losses)
        log.write(json.dumps({"step": step, "epoch": epoch + 1, "eval_loss": round(value, 5)}) + "\n")
        print(f"epoch {epoch + 1} step {step} loss {loss.item():.4f} eval_loss {value:.4f} eval_ppl {math.exp(value):.3f}")

    torch.save({"args": vars(args), "model": model.state_dict()}, os.path.join(args.output_dir, "song.pt"))
    print("--- three bouts ---")
    for _ in range(3):
        ids = model.generate(valid.rows[:1, :3], 18, args.temperature)[0]
        print(" ".join(SYLLABLES[i] for i in ids))


if __name__ == "__main__":
    main()
