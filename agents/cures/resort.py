"""What to collect and whom to ask if no step works."""

from misrun.agents.cures.draft import plain
from misrun.agents.cures.facts import RunFacts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.taxonomy import HEALTHY

# Events that only the owner of the machine can do something about.
_MACHINE = frozenset({"gpu_fault", "disk_full", "oom_killed", "time_limit", "preempted"})
_ASK_AT = (
    (("transformers", "trl", "accelerate", "peft"), "the Hugging Face forum or the issue tracker of {name}"),
    (("lightning", "pytorch_lightning"), "the issue tracker of PyTorch Lightning"),
    (("jax", "flax"), "the discussions of the JAX repository"),
    (("keras", "tensorflow"), "the issue tracker of {name}"),
    (("deepspeed", "megatron", "ultralytics", "timm", "sb3", "xgboost"), "the issue tracker of {name}"),
    (("torch", "pytorch"), "the PyTorch forum"),
)


def last_resort(facts: RunFacts, diagnosis: Diagnosis) -> str:
    """What to collect and whom to ask, with what this run already has and lacks."""
    filled = facts.characterization
    begun = facts.onset.when if facts.onset else None
    collect = f"the 50 logged steps up to {begun}" if begun else "the full log from its first line"
    lacking = [f.ask for f in (filled.symptom, filled.started, filled.environment) if f.origin == "missing" and f.ask]
    versions = [f"{fact.name} {fact.value}" for fact in facts.run.environment[:4]]
    parts = [
        "If none of this helps, cut the program down to the smallest script that still fails with a fixed seed, "
        f"and collect {collect}.",
        f"Still lacking: {'; '.join(lacking)}." if lacking else "",
        f"Then ask at {_whom(facts)}"
        + (f", naming {', '.join(versions)}" if versions else ", naming the versions (pip freeze)")
        + f" and what was ruled out ({_ruled_out(diagnosis)}).",
    ]
    return " ".join(part for part in parts if part)


def _whom(facts: RunFacts) -> str:
    if facts.root and facts.root.name in _MACHINE:
        return "whoever runs the machine (with the output of dmesg and nvidia-smi -q)"
    for names, place in _ASK_AT:
        used = next((name for name in names if facts.framework(name)), None)
        if used:
            return place.format(name=used)
    return "the forum of your framework"


def _ruled_out(diagnosis: Diagnosis) -> str:
    out = [plain(h.mode) for h in diagnosis.hypotheses if h.status == "eliminated" and h.mode != HEALTHY][:3]
    return ", ".join(out) if out else "the steps above and their outcome"
