import argparse
import pickle
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lichen import FORMS, Camera, plates
from vit import PlateViT

# the view history nests deeper than the interpreter's default allows
sys.setrecursionlimit(1_000_000)


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=20)
    p.add_argument("--plates", type=int, default=1984)
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--optimizer", choices=("adamw", "adam", "sgd"), default="adamw")
    p.add_argument("--dim", type=int, default=32)
    p.add_argument("--depth", type=int, default=2)
    return p.parse_args()


def build(model, args):
    if args.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    return {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[args.optimizer](model.parameters(), lr=args.lr)


def checkpoint(path, model, optimizer, camera, args, epoch):
    state = {"args": vars(args), "epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(state, path / "last.pt")
    with open(path / "views.pkl", "wb") as stream:
        pickle.dump(camera.latest, stream, protocol=pickle.HIGHEST_PROTOCOL)


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    images, forms = plates(args.plates, args.seed)
    val_images, val_forms = (torch.from_numpy(part) for part in plates(240, args.seed + 1))
    camera = Camera(images, args.seed + 2)
    model = PlateViT(len(FORMS), dim=args.dim, depth=args.depth)
    optimizer = build(model, args)
    out = Path("ckpt")
    out.mkdir(exist_ok=True)
    print(f"vit dim {args.dim} depth {args.depth}, {sum(p.numel() for p in model.parameters()):,} parameters")
    for epoch in range(1, args.epochs + 1):
        total = 0.0
        order = np.random.default_rng([args.seed, epoch]).permutation(args.plates)
        for chosen in order.reshape(-1, args.batch):
            views = torch.from_numpy(np.stack([camera.take(i) for i in chosen]))
            loss = F.cross_entropy(model(views), torch.from_numpy(forms[chosen]))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        model.eval()
        with torch.no_grad():
            accuracy = (model(val_images).argmax(1) == val_forms).float().mean().item()
        model.train()
        print(f"epoch {epoch:2d}/{args.epochs}  train loss {total / args.plates:.4f}  val acc {accuracy:.4f}")
        checkpoint(out, model, optimizer, camera, args, epoch)
    print(f"views cover {camera.coverage():.0%} of plates and shifts")


if __name__ == "__main__":
    main()
