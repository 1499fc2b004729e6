import json

import torch

from language_model import StitchLSTM, perplexity
from stitches import STITCHES, charts, columns

saved = torch.load("results/model.pt")
c = saved["config"]
model = StitchLSTM(len(STITCHES), c["embed"], c["hidden"], c["layers"], c["dropout"])
model.load_state_dict(saved["model"])
fresh = torch.from_numpy(columns(charts(8000, 55_000_017), 20))
print(json.dumps({"perplexity": perplexity(model, fresh)}))
