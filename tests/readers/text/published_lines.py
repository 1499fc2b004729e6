"""Lines as the trainers, launchers and schedulers print them, and exactly what is to be read from them."""

from typing import NamedTuple

NAN = float("nan")


class Shape(NamedTuple):
    """`metrics`: (name as printed, phase) -> (steps, values), `events`: (signature, rank), `settings`: name -> value.
    `file` is the name of the file that holds the text; `status` is that of the ending."""

    id: str
    text: str
    metrics: dict[tuple[str, str], tuple[tuple[float, ...], tuple[float, ...]]] = {}
    events: tuple[tuple[str, int | None], ...] = ()
    settings: dict[str, object] = {}
    file: str = "train.log"
    status: str | None = None


def _at(step: float, value: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return (step,), (value,)


SHAPES: tuple[Shape, ...] = (
    Shape(
        "trainer 4",
        "{'loss': 4.8549, 'grad_norm': 1.121766448020935, 'learning_rate': 0.000875, 'epoch': 0.25}\n"
        "{'eval_loss': 4.828213691711426, 'eval_runtime': 3.0093, 'eval_samples_per_second': 21.267, 'eval_steps_per_second': 2.658, 'epoch': 0.5}\n"
        "{'train_runtime': 18.0224, 'train_samples_per_second': 7.102, 'train_steps_per_second': 1.776, 'train_loss': 4.831923604011536, 'epoch': 2.0}\n",
        {
            ("loss", "train"): _at(0.25, 4.8549),
            ("learning_rate", "train"): _at(0.25, 0.000875),
            ("eval_loss", "eval"): _at(0.5, 4.828213691711426),
        },
        status="finished",
    ),
    Shape(
        "trainer 5 with a filtered NaN",
        "{'loss': '3.92', 'grad_norm': 'nan', 'learning_rate': '2.708e-05', 'epoch': '0.75'}\n"
        "{'loss': '0', 'grad_norm': 'nan', 'learning_rate': '1.875e-05', 'epoch': '1'}\n",
        {("loss", "train"): ((0.75, 1), (3.92, 0.0)), ("grad_norm", "train"): ((0.75, 1), (NAN, NAN))},
    ),
    Shape(
        "trainer banner",
        "[INFO|trainer.py:1712] 2023-10-19 09:44:55,247 >> ***** Running training *****\n"
        "[INFO|trainer.py:1713] 2023-10-19 09:44:55,247 >>   Num examples = 9,861\n"
        "[INFO|trainer.py:1715] 2023-10-19 09:44:55,247 >>   Instantaneous batch size per device = 1\n"
        "[INFO|trainer.py:1718] 2023-10-19 09:44:55,247 >>   Total train batch size (w. parallel, distributed & accumulation) = 64\n"
        "[INFO|trainer.py:1719] 2023-10-19 09:44:55,247 >>   Gradient Accumulation steps = 8\n"
        "[INFO|trainer.py:1720] 2023-10-19 09:44:55,247 >>   Total optimization steps = 1,540\n"
        "[INFO|trainer.py:1721] 2023-10-19 09:44:55,252 >>   Number of trainable parameters = 19,988,480\n",
        settings={
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 8,
            "max_steps": 1540,
            "n_parameters": 19988480,
        },
    ),
    Shape(
        "metrics block of the example scripts",
        "***** train metrics *****\n  epoch                    =     2.9268\n  total_flos               =  3778867GF\n  train_loss               =        0.0\n",
        {("train_loss", "train"): ((2.9268,), (0.0,))},
    ),
    Shape(
        "TRL SFT",
        "{'loss': '5.549', 'grad_norm': '0.9772', 'learning_rate': '1.667e-05', 'entropy': '5.539', 'mean_token_accuracy': '0.00625', 'num_tokens': '168', 'epoch': '0.25'}\n",
        {
            ("entropy", "train"): _at(0.25, 5.539),
            ("mean_token_accuracy", "train"): _at(0.25, 0.00625),
            ("num_tokens", "train"): _at(0.25, 168),
        },
    ),
    Shape(
        "TRL DPO",
        "{'loss': '0.6931', 'grad_norm': '0.644', 'learning_rate': '8.333e-07', 'rewards/chosen': '7.01e-06', 'rewards/rejected': '-6.056e-06', 'rewards/accuracies': '0.5', 'rewards/margins': '1.307e-05', 'logps/chosen': '-16.48', 'epoch': '0.25'}\n",
        {
            ("rewards/margins", "train"): _at(0.25, 1.307e-05),
            ("logps/chosen", "train"): _at(0.25, -16.48),
            ("loss", "train"): _at(0.25, 0.6931),
        },
    ),
    Shape(
        "TRL GRPO",
        "{'loss': '0', 'grad_norm': '0', 'completions/clipped_ratio': '0.75', 'reward': '0', 'reward_std': '0', 'frac_reward_zero_std': '1', 'kl': '0', 'epoch': '0.03125'}\n",
        {
            ("frac_reward_zero_std", "train"): _at(0.03125, 1),
            ("completions/clipped_ratio", "train"): _at(0.03125, 0.75),
            ("kl", "train"): _at(0.03125, 0),
        },
    ),
    Shape(
        "TRL PPO warning",
        "trl/trainer/ppo_trainer.py:1257: UserWarning: KL divergence is starting to become negative: -5.27 - this might be a precursor for failed training.\n",
        events=(("kl_negative", None),),
    ),
    Shape(
        "Axolotl",
        "[2026-05-02 10:11:15,001] [WARNING] [axolotl.utils.schemas.config] [RANK:1] sample packing will have no effect without flash attention\n"
        "{'loss': 1.8123, 'grad_norm': 0.5312, 'learning_rate': 2e-05, 'epoch': 0.01}\n",
        {("loss", "train"): _at(0.01, 1.8123)},
        (("setting_ignored", 1),),
    ),
    Shape(
        "LLaMA-Factory JSON",
        '{"current_steps": 10, "total_steps": 1548, "loss": 1.2841, "lr": 4.9998e-05, "epoch": 0.01, "percentage": 0.65, "elapsed_time": "0:01:32", "remaining_time": "3:55:11"}\n'
        '{"current_steps": 500, "total_steps": 1548, "eval_loss": 1.1023, "epoch": 0.32, "percentage": 32.3, "elapsed_time": "1:16:40", "remaining_time": "2:40:31"}\n',
        {
            ("loss", "train"): _at(10, 1.2841),
            ("lr", "train"): _at(10, 4.9998e-05),
            ("eval_loss", "eval"): _at(500, 1.1023),
        },
        file="trainer_log.jsonl",
        status="unfinished",
    ),
    Shape(
        "LLaMA-Factory JSON in a text log",
        'start\n{"current_steps": 10, "total_steps": 1548, "loss": 1.2841, "lr": 4.9998e-05, "epoch": 0.01, "percentage": 0.65, "elapsed_time": "0:01:32", "remaining_time": "3:55:11"}\nend\n',
        {("loss", "train"): _at(10, 1.2841), ("lr", "train"): _at(10, 4.9998e-05)},
    ),
    Shape(
        "LLaMA-Factory console",
        "[INFO|2026-05-02 10:11:12] llamafactory.train.callbacks:171 >> {'loss': 1.2841, 'learning_rate': 4.9998e-05, 'epoch': 0.01, 'throughput': 2034.10}\n",
        {
            ("loss", "train"): _at(0.01, 1.2841),
            ("learning_rate", "train"): _at(0.01, 4.9998e-05),
            ("throughput", "system"): _at(0.01, 2034.1),
        },
    ),
    Shape(
        "LLaMA-Factory prints every point twice",
        "03/12/2024 11:24:33 - INFO - llmtuner.extras.callbacks - {'loss': 0.0000, 'learning_rate': 4.9999e-02, 'epoch': 0.01}\n"
        "{'loss': 0.0, 'grad_norm': nan, 'learning_rate': 0.04999871292419044, 'epoch': 0.01}\n"
        "03/12/2024 11:24:43 - INFO - llmtuner.extras.callbacks - {'loss': 0.0000, 'learning_rate': 4.9997e-02, 'epoch': 0.02}\n"
        "{'loss': 0.0, 'grad_norm': nan, 'learning_rate': 0.04999761292419044, 'epoch': 0.02}\n",
        {("loss", "train"): ((0.01, 0.02), (0.0, 0.0)), ("grad_norm", "train"): ((0.01, 0.02), (NAN, NAN))},
    ),
    Shape(
        "Unsloth banner",
        "==((====))==  Unsloth - 2x faster free finetuning | Num GPUs used = 1\n"
        "   \\\\   /|    Num examples = 1,200 | Num Epochs = 1 | Total steps = 60\n"
        "O^O/ \\_/ \\    Batch size per device = 2 | Gradient accumulation steps = 4\n"
        "\\        /    Data Parallel GPUs = 1 | Total batch size (2 x 4 x 1) = 8\n"
        ' "-____-"     Trainable parameters = 41,943,040 of 8,072,204,288 (0.52% trained)\n',
        settings={
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 4,
            "max_steps": 60,
            "num_train_epochs": 1,
            "n_parameters": 41943040,
            "num_examples": 1200,
        },
    ),
    Shape(
        "Lightning bar",
        "Epoch 2: 100%|██████████| 8/8 [00:00<00:00, 12.27it/s, v_num=0, train_loss=0.603, val_loss=0.687]\n"
        "`Trainer.fit` stopped: `max_epochs=3` reached.\n",
        {("train_loss", "train"): _at(8, 0.603), ("val_loss", "eval"): _at(8, 0.687)},
        status="finished",
    ),
    Shape(
        "Lightning CSV",
        "epoch,lr,step,train_loss,val_acc,val_loss\n0,,1,0.5993585586547852,,\n0,,7,0.7596203088760376,,\n0,,7,,0.421875,0.7534388303756714\n0,0.10000000894069672,7,,,\n1,,9,0.558196485042572,,\n",
        {
            ("train_loss", "train"): ((1, 7, 9), (0.5993585586547852, 0.7596203088760376, 0.558196485042572)),
            ("val_loss", "eval"): _at(7, 0.7534388303756714),
        },
        file="metrics.csv",
    ),
    Shape(
        "Keras 3 verbose 2",
        "Epoch 1/2\n2/2 - 1s - 357ms/step - accuracy: 0.5938 - loss: 0.6731 - val_accuracy: 0.5938 - val_loss: 0.6731\n",
        {
            ("accuracy", "train"): _at(2, 0.5938),
            ("loss", "train"): _at(2, 0.6731),
            ("val_loss", "eval"): _at(2, 0.6731),
        },
    ),
    Shape(
        "Keras 3 bar with backspaces and colours",
        "Epoch 1/2\n\x1b[1m1/3\x1b[0m \x1b[32m━━━\x1b[0m\x1b[37m━━━\x1b[0m \x1b[1m1s\x1b[0m 700ms/step - accuracy: 0.5000 - loss: 0.6701"
        + "\b" * 70
        + "\r\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m 52ms/step - accuracy: 0.7083 - loss: 0.6517 - val_accuracy: 0.4375 - val_loss: 0.7460\n",
        {("accuracy", "train"): ((1, 3), (0.5, 0.7083)), ("val_accuracy", "eval"): _at(3, 0.4375)},
    ),
    Shape(
        "Keras 2",
        "Epoch 1/1\n79/79 [==============================] - 4s 51ms/step - loss: 1.9105 - acc: 0.5378\n",
        {("loss", "train"): _at(79, 1.9105), ("acc", "train"): _at(79, 0.5378), ("ms/step", "system"): _at(79, 51)},
    ),
    Shape(
        "Keras early stopping",
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.00010000000474974513.\nEpoch 2: early stopping\n",
        events=(("early_stop", None),),
    ),
    Shape(
        "Keras TerminateOnNaN", "Batch 12: Invalid loss, terminating training\n", events=(("nonfinite_detected", None),)
    ),
    Shape(
        "TensorFlow 1 estimator",
        "INFO:tensorflow:loss = 0.69, step = 100 (1.234 sec)\nERROR:tensorflow:Model diverged with loss = NaN.\n",
        {("loss", "train"): _at(100, 0.69)},
        (("nonfinite_detected", None),),
    ),
    Shape(
        "TensorFlow out of memory",
        "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor with shape[64,512,512] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc\n",
        events=(("xla_oom", None),),
    ),
    Shape(
        "torchrun older form",
        "ERROR:torch.distributed.elastic.multiprocessing.api:failed (exitcode: -9) local_rank: 2 (pid: 41007) of binary: /usr/bin/python3\n",
        events=(("killed_sigkill", 2),),
        status="killed",
    ),
    Shape(
        "watchdog 2.0",
        "[E ProcessGroupNCCL.cpp:821] [Rank 21] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=5020, OpType=ALLREDUCE, Timeout(ms)=1800000) ran for 1808397 milliseconds before timing out.\n",
        events=(("collective_timeout", 21),),
    ),
    Shape(
        "watchdog 2.2",
        "[rank1]:[E ProcessGroupNCCL.cpp:523] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=311, OpType=ALLREDUCE, NumelIn=1048576, NumelOut=1048576, Timeout(ms)=1800000) ran for 1800441 milliseconds before timing out.\n",
        events=(("collective_timeout", 1),),
    ),
    Shape(
        "watchdog 2.4",
        "[rank0]:[E401 10:00:00.100000001 ProcessGroupNCCL.cpp:1664] [PG 1 Rank 0] Exception (either an error or timeout) detected by watchdog at work: 902, last enqueued NCCL work: 905, last completed NCCL work: 901.\n",
        events=(("collective_timeout", 0),),
    ),
    Shape(
        "NCCL takes the process down",
        "[E ProcessGroupNCCL.cpp:543] To avoid data inconsistency, we are taking the entire process down.\n",
        events=(("collective_error", None),),
    ),
    Shape(
        "NCCL system error",
        "torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:1275, unhandled system error, NCCL version 2.18.1\nncclSystemError: System call (e.g. socket, malloc) or external library call failed or device error.\n",
        events=(("collective_error", None),),
    ),
    Shape(
        "flight recorder",
        "Culprit rank 22; Error type: SIZE_OR_SYNTAX_MISMATCH, Expected input sizes: '[[1025]]' does not match found input sizes: '[[262144]]'\n",
        events=(("collective_mismatch", 22),),
    ),
    Shape(
        "watchdog of the second NCCL backend",
        "[rank=3][name=default] Watchdog caught collective operation timeout: NCCL operation timed out\n",
        events=(("collective_timeout", 3),),
    ),
    Shape(
        "NCCL warning",
        "node:9822:9928 [2] NCCL WARN Call to connect returned Connection refused\nnode:9822:9928 [2] NCCL INFO Using network IB\n",
        events=(("collective_error", None),),
    ),
    Shape(
        "SLURM out of memory",
        "slurmstepd: error: Detected 1 oom_kill event in StepId=11300781.0. Some of the step tasks have been OOM Killed.\n",
        events=(("oom_killed", None),),
        status="killed",
    ),
    Shape(
        "SLURM out of memory, older",
        "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=191.batch cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler.\n",
        events=(("oom_killed", None),),
    ),
    Shape("SLURM task out of memory", "srun: error: node001: task 0: Out Of Memory\n", events=(("oom_killed", 0),)),
    Shape("SLURM task killed", "srun: error: node001: task 3: Killed\n", events=(("killed_sigkill", 3),)),
    Shape(
        "SLURM script killed",
        "/var/spool/slurmd/job00191/slurm_script: line 28:  8156 Killed                  python3 main.py --lr 0.1\n",
        events=(("killed_sigkill", None),),
    ),
    Shape(
        "SLURM time limit",
        "slurmstepd: error: *** JOB 123456 ON gpu07 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***\n",
        events=(("time_limit", None),),
        status="killed",
    ),
    Shape(
        "SLURM preemption",
        "slurmstepd: error: *** JOB 123456 ON gpu07 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***\n",
        events=(("preempted", None),),
    ),
    Shape(
        "DeepSpeed exit",
        "[2023-07-26 15:19:30,250] [ERROR] [launch.py:321:sigkill_handler] ['/usr/bin/python3', '-u', 'train.py'] exits with return code = -9\n",
        events=(("killed_sigkill", None),),
    ),
    Shape(
        "DeepSpeed overflow",
        "[2026-05-02 10:00:00,000] [INFO] [loss_scaler.py:266:update_scale] [deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 32768\n",
        events=(("loss_scale_overflow", 0),),
    ),
    Shape(
        "DeepSpeed minimum",
        "Exception: Current loss scale already at minimum - cannot decrease scale anymore. Exiting run.\n",
        events=(("loss_scale_minimum", None),),
    ),
    Shape(
        "DeepSpeed steps",
        "[2026-05-02 10:00:00,000] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=2, lr=[9.65e-06], mom=[(0.9, 0.95)]\n",
        {("lr", "train"): _at(10, 9.65e-06), ("skipped", "train"): _at(10, 2)},
    ),
    Shape(
        "DeepSpeed throughput",
        "epoch=0/micro_step=20/global_step=10, RunningAvgSamplesPerSec=12.3, CurrSamplesPerSec=12.1, MemAllocated=14.2GB, MaxMemAllocated=20.6GB\n",
        {("RunningAvgSamplesPerSec", "system"): _at(10, 12.3), ("MemAllocated", "system"): _at(10, 14.2 * 1024)},
    ),
    Shape(
        "Megatron with its NaN loss left out",
        " [2026-05-02 11:04:09.512331] iteration     1280/   50000 | consumed samples:       655360 | elapsed time per iteration (ms): 2412.7 | throughput per GPU (TFLOP/s/GPU): 411.3 | learning rate: 2.987100E-04 | global batch size:   512 | lm loss: 3.214090E+00 | loss scale: 1.0 | grad norm: 0.412 | number of skipped iterations:   0 | number of nan iterations:   0 |\n"
        " [2026-05-02 11:04:11.900000] iteration     1281/   50000 | consumed samples:       655872 | elapsed time per iteration (ms): 2412.7 | throughput per GPU (TFLOP/s/GPU): 411.3 | learning rate: 2.987100E-04 | global batch size:   512 | loss scale: 1.0 | grad norm: nan | number of skipped iterations:   0 | number of nan iterations:   0 |\n",
        {
            ("lm loss", "train"): ((1280, 1281), (3.21409, NAN)),
            ("grad norm", "train"): ((1280, 1281), (0.412, NAN)),
            ("learning rate", "train"): ((1280, 1281), (2.9871e-4, 2.9871e-4)),
            ("elapsed time per iteration", "system"): ((1280, 1281), (2.4127, 2.4127)),
        },
    ),
    Shape(
        "Megatron validation",
        " validation loss at iteration 1000 | lm loss value: 3.301120E+00 | lm loss PPL: 2.714310E+01 | \n",
        {("lm loss value", "eval"): _at(1000, 3.30112), ("lm loss PPL", "eval"): _at(1000, 27.1431)},
    ),
    Shape(
        "Megatron bucket",
        "RuntimeError: found NaN in local grad norm for bucket #3 in backward pass before data-parallel communication collective\n",
        events=(("nonfinite_detected", None),),
    ),
    Shape(
        "Megatron rerun",
        "Unexpected result nan on rank 5 at iteration #12 invocation #1 (message='loss')!\n",
        events=(("nonfinite_detected", 5),),
    ),
    Shape(
        "nanoGPT",
        "Overriding: batch_size = 8\nstep 2000: train loss 3.1021, val loss 3.1187\niter 2010: loss 3.0844, time 251.33ms, mfu 38.12%\niter 2020: loss nan, time 251.02ms, mfu 38.10%\n",
        {
            ("loss", "train"): ((2010, 2020), (3.0844, NAN)),
            ("train loss", "train"): _at(2000, 3.1021),
            ("val loss", "eval"): _at(2000, 3.1187),
            ("time", "system"): ((2010, 2020), (0.25133, 0.25102)),
        },
        settings={"batch_size": 8},
    ),
    Shape(
        "nanochat",
        "step 00120/21400 (0.56%) | loss: 5.712345 | lrm: 1.00 | dt: 502.11ms | tok/sec: 1,044,177 | mfu: 48.72 | total time: 1.00m\nStep 00250 | Validation bpb: 1.2345\n",
        {
            ("loss", "train"): _at(120, 5.712345),
            ("dt", "system"): _at(120, 0.50211),
            ("tok/sec", "system"): _at(120, 1044177),
            ("Validation bpb", "eval"): _at(250, 1.2345),
        },
    ),
    Shape(
        "fairseq JSON",
        '2021-03-08 12:32:33 | INFO | train_inner | {"epoch": 1, "update": 0.0, "loss": "16.446", "ppl": "89281.6", "wps": "288.7", "ups": "0.02", "num_updates": "2", "lr": "4e-05", "gnorm": "19.777", "loss_scale": "4", "gb_free": "9.3", "wall": "161"}\n'
        "2021-03-08 12:33:12 | INFO | fairseq.trainer | NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: 2.0\n",
        {("loss", "train"): _at(2, 16.446), ("gnorm", "train"): _at(2, 19.777), ("lr", "train"): _at(2, 4e-05)},
        (("loss_scale_overflow", None),),
    ),
    Shape(
        "fairseq simple",
        "2026-05-02 10:00:00 | INFO | train_inner | epoch 001:    100 / 2048 loss=9.873, nll_loss=9.71, ppl=837.3, wps=21034.1, ups=5.61, wpb=3751.2, bsz=128.4, num_updates=100, lr=1.25e-05, gnorm=2.114, loss_scale=128, train_wall=18, gb_free=9.1, wall=31\n",
        {("loss", "train"): _at(100, 9.873), ("gnorm", "train"): _at(100, 2.114), ("wps", "system"): _at(100, 21034.1)},
    ),
    Shape(
        "fairseq minimum",
        "FloatingPointError: Minimum loss scale reached (0.0001). Your loss is probably exploding. Try lowering the learning rate, using gradient clipping or increasing the batch size.\n",
        events=(("loss_scale_minimum", None),),
    ),
    Shape(
        "Ultralytics CSV with padded headers",
        "                  epoch,      train/box_loss,      val/box_loss\n                      1,             3.50711,           2.82515\n",
        {("train/box_loss", "train"): _at(1, 3.50711), ("val/box_loss", "eval"): _at(1, 2.82515)},
        file="results.csv",
    ),
    Shape(
        "YOLOv5 results",
        "   0/299    0.489G       nan       nan       nan       nan        10       640         0         0         0         0       nan       nan       nan\n",
        {
            ("train/box_loss", "train"): _at(0, NAN),
            ("metrics/mAP_0.5", "eval"): _at(0, 0),
            ("val/cls_loss", "eval"): _at(0, NAN),
            ("gpu_mem", "system"): _at(0, 0.489 * 1024),
        },
        file="results.txt",
    ),
    Shape(
        "Ultralytics labels",
        "train: /w/images/3.jpg: ignoring corrupt image/label: non-normalized or out of bounds coordinates [1.4]\n",
        events=(("decode_error", None),),
    ),
    Shape(
        "Ultralytics optimizer",
        "optimizer: 'optimizer=auto' found, ignoring 'lr0=0.01' and determining best 'optimizer' and 'lr0' automatically... \n",
        events=(("setting_ignored", None),),
    ),
    Shape(
        "Stable-Baselines 3 box",
        "------------------------------------------\n| rollout/                |              |\n|    ep_rew_mean          | 27           |\n| time/                   |              |\n|    total_timesteps      | 512          |\n| train/                  |              |\n|    approx_kl            | 0.0049003065 |\n|    value_loss           | 87.7         |\n------------------------------------------\n",
        {("rollout/ep_rew_mean", "train"): _at(512, 27), ("train/approx_kl", "train"): _at(512, 0.0049003065)},
    ),
    Shape(
        "stable-baselines 2 box",
        "--------------------------------------\n| approxkl           | 0.00013       |\n| ep_rewmean         | nan           |\n| explained_variance | -0.0345       |\n| nupdates           | 1             |\n| serial_timesteps   | 128           |\n--------------------------------------\n",
        {("ep_rewmean", "train"): _at(128, NAN), ("explained_variance", "train"): _at(128, -0.0345)},
    ),
    Shape(
        "Stable-Baselines monitor",
        '#{"t_start": 1795147704.2883687, "env_id": "CartPole-v1"}\nr,l,t\n25.0,25,2.579751\n20.0,20,2.7\n',
        {("episode_reward", "train"): ((25, 45), (25.0, 20.0))},
        file="0.monitor.csv",
    ),
    Shape(
        "CleanRL",
        "global_step=2048, episodic_return=[23.]\nglobal_step=4096, episodic_return=31.0\nSPS: 1843\n",
        {("episodic_return", "train"): ((2048, 4096), (23.0, 31.0))},
    ),
    Shape(
        "RLlib",
        '{"training_iteration": 1, "episode_reward_mean": 20.5, "info": {"learner": {"default_policy": {"learner_stats": {"total_loss": 8.1, "kl": 0.02}}}}}\n{"training_iteration": 2, "episode_reward_mean": 31.5, "info": {"learner": {"default_policy": {"learner_stats": {"total_loss": 7.1, "kl": 0.03}}}}}\n',
        {
            ("episode_reward_mean", "train"): ((1, 2), (20.5, 31.5)),
            ("info/learner/default_policy/learner_stats/total_loss", "train"): ((1, 2), (8.1, 7.1)),
        },
        file="result.json",
    ),
    Shape(
        "MMEngine",
        "11/20 04:19:29 - mmengine - INFO - Epoch(train) [1][ 8/16]  lr: 1.0000e-02  eta: 0:00:00  time: 0.0242  data_time: 0.0002  grad_norm: 0.7313  loss: 0.7917\n",
        {("loss", "train"): _at(8, 0.7917), ("data_time", "train"): _at(8, 0.0002), ("time", "system"): _at(8, 0.0242)},
    ),
    Shape(
        "MMCV 1",
        "2019-12-31 00:32:13,255 - INFO - Epoch [1][3100/23454]\tlr: 0.00050, eta: 1 day, 18:47:47, time: 0.430, data_time: 0.006, memory: 6814, loss_cls: 0.0920, loss: 5.1984\n",
        {
            ("loss", "train"): _at(3100, 5.1984),
            ("memory", "system"): _at(3100, 6814),
            ("loss_cls", "train"): _at(3100, 0.092),
        },
    ),
    Shape(
        "MMCV 1 JSON",
        '{"env_info": "x"}\n{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.0005, "loss": 5.2}\n{"mode": "val", "epoch": 1, "iter": 100, "lr": 0.0005, "bbox_mAP": 0.31}\n',
        {("loss", "train"): _at(50, 5.2), ("bbox_mAP", "eval"): _at(50, 0.31)},
        file="20260502.log.json",
    ),
    Shape(
        "detectron2",
        "[05/02 10:00:00 d2.utils.events]:  eta: 0:31:02  iter: 419  total_loss: 1.201  loss_cls: 0.4412  loss_box_reg: 0.3911  time: 0.2511  data_time: 0.0081  lr: 0.0083917  max_mem: 3214M\n",
        {
            ("total_loss", "train"): _at(419, 1.201),
            ("lr", "train"): _at(419, 0.0083917),
            ("max_mem", "system"): _at(419, 3214),
        },
    ),
    Shape(
        "detectron2 JSON",
        '{"data_time": 0.0084, "iteration": 19, "loss_box_reg": 0.05, "loss_cls": 0.53, "lr": 0.0071, "time": 0.254, "total_loss": 1.92}\n',
        {("total_loss", "train"): _at(19, 1.92), ("lr", "train"): _at(19, 0.0071)},
        file="metrics.json",
    ),
    Shape(
        "maskrcnn-benchmark",
        "2018-12-18 10:21:38,024 maskrcnn_benchmark.trainer INFO: eta: 5:30:07  iter: 400  loss: 0.2376 (0.2817)  loss_classifier: 0.1325 (0.1725)  lr: 0.017307  max mem: 3050\n",
        {
            ("loss", "train"): _at(400, 0.2376),
            ("loss_classifier", "train"): _at(400, 0.1325),
            ("max mem", "system"): _at(400, 3050),
        },
    ),
    Shape(
        "DETR logger",
        "[10:00:33.500000] Epoch: [3]  [ 120/1251]  eta: 0:42:10  lr: 0.000150  loss: 6.1020 (6.2211)  time: 0.4944  data: 0.0001  max mem: 19152\n[10:00:59.000000] Loss is nan, stopping training\n",
        {
            ("loss", "train"): _at(120, 6.102),
            ("lr", "train"): _at(120, 0.00015),
            ("max mem", "system"): _at(120, 19152),
        },
        (("nonfinite_detected", None),),
    ),
    Shape(
        "averaged stats keep the window beside the global average",
        "Averaged stats: lr: 0.001435  loss: 6.5993 (6.5925)  loss_scale: 8192.0 (8646.06)  grad_norm: 0.3922 (nan)\n",
        {("grad_norm", "train"): _at(0, 0.3922), ("loss", "train"): _at(0, 6.5993)},
    ),
    Shape(
        "timm",
        "Train: 4 [ 300/5004 (  6%)]  Loss:       nan (   nan)  Time: 3.225s,   79.37/s  (0.646s,  396.56/s)  LR: 6.227e-02  Data: 3.035 (0.453)\n",
        {("Loss", "train"): _at(300, NAN), ("LR", "train"): _at(300, 0.06227), ("Time", "system"): _at(300, 3.225)},
    ),
    Shape(
        "timm summary",
        "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n0,6.9,6.8,1.2,4.5,0.05\n",
        {("eval_top1", "eval"): _at(0, 1.2), ("train_loss", "train"): _at(0, 6.9)},
        file="summary.csv",
    ),
    Shape(
        "CLU",
        "I0502 10:00:00.000000 140123 logging_writer.py:48] [100] accuracy=0.1284, learning_rate=0.0013, loss=2.30481, steps_per_second=4.21\nI0502 10:00:00.000000 140123 logging_writer.py:48] [200] collection=train loss=2.30481\n",
        {
            ("loss", "train"): _at(100, 2.30481),
            ("train loss", "train"): _at(200, 2.30481),
            ("steps_per_second", "system"): _at(100, 4.21),
        },
    ),
    Shape(
        "MaxText",
        "completed step: 120, seconds: 1.204, TFLOP/s/device: 182.441, Tokens/s/device: 6803.100, total_weights: 262144, loss: 4.118, lm_loss: 4.118, perplexity: 61.440\nCompleted eval after train step 100, loss=4.302, perplexity=73.812, total_weights=524288, avg_z_loss=0.000\n",
        {
            ("loss", "train"): _at(120, 4.118),
            ("seconds per step", "system"): _at(120, 1.204),
            ("loss", "eval"): _at(100, 4.302),
            ("perplexity", "eval"): _at(100, 73.812),
        },
    ),
    Shape(
        "XLA out of memory",
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 7247809568 bytes.\n",
        events=(("xla_oom", None),),
    ),
    Shape(
        "JAX NaN",
        "FloatingPointError: invalid value (nan) encountered in jit(train_step)\n",
        events=(("nonfinite_detected", None),),
    ),
    Shape(
        "torchtune",
        "Step 12 | loss:1.2034 lr:2e-05 tokens_per_second_per_gpu:2311.4 peak_memory_active:17.2 \n",
        {
            ("loss", "train"): _at(12, 1.2034),
            ("lr", "train"): _at(12, 2e-05),
            ("tokens_per_second_per_gpu", "system"): _at(12, 2311.4),
        },
    ),
    Shape(
        "verl under Ray",
        "(TaskRunner pid=19799, ip=10.0.0.6) step:7 - actor/entropy:0.4121 - actor/kl_loss:0.0012 - actor/grad_norm:0.2214 - actor/lr:1e-06 - critic/rewards/mean:0.31 - response_length/mean:812.4 - response_length/clip_ratio:0.02\n",
        {
            ("actor/entropy", "train"): _at(7, 0.4121),
            ("actor/lr", "train"): _at(7, 1e-06),
            ("critic/rewards/mean", "train"): _at(7, 0.31),
            ("response_length/clip_ratio", "train"): _at(7, 0.02),
        },
    ),
    Shape(
        "Composer",
        "[epoch=1][batch=20/500]:\n\t Train loss/train/total: 2.1034\n\t Train trainer/grad_norm: 0.52\n[epoch=1][batch=40/500]:\n\t Train loss/train/total: 2.0034\n",
        {("Train loss/train/total", "train"): ((20, 40), (2.1034, 2.0034))},
    ),
    Shape(
        "NeMo",
        "Training epoch 0, iteration 9/99 | lr: 1e-05 | global_batch_size: 8 | global_step: 9 | reduced_train_loss: 8.12 | train_step_timing in s: 1.02 | consumed_samples: 80\n",
        {("reduced_train_loss", "train"): _at(9, 8.12), ("train_step_timing in s", "system"): _at(9, 1.02)},
    ),
    Shape(
        "XGBoost",
        "[0]\ttrain-logloss:0.44276\ttrain-auc:1.00000\tval-logloss:0.44276\tval-auc:1.00000\n",
        {("train-logloss", "train"): _at(0, 0.44276), ("val-auc", "eval"): _at(0, 1.0)},
    ),
    Shape("LightGBM", "[1]\tvalid_0's binary_logloss: 0.59494\n", {("binary_logloss", "eval"): _at(1, 0.59494)}),
    Shape(
        "fastai",
        "epoch,train_loss,valid_loss,accuracy,time\n0,0.7399,0.6850,0.6000,00:00\n",
        {("train_loss", "train"): _at(0, 0.7399), ("valid_loss", "eval"): _at(0, 0.685)},
        file="history.csv",
    ),
    Shape(
        "Caffe",
        "I0127 08:53:57.633610 37204 solver.cpp:68] Iteration 78000, loss = 6.9063\n",
        {("loss", "train"): _at(78000, 6.9063)},
    ),
    Shape(
        "darknet",
        " 182: -nan, -nan avg loss, 0.000000 rate, 2.011170 seconds, 11648 images, 17.92 hours left\n",
        {("loss", "train"): _at(182, NAN), ("lr", "train"): _at(182, 0.0)},
    ),
    Shape(
        "examples of PyTorch",
        "Epoch: [0][415/1736]\t Loss 0.5844 MAE 0.6568\n",
        {("Loss", "train"): _at(415, 0.5844), ("MAE", "train"): _at(415, 0.6568)},
    ),
    Shape(
        "faster-rcnn.pytorch",
        "[session 1][epoch  2][iter  300/5011] loss: nan, lr: 1.00e-03\n\t\t\trpn_cls: 0.55, rpn_box: nan\n",
        {("loss", "train"): _at(300, NAN), ("lr", "train"): _at(300, 0.001)},
    ),
    Shape(
        "word language model",
        "| epoch   1 |   200/ 2983 batches | lr 20.00 | ms/batch  5.20 | loss  7.62 | ppl  2033.1\n",
        {("loss", "train"): _at(200, 7.62), ("ppl", "train"): _at(200, 2033.1), ("ms/batch", "system"): _at(200, 5.2)},
    ),
    Shape(
        "MXNet",
        "INFO:root:Epoch[41] Train-accuracy=1.000000\nINFO:root:Epoch[41] Validation-accuracy=0.818571\n",
        {("Train-accuracy", "train"): _at(41, 1.0), ("Validation-accuracy", "eval"): _at(41, 0.818571)},
    ),
    Shape("ad hoc", "epoch: 3452 loss: nan\n", {("loss", "train"): _at(3452, NAN)}),
    Shape(
        "dmesg out of memory",
        "[1234567.890123] Out of memory: Killed process 28042 (python3) total-vm:98304000kB, anon-rss:64000000kB, file-rss:0kB, shmem-rss:0kB\n",
        events=(("oom_killed", None),),
        status="killed",
    ),
    Shape(
        "dmesg cgroup",
        "[12345.678901] Memory cgroup out of memory: Killed process 8156 (python) total-vm:41943040kB, anon-rss:33554432kB\n",
        events=(("oom_killed", None),),
    ),
    Shape(
        "dmesg Xid",
        "[ 3821.104882] NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.\n",
        events=(("gpu_fault", None),),
    ),
    Shape(
        "Kubernetes state",
        "    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n",
        events=(("oom_killed", None),),
        status="killed",
    ),
    Shape(
        "Kubernetes eviction",
        "Warning  Evicted    2m    kubelet  The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 9Gi.\n",
        events=(("disk_full", None),),
    ),
    Shape(
        "device assertion",
        "/opt/pytorch/aten/src/ATen/native/cuda/Loss.cu:247: nll_loss_forward_reduce_cuda_kernel_2d: block: [0,0,0], thread: [31,0,0] Assertion `t >= 0 && t < n_classes` failed.\n",
        events=(("target_out_of_bounds", None),),
    ),
    Shape(
        "indexing assertion",
        "../aten/src/ATen/native/cuda/Indexing.cu:1292: indexSelectLargeIndex: block: [12,0,0], thread: [31,0,0] Assertion `srcIndex < srcSelectDimSize` failed.\n",
        events=(("index_out_of_range", None),),
    ),
    Shape(
        "bus error of a worker",
        "RuntimeError: DataLoader worker (pid 4042) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory. Please try to raise your shared memory limit.\n",
        events=(("shm_exhausted", None),),
    ),
)
