"""Masked-residue pretraining on exported peptide spectra: python pretrain.py settings.yaml"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import yaml

import spectra_shards as shards
from peptide_bert import PeptideBert


class Pretraining:
    def __init__(self, settings):
        self.settings = settings
        torch.manual_seed(settings["seed"])
        self.masks = np.random.default_rng([settings["seed"], 4])
        self.model = PeptideBert(shards.VOCABULARY, settings["length"], settings["width"], layers=settings["layers"])
        kind = getattr(torch.optim, settings["optimizer"])
        self.optimizer = kind(self.model.parameters(), lr=settings["lr"], weight_decay=settings["weight_decay"])
        self.step = 0

    def update(self, rows):
        seen, labels = (torch.from_numpy(part) for part in shards.hide(rows, self.settings["mask_share"], self.masks))
        loss = F.cross_entropy(self.model(seen).transpose(1, 2), labels)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    def fit(self, batches):
        started = time.perf_counter()
        for rows in batches:
            loss = self.update(rows)
            self.step += 1
            now = time.perf_counter()
            print(f"step {self.step:4d}  loss {loss:.4f}  {now - started:.3f} s")
            started = now

    def save(self):
        torch.save({"settings": self.settings, "weights": self.model.state_dict()}, "pretrained.pt")


def main():
    settings = yaml.safe_load(Path(sys.argv[1]).read_text())
    chains = shards.peptides(settings["spectra"], settings["seed"])
    shards.write_shards(Path("export"), chains, settings["per_shard"], settings["points"], settings["seed"])
    run = Pretraining(settings)
    print(f"{settings['spectra']} peptides, {sum(p.numel() for p in run.model.parameters())} parameters")
    run.fit(shards.ShardedChains("export", settings["batch_size"], settings["length"], settings["seed"]))
    run.save()


if __name__ == "__main__":
    main()
