import logging
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import yaml
from torch.utils.data import DataLoader, get_worker_info

from sigs import SOURCE, TARGET, SigLines
from t5 import TinyT5

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname).1s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
log = logging.getLogger(__name__)


def start_worker(worker_id):
    get_worker_info().dataset.prepare(worker_id)


def build_loader(dataset, cfg):
    workers = cfg["workers"]
    options = {}
    if workers:
        options = {"prefetch_factor": cfg["prefetch_factor"], "persistent_workers": cfg["persistent_workers"],
                   "worker_init_fn": start_worker}
    return DataLoader(dataset, cfg["batch_size"], shuffle=True, drop_last=True, num_workers=workers, **options)


def endless(loader):
    while True:
        yield from loader


def main(path):
    cfg = yaml.safe_load(Path(path).read_text())
    out = Path(cfg["output"])
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.yaml").write_text(Path(path).read_text())
    torch.manual_seed(cfg["seed"])
    d = cfg["data"]
    lines = SigLines(d["lines"], cfg["seed"], d["max_fillers"], d["table_entries"], d["unigram_power"])
    loader = build_loader(lines, cfg["loader"])
    log.info("%d sig lines, %d source words, %d target words", len(lines), len(SOURCE), len(TARGET))
    log.info("loader: %s", cfg["loader"])

    model = TinyT5(len(SOURCE), len(TARGET), cfg["model"])
    optimizer = torch.optim.AdamW(model.parameters(), **cfg["optim"])
    log.info("parameters: %d", sum(p.numel() for p in model.parameters()))
    log.info("starting %d steps", cfg["steps"])
    for step, (source, labels) in enumerate(endless(loader), 1):
        logits = model(source, labels)
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % cfg["log_every"] == 0:
            accuracy = (logits.argmax(-1) == labels).float().mean()
            log.info("step %4d  loss %.4f  token accuracy %.3f", step, loss.item(), accuracy)
        if step == cfg["steps"]:
            break
    torch.save({"model": model.state_dict(), "config": cfg["model"]}, out / "t5.pt")
    log.info("saved %s", out / "t5.pt")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "config.yaml")
