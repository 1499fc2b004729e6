import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from model import Transcriber
from recordings import PAD, Phrases


def options():
    parser = argparse.ArgumentParser(description="Transcribe whistled phrases into syllables.")
    parser.add_argument("--phrases", type=int, default=3200)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--optimizer", choices=["adam", "adamw", "sgd"], default="adam")
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--keep", type=int, default=4000, help="rendered phrases held by the front end")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--log-every", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("exp"))
    return parser.parse_args()


def optimizer_for(model, args):
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    return kinds[args.optimizer](model.parameters(), lr=args.lr)


@torch.no_grad()
def syllable_accuracy(model, phrases):
    model.eval()
    sounds, targets = phrases.batch(range(phrases.count))
    heard = model.transcribe(torch.from_numpy(sounds))
    model.train()
    return (heard == torch.from_numpy(targets[:, 1:-1])).float().mean().item()


def main():
    args = options()
    torch.manual_seed(args.seed)
    order = np.random.default_rng(args.seed)
    train = Phrases(args.phrases, seed=args.seed, keep=args.keep)
    held_out = Phrases(64, seed=args.seed + 500)
    model = Transcriber(args.width, layers=args.layers)
    optimizer = optimizer_for(model, args)
    args.out.mkdir(exist_ok=True)
    (args.out / "options.json").write_text(json.dumps(vars(args), default=str, indent=1))
    print(f"{args.phrases} phrases, {sum(p.numel() for p in model.parameters())} parameters, {args.optimizer} lr {args.lr}")
    step = 0
    per_epoch = args.phrases // args.batch_size
    for epoch in range(1, args.epochs + 1):
        running = 0.0
        for indices in order.permutation(args.phrases).reshape(per_epoch, args.batch_size):
            sounds, targets = (torch.from_numpy(part) for part in train.batch(indices))
            logits = model(sounds, targets[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), targets[:, 1:].flatten(), ignore_index=PAD)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            running += loss.item()
            if step % args.log_every == 0:
                print(f"ep {epoch} | {step}/{per_epoch * args.epochs} | loss {running / args.log_every:.4f}")
                running = 0.0
        print(f"ep {epoch} | held-out syllable accuracy {syllable_accuracy(model, held_out):.4f}")
        torch.save(model.state_dict(), args.out / "transcriber.pt")


if __name__ == "__main__":
    main()
