"""Alert F1 of the saved network on sessions that no run has drawn."""
import json

import torch
from sessions import make_sessions
from train import AlertNet

saved = torch.load("alertnet.pt", weights_only=False)
x, y = make_sessions(8000, 90210)
model = AlertNet(x.shape[1], saved["hidden"])
model.load_state_dict(saved["model"])
model.eval()
with torch.no_grad():
    score = model(torch.from_numpy((x - saved["mean"]) / saved["std"]))
# A network that returns logits has them on both sides of zero; probabilities lie between 0 and 1.
alert = (score > 0 if score.min() < 0 or score.max() > 1 else score > 0.5).float()
y = torch.from_numpy(y)
hits = (alert * y).sum().item()
finite = float(all(torch.isfinite(value).all() for value in saved["model"].values()))
print(json.dumps({"finite_weights": finite, "f1": 2 * hits / max(alert.sum().item() + y.sum().item(), 1.0)}))
