"""Makes the curves in this folder: real training runs of tiny models, one CSV each (`python make_curves.py`, CPU, torch).

healthy_*.csv: models x optimizers x schedules that train as they should. failing_*.csv: one planted fault each, named in
the file name. Columns: step, loss, grad_norm (before clipping), lr, memory_mib (bytes of tensors kept alive by the run,
plus 512 MiB), and val_loss, val_accuracy at evaluations. Torch's CPU kernels may round differently on another machine:
the CSV files are the fixture, this script says how they came to be.
"""

import csv
import math
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
STEPS = 120


def blobs(count, classes=10, width=16, noise=1.0, seed=0):
    g = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, width, generator=torch.Generator().manual_seed(99)) * 1.2
    y = torch.randint(classes, (count,), generator=g)
    return centres[y] + noise * torch.randn(count, width, generator=g), y


def text(count, length=16, vocab=32, seed=0):
    g = torch.Generator().manual_seed(seed)
    start = torch.randint(vocab, (count, 1), generator=g)
    stride = torch.randint(1, 4, (count, 1), generator=g)
    ids = (start + stride * torch.arange(length + 1)) % vocab
    return ids[:, :-1], ids[:, 1:]


class Recurrent(nn.Module):
    def __init__(self, vocab=32, width=32, cell=nn.LSTM):
        super().__init__()
        self.embed, self.cell, self.head = nn.Embedding(vocab, width), cell(width, width, batch_first=True), nn.Linear(width, vocab)

    def forward(self, x):
        return self.head(self.cell(self.embed(x))[0]).flatten(0, 1)


class Attention(nn.Module):
    def __init__(self, vocab=32, width=32):
        super().__init__()
        self.embed, self.place = nn.Embedding(vocab, width), nn.Parameter(torch.randn(16, width) * 0.1)
        self.layer = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, vocab)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.layer(self.embed(x) + self.place, src_mask=mask, is_causal=True)).flatten(0, 1)


def mlp(width=16, hidden=64, classes=10, depth=2, act=nn.ReLU, dropout=0.0):
    layers = [nn.Linear(width, hidden), act()]
    for _ in range(depth - 1):
        layers += [nn.Linear(hidden, hidden), act(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(hidden, classes))


SCHEDULES = {
    "constant": lambda p: 1.0,
    "cosine": lambda p: 0.5 * (1 + math.cos(math.pi * p)),
    "linear_warmup": lambda p: min(1.0, p / 0.1) * (1 - p),
    "step": lambda p: 0.1 ** int(p * 2.5),
    "restarts": lambda p: 0.5 * (1 + math.cos(math.pi * ((p * 3) % 1))),
    "early_end": lambda p: max(0.0, 1 - 4 * p),
}


def train(name, model, data, validation=None, *, lr=1e-2, optimizer=torch.optim.Adam, schedule="constant", steps=STEPS,
          batch=64, loss_of=None, every=10, shuffle=True, change=None, clip=None, log_every=1, hide_nan=False,
          leak=False, zero_grad=True, step_of=lambda step: step):  # fmt: skip
    x, y = data
    loss_of = loss_of or (lambda m, a, b: F.cross_entropy(m(a), b.flatten()))
    opt = optimizer([p for p in model.parameters()], lr=lr)
    g, rows, kept = torch.Generator().manual_seed(5), [], []
    for step in range(1, steps + 1):
        rate = lr * SCHEDULES[schedule]((step - 1) / (steps - 1))
        for group in opt.param_groups:
            group["lr"] = rate
        if change:
            change(step, model, opt)
        rate = opt.param_groups[0]["lr"]
        at = torch.randint(len(x), (batch,), generator=g) if shuffle else torch.arange(step * batch, (step + 1) * batch) % len(x)
        if zero_grad:
            opt.zero_grad()
        loss = loss_of(model, x[at], y[at])
        if loss.requires_grad:
            loss.backward()
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = float(torch.stack([q.norm() for q in grads]).norm()) if grads else 0.0
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        opt.step()
        if leak:
            kept.append(torch.zeros(256, 1024))
        value = float(loss.detach())
        row = {"step": step_of(step), "loss": 0.0 if hide_nan and math.isnan(value) else value, "grad_norm": norm, "lr": rate,
               "memory_mib": 512 + sum(t.numel() * t.element_size() for t in kept) / 2**20}  # fmt: skip
        if validation is not None and step % every == 0:
            with torch.no_grad():
                vx, vy = validation
                model.eval()
                row["val_loss"] = float(loss_of(model, vx, vy))
                out = model(vx)
                if out.shape[-1] > 1:
                    row["val_accuracy"] = float((out.argmax(-1) == vy.flatten()).float().mean())
                model.train()
        if step % log_every == 0:
            rows.append(row)
    with (HERE / f"{name}.csv").open("w", newline="") as stream:
        out = csv.DictWriter(stream, ["step", "loss", "grad_norm", "lr", "memory_mib", "val_loss", "val_accuracy"])
        out.writeheader()
        out.writerows({k: f"{v:.6g}" for k, v in row.items()} for row in rows)


def squared(model, x, y):
    return F.mse_loss(model(x).squeeze(-1), y)


def curve(count, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 4, generator=g) * 4 - 2
    return x, torch.sin(x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.05 * torch.randn(count, generator=g)


def healthy():
    train_set, held = blobs(4000), blobs(500, seed=1)
    words, held_words = text(2000), text(200, seed=1)
    points, held_points = curve(4000), curve(500, 1)
    sgd = lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9)  # noqa: E731
    for i, schedule in enumerate(("constant", "cosine", "linear_warmup", "step", "restarts")):
        torch.manual_seed(i)
        train(f"healthy_mlp_adam_{schedule}", mlp(), train_set, held, schedule=schedule)
        train(f"healthy_mlp_sgd_{schedule}", mlp(), train_set, held, lr=0.05, optimizer=sgd, schedule=schedule)
        train(f"healthy_lstm_{schedule}", Recurrent(), words, held_words, schedule=schedule, steps=200)
        train(f"healthy_regression_{schedule}", mlp(4, classes=1), points, held_points, schedule=schedule, loss_of=squared)
    torch.manual_seed(50)
    train("healthy_attention", Attention(), words, held_words, lr=3e-3, schedule="linear_warmup", steps=200)
    train("healthy_attention_sparse_log", Attention(), words, held_words, lr=3e-3, steps=300, log_every=50, every=50)
    train("healthy_gru", Recurrent(cell=nn.GRU), words, held_words, schedule="cosine", steps=200)
    train("healthy_dropout", mlp(dropout=0.5), train_set, held, steps=200)
    train("healthy_small_batch", mlp(), train_set, held, batch=4, lr=2e-3, steps=400)
    train("healthy_hard_task", mlp(), blobs(4000, noise=3.0), blobs(500, noise=3.0, seed=1), lr=3e-3)
    train("healthy_easy_task", mlp(), blobs(4000, noise=0.2), blobs(500, noise=0.2, seed=1), steps=300)
    train("healthy_clipped", mlp(), train_set, held, clip=0.5)
    train("healthy_six_points", mlp(), train_set, held, log_every=20, every=20)
    train("healthy_autoencoder", mlp(16, 64, 16), (train_set[0], train_set[0]), None, loss_of=lambda m, a, b: F.mse_loss(m(a), b))
    bad = blobs(4000, seed=7)

    def one_bad_batch(model, a, b):
        one_bad_batch.calls += 1
        return F.cross_entropy(model(a), (b + 1) % 10 if one_bad_batch.calls == 60 else b)

    one_bad_batch.calls = 0
    train("healthy_recovered_spike", mlp(), bad, None, lr=1e-3, steps=200, loss_of=one_bad_batch)


def failing():
    train_set, held = blobs(4000), blobs(500, seed=1)
    words, held_words = text(2000), text(200, seed=1)
    sgd, torch_sgd = torch.optim.SGD, lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9)
    torch.manual_seed(100)
    train("failing_sgd_rate_too_high", mlp(4, classes=1), curve(4000), curve(500, 1), lr=3.0, optimizer=sgd, loss_of=squared)
    train("failing_adam_rate_too_high", mlp(), train_set, held, lr=3.0)
    train("failing_linear_diverges", nn.Linear(16, 1), (train_set[0], train_set[0].sum(1)), None, lr=0.7, optimizer=sgd, loss_of=squared)

    def raise_rate(step, model, opt):
        if step >= 70:
            opt.param_groups[0]["lr"] *= 200

    train("failing_rate_raised_late", mlp(), train_set, held, lr=5e-3, change=raise_rate)

    def unclamped(model, a, b):
        p = torch.sigmoid(model(a)[:, 0] * 4)
        t = (b < 5).float()
        return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()

    easy = blobs(4000, noise=0.2)
    train("failing_unclamped_log", mlp(), easy, None, lr=3e-2, loss_of=unclamped)
    train("failing_unclamped_log_hidden", mlp(), easy, None, lr=3e-2, loss_of=unclamped, hide_nan=True)

    def poisoned(model, a, b):
        poisoned.calls += 1
        return F.cross_entropy(model(a + (float("nan") if poisoned.calls == 80 else 0.0)), b)

    poisoned.calls = 0
    train("failing_nan_input", mlp(), train_set, held, every=200, loss_of=poisoned)
    poisoned.calls = -1000
    shuffled = (train_set[0], train_set[1][torch.randperm(4000)])
    train("failing_shuffled_labels", mlp(), shuffled, held, lr=1e-3)
    two = (train_set[0], torch.randint(2, (4000,)))
    train("failing_shuffled_two_classes", mlp(classes=2), two, (held[0], torch.randint(2, (500,))), lr=1e-3)
    frozen = mlp()
    for p in frozen.parameters():
        p.requires_grad_(False)
    train("failing_frozen", frozen, train_set, held)
    train("failing_rate_zero", mlp(), train_set, held, lr=0.0)
    train("failing_rate_tiny", mlp(), train_set, held, lr=1e-5, optimizer=torch.optim.Adam)
    train("failing_slow", mlp(), train_set, held, lr=8e-4, optimizer=sgd, steps=200)
    train("failing_masked_targets", mlp(), train_set, None, loss_of=lambda m, a, b: F.cross_entropy(m(a), b) * 0.0)
    dead = mlp(depth=2)
    with torch.no_grad():
        dead[0].bias.fill_(-100.0)
    train("failing_dead_units", dead, train_set, held, lr=1e-3)
    train("failing_vanishing", mlp(depth=12, act=nn.Sigmoid), train_set, held, lr=1e-4)
    few = (train_set[0][:60], train_set[1][:60])
    hard = blobs(500, noise=2.5, seed=3)
    train("failing_overfitting", mlp(hidden=256), few, hard, lr=1e-2, steps=200)
    noisy = blobs(100, noise=3.0)
    train("failing_overfitting_noise", mlp(hidden=256), noisy, blobs(500, noise=3.0, seed=3), lr=3e-3, steps=300)
    train("failing_wrong_validation", mlp(), train_set, (torch.randn(500, 16) * 0.01, held[1]), lr=1e-3, steps=200)
    train("failing_leak", mlp(), train_set, held, leak=True)
    train("failing_leak_small_steps", mlp(), train_set, held, leak=True, log_every=5, steps=200)
    mixed = blobs(4000, noise=2.5)
    order = torch.argsort(mixed[1])
    train("failing_sorted_data", mlp(), (mixed[0][order], mixed[1][order]), None, lr=0.3, optimizer=sgd, batch=40,
          shuffle=False, steps=800, log_every=4)  # fmt: skip
    train("failing_schedule_ends_early", mlp(), train_set, held, schedule="early_end")

    def lose_weights(step, model, opt):
        if step == 61:
            for layer in model:
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()

    train("failing_resume_without_weights", mlp(), train_set, held, lr=1e-3, steps=160, change=lose_weights, step_of=lambda s: s if s <= 60 else s - 10)
    train("failing_no_zero_grad", mlp(), train_set, held, lr=5e-2, optimizer=sgd, zero_grad=False, steps=200)
    train("failing_wrong_sign", mlp(), train_set, held, lr=1e-3, loss_of=lambda m, a, b: -F.cross_entropy(m(a), b))
    big = mlp()
    with torch.no_grad():
        big[-1].weight.mul_(60.0)
    train("failing_initialised_large", big, train_set, held, lr=1e-4, optimizer=sgd)
    train("failing_oscillation", mlp(4, classes=1), curve(4000), curve(500, 1), lr=0.25, batch=16, optimizer=torch_sgd, loss_of=squared, steps=300)
    train("failing_oscillation_large_batch", mlp(4, classes=1), curve(4000), None, lr=0.9, batch=2000, optimizer=sgd, loss_of=squared)
    rnn = Recurrent(cell=nn.RNN)
    train("failing_rnn_explodes", rnn, words, held_words, lr=4.0, optimizer=torch_sgd, steps=200)
    train("failing_weight_decay", mlp(), train_set, held, optimizer=lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=99.0), lr=1e-2)

    train("failing_poor_plateau", nn.Linear(16, 10), (torch.relu(train_set[0]) * 0.15, train_set[1]), None, lr=3e-2, schedule="early_end", steps=200)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    healthy()
    failing()
