#!/usr/bin/env python
"""Word language model of contra dance cards. One long stream of cards, cut into batch_size columns, read bptt words
at a time with the state carried on; the objective is the sum over all words of the piece."""
import argparse
import math
import time

import torch
from torch import nn

from cards import Cards

parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("--cards", type=int, default=900, help="dances in the training stream")
parser.add_argument("--emsize", type=int, default=32)
parser.add_argument("--nhid", type=int, default=64)
parser.add_argument("--nlayers", type=int, default=1)
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--lr", type=float, default=0.2)
parser.add_argument("--decay", type=float, default=0.7, help="factor per epoch, from --flat on")
parser.add_argument("--flat", type=int, default=5)
parser.add_argument("--clip", type=float, default=10.0)
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--batch-size", type=int, default=20)
parser.add_argument("--bptt", type=int, default=30)
parser.add_argument("--seed", type=int, default=1978)
parser.add_argument("--log-interval", type=int, default=12)
parser.add_argument("--save", default="caller.pt")


class RNNModel(nn.Module):
    def __init__(self, ntoken, emsize, nhid, nlayers, dropout):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, emsize)
        self.rnn = nn.LSTM(emsize, nhid, nlayers)
        self.decoder = nn.Linear(nhid, ntoken)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, words, hidden=None):
        out, hidden = self.rnn(self.drop(self.encoder(words)), hidden)
        return self.decoder(self.drop(out)), hidden


def columns(ids, count):
    rows = len(ids) // count
    return torch.tensor(ids[: rows * count]).view(count, rows).t().contiguous()


def pieces(data, bptt):
    for i in range(0, len(data) - 1, bptt):
        n = min(bptt, len(data) - 1 - i)
        yield data[i:i + n], data[i + 1:i + 1 + n]


@torch.no_grad()
def evaluate(model, data, bptt):
    model.eval()
    total, hidden = 0.0, None
    for words, following in pieces(data, bptt):
        output, hidden = model(words, hidden)
        total += nn.functional.cross_entropy(output.flatten(0, 1), following.flatten(), reduction="sum").item()
    return total / data[1:].numel()


def main():
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    corpus = Cards()
    train = columns(corpus.stream(args.cards, args.seed), args.batch_size)
    valid = columns(corpus.stream(80, args.seed + 1), 10)
    model = RNNModel(len(corpus.words), args.emsize, args.nhid, args.nlayers, args.dropout)
    print(args)
    print(f"{train.numel()} words to train on, {valid.numel()} to validate, {len(corpus.words)} different")
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    criterion = nn.CrossEntropyLoss(reduction="sum")
    batches = math.ceil((len(train) - 1) / args.bptt)
    for epoch in range(1, args.epochs + 1):
        model.train()
        hidden, since, words_seen, cut, largest = None, 0.0, 0, 0, 0.0
        began = tick = time.time()
        for b, (words, following) in enumerate(pieces(train, args.bptt), 1):
            if hidden is not None:
                hidden = tuple(h.detach() for h in hidden)
            output, hidden = model(words, hidden)
            loss = criterion(output.flatten(0, 1), following.flatten())
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), args.clip).item()
            optimizer.step()
            since, words_seen = since + loss.item(), words_seen + following.numel()
            cut, largest = cut + (norm > args.clip), max(largest, norm)
            if b % args.log_interval == 0:
                mean = since / words_seen
                print(f"| epoch {epoch:2d} | {b:4d}/{batches} batches | lr {optimizer.param_groups[0]['lr']:.3f} | "
                      f"ms/batch {1000 * (time.time() - tick) / args.log_interval:5.1f} | loss {mean:5.2f} | ppl {math.exp(mean):7.2f} | "
                      f"|g| {norm:6.1f} (max {largest:.1f}) | clipped {cut}/{args.log_interval}")
                since, words_seen, cut, largest, tick = 0.0, 0, 0, 0.0, time.time()
        val = evaluate(model, valid, args.bptt)
        print("-" * 110)
        print(f"| end of epoch {epoch} | time {time.time() - began:.1f}s | valid loss {val:.3f} | valid ppl {math.exp(val):.2f}")
        print("-" * 110)
        if epoch >= args.flat:
            optimizer.param_groups[0]["lr"] *= args.decay
    torch.save({"args": vars(args), "words": corpus.words, "model": model.state_dict()}, args.save)

    ids, hidden = [corpus.ids["<card>"]], None
    model.eval()
    with torch.no_grad():
        while len(ids) < 60:
            output, hidden = model(torch.tensor([[ids[-1]]]), hidden)
            ids.append(torch.multinomial(output[0, 0].softmax(0), 1).item())
    print(" ".join(corpus.words[i] for i in ids))


if __name__ == "__main__":
    main()
