"""What the names of PyTorch and of the libraries around it mean to the checks.

from misrun.tools.code.names import names

Names follow the public API reference, https://docs.pytorch.org/docs/stable/ (torch.nn, torch.optim, torch.utils.data).
"""

from misrun.tools.code.names import names

# torch.optim, torch.optim.lr_scheduler and the optimizers of transformers, apex, bitsandbytes, timm and deepspeed.
OPTIMIZERS = names(
    "Adam AdamW Adamax NAdam RAdam SparseAdam SGD RMSprop Rprop Adagrad Adadelta ASGD LBFGS Adafactor Muon Lion LAMB "
    "Lamb"
    " FusedAdam FusedLAMB FusedSGD Adam8bit AdamW8bit PagedAdamW PagedAdamW8bit Lookahead Ranger AdaBelief AdamP SAM"
)
# Schedulers whose settings count epochs by custom; the others count whatever they are stepped by.
EPOCH_SCHEDULERS = names("StepLR MultiStepLR ExponentialLR ReduceLROnPlateau")
SCHEDULERS = EPOCH_SCHEDULERS | names(
    "LambdaLR MultiplicativeLR ConstantLR LinearLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR OneCycleLR"
    " PolynomialLR SequentialLR ChainedScheduler"
)
SCHEDULER_FACTORIES = names(
    "get_scheduler get_linear_schedule_with_warmup get_cosine_schedule_with_warmup get_constant_schedule"
    " get_constant_schedule_with_warmup get_polynomial_decay_schedule_with_warmup"
    " get_cosine_with_hard_restarts_schedule_with_warmup WarmupLinearSchedule WarmupCosineSchedule"
)
SAMPLERS = names(
    "RandomSampler SequentialSampler SubsetRandomSampler WeightedRandomSampler BatchSampler DistributedSampler"
)
DATASET_BASES = names("Dataset IterableDataset TensorDataset Subset ConcatDataset ImageFolder VisionDataset")
MODULE_BASES = names("Module LightningModule PreTrainedModel Sequential ModuleList ModuleDict GenerationMixin")

# Loss classes and the functional form that says the same.
LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "KLDivLoss": "kl_div",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "CTCLoss": "ctc_loss",
    "GaussianNLLLoss": "gaussian_nll_loss",
    "PoissonNLLLoss": "poisson_nll_loss",
    "TripletMarginLoss": "triplet_margin_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
}
LOSS_OPS = frozenset(LOSSES.values())
LAYERS = {
    "Softmax": "softmax",
    "Softmax2d": "softmax",
    "LogSoftmax": "log_softmax",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "logsigmoid",
    "Tanh": "tanh",
    "ReLU": "relu",
    "GELU": "gelu",
    "SiLU": "silu",
    "ELU": "elu",
    "SELU": "selu",
    "LeakyReLU": "leaky_relu",
    "Softplus": "softplus",
    "Identity": "identity",
    "CosineSimilarity": "cosine_similarity",
    "Dropout": "dropout",
    "Dropout1d": "dropout",
    "Dropout2d": "dropout",
    "Dropout3d": "dropout",
    "AlphaDropout": "dropout",
    "Linear": "linear",
    "LazyLinear": "linear",
    "Bilinear": "linear",
    "Conv1d": "conv1d",
    "Conv2d": "conv2d",
    "Conv3d": "conv3d",
    "ConvTranspose2d": "conv_transpose2d",
    "Embedding": "embedding",
    "Flatten": "flatten",
    "Unflatten": "unflatten",
    "BatchNorm1d": "batch_norm",
    "BatchNorm2d": "batch_norm",
    "BatchNorm3d": "batch_norm",
    "SyncBatchNorm": "batch_norm",
    "LayerNorm": "layer_norm",
    "GroupNorm": "group_norm",
    "MaxPool2d": "max_pool2d",
    "AvgPool2d": "avg_pool2d",
    "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
    "LSTM": "lstm",
    "GRU": "gru",
    "RNN": "rnn",
    "MultiheadAttention": "attention",
    "TransformerEncoder": "transformer",
    "TransformerEncoderLayer": "transformer",
    "TransformerDecoder": "transformer",
    "TransformerDecoderLayer": "transformer",
    "Transformer": "transformer",
}
# Layers that behave differently in train and eval mode. The transformer layers hold dropout of 0.1 by default.
MODE_LAYERS = names(
    "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout BatchNorm1d BatchNorm2d BatchNorm3d"
    " SyncBatchNorm InstanceNorm2d LazyBatchNorm1d LazyBatchNorm2d TransformerEncoderLayer TransformerDecoderLayer"
    " Transformer"
)

# Operations that keep every element's value (at most rounding it): a softmax stays a softmax through them.
KEEPING_OPS = names(
    "view reshape squeeze unsqueeze permute transpose t mT T movedim swapaxes flatten unflatten contiguous float double"
    " half bfloat16 to cuda cpu type type_as clone index slice identity expand repeat expand_as view_as chunk"
    " collated row split select narrow index_select gather requires_grad_ rename rearrange pin_memory stack cat concat"
)
# Operations through which no gradient flows back.
DETACHING_OPS = names(
    "item detach numpy tolist argmax argmin argsort detach_ long int bool byte ge gt le lt eq ne round floor ceil sign"
    " bernoulli multinomial topk_index nonzero"
)
LAST_LAYER_OPS = names("linear conv1d conv2d conv3d conv_transpose2d")
# Functions of torch, torch.nn.functional and methods of tensors that the checks reason about.
TENSOR_OPS = (
    KEEPING_OPS
    | DETACHING_OPS
    | LOSS_OPS
    | frozenset(LAYERS.values())
    | names(
        "backward mean sum prod max min amax amin abs log log1p log2 log10 exp expm1 sqrt rsqrt pow square norm std var"
        " clamp clip clamp_min clamp_max relu tanh softmax log_softmax sigmoid logsigmoid softplus logsumexp add sub "
        "mul"
        " div true_divide matmul mm bmm einsum dot addmm add_ sub_ mul_ div_ zero_ fill_ copy_ masked_fill masked_fill_"
        " where dropout one_hot normalize pad interpolate cumsum sort topk nan_to_num maximum minimum mean_ mode size"
        " dim numel neg cross_entropy gelu silu zeros ones zeros_like ones_like full full_like tensor from_numpy arange"
        " rand randn randint rand_like randn_like eye randperm as_tensor FloatTensor LongTensor linspace data"
    )
)
# Functions whose result does not depend on parameters of a model.
CONSTANT_OPS = names(
    "zeros ones zeros_like ones_like full full_like tensor from_numpy arange rand randn randint rand_like randn_like "
    "eye"
    " randperm as_tensor FloatTensor LongTensor linspace size dim numel"
)
# Wrappers that give back the model (optimizer, loader) they were given.
WRAPPERS = names(
    "DataParallel DistributedDataParallel FullyShardedDataParallel DDP FSDP compile prepare convert_sync_batchnorm"
    " tqdm trange track progress_bar notebook_tqdm BalancedDataParallel script set_seed_model"
)
NO_GRAD = names("no_grad inference_mode")


def kind_of_library_class(path: str) -> str | None:
    """The kind of object a library name constructs, such as "optimizer" for torch.optim.AdamW; None when not known."""
    head, _, name = path.rpartition(".")
    if name in OPTIMIZERS or (
        head.endswith("optim") and "distributed" not in head and (name == "?" or name[:1].isupper())
    ):
        return "optimizer"
    if name in SCHEDULERS or name in SCHEDULER_FACTORIES or (head.endswith("lr_scheduler") and name[:1].isupper()):
        return "scheduler"
    if name == "GradScaler":
        return "scaler"
    if name in LOSSES and "torch" in head:
        return "loss"
    return _kind_of_data_or_module(head, name)


def _kind_of_data_or_module(head: str, name: str) -> str | None:
    if name in ("DataLoader", "StatefulDataLoader") and not head.endswith("datasets"):
        return "loader"
    if name in SAMPLERS:
        return "sampler"
    if name in ("Accelerator", "Fabric"):
        return "accelerator"
    if head in ("torch.utils.data", "torch.utils.data.dataset") and name in DATASET_BASES:
        return "dataset"
    if head.startswith("torchvision.datasets"):
        return "dataset"
    if head in ("torch.nn", "torch.nn.modules") and name[:1].isupper() and name not in ("Parameter", "DataParallel"):
        return "module"
    return _kind_of_model(head, name)


def _kind_of_model(head: str, name: str) -> str | None:
    if head.startswith("torchvision.models") and name[:1].islower():
        return "module"
    if name in ("from_pretrained", "from_config") and head.rpartition(".")[2].startswith(("Auto", "Bert", "GPT", "T5")):
        return "module" if "Tokenizer" not in head and "Config" not in head and "Processor" not in head else None
    if (head, name) in (("timm", "create_model"), ("torch.hub", "load")):
        return "module"
    return None
