import json

import torch

from model import Transcriber
from strands import BOS, N_SRC, N_TGT, PAD, tensors

saved = torch.load("exp/model.pt", weights_only=True)
model = Transcriber(N_SRC, N_TGT, saved["d_model"], layers=saved["layers"])
model.load_state_dict(saved["model"])
model.eval()
src, tgt = tensors(100, seed=880031)
gold = tgt[:, 1:]
own = model.greedy(src, BOS, gold.size(1))
real = gold.ne(PAD)
print(json.dumps({"token_accuracy": (own == gold)[real].float().mean().item()}))
