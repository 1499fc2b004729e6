"""Reads call signs aloud (well, writes what one would say)."""
import logging
from dataclasses import asdict, dataclass

import torch
from torch import nn
from tqdm import tqdm

from exchange import CHARACTERS, WORDS, pairs, to_ids

logging.basicConfig(level=logging.INFO, format="[%(levelname)s] %(message)s")
logger = logging.getLogger(__name__)


@dataclass
class Config:
    train_size: int = 1500
    valid_size: int = 200
    source_length: int = 12
    # the longest contest exchange in the collection, read out in full
    target_length: int = 48
    d_model: int = 48
    heads: int = 4
    encoder_layers: int = 1
    decoder_layers: int = 1
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    batch_size: int = 32
    max_epochs: int = 7
    stop_at: float = 0.9  # token accuracy that is good enough for the desk
    seed: int = 4
    checkpoint: str = "speaker.pt"


class Speaker(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.characters = nn.Embedding(len(CHARACTERS), cfg.d_model, padding_idx=0)
        self.words = nn.Embedding(len(WORDS), cfg.d_model, padding_idx=0)
        self.places = nn.Embedding(max(cfg.source_length, cfg.target_length), cfg.d_model)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(cfg.d_model, cfg.heads, 2 * cfg.d_model, 0.0, batch_first=True),
            cfg.encoder_layers,
        )
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(cfg.d_model, cfg.heads, 2 * cfg.d_model, 0.0, batch_first=True),
            cfg.decoder_layers,
        )
        self.output = nn.Linear(cfg.d_model, len(WORDS))

    def place(self, embedded):
        return embedded + self.places.weight[: embedded.shape[1]]

    def forward(self, source, target):
        hidden = source == 0
        memory = self.encoder(self.place(self.characters(source)), src_key_padding_mask=hidden)
        causal = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
        decoded = self.decoder(
            self.place(self.words(target)), memory, tgt_mask=causal, memory_key_padding_mask=hidden
        )
        return self.output(decoded)

    @torch.no_grad()
    def say(self, source, length=12):
        said = torch.ones(len(source), 1, dtype=torch.long)
        for _ in range(length):
            said = torch.cat([said, self(source, said)[:, -1:].argmax(-1)], 1)
        return said[:, 1:]


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        optimizers = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
        self.optimizer = optimizers[cfg.optimizer](model.parameters(), lr=cfg.learning_rate)
        self.criterion = nn.CrossEntropyLoss()
        self.updates = 0

    def tensors(self, rows):
        source = torch.tensor([to_ids(sign, CHARACTERS, self.cfg.source_length) for sign, _ in rows])
        target = torch.tensor([to_ids(words, WORDS, self.cfg.target_length) for _, words in rows])
        return source, target

    def loss(self, source, target):
        logits = self.model(source, target[:, :-1])
        labels = target[:, 1:]
        loss = self.criterion(logits.flatten(0, 1), labels.flatten())
        return loss, (logits.argmax(-1) == labels).float().mean()

    def epoch(self, source, target, number):
        self.model.train()
        bar = tqdm(torch.randperm(len(source)).split(self.cfg.batch_size), desc=f"epoch {number}", mininterval=2.0)
        for rows in bar:
            loss, accuracy = self.loss(source[rows], target[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.updates += 1
            if self.updates % 10 == 0:
                logger.info("update %4d  loss %.4f  token accuracy %.3f", self.updates, loss, accuracy)

    @torch.no_grad()
    def validate(self, source, target):
        self.model.eval()
        loss, accuracy = self.loss(source, target)
        return loss.item(), accuracy.item()

    def fit(self, train, valid):
        for number in range(1, self.cfg.max_epochs + 1):
            self.epoch(*train, number)
            loss, accuracy = self.validate(*valid)
            logger.info("epoch %d  valid loss %.4f  valid token accuracy %.4f", number, loss, accuracy)
            if accuracy >= self.cfg.stop_at:
                logger.info("token accuracy %.4f reached after %d updates, done", accuracy, self.updates)
                break


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    logger.info("%s", asdict(cfg))
    model = Speaker(cfg)
    trainer = Trainer(model, cfg)
    train = trainer.tensors(pairs(cfg.train_size, cfg.seed))
    test_rows = pairs(cfg.valid_size, cfg.seed + 10_000)
    valid = trainer.tensors(test_rows)
    logger.info("%d training pairs, mean target length %.1f words", len(train[0]), (train[1] > 2).sum(1).float().mean())
    logger.info("%d weights", sum(p.numel() for p in model.parameters()))
    trainer.fit(train, valid)
    torch.save({"config": asdict(cfg), "model": model.state_dict()}, cfg.checkpoint)

    for (sign, _), ids in zip(test_rows[:5], model.eval().say(valid[0][:5]).tolist()):
        print(f"{sign:8s} ->", " ".join(WORDS[i] for i in ids if i > 2) or "-")


if __name__ == "__main__":
    main()
