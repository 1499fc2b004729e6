"""Mean season return of the learned policy on new weather, beside random watering and the best constant watering."""
import json

import numpy as np
import torch

from orchard import ACTIONS, Orchard
from reinforce import Policy


def mean_return(choose):
    env = Orchard(400, np.random.default_rng(98989))
    obs, over, total = env.reset(), False, 0.0
    while not over:
        obs, reward, over = env.step(choose(obs))
        total += reward.mean()
    return float(total)


saved = torch.load("season.pt")
policy = Policy(saved["hidden"])
policy.load_state_dict(saved["policy"])
rng = np.random.default_rng(4)
with torch.no_grad():
    learned = mean_return(lambda obs: policy(torch.from_numpy(obs))[0].logits.argmax(1).numpy())
chance = mean_return(lambda obs: rng.integers(len(ACTIONS), size=len(obs)))
constant = max(mean_return(lambda obs, k=k: np.full(len(obs), k)) for k in range(len(ACTIONS)))
print(json.dumps({"return": learned, "above_random": learned - chance, "above_best_constant": learned - constant}))
