"""What recording costs: `python benchmarks/recorder_overhead.py [--pairs 12] [--steps 20]`.

Trains a transformer of 10 million parameters on the CPU, in short blocks with and without the recorder, in turns and
closely together, always the same model. Each pair of blocks gives a ratio of seconds (wall clock, and CPU time of the
process, which other programs disturb less); printed are the median of the ratios and the middle 95 % of the medians of
10,000 resamples; and the share of the time that the recorder counted itself (it leaves out what its presence costs
elsewhere). Three ways of recording:

normal     after the first seconds, while nothing happens
beginning  a new recorder in every block: its header, its allowance for the first seconds, its end
watching   every step measured, as for 50 steps after a precursor (and longer than its budget would allow)
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from misrun.tools.recorder import budget
from misrun.tools.recorder.recorder import record

# Each way by the constants that make it: (coarse share, coarse grant).
WAYS = {
    "normal": (budget.COARSE_SHARE, 0.0),
    "beginning": (budget.COARSE_SHARE, budget.COARSE_GRANT),
    "watching": (1.0, 1e9),
}
RESAMPLES = 10_000


def make() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    layer = torch.nn.TransformerEncoderLayer(512, 8, 2048, dropout=0.0, batch_first=True)
    encoder = torch.nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
    model = torch.nn.Sequential(torch.nn.Embedding(500, 512), encoder, torch.nn.Linear(512, 500))
    return model, torch.optim.AdamW(model.parameters(), lr=1e-4)


def train(model: torch.nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        tokens = torch.randint(0, 500, (4, 16))
        loss = torch.nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def compare(way: str, pairs: int, steps: int, folder: Path) -> None:
    budget.COARSE_SHARE, budget.COARSE_GRANT = WAYS[way]
    model, optimizer = make()
    train(model, optimizer, 3)  # allocators and thread pools
    ratios: list[tuple[float, float]] = []
    path = folder / f"{way}.jsonl"

    def block(recorded: bool) -> None:
        with record(model, optimizer, path) if recorded else nullcontext():
            train(model, optimizer, steps)

    for pair in range(pairs):
        order = (True, False) if pair % 2 else (False, True)
        seconds = {recorded: timed(lambda recorded=recorded: block(recorded)) for recorded in order}
        ratios.append((seconds[True][0] / seconds[False][0], seconds[True][1] / seconds[False][1]))
    ends = [json.loads(file.read_text().splitlines()[-1]) for file in folder.glob(f"{way}*.jsonl")]
    measured = sum(end["measured_steps"] for end in ends)
    own = statistics.median(end["recorder_seconds"] / end["seconds"] for end in ends)
    lines = sum(len(file.read_text().splitlines()) for file in folder.glob(f"{way}*.jsonl"))
    parameters = sum(p.numel() for p in model.parameters())
    sys.stdout.write(
        f"{way:<10} {parameters:,} parameters, {pairs} pairs of {steps} steps of {1000 * seconds[False][0] / steps:.0f}"
        f" ms, {measured} of {pairs * steps} steps measured, {lines} lines\n  own   {own:.4f}\n"
    )
    for name, column in zip(("wall", "cpu"), zip(*ratios, strict=True), strict=True):
        low, high = interval(column)
        sys.stdout.write(f"  {name:<5} x{statistics.median(column):.4f}  [{low:.4f}, {high:.4f}]\n")
    sys.stdout.flush()


def interval(values: tuple[float, ...]) -> tuple[float, float]:
    """The middle 95 % of the medians of resamples."""
    chance = random.Random(0)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[RESAMPLES // 40], medians[-RESAMPLES // 40]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # threads that wait for one another spin, and on a busy machine that is all one measures
    with tempfile.TemporaryDirectory() as folder:
        for way in arguments.ways:
            compare(way, arguments.pairs, arguments.steps, Path(folder))


if __name__ == "__main__":
    main()
