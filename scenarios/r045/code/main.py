import itertools
import sys

import torch
import yaml

from twinning.data import KINDS, grains
from twinning.module import Runner, TwinModule


def endless(size, generator, **kw):
    while True:
        yield grains(size, generator, **kw)


if __name__ == "__main__":
    hparams = yaml.safe_load(open(sys.argv[1] if len(sys.argv) > 1 else "run.yaml"))
    torch.manual_seed(hparams["seed"])
    data = hparams["data"]
    stream = endless(data["batch_size"], torch.Generator().manual_seed(hparams["seed"]), grain_noise=data["grain_noise"])
    held_out = endless(100, torch.Generator().manual_seed(hparams["seed"] + 1000), grain_noise=data["grain_noise"])
    val = list(itertools.islice(held_out, data["val_batches"]))

    module = TwinModule(hparams)
    print(f"ViT with {sum(p.numel() for p in module.parameters()) / 1000:.1f} k weights on {len(KINDS)} kinds: {', '.join(KINDS)}")
    runner = Runner(out=hparams["out"], **hparams["runner"])
    runner.fit(module, stream, val)
    with open(f"{hparams['out']}/hparams.yaml", "w") as f:
        yaml.safe_dump(hparams, f, sort_keys=False)
