import json
import logging
import shutil
import sys
from pathlib import Path

import torch
from torch.nn.utils.rnn import pad_sequence

from hivelib.model import DistilEncoder
from hivelib.notes import BOXES, WordIds, notes
from hivelib.trainer import Journal, KeepBest, Patience, Trainer


def tensors(examples, words, max_length):
    ids = pad_sequence([torch.tensor(words(text, max_length)) for text, _ in examples], batch_first=True)
    return ids, torch.tensor([box for _, box in examples])


def main(path="hives.json"):
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(name)s - %(message)s")
    config = json.loads(Path(path).read_text())
    out = Path(config["output_dir"])
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, out / "config.json")
    torch.manual_seed(config["seed"])
    data = config["data"]
    train = notes(data["train"], config["seed"], data["slips"])
    val = notes(data["val"], config["seed"] + 70000, data["slips"])
    words = WordIds([text for text, _ in train])
    log = logging.getLogger("train_hives")
    log.info("%d notes to train on, %d to validate, %d words", len(train), len(val), len(words.words))
    log.info("boxes: %s", ", ".join(f"{box} {sum(label == i for _, label in train)}" for i, box in enumerate(BOXES)))

    model = DistilEncoder(len(words.words), len(BOXES), **config["model"])
    log.info("%d parameters", sum(p.numel() for p in model.parameters()))
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config["optimizer"]]
    optimizer = kind(model.parameters(), lr=config["learning_rate"])
    callbacks = [Journal(out / "history.csv"), KeepBest(), Patience(config["patience"])]
    trainer = Trainer(model, optimizer, config["max_epochs"], config["batch_size"], config["grad_clip"], callbacks)
    length = config["model"]["max_positions"]
    trainer.fit(tensors(train, words, length), tensors(val, words, length))
    torch.save({"config": config, "words": words.words, "model": model.state_dict()}, out / "model.bin")
    log.info("saved to %s", out)


if __name__ == "__main__":
    main(*sys.argv[1:])
