import json

import numpy as np
import torch

from coil.model import CoilLM

LETTERS = "ARNDCQEGHILKMFPSTWYV"
HEPTAD = ("LIVA", "EKQR", "KEAS", "LAIM", "EKQD", "QSKN", "KREA")
table = np.full((7, 20), 0.08 / 20)
for row, favourites in zip(table, HEPTAD):
    for residue, share in zip(favourites, (0.5, 0.22, 0.12, 0.08)):
        row[LETTERS.index(residue)] += share
rng = np.random.default_rng(55021)
register = (rng.integers(0, 7, (400, 1)) + np.arange(42)) % 7
ids = (rng.random((400, 42, 1)) > table.cumsum(1)[register]).sum(-1).clip(0, 19)

saved = torch.load("work/coil.pt")
model = CoilLM(**saved["shape"])
model.load_state_dict(saved["weights"])
model.eval()
x = torch.from_numpy(ids)
with torch.no_grad():
    logp = torch.log_softmax(model(x[:, :-1]), -1)
nll = -logp.gather(2, x[:, 1:, None]).squeeze(2).mean(0)
# The register is known after a dozen residues; from there the table's own entropy is the floor.
floor = -(table * np.log(table)).sum(1).mean()
print(json.dumps({"late_excess_nats": nll[14:].mean().item() - float(floor)}))
