import argparse
import logging
import time
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F

from departures import Words, announcements
from t5mini import T5Mini

log = logging.getLogger("board")
MIB = 2**20


@dataclass
class Settings:
    batch_size: int = 64
    steps: int = 150
    lr: float = 6e-3
    warmup: int = 15
    weight_decay: float = 0.01
    optimizer: str = "adamw"
    d_model: int = 48
    heads: int = 4
    layers: int = 2
    source_length: int = 24
    target_length: int = 6
    corpus: int = 8000
    log_every: int = 10
    val_every: int = 50
    seed: int = 8


def parse():
    parser = argparse.ArgumentParser(description="Announcements to departure board rows")
    for name, value in asdict(Settings()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return Settings(**vars(parser.parse_args()))


def tensors(pairs, words, s):
    source = torch.tensor([words.encode(a, s.source_length) for a, _ in pairs])
    target = torch.tensor([words.encode(b, s.target_length) for _, b in pairs])
    return source, target


def memory_state(device):
    if device.type != "cuda":
        return ""
    total = torch.cuda.get_device_properties(device).total_memory
    peak, reserved = torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device)
    torch.cuda.reset_peak_memory_stats(device)
    return (f" | mem {peak / MIB:.1f} alloc {reserved / MIB:.0f} reserved of {total / MIB:.0f} MiB "
            f"({100 * reserved / total:.0f}%)")


def exact_rows(model, pairs, words, s, device):
    model.eval()
    source, target = tensors(pairs, words, s)
    right = 0
    for at in range(0, len(pairs), s.batch_size):
        rows = model.generate(source[at:at + s.batch_size].to(device), s.target_length).cpu()
        right += (rows == target[at:at + s.batch_size]).all(1).sum().item()
    model.train()
    return right / len(pairs)


def main():
    s = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    log.info("%s", s)
    torch.manual_seed(s.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pairs = announcements(s.corpus, s.seed)
    val = announcements(256, s.seed + 5000)
    words = Words(pairs)
    source, target = tensors(pairs, words, s)
    model = T5Mini(len(words), s.d_model, s.heads, 2 * s.d_model, s.layers).to(device)
    log.info("device %s, %d words, %.1fk parameters", torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
             len(words), sum(p.numel() for p in model.parameters()) / 1000)
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[s.optimizer]
    optimizer = kind(model.parameters(), lr=s.lr, weight_decay=s.weight_decay if s.optimizer == "adamw" else 0.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: min((i + 1) / s.warmup, max(0.05, (s.steps - i) / (s.steps - s.warmup))))

    began = time.time()
    for step in range(1, s.steps + 1):
        pick = torch.randint(len(source), (s.batch_size,))
        batch, rows = source[pick].to(device), target[pick].to(device)
        logits = model(batch, rows)
        loss = F.cross_entropy(logits.flatten(0, 1), rows.flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        if step == 1 or step % s.log_every == 0:
            log.info("%4d/%d loss %.4f gnorm %.2f lr %.1e %.0f ms/step%s", step, s.steps, loss.item(), norm.item(),
                     scheduler.get_last_lr()[0], 1000 * (time.time() - began) / step, memory_state(device))
        if step % s.val_every == 0:
            log.info("%4d/%d val rows right %.3f", step, s.steps, exact_rows(model, val, words, s, device))
    torch.save({"settings": asdict(s), "words": words.words, "model": model.state_dict()}, "board.pt")
    for said, row in val[:3]:
        ids = torch.tensor([words.encode(said, s.source_length)], device=device)
        log.info("%s -> %s", " ".join(said), " ".join(words.decode(model.generate(ids, s.target_length)[0].tolist())))


if __name__ == "__main__":
    main()
