"""Settings of the optimizer and of the regularisation that lie far outside what is usual.

A number in a configuration says nothing about whether it took effect: beside a loss that came down well each of these
is only a mark.
"""

from collections.abc import Iterator

from misrun.tools.readers.run_record import AUTHORITY, ConfigValue, RunRecord
from misrun.tools.signals.learning_rate import learned_well, optimizer_family
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import numeric
from misrun.tools.signals.wording import number

# L2 in the gradient: 5e-4 is usual for SGD (He et al. 2016), 1e-5 to 1e-3 for Adam; AdamW decays by rate times decay
# and takes 0.01 to 0.3 (Loshchilov & Hutter 2019; Steiner et al. 2022, table 3). Just high is a hundred (SGD, Adam) or
# twice (AdamW) the usual top; thirty times that is beyond doubt.
_DECAYS = {"sgd": 0.05, "adam": 0.05, "rmsprop": 0.05, "adagrad": 0.05}
_DECOUPLED = 0.6
_DECAY_SURE = 30.0
_DECAY_NAMES = ("weight_decay", "wd", "weight_decay_rate", "l2_reg", "l2_penalty", "l2_lambda", "l2_weight")
# A sum over thousands of weights of about 0.1 is in the hundreds: 0.02 of it outweighs a loss of order 1.
_PENALTY = 0.02
_PENALTY_NAMES = (
    "lambda_l1", "l1_lambda", "l1_reg", "l1_weight", "l1_penalty", "lambda_l2", "lambda_reg", "reg_lambda",
)  # fmt: skip
# Srivastava et al. 2014 keep half and more of the hidden units; 0.75 drops three of four, 0.9 nine of ten.
_DROPOUT, _DROPOUT_SURE = 0.75, 0.9
_DROPOUT_NAMES = (
    "dropout", "dropout_rate", "dropout_p", "dropout_prob", "hidden_dropout_prob", "hidden_dropout", "drop_rate",
    "p_drop", "drop_prob", "attention_dropout", "attention_probs_dropout_prob", "attn_dropout", "resid_pdrop",
    "embd_pdrop", "attn_pdrop", "emb_dropout", "embedding_dropout", "resid_dropout", "ff_dropout", "input_dropout",
)  # fmt: skip
# Adam's eps is 1e-8 by its paper; values to 1e-3 stand in published recipes, 1e-2 is as large as usual gradients.
_EPS, _EPS_SURE = 1e-2, 1.0
_EPS_NAMES = ("eps", "epsilon", "adam_epsilon", "adam_eps", "optimizer_eps")
# Momentum 0.99 averages over 100 steps (nnU-Net trains so); nine times that hardly forgets within an epoch.
_MOMENTUM, _MOMENTUM_SURE = 0.991, 0.999
# beta1 0.9 averages over 10 steps; 0.97 over 33.
_SLOW = 0.97


def measure(run: RunRecord) -> list[Signal]:
    suits = learned_well(run)
    found = [_decay(run) or _penalty(run), _dropout(run), *_optimizer(run)]
    return [s.model_copy(update={"strength": 0.4}) if suits else s for s in found if s]


def _told(name: str, setting: ConfigValue, text: str, value: float, strength: float) -> Signal:
    return Signal(
        name=name, text=text, value=value, strength=strength, spans=(setting.span,), values={setting.name: value}
    )


def settings_named(run: RunRecord, names: tuple[str, ...]) -> Iterator[ConfigValue]:
    """Settings with a number under one of the names, spelled in any case and with hyphens, the nearest to the running
    program first; a default that the run overrode does not count."""
    found: dict[str, ConfigValue] = {}
    for setting in sorted(run.config, key=lambda value: AUTHORITY.get(value.origin, 1)):
        last = setting.name.rsplit(".", 1)[-1].lower().replace("-", "_")
        if last in names and numeric(setting) is not None:
            found.setdefault(last, setting)
    yield from found.values()


def _largest(run: RunRecord, names: tuple[str, ...]) -> tuple[ConfigValue, float] | None:
    found = [(setting, numeric(setting) or 0.0) for setting in settings_named(run, names)]
    return max(found, key=lambda pair: pair[1], default=None)


def _decoupled(run: RunRecord) -> bool:
    """Whether an optimizer is named that multiplies the decay by the learning rate."""
    names = ("adamw", "lion", "adafactor", "lamb", "sgdw")
    return any(any(n in f"{value.name} {value.value}".lower() for n in names) for value in run.config)


def _decay(run: RunRecord) -> Signal | None:
    family, found = optimizer_family(run), _largest(run, _DECAY_NAMES)
    if found is None:
        return None
    setting, decay = found
    limit = _DECOUPLED if family is None or _decoupled(run) else _DECAYS.get(family, _DECOUPLED)
    if decay < limit:
        return None
    text = (
        f"{setting.name} = {number(decay)} is above {number(limit)}: the penalty pulls every weight to 0 at each step"
        f" ({family or 'optimizer not known'})."
    )
    return _told("weight_decay_high", setting, text, decay, graded(decay / limit, 1.0, _DECAY_SURE))


def _penalty(run: RunRecord) -> Signal | None:
    """The weight of a norm of all weights that the program adds to its loss."""
    found = _largest(run, _PENALTY_NAMES)
    if found is None or found[1] < _PENALTY:
        return None
    setting, weight = found
    text = f"{setting.name} = {number(weight)} times a norm of the weights is added to the loss (usual: 1e-6 to 1e-3)."
    return _told("weight_decay_high", setting, text, weight, graded(weight / _PENALTY, 1.0, 10.0))


def _dropout(run: RunRecord) -> Signal | None:
    found = _largest(run, _DROPOUT_NAMES)
    if found is None or not _DROPOUT <= found[1] <= 1.0:
        return None
    setting, share = found
    text = f"{setting.name} = {number(share)} removes that share of the units at every step; half is the most in use."
    return _told("dropout_high", setting, text, share, graded(share, _DROPOUT, _DROPOUT_SURE))


def _optimizer(run: RunRecord) -> list[Signal | None]:
    family = optimizer_family(run)
    if family == "adam":
        return [_eps(run), _beta(run)]
    return [_momentum(run)] if family == "sgd" else []


def _eps(run: RunRecord) -> Signal | None:
    owned = (s for s in settings_named(run, _EPS_NAMES) if not _of_layer(s))
    found = max(((s, numeric(s) or 0.0) for s in owned), key=lambda pair: pair[1], default=None)
    if found is None or found[1] < _EPS:
        return None
    setting, eps = found
    text = (
        f"{setting.name} = {number(eps)} is added to the root of Adam's second moment (1e-8 by default): below that"
        " size gradients are scaled up no more."
    )
    return _told("optimizer_unusual", setting, text, eps, graded(eps, _EPS, _EPS_SURE))


def _of_layer(setting: ConfigValue) -> bool:
    """The eps of a normalisation, of exploration (epsilon-greedy) or of an attack stands under the same name."""
    name = setting.name.lower()
    owner = name.rsplit(".", 1)[0] if "." in name else ""
    return name.rsplit(".", 1)[-1] in ("eps", "epsilon") and "adam" not in owner and "opt" not in owner


def _beta(run: RunRecord) -> Signal | None:
    pair = next((v for v in run.config if v.name.rsplit(".", 1)[-1].lower() in ("betas", "adam_betas")), None)
    if pair is not None and isinstance(pair.value, tuple) and len(pair.value) == 2:
        first, second = (v if isinstance(v, int | float) else None for v in pair.value)
        return _betas(pair, first, second)
    one = _largest(run, ("beta1", "adam_beta1", "beta_1"))
    two = _largest(run, ("beta2", "adam_beta2", "beta_2"))
    return _betas(one[0], one[1], two[1] if two else None) if one else None


def _betas(setting: ConfigValue, first: float | None, second: float | None) -> Signal | None:
    if first is None:
        return None
    if second is not None and second < first - 0.05:
        text = f"{setting.name}: {number(first)} and {number(second)} look swapped: the second is the slower average."
        return _told("optimizer_unusual", setting, text, first, 0.9)
    if first < _SLOW:
        return None
    steps = 1.0 / max(1.0 - first, 1e-6)
    text = f"{setting.name}: the first moment averages over {number(steps)} steps (10 by default)."
    return _told("optimizer_unusual", setting, text, first, graded((1 - _SLOW) * steps, 1.0, 3.0))


def _momentum(run: RunRecord) -> Signal | None:
    """Only what is the optimizer's by its place: batch normalisation and moving averages have a momentum too."""
    found = [(s, m) for s in settings_named(run, ("momentum", "sgd_momentum")) if (m := numeric(s)) is not None]
    setting, momentum = max(found, key=lambda pair: pair[1], default=(None, 0.0))
    if setting is None or not _MOMENTUM <= momentum < 1.0:
        return None
    steps = 1.0 / (1.0 - momentum)
    text = f"{setting.name} = {number(momentum)} averages over {number(steps)} steps (10 by custom)."
    sure = (1 - _MOMENTUM) / (1 - _MOMENTUM_SURE)
    return _told("optimizer_unusual", setting, text, momentum, graded((1 - _MOMENTUM) * steps, 1.0, sure))
