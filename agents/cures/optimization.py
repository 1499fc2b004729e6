"""Cures and measurements for the optimization modes."""

# ruff: noqa: E501 - a template reads best on one line

from misrun.agents.cures.cure import DIRECT, SOMETIMES, USUAL, Cure, measurement
from misrun.agents.cures.facts import RunFacts
from misrun.agents.cures.slots import slot_value

PASSES = (
    "Training loss at {onset} is finite and not above {loss_before}, its last value before the failure.",
    "Training loss stays finite past {onset}.",
    "The failure does not come back within as many steps as this run took, and the loss ends below its best value so far.",
)
IMPROVES = (
    "Training loss falls clearly below {loss_best_value} within as many steps as this run took.",
    "Training loss falls below the best value of this run within the same number of steps.",
)
VALIDATES = (
    "Validation loss stays below {val_loss_best_value} for as long as training goes on.",
    "Validation loss keeps falling while training loss falls.",
)
# How it failed, in the words of the signal where there is one.
ONSET = (
    "{signal.loss_nonfinite}",
    "{signal.loss_hidden_nan}",
    "In this run {onset_fact}; the last finite loss was {loss_before_at}.",
    "In this run {onset_fact}.",
)
# Every mode whose non-finite or diverging loss a smaller step merely postpones.
NOT_THE_STEP_SIZE = (
    "optimization/unstable_arithmetic",
    "optimization/low_precision_overflow",
    "data_pipeline/corrupt_records",
    "data_pipeline/input_scaling",
    "model_software/step_order",
)
LOG_GRADIENTS = (
    "norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float('inf'))  # after backward, before step\n"
    "print('step', step, 'loss', loss.item(), 'grad_norm', norm.item(), 'lr', optimizer.param_groups[0]['lr'])"
)


def _clipping_would_act(facts: RunFacts) -> bool:
    """Whether some gradient before the failure was above the proposed threshold, as far as the log tells."""
    threshold, largest = slot_value("clip_new", facts), slot_value("grad_max", facts)
    if threshold is None or largest is None or threshold.number is None or largest.number is None:
        return True
    return largest.number > threshold.number


def _step_size_may_be_the_cause(facts: RunFacts) -> bool:
    """Not where the momentum is far from usual and the rate is not: a smaller rate would only slow the swings down."""
    return slot_value("momentum_usual", facts) is None or facts.has("lr_high")


def _fails_while_warming_up(facts: RunFacts) -> bool:
    """Whether the failure lies within twice the proposed warm-up; later the first steps cannot be the cause."""
    steps = slot_value("warmup_new", facts)
    if facts.onset is None or facts.onset.series.step_kind != "step" or steps is None or steps.number is None:
        return True
    return facts.onset.step <= 2 * steps.number


CURES: tuple[Cure, ...] = (
    # learning rate
    Cure(
        "lower_learning_rate",
        {
            "optimization/learning_rate_too_high": DIRECT,
            "optimization/oscillation": USUAL,
            "optimization/gradient_explosion": SOMETIMES,
        },
        what=(
            "Lower the learning rate from {lr} to {lr_lower}.",
            "Lower the peak learning rate from {lr_logged} to {lr_logged_lower}.",
            "Look up the learning rate of this run (no file given here states it) and divide it by 3.",
        ),
        why=(
            "A step larger than the curvature of the loss allows overshoots further every time.",
            ONSET,
            "{signal.loss_divergence}",
            "{signal.loss_oscillation}",
            "{signal.lr_high}",
        ),
        how=(
            "{lr_lower_edit}",
            "Set the peak learning rate to {lr_logged_lower} in the optimizer or its schedule.",
            "In the optimizer: lr = lr / 3.",
        ),
        verify=PASSES,
        effort="config change",
        when=_step_size_may_be_the_cause,
        supported_by=r"(lower|reduc|decreas|small)\w*[^.]{0,40}(learning.rate|\blr\b|step size)",
        tried=r"(lower|reduc|decreas|small|halv|divid|drop)\w*.{0,20}(learning.?rate|\blr\b)|\b(lr|learning.?rate)\b.{0,15}(lower|small|\d)",
        told="the step size alone is not the cause",
        moves=("learning rate-",),
        hides=NOT_THE_STEP_SIZE,
    ),
    measurement(
        "optimization/learning_rate_too_high",
        (
            "Run the first steps again with the learning rate at a tenth of {lr}.",
            "Run the first steps again with a tenth of the learning rate.",
        ),
        "for group in optimizer.param_groups:\n    group['lr'] *= 0.1  # once, right after the optimizer is built",
        "If the loss passes the failing step smoothly, the step size is the cause; if it fails at the same batch, it is not.",
        "new run",
    ),
    Cure(
        "raise_learning_rate",
        {"optimization/learning_rate_too_low": DIRECT, "optimization/vanishing_gradient": SOMETIMES * 0.5},
        what=(
            "Raise the learning rate from {lr} to {lr_higher}.",
            "Raise the learning rate by a factor of 3 over its peak of {lr_logged}.",
            "Look up the learning rate of this run (no file given here states it) and multiply it by 3.",
        ),
        why=(
            "The loss falls steadily but each step covers too little of the way.",
            "{signal.loss_slow}",
            "{signal.lr_low}",
            "Training loss went from {loss_first} to {loss_last}.",
        ),
        how=("{lr_higher_edit}", "In the optimizer: lr = lr * 3, and log the loss to see where it stops helping."),
        verify=IMPROVES,
        effort="config change",
        supported_by=r"(rais|increas|higher|larger)\w*[^.]{0,40}(learning.rate|\blr\b)",
        tried=r"(rais|increas|higher|larger)\w*.{0,20}(learning.?rate|\blr\b)",
        told="the learning rate is not what holds it back",
        moves=("learning rate+",),
    ),
    measurement(
        "optimization/learning_rate_too_low",
        "Log the update-to-weight ratio of each layer for 100 steps.",
        "before = [p.detach().clone() for p in model.parameters()]\noptimizer.step()\n"
        "for (name, p), b in zip(model.named_parameters(), before):\n"
        "    print(step, name, ((p.detach() - b).norm() / (b.norm() + 1e-12)).item())",
        "Rule of thumb: ratios near 1e-3 are usual; below 1e-5 the step is too small.",
    ),
    # warm-up and schedule
    Cure(
        "add_warmup",
        {"optimization/missing_warmup": DIRECT, "optimization/learning_rate_too_high": SOMETIMES},
        what=(
            "Lengthen the warm-up from {warmup} to {warmup_longer}.",
            "Warm the learning rate up from 0 to {lr} over the first {warmup_new} steps.",
            "Warm the learning rate up linearly over the first {warmup_new} steps.",
        ),
        why=(
            "Adam's second moments are unreliable in the first steps, so full-size steps then can leave the trainable region.",
            "{signal.lr_no_warmup}",
            ONSET,
        ),
        how=(
            "{warmup_longer_edit}",
            "{if_hf}TrainingArguments(warmup_steps={warmup_new})",
            "warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / {warmup_new}))\n"
            "# call warmup.step() after every optimizer.step()",
        ),
        verify=(
            "The logged learning rate rises from near 0 and the loss falls through the first {warmup_new} steps.",
            "The logged learning rate rises from near 0 and the loss falls while it rises.",
        ),
        effort="config change",
        when=_fails_while_warming_up,
        supported_by=r"warm.?up",
        tried=r"warm.?up",
        told="the first steps are not where it goes wrong",
    ),
    measurement(
        "optimization/missing_warmup",
        "Log loss, gradient norm and learning rate for each of the first 100 steps.",
        LOG_GRADIENTS,
        "If the gradient norm peaks within the first steps at full learning rate, a warm-up is missing.",
    ),
    Cure(
        "correct_schedule",
        {"optimization/bad_schedule": DIRECT},
        what=(
            "Make the schedule end at the planned last step, so that the learning rate does not reach {lr_last} too early.",
            "Make the schedule's length equal the number of optimizer steps (samples / effective batch x epochs).",
        ),
        why=(
            "A schedule that is counted in the wrong unit moves the learning rate at the wrong time.",
            "{signal.lr_zero}",
            "{signal.lr_change_at_onset}",
            "The learning rate went from {lr_first} to {lr_last}.",
        ),
        how=(
            "{if_hf}Leave max_steps unset, or set it to len(train_dataloader) // gradient_accumulation_steps * num_train_epochs.",
            "total = len(loader) // accumulation * epochs  # optimizer steps, not batches and not epochs\n"
            "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total)",
        ),
        verify=(
            "The logged learning rate is still above half its peak at {onset}.",
            "The logged learning rate follows the planned curve and reaches its end value only at the last step.",
        ),
        effort="one line",
        supported_by=r"schedul|decay|T_max|total_steps|milestone",
        tried=r"(chang|other|different|constant)\w*.{0,20}schedul",
        told="the schedule is not the cause",
    ),
    measurement(
        "optimization/bad_schedule",
        "Log the learning rate at every optimizer step.",
        "print('step', step, 'lr', scheduler.get_last_lr()[0], 'loss', loss.item())",
        "If the loss changes its course where the learning rate does, the schedule is the cause.",
        unless_logged="lr",
    ),
    # gradients
    Cure(
        "clip_gradients",
        {
            "optimization/gradient_explosion": DIRECT,
            "optimization/learning_rate_too_high": SOMETIMES,
            "optimization/oscillation": SOMETIMES * 0.5,
        },
        what=(
            "Lower the clipping threshold from {clip} to {clip_new}.",
            "Clip the gradient norm at {clip_new}.",
            "Clip the gradient norm at 1.0 (rule of thumb: no gradient norm is logged to set it by), and log the norm.",
        ),
        why=(
            "One outsized gradient throws the weights away in one step; clipping bounds the step and keeps its direction.",
            "{signal.grad_exploding}",
            "The median gradient norm of the healthy part is {grad_median}; the last before the failure was {grad_before}.",
            "The largest finite gradient norm was {grad_max}.",
        ),
        how=(
            "{clip_edit}",
            "{if_hf}TrainingArguments(max_grad_norm={clip_new})",
            "{if_lightning}Trainer(gradient_clip_val={clip_new})",
            "{if_jax}tx = optax.chain(optax.clip_by_global_norm({clip_new}), tx)",
            "torch.nn.utils.clip_grad_norm_(model.parameters(), {clip_new})  # after backward (and unscale_), before step",
            "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # after backward (and unscale_), before step",
        ),
        verify=PASSES,
        effort="one line",
        when=_clipping_would_act,
        supported_by=r"\bclip",
        tried=r"\bclip\w*",
        told="single large gradients are not the cause, or the clip comes after the step or before unscale_",
        hides=NOT_THE_STEP_SIZE,
    ),
    measurement(
        "optimization/gradient_explosion",
        "Log the gradient norm at every step up to the failure.",
        LOG_GRADIENTS,
        "If the norm climbs over many steps before the loss does, gradients explode; if it jumps in one step from its usual "
        "level, one batch or one operation is to blame.",
        unless_logged="grad_norm",
    ),
    Cure(
        "residual_or_norm",
        {"optimization/vanishing_gradient": DIRECT},
        what=("Give the deep part a residual connection and a normalisation before each block.",),
        why=(
            "Each layer multiplies the gradient by a factor below 1, so early layers get almost none.",
            "{signal.grad_vanishing}",
            "The gradient norm went from {grad_first} to {grad_last}.",
        ),
        how=("x = x + block(norm(x))  # in place of x = block(x); norm = nn.LayerNorm(d)",),
        verify=("The gradient norm of the first layer is within a factor of 10 of that of the last layer.",),
        effort="code change",
        supported_by=r"residual|skip connection|normali[sz]ation|layer.?norm|batch.?norm",
        tried=r"(residual|skip.connection|layer.?norm|batch.?norm)",
        told="depth alone does not explain the small gradients",
        in_code=True,
    ),
    Cure(
        "unsaturated_activation",
        {"optimization/vanishing_gradient": USUAL, "optimization/dead_units": USUAL},
        what=("Replace sigmoid, tanh or ReLU inside the network by GELU (or LeakyReLU).",),
        why=(
            "A saturated or inactive unit passes no gradient, so the weights before it never recover.",
            "{signal.grad_zero}",
        ),
        how=("nn.ReLU() -> nn.LeakyReLU(0.01), nn.Sigmoid() or nn.Tanh() between layers -> nn.GELU()",),
        verify=("The share of units that are zero for a whole batch stays below 10 % per layer.",),
        effort="one line",
        supported_by=r"leaky|gelu|elu\b|activation",
        tried=r"(leaky|gelu|\belu\b)",
        told="the activation function is not what stops the gradient",
        in_code=True,
    ),
    measurement(
        "optimization/vanishing_gradient",
        "Log the gradient norm of each layer once every 100 steps.",
        "for name, p in model.named_parameters():\n"
        "    print(step, name, None if p.grad is None else p.grad.norm().item())  # after backward",
        "If the norms shrink layer by layer towards the input, gradients vanish; None means that the layer is cut off.",
    ),
    Cure(
        "revive_units",
        {"optimization/dead_units": USUAL},
        what=(
            "Lower the learning rate from {lr} to {lr_lower}, so that no step pushes whole layers below 0.",
            "Initialise with Kaiming normal and zero biases, and divide the learning rate by 3.",
        ),
        why=("One large step can push all inputs of a ReLU below 0, and from there it has no gradient.",),
        how=(
            "{lr_lower_edit}",
            "nn.init.kaiming_normal_(layer.weight, nonlinearity='relu'); nn.init.zeros_(layer.bias)",
        ),
        verify=("The share of units that are zero for a whole batch stays below 10 % per layer.",),
        effort="one line",
        supported_by=r"kaiming|he init|initiali[sz]",
        tried=r"(kaiming|he.init)",
        moves=("learning rate-",),
    ),
    measurement(
        "optimization/dead_units",
        "Measure the share of zero activations per layer on one batch.",
        "def share(name):\n    return lambda m, i, o: print(name, (o <= 0).float().mean().item())\n"
        "for name, m in model.named_modules():\n    if isinstance(m, nn.ReLU): m.register_forward_hook(share(name))",
        "Shares above 0.95 mean dead units; about 0.5 is usual at the start.",
    ),
    # start and settling
    Cure(
        "standard_initialization",
        {"optimization/bad_initialization": DIRECT},
        what=(
            "Initialise linear and embedding weights with standard deviation 0.02 (rule of thumb; Kaiming normal for ReLU networks).",
        ),
        why=(
            "An untrained classifier should start at the loss of a uniform guess; far above means logits of a wrong scale.",
            "A uniform guess over this run's classes costs {chance_loss}; the first loss was {loss_first}.",
            "{signal.loss_start_high}",
        ),
        how=(
            "def init(m):\n    if isinstance(m, (nn.Linear, nn.Embedding)): nn.init.normal_(m.weight, std=0.02)\n"
            "    if isinstance(m, nn.Linear) and m.bias is not None: nn.init.zeros_(m.bias)\nmodel.apply(init)",
        ),
        verify=(
            "The first logged loss is within 10 % of {chance_loss}.",
            "The first logged loss is within 10 % of ln(number of classes).",
        ),
        effort="code change",
        supported_by=r"initiali[sz]|xavier|kaiming|std",
        tried=r"(xavier|kaiming|\binit)\w*",
        told="the scale of the first weights is not the cause",
        in_code=True,
    ),
    Cure(
        "small_last_layer",
        {"optimization/bad_initialization": USUAL},
        what=("Scale the weights of the output layer to a tenth at the start (rule of thumb), and its bias to 0.",),
        why=("Small first logits make the first prediction uniform, whatever the layers before do.",),
        how=("with torch.no_grad():\n    model.head.weight.mul_(0.1); model.head.bias.zero_()  # your output layer",),
        verify=(
            "The first logged loss is within 10 % of {chance_loss}.",
            "The first logged loss is within 10 % of ln(number of classes).",
        ),
        effort="one line",
        supported_by=r"zero.?init|last layer|output layer|head",
        tried=r"(last|output) layer",
    ),
    measurement(
        "optimization/bad_initialization",
        "Print the standard deviation of each layer's output at step 0.",
        "for name, m in model.named_modules():\n"
        "    m.register_forward_hook(lambda m, i, o, n=name: torch.is_tensor(o) and print(n, o.float().std().item()))\n"
        "model(batch)",
        "Values that grow or shrink by a factor per layer show a wrong scale; all near 1 is sound.",
    ),
    Cure(
        "usual_momentum",
        {"optimization/oscillation": DIRECT, "optimization/optimizer_settings": DIRECT},
        what=("Lower the momentum from {momentum} to {momentum_usual}.", "Lower the momentum to 0.9."),
        why=(
            "A momentum of m averages over about 1 / (1 - m) steps, and so goes on in a direction for that long after the gradient has turned.",
            "In the second half of the run the loss swings over {loss_spread}.",
            "{signal.loss_oscillation}",
        ),
        how=("{momentum_usual_edit}", "torch.optim.Adam(..., betas=(0.9, 0.999))   # SGD: momentum=0.9"),
        verify=("The swing of the loss about its mean is smaller than {loss_spread}.", "The loss swings visibly less."),
        effort="config change",
        when=lambda f: slot_value("momentum_usual", f) is not None,
        supported_by=r"momentum|beta_?1|betas",
        tried=r"(momentum|beta_?1)\b",
        told="the momentum is not what keeps the loss swinging",
    ),
    Cure(
        "larger_batch",
        {"optimization/oscillation": USUAL},
        what=(
            "Double the effective batch from {effective_batch} by accumulating gradients over 2 batches.",
            "Double the effective batch by accumulating gradients over 2 batches.",
        ),
        why=(
            "Averaging over twice the samples lowers the gradient noise by a factor of 1.4 at the same learning rate.",
            "In the second half of the run the loss swings over {loss_spread}.",
            "{signal.loss_oscillation}",
        ),
        how=(
            "{if_hf}TrainingArguments(gradient_accumulation_steps=2)  # twice its present value",
            "(loss / 2).backward()\nif (i + 1) % 2 == 0: optimizer.step(); optimizer.zero_grad()",
        ),
        verify=("The swing of the loss about its mean is smaller than {loss_spread}.", "The loss swings visibly less."),
        effort="config change",
        supported_by=r"(larger|bigger|increas)\w*[^.]{0,30}batch|accumulat",
        tried=r"(larger|bigger|increas|doubl)\w*.{0,20}batch",
        told="sampling noise is not the cause",
        moves=("batch size+",),
    ),
    measurement(
        "optimization/oscillation",
        "Run 200 steps twice: with twice the batch size, and with half the learning rate.",
        "python train.py --batch_size <2x>   # then, apart from it: python train.py --lr <0.5x>; same seed",
        "If both calm the loss, noise is the cause; if only the lower learning rate does, the step is too large.",
        "new run",
    ),
    # precision and arithmetic
    Cure(
        "use_bf16",
        {"optimization/low_precision_overflow": DIRECT},
        what=(
            "{if_fp16}Train in bf16 instead of fp16.",
            "Look up the precision of this run (no file given here states it), and where it is fp16 train in bf16.",
        ),
        why=(
            "fp16 ends at 65,504; bf16 has the range of fp32 and needs no loss scaling.",
            "{signal.loss_scale_collapse}",
            "{signal.grad_nonfinite}",
            "The loss scale was down to {loss_scale_last}.",
        ),
        how=(
            "{precision_edit}",
            "{if_hf}TrainingArguments(bf16=True, fp16=False)",
            "{if_lightning}Trainer(precision='bf16-mixed')",
            "with torch.autocast('cuda', dtype=torch.bfloat16):  # and drop the GradScaler",
        ),
        verify=PASSES,
        effort="config change",
        when=lambda f: not f.enabled("bf16"),
        supported_by=r"bf16|bfloat16|fp32|float32",
        tried=r"\b(bf16|bfloat16|fp32|float32|full precision)\b|(disabl|without|no)\w*.{0,12}(amp|fp16|mixed)",
        told="the number format is not the cause: look at the arithmetic and the data",
        hides=("optimization/unstable_arithmetic",),
    ),
    Cure(
        "fp32_islands",
        {"optimization/low_precision_overflow": USUAL},
        what=("Compute softmax, norms and the loss in float32 while the rest stays in half precision.",),
        why=("Sums and exponentials overflow first; matrix products rarely do.", "{signal.loss_hidden_nan}"),
        how=(
            "with torch.autocast('cuda', enabled=False):\n"
            "    loss = F.cross_entropy(logits.float(), target)  # likewise attention scores and norms",
        ),
        verify=PASSES,
        effort="code change",
        supported_by=r"float32|fp32|upcast|autocast",
        tried=r"upcast|softmax.{0,20}(fp32|float32)",
    ),
    measurement(
        "optimization/low_precision_overflow",
        "Repeat the failing steps in float32 with the same seed and data order.",
        (
            "{if_hf}TrainingArguments(fp16=False, bf16=False, tf32=False, logging_nan_inf_filter=False, logging_steps=1)",
            "torch.set_default_dtype(torch.float32)  # no autocast, no half(), no GradScaler\n" + LOG_GRADIENTS,
        ),
        "If float32 passes the failing step, the range of the number format is the cause; if it fails too, it is not.",
        "new run",
    ),
    Cure(
        "fused_softmax",
        {"optimization/low_precision_overflow": DIRECT, "optimization/unstable_arithmetic": DIRECT},
        what=(
            "Use the library's softmax, which subtracts the largest score, in place of exponentials over their sum.",
        ),
        why=(
            "exp overflows at 11 in float16 and at 88 in float32; after the subtraction its argument is never above 0.",
            ONSET,
        ),
        how=("weights = torch.softmax(scores, dim=-1)   # in place of torch.exp(scores) / torch.exp(scores).sum(-1)",),
        verify=PASSES,
        effort="one line",
        when=lambda f: f.trace is not None and any(True for _ in f.trace.events("exp")),
        supported_by=r"softmax|logsumexp|subtract\w* the max|stable",
        tried=r"softmax|logsumexp",
    ),
    Cure(
        "guard_log",
        {"optimization/unstable_arithmetic": DIRECT},
        what=("Keep the arguments of log, division and root away from 0: clamp at {clamp_eps} on both sides.",),
        why=(
            "log(p) and log(1 - p) are infinite once p rounds to 0 or 1; clamping from one side only leaves the other.",
            ONSET,
        ),
        how=(
            "eps = torch.finfo(p.dtype).eps  # {clamp_eps}\np = p.clamp(eps, 1 - eps)  # before torch.log(p) and torch.log(1 - p)",
        ),
        verify=PASSES,
        effort="one line",
        supported_by=r"clamp|\beps|epsilon|logsumexp|log_softmax|with_?logits|stable",
        tried=r"\b(eps|epsilon|clamp)\w*",
        told="that argument is not the one that reaches 0, or it was clamped on one side only",
        in_code=True,
    ),
    Cure(
        "stable_loss",
        {"optimization/unstable_arithmetic": USUAL},
        what=("Give raw logits to the library's fused loss in place of sigmoid or softmax followed by log.",),
        why=("The fused loss computes log-sum-exp without ever forming a probability that rounds to 0 or 1.",),
        how=(
            "F.binary_cross_entropy_with_logits(logits, y)   # or F.cross_entropy(logits, y); no sigmoid or softmax before",
        ),
        verify=PASSES,
        effort="code change",
        supported_by=r"with_?logits|log_softmax|cross_entropy|fused",
        tried=r"with_?logits|log_softmax",
        in_code=True,
    ),
    measurement(
        "optimization/unstable_arithmetic",
        (
            "Run {onset} with anomaly detection on.",
            "Run the failing step with anomaly detection on.",
        ),
        (
            "{if_jax}jax.config.update('jax_debug_nans', True)",
            "torch.autograd.set_detect_anomaly(True)  # before the loop; remove it afterwards, it is slow\n"
            "assert torch.isfinite(loss), (step, loss)  # before backward",
        ),
        "The traceback names the forward operation whose gradient is NaN first.",
        "new run",
    ),
    # penalties and fit
    Cure(
        "weaker_penalty",
        {"optimization/regularization": DIRECT},
        what=(
            "Lower weight decay from {weight_decay} to {weight_decay_lower}.",
            "Halve dropout from {dropout} to {dropout_lower}.",
            "Look up weight decay and dropout of this run (no file given here states them) and set both to 0 once.",
        ),
        why=(
            "A penalty that outweighs the data pulls the weights to 0 faster than the loss moves them.",
            "{signal.loss_plateau}",
        ),
        how=(
            "{weight_decay_lower_edit}",
            "{dropout_lower_edit}",
            "In the optimizer: weight_decay=0.0; in the model: dropout p=0.0",
        ),
        verify=IMPROVES,
        effort="config change",
        supported_by=r"weight.decay|dropout|penalt|regulari",
        tried=r"(less|no|remov|without)\w*.{0,15}(dropout|weight decay|regulari)",
        told="the penalty is not what holds it back",
        moves=("regularization-",),
    ),
    Cure(
        "no_decay_on_norms",
        {"optimization/regularization": USUAL},
        what=("Exclude biases, norms and embeddings from weight decay.",),
        why=("Decay on scales and biases shrinks the signal itself, not the complexity of the model.",),
        how=(
            "decay = [p for p in model.parameters() if p.ndim >= 2]\nrest = [p for p in model.parameters() if p.ndim < 2]\n"
            "optimizer = torch.optim.AdamW([dict(params=decay), dict(params=rest, weight_decay=0.0)], lr=lr)",
        ),
        verify=IMPROVES,
        effort="code change",
        supported_by=r"no.?decay|exclude|bias",
        tried=r"no.?decay",
    ),
    measurement(
        "optimization/regularization",
        "Run 500 steps with weight decay 0 and dropout 0.",
        "python train.py --weight_decay 0 --dropout 0 --max_steps 500   # or the same keys in the config",
        "If training loss then falls well below this run's, the penalty is too strong.",
        "new run",
    ),
    Cure(
        "stop_early",
        {"optimization/overfitting": USUAL},
        what=(
            "Keep the checkpoint of {best_epoch}, where validation loss was {val_loss_best}, and stop there.",
            "Keep the checkpoint with the lowest validation loss and stop when it has not improved for 3 evaluations.",
        ),
        why=(
            "From then on the model fits what only the training samples have.",
            "Validation loss rose from {val_loss_best} to {val_loss_last}.",
            "{signal.validation_gap}",
        ),
        how=(
            "{if_hf}TrainingArguments(load_best_model_at_end=True, metric_for_best_model='eval_loss'), "
            "callbacks=[EarlyStoppingCallback(3)]",
            "{if_lightning}Trainer(callbacks=[EarlyStopping('val_loss', patience=3), ModelCheckpoint(monitor='val_loss')])",
            "if val_loss < best: best, bad = val_loss, 0; torch.save(model.state_dict(), 'best.pt')\n"
            "else: bad += 1\nif bad == 3: break",
        ),
        verify=(
            "The kept checkpoint scores {val_loss_best} on validation.",
            "The kept checkpoint has the lowest validation loss of the run.",
        ),
        effort="one line",
        supported_by=r"early.?stop|best checkpoint",
        tried=r"early.?stop",
    ),
    Cure(
        "more_regularization",
        {"optimization/overfitting": USUAL},
        what=(
            "Raise dropout from {dropout} to {dropout_higher}.",
            "Raise weight decay from {weight_decay} to {weight_decay_higher}.",
            "Add augmentation to the training inputs and weight decay 0.01 (rule of thumb).",
        ),
        why=("A stronger penalty on the weights leaves less room to memorise.", "{signal.validation_gap}"),
        how=(
            "{dropout_higher_edit}",
            "{weight_decay_higher_edit}",
            "torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01), and augmentation in the training transform only",
        ),
        verify=VALIDATES,
        effort="config change",
        supported_by=r"dropout|weight.decay|augment|regulari|label.smoothing",
        tried=r"(more|add|increas)\w*.{0,15}(dropout|weight decay|regulari|augment)",
        told="more of the same penalty will not do; the data is too small or the split leaks",
        moves=("regularization+",),
    ),
    measurement(
        "optimization/overfitting",
        "Log training and validation loss at the end of every epoch with the model in eval mode for both.",
        "model.eval()\nwith torch.no_grad():\n    print(epoch, 'train', mean_loss(train_loader), 'val', mean_loss(val_loader))\nmodel.train()",
        "If the training loss falls where the validation loss rises, the model overfits; if both rise, it does not.",
    ),
    Cure(
        "divide_accumulated_loss",
        {"optimization/accumulation_scaling": DIRECT},
        what=(
            "Divide the loss by the number of accumulated batches before backward, and step on the last partial group too.",
        ),
        why=("Without the divisor the gradient, and so the step, grows with the accumulation count.",),
        how=(
            "(loss / accumulation).backward()\nif (i + 1) % accumulation == 0 or i + 1 == len(loader): step_and_zero()",
        ),
        verify=("The gradient norm with accumulation is within 10 % of that of one large batch of the same samples.",),
        effort="one line",
        supported_by=r"accumul|divid|num_items|average",
        tried=r"accumul",
        in_code=True,
    ),
    measurement(
        "optimization/accumulation_scaling",
        "Compare the gradient norm of one batch with that of the same samples split into 4 accumulated parts.",
        "g1 = grad_norm(batch)\ng4 = grad_norm_accumulated(torch.chunk(batch, 4))\nprint(g1, g4, g4 / g1)",
        "The ratio should be 1; 4 or 0.25 shows a wrong divisor.",
    ),
    Cure(
        "default_optimizer",
        {"optimization/optimizer_settings": USUAL},
        what=(
            "Lower beta2 from {beta2} to {beta2_lower}.",
            "Raise Adam's eps from {adam_eps} to {adam_eps_higher}.",
            "Set the optimizer back to AdamW with its default betas (0.9, 0.999) and eps 1e-8.",
        ),
        why=(
            "Second moments that are too old or too small turn a usual gradient into an oversized step.",
            "{signal.loss_spike}",
        ),
        how=(
            "{beta2_lower_edit}",
            "{adam_eps_higher_edit}",
            "torch.optim.AdamW(model.parameters(), lr=lr)  # betas and eps left out",
        ),
        verify=PASSES,
        effort="config change",
        supported_by=r"beta|\beps|epsilon|momentum|adam|sgd|optimi[sz]er",
        tried=r"(beta2|betas|momentum|other optimi[sz]er|sgd|adam\b)",
    ),
    measurement(
        "optimization/optimizer_settings",
        "Run 500 steps with the optimizer's default settings and the same learning rate.",
        "optimizer = torch.optim.AdamW(model.parameters(), lr=lr)  # nothing else passed",
        "If the failure is gone, one of the settings left out is the cause; put them back one at a time.",
        "new run",
    ),
    Cure(
        "keep_entropy",
        {"optimization/representation_collapse": USUAL},
        what=(
            "Raise the entropy weight from {entropy_weight} to {entropy_weight_higher}.",
            "Raise the KL weight towards the reference from {kl_weight} to {kl_weight_higher}.",
            "Reward spread: add an entropy bonus (policy), reset unused codes (VQ), or free bits of 0.5 nats (VAE; the values are rules of thumb).",
        ),
        why=(
            "Once all outputs agree there is no gradient left that could separate them.",
            "{signal.entropy_collapse}",
            "{signal.kl_runaway}",
        ),
        how=(
            "{entropy_weight_higher_edit}",
            "{kl_weight_higher_edit}",
            "VQ: codebook.weight.data[unused] = encoder_outputs[torch.randint(len(encoder_outputs), (len(unused),))]\n"
            "VAE: kl = torch.clamp(kl_per_dim, min=0.5).sum()\npolicy: loss = loss - 0.01 * entropy.mean()",
        ),
        verify=("The entropy (or perplexity of the codes) stays above half of its first value.",),
        effort="config change",
        supported_by=r"entropy|\bkl\b|reset|codebook|free bits|ema|diversity",
        tried=r"(entropy|codebook reset|kl (weight|coef))",
    ),
    measurement(
        "optimization/representation_collapse",
        "Log the entropy of the codes, outputs or actions at every step.",
        "p = torch.bincount(ids.flatten(), minlength=n).float(); p = p / p.sum()\n"
        "print(step, 'perplexity', torch.exp(-(p * (p + 1e-12).log()).sum()).item())",
        "A perplexity that falls towards 1 is a collapse; compare it with the loss to see which falls first.",
    ),
    Cure(
        "spread_rewards",
        {"optimization/no_reward_signal": USUAL},
        what=(
            "Double the samples per prompt from {generations} to {generations_more}.",
            "Sample at temperature {temperature_higher} instead of {temperature}.",
            "Make rewards differ within a group: sample 8 completions per prompt at temperature 1.0 (rules of thumb) and give partial credit.",
        ),
        why=(
            "The advantage is the reward minus the group's mean; when all rewards agree it is 0 and so is the gradient.",
            "{signal.reward_flat}",
            "{signal.completions_clipped}",
        ),
        how=(
            "{generations_more_edit}",
            "{temperature_higher_edit}",
            "GRPOConfig(num_generations=8, temperature=1.0), and a reward of several parts (format, partly right, right)",
        ),
        verify=("The standard deviation of the reward is above 0 in most groups.",),
        effort="config change",
        supported_by=r"reward|temperature|num_generations|partial|difficult",
        tried=r"(temperature|num_generations|reward shaping)",
    ),
    Cure(
        "longer_completions",
        {"data_pipeline/truncation": USUAL, "optimization/no_reward_signal": SOMETIMES},
        what=("Allow longer completions, so that an answer can be finished and scored.",),
        why=(
            "A completion that is cut off never reaches its answer and earns nothing.",
            "{signal.completions_clipped}",
        ),
        how=("GRPOConfig(max_completion_length=<twice its present value>)",),
        verify=("The share of completions that reach the limit is below 20 %.",),
        effort="config change",
        when=lambda f: f.has("completions_clipped"),
        supported_by=r"completion|length",
        tried=r"max_completion_length",
        moves=("memory+",),
    ),
    measurement(
        "optimization/no_reward_signal",
        "Log mean and standard deviation of the reward within each group, and 3 completions with their rewards.",
        "print(step, rewards.view(-1, n).std(dim=1).tolist())\nprint(completions[:3], rewards[:3])",
        "Standard deviations of 0 mean nothing to learn from; the completions show why they earn the same.",
    ),
)
