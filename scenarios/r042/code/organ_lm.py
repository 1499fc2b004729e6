"""python organ_lm.py [--organs 64 --ticks 1600 ...]"""
import argparse
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy

import rolls
from optim import Adam


class OrganLM(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.note = nn.Embedding(rolls.NOTES, width)
        self.gru = nn.GRU(width, width, layers)
        self.next_note = nn.Linear(width, rolls.NOTES)
        self.layers, self.width = layers, width

    def start(self, organs):
        return torch.zeros(self.layers, organs, self.width, device=self.note.weight.device)

    def forward(self, notes, hidden):
        out, hidden = self.gru(self.note(notes), hidden)
        return self.next_note(out), hidden


def evaluate(model, roll, chunk):
    hidden, right, n = model.start(roll.shape[1]), 0, 0
    with torch.no_grad():
        for i in range(0, len(roll) - 1, chunk):
            part = roll[i:i + chunk + 1]
            scores, hidden = model(part[:-1], hidden)
            right += (scores.argmax(-1) == part[1:]).sum().item()
            n += part[1:].numel()
    return right / n


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--organs", type=int, default=64, help="rolls read side by side")
    p.add_argument("--ticks", type=int, default=1600)
    p.add_argument("--chunk", type=int, default=8, help="ticks per update")
    p.add_argument("--width", type=int, default=64)
    p.add_argument("--layers", type=int, default=1)
    p.add_argument("--lr", type=float, default=5e-3)
    p.add_argument("--clip", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=21)
    opt = p.parse_args()
    print(opt)

    torch.manual_seed(opt.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # time first, so that a chunk is a slice; the organ plays on from chunk to chunk and so does the hidden state
    roll = torch.from_numpy(rolls.play(opt.organs, opt.ticks + 1, opt.seed)).T.contiguous().to(device)
    held_out = torch.from_numpy(rolls.play(16, 161, opt.seed + 1)).T.contiguous().to(device)
    model = OrganLM(opt.width, opt.layers).to(device)
    optimizer = Adam(model.parameters(), lr=opt.lr)
    updates = opt.ticks // opt.chunk
    print(f"{opt.organs} organs x {opt.ticks} ticks -> {updates} updates; {sum(q.numel() for q in model.parameters())} weights on {device}")

    hidden = model.start(opt.organs)
    for update in range(1, updates + 1):
        tic = time.perf_counter()
        part = roll[(update - 1) * opt.chunk:update * opt.chunk + 1]
        scores, hidden = model(part[:-1], hidden)
        loss = cross_entropy(scores.flatten(0, 1), part[1:].flatten())
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        norm = optimizer.clip(opt.clip)
        optimizer.step()
        if update % 5 == 0:
            gpu = f"  {torch.cuda.memory_allocated() / 2**20:6.1f} MiB" if device == "cuda" else ""
            print(f"update {update:4d}/{updates}  loss {loss.item():.3f}  |g| {norm:.2f}  {1e3 * (time.perf_counter() - tic):5.0f} ms{gpu}", flush=True)
        if update % 50 == 0:
            print(f"   held-out next-note accuracy {evaluate(model, held_out, opt.chunk):.3f}")
    torch.save({"options": vars(opt), "weights": model.state_dict()}, "organ_lm.pth")


if __name__ == "__main__":
    main()
