"""Reinforcement learning and latent codes: rewards, completions, entropy, divergence, value function."""

import math

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.robust import edge, end_level, noise, running_median, start_level, trend
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number, percent, plural, times

_REWARD = ("ep_rew_mean", "reward", "episodic_return", "episode_return", "episode_reward_mean",
    "episode_return_mean", "mean_reward",
           "rewards/mean", "reward_mean", "score/mean", "episode_reward", "mean_return", "avg_return", "average_return",
           "ep_ret", "avg_ep_ret", "averageepret", "return_mean", "ep_return", "episode_return_avg", "avg_reward",
           "average_reward", "eval_return", "mean_episode_reward", "return", "returns", "episode_rewards",
           "total_reward", "mean_score", "episode_score")  # fmt: skip
_KL_STEP = ("approx_kl", "approxkl", "old_approx_kl", "ppo_kl", "mean_kl")
# The canonical "kl" stands for both; what is not one of the names above is measured against the reference.
_KL_REFERENCE = ("kl", "kl_divergence", "kl_mean")
_ENTROPY = ("entropy", "policy_entropy", "token_entropy", "mean_entropy", "codebook_entropy", "entropy_mean")
_CODES = ("codebook_perplexity", "code_perplexity", "vq_perplexity", "codebook_usage", "active_codes", "code_usage")
# Most groups without any difference in reward: nothing is learned from them (GRPO advantages are then all 0).
SAME_REWARD = 0.5
CLIPPED = 0.95
# The scale of loss_improving: a twentieth of the level is just an improvement, half is one beyond doubt; two thirds of
# the way to the best (the luckiest of many noisy levels) are still there at the end, and it is more than four errors of
# the levels it is measured between.
BETTER, BETTER_SURE, KEPT, ERRORS = 0.05, 0.5, 0.65, 4.0
# A tenth of the starting entropy for a policy; a language model's token entropy falls to a twentieth in plain training.
COLLAPSED, COLLAPSED_TOKENS = 0.1, 0.02
# Divergence per update: Spinning Up stops PPO epochs at 1.5 x 0.01; ten times that. To a reference model: TRL's
# adaptive controller aims at 6 nats; above 10 the policy has left it.
KL_STEP_HIGH, KL_REFERENCE_HIGH = 0.15, 10.0
UNEXPLAINED = 0.05


def measure(run: RunRecord, task: Task) -> list[Signal]:
    found = [_reward_flat(run), _completions(run), _entropy(run, task), _codes(run)]
    if task.policy:
        found += [_divergence(run), _value_function(run), _improving(run)]
    else:
        found.append(_posterior(run))
    return [signal for signal in found if signal]


def _find(run: RunRecord, names: tuple[str, ...]) -> Curve | None:
    """The best series whose raw or canonical name is one of `names`, with or without a prefix ("rollout/kl")."""
    found = (s for s in run.series if any(_is_named(n, name) for name in names for n in (s.name, s.raw_name.lower())))
    series = chosen(found)
    curve = Curve.of(series) if series else None
    return curve if curve is not None and len(curve) >= 3 else None


def _is_named(given: str, name: str) -> bool:
    return given == name or given.endswith("/" + name)


def _late(curve: Curve) -> Curve:
    return curve.slice(len(curve) // 2)


def _reward_flat(run: RunRecord) -> Signal | None:
    return _same_in_groups(run) or _no_deviation(run) or _constant_reward(run)


def _same_in_groups(run: RunRecord) -> Signal | None:
    share = _find(run, ("frac_reward_zero_std",))
    level = float(np.median(_late(share).values)) if share is not None else 0.0
    if share is None or level <= SAME_REWARD:
        return None
    return Signal(
        name="reward_flat",
        text=f"All completions of a prompt get the same reward in {percent(level)} of the groups"
        f" ({share.series.raw_name}, median"
        f" from {_late(share).place(0)} on): their advantages are 0.",
        value=level,
        step=share.step(int(np.argmax(share.values > SAME_REWARD))),
        strength=graded(level, SAME_REWARD, 0.95),
        spans=(_late(share).span(0, -1),),
        values={"share": level, "kind": "groups"},
    )


def _no_deviation(run: RunRecord) -> Signal | None:
    deviation = _find(run, ("reward_std", "rewards/std"))
    if deviation is None or float(np.median(_late(deviation).values)) > 0.0:
        return None
    return Signal(
        name="reward_flat",
        text=f"The reward has standard deviation 0 at most of the {plural(len(deviation), 'logged point')}"
        f" ({deviation.series.raw_name}).",
        value=0.0,
        step=deviation.step(int(np.argmax(deviation.values == 0.0))),
        strength=0.9,
        spans=(_late(deviation).span(0, -1),),
        values={"share": float(np.mean(deviation.values == 0.0)), "kind": "deviation"},
    )


def _constant_reward(run: RunRecord) -> Signal | None:
    reward = _find(run, _REWARD)
    # Five equal means of many episodes in every digit are no chance.
    if reward is None or len(reward) < 5 or len(np.unique(reward.values)) > 1:
        return None
    return Signal(
        name="reward_flat",
        text=f"The reward is {number(float(reward.values[0]))} at all {plural(len(reward), 'logged point')}"
        f" ({reward.series.raw_name}).",
        value=float(reward.values[0]),
        step=reward.step(0),
        # A task that is solved every time gives its full reward every time; one that never is gives 0 or less.
        strength=0.4 if reward.values[0] > 0.0 else 1.0,
        spans=(reward.span(0, -1),),
        values={"level": float(reward.values[0]), "kind": "constant"},
    )


def _improving(run: RunRecord) -> Signal | None:
    """The reward rises and keeps what it gained: the one proof that a policy learns (its loss has no direction)."""
    reward = _find(run, _REWARD)
    if reward is None or len(reward) < 8 or trend(reward.values) < 0:
        return None
    start, end = start_level(reward.values), end_level(reward.values)
    # A reward that rose early and stays has no trend over most of its points.
    if trend(reward.values) == 0 and float(np.quantile(_late(reward).values, 0.1)) <= start:
        return None
    best = float(running_median(reward.values, max(3, len(reward) // 10)).max())
    error = 1.25 * noise(reward.values) / math.sqrt(edge(len(reward)))
    share = (end - start) / max(abs(start), abs(end), 1e-12)
    if share < BETTER or end - start < KEPT * (best - start) or end - start <= ERRORS * error:
        return None
    return Signal(
        name="reward_improving",
        text=f"The reward ({reward.series.raw_name}) rises from a level of {number(start)} to {number(end)} between"
        f" {reward.place(0)} and {reward.place(-1)}.",
        value=share,
        strength=graded(share, BETTER, BETTER_SURE),
        spans=(reward.span(0, -1),),
        values={"metric": reward.series.raw_name, "first": start, "last": end, "best": best, "improvement": share,
                "points": len(reward), "step_kind": reward.series.step_kind},
    )  # fmt: skip


def _completions(run: RunRecord) -> Signal | None:
    share = _find(run, ("completions/clipped_ratio", "clipped_ratio", "response_length/clip_ratio"))
    level = float(np.median(_late(share).values)) if share is not None else 0.0
    if share is None or level < CLIPPED:
        return None
    return Signal(
        name="completions_clipped",
        text=f"{percent(level)} of the completions reach the length limit (median from {_late(share).place(0)} on):"
        f" they never end.",
        value=level,
        step=share.step(0),
        strength=graded(level, CLIPPED, 1.0),
        spans=(_late(share).span(0, -1),),
        values={"share": level},
    )


def _entropy(run: RunRecord, task: Task) -> Signal | None:
    """Stable-Baselines3 logs the loss term: entropy with a minus sign."""
    curve = _find(run, _ENTROPY)
    negated = _find(run, ("entropy_loss",)) if curve is None else None
    if negated is not None:
        curve = Curve(negated.series, negated.steps, -negated.values, negated.index)
    if curve is None or len(curve) < 5:
        return None
    start, end = start_level(curve.values), end_level(curve.values)
    if start <= 0 or end > (COLLAPSED if task.policy else COLLAPSED_TOKENS) * start:
        return None
    reward = _find(run, _REWARD)
    # A policy that became certain because it is right has a rising reward.
    earned = reward is not None and (trend(reward.values) > 0 or end_level(reward.values) > start_level(reward.values))
    earned = earned and reward is not None and trend(reward.values) >= 0
    return _fall("entropy_collapse", "Entropy", curve, 0.2 if earned else graded(start / max(end, 1e-12), 10.0, 100.0))


def _codes(run: RunRecord) -> Signal | None:
    curve = _find(run, _CODES)
    if curve is None or len(curve) < 4:
        return None
    start, end = start_level(curve.values), end_level(curve.values)
    # A perplexity of 2 is two codes in use; usage shares fall in proportion.
    counts = "usage" not in curve.series.name
    collapsed = end <= 2.0 if counts else end <= COLLAPSED * max(start, 1e-12)
    return _fall("entropy_collapse", "Use of the codebook", curve, 0.9) if collapsed else None


def _fall(name: str, what: str, curve: Curve, strength: float) -> Signal:
    start, end = start_level(curve.values), end_level(curve.values)
    low = curve.values <= (start + end) / 2
    onset = int(np.argmax(low))
    return Signal(
        name=name,
        text=f"{what} ({curve.series.raw_name}) falls from a level of {number(start)} to {number(end)} by"
        f" {curve.place(-1)}.",
        value=end,
        step=curve.step(onset),
        strength=strength,
        spans=(curve.span(0), curve.span(-1)),
        values={"first": start, "last": end, "onset_step": curve.step(onset), "step_kind": curve.series.step_kind},
    )


def _divergence(run: RunRecord) -> Signal | None:
    per_update = _find(run, _KL_STEP)
    if per_update is not None:
        return _beyond(per_update, KL_STEP_HIGH)
    return _beyond(_find(run, _KL_REFERENCE), KL_REFERENCE_HIGH)


def _beyond(curve: Curve | None, limit: float) -> Signal | None:
    """The last third lies above the limit and above the start."""
    if curve is None or len(curve) < 4:
        return None
    late = curve.slice(2 * len(curve) // 3)
    level, start = float(np.median(late.values)), start_level(curve.values)
    if level <= limit or level <= 2.0 * start:
        return None
    onset = int(np.argmax(curve.values > limit))
    growth = f", {times(level / start)} its start of {number(start)}" if start > 0 else ""
    return Signal(
        name="kl_runaway",
        text=f"KL divergence ({curve.series.raw_name}) reaches {number(level)} by {late.place(-1)}{growth} (usual"
        f" limit {number(limit)}).",
        value=level,
        step=curve.step(onset),
        strength=graded(level / limit, 1.0, 10.0),
        spans=(curve.span(0), late.span(0, -1)),
        values={"first": start, "last": level, "limit": limit, "onset_step": curve.step(onset),
                "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _value_function(run: RunRecord) -> Signal | None:
    curve = _find(run, ("explained_variance", "vf_explained_var"))
    if curve is None or len(curve) < 6:
        return None
    late = curve.slice(2 * len(curve) // 3)
    level = float(np.median(late.values))
    if level > UNEXPLAINED:
        return None
    return Signal(
        name="explained_variance_low",
        text=f"The value function explains {number(level)} of the variance of the returns from {late.place(0)} to"
        f" {late.place(-1)} (1 is perfect, 0 is a constant).",
        value=level,
        step=late.step(0),
        strength=0.6 if level > -0.5 else 0.9,
        spans=(late.span(0, -1),),
        values={"level": level, "points": len(curve)},
    )


def _posterior(run: RunRecord) -> Signal | None:
    """The KL term of a variational model falls to nearly nothing: the decoder ignores its latent code."""
    curve = _find(run, ("kl_loss", "kld", "kl", "kld_loss", "loss_kl", "kl_term"))
    reconstruction = _find(run, ("recon_loss", "reconstruction_loss", "loss_recon", "rec_loss", "recon"))
    if curve is None or reconstruction is None or len(curve) < 5:
        return None
    start, end = float(curve.values.max()), end_level(curve.values)
    # A hundredth of a nat carries no information about any sample. Means over pixels or dimensions are as small for
    # healthy models, but rise as the code is put to use.
    if end > 0.01 or end > 0.1 * start or trend(curve.values) > 0:
        return None
    return _fall("kl_vanishing", "The KL term", curve, 0.9 if start >= 0.1 else 0.7)
