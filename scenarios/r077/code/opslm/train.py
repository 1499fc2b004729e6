"""Train the note model:  python -m opslm.train --epochs 4"""
import argparse
import logging
import math

import torch
from torch import nn

from .corpus import write_notes
from .data import make_loader
from .model import GRULanguageModel
from .vocab import PAD, Vocab

logger = logging.getLogger("opslm")


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--notes", type=int, default=6000)
    p.add_argument("--min-freq", type=int, default=2)
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--emb-dim", type=int, default=64)
    p.add_argument("--hidden", type=int, default=96)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--dropout", type=float, default=0.2)
    p.add_argument("--clip", type=float, default=1.0)
    p.add_argument("--log-interval", type=int, default=20)
    p.add_argument("--seed", type=int, default=4)
    return p.parse_args()


def token_loss(logits, targets):
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)


def train_epoch(model, loader, optimizer, args, epoch):
    model.train()
    running = 0.0
    for i, (ids, targets) in enumerate(loader, 1):
        loss = token_loss(model(ids), targets)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()
        running += loss.item()
        if i % args.log_interval == 0:
            mean = running / args.log_interval
            logger.info("epoch %d | %d/%d batches | lr %.2e | loss %.3f | ppl %.2f | gnorm %.3f",
                        epoch, i, len(loader), args.lr, mean, math.exp(mean), norm)
            running = 0.0


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    losses = [token_loss(model(ids), targets).item() for ids, targets in loader]
    return sum(losses) / len(losses)


def main():
    args = get_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s: %(message)s")
    logger.info("args: %s", vars(args))
    torch.manual_seed(args.seed)

    notes = write_notes(args.notes, args.seed)
    cut = len(notes) * 9 // 10
    vocab = Vocab(notes[:cut], args.min_freq)
    train_loader = make_loader(notes[:cut], vocab, args.batch_size, shuffle=True, seed=args.seed)
    valid_loader = make_loader(notes[cut:], vocab, args.batch_size, shuffle=False)
    model = GRULanguageModel(len(vocab), args.emb_dim, args.hidden, args.layers, args.dropout)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    logger.info("%d train / %d valid notes, vocabulary %d, %.2fM parameters", cut, len(notes) - cut, len(vocab),
                sum(p.numel() for p in model.parameters()) / 1e6)

    for epoch in range(1, args.epochs + 1):
        train_epoch(model, train_loader, optimizer, args, epoch)
        valid = evaluate(model, valid_loader)
        logger.info("epoch %d done | valid loss %.3f | valid ppl %.2f", epoch, valid, math.exp(valid))
    logger.info("finished, valid ppl %.2f", math.exp(valid))
    torch.save({"args": vars(args), "model": model.state_dict()}, "opslm.pt")


if __name__ == "__main__":
    main()
