"""The simulated device: the allocator's arithmetic by hand, and scripts that count as PyTorch's own tracker does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from misrun.scenarios.device_budget.caching_allocator import KIB, MIB, BudgetExceeded, CachingAllocator, Settings

FOLDER = Path(__file__).parents[2] / "scenarios" / "device_budget"
PLAIN, EXPANDABLE = Settings(), Settings(expandable_segments=True)


def run_script(
    text: str, budget_mib: int | None, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    if budget_mib is not None:
        environment |= {"PYTHONPATH": str(FOLDER), "DEVICE_BUDGET_MIB": str(budget_mib)}
    command = [sys.executable, "-c", text, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def allocator(mib: int, settings: Settings = PLAIN) -> CachingAllocator:
    return CachingAllocator(mib * MIB, settings)


@pytest.mark.parametrize(
    ("requested", "allocated", "reserved"),
    [
        (1, 512, 2 * MIB),
        (513, 1024, 2 * MIB),
        (MIB, MIB, 2 * MIB),
        # In the large pool a rest of at most 1 MiB is not split off, so the block keeps it.
        (MIB + 1, MIB + 512, 20 * MIB),
        (19 * MIB, 20 * MIB, 20 * MIB),
        (10 * MIB + 512, 10 * MIB + 512, 12 * MIB),
    ],
)
def test_sizes_are_rounded_and_come_from_segments(requested: int, allocated: int, reserved: int) -> None:
    device = allocator(64)
    device.allocate(requested)
    assert (device.allocated, device.reserved) == (allocated, reserved)


def test_blocks_are_split_reused_and_merged() -> None:
    device = allocator(64)
    first, second = device.allocate(4 * MIB), device.allocate(4 * MIB)
    assert device.reserved == 20 * MIB
    device.free(first)
    device.free(second)
    # All 20 MiB are one block again.
    device.allocate(20 * MIB)
    assert device.reserved == 20 * MIB


def test_the_smallest_fitting_block_is_taken() -> None:
    device = allocator(64)
    wide, narrow = device.allocate(20 * MIB), device.allocate(12 * MIB)
    for block in (wide, narrow):
        device.free(block)
    assert device.allocate(12 * MIB).address == narrow.address


def test_a_full_device_gives_cached_segments_back_before_it_refuses() -> None:
    device = allocator(40)
    device.free(device.allocate(30 * MIB))
    device.allocate(32 * MIB)
    assert device.reserved == 32 * MIB
    assert device.statistics()["num_alloc_retries"] == 1


def test_a_refusal_states_the_numbers_of_the_account() -> None:
    device = allocator(64)
    device.allocate(30 * MIB)
    device.allocate(100 * KIB)
    with pytest.raises(BudgetExceeded) as refusal:
        device.allocate(33 * MIB)
    assert str(refusal.value).startswith(
        "CUDA out of memory. Tried to allocate 34.00 MiB. GPU 0 has a total capacity of 64.00 MiB of which 32.00 MiB is "
        "free. Including non-PyTorch memory, this process has 32.00 MiB memory in use. Of the allocated memory "
        "30.10 MiB is allocated by PyTorch, and 1.90 MiB is reserved by PyTorch but unallocated."
    )
    assert device.statistics()["num_ooms"] == 1


def scatter(device: CachingAllocator) -> None:
    """28 of the first 30 MiB are free, but 2 MiB in use keep the segment."""
    device.free(device.allocate(30 * MIB))
    device.allocate(2 * MIB)


def test_free_bytes_in_a_split_segment_do_not_serve_a_larger_request() -> None:
    device = allocator(60)
    scatter(device)
    with pytest.raises(BudgetExceeded):
        device.allocate(32 * MIB)
    assert device.capacity - device.allocated == 58 * MIB
    assert device.statistics()["inactive_split_bytes.all.current"] == 28 * MIB


def test_expandable_segments_grow_where_split_ones_fail() -> None:
    device = allocator(60, EXPANDABLE)
    scatter(device)
    device.allocate(32 * MIB)
    # Pages of 20 MiB: 34 MiB in use need two.
    assert (device.allocated, device.reserved) == (34 * MIB, 40 * MIB)


def test_empty_pages_of_an_expandable_segment_are_given_back() -> None:
    device = allocator(60, EXPANDABLE)
    blocks = [device.allocate(10 * MIB) for _ in range(6)]
    for block in blocks[1:]:
        device.free(block)
    device.empty_cache()
    assert device.reserved == 20 * MIB
    device.allocate(50 * MIB)
    assert device.reserved == 60 * MIB


def test_a_split_limit_keeps_large_blocks_whole() -> None:
    device = allocator(60, Settings.parse("max_split_size_mb:24,garbage_collection_threshold:0.8"))
    scatter(device)
    # The 30 MiB block was not cut for the 2 MiB: it is given back when 32 MiB are asked for.
    device.allocate(32 * MIB)
    assert device.allocated == 34 * MIB


def test_a_split_limit_pytorch_refuses_is_refused() -> None:
    with pytest.raises(RuntimeError, match="max_split_size_mb too small"):
        Settings.parse("max_split_size_mb:16")


def test_every_byte_comes_back_whatever_the_order() -> None:
    for settings in (PLAIN, EXPANDABLE):
        device = allocator(400, settings)
        sizes = [(17 * i * i * 4099) % (9 * MIB) + 1 for i in range(60)]
        blocks = [device.allocate(size) for size in sizes]
        for block in blocks[::2] + blocks[1::2]:
            device.free(block)
        device.empty_cache()
        assert (device.allocated, device.reserved) == (0, 0)
        assert device.statistics()["inactive_split_bytes.all.current"] == 0


SCRIPT = """
import io, json, sys, torch
from torch import nn
MIB = 2**20
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
seen = {"name": torch.cuda.get_device_name(), "total": torch.cuda.get_device_properties(0).total_memory}
allocated, wide = torch.cuda.memory_allocated, (512, 512)  # 1 MiB in float32

x = torch.zeros(wide, device=device)
seen["tensor"] = allocated(), torch.cuda.memory_reserved()
y = x[:10].t()
seen["view"] = allocated()
del x
made = [torch.tensor([1.0], device=device), torch.as_tensor([1], device=device), torch.ones_like(y), y.new_zeros(3)]
seen["made"] = [str(one.device) for one in made], allocated() - MIB
del made, y
seen["freed"] = allocated(), torch.cuda.max_memory_allocated(), torch.cuda.memory_reserved()
torch.cuda.empty_cache(); torch.cuda.reset_peak_memory_stats()
seen["emptied"] = torch.cuda.memory_reserved(), torch.cuda.max_memory_allocated(), torch.cuda.mem_get_info()

w = nn.Parameter(torch.zeros(wide).to(device))
out = w.exp().sin().sum()
seen["saved"] = allocated()
out.backward()
del out
seen["gradient"] = allocated()
kept = []
for _ in range(3):
    kept.append(w.exp().sum())
    seen.setdefault("graphs", []).append(allocated())
kept.clear(); w.grad = None
with torch.no_grad():
    w.exp().sum()
seen["no_grad"] = allocated()
del w, _

model = nn.Linear(512, 512, bias=False)
seen["host model"] = allocated()
model.cuda()
optimizer = torch.optim.Adam(model.parameters())
model(torch.zeros(wide).cuda()).sum().backward(); optimizer.step(); optimizer.zero_grad()
seen["adam"] = allocated(), str(model.weight.device), str(optimizer.state[model.weight]["exp_avg"].device)
with torch.autocast("cuda", dtype=torch.bfloat16):
    before = allocated()
    half = model(torch.zeros(wide, device="cuda"))
    seen["autocast"] = str(half.dtype), allocated() - before
del half, before
scaler = torch.amp.GradScaler("cuda")
scaler.scale(model(torch.zeros(wide, device="cuda")).sum()).backward(); scaler.step(optimizer); scaler.update()
seen["scaler"] = scaler.get_scale()

file = io.BytesIO(); torch.save(model.state_dict(), file)
before = allocated()
for place in (None, "cpu"):
    file.seek(0)
    state = torch.load(file, map_location=place)
    seen.setdefault("loaded", []).append((str(state["weight"].device), allocated() - before))
    del state
for name, call in {"mixed": lambda: model(torch.zeros(wide)), "numpy": lambda: model.weight.detach().numpy()}.items():
    try:
        call()
    except (RuntimeError, TypeError) as error:
        seen[name] = str(error)
seen["summary"] = "CUDA OOMs: 0" in torch.cuda.memory_summary()
print(json.dumps(seen))

def fill(chunks):
    while True:
        chunks.append(torch.relu(torch.ones(4 * MIB, device=device)))
try:
    fill([])
except torch.cuda.OutOfMemoryError:
    pass
print("caught", allocated() < 16 * MIB)
fill([])
"""


@pytest.fixture(scope="module")
def finished() -> subprocess.CompletedProcess[str]:
    return run_script(SCRIPT, 100)


@pytest.fixture(scope="module")
def seen(finished: subprocess.CompletedProcess[str]) -> dict[str, object]:
    result: dict[str, object] = json.loads(finished.stdout.splitlines()[0])
    return result


def test_a_tensor_counts_from_its_making_to_its_end(seen: dict[str, object]) -> None:
    assert seen["name"] == "Simulated device (100 MiB)" and seen["total"] == 100 * MIB
    assert seen["tensor"] == [MIB, 2 * MIB]
    assert seen["view"] == MIB
    assert seen["made"] == [["cuda:0"] * 4, 3 * 512 + 512 * 10 * 4]
    assert seen["freed"] == [0, MIB + 3 * 512 + 512 * 10 * 4, 2 * MIB]
    assert seen["emptied"] == [0, 0, [100 * MIB, 100 * MIB]]


def test_autograd_keeps_what_backward_needs(seen: dict[str, object]) -> None:
    # The parameter, exp's result (saved twice, stored once) and a scalar in a block of 512; sin's result is not needed.
    assert seen["saved"] == 2 * MIB + 512
    assert seen["gradient"] == 2 * MIB
    # Parameter and gradient stay; each kept loss holds its exp result and itself.
    assert seen["graphs"] == [2 * MIB + n * (MIB + 512) for n in (1, 2, 3)]
    assert seen["no_grad"] == MIB


def test_optimizer_state_and_precision_have_their_size(seen: dict[str, object]) -> None:
    assert seen["host model"] == 0
    assert seen["adam"] == [3 * MIB, "cuda:0", "cuda:0"]
    # The result, the input and the weight, each saved in half of float32's bytes; the float32 input is gone.
    assert seen["autocast"] == ["torch.bfloat16", 3 * MIB // 2]
    assert seen["scaler"] == 65536.0


def test_checkpoints_come_back_to_the_device_they_were_saved_from(seen: dict[str, object]) -> None:
    assert seen["loaded"] == [["cuda:0", MIB], ["cpu", 0]]


def test_what_a_gpu_refuses_is_refused(seen: dict[str, object]) -> None:
    assert "two devices, cuda:0 and cpu" in str(seen["mixed"])
    assert "can't convert cuda:0 device type tensor to numpy" in str(seen["numpy"])
    assert seen["summary"] is True


def test_beyond_the_budget_the_operation_fails_as_on_a_gpu(finished: subprocess.CompletedProcess[str]) -> None:
    assert finished.returncode == 1
    assert finished.stdout.splitlines()[1] == "caught True"
    assert "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 16.00 MiB. GPU 0" in finished.stderr
    assert 'File "<string>", line 69, in fill' in finished.stderr
    assert "device_budget" not in finished.stderr


# Runs on the simulated device, or on the CPU under PyTorch's MemTracker; prints bytes and losses.
TWIN = """
import contextlib, json, sys, torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
tracker, marks, losses = contextlib.nullcontext(), [], []
if device.type == "cpu":
    from torch.distributed._tools.mem_tracker import MemTracker
    tracker = MemTracker()

def mark(optimizer):
    if device.type == "cuda":
        marks.append(torch.cuda.memory_stats()["requested_bytes.all.current"])
    else:
        # Adam counts its steps in host tensors of 4 bytes, which are not on a GPU.
        steps = sum(4 for state in optimizer.state.values() if "step" in state)
        marks.append(sum(kinds["Total"] for kinds in tracker.get_tracker_snapshot().values()) - steps)

def train(model, x, y, optimizer, recompute=False, half=False):
    for _ in range(2):
        if device.type == "cpu":
            tracker.reset_mod_stats()
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            out = checkpoint(model, x, use_reentrant=False) if recompute else model(x)
            loss = F.cross_entropy(out.flatten(0, -2).float(), y.flatten())
        mark(optimizer); losses.append(loss.item().hex())
        optimizer.zero_grad(); loss.backward(); mark(optimizer); optimizer.step(); mark(optimizer)

class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.cell, self.out = nn.Embedding(50, 32), nn.LSTM(32, 48, batch_first=True), nn.Linear(48, 50)
    def forward(self, x):
        return self.out(self.cell(self.table(x))[0])

with tracker:
    torch.manual_seed(0)
    mlp = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Dropout(0.1), nn.LayerNorm(128), nn.Linear(128, 10)).to(device)
    x, y = torch.randn(32, 64, device=device), torch.randint(0, 10, (32,), device=device)
    train(mlp, x, y, torch.optim.Adam(mlp.parameters()))
    train(mlp, x, y, torch.optim.SGD(mlp.parameters(), lr=0.1, momentum=0.9), recompute=True)
    train(mlp, x, y, torch.optim.AdamW(mlp.parameters(), foreach=False), half=True)
    cnn = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10))
    x = torch.randn(32, 3, 8, 8, device=device)
    train(cnn.to(device), x, y, torch.optim.SGD(cnn.parameters(), lr=0.1))
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2).to(device)
    x, y = torch.randn(4, 10, 32, device=device), torch.randint(0, 32, (4, 10), device=device)
    train(encoder, x, y, torch.optim.AdamW(encoder.parameters()))
    recurrent = Recurrent().to(device)
    train(recurrent, y, y, torch.optim.SGD(recurrent.parameters(), lr=0.1))
print(json.dumps([marks, losses]))
"""


def test_bytes_equal_those_of_pytorchs_tracker_and_losses_are_untouched() -> None:
    simulated, plain = run_script(TWIN, 100), run_script(TWIN, None)
    assert simulated.returncode == 0, simulated.stderr
    assert plain.returncode == 0, plain.stderr
    (bytes_simulated, losses_simulated), (bytes_plain, losses_plain) = (
        json.loads(run.stdout) for run in (simulated, plain)
    )
    assert losses_simulated == losses_plain
    assert bytes_simulated == bytes_plain


def test_the_hidden_sitecustomize_still_runs_and_torch_is_not_imported_for_it(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('other')\n")
    path = os.pathsep.join((str(FOLDER), str(tmp_path)))
    text = "import sys; print('torch' in sys.modules)"
    run = run_script(text, None, PYTHONPATH=path, DEVICE_BUDGET_MIB="10")
    assert run.stdout.split() == ["other", "False"]
