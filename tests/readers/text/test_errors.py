"""Tracebacks, known wordings, launchers and shells: what failed, where, and what only followed from it."""

from collections.abc import Callable

import pytest

from misrun.tools.readers.run_record import Event, RunRecord
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS, SIGNATURES, exception_signature, line_signature

Read = Callable[[str], RunRecord]


def roots(record: RunRecord) -> list[Event]:
    return [event for event in record.events if not event.secondary and event.kind in ("error", "kill")]


def only_root(record: RunRecord) -> Event:
    (event,) = roots(record)
    return event


def test_torchrun_root_cause_is_the_rank_that_raised(sample: Read) -> None:
    record = sample("torchrun/tr_raise.log")
    event = only_root(record)
    assert (event.name, event.rank, event.exception, str(event.span)) == ("cuda_oom", 1, "RuntimeError", "log:7-11")
    assert event.values == {"tried_mib": 2048.0}
    assert event.frames[0].line == 5
    assert event.frames[0].code.startswith('if mode=="raise"')
    peer = next(one for one in record.events if one.name == "peer_lost")
    assert (peer.rank, peer.secondary, len(peer.frames)) == (0, True, 3)
    summary = next(one for one in record.events if "root_rank" in one.values)
    assert summary.values == {"root_rank": 1, "exit_code_rank0": -15, "exit_code_rank1": 1}
    assert (record.ending.status, record.ending.exit_code) == ("crashed", 1)


@pytest.mark.parametrize(
    ("name", "event", "signal", "code"),
    [("tr_kill.log", "killed_sigkill", "SIGKILL", -9), ("tr_segv.log", "segfault", "SIGSEGV", -11)],
)
def test_torchrun_kill_is_told_from_its_victim(sample: Read, name: str, event: str, signal: str, code: int) -> None:
    record = sample(f"torchrun/{name}")
    root = only_root(record)
    assert (root.name, root.kind, root.rank) == (event, "kill", 1)
    assert all(one.secondary for one in record.events if one.name in ("sigterm", "child_failed"))
    assert (record.ending.status, record.ending.signal, record.ending.exit_code) == ("killed", signal, code)


def test_torchrun_block_holds_the_tracebacks_of_recorded_ranks(sample: Read) -> None:
    event = only_root(sample("torchrun_record/tr_record.log"))
    assert (event.exception, event.message, event.rank) == ("ValueError", "boom in dataset index 17", 1)
    assert str(event.span) == "log:56-63"


def test_shell_lines_and_fault_handler(sample: Read) -> None:
    record = sample("shell_kill_lines.txt")
    assert [event.name for event in record.events] == ["killed_sigkill", "segfault", "bus_error"]
    assert [event.values["exit_code"] for event in record.events] == [137, 139, 135]
    assert record.events[1].frames[0].function == "<module>"
    assert record.ending.status == "killed"


def test_every_message_of_the_torch_error_dictionary_is_known(sample: Read) -> None:
    names = [event.name for event in sample("torch_errors.txt").events]
    assert names == [
        "index_out_of_range",
        "shape_mismatch",
        "shape_mismatch",
        "target_out_of_bounds",
        "dtype_mismatch",
        "bce_range",
        "checkpoint_mismatch",
        "checkpoint_mismatch",
        "no_grad_fn",
        "backward_twice",
        "inplace_modified",
        "device_mismatch",
        "dtype_mismatch",
        "host_oom_alloc",
        "collate_unequal",
        "worker_exception",
        "worker_killed",
        "nonfinite_detected",
        "nonfinite_detected",
        "scaler_misuse",
    ]


def test_first_exception_of_a_chain_is_the_cause(read: Read) -> None:
    record = read(
        'Traceback (most recent call last):\n  File "/w/a.py", line 3, in f\n    return d["x"]\n           ~^^^^^\n'
        "KeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "/w/a.py", line 9, in <module>\n    main()\nValueError: bad\n'
    )
    first, second = record.events
    assert (first.exception, first.secondary, first.values["led_to"]) == ("KeyError", False, "ValueError: bad")
    assert (second.exception, second.secondary, str(second.span)) == ("ValueError", True, "log:7-12")


def test_worker_exception_gives_the_error_inside(read: Read) -> None:
    event = only_root(
        read(
            'Traceback (most recent call last):\n  File "main.py", line 50, in <module>\n    for b in loader:\n'
            "UnicodeDecodeError: Caught UnicodeDecodeError in DataLoader worker process 0.\n"
            'Original Traceback (most recent call last):\n  File "ds.py", line 8, in __getitem__\n    return open(p).read()\n'
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte\n"
        )
    )
    assert (event.name, event.frames[-1].file, event.values) == ("decode_error", "ds.py", {"in_worker": True})


def test_dead_worker_outranks_the_empty_queue_it_left(read: Read) -> None:
    event = only_root(
        read(
            'Traceback (most recent call last):\n  File "/p/queue.py", line 1, in get\n    raise Empty\n_queue.Empty\n\n'
            "The above exception was the direct cause of the following exception:\n\n"
            'Traceback (most recent call last):\n  File "t.py", line 2, in <module>\n    x()\n'
            "RuntimeError: DataLoader worker (pid(s) 8864) exited unexpectedly\n"
        )
    )
    assert event.name == "worker_killed"


def test_ranks_that_write_into_each_other(read: Read) -> None:
    record = read(
        "[rank1]: Traceback (most recent call last):\n[rank0]: Traceback (most recent call last):\n"
        '[rank1]:   File "t.py", line 5, in <module>\n[rank0]:   File "t.py", line 6, in <module>\n'
        "[rank1]:     a()\n[rank0]:     b()\n[rank1]: IndexError: list index out of range\n"
        "[rank0]: torch.distributed.DistBackendError: NCCL error in: x.cpp:1275, remote process exited\n"
    )
    event = only_root(record)
    assert (event.rank, event.exception, event.frames[0].code) == (1, "IndexError", "a()")


@pytest.mark.parametrize(
    "prefix", ["> ", "2024-05-02 10:11:15,001 ERROR train: ", "Nov 13 10:34:57 ip python[1063]: ", "(T pid=7) "]
)
def test_prefixed_tracebacks(read: Read, prefix: str) -> None:
    lines = [
        "Traceback (most recent call last):",
        '  File "t.py", line 5, in <module>',
        "    x()",
        "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    ]
    event = only_root(read("".join(f"{prefix}{line}\n" for line in lines)))
    assert (event.name, str(event.span), event.frames[0].code) == ("device_mismatch", "log:1-4", "x()")


def test_rich_box(read: Read) -> None:
    event = only_root(
        read(
            "╭───── Traceback (most recent call last) ─────╮\n│ /w/train.py:12 in main                      │\n"
            "│    9                                        │\n│ ❱ 12 │   loss.backward()                    │\n"
            "╰─────────────────────────────────────────────╯\n"
            "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn\n"
        )
    )
    assert (event.name, event.frames[0].file, event.frames[0].code) == ("no_grad_fn", "/w/train.py", "loss.backward()")


def test_ipython_arrows(read: Read) -> None:
    event = only_root(
        read(
            "-----\nRuntimeError                              Traceback (most recent call last)\n"
            "<ipython-input-12-abc> in <module>\n      1 for x in dl:\n----> 2     out = model(x)\n\n"
            "/usr/lib/python3.7/dist-packages/torch/nn/module.py in _call_impl(self, *input)\n--> 889         return x\n"
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x8 and 7x3)\n"
        )
    )
    assert event.name == "shape_mismatch"
    assert [(frame.line, frame.code) for frame in event.frames] == [(2, "out = model(x)"), (889, "return x")]


def test_exception_group_gives_its_leaf(read: Read) -> None:
    event = only_root(
        read(
            '  + Exception Group Traceback (most recent call last):\n  |   File "g.py", line 1, in <module>\n'
            "  |     raise ExceptionGroup()\n  | ExceptionGroup: many (1 sub-exception)\n"
            '  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File "g.py", line 3, in f\n'
            '    |     raise ValueError("a")\n    | ValueError: a\n    +------------------------------------\n'
        )
    )
    assert (event.exception, event.message, event.frames[0].line) == ("ValueError", "a", 3)


def test_traceback_without_its_beginning(read: Read) -> None:
    event = only_root(
        read(
            '    return f(x)\n  File "/w/m.py", line 5, in forward\n    return a @ b\nRuntimeError: size mismatch, m1: [4 x 8]\n'
        )
    )
    assert (event.name, event.frames[0].function) == ("shape_mismatch", "forward")


def test_traceback_without_its_end_is_still_a_crash(read: Read) -> None:
    record = read(
        'step 1 loss 2\nTraceback (most recent call last):\n  File "/w/m.py", line 5, in forward\n    return a @ b'
    )
    assert only_root(record).name == "traceback"
    assert record.ending.status == "crashed"


def test_traceback_glued_to_a_bar(read: Read) -> None:
    record = read(
        'Epoch 2:  50%|##  | 50/100 [00:05<00:05, 10.0it/s, loss=nan]Traceback (most recent call last):\n  File "t.py", line 1, in <module>\nKeyError: 3\n'
    )
    assert only_root(record).exception == "KeyError"
    assert record.ending.last_step == 50


def test_syntax_error_without_header(read: Read) -> None:
    event = only_root(read('  File "x.py", line 3\n    def f(:\n          ^\nSyntaxError: invalid syntax\n'))
    assert (event.name, event.frames[0].line) == ("api_error", 3)


def test_interrupt_is_a_kill(read: Read) -> None:
    record = read('^CTraceback (most recent call last):\n  File "x.py", line 3, in <module>\nKeyboardInterrupt\n')
    assert only_root(record).name == "interrupted"
    assert (record.ending.status, record.ending.signal) == ("killed", "SIGINT")


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        (
            "Tried to allocate 85.00 MiB (GPU 0; 4.00 GiB total capacity; 3.04 GiB already allocated; 9.21 MiB free; 15.31 MiB cached)",
            {
                "tried_mib": 85.0,
                "total_mib": 4096.0,
                "free_mib": 9.21,
                "allocated_mib": 3112.96,
                "reserved_mib": 15.31,
                "gpu": 0,
            },
        ),
        (
            "Tried to allocate 194.00 MiB (GPU 5; 23.59 GiB total capacity; 22.18 GiB already allocated; 111.19 MiB free; "
            "23.37 GiB reserved in total by PyTorch)",
            {
                "tried_mib": 194.0,
                "total_mib": 24156.16,
                "free_mib": 111.19,
                "allocated_mib": 22712.32,
                "reserved_mib": 23930.88,
                "gpu": 5,
            },
        ),
        (
            "Tried to allocate 1.95 GiB. GPU 0 has a total capacty of 14.57 GiB of which 1.58 GiB is free. Process 249 has 12.02 GiB "
            "memory in use. Including non-PyTorch memory, this process has 17179869184.00 GiB memory in use. Of the allocated memory "
            "734.07 MiB is allocated by PyTorch, and 33.93 MiB is reserved by PyTorch but unallocated.",
            {
                "tried_mib": 1996.8,
                "total_mib": 14919.68,
                "free_mib": 1617.92,
                "allocated_mib": 734.07,
                "unallocated_mib": 33.93,
                "reserved_mib": 768.0,
                "other_process_mib": 12308.48,
                "gpu": 0,
            },
        ),
    ],
)
def test_memory_numbers_of_every_generation(read: Read, message: str, numbers: dict[str, float]) -> None:
    assert only_root(read(f"RuntimeError: CUDA out of memory. {message}\n")).values == numbers


def test_collective_timeout_keeps_its_numbers_and_owns_the_abort(read: Read) -> None:
    record = read(
        "[rank1]:[E1002 18:16:40.66 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation timeout: "
        "WorkNCCL(SeqNum=2521, OpType=ALLREDUCE, NumelIn=16, NumelOut=16, Timeout(ms)=600000) ran for 600001 milliseconds\n"
        "Fatal Python error: Aborted\n"
    )
    event = only_root(record)
    assert (event.name, event.rank) == ("collective_timeout", 1)
    assert event.values == {"seq": 2521, "op": "ALLREDUCE", "numel_in": 16, "timeout_ms": 600000, "ran_ms": 600001}
    assert record.ending.status == "crashed"


def test_device_assertion_line_is_the_cause(read: Read) -> None:
    event = only_root(
        read(
            "../aten/src/ATen/native/cuda/Indexing.cu:1146: block: [98,0,0] Assertion `srcIndex < srcSelectDimSize` failed.\n"
            'Traceback (most recent call last):\n  File "t.py", line 1, in <module>\n    x()\n'
            "RuntimeError: CUDA error: device-side assert triggered\n"
        )
    )
    assert event.name == "index_out_of_range"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (
            "slurmstepd: error: Detected 1 oom_kill event in StepId=1.0. Some of the step tasks have been OOM Killed.",
            "oom_killed",
        ),
        ("slurmstepd: error: *** JOB 1 ON gpu07 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***", "time_limit"),
        ("slurmstepd: error: *** JOB 1 ON gpu07 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***", "preempted"),
        ("srun: error: node001: task 3: Killed", "killed_sigkill"),
        (
            "[launch.py:321:sigkill_handler] ['/usr/bin/python3', 'train.py'] exits with return code = -9",
            "killed_sigkill",
        ),
        ("Command '['python', 'train.py']' died with <Signals.SIGSEGV: 11>.", "segfault"),
        ("Killed", "killed_sigkill"),
        ("Segmentation fault (core dumped)", "segfault"),
        ("Process finished with exit code 137", "killed_sigkill"),
    ],
)
def test_kill_lines(read: Read, line: str, name: str) -> None:
    record = read(f"step 10 loss 2.0\n{line}\n")
    assert name in {event.name for event in roots(record)}
    assert record.ending.status == "killed"


@pytest.mark.parametrize(
    "line", ["exit code 0", "The best model was Killed off in chapter 3", "rc=0", "learning rate killed by warmup"]
)
def test_harmless_lines_are_no_kill(read: Read, line: str) -> None:
    record = read(f"{line}\n")
    assert roots(record) == []
    assert record.ending.status == "unknown"


def test_non_zero_exit_code_alone_is_a_crash(read: Read) -> None:
    record = read("step 1 loss 2\nexit status 1\n")
    assert (record.ending.status, record.ending.exit_code) == ("crashed", 1)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("train.py: error: unrecognized arguments: --foo 3", "invalid_config"),
        ("python: can't open file 'x.py': [Errno 2] No such file or directory", "missing_file"),
    ],
)
def test_programs_refused_at_the_start(read: Read, line: str, name: str) -> None:
    record = read(f"usage: train.py [-h] [--lr LR]\n{line}\n")
    assert only_root(record).name == name
    assert record.ending.status == "crashed"


def test_repeated_warnings_are_counted(read: Read) -> None:
    line = "/v/torch/optim/lr_scheduler.py:12: UserWarning: Detected call of `lr_scheduler.step()` before `optimizer.step()`.\n"
    (event,) = read(line * 50).events
    assert (event.name, event.kind, event.count, event.values["line"]) == (
        "scheduler_before_optimizer",
        "warning",
        50,
        12,
    )


def test_an_error_that_training_survived_is_no_crash(read: Read) -> None:
    traceback = 'Traceback (most recent call last):\n  File "t.py", line 1, in <module>\nValueError: one bad sample\n'
    record = read(traceback + "".join(f"step {step} loss 1.0\n" for step in range(100)))
    assert record.ending.status == "unknown"


def test_person_talking_about_an_error_is_no_event(read: Read) -> None:
    assert read("I sometimes get CUDA out of memory when I train with a large batch.\n").events == ()


def test_pasted_issue(read: Read) -> None:
    record = read(
        "## Bug\nWhen I train with fp16 the loss goes to nan.\n\n```bash\npython train.py --model gpt2 \\\n  --learning_rate 5e-5 --fp16\n```\n"
        "### Logs\n```\n{'loss': 2.5, 'grad_norm': 1.2, 'learning_rate': 5e-05, 'epoch': 0.1}\n"
        "{'loss': 0.0, 'grad_norm': nan, 'learning_rate': 4e-05, 'epoch': 0.2}\n```\n<details>\n"
        '`Traceback (most recent call last):\n  File "/a/run.py", line 10, in <module>\n    trainer.train()\n'
        "**RuntimeError: expected scalar type Half but found Float**\n```\n - PyTorch Version (e.g., 1.0): 1.13.1\n - OS (e.g., Linux): Ubuntu\n"
    )
    assert [event.name for event in record.events] == ["dtype_mismatch"]
    assert {setting.name: setting.value for setting in record.config} == {
        "model": "gpt2",
        "learning_rate": 5e-05,
        "fp16": True,
    }
    assert {fact.name: fact.value for fact in record.environment} == {"torch": "1.13.1", "os": "Ubuntu"}
    assert record.best("loss", "train") is not None


def test_every_signature_has_a_meaning() -> None:
    assert {signature.id for signature in SIGNATURES} <= set(SIGNATURE_MEANINGS)


@pytest.mark.parametrize(
    ("exception", "message", "name"),
    [
        ("KeyError", "'input_ids'", "missing_column"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'x'", "missing_file"),
        ("ModuleNotFoundError", "No module named 'flash_attn'", "import_error"),
        ("OSError", "[Errno 28] No space left on device", "disk_full"),
        ("RuntimeError", "PytorchStreamWriter failed writing file data/228: file write failed", "disk_full"),
        ("ValueError", "num_samples should be a positive integer value, but got num_samples=0", "empty_dataset"),
        (
            "RuntimeError",
            "Expected to have finished reduction in the prior iteration before starting a new one.",
            "unused_parameters",
        ),
        ("ValueError", "optimizer got an empty parameter list", "optimizer_empty"),
        ("RuntimeError", "No CUDA GPUs are available", "gpu_unavailable"),
        ("RuntimeError", "[Errno 98] Address already in use", "rendezvous_failed"),
        ("ValueError", "Expected input batch_size (32) to match target batch_size (64).", "batch_size_mismatch"),
        ("TypeError", "forward() got an unexpected keyword argument 'x'", "api_error"),
        ("ValueError", "Attempting to unscale FP16 gradients.", "scaler_misuse"),
        (
            "Exception",
            "Current loss scale already at minimum - cannot decrease scale anymore. Exiting run.",
            "loss_scale_minimum",
        ),
        ("XlaRuntimeError", "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 7247809568 bytes.", "xla_oom"),
        ("UnpicklingError", "invalid load key, '<'.", "checkpoint_unreadable"),
        (
            "ValueError",
            "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
            "optimizer_state_mismatch",
        ),
        (
            "RuntimeError",
            "Given groups=1, weight of size [64, 3, 7, 7], expected input[8, 1, 28, 28] to have 3 channels, but got 1 channels instead",
            "input_channels",
        ),
        (
            "RuntimeError",
            "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
            "device_mismatch",
        ),
        (
            "RuntimeError",
            "Input type (torch.cuda.HalfTensor) and weight type (torch.cuda.FloatTensor) should be the same",
            "dtype_mismatch",
        ),
        ("ValueError", "Column 'text' not found", "missing_column"),
        ("MyError", "something nobody has seen", None),
    ],
)
def test_exception_wordings(exception: str, message: str, name: str | None) -> None:
    assert exception_signature(exception, message) == name


@pytest.mark.parametrize(
    "line",
    [
        "step   400 epoch  5 loss nan grad_norm nan",
        "loss.backward(retain_graph=True)",
        "Overriding config with config/train_shakespeare_char.py:",
        "UserWarning: Failed to load image Python extension: libtorch_cuda_cu.so: cannot open shared object file",
        "failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
        "WARNING scheduler.py:1057] Sequence group 0 is preempted by PreemptionMode.SWAP mode",
        "model = AutoModel.from_pretrained(name, ignore_mismatched_sizes=False)",
        "EarlyStopping counter: 1 out of 5",
        "Epoch 00005: val_loss did not improve from 0.51",
        "Loading checkpoint shards: 100%|##########| 2/2 [00:05<00:00,  2.6s/it]",
        "Using 16bit Automatic Mixed Precision (AMP)",
    ],
)
def test_ordinary_lines_have_no_signature(line: str) -> None:
    assert line_signature(line) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OVERFLOW! Skipping step. Attempted loss scale: 1.0, reducing to 1", "loss_scale_minimum"),
        ("Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 1.35807730622e-312", "loss_scale_minimum"),
        ("Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 0.5", "loss_scale_minimum"),
        ("Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 16384.0", "loss_scale_overflow"),
        ("OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 4294967296, reducing to 2147483648", "loss_scale_overflow"),
    ],
)  # fmt: skip
def test_a_scale_of_one_or_less_is_the_end_of_the_search(line: str, expected: str) -> None:
    assert line_signature(line) == expected
