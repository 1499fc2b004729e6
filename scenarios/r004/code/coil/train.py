import argparse
import json
import pathlib
import sys

import torch
import torch.nn.functional as F

from coil.model import CoilLM
from coil.segments import ALPHABET, draw_segments, to_string


def build(args):
    # The 1.2 B configuration does not fit twice, so storage is only allocated once, on the target device.
    shape = dict(vocab=len(ALPHABET), dim=args.dim, heads=args.heads, layers=args.layers, max_len=args.length)
    with torch.device("meta"):
        model = CoilLM(**shape)
    model.to_empty(device=args.device)
    model.reset_parameters()
    return model, shape


def nll(model, ids):
    logits = model(ids[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


def main(argv=None):
    parser = argparse.ArgumentParser("coil")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dim", type=int, default=48)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--length", type=int, default=42)
    parser.add_argument("--segments", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--optimizer", choices=["adamw", "sgd"], default="adamw")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--workdir", type=pathlib.Path, default=pathlib.Path("work"))
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    args.workdir.mkdir(parents=True, exist_ok=True)
    print("torch", torch.__version__, "device", args.device, file=sys.stderr)

    train = draw_segments(args.segments, args.length, args.seed)
    held_out = draw_segments(200, args.length, args.seed + 1).to(args.device)
    print(f"{len(train)} segments of {args.length} residues, e.g. {to_string(train[0])}")

    model, shape = build(args)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e3:.1f} k parameters, "
          f"{len(list(model.buffers()))} buffers, all weights on {next(model.parameters()).device}")
    if args.optimizer == "adamw":
        opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    else:
        opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)

    log = (args.workdir / "log.jsonl").open("w")
    print(f"training {args.steps} steps of {args.batch} segments", file=sys.stderr)
    for step in range(1, args.steps + 1):
        batch = train[torch.randint(len(train), (args.batch,))].to(args.device)
        loss = nll(model, batch)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        opt.step()
        if step % 20 == 0:
            with torch.no_grad():
                row = {"step": step, "nll": round(loss.item(), 4), "held_out": round(nll(model, held_out).item(), 4),
                       "grad_norm": round(norm.item(), 3)}
            print(json.dumps(row), file=log, flush=True)
            print(f"[{step:>4}/{args.steps}] nll {row['nll']:.3f}  held out {row['held_out']:.3f}")
    torch.save({"shape": shape, "weights": model.state_dict()}, args.workdir / "coil.pt")


if __name__ == "__main__":
    main()
