"""What to measure when nothing given tells the cause."""

# ruff: noqa: E501 - a template reads best on one line

from misrun.agents.cures.cure import Cure, measurement
from misrun.agents.cures.optimization import LOG_GRADIENTS

CURES: tuple[Cure, ...] = (
    Cure(
        "overfit_one_batch",
        {"unknown/undetermined": 0.0},
        what=("Train on one fixed batch until its loss is near 0, everything else unchanged.",),
        why=(
            "A model that cannot learn one batch has an error in model, loss or step; one that can has it in the data.",
        ),
        how=(
            "batch = next(iter(train_loader))\nfor step in range(500):\n"
            "    optimizer.zero_grad(); loss = loss_fn(model(batch[0]), batch[1]); loss.backward(); optimizer.step()\n"
            "    print(step, loss.item())",
        ),
        verify=(
            "The loss falls below a hundredth of {loss_first}.",
            "The loss falls below a hundredth of its first value.",
        ),
        effort="new run",
        kind="measurement",
    ),
    measurement(
        "unknown/undetermined",
        "Log loss, gradient norm and learning rate at every step, and keep stdout and stderr in one file.",
        LOG_GRADIENTS
        + "\n# start as: python -X faulthandler -u train.py > train.log 2>&1; echo exit code $? >> train.log",
        "The first of the three that leaves its usual range names the family of the cause; the exit code names the rest.",
    ),
)
