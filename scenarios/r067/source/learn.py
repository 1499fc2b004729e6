import argparse
import sys
import time

import torch

from network import EventGRU, Revision
from signals import CODES, windows

parser = argparse.ArgumentParser(description="Next-event model for the valve stations")
parser.add_argument("--steps", type=int, default=260)
parser.add_argument("--windows-per-step", type=int, default=24)
parser.add_argument("--length", type=int, default=16)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--lr", type=float, default=5e-3)
parser.add_argument("--algorithm", default="adam", choices=("adam", "adamw", "rmsprop"))
parser.add_argument("--margin", type=float, default=1.8)
parser.add_argument("--max-minutes", type=float, default=0.18, help="the share of the night queue this job may use")
parser.add_argument("--seed", type=int, default=31)
parser.add_argument("--report", type=int, default=4)


def main(args):
    torch.manual_seed(args.seed)
    fresh = torch.from_numpy(windows(args.steps * args.windows_per_step, args.length, args.seed))
    model = EventGRU(CODES, args.hidden)
    algorithms = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}
    optimizer = algorithms[args.algorithm](model.parameters(), lr=args.lr)
    revision = Revision(args.margin)
    begun = last = time.monotonic()
    done = 0
    for rows in fresh.split(args.windows_per_step):
        rows = revision.join(rows)
        losses = model.window_losses(rows)
        optimizer.zero_grad()
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        revision.note(rows, losses.detach())
        done += 1
        if done % args.report == 0:
            now = time.monotonic()
            print(f"[{done:>4}/{args.steps}] loss={losses.mean().item():.4f} sec_per_step={(now - last) / args.report:.4f}")
            last = now
        if time.monotonic() - begun > 60 * args.max_minutes:
            print(f"{args.max_minutes:g} min used up after {done} of {args.steps} steps; saving what is there")
            break
    torch.save({"hidden": args.hidden, "done": done, "steps": args.steps, "state": model.state_dict()}, "events.pt")
    print("saved events.pt")


if __name__ == "__main__":
    sys.exit(main(parser.parse_args()))
