import json

import torch

from encoder import DistilEncoder
from finetune import Config
from tickets import CREWS, WordIds, quarter

saved = torch.load("crew.pt")
cfg = Config(**saved["config"])
words = WordIds(saved["words"])
model = DistilEncoder(cfg, len(CREWS))
model.load_state_dict(saved["model"])
model.eval()
fresh = quarter(600, 77_000_001)
rows = [words.encode_known(text, cfg.max_length) for text, _ in fresh]
with torch.no_grad():
    guess = model(torch.tensor(rows)).argmax(1)
truth = torch.tensor([crew for _, crew in fresh])
recalls = [(guess[truth == c] == c).float().mean().item() for c in range(len(CREWS))]
print(json.dumps({"accuracy": (guess == truth).float().mean().item(), "lowest_recall": min(recalls)}))
