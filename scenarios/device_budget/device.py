"""The simulated device: tensors stay on the CPU, and every storage that a GPU would hold is booked in the allocator.

What counts: storages of tensors moved or created with device "cuda", and of everything computed from them (outputs,
what autograd saves, gradients, optimizer state), from the operation that makes them until the last reference is gone.
What does not: memory that kernels use within one operation (cuDNN workspaces on a GPU, scratch space on a CPU), the
CUDA context, pinned host memory, and what threads other than the main one compute. Saved activations are those of the
CPU's kernels, which now and then differ from a GPU's (recurrent layers above all). One device, "cuda:0". Not simulated:
streams, events, CUDA graphs, torch.compile, a default device of "cuda", sparse storages, and a device's own random
numbers (the CPU's are drawn instead).
"""

import os
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import torch
from torch.utils._device import _device_constructors
from torch.utils._python_dispatch import TorchDispatchMode

from misrun.scenarios.device_budget.caching_allocator import MIB, Block, BudgetExceeded, CachingAllocator, Settings

HERE = str(Path(__file__).resolve().parent)
CUDA = torch.device("cuda", 0)

# Operations whose operands may sit on different devices: copies, and indexing with an index kept on the host.
MIXING = frozenset(
    f"aten::{name}"
    for name in (
        "copy_",
        "_foreach_copy_",
        "_to_copy",
        "set_",
        "index",
        "index_put",
        "index_put_",
        "_index_put_impl_",
        "_pack_padded_sequence",
    )
)
# Factories that take a device and no tensor whose device they would follow are in `_device_constructors`; these follow.
FOLLOWING = ("empty_like", "full_like", "ones_like", "rand_like", "randint_like", "randn_like", "zeros_like")
# These may share memory with what they are given, so on a GPU they copy.
SHARING = ("as_tensor", "asarray")


class Ledger:
    """Which storages are on the device, and the block of each. `key` of a storage: the address of its C++ object,
    unique while it lives; the entry goes when it dies."""

    def __init__(self, allocator: CachingAllocator) -> None:
        self.allocator = allocator
        # An empty storage is on the device without a block. The weak reference must live for its callback to run.
        self._entries: dict[int, tuple[Block | None, weakref.ref[torch.UntypedStorage]]] = {}

    def holds(self, tensor: torch.Tensor) -> bool:
        return _key(tensor) in self._entries

    def claim(self, storage: torch.UntypedStorage) -> None:
        """Books the storage, anew when it has grown; torch.OutOfMemoryError when there is no room."""
        key, size = storage._cdata, storage.nbytes()
        if key in self._entries:
            block = self._entries[key][0]
            if size <= (0 if block is None else block.requested):
                return
            self._release(key)
        self._entries[key] = (self._allocate(size), weakref.ref(storage, partial(self._forget, key)))

    def _allocate(self, size: int) -> Block | None:
        try:
            return self.allocator.allocate(size) if size else None
        except BudgetExceeded as refusal:
            raise torch.OutOfMemoryError(str(refusal)) from None

    def _forget(self, key: int, _: object) -> None:
        self._release(key)

    def _release(self, key: int) -> None:
        block, _ = self._entries.pop(key)
        if block is not None:
            self.allocator.free(block)


class Placement:
    """Where storages made by the running call go: True the device, False the host, None as its operands say."""

    def __init__(self) -> None:
        self.on_device: bool | None = None

    def call(self, on_device: bool, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        before, self.on_device = self.on_device, on_device
        try:
            return function(*args, **kwargs)
        finally:
            self.on_device = before


class Accounting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation, those of the backward pass included, and books the storages that appear."""

    def __init__(self, ledger: Ledger, placement: Placement) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ledger = ledger
        self.placement = placement

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # PyTorch would otherwise wrap the method in torch._dynamo.disable, which costs more than the accounting.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        on_device, host_keys = self._operands(func, args, kwargs)
        if self.placement.on_device is not None:
            # A factory such as torch.tensor hands its finished host storage over through an aliasing operation.
            on_device, host_keys = self.placement.on_device, set()
        result = func(*args, **kwargs)
        if on_device:
            for tensor in _tensors((result,)):
                if _key(tensor) not in host_keys and tensor.layout is torch.strided:
                    self.ledger.claim(tensor.untyped_storage())
        return result

    def _operands(self, func: Any, args: Any, kwargs: Any) -> tuple[bool, set[int | None]]:
        """Whether an operand is on the device, and the storages of those that are not."""
        on_device, on_host, host_keys = False, False, set()
        for tensor in _tensors((*args, *kwargs.values())):
            if self.ledger.holds(tensor):
                on_device = True
            else:
                host_keys.add(_key(tensor))
                # A number from the host may meet a device tensor, as in PyTorch itself.
                on_host = on_host or tensor.dim() > 0
        if on_device and on_host and func._schema.name not in MIXING:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
            )
        return on_device, host_keys


def install(budget_mib: int) -> None:
    """Makes this process believe in one CUDA device of `budget_mib` MiB, until it ends."""
    settings = Settings.parse(os.environ.get("PYTORCH_ALLOC_CONF", os.environ.get("PYTORCH_CUDA_ALLOC_CONF", "")))
    allocator = CachingAllocator(budget_mib * MIB, settings)
    ledger, placement = Ledger(allocator), Placement()
    _patch_tensor(ledger, placement)
    _patch_factories(placement)
    _patch_cuda(allocator, f"Simulated device ({budget_mib} MiB)")
    _patch_precision_and_loading()
    _register_location(ledger)
    _hide_own_frames()
    # Never left: the mode holds for the rest of the process.
    Accounting(ledger, placement).__enter__()  # type: ignore[no-untyped-call]


def _patch_tensor(ledger: Ledger, placement: Placement) -> None:
    """Moves, device queries and the way out to NumPy."""
    tensor: Any = torch.Tensor
    native_device, native_new_tensor = tensor.device, tensor.new_tensor
    tensor.device = property(lambda self: CUDA if ledger.holds(self) else native_device.__get__(self))
    tensor.is_cuda = property(ledger.holds)
    tensor.is_cpu = property(lambda self: not ledger.holds(self))
    tensor.get_device = lambda self: 0 if ledger.holds(self) else -1
    tensor.to = _moving_to(tensor.to, ledger, placement)
    tensor.cuda = lambda self, *_, **__: self.to(CUDA)
    tensor.cpu = lambda self, *_, **__: self.to("cpu")
    tensor.pin_memory = lambda self, *_: self
    tensor.numpy = _refusing(tensor.numpy, ledger)
    tensor.__array__ = _refusing(tensor.__array__, ledger)
    tensor.new_tensor = lambda self, *args, **kwargs: placement.call(
        ledger.holds(self), native_new_tensor, self, *args, **kwargs
    )


def _moving_to(native: Callable[..., Any], ledger: Ledger, placement: Placement) -> Callable[..., Any]:
    @wraps(native)
    def to(self: torch.Tensor, *args: Any, copy: bool = False, **kwargs: Any) -> Any:
        if args and isinstance(args[0], torch.Tensor):
            args = (args[0].device, args[0].dtype)
        device, dtype, _, memory_format = torch._C._nn._parse_to(*args, **kwargs)
        here = ledger.holds(self)
        there = here if device is None else device.type == "cuda"
        options = {} if memory_format is None else {"memory_format": memory_format}
        return placement.call(there, native, self, dtype=dtype or self.dtype, copy=copy or here is not there, **options)

    return to


def _refusing(native: Callable[..., Any], ledger: Ledger) -> Callable[..., Any]:
    @wraps(native)
    def on_host(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if ledger.holds(self):
            raise TypeError(
                "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory "
                "first."
            )
        return native(self, *args, **kwargs)

    return on_host


def _patch_factories(placement: Placement) -> None:
    plain = [function.__name__ for function in _device_constructors()]
    for name in {*plain, *FOLLOWING}:
        # Those of torch.fft and the like are not attributes of torch and are left out.
        if name not in SHARING and callable(getattr(torch, name, None)):
            setattr(torch, name, _placing(getattr(torch, name), placement))
    for name in SHARING:
        setattr(torch, name, _copying(getattr(torch, name)))
    for name in ("new_empty", "new_full", "new_ones", "new_zeros"):
        setattr(torch.Tensor, name, _placing(getattr(torch.Tensor, name), placement))


def _placing(native: Callable[..., Any], placement: Placement) -> Callable[..., Any]:
    @wraps(native)
    def made(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        if device is None:
            return native(*args, **kwargs)
        on_device = torch.device(device).type == "cuda"
        return placement.call(on_device, native, *args, device="cpu" if on_device else device, **kwargs)

    return made


def _copying(native: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(native)
    def made(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        tensor = native(*args, **kwargs)
        return tensor if device is None else tensor.to(device)

    return made


def _patch_cuda(allocator: CachingAllocator, name: str) -> None:
    cuda, memory = torch.cuda, torch.cuda.memory
    answers: dict[str, Any] = {
        "is_available": True,
        "is_bf16_supported": True,
        "device_count": 1,
        "current_device": 0,
        "get_device_name": name,
        "get_device_properties": SimpleNamespace(name=name, total_memory=allocator.capacity),
        "is_current_stream_capturing": False,
        "init": None,
        "_lazy_init": None,
        "set_device": None,
        "synchronize": None,
        "ipc_collect": None,
    }
    for function, answer in answers.items():
        setattr(cuda, function, _answering(answer))
    queries: dict[str, Callable[..., Any]] = {
        "memory_stats": lambda *_, **__: allocator.statistics(),
        "mem_get_info": lambda *_, **__: (allocator.capacity - allocator.reserved, allocator.capacity),
        "empty_cache": allocator.empty_cache,
        "reset_peak_memory_stats": lambda *_, **__: allocator.reset_peaks(),
        "reset_accumulated_memory_stats": lambda *_, **__: allocator.reset_totals(),
    }
    # memory_allocated and its like, and memory_summary, are PyTorch's own and ask memory_stats.
    for function, query in queries.items():
        setattr(memory, function, query)
        setattr(cuda, function, query)
    setattr(memory, "_get_device_index", _answering(0))  # noqa: B010  # not exported by the stubs


def _answering(answer: Any) -> Callable[..., Any]:
    return lambda *_, **__: answer


def _patch_precision_and_loading() -> None:
    """Automatic mixed precision of the CPU in the place of CUDA's; no pinned memory, no cuDNN."""
    autocast: Any = torch.amp.autocast_mode.autocast
    native_autocast = autocast.__init__

    @wraps(native_autocast)
    def autocast_init(self: Any, device_type: str, dtype: Any = None, *args: Any, **kwargs: Any) -> None:
        if torch.device(device_type).type == "cuda":
            # CUDA's default; the CPU's would be bfloat16.
            device_type, dtype = "cpu", dtype or torch.float16
        native_autocast(self, device_type, dtype, *args, **kwargs)

    loader: Any = torch.utils.data.DataLoader
    native_loader = loader.__init__

    @wraps(native_loader)
    def loader_init(self: Any, *args: Any, **kwargs: Any) -> None:
        native_loader(self, *args, **{**kwargs, "pin_memory": False})

    autocast.__init__ = autocast_init
    loader.__init__ = loader_init
    torch.backends.cudnn.is_acceptable = _answering(False)


def _register_location(ledger: Ledger) -> None:
    """Checkpoints remember the device, and torch.load brings storages back to it unless told otherwise."""

    def tag(storage: Any) -> str | None:
        return "cuda:0" if storage._cdata in ledger._entries else None

    def restore(storage: Any, location: str) -> Any:
        if not location.startswith("cuda"):
            return None
        ledger.claim(storage)
        return storage

    # Before the entry for the CPU, which has priority 10 (torch/serialization.py).
    torch.serialization.register_package(5, tag, restore)


def _hide_own_frames() -> None:
    """A traceback shows the user's code and PyTorch's, as it would on a GPU."""
    native_init = traceback.TracebackException.__init__

    @wraps(native_init)
    def init(self: Any, kind: Any, value: Any, trace: TracebackType | None, **kwargs: Any) -> None:
        native_init(self, kind, value, _without_own(trace), **kwargs)

    def print_exception(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, value, trace)

    setattr(traceback.TracebackException, "__init__", init)  # noqa: B010  # a plain assignment is a type error
    sys.excepthook = print_exception


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    if trace is None:
        return None
    rest = _without_own(trace.tb_next)
    if trace.tb_frame.f_code.co_filename.startswith(HERE + os.sep):
        return rest
    return TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    """The tensors among operands or results, which come singly and in lists, tuples of lists at most."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _key(tensor: torch.Tensor) -> int | None:
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        # Sparse and opaque tensors have no storage of their own.
        return None
