import argparse


def read(description):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--seed", type=int, default=12)
    p.add_argument("--dim", type=int, default=48)
    p.add_argument("--layers", type=int, default=1)
    p.add_argument("--optimizer", default="adamw", choices=["adamw", "adam"])
    p.add_argument("--pretrain-steps", type=int, default=350)
    p.add_argument("--pretrain-lr", type=float, default=3e-3)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--epochs", type=int, default=30)
    p.add_argument("--weight-decay", type=float, default=0.01)
    p.add_argument("--checkpoint", default="ckpt/mlm.pt")
    return p.parse_args()


def make_optimizer(args, model, lr):
    import torch

    kind = torch.optim.AdamW if args.optimizer == "adamw" else torch.optim.Adam
    return kind(model.parameters(), lr=lr, weight_decay=args.weight_decay)
