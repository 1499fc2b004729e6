import argparse
import csv
import json
import os

import torch
from torch import nn

from language_model import StitchLSTM, perplexity
from stitches import STITCHES, charts, columns


def load_config():
    parser = argparse.ArgumentParser()
    parser.add_argument("config", nargs="?", default="config.json")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    with open(args.config) as stream:
        config = json.load(stream)
    for item in args.set:
        key, value = item.split("=", 1)
        config[key] = type(config[key])(value)
    return config


class Trainer:
    def __init__(self, config):
        self.config = config
        torch.manual_seed(config["seed"])
        self.train = torch.from_numpy(columns(charts(config["train_stitches"], config["seed"]), config["columns"]))
        self.valid = torch.from_numpy(columns(charts(6000, config["seed"] + 1), 20))
        self.model = StitchLSTM(len(STITCHES), config["embed"], config["hidden"], config["layers"], config["dropout"])
        if config["optimizer"] == "sgd":
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config["lr"], momentum=config["momentum"])
        else:
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config["lr"])
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=config["gamma"])

    def epoch(self):
        state, bptt = None, self.config["bptt"]
        for start in range(0, len(self.train) - 1, bptt):
            piece = self.train[start : start + bptt + 1]
            logits, state = self.model(piece[:-1], state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), piece[1:].flatten())
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config["clip"])
            self.optimizer.step()
            self.scheduler.step()

    def fit(self):
        os.makedirs("results", exist_ok=True)
        with open("results/valid.csv", "w", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(["epoch", "valid_perplexity"])
            for number in range(1, self.config["epochs"] + 1):
                self.epoch()
                table.writerow([number, f"{perplexity(self.model, self.valid):.3f}"])
        torch.save({"config": self.config, "model": self.model.state_dict()}, "results/model.pt")


if __name__ == "__main__":
    Trainer(load_config()).fit()
