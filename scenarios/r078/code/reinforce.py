"""REINFORCE with a learned baseline.

    python reinforce.py --name season --updates 170
"""
import argparse
import csv

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

from orchard import ACTIONS, Orchard


class Policy(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.act = nn.Linear(hidden, len(ACTIONS))
        self.worth = nn.Linear(hidden, 1)
        nn.init.zeros_(self.act.weight)

    def forward(self, obs):
        h = self.body(obs)
        return Categorical(logits=self.act(h)), self.worth(h).squeeze(-1)


def season(policy, env):
    """Play one season; per day: log-probability, value, entropy, reward, each (blocks,)."""
    obs, over, days = env.reset(), False, []
    while not over:
        dist, value = policy(torch.from_numpy(obs))
        action = dist.sample()
        obs, reward, over = env.step(action.numpy())
        days.append((dist.log_prob(action), value, dist.entropy(), torch.from_numpy(reward).float()))
    return [torch.stack(part) for part in zip(*days)]


def returns_to_go(reward, gamma):
    out, running = torch.zeros_like(reward), torch.zeros_like(reward[0])
    for t in range(len(reward) - 1, -1, -1):
        running = reward[t] + gamma * running
        out[t] = running
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--name", default="season")
    ap.add_argument("--updates", type=int, default=170)
    ap.add_argument("--blocks", type=int, default=4, help="orchard blocks per update")
    ap.add_argument("--hidden", type=int, default=32)
    ap.add_argument("--lr", type=float, default=4e-3)
    ap.add_argument("--gamma", type=float, default=0.95)
    ap.add_argument("--entropy", type=float, default=0.005)
    ap.add_argument("--value-weight", type=float, default=0.5)
    ap.add_argument("--seed", type=int, default=5)
    args = ap.parse_args()

    torch.manual_seed(args.seed)
    env = Orchard(args.blocks, np.random.default_rng(args.seed))
    policy = Policy(args.hidden)
    optimizer = torch.optim.Adam(policy.parameters(), lr=args.lr)
    progress = open(f"{args.name}_progress.csv", "w", newline="")
    table = csv.writer(progress)
    table.writerow(["update", "return", "return_min", "return_max", "policy_loss", "value_loss", "entropy", "grad_norm"])

    for update in range(1, args.updates + 1):
        log_prob, value, entropy, reward = season(policy, env)
        target = returns_to_go(reward, args.gamma)
        advantage = target - value.detach()
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        policy_loss = -(log_prob * advantage).mean()
        value_loss = nn.functional.smooth_l1_loss(value, target)
        loss = policy_loss + args.value_weight * value_loss - args.entropy * entropy.mean()
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(policy.parameters(), 5.0)
        optimizer.step()

        total = reward.sum(0)
        table.writerow([update] + [f"{v:.4f}" for v in (total.mean(), total.min(), total.max(), policy_loss.item(),
                                                        value_loss.item(), entropy.mean().item(), norm.item())])
        if update % 5 == 0:
            print(f"update {update:3d} | return {total.mean():8.2f} (min {total.min():8.2f}, max {total.max():7.2f}) | "
                  f"pi {policy_loss.item():+.4f} | v {value_loss.item():.3f} | H {entropy.mean().item():.3f}")
    progress.close()
    torch.save({"policy": policy.state_dict(), "hidden": args.hidden}, f"{args.name}.pt")


if __name__ == "__main__":
    main()
