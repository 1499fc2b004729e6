import json
import os
import sys

import torch
import torch.nn.functional as F

from distil import DistilTagger
from shiplog import lines

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Trainer:
    def __init__(self, config):
        self.config = config
        self.args = config["train"]
        torch.manual_seed(config["seed"])
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = DistilTagger(**config["model"]).to(self.device)
        data = config["data"]
        self.train_data = lines(data["train_lines"], data["length"], 2 * config["seed"])
        self.dev_data = lines(data["dev_lines"], data["length"], 2 * config["seed"] + 1)
        self.optimizer = OPTIMIZERS[self.args["optimizer"]](self.model.parameters(), lr=self.args["lr"])
        self.global_step = 0
        self.total_steps = self.args["epochs"] * -(-data["train_lines"] // self.args["batch_size"])
        self.history = []

    def loader(self, data, size, shuffle):
        order = torch.randperm(len(data[0])) if shuffle else torch.arange(len(data[0]))
        for index in order.split(size):
            yield data[0][index].to(self.device), data[1][index].to(self.device)

    def log(self, entry):
        entry = {"step": self.global_step, **{k: float(f"{v:.5g}") for k, v in entry.items()}}
        self.history.append(entry)
        print(entry, flush=True)
        with open(os.path.join(self.config["output_dir"], "trainer_state.json"), "w") as f:
            json.dump({"global_step": self.global_step, "max_steps": self.total_steps, "log_history": self.history}, f, indent=1)

    def train(self):
        for epoch in range(self.args["epochs"]):
            self.model.train()
            for words, tags in self.loader(self.train_data, self.args["batch_size"], True):
                loss = F.cross_entropy(self.model(words).flatten(0, 1), tags.flatten())
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.global_step += 1
                rate = self.args["lr"] * (1 - self.global_step / self.total_steps)
                self.optimizer.param_groups[0]["lr"] = rate
                if self.global_step % self.args["log_steps"] == 0:
                    self.log({"loss": loss.item(), "learning_rate": rate, "epoch": self.global_step / self.total_steps * self.args["epochs"]})
            self.log(self.evaluate())
            self.save()

    @torch.inference_mode()
    def evaluate(self):
        self.model.eval()
        all_logits, all_tags = [], []
        for words, tags in self.loader(self.dev_data, self.args["eval_batch_size"], False):
            logits = self.model(words)
            all_logits.append(logits)
            all_tags.append(tags)
        return self.compute_metrics(torch.cat(all_logits), torch.cat(all_tags))

    def compute_metrics(self, logits, tags):
        known = tags != -100
        logits, tags = logits[known], tags[known]
        top5 = logits.topk(5).indices.eq(tags[:, None]).any(-1)
        return {
            "eval_loss": F.cross_entropy(logits, tags).item(),
            "eval_accuracy": logits.argmax(-1).eq(tags).float().mean().item(),
            "eval_top5": top5.float().mean().item(),
        }

    def save(self):
        torch.save(self.model.state_dict(), os.path.join(self.config["output_dir"], "model.pt"))


if __name__ == "__main__":
    with open(sys.argv[1]) as f:
        config = json.load(f)
    os.makedirs(config["output_dir"], exist_ok=True)
    trainer = Trainer(config)
    print(f"***** Running training *****  lines {config['data']['train_lines']}, steps {trainer.total_steps}, "
          f"parameters {sum(p.numel() for p in trainer.model.parameters())}, device {trainer.device}")
    trainer.train()
    if trainer.device.type == "cuda":
        print(f"peak memory {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB")
