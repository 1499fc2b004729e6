"""The measurement that an abstaining diagnosis asks for, with the code that makes it."""

# ruff: noqa: E501 - a command reads best on one line

import re
from collections.abc import Sequence

from misrun.agents.cures.cure import Cure
from misrun.agents.cures.optimization import LOG_GRADIENTS
from misrun.agents.cures.registry import measurement_for
from misrun.tools.diagnosis.taxonomy import MODES

# What is asked for -> how to get it. First match wins, so the more specific stand first.
_CODE_FOR: tuple[tuple[str, str], ...] = (
    (r"stderr|exit code", "python -X faulthandler -u train.py > train.log 2>&1; echo \"exit code $?\" >> train.log"),
    (r"console log|stdout", "python -u train.py 2>&1 | tee train.log   # then point misrun at the folder of train.log"),
    (r"gradient norm", LOG_GRADIENTS),
    (r"learning rate", "print('step', step, 'loss', loss.item(), 'lr', optimizer.param_groups[0]['lr'], flush=True)"),
    (r"allocated memory|\bRSS\b", "print(step, torch.cuda.memory_allocated() / 2**20, 'MiB allocated', torch.cuda.memory_reserved() / 2**20, 'MiB reserved', flush=True)"),
    (r"validation", "model.eval()\nwith torch.no_grad(): print(epoch, 'train', evaluate(train_loader), 'val', evaluate(val_loader), flush=True)\nmodel.train()"),
    (r"metrics of the run", LOG_GRADIENTS),
    (r"training script", "cp train.py <folder of this run>/   # with the files it imports; misrun reads code and never runs it"),
)  # fmt: skip


def code_for(missing: str, modes: Sequence[str]) -> str:
    """The code or command that supplies `missing`: that of the mode it settles, else by what it names, else that of the
    leading mode."""
    settled = next((mode for mode in modes if MODES[mode].settled_by == missing), None)
    if settled and (found := measurement_for(settled)):
        return _code(found)
    named = next((code for pattern, code in _CODE_FOR if re.search(pattern, missing, re.I)), None)
    leading = next((found for mode in (*modes, "unknown/undetermined") if (found := measurement_for(mode))), None)
    return named or (_code(leading) if leading else LOG_GRADIENTS)


def _code(measurement: Cure) -> str:
    """The alternative without slots, which every measurement ends with."""
    return measurement.how[-1]
