"""The measurement that an abstaining diagnosis asks for, with the code that makes it."""

# ruff: noqa: E501 - a command reads best on one line

import re
from collections.abc import Sequence

from misrun.agents.cures.cure import Cure, sentence
from misrun.agents.cures.draft import Draft, own_words, plain
from misrun.agents.cures.optimization import LOG_GRADIENTS
from misrun.agents.cures.registry import measurement_for
from misrun.agents.cures.worth import priors_of
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN

# What a user hands over, as opposed to what is measured.
_FILE = re.compile(r"\b(log|script|metrics of the run|stderr)\b")
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


def asked_step(diagnosis: Diagnosis) -> Draft:
    """The measurement that would settle an abstaining diagnosis, as a step."""
    missing = diagnosis.missing or ""
    modes = [h.mode for h in diagnosis.hypotheses if h.mode in MODES and h.mode != HEALTHY]
    leading = modes[0] if modes else UNKNOWN
    rivals = " from ".join(plain(mode) for mode in modes[:2]) or "one cause from another"
    reason = f"{sentence(diagnosis.reason[0].upper() + diagnosis.reason[1:])} " if diagnosis.reason else ""
    claims = (
        own_words("what", f"Supply {missing}." if _FILE.search(missing) else f"Measure {missing}."),
        own_words("why", f"{reason}Nothing given so far tells {rivals}."),
        own_words("how", code_for(missing, modes)),
        own_words("verify", "Run misrun again on the folder with the new output: it should no longer abstain."),
    )
    return Draft("ask", "measurement", {leading: 0.0}, claims, "new run", priors=priors_of(diagnosis))
