"""Cures and measurements for the memory and hardware modes."""

# ruff: noqa: E501 - a template reads best on one line

from misrun.agents.cures.cure import DIRECT, SOMETIMES, USUAL, Cure, measurement
from misrun.agents.cures.facts import RunFacts
from misrun.agents.cures.setting_slots import BATCH, LENGTH

FITS = (
    "Training passes {onset} and torch.cuda.max_memory_allocated() stays below {total_memory}.",
    "Training passes the step that failed, and torch.cuda.max_memory_allocated() stays below {total_memory}.",
    "Training passes the step that failed, and the peak of allocated memory is below the device's total.",
)
NUMBERS: tuple[str, ...] = (
    "The failing allocation asked for {tried_memory}; {free_memory} of {total_memory} were free.",
    "The failing allocation asked for {tried_memory} of {total_memory}.",
    "{signal.memory_high_stable}",
)


def _divisible_batch(facts: RunFacts) -> bool:
    """Whether the batch can be halved, as far as the settings tell."""
    batch = facts.numeric(*BATCH)
    return batch is None or batch[0] >= 2


CURES: tuple[Cure, ...] = (
    # device memory
    Cure(
        "halve_batch",
        {"memory_hardware/device_oom": DIRECT, "memory_hardware/long_batch": USUAL},
        what=(
            "Halve the batch size from {batch} to {batch_half} and double the accumulation, so that the effective batch stays at {effective_batch}.",
            "Halve the batch size per device and double gradient accumulation; look up both, no file given here states them.",
        ),
        why=("Activations grow in proportion to the batch; weights and optimizer state do not.", NUMBERS),
        how=(
            "{batch_half_edit}",
            "{if_hf}TrainingArguments(per_device_train_batch_size=<half>, gradient_accumulation_steps=<double>)",
            "batch_size -> batch_size // 2 in the loader; (loss / 2).backward() and optimizer.step() every 2 batches",
        ),
        verify=FITS,
        effort="config change",
        when=_divisible_batch,
        supported_by=r"batch|accumulat",
        tried=r"(small|reduc|lower|decreas|halv)\w*.{0,20}batch|batch.?size.{0,12}\b(1|2|4|8)\b",
        told="the batch is not what fills the memory: weights, optimizer state, sequence length or a leak do",
        moves=("memory-",),
        hides=("memory_hardware/memory_leak",),
    ),
    Cure(
        "checkpoint_activations",
        {"memory_hardware/device_oom": USUAL, "memory_hardware/long_batch": USUAL},
        what=("Switch gradient checkpointing on.",),
        why=(
            "It keeps the activations of layer boundaries only and computes the rest again in backward, for about a third more time.",
            NUMBERS,
        ),
        how=(
            "{if_hf}TrainingArguments(gradient_checkpointing=True); model.config.use_cache = False",
            "{if_jax}layer = jax.checkpoint(layer)",
            "x = torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)  # in place of x = block(x)",
        ),
        verify=FITS,
        effort="config change",
        when=lambda f: not f.enabled("gradient_checkpointing", "activation_checkpointing"),
        supported_by=r"checkpointing|recomput|remat",
        tried=r"(gradient|activation).?checkpoint",
        moves=("memory-",),
        hides=("memory_hardware/memory_leak",),
    ),
    Cure(
        "shorter_sequences",
        {"memory_hardware/device_oom": SOMETIMES, "memory_hardware/long_batch": USUAL},
        what=(
            "Halve the sequence length from {length} to {length_half}.",
            "Halve the sequence length; look it up first, no file given here states it.",
        ),
        why=(
            "Attention memory grows with the square of the length, logits in proportion to it; the price is the end of every longer sample.",
        ),
        how=("{length_half_edit}", "max_length=<half> in the tokenizer call, with truncation=True"),
        verify=FITS,
        effort="config change",
        when=lambda f: f.numeric(*LENGTH) is not None,
        supported_by=r"sequence|length|truncat",
        tried=r"(short|reduc|lower|halv)\w*.{0,20}(seq|length|context)",
        moves=("memory-", "sequence length-"),
    ),
    measurement(
        "memory_hardware/device_oom",
        "Log the peak of allocated memory at every step.",
        "torch.cuda.reset_peak_memory_stats()  # at the start of the step\n"
        "print(step, torch.cuda.max_memory_allocated() / 2**20, 'MiB peak', tuple(batch['input_ids'].shape))",
        "A peak near the total from the first step means the step is too large; a peak that climbs means a leak.",
    ),
    Cure(
        "drop_graph_references",
        {"memory_hardware/memory_leak": DIRECT},
        what=("Store numbers, not tensors: append loss.item() and detach everything that is kept across steps.",),
        why=(
            "A tensor kept across steps keeps its whole graph, so memory rises by the same amount every step.",
            "Memory went {memory_range}, {memory_slope} per step.",
            "{signal.memory_growth}",
        ),
        how=(
            "losses.append(loss) -> losses.append(loss.item()); hidden = hidden.detach() between steps; no retain_graph=True",
        ),
        verify=("Allocated memory after step 100 equals that after step 10.",),
        effort="one line",
        supported_by=r"detach|\.item\(|retain_graph|reference|append",
        tried=r"detach|\.item\(\)",
        told="what grows is not held by the training loop's own lists: look at caches, callbacks and metrics",
        in_code=True,
    ),
    Cure(
        "bound_caches",
        {"memory_hardware/memory_leak": USUAL, "memory_hardware/host_oom": SOMETIMES},
        what=("Reset metric objects every epoch and bound every cache that lives across steps.",),
        why=(
            "Accumulating metrics and dict caches keep all predictions until they are reset.",
            "{signal.memory_growth}",
        ),
        how=("metric.reset() after each compute(); functools.lru_cache(maxsize=<n>) in place of a plain dict",),
        verify=("Memory at the end of epoch 2 equals memory at the end of epoch 1.",),
        effort="one line",
        supported_by=r"cache|metric|reset|persistent_workers",
        tried=r"(gc\.collect|cache)",
        in_code=True,
    ),
    measurement(
        "memory_hardware/memory_leak",
        "Log allocated memory at every step for 200 steps, and the number of live tensors.",
        "import gc, torch\nlive = sum(torch.is_tensor(o) for o in gc.get_objects())\n"
        "print(step, torch.cuda.memory_allocated() / 2**20, 'MiB', live, 'tensors')",
        "A straight rise of both means something holds tensors; a flat line with one jump means one large batch.",
        unless_logged="memory",
    ),
    Cure(
        "cap_long_samples",
        {"memory_hardware/long_batch": DIRECT},
        what=(
            "Batch by tokens, or cut samples at {length_half} instead of {length}.",
            "Batch by tokens instead of samples, or drop the longest 1 % of samples.",
        ),
        why=(
            "Padding makes every sample of a batch as long as its longest, so one long sample multiplies memory.",
            "{signal.memory_jump}",
            NUMBERS,
        ),
        how=(
            "{length_half_edit}",
            "{if_hf}TrainingArguments(group_by_length=True), and truncation=True, max_length=<99th percentile> in the tokenizer call",
            "dataset = [s for s in dataset if len(s) <= limit]  # limit: 99th percentile of the lengths",
        ),
        verify=FITS,
        effort="one line",
        supported_by=r"length|truncat|bucket|token",
        tried=r"(truncat|bucket|group_by_length)",
        moves=("memory-",),
    ),
    measurement(
        "memory_hardware/long_batch",
        "Log the shape of every batch and keep the last one.",
        "print(step, [tuple(t.shape) for t in batch.values()], flush=True)  # before forward",
        "If the failing batch is the longest so far, its length is the cause.",
    ),
    Cure(
        "evaluate_without_graph",
        {"memory_hardware/evaluation_memory": DIRECT},
        what=("Run evaluation under torch.no_grad() and move outputs to the host batch by batch.",),
        why=(
            "Without no_grad every evaluation batch keeps its activations, and gathered logits of all batches stay on the device.",
            "{signal.memory_jump}",
            NUMBERS,
        ),
        how=(
            "{if_hf}TrainingArguments(eval_accumulation_steps=1), and preprocess_logits_for_metrics=lambda logits, labels: logits.argmax(-1)",
            "model.eval()\nwith torch.no_grad():\n    for batch in val_loader: outputs.append(model(batch).cpu())",
        ),
        verify=("Allocated memory after evaluation equals that before it.",),
        effort="one line",
        supported_by=r"no_grad|eval_accumulation|preprocess_logits|inference_mode",
        tried=r"no_grad|eval_accumulation",
        in_code=True,
    ),
    Cure(
        "smaller_eval_batch",
        {"memory_hardware/evaluation_memory": USUAL},
        what=(
            "Halve the evaluation batch size from {eval_batch} to {eval_batch_half}.",
            "Set the evaluation batch size to that of training.",
        ),
        why=("Evaluation has a batch size of its own.", NUMBERS),
        how=("{eval_batch_half_edit}", "per_device_eval_batch_size = per_device_train_batch_size"),
        verify=("The first evaluation ends without an error.",),
        effort="config change",
        supported_by=r"eval\w*.{0,12}batch",
        tried=r"eval\w*.{0,12}batch",
        moves=("memory-",),
    ),
    measurement(
        "memory_hardware/evaluation_memory",
        "Print allocated memory before and after the evaluation loop.",
        "print('before', torch.cuda.memory_allocated() / 2**20); evaluate(); print('after', torch.cuda.memory_allocated() / 2**20)",
        "If it is higher after than before, evaluation keeps tensors.",
    ),
    Cure(
        "expandable_segments",
        {"memory_hardware/fragmentation": DIRECT},
        what=("Set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True for the run.",),
        why=(
            "The allocator holds memory in blocks none of which is large enough.",
            "{reserved_memory} were reserved and {allocated_memory} allocated; the request was {tried_memory}.",
            "{unallocated_memory} were reserved but unallocated; the request was {tried_memory}.",
        ),
        how=("export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True   # before starting python",),
        verify=FITS,
        effort="config change",
        supported_by=r"expandable_segments|max_split_size|fragment|empty_cache",
        tried=r"empty_cache|expandable_segments|max_split_size",
        told="memory is short, not scattered",
    ),
    Cure(
        "same_shapes",
        {"memory_hardware/fragmentation": USUAL},
        what=("Pad batches to a few fixed lengths (multiples of 64, rule of thumb).",),
        why=("Blocks can only be used again for requests that fit them; every new shape asks for new ones.",),
        how=("DataCollatorWithPadding(tokenizer, pad_to_multiple_of=64)   # or the same in your collate_fn",),
        verify=("torch.cuda.memory_reserved() stops growing after the first epoch.",),
        effort="one line",
        supported_by=r"pad|bucket|fixed",
        tried=r"pad_to_multiple",
    ),
    measurement(
        "memory_hardware/fragmentation",
        "Print reserved against allocated memory at the failure.",
        "except torch.OutOfMemoryError:\n    print(torch.cuda.memory_summary()); raise",
        "If reserved exceeds allocated by more than the request, memory is scattered.",
    ),
    Cure(
        "free_the_device",
        {"memory_hardware/device_shared": DIRECT},
        what=("End the other process on the device, or choose a free one with CUDA_VISIBLE_DEVICES.",),
        why=(
            "Memory that another process holds cannot be used.",
            "Another process holds {other_memory}; {free_memory} of {total_memory} were free.",
            NUMBERS,
        ),
        how=(
            "nvidia-smi --query-compute-apps=pid,used_memory --format=csv\nexport CUDA_VISIBLE_DEVICES=<free device>",
        ),
        verify=(
            "nvidia-smi shows your process alone, and the run passes the failing allocation of {tried_memory}.",
            "nvidia-smi shows your process alone on the device.",
        ),
        effort="config change",
        supported_by=r"nvidia-smi|zombie|other process|CUDA_VISIBLE|kill",
        tried=r"(kill|CUDA_VISIBLE_DEVICES|nvidia-smi)",
    ),
    measurement(
        "memory_hardware/device_shared",
        "List the processes on the device while the run fails.",
        "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv -l 5",
        "Any process that is not yours, or one left over from an earlier run, shares the device.",
    ),
    # host
    Cure(
        "fewer_workers",
        {"memory_hardware/host_oom": USUAL, "memory_hardware/shared_memory": USUAL},
        what=(
            "Halve the loader workers from {workers} to {workers_half}.",
            "Set num_workers to 2 (rule of thumb) and prefetch_factor to 2.",
        ),
        why=(
            "Each worker holds a copy of the dataset object and its prefetched batches.",
            "The run ended with: {error}",
            "Memory went {memory_range}.",
        ),
        how=("{workers_half_edit}", "DataLoader(..., num_workers=2, prefetch_factor=2)"),
        verify=("The resident memory of the run levels off below the limit of the machine or container.",),
        effort="config change",
        supported_by=r"num_workers|worker|prefetch",
        tried=r"num_workers",
        told="the workers are not what fills the host",
        moves=("loader workers-", "memory-"),
    ),
    Cure(
        "map_dataset",
        {"memory_hardware/host_oom": USUAL},
        what=("Read the dataset memory-mapped or streamed instead of loading it whole.",),
        why=(
            "A Python list of objects is copied into every worker by and by, because reading changes its reference counts.",
            "{signal.memory_growth}",
        ),
        how=(
            "np.load(path, mmap_mode='r')   # or datasets.load_dataset(..., streaming=True); tensors or arrays in place of lists",
        ),
        verify=("The resident memory stays the same over an epoch.",),
        effort="code change",
        supported_by=r"mmap|memory.?map|stream|copy.on.write|numpy array",
        tried=r"(mmap|stream)",
        in_code=True,
    ),
    Cure(
        "raise_host_limit",
        {"memory_hardware/host_oom": USUAL},
        what=("Ask the scheduler or container for twice the host memory.",),
        why=("The kernel or the scheduler ends the process that goes beyond its limit.", "The run ended with: {error}"),
        how=("#SBATCH --mem=<twice>   |   docker run --memory=<twice>   |   resources.limits.memory: <twice>",),
        verify=("The process is no longer killed, and sacct MaxRSS or docker stats stays below the limit.",),
        effort="config change",
        supported_by=r"--mem|limit|request more",
        tried=r"(more|increas|rais)\w*.{0,15}(ram|memory|--mem)",
        moves=("memory+",),
        hides=("memory_hardware/memory_leak",),
    ),
    measurement(
        "memory_hardware/host_oom",
        "Log the resident memory of the run every 50 steps, and read the kernel log afterwards.",
        "import resource; print(step, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 'MiB')\n"
        "# afterwards: dmesg -T | grep -i -E 'killed process|out of memory'   and   sacct -j <job> --format=MaxRSS,State",
        "A kill line with your pid proves it; a rising curve tells a leak from a job that was too large from the start.",
    ),
    Cure(
        "larger_shm",
        {"memory_hardware/shared_memory": DIRECT},
        what=("Give the container more shared memory.",),
        why=(
            "Workers hand batches over through /dev/shm; Docker gives it 64 MB by default.",
            "The run ended with: {error}",
        ),
        how=(
            "docker run --shm-size=16g ...   |   --ipc=host   |   Kubernetes: emptyDir with medium: Memory at /dev/shm",
        ),
        verify=("df -h /dev/shm stays below 80 % while the run is loading.",),
        effort="config change",
        supported_by=r"shm|ipc",
        tried=r"shm-size|/dev/shm|--ipc",
        told="shared memory is not what runs out",
    ),
    measurement(
        "memory_hardware/shared_memory",
        "Watch /dev/shm while the run is loading.",
        "watch -n 1 df -h /dev/shm",
        "If it fills up before the error, shared memory is the cause.",
    ),
    Cure(
        "free_disk",
        {"memory_hardware/storage_full": DIRECT},
        what=(
            "Keep {saves_fewer} checkpoints instead of {saves} and delete old ones.",
            "Delete old checkpoints and caches on the output path, and keep 2 checkpoints at most.",
        ),
        why=(
            "A checkpoint with Adam's state takes about three times the size of the weights.",
            "The run ended with: {error}",
        ),
        how=(
            "{saves_fewer_edit}",
            "{if_hf}TrainingArguments(save_total_limit=2)",
            "du -sh <output> ~/.cache | sort -h   # then delete, and keep the last 2 checkpoints in the loop",
        ),
        verify=("df -h of the output path shows room for two more checkpoints.",),
        effort="config change",
        supported_by=r"disk|space|save_total_limit|quota|cache",
        tried=r"(save_total_limit|freed|deleted).{0,20}",
    ),
    measurement(
        "memory_hardware/storage_full",
        "Check space, inodes and quota of the output and temporary paths.",
        "df -h <output> /tmp; df -i <output> /tmp; quota -s",
        "100 % in any of them is the cause.",
    ),
    # hardware, ranks, endings
    Cure(
        "another_device",
        {"memory_hardware/hardware_fault": USUAL},
        what=("Run the same command on another device or node.",),
        why=(
            "A device that reports ECC or Xid errors fails again whatever the code does.",
            "The run ended with: {error}",
        ),
        how=("CUDA_VISIBLE_DEVICES=<other> python ...   |   sbatch --exclude=<node> ...",),
        verify=("The run passes the point where it failed, on the other device only.",),
        effort="new run",
        supported_by=r"ECC|Xid|replace|drain|another (gpu|node)|hardware",
        tried=r"(new|other|another|different|chang)\w*.{0,15}(gpu|node|machine|server)",
        told="the machine is not the cause",
    ),
    Cure(
        "matching_driver",
        {"memory_hardware/hardware_fault": SOMETIMES},
        what=("Install a torch build that matches the driver and the device.",),
        why=(
            "A driver older than the CUDA version of the build, or a build without kernels for the device, cannot start.",
            "The run ended with: {error}",
        ),
        how=(
            'nvidia-smi | head -4; python -c "import torch; print(torch.__version__, torch.version.cuda, torch.cuda.get_arch_list())"\n# then install the torch build whose CUDA version the driver supports',
        ),
        verify=("torch.cuda.is_available() prints True and torch.ones(1).cuda() works.",),
        effort="hours",
        when=lambda f: f.event("gpu_unavailable", "cublas_error") is not None,
        supported_by=r"driver|build|cuda version|arch",
        tried=r"driver",
    ),
    measurement(
        "memory_hardware/hardware_fault",
        "Read the device's error counters and the kernel log.",
        "nvidia-smi -q -d ECC,PAGE_RETIREMENT | head -60; dmesg -T | grep -i -E 'xid|nvrm'",
        "An Xid at the time of the failure, or uncorrected ECC errors, prove a hardware fault.",
    ),
    Cure(
        "mend_first_rank",
        {"memory_hardware/collective_failure": USUAL},
        what=(
            "Mend the error of {failing_rank} first: {error}",
            "Find the rank that stopped first and mend its error; the time-outs of the others follow from it.",
        ),
        why=(
            "A collective waits for every rank; one that stopped or took another branch makes all others time out.",
            "{signal.cascade}",
            "{signal.traceback_root}",
        ),
        how=("torchrun --redirects 3 --log-dir logs ...   # one log per rank; read the earliest error",),
        verify=("Every rank logs the same last collective, and no rank reports a time-out.",),
        effort="code change",
        supported_by=r"rank|uneven|join|hang|unused|mismatch",
        tried=r"(find_unused|join)",
    ),
    Cure(
        "even_ranks",
        {"memory_hardware/collective_failure": USUAL},
        what=("Give every rank the same number of batches and the same collectives.",),
        why=("A rank with one batch less leaves the loop early and the others wait for it.",),
        how=("DistributedSampler(..., drop_last=True); no collective or .item() reduction inside `if rank == 0:`",),
        verify=("Each rank prints the same number of steps per epoch.",),
        effort="code change",
        supported_by=r"drop_last|sampler|same number|rank",
        tried=r"drop_last",
        in_code=True,
    ),
    Cure(
        "longer_timeout",
        {"memory_hardware/collective_failure": SOMETIMES},
        what=("Raise the collective's time-out to 2 hours for the slow phase.",),
        why=(
            "Tokenising or saving on one rank can take longer than the default limit while the others wait.",
            "{signal.throughput_collapse}",
        ),
        how=("torch.distributed.init_process_group('nccl', timeout=datetime.timedelta(hours=2))",),
        verify=("The slow phase ends and training goes on with all ranks.",),
        effort="one line",
        when=lambda f: f.event("collective_timeout") is not None,
        supported_by=r"timeout",
        tried=r"(time.?out|ddp_timeout)",
        displaced="If the ranks are out of step, it only makes the run hang longer.",
    ),
    measurement(
        "memory_hardware/collective_failure",
        "Run with distributed debugging and one log per rank.",
        "NCCL_DEBUG=INFO TORCH_DISTRIBUTED_DEBUG=DETAIL TORCH_NCCL_TRACE_BUFFER_SIZE=2000 torchrun --redirects 3 --log-dir logs ...",
        "The rank whose last collective differs is the one to look at.",
        "new run",
    ),
    Cure(
        "replace_native",
        {"memory_hardware/native_crash": USUAL},
        what=(
            "Reinstall the library whose native code crashed, with a build that matches torch and the CUDA version.",
        ),
        why=(
            "Compiled extensions built against another torch or libc crash without a Python traceback.",
            "The run ended with: {error}",
        ),
        how=(
            "python -X faulthandler train.py   # the last frame names the library\npip install --force-reinstall --no-binary <library> <library>",
        ),
        verify=("The call that crashed returns in a fresh interpreter.",),
        effort="hours",
        supported_by=r"reinstall|version|build|rebuild|upgrade|downgrade",
        tried=r"(reinstall|upgrad|downgrad)",
    ),
    Cure(
        "workers_in_process",
        {"memory_hardware/native_crash": SOMETIMES},
        what=(
            "Load data in the main process: workers {workers} -> {workers_none}.",
            "Load data in the main process: num_workers=0.",
        ),
        why=("Libraries with threads of their own (OpenCV, HDF5, tokenizers) may crash after fork.",),
        how=(
            "{workers_none_edit}",
            "DataLoader(..., num_workers=0)   # then multiprocessing_context='spawn' with workers",
        ),
        verify=("The run passes the point of the crash.",),
        effort="config change",
        supported_by=r"num_workers|fork|spawn|thread",
        tried=r"num_workers.{0,8}0",
        moves=("loader workers-",),
    ),
    measurement(
        "memory_hardware/native_crash",
        "Get a native backtrace.",
        "python -X faulthandler train.py 2> crash.txt   # and: gdb -ex run -ex bt --args python train.py",
        "The innermost frame names the library that crashed.",
        "new run",
    ),
    Cure(
        "resume_job",
        {"memory_hardware/interrupted": DIRECT},
        what=("Resume from the last checkpoint with a longer time limit.",),
        why=(
            "The run was ended from outside; nothing in it failed.",
            "The run ended with: {error}",
            "{signal.run_unfinished}",
        ),
        how=(
            "{if_hf}trainer.train(resume_from_checkpoint=True), and #SBATCH --time=<longer>",
            "#SBATCH --time=<longer> --signal=B:USR1@300   # and save a checkpoint on SIGUSR1",
        ),
        verify=(
            "The resumed run continues at {last_step} with the same loss and learning rate.",
            "The resumed run continues at the step where it was ended.",
        ),
        effort="config change",
        supported_by=r"resume|time.?limit|checkpoint|requeue|preempt",
        tried=r"(resum|time.?limit)",
    ),
    measurement(
        "memory_hardware/interrupted",
        "Read the scheduler's record of the job.",
        "sacct -j <job> --format=JobID,State,ExitCode,Elapsed,Timelimit,MaxRSS   # or: kubectl describe pod <pod>",
        "TIMEOUT, PREEMPTED, CANCELLED or OUT_OF_MEMORY tells who ended it.",
    ),
)
