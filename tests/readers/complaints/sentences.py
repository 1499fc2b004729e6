"""What users write, per complaint: sentences that make it, and look-alikes that do not. Written for these tests."""

MAKES: dict[str, tuple[str, ...]] = {
    "gpu_memory_grows": (
        "My GPU memory keeps growing with every iteration until the run dies.",
        "I see the VRAM slowly increasing during the epoch and it is never released",
        "训练过程中显存不断增加",
    ),
    "host_memory_grows": (
        "The RAM usage increases continuously while training",
        "CPU memory is leaking, after a night it takes 200 GB",
        "内存一直在上涨,最后机器卡死",
    ),
    "memory_grows": (
        "There seems to be a memory leak in the training loop.",
        "Memory usage gradually increases from 4 to 20 GB within one epoch",
        "Why does the memory consumption keep rising?",
    ),
    "memory_in_evaluation": (
        "Training runs fine but I get OOM as soon as validation starts.",
        "GPU memory explodes in the evaluation loop",
        "验证的时候显存溢出",
    ),
    "oom": (
        "it runs out of memory on my card",
        "I always get OOM with this config",
        "训练的时候爆显存了怎么办",
    ),
    "oom_late": (
        "It goes out of memory after about 300 iterations",
        "OOM after a few epochs, although the first ones are ok",
        "训练一段时间后就会溢出显存",
    ),
    "oom_with_free_memory": (
        "I get out of memory although there are still 10 GB free",
        "OOM error but nvidia-smi shows plenty of memory left",
        "CUDA out of memory while there is enough memory on the GPU",
    ),
    "device_occupied": (
        "another process is using the GPU at the same time",
        "A zombie process still holds the memory of the device",
        "显卡被其他进程占用了",
    ),
    "killed": (
        "The process gets killed halfway without further notice.",
        "my training was killed after 2 hours",
        "训练到一半进程被杀了",
    ),
    "segfault": (
        "I get a segmentation fault as soon as training begins",
        "Segfault in the first epoch, any idea?",
        "训练的时候出现段错误",
    ),
    "silent_crash": (
        "The script exits without any error message",
        "python crashes silently after some batches",
        "训练到一半程序自动退出,没有任何提示",
    ),
    "machine_restarts": (
        "My computer suddenly reboots when I start training",
        "the whole server shuts down under load",
        "一训练电脑就重启",
    ),
    "gpu_unused": (
        "The GPU is not being used, everything runs on the CPU",
        "torch.cuda.is_available() returns False in my environment, so cuda is not available",
        "显卡没有用到,一直是cpu在跑",
    ),
    "gpu_lost": (
        "After an hour one GPU is lost and nvidia-smi hangs",
        "I think it is a hardware problem of the GPU",
        "训练几个小时后显卡掉卡",
    ),
    "hangs_distributed": (
        "Training hangs when I use 4 GPUs",
        "With DDP the program gets stuck before the first iteration",
        "多卡训练卡住不动",
    ),
    "works_on_one_device": (
        "It works with a single GPU but crashes with two GPUs",
        "On one gpu everything is fine, on multiple gpus I get an error",
        "单卡可以跑,多卡就报错",
    ),
    "hangs": (
        "The training hangs at the end of the epoch",
        "my script freezes after loading the model",
        "程序一直卡住,没有输出",
    ),
    "loader_hangs": (
        "The DataLoader hangs when num_workers is larger than 0",
        "it gets stuck in the data loader forever",
        "Dataloader deadlocks at random",
    ),
    "disk_full": (
        "there is no space on the disk for the next checkpoint",
        "My hard drive is full because every step saves a model",
        "磁盘满了,保存不了",
    ),
    "shared_memory": (
        "I think docker has not enough shared memory",
        "shared memory is too small in the container",
        "共享内存不足",
    ),
    "session_ended": (
        "Colab disconnects before the epoch is over",
        "our cluster has a time limit of 24 h so the job ends",
        "my kaggle session timed out",
    ),
    "loss_nan": (
        "The loss becomes nan after a while",
        "why is my training loss NaN?",
        "训练时loss突然变成nan",
    ),
    "nan_from_start": (
        "I get nan loss from the very first iteration",
        "The loss is NaN right from the start",
        "loss一开始就是nan",
    ),
    "nan_late": (
        "loss goes to nan after ~2000 iterations",
        "It trains well, then suddenly the loss is nan",
        "训练一段时间后loss变nan",
    ),
    "nan_in_half": (
        "With fp16 enabled the loss is nan",
        "NaN loss when I turn on AMP",
        "开启半精度训练loss为nan",
    ),
    "fine_in_full_precision": (
        "With fp32 everything works.",
        "if I disable amp the loss is normal",
        "用单精度训练就正常",
    ),
    "nan_with_own_data": (
        "The loss is nan on my own dataset",
        "I get nan with a custom dataset, the demo data is fine",
        "用自己的数据训练loss为nan",
    ),
    "lower_rate_works": (
        "With a lower learning rate it converges",
        "A smaller lr works fine",
        "学习率调小之后就正常了",
    ),
    "rate_raised": (
        "When I increase the learning rate the loss diverges",
        "The lr is too high and then the loss explodes",
        "学习率太大,loss变成nan",
    ),
    "gradient_explodes": (
        "The gradients explode in the third epoch",
        "grad norm is huge, about 1e6",
        "训练中梯度爆炸",
    ),
    "gradient_vanishes": (
        "I suspect that the gradients vanish in the lower layers",
        "the gradient of the first layers is very small",
        "梯度消失怎么办",
    ),
    "gradient_zero": (
        "All gradients are zero after the backward pass",
        "my grad is None for the encoder",
        "梯度一直为0",
    ),
    "loss_zero": (
        "The loss is always 0 and I do not know why",
        "After a few steps the loss drops to zero",
        "loss一直为0",
    ),
    "loss_zero_finetuning": (
        "When fine-tuning llama the loss is 0.0 at every step",
        "Why is the SFT loss 0?",
        "微调的时候loss一直是0",
    ),
    "loss_diverges": (
        "The loss diverges after 1000 steps",
        "training loss increases instead of going down",
        "loss突然飙升",
    ),
    "loss_stuck": (
        "The loss does not decrease at all",
        "my loss is stuck at 2.3",
        "loss一直不下降",
    ),
    "not_learning": (
        "the model does not learn anything",
        "My network isn't converging",
        "模型不收敛",
    ),
    "loss_oscillates": (
        "The loss fluctuates a lot between batches",
        "the training loss is very unstable",
        "loss震荡得很厉害",
    ),
    "loss_slow": (
        "the loss decreases very slowly",
        "It converges extremely slowly on my data",
        "收敛太慢了",
    ),
    "rate_too_small": (
        "maybe the learning rate is too small?",
        "I guess lr is too low",
        "是不是学习率太小",
    ),
    "first_loss_huge": (
        "The initial loss is extremely large",
        "my loss starts at 150000",
        "初始loss非常大",
    ),
    "loss_negative": (
        "Why is my loss negative?",
        "the loss goes below zero after the first epoch",
        "loss变成负数了",
    ),
    "overfitting": (
        "The model overfits after three epochs",
        "val loss keeps increasing while the train loss goes down",
        "训练集很好,验证集很差,过拟合了",
    ),
    "slow_generalisation": (
        "The validation accuracy does not change",
        "val_loss stays the same for all epochs",
        "my test accuracy doesn't improve",
    ),
    "one_class": (
        "The model predicts only one class",
        "it always outputs the same label for every image",
        "预测结果全是同一个类别",
    ),
    "class_imbalance": (
        "My dataset is highly imbalanced",
        "the classes are unbalanced, 95 to 5",
        "样本不均衡怎么办",
    ),
    "metric_stuck": (
        "Accuracy is stuck at 0.31",
        "the mAP does not improve at all",
        "准确率一直不提升",
    ),
    "metric_zero": (
        "mAP is always 0 on my data",
        "The model does not detect any objects after training",
        "训练完mAP为0",
    ),
    "at_chance": (
        "The accuracy is no better than random guessing",
        "the loss stays at 0.693",
        "my accuracy is around 50%",
    ),
    "too_good": (
        "Why do I get 100% accuracy in the first epoch?",
        "The result is suspiciously good from the first epoch",
        "The validation accuracy is too high from the beginning, that is strange",
    ),
    "leakage": (
        "I think there is data leakage between the train and test split",
        "the validation images are used in the training set",
        "训练集和测试集有重叠",
    ),
    "labels_wrong": (
        "My labels are shifted by one",
        "the masks do not correspond to the images, the labels are misaligned",
        "标签错误导致的吗",
    ),
    "data_missing": (
        "the images are not found although the path is right",
        "My dataset is empty when I print its length",
        "找不到数据集的路径",
    ),
    "data_corrupt": (
        "Some images are corrupted",
        "there are NaNs in the data",
        "有的图片损坏了",
    ),
    "input_scale": (
        "I forgot to normalize the images before training",
        "The loss gets stuck only when I normalize the inputs to [0, 1]",
        "数据没有归一化,loss很大",
    ),
    "not_shuffled": (
        "The training data is not shuffled",
        "I use shuffle=False in the train loader",
        "训练数据没有打乱",
    ),
    "loss_periodic": (
        "My loss shows a sawtooth pattern",
        "the loss drops at the start of every epoch",
        "loss呈周期性变化",
    ),
    "truncated": (
        "The responses are truncated at 512 tokens",
        "my sequences are too long for the model",
        "文本被截断了",
    ),
    "padding": (
        "I believe the padding tokens are included in the loss",
        "the loss does not ignore pad tokens",
        "The model generates only pad tokens and predicts padding",
    ),
    "never_stops": (
        "After fine-tuning the model never generates the EOS token and runs to the maximum length.",
        "it keeps generating text until max_new_tokens",
        "the outputs do not end with </s>, the model doesn't know when to stop",
        "微调后模型一直生成，停不下来",
    ),
    "batch_shapes": (
        "The images have different sizes and stacking the batch fails",
        "I get an error because the samples in a batch have different lengths",
        "图片尺寸不一,组成batch时报错",
    ),
    "last_batch_of_one": (
        "It complains: Expected more than 1 value per channel when training, for the batch",
        "the last batch has only one sample",
        "Should I set drop_last for the batch loader?",
    ),
    "waits_for_data": (
        "Data loading is the bottleneck",
        "the dataloader takes most of the time",
        "数据加载太慢",
    ),
    "gpu_idle": (
        "GPU utilization is very low, most of the time 0%",
        "my gpu is idling while the CPU works",
        "显卡利用率很低",
    ),
    "training_slow": (
        "Training is extremely slow",
        "one epoch takes 10 hours on a 3090",
        "训练速度太慢",
    ),
    "eval_mode": (
        "After model.eval() the accuracy drops sharply",
        "The test result is much better without model.eval()",
        "the outputs in eval mode are completely different from training",
    ),
    "train_test_differ": (
        "Inference on the training images gives different and bad results",
        "predictions are good during training but the evaluation is random afterwards",
        "testing on the same data gives worse numbers",
    ),
    "resume_jump": (
        "When I resume training from a checkpoint the loss jumps up",
        "After loading the checkpoint the loss is as large as at the beginning of training",
        "断点续训之后loss变大",
    ),
    "weights_unchanged": (
        "The weights are not updated during training",
        "my parameters never change after optimizer.step()",
        "模型参数不更新",
    ),
    "graph_cut": (
        "The gradient does not flow back to the encoder",
        "loss has no grad_fn",
        "the argmax makes my loss non-differentiable so there is no gradient",
    ),
    "rate_constant": (
        "The learning rate does not change although I use a scheduler",
        "my lr scheduler has no effect",
        "学习率一直不变",
    ),
    "rate_zero": (
        "the learning rate is 0 in the log",
        "After the first epoch lr becomes 0",
        "学习率变成0了",
    ),
    "rate_change_breaks": (
        "When the learning rate drops at epoch 30, the loss explodes",
        "right after the lr decays the accuracy collapses",
        "the loss spikes when the learning rate is reset",
    ),
    "without_warmup": (
        "Without warmup the loss diverges",
        "no warm-up is used and then I see nan loss",
        "没有预热loss就会发散",
    ),
    "same_random_numbers": (
        "All workers produce the same random augmentation",
        "np.random returns identical numbers in every epoch",
        "每个worker的随机数都相同",
    ),
    "not_reproducible": (
        "I set the seed but every run gives different results",
        "results are not reproducible with the same seed",
        "固定了随机种子,结果还是不一样",
    ),
    "worse_on_several_devices": (
        "Accuracy is lower with 8 GPUs than with one",
        "multi-gpu training gives worse results",
        "多卡训练精度下降",
    ),
    "accumulation": (
        "With gradient accumulation the loss is different from a large batch",
        "I think gradient accumulation is scaled wrong",
        "梯度累积的结果不一致",
    ),
    "softmax_twice": (
        "softmax is applied twice because CrossEntropyLoss already does it",
        "there is a softmax before the cross entropy loss",
        "The model ends in a sigmoid and I use BCEWithLogitsLoss as loss",
    ),
    "wrong_loss_function": (
        "I think the loss function is wrong, it should use cross entropy",
        "the sign of the loss is flipped in the implementation",
        "The loss takes the sum instead of the mean",
    ),
    "metric_computed_wrongly": (
        "The accuracy is greater than 100",
        "my IoU metric is wrong",
        "f1 does not match the one of sklearn, there is a mismatch",
    ),
    "option_ignored": (
        "the config option is ignored",
        "my argument has no effect",
        "这个配置不起作用",
    ),
    "checkpoint_refused": (
        "The pretrained weights cannot be loaded",
        "size mismatch when loading the checkpoint",
        "权重加载失败",
    ),
    "shapes": (
        "the shapes do not match in the decoder",
        "I get a dimension mismatch in the last layer",
        "维度不匹配",
    ),
    "axes": (
        "the channels are in the wrong order",
        "My input is HWC instead of CHW",
        "the axes are swapped before the reshape",
    ),
    "vocabulary": (
        "The vocab size of the tokenizer is larger than the embedding",
        "tokenizer and model do not match, there is a mismatch",
        "token ids exceed the table",
    ),
    "mode_collapse": (
        "I suffer from mode collapse",
        "the generator produces the same image again and again",
        "训练GAN的时候模式崩溃",
    ),
    "gan_loss_vanishes": (
        "The discriminator loss goes to 0",
        "d_loss falls to 0.0001 and stays there",
        "the discriminator is too strong",
    ),
    "reward_flat": (
        "The reward does not increase",
        "reward is always 0 in my GRPO run",
        "奖励一直不上升",
    ),
    "rl_loss_zero": (
        "GRPO loss is always 0",
        "With PPO the grad norm is 0 and the loss is 0",
        "GRPO训练loss一直为0",
    ),
    "reward_collapses": (
        "The reward suddenly drops after 500 steps",
        "mean reward collapses late in training",
        "The rewards decrease again",
    ),
    "regularization": (
        "the dropout is too high",
        "without weight decay it works",
        "正则太大了",
    ),
    "optimizer": (
        "With SGD it converges",
        "if I switch to Adam it works fine",
        "Using AdamW instead gives stable training",
    ),
    "units_dead": (
        "I have many dead ReLUs",
        "most neurons are dead after the first epoch",
        "激活之后神经元死亡",
    ),
    "initialization": (
        "the loss depends on the initialization",
        "Training only converges with a different init",
        "a bad initialization leads to a plateau of the loss",
    ),
    "tied_weights": (
        "The tied weights are lost after loading",
        "input and output embeddings are not tied",
        "shared weights are saved as copies, they are no longer tied weights",
    ),
    "parameters_unregistered": (
        "The layers are in a python list and not registered",
        "model.parameters() is empty",
        "named_parameters does not show my block, it is not included",
    ),
    "step_order": (
        "I forgot to call optimizer.zero_grad()",
        "clip_grad_norm is called before the backward",
        "scaler.update is never called",
    ),
    "after_upgrade": (
        "After upgrading pytorch to 2.1 it fails",
        "this worked with version 1.4 of transformers",
        "应该是版本不兼容",
    ),
    "seems_fine": (
        "Training works fine otherwise, is this normal?",
        "The loss is still decreasing, is it expected behaviour?",
        "it goes well so far, is it normal?",
    ),
}

DOES_NOT_MAKE: dict[str, tuple[str, ...]] = {
    "never_stops": (
        "generation stops at the end token",
        "the server does not stop",
        "training stops after one epoch",
    ),
    "gpu_memory_grows": (
        "GPU memory stays constant at 8 GB",
        "My card has 24 GB of GPU memory",
        "显存占用正常",
    ),
    "host_memory_grows": (
        "The RAM usage is constant",
        "The server has 128 GB RAM",
        "The CPU memory is not increasing",
    ),
    "memory_grows": (
        "There is no memory leak any more",
        "Memory usage is stable",
        "This avoids a memory leak",
    ),
    "memory_in_evaluation": (
        "I evaluate with batch size 8",
        "It runs out of memory in the backward pass",
        "train and validation both run out of memory",
    ),
    "oom": (
        "I never run out of memory",
        "We have enough memory",
        "Without OOM so far",
    ),
    "oom_late": (
        "It runs out of memory at the first step",
        "OOM immediately",
        "I stop training after 300 iterations",
    ),
    "killed": (
        "I had to kill the process by hand",
        "The process is running",
        "the process was not killed",
    ),
    "segfault": (
        "no segmentation fault this time",
        "Semantic segmentation of faults in rock",
        "The core of the model is a transformer",
    ),
    "machine_restarts": (
        "I tried to restart the machine",
        "The server has 8 GPUs",
        "after rebooting the machine nothing changed",
    ),
    "gpu_unused": (
        "I use 4 GPUs",
        "The GPU works",
        "I don't have a GPU",
    ),
    "hangs_distributed": (
        "Training with 4 GPUs works",
        "With DDP the accuracy is stuck at 10%",
        "it does not hang with two gpus",
    ),
    "hangs": (
        "The accuracy of training is stuck at 10%",
        "The training continues",
        "training is stuck in a local minimum",
    ),
    "loss_nan": (
        "The loss is not nan",
        "I get no nan in the loss",
        "The inference loss is small",
        "the loss never becomes nan",
        "How do I avoid nan in the loss",
        "The nan loss is fixed now",
        "loss没有nan",
    ),
    "nan_in_half": (
        "I use fp16 and it works",
        "fp16 saves memory",
        "The loss is nan in fp32",
    ),
    "fine_in_full_precision": (
        "I use fp32",
        "fp32 also gives nan",
        "bf16 is not supported on my card",
    ),
    "lower_rate_works": (
        "A lower learning rate does not help",
        "even with a smaller lr it is still nan",
        "The learning rate is 1e-3",
    ),
    "gradient_explodes": (
        "I use gradient clipping",
        "gradients do not explode",
        "The gradient accumulation steps are large",
    ),
    "gradient_zero": (
        "optimizer.zero_grad() is called",
        "The gradients are fine",
        "the gradient is not zero",
    ),
    "loss_zero": (
        "The loss is 0.35 after the first epoch",
        "loss: 0.0312",
        "the loss is never zero",
        "The loss at epoch 0 is 2.3",
    ),
    "loss_diverges": (
        "The validation loss increases",
        "the loss does not diverge",
        "The loss decreases nicely",
    ),
    "loss_stuck": (
        "The loss decreases steadily",
        "The val loss does not decrease",
        "loss goes down as expected",
    ),
    "not_learning": (
        "The model learns well",
        "The model is trained for 10 epochs",
        "the learning rate is 0.1",
    ),
    "loss_oscillates": (
        "The loss curve is smooth",
        "the loss is not unstable",
        "GPU utilization fluctuates",
    ),
    "loss_negative": (
        "I use negative sampling in the loss",
        "The negative log likelihood loss is 2.3",
        "the loss is non-negative",
    ),
    "overfitting": (
        "There is no overfitting",
        "I can overfit a single batch",
        "both losses go down",
    ),
    "one_class": (
        "I train a one class classifier for anomalies",
        "the predictions look good for all classes",
        "I get the same error as in the other issue",
    ),
    "class_imbalance": (
        "The classes are balanced",
        "my data is not imbalanced",
        "GPU load is unbalanced between the cards and memory differs",
    ),
    "metric_stuck": (
        "Accuracy improves with every epoch",
        "the mAP reaches 0.6",
        "The score is 0.91",
    ),
    "metric_zero": (
        "mAP is 0.05 after one epoch",
        "the accuracy is 0.83",
        "we detect all objects",
    ),
    "too_good": (
        "the accuracy is 71%",
        "GPU utilization is 100%",
        "The accuracy is not as high as in the paper",
    ),
    "leakage": (
        "There is a memory leak in the validation step",
        "I split the data into train and test",
        "there is no data leakage in my split",
    ),
    "labels_wrong": (
        "The labels are correct",
        "I don't think the labels are wrong",
        "the number of labels is 5",
    ),
    "data_missing": (
        "No module named foo was found in the path",
        "All images are present",
        "missing keys in the state dict of the data model",
    ),
    "data_corrupt": (
        "The checkpoint file is corrupted",
        "the images are not corrupted",
        "my data is clean",
    ),
    "input_scale": (
        "I use batch normalization without momentum",
        "The loss normally goes down",
        "images are normalized with the ImageNet statistics",
    ),
    "training_slow": (
        "The loss decreases slowly during training",
        "Training takes place on a server",
        "the training is fast",
    ),
    "gpu_idle": (
        "GPU utilization is 98%",
        "The GPUs hang at 100% with nccl",
        "memory utilization is low",
    ),
    "eval_mode": (
        "I call model.eval() before validation",
        "The batch norm layers have 64 channels",
        "eval_steps is wrong in the config",
    ),
    "resume_jump": (
        "I resume training from epoch 5",
        "Loading the pretrained checkpoint gives a different head",
        "memory jumps after loading the checkpoint",
    ),
    "weights_unchanged": (
        "I did not change any parameter",
        "The weights are updated",
        "without changing anything in the layers",
    ),
    "rate_constant": (
        "I use a constant learning rate",
        "I tried to change the learning rate but the loss does not decrease",
        "the learning rate decays as expected",
    ),
    "not_reproducible": (
        "I cannot reproduce the results of the paper",
        "the seed is 42",
        "every run gives the same result with this seed",
    ),
    "worse_on_several_devices": (
        "I train on 8 GPUs",
        "Throughput drops with 8 GPUs",
        "accuracy is the same with 8 GPUs",
    ),
    "mode_collapse": (
        "There is no mode collapse",
        "the images are different",
        "I generate a sample for each class",
    ),
    "reward_flat": (
        "The reward increases",
        "I use a reward model",
        "mean reward is 12.5",
    ),
    "checkpoint_refused": (
        "The weights are loaded",
        "I use a pretrained checkpoint",
        "the dataset cannot be loaded",
    ),
    "after_upgrade": (
        "I use version 1.4 of pytorch",
        "Which version of cuda do you use?",
        "the package is installed",
    ),
    "seems_fine": (
        "Training works fine until the loss becomes nan, is this normal?",
        "it fails, is that normal?",
        "the model has 12 layers",
    ),
}

# Nobody complains here: plain statements, questions and thanks with the same words.
HARMLESS: tuple[str, ...] = (
    "Thank you for your great work!",
    "I train a ResNet-50 on ImageNet with batch size 256 and lr 0.1.",
    "We use the AdamW optimizer with a cosine schedule and 500 warmup steps.",
    "The loss goes down as expected.",
    "Could you share the training log and the config?",
    "Which GPU did you use?",
    "Training on 8 A100 GPUs takes place in our cluster.",
    "The dataset has 10 classes and 50000 images.",
    "Validation runs every 1000 steps.",
    "My model has 12 layers and 110M parameters.",
    "Does the model support bf16?",
    "The gradients are clipped to 1.0.",
    "I resume training with the official command.",
    "The checkpoint is saved every epoch.",
    "The reward model is trained first.",
    "We evaluate with mAP and recall.",
    "I load the pretrained weights and finetune the head.",
    "There are three dataloader workers per GPU.",
    "The tokenizer is a BPE model with 32k tokens.",
    "The accuracy after ten epochs is 0.83.",
    "It converges after 20 epochs.",
    "The images are resized to 224 pixels.",
    "我用默认参数训练模型",
    "请问训练需要多少显存",
    "数据集有一万张图片",
    "谢谢作者的工作",
    "A clear and concise description of what the bug is.",
    "What is the expected behavior?",
    "If the loss becomes nan, lower the learning rate.",
    "To avoid out of memory errors, reduce the batch size.",
    "Make sure that the labels are not wrong.",
    "In case of overfitting use dropout.",
)

# More ways to say it, from what the first collection of threads did not hold.
MAKES_TOO: tuple[tuple[str, str], ...] = (
    ("memory_grows", "the more time I train the larger the memory is"),
    ("memory_in_evaluation", "In evaluation all logits are accumulated and exceed the GPU memory"),
    ("resume_jump", "after resuming the learning rate of the last session is not restored"),
    ("eval_mode", "I forgot to switch back to model.train() after validation"),
    ("loss_slow", "the loss drops only slightly in each epoch"),
    ("accumulation", "the loss should be divided by accum_steps"),
    ("not_reproducible", "with a fixed seed I am not getting the same results twice"),
    ("nan_in_half", "The outputs are NaN in float-16 precision"),
)
