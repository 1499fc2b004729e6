import sys
import time

import torch
import torch.nn.functional as F
import yaml

from bertlm import BertForMaskedLM
from ledger import Ledger, mask_words

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}


def length_at(step, curriculum):
    return next(tokens for until, tokens in curriculum if step <= until)


def main(path):
    cfg = yaml.safe_load(open(path))
    print(yaml.safe_dump(cfg, sort_keys=False))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(cfg["seed"])
    generator = torch.Generator().manual_seed(cfg["seed"] + 1)
    ledger = Ledger(**cfg["corpus"])
    model = BertForMaskedLM(cfg["model"], ledger.vocab).to(device)
    optimizer = OPTIMIZERS[cfg["optim"]["type"]](model.parameters(), lr=cfg["optim"]["lr"])
    warmup = cfg["optim"]["warmup"]
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / warmup, (warmup / (s + 1)) ** 0.5))
    if device.type == "cuda":
        print(torch.cuda.get_device_name(), f"{torch.cuda.get_device_properties(0).total_memory / 2**20:.0f} MiB")
    total = cfg["curriculum"][-1][0]
    started, seen = time.perf_counter(), 0
    for step in range(1, total + 1):
        ids = ledger.windows(cfg["batch_size"], length_at(step, cfg["curriculum"]), generator)
        inputs, labels = mask_words(ids, cfg["mask_prob"], generator)
        inputs, labels = inputs.to(device), labels.to(device)
        logits = model(inputs)
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        seen += ids.numel()
        if step % cfg["log_every"] == 0:
            hit = (logits.argmax(-1) == labels)[labels != -100].float().mean().item()
            used = f" mem={torch.cuda.max_memory_allocated() / 2**20:.0f}M" if device.type == "cuda" else ""
            print(f"step {step}/{total} loss={loss.item():.3f} mlm_acc={hit:.3f} lr={scheduler.get_last_lr()[0]:.2e} "
                  f"tok/s={seen / (time.perf_counter() - started):.0f}{used}", flush=True)
    torch.save({"config": cfg, "model": model.state_dict()}, f"{cfg['name']}.pt")


if __name__ == "__main__":
    main(sys.argv[1])
