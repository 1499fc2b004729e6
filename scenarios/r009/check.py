import json
import random

import torch

from s4d import SessionSSM
from sessions import EVENTS, session

saved = torch.load("session_ssm.pt", weights_only=True)
model = SessionSSM(EVENTS, saved["dim"], saved["layers"])
model.load_state_dict(saved["weights"])
model.eval()
rng, hits, n = random.Random(313131), 0, 240
with torch.no_grad():
    for k in range(n):
        buys = k % 2
        events = session(rng, bool(buys), rng.randint(20, 220))
        out = model(torch.tensor([events]), torch.tensor([len(events)]))
        hits += int((out.item() > 0) == bool(buys))
print(json.dumps({"accuracy": hits / n}))
