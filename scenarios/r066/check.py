import json

import torch
import torch.nn.functional as F

from module import RemarkMLM
from remarks import Remarks

saved = torch.load("last.ckpt", weights_only=True)
module = RemarkMLM(**saved["hparams"])
module.load_state_dict(saved["state_dict"])
module.eval()
fresh = Remarks(200, 818283)
with torch.no_grad():
    loss = F.cross_entropy(module.net(fresh.ids).flatten(0, 1), fresh.labels.flatten())
rows = [line.split(",") for line in open("metrics.csv").read().split()[1:]]
validations = [float(row[4]) for row in rows if row[4]]
print(json.dumps({"nll": loss.item(), "validations": len(validations), "reported_difference": abs(validations[-1] - loss.item())}))
