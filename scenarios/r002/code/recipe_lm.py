"""GRU language model for recipe steps, input and output share one word matrix (Press & Wolf 2017)."""
import argparse
import logging
import math
import os
import time

import torch
import yaml
from torch import nn
from torch.nn import functional as F

import corpus
from vectors import cooccurrence_vectors

logger = logging.getLogger("recipe_lm")


class RecipeLM(nn.Module):
    def __init__(self, vocab, dim, layers=1, dropout=0.1):
        super().__init__()
        self.encoder = nn.Embedding(vocab, dim)
        self.drop = nn.Dropout(dropout)
        self.rnn = nn.GRU(dim, dim, layers, batch_first=True)
        self.decoder = nn.Linear(dim, vocab)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        self.decoder.weight = self.encoder.weight

    def use_vectors(self, rows):
        self.encoder = nn.Embedding.from_pretrained(rows, freeze=False)

    def forward(self, ids, state=None):
        h, state = self.rnn(self.drop(self.encoder(ids)), state)
        return self.decoder(self.drop(h)), state


def parameter_groups(model, weight_decay):
    """No decay for biases; the output matrix is the input matrix and must not be listed a second time."""
    decay, plain = [], []
    for name, p in model.named_parameters():
        if name == "decoder.weight":
            continue
        (plain if p.dim() < 2 else decay).append(p)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]


def columns(ids, batch):
    n = len(ids) // batch
    return torch.tensor(ids[: n * batch]).view(batch, n)


@torch.no_grad()
def perplexity(model, data):
    model.eval()
    logits, _ = model(data[:, :-1])
    return math.exp(F.cross_entropy(logits.flatten(0, 1), data[:, 1:].flatten()).item())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    with open(args.config) as f:
        cfg = yaml.safe_load(f)
    cfg.update({k: yaml.safe_load(v) for k, v in (pair.split("=", 1) for pair in args.set)})
    if args.seed is not None:
        cfg["seed"] = args.seed
    os.makedirs(cfg["dir"], exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(message)s",
                        handlers=[logging.StreamHandler(), logging.FileHandler(os.path.join(cfg["dir"], "log.txt"), "w")])
    logger.info("%s", cfg)
    torch.manual_seed(cfg["seed"])

    words = corpus.vocabulary()
    index = {w: i for i, w in enumerate(words)}
    ids = [index[w] for w in corpus.text(cfg["steps_of_text"], cfg["seed"])]
    dev_ids = [index[w] for w in corpus.text(300, cfg["seed"] + 77)]
    data, dev = columns(ids, cfg["batch"]), columns(dev_ids, 10)
    counts = torch.bincount(torch.tensor(ids), minlength=len(words)).float()
    p = counts[counts > 0] / counts.sum()
    logger.info("%d words of text, vocabulary %d, unigram perplexity %.1f", len(ids), len(words), math.exp(-(p * p.log()).sum()))

    model = RecipeLM(len(words), cfg["dim"], cfg["layers"], cfg["dropout"])
    if cfg["vectors"]:
        model.use_vectors(cooccurrence_vectors(ids, len(words), cfg["dim"]))
    logger.info("%s\n%d parameters", model, sum(p.numel() for p in model.parameters()))
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[cfg["optimizer"]]
    optimizer = kind(parameter_groups(model, cfg["weight_decay"]), lr=cfg["lr"])

    step, began = 0, time.time()
    for epoch in range(1, cfg["epochs"] + 1):
        state, total, n = None, 0.0, 0
        for start in range(0, data.size(1) - 1, cfg["bptt"]):
            model.train()
            chunk = data[:, start : start + cfg["bptt"] + 1]
            if chunk.size(1) < 2:
                break
            logits, state = model(chunk[:, :-1], None if state is None else state.detach())
            loss = F.cross_entropy(logits.flatten(0, 1), chunk[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"])
            optimizer.step()
            step, total, n = step + 1, total + loss.item(), n + 1
        logger.info("| epoch %2d | step %4d | loss %.3f | train ppl %6.2f | dev ppl %6.2f |", epoch, step, total / n,
                    math.exp(total / n), perplexity(model, dev))
    logger.info("%d steps in %.0f s", step, time.time() - began)
    torch.save({"words": words, "cfg": cfg, "model": model.state_dict()}, os.path.join(cfg["dir"], "lm.pt"))


if __name__ == "__main__":
    main()
