"""The quantities that papers state and code sets: how each is said, and how it is called in code.

`said` is followed by its number ("learning rate of 3e-4"), `counted` follows it ("12 layers"). `code` matches the whole
name of a setting, `owner` and `not_owner` the callable, class or function that it belongs to. `given` lists library calls
that take it by position; `defaults` are the values that libraries use where nothing is given (torch 2.x, transformers 5.x
and lightning 2.x documentation). `absent` lists words of which one stands in any code that has the thing at all.
`symbols` are single letters, taken only where `context` is spoken of beside them. `low` and `high` bound what the number
can be; names in `weak` are used for other things, too: they can agree, but not convict; `weighty` quantities are listed when code sets them and the paper is silent.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from misrun.tools.paper.record import Severity

_OPTIMIZERS = (
    r"(?:Adam\w*|[RN]Adam|SGD|RMSprop|Adagrad|Adadelta|Lion|LAMB|Lamb|adam\w?|sgd|rmsprop|lion|lamb|adagrad|radam)"
)


@dataclass(frozen=True)
class Quantity:
    """One row of the table; the module says what the fields mean."""

    topic: str
    title: str
    said: str = ""
    counted: str = ""
    symbols: str = ""
    context: str = ""
    code: str = ""
    owner: str = ""
    not_owner: str = ""
    given: dict[str, int] = field(default_factory=dict)
    defaults: dict[str, float] = field(default_factory=dict)
    absent: str = ""
    low: float = -1e12
    high: float = 1e12
    severity: Severity = "warning"
    weak: str = ""
    weighty: bool = False

    @cached_property
    def said_pattern(self) -> re.Pattern[str] | None:
        return re.compile(rf"(?<![\w]){_plural(self.said)}", re.IGNORECASE) if self.said else None

    @cached_property
    def counted_pattern(self) -> re.Pattern[str] | None:
        return re.compile(rf"(?:{self.counted})\b", re.IGNORECASE) if self.counted else None

    @cached_property
    def code_pattern(self) -> re.Pattern[str]:
        return re.compile(self.code or r"(?!)", re.IGNORECASE)

    def owned(self, owner: str) -> bool:
        """Whether a setting of this callable, class or function can be this quantity."""
        if self.not_owner and re.search(self.not_owner, owner):
            return False
        return not self.owner or re.search(self.owner, owner) is not None

    def possible(self, value: float) -> bool:
        return self.low <= value <= self.high


def _plural(said: str) -> str:
    return rf"(?:{said})s?(?![\w])"


def _table() -> tuple[Quantity, ...]:
    optimizer = _OPTIMIZERS + "$"
    trainer = r"(?:Arguments|Config)$"
    return (
        Quantity(
            "min_learning_rate", "minimum learning rate", r"(?:min(?:imum|imal)?|final|end) (?:learning rate|lr)",
            code=r"(?:min_?lr|lr_?min|eta_min|min_learning_rate|end_value|final_lr|lr_?end)", high=1.0,
        ),
        Quantity(
            "learning_rate", "learning rate", r"(?:(?<!min )(?<!minimum )(?<!final )(?<!end )learning[- ]rate|step size|(?<!min[_ ])lr)",
            symbols="eta", context="learning rate|step size",
            code=r"(?!.*(?:min|final|end|warm|decay|sched|mult|scale|drop|patience|epoch|iter|gamma|factor|ratio|div))"
            r"(?:(?:\w+_)?(?:lr|learning_?rate|lrate)(?:_(?!steps?)\w+)?|step_size|peak_value|init_value)",
            not_owner=r"(?:StepLR|Scheduler|LambdaLR|warmup_constant|LRFinder|warmup_cosine_decay_schedule\.init|relu|Relu|ReLU)$",
            given={"SGD": 1, "Adam": 1, "AdamW": 1, "RMSprop": 1, "RAdam": 1, "adam": 0, "adamw": 0, "sgd": 0, "lamb": 0, "lion": 0},
            defaults={"Adam": 1e-3, "AdamW": 1e-3, "RAdam": 2e-3, "RMSprop": 1e-2, "TrainingArguments": 5e-5},
            low=1e-9, high=200.0, severity="error", weighty=True,
        ),
        Quantity(
            "accumulation", "gradient accumulation", r"gradient accumulation(?: steps)?|accumulate gradients over|accumulation over",
            r"(?:gradient[- ])?accumulation steps",
            code=r"(?:gradient_?|grad_?)?accum(?:ulation|ulate)?(?:_?steps?|_grad_batches|_iter)?|accumulate_grad_batches|grad_accum\w*",
            low=1, high=4096, weighty=True,
        ),
        Quantity(
            "batch_size", "batch size",
            r"(?:mini-?)?batch[- ]sizes?|(?:mini-?)?batch(?:es)? (?:holds?|contains?|of|consists? of|comprises?)|mini-?batch(?:es)?|batches",
            code=r"(?:per_device_|per_gpu_|micro_|mini_?|global_|total_|train_|local_)*(?:train_)?(?:batch_?size|bs|bsz|batch)(?:_?train|_per_gpu|_per_device)?",
            not_owner=r"eval|valid|test|DataLoader\.(?:val|test)", given={"DataLoader": 1, "batches": 0, "batchify": 0},
            defaults={"TrainingArguments": 8.0}, low=1, high=1e7, weighty=True,
        ),
        Quantity(
            "update_epochs", "epochs per update", r"epochs per (?:update|batch|iteration)|ppo epochs", r"(?:ppo|optimi[sz]ation|update) epochs(?: per \w+)?|epochs per (?:update|batch)",
            code=r"(?:update|ppo|n|num|opt|k|inner|train_pi)_?epochs?", low=1, high=200,
        ),
        Quantity(
            "warmup", "warm-up", r"warm(?:ed|ing)?[- ]?up(?: (?:steps?|ratio|epochs?|iterations|period|phase|linearly))*",
            r"(?:linear )?warm-?up (?:steps?|iterations|updates|epochs?)|(?:steps?|iterations|updates|epochs?) of (?:linear )?warm-?up|warm-?up",
            code=r"(?:lr_)?(?:num_)?warm_?up(?:_(?:steps?|iters?|iterations|updates|epochs?|ratio|frac\w*|proportion|period|t|length))?|n_?warmup(?:_steps)?",
            defaults={"TrainingArguments": 0.0}, absent="warm", low=0, high=1e7, weighty=True,
        ),
        Quantity(
            "epochs", "epochs", r"(?:number of |training )epochs|epochs(?= ?[:=])", r"(?:training |full )?epochs?(?! (?:per|after|and)\b)",
            code=r"(?:(?:num|n|max|total|train)_?(?:train_?)?)?epochs?|range\.epochs", not_owner=r"ppo|update|warm",
            defaults={"TrainingArguments": 3.0}, low=1, high=1e5, weighty=True,
        ),
        Quantity(
            "steps", "training steps", r"(?:total |training )(?:steps|iterations|updates)",
            r"(?:training |gradient |optimi[sz]ation |total |parameter )?(?:iterations|updates|gradient steps|training steps|optimi[sz]er steps)",
            code=r"(?:(?:max|num|total|n|train|training)_?)+(?:train_?)?(?:steps?|iters?|iterations|updates)|range\.steps|iterations|total_timesteps",
            not_owner=r"(?:decay|warm|eval|Schedule|scheduler|cosine)", low=50, high=1e10, weighty=True,
        ),
        Quantity(
            "weight_decay", "weight decay", r"(?:decoupled |l2 )?weight[- ]decay|l_?2[- ](?:regulari[sz]ation|penalty)|wd",
            code=r"weight_?decay|wd|l2_?(?:reg\w*|penalty|lambda)?", defaults={"AdamW": 0.01, "Adam": 0.0, "SGD": 0.0, "RMSprop": 0.0, "RAdam": 0.0, "adamw": 1e-4, "TrainingArguments": 0.0},
            low=0, high=10, weighty=True,
        ),
        Quantity("beta1", "Adam beta1", r"beta1|b1(?=[ =]*0?\.)", code=r"(?:adam_?)?(?:beta_?1|b1)|betas\.0", owner="",
                 defaults={"Adam": 0.9, "AdamW": 0.9, "RAdam": 0.9, "adam": 0.9, "adamw": 0.9, "TrainingArguments": 0.9}, low=0.05, high=0.9999999, context="adam|moment|optimi"),
        Quantity("beta2", "Adam beta2", r"beta2|b2(?=[ =]*0?\.)", code=r"(?:adam_?)?(?:beta_?2|b2)|betas\.1",
                 defaults={"Adam": 0.999, "AdamW": 0.999, "RAdam": 0.999, "adam": 0.999, "adamw": 0.999, "TrainingArguments": 0.999}, low=0.5, high=0.9999999),
        Quantity(
            "adam_epsilon", "Adam epsilon", r"adam(?:'s)? epsilon", symbols="epsilon eps", context=r"adam|lamb|optimi[sz]|moment",
            code=r"(?:adam_?)?(?:eps|epsilon)", owner=rf"{optimizer}|{trainer}|^$",
            defaults={"Adam": 1e-8, "AdamW": 1e-8, "RAdam": 1e-8, "adam": 1e-8, "adamw": 1e-8, "TrainingArguments": 1e-8}, low=1e-20, high=1e-2,
        ),
        Quantity(
            "momentum", "momentum", r"(?:nesterov )?momentum", code=r"(?:sgd_)?momentum|mom", owner=r"SGD$|RMSprop$|sgd$|^$|Config|Lightning|Arg|^[A-Z]\w*(?:\.__init__)?$",
            not_owner=r"BatchNorm|bn|Norm", defaults={"SGD": 0.0}, low=0, high=0.99999,
        ),
        Quantity(
            "gradient_clip", "gradient clipping", r"clip\w* (?:the )?(?:\w+ )?(?:gradients?|norm)(?: norms?)?(?: whose| to| of|(?: \w+){0,2} exceeds?)*|gradient(?:s|[- ]norm)? (?:are |is |was |were )?(?:clipp\w+|rescaled|clip)"
            r"(?: to| at| by| have| a| the| global| norm| of| l2| maximum| max|-)*|gradient (?:norm )?clipping|max(?:imum)? (?:grad\w*|gradient) norm|global norm",
            code=r"(?:max_?)?(?:grad(?:ient)?_?)?(?:clip(?:ping)?|norm)(?:_?(?:grad|val|value|norm|max))*|max_grad_norm|gradient_clip_val|clip|grad_clip|clip_grad_norm|max_norm",
            not_owner=r"BatchNorm|LayerNorm", given={"clip_grad_norm_": 1, "clip_by_global_norm": 0, "clip_grad_value_": 1, "clip_gradients": 1},
            defaults={"TrainingArguments": 1.0}, absent="clip", low=1e-6, high=1e5, weighty=True,
        ),
        Quantity(
            "drop_path", "stochastic depth", r"stochastic depth|drop[- ]?path", code=r"(?:drop_?path|stochastic_depth|sd)(?:_rate|_prob)?",
            absent="drop_path droppath stochastic", low=0, high=1,
        ),
        Quantity(
            "cond_drop", "label dropping", r"(?:labels?|conditioning|classes|conditions?) (?:are |is )?dropped with probability", code=r"\w*(?:cond|label|class|uncond)_?(?:drop|dropout)(?:_?prob\w*|_rate)?|p_uncond",
            low=0, high=1,
        ),
        Quantity(
            "dropout", "dropout", r"dropout(?: (?:rate|probability))?", code=r"(?:\w+_)?(?:drop_?out|dropout)(?:_?(?:rate|prob|p))?|drop(?:_rate|_prob)?",
            not_owner=r"DropPath", given={"Dropout": 0, "Dropout1d": 0, "Dropout2d": 0, "dropout": 1, "AlphaDropout": 0}, absent="drop", low=0, high=1, weighty=True,
        ),
        Quantity(
            "label_smoothing", "label smoothing", r"label[- ]smoothing", code=r"(?:label_?)?smoothing(?:_factor)?|ls_eps|label_smooth\w*",
            defaults={"CrossEntropyLoss": 0.0}, absent="smooth", low=0, high=0.999, weighty=True,
        ),
        Quantity(
            "ema_decay", "EMA decay", r"(?:moving average|ema)(?: of \w+(?: \w+){0,2})? (?:\w+ )?(?:with )?(?:a )?(?:decay|rate|momentum)|ema",
            symbols="m mu tau", context="moving average|ema|momentum encoder|target network's weights",
            code=r"ema(?:_?(?:decay|rate|beta|momentum|tau|m))?|(?:ema|target|teacher)_momentum|decay|momentum|model_ema_decay",
            not_owner=optimizer + r"|BatchNorm", absent="ema moving average lerp", low=0.5, high=0.9999999,
        ),
        Quantity(
            "target_tau", "soft update rate", r"soft (?:target )?update(?:s)?(?: rate| coefficient)?", symbols="tau", context="soft(?! ?max|en)|smoothing|target (?:update|parameter|network|weight)|polyak",
            code=r"tau|polyak|soft_?(?:update_)?tau|target_tau|soft_update_rate", not_owner="gumbel", low=1e-6, high=1,
        ),
        Quantity(
            "temperature", "temperature", r"temperature", symbols="tau T", context="temperature|cosine similarit|contrast|softened|infonce|nt-xent|sim is",
            code=r"(?:\w+_)?(?:temperature|temp)(?:_\w+)?|tau|T", not_owner=r"Cosine|annealing", low=1e-4, high=1000,
        ),
        Quantity(
            "discount", "discount factor", r"discount(?:s|ed|ing)?(?: factor| rate)?(?: gamma)?(?: with)?", symbols="gamma", context="discount|reward|return|gae|policy|q-|target",
            code=r"(?:gamma|discount(?:_factor|_rate)?)", not_owner=r"(?:LR|[Ff]ocal|Scheduler|schedule|LayerNorm|BatchNorm)\w*$", low=0, high=1, severity="error", weighty=True,
        ),
        Quantity(
            "gae_lambda", "GAE lambda", r"gae(?: parameter)? lambda|gae[- ]parameter|gae lambda", symbols="lambda lam", context="gae|advantage|return",
            code=r"(?:gae_?)?(?:lambda_?|lam|lmbda|gae)(?:_gae)?", low=0, high=1,
        ),
        Quantity(
            "clip_range", "clip range", r"clip(?:ping)? (?:range|parameter|ratio|coefficient|epsilon)", symbols="epsilon eps", context=r"clip",
            code=r"clip_?(?:range|coef|param|ratio|eps\w*|epsilon)|eps_?clip|ppo_clip", not_owner=optimizer, low=0.01, high=1,
        ),
        Quantity(
            "entropy_coefficient", "entropy coefficient", r"entropy (?:bonus |term |regulari[sz]ation |penalty )?(?:with )?(?:a )?(?:coefficient|weight)", r"(?:times the|\* ?the) entropy", code=r"(?:ent|entropy)_?(?:coef\w*|weight|beta|scale|bonus)|beta_entropy",
            low=0, high=10,
        ),
        Quantity(
            "kl_weight", "weight of the KL term", r"(?:weight|scale|multiply) the kl(?: term| divergence)?(?: with| by)?|kl (?:term |divergence )?(?:weight|coefficient|penalty(?: coefficient)?|scale)",
            symbols="beta", context=r"\bD?_?KL\b|elbo", code=r"(?:kl_?(?:coef\w*|weight|scale|beta|w|lambda)|beta_?kl|lambda_kl|beta)",
            not_owner=optimizer + "|[Hh]uber|[Ss]mooth", low=0, high=1e4,
        ),
        Quantity(
            "commitment_weight", "weight of the commitment term", r"commitment (?:loss )?(?:coefficient|cost|weight|factor)", symbols="beta", context=r"commit",
            code=r"(?:commit\w*(?:_?(?:cost|weight|coef\w*|beta|loss_weight))?|beta)", not_owner=optimizer, low=0, high=1e3,
        ),
        Quantity(
            "value_coefficient", "value coefficient", r"value (?:function |loss )?(?:coefficient|weight)", r"times the value(?: function)?(?: loss)?", code=r"(?:vf|value|critic|v)_?(?:loss_)?(?:coef\w*|weight|scale)",
            low=0, high=100,
        ),
        Quantity(
            "target_update_interval", "target update interval", r"target (?:\w+ )?(?:is |was |are )?(?:copied|updated|synchroni[sz]ed|replaced|refreshed) every|target (?:network )?update (?:interval|frequency|period)",
            code=r"target_?(?:net\w*_)?(?:update|sync|copy)(?:_?(?:interval|freq\w*|every|period|steps))?|(?:update|sync)_target(?:_every|_freq\w*)?|copy_every", low=1, high=1e9,
        ),
        Quantity(
            "buffer_size", "replay buffer size", r"(?:replay|experience) (?:buffer|memory)(?: size| capacity)?(?: holds)?|buffer (?:size|capacity)", code=r"(?:replay_?)?(?:buffer|memory)_?(?:size|capacity)|replay_size|capacity|replay_capacity", low=10, high=1e10,
        ),
        Quantity("ffn_size", "feed-forward size", r"(?:feed-?forward|ffn|mlp|inner)(?:[- ]layer)? (?:dimension|size|width|dimensionality)|d_ff", code=r"d_ff|ffn_?(?:dim|size|hidden)|dim_feedforward|intermediate_size|feedforward_dim|mlp_dim|d_inner", low=4, high=1e6),
        Quantity(
            "layers", "layers", r"(?:number of )?(?:hidden |encoder |transformer )?(?:layers|depth)(?! of)(?! norm)|num_layers", r"(?:hidden |transformer |encoder |decoder |gru |lstm |residual |-)*(?:layers?|blocks)(?! norm)(?! of \w+ residual)",
            code=r"(?:n|num|nb)_?(?:hidden_?|encoder_?|decoder_?|transformer_?)?(?:layers?|blocks)|n_?layer|depth|nlayers|layers|num_hidden_layers", low=1, high=2000, weighty=False,
        ),
        Quantity("heads", "attention heads", r"(?:number of )?(?:attention )?heads", r"(?:attention |self-attention )?heads", code=r"(?:n|num|nb)_?(?:attention_?)?heads?|heads|nhead", given={"MultiheadAttention": 1, "MultiHeadAttention": 1}, low=1, high=1024),
        Quantity(
            "hidden_size", "hidden size", r"hidden (?:size|units|dimension|dimensionality|state size|width)|model (?:dimension|width|size)|d_model|width|(?:number of )?hidden units",
            r"(?:hidden )?(?:units|neurons|hidden dimensions|hidden nodes|cells)(?: per layer| each)?",
            code=r"(?:n_?)?(?:hidden|embd|emb)(?:_?(?:sizes?|dims?|units|channels|width|layers))?|d_model|model_dim|n_embd|hidden|units|nhid|width|dim_model|hidden_features|rnn_size|lstm_size|features", not_owner=r"Linear$|projection", low=2, high=1e6, weak="features|width|hidden_layers",
        ),
        Quantity("embedding_size", "embedding dimension", r"embedding (?:dimension|size|dimensionality)|embeddings? (?:are|is|have|has|of)(?: dimension| size)?", r"-?dimensional (?:word )?embeddings?", code=r"emb(?:ed(?:ding)?)?_?(?:dim|size)\w*|ninp|emsize|embedding_dim|word_dim", low=2, high=1e5),
        Quantity("sequence_length", "sequence length", r"(?:max(?:imum)? )?(?:sequence|input|context|bptt|prompt) (?:length|size|window)|maximum length|context window|block size|bptt", code=r"(?:max_?)?(?:seq(?:uence)?_?)?(?:len(?:gth)?)(?:_size)?|max_?(?:seq_?)?length|seq_?len(?:gth)?|block_size|bptt|context_?(?:length|size)|n_ctx|max_position_embeddings|ctx_len|max_len|max_seq_len\w*|max_tokens", low=2, high=1e8),
        Quantity("vocabulary_size", "vocabulary size", r"vocabular(?:y|ies) (?:size|has|of|holds|contains|is)(?: size)?(?: of)?", code=r"(?:n_?)?vocab(?:ulary)?(?:_?size)?|ntoken\w*|num_embeddings_vocab", low=10, high=1e7),
        Quantity("codebook_size", "codebook size", r"codebook (?:size|with|of|has|contains)(?: size)?|(?:number of )?(?:codes|codebook entries)", r"(?:codebook )?(?:entries|codes|code vectors|codewords)", code=r"(?:n_?|num_?)?(?:codes?|codebook(?:_size)?|embeddings|n_embed|n_codes|code_size|codebook_entries)", low=2, high=1e7),
        Quantity("latent_size", "latent dimension", r"latent (?:space |code |vector )?(?:dimension(?:ality)?|size|space has|space of|variables?)|bottleneck (?:dimension|size)", r"(?:-?dimensional latent|latent (?:dimensions|variables|units))", code=r"(?:n_?)?(?:latent|z|code|bottleneck)_?(?:dims?|size|features|channels)|latents?|nz", low=1, high=1e6),
        Quantity("projection_size", "projection dimension", r"projection (?:head )?(?:dimension(?:ality)?|size|has|output)", code=r"(?:proj(?:ection)?)_?(?:dim|size|features|out\w*)", low=2, high=1e6),
        Quantity("huber_delta", "Huber delta", r"huber (?:loss )?(?:delta|threshold)", symbols="delta", context="huber|smooth l1", code=r"(?:huber_?)?delta|huber_?(?:threshold|k)|beta", owner=r"[Hh]uber|[Ss]mooth", given={"HuberLoss": 1, "SmoothL1Loss": 3}, defaults={"HuberLoss": 1.0, "huber_loss": 1.0, "smooth_l1_loss": 1.0, "SmoothL1Loss": 1.0}, low=1e-6, high=1e4),
        Quantity("focal_gamma", "focal gamma", r"focusing parameter|focal gamma", symbols="gamma", context="focal|focusing", code=r"(?:focal_?)?gamma", owner=r"[Ff]ocal", low=0, high=20),
        Quantity("focal_alpha", "focal alpha", r"focal alpha|balancing (?:factor|weight)", symbols="alpha", context="focal|focusing", code=r"(?:focal_?)?alpha", owner=r"[Ff]ocal", low=0, high=1),
        Quantity("margin", "margin", r"(?:triplet |hinge )?margin", symbols="margin", context="margin", code=r"(?:triplet_?|loss_?)?margin", given={"TripletMarginLoss": 0, "MarginRankingLoss": 0}, defaults={"TripletMarginLoss": 1.0, "MarginRankingLoss": 0.0}, low=0, high=1000),
        Quantity("diffusion_steps", "diffusion steps", r"(?:number of )?(?:diffusion|noise|noising|denoising) (?:time)?steps|diffusion process of", r"(?:diffusion|noise|noising|denoising|forward) (?:time)?steps", symbols="T", context="diffusion|noise schedule|variance schedule",
                 code=r"(?:n_?|num_?)?(?:diffusion_?|train_?)?(?:time_?steps|diffusion_steps|T|n_T)", low=2, high=1e5),
        Quantity("beta_start", "first noise variance", r"beta1(?= ?=)|beta_start|beta_min", symbols="", context="", code=r"beta_?(?:start|min|1)|linspace\.0", owner=r"", low=1e-9, high=0.5),
        Quantity("beta_end", "last noise variance", r"beta_T|beta_end|beta_max", code=r"beta_?(?:end|max|T)|linspace\.1", low=1e-6, high=1),
        Quantity("rollout_length", "rollout length", r"rollouts? (?:of|length(?: of)?)|horizon", r"(?:-| )?step rollouts|environment steps per (?:update|rollout)", code=r"(?:n_?|num_?)?(?:rollout|unroll)_?(?:steps|length|len|horizon)|n_steps|num_steps|horizon", low=1, high=1e7),
        Quantity("environments", "parallel environments", r"(?:number of )?(?:parallel |vectori[sz]ed )?(?:environments|actors|workers)", r"(?:parallel |vectori[sz]ed |simultaneous )+(?:environments|actors|workers|envs)", code=r"(?:n|num|nb)_?(?:parallel_?)?(?:envs?|environments|actors)", low=1, high=1e6),
        Quantity("patience", "early-stopping patience", r"patience", code=r"(?:early_?stop\w*_?)?patience", not_owner=r"Plateau", low=0, high=1e5),
        Quantity("image_size", "image size", r"(?:image|input|crop) (?:size|resolution)|resolution", r"(?:x ?\d+ )(?:pixels |pixel )?(?:random )?(?:\w+ )?(?:images?|crops?|inputs?|pixels?)", code=r"(?:img|image|input|crop)_?(?:size|resolution|res)|resolution", given={"RandomResizedCrop": 0, "RandomCrop": 0, "Resize": 0, "CenterCrop": 0}, low=8, high=1e5),
        Quantity("patch_size", "patch size", r"patch size", r"(?:x ?\d+ )(?:pixel )?patches", code=r"patch_?size", low=1, high=4096),
        Quantity("mixup_alpha", "mixup alpha", r"mix-?up (?:with )?(?:alpha|parameter|coefficient)|mix-?up", code=r"mix_?up(?:_?alpha)?", absent="mixup", low=0, high=10),
        Quantity("lora_rank", "LoRA rank", r"lora rank|(?:low[- ])?rank", code=r"(?:lora_?)?(?:r|rank)|lora_r", owner=r"[Ll]ora|^$|Config", low=1, high=4096),
        Quantity("lora_alpha", "LoRA alpha", r"lora[- ]alpha|(?:rank \d+,? and alpha)", code=r"lora_?alpha", low=0.1, high=4096),
        Quantity("lr_decay_interval", "decay interval", r"(?:divided|multiplied|reduced|decayed|decreased|dropped|lowered|decays)(?: \w+){0,5} every|(?:factor of|by) \d*\.?\d+ every", code=r"step_size|lr_?(?:decay_?)?(?:step|interval|every)|transition_steps|decay_(?:every|interval)", owner=r"StepLR|exponential_decay|step|^$", not_owner=optimizer, low=1, high=1e8),
        Quantity("lr_milestones", "decay milestones", r"(?:at|after) epochs?", code=r"milestones|lr_steps|decay_epochs", low=1, high=1e8),
        Quantity("lr_decay_factor", "decay factor", r"(?:multiplied|decayed|reduced|decays exponentially|decays|decay)(?: \w+){0,3} (?:by|with)(?: a factor of)?", code=r"gamma|decay_rate|lr_?(?:gamma|decay)(?:_factor|_rate)?", owner=r"LR$|decay|[Ss]chedule|^$", low=1e-4, high=0.99999),
        Quantity("positional_base", "base of the positional encoding", r"pos ?/ ?", code=r"positional_base|rope_theta|rope_base", low=10, high=1e9),
        Quantity("gradient_penalty", "gradient penalty weight", r"gradient penalty(?: coefficient| weight)?", code=r"(?:lambda_?gp|gp_?(?:lambda|weight|coef\w*)|gradient_penalty\w*|lambda_gradient\w*)", absent="penalty gp", low=0, high=1e4),
        Quantity("critic_steps", "critic steps", r"n_critic|critic (?:iterations|updates|steps)", r"(?:critic|discriminator) (?:iterations|updates|steps)", code=r"n_?critic|critic_(?:iters?|steps|iterations|updates)|disc_(?:iters|steps)", low=1, high=1000),
        Quantity("seeds", "seeds", "", r"(?:random |different )?seeds", code=r"n_?seeds|num_seeds", low=1, high=1000),
        Quantity("power", "power of the decay", r"(?:with )?power(?: of)?", code=r"power", owner=r"LR$|[Pp]oly|^$", low=0.1, high=10),
    )  # fmt: skip


QUANTITIES = _table()
BY_TOPIC = {quantity.topic: quantity for quantity in QUANTITIES}
