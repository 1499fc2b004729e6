import argparse
import json

import torch
from torch import nn

from counter import SproutCounter
from trays import DENSITY_SCALE, trays


def batches(n, size, generator):
    order = torch.randperm(n, generator=generator)
    yield from (order[i:i + size] for i in range(0, n - size + 1, size))


@torch.no_grad()
def count_error(model, pictures, maps):
    """Mean absolute error of the count per tray, and the mean count that the model sees."""
    counts = model(pictures).sum((1, 2, 3)) / DENSITY_SCALE
    return (counts - maps.sum((1, 2, 3))).abs().mean().item(), counts.mean().item()


def main(args):
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    pictures, maps = trays(args.trays, args.seed)
    val = trays(200, args.seed + 77)
    model = SproutCounter(args.width)
    make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[args.optimizer]
    optimizer = make(model.parameters(), lr=args.lr)
    mse = nn.MSELoss()
    log = open(args.log, "w")

    def emit(**row):
        line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()})
        log.write(line + "\n")
        return line

    print(emit(event="start", parameters=sum(p.numel() for p in model.parameters()), mean_count=maps.sum((1, 2, 3)).mean().item(),
               **vars(args)))
    step = 0
    for epoch in range(args.epochs):
        for pick in batches(len(pictures), args.batch, generator):
            predicted = model(pictures[pick])
            loss = mse(predicted, DENSITY_SCALE * maps[pick])
            optimizer.zero_grad()
            loss.backward()
            if args.clip:
                nn.utils.clip_grad_norm_(model.parameters(), args.clip)
            optimizer.step()
            step += 1
            emit(event="step", step=step, loss=loss.item(), count=predicted.sum().item() / len(pick) / DENSITY_SCALE)
        mae, count = count_error(model, *val)
        print(emit(event="epoch", epoch=epoch, step=step, loss=loss.item(), val_mae=mae, val_count=count))
    torch.save({"width": args.width, "model": model.state_dict()}, "counter.pt")
    print(emit(event="end", checkpoint="counter.pt"))


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--trays", type=int, default=1000)
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--batch", type=int, default=20)
    p.add_argument("--width", type=int, default=12)
    p.add_argument("--optimizer", choices=["adam", "adamw"], default="adam")
    p.add_argument("--lr", type=float, default=1e-2)
    p.add_argument("--clip", type=float, default=0.0)
    p.add_argument("--log", default="train_log.jsonl")
    p.add_argument("--seed", type=int, default=19)
    main(p.parse_args())
