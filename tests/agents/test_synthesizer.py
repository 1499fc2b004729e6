"""The synthesizer on small runs of every kind: exact numbers, resolvable references, order, exclusions, flags."""

import math
from collections.abc import Sequence
from pathlib import Path

from small_runs import RunFolder, diagnosis, nan_run

from misrun.agents.characterization import Characterization, Fact, Field
from misrun.agents.step import NextStep
from misrun.agents.synthesizer import MOST_STEPS, Synthesis, synthesize
from misrun.knowledge.evidence import Applicability, Evidence, SearchOutcome
from misrun.tools.code.finding import Audit, Finding
from misrun.tools.code.interpreter import follow
from misrun.tools.code.project_model import Project
from misrun.tools.diagnosis.hypothesis import Diagnosis, Ground, Hypothesis
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure
from misrun.tools.signals.signal import Signal

HIGH_LR, EXPLODES = "optimization/learning_rate_too_high", "optimization/gradient_explosion"
ARITHMETIC, OOM = "optimization/unstable_arithmetic", "memory_hardware/device_oom"
PATCH = "--- a/train.py\n+++ b/train.py\n@@ -41 +41 @@\n-old\n+new\n"


def steps_of(
    run: RunRecord,
    told: Diagnosis,
    *,
    signals: Sequence[Signal] = (),
    tried: Field | None = None,
    evidence: tuple[Evidence, ...] = (),
    findings: tuple[Finding, ...] = (),
    frameworks: tuple[str, ...] = (),
) -> Synthesis:
    filled = Characterization(tried=tried or Field(), frameworks=frameworks)
    audits = (Audit(agent="silent_bug", status="done", findings=findings),)
    return synthesize(run, signals, told, filled, SearchOutcome(evidence=evidence), audits)


def finding(mode: str = ARITHMETIC, line: int = 41, confidence: float = 0.9, patch: str | None = PATCH) -> Finding:
    return Finding(
        check="log-domain", agent="silent_bug", file="train.py", line=line, last_line=line, severity="error",
        confidence=confidence, message="torch.log(1 - p) is -inf once p rounds to 1",
        expected="the argument of log is clamped on both sides", mode=mode, patch=patch,
    )  # fmt: skip


def source(fix: str, mode: str = HIGH_LR, applicability: Applicability = "high", id: str = "issue-1") -> Evidence:
    return Evidence(
        id=id, kind="issue", url=f"https://example.org/{id}", title=f"Title of {id}", year=2023, level=1, query="q",
        score=0.8, modes=(mode,), problem="Loss became NaN.", cause="The rate was too high.", fix=fix,
        verify="Loss stays finite.", strength="confirmed", applicability=applicability, why="same framework, same symptom",
    )  # fmt: skip


def actions(steps: Sequence[NextStep]) -> list[str]:
    return [step.action for step in steps]


def with_action(steps: Sequence[NextStep], action: str) -> NextStep:
    return next(step for step in steps if step.action == action)


def test_a_patched_finding_comes_first_and_the_smaller_step_is_flagged_below_it(tmp_path: Path) -> None:
    told = diagnosis((HIGH_LR, 0.6), (ARITHMETIC, 0.3))
    steps = steps_of(nan_run(tmp_path).build(), told, findings=(finding(),)).steps
    fix, lower = with_action(steps, "fix:log-domain"), with_action(steps, "lower_learning_rate")
    assert steps.index(fix) < steps.index(lower)
    assert fix.what == "Correct train.py:41: the argument of log is clamped on both sides."
    assert fix.patch == PATCH
    assert fix.effort == "one line"
    assert "Training loss at step 157 is finite and not above 0.42" in fix.verify
    assert lower.displaced == "Would only hide unstable arithmetic at train.py:41, which stays in the code."
    assert not fix.displaced


def test_the_patch_takes_the_place_of_the_general_advice(tmp_path: Path) -> None:
    told = diagnosis((ARITHMETIC, 0.8))
    run = nan_run(tmp_path).build()
    assert "guard_log" in actions(steps_of(run, told).steps)
    assert "guard_log" not in actions(steps_of(run, told, findings=(finding(),)).steps)


def test_overlapping_findings_of_two_auditors_become_one_step(tmp_path: Path) -> None:
    twice = (finding(confidence=0.7), finding(confidence=0.9))
    steps = steps_of(nan_run(tmp_path).build(), diagnosis((ARITHMETIC, 0.8)), findings=twice).steps
    assert actions(steps).count("fix:log-domain") == 1


def test_places_of_one_check_become_one_step_when_no_patch_is_there(tmp_path: Path) -> None:
    both = (finding(line=33, patch=None), finding(line=32, patch=None))
    steps = steps_of(nan_run(tmp_path).build(), diagnosis((ARITHMETIC, 0.8)), findings=both).steps
    assert actions(steps).count("fix:log-domain") == 1
    step = with_action(steps, "fix:log-domain")
    assert step.what.startswith("Correct train.py:32 and train.py:33:")
    assert "p.clamp(eps, 1 - eps)" in step.how
    assert step.effort == "code change"


def test_a_suspicion_is_no_step(tmp_path: Path) -> None:
    unsure = (finding(confidence=0.4),)
    steps = steps_of(nan_run(tmp_path).build(), diagnosis((ARITHMETIC, 0.8)), findings=unsure).steps
    assert "fix:log-domain" not in actions(steps)


def test_learning_rate_too_high_names_old_and_new_value_with_their_places(tmp_path: Path) -> None:
    step = steps_of(nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.8))).steps[0]
    assert step.what == "Lower the learning rate from 0.0003 to 0.0001."
    assert step.how == "config.yaml:1: optimizer.lr: 0.0003 -> 0.0001"
    assert "the loss becomes NaN at step 157; the last finite loss was 0.42 at step 156" in step.why
    assert {str(ref.span) for ref in step.refs} == {"config.yaml:1", "train.log:9", "train.log:10"}


def test_every_number_and_place_of_the_texts_stands_in_the_claims(tmp_path: Path) -> None:
    for step in steps_of(nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.6), (EXPLODES, 0.3))).steps:
        for part in ("what", "why", "how", "verify"):
            written = getattr(step, part)
            assert all(claim.text in written for claim in step.claims if claim.part == part)


def oom_run(root: Path) -> RunRecord:
    run = RunFolder(root)
    run.setting("per_device_train_batch_size", 16)
    run.setting("gradient_accumulation_steps", 2)
    message = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.69 GiB of which 1.12 GiB is free."
    run.error("cuda_oom", message, exception="OutOfMemoryError",
              values={"tried_mib": 2048.0, "total_mib": 24258.56, "free_mib": 1146.88})  # fmt: skip
    return run.build()


def test_out_of_memory_halves_the_batch_and_quotes_the_message(tmp_path: Path) -> None:
    step = steps_of(oom_run(tmp_path), diagnosis((OOM, 0.9))).steps[0]
    assert "from 16 to 8" in step.what
    assert "asked for 2.00 GiB; 1.12 GiB of 23.69 GiB were free" in step.why
    assert "gradient_accumulation_steps: 2 -> 4" in step.how
    assert "below 23.69 GiB" in step.verify


def test_a_label_outside_the_range_is_named_with_the_range(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("num_classes", 10)
    run.error("target_out_of_bounds", "Target 10 is out of bounds.", exception="IndexError")
    steps = steps_of(run.build(), diagnosis(("data_pipeline/label_range", 0.9))).steps
    mapped = with_action(steps, "map_labels").what
    assert mapped == "Map the labels to 0..9: label 10 occurs and the model has 10 classes."
    assert steps[0].arguments or steps[0].patch, "one more output is a setting that can be changed here"
    assert with_action(steps, "more_outputs").what.endswith("raise the number of classes from 10 to 11.")
    assert "ignore_padding_label" not in actions(steps)  # 10 is no mark for padding


def test_a_hidden_nan_in_half_precision_moves_to_bf16_at_the_setting(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("fp16", True)
    run.point(1, loss=4.7, grad_norm=1.1)
    run.point(2, loss=0.0, grad_norm=math.nan)
    told = diagnosis(("optimization/low_precision_overflow", 0.7), (ARITHMETIC, 0.2))
    step = steps_of(run.build(), told, frameworks=("transformers",)).steps[0]
    assert step.action == "use_bf16"
    assert step.how == "config.yaml:1: fp16: off, bf16: on"
    assert "Training loss at step 2 is finite and not above 4.7" in step.verify


def test_a_host_kill_lowers_the_workers_and_quotes_the_kill(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("num_workers", 16)
    run.error("oom_killed", "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch", kind="kill")
    result = steps_of(run.build(), diagnosis(("memory_hardware/host_oom", 0.85)))
    step = with_action(result.steps, "fewer_workers")
    assert step.what == "Lower the loader workers from 16 to 1, and raise them again while memory lasts."
    assert "oom_kill event" in step.why
    assert "whoever runs the machine" in result.last_resort


def test_a_cure_without_a_number_of_the_run_gets_the_ground_of_its_hypothesis(tmp_path: Path) -> None:
    signal = Signal(
        name="loss_periodic", text="Loss falls back at every epoch.", spans=(Span(file="train.log", first=1, last=1),)
    )
    ground = Ground(source="loss_periodic", text=signal.text, weight=2.0, spans=signal.spans)
    mode = "data_pipeline/missing_data"
    told = Diagnosis(category="data_pipeline", mode=mode, likelihood=0.8, abstained=False, hypotheses=(
        Hypothesis(mode=mode, category="data_pipeline", likelihood=0.8, supporting=(ground,)),))  # fmt: skip
    run = RunFolder(tmp_path)
    run.point(1, loss=1.0)
    cures = [s for s in steps_of(run.build(), told, signals=(signal,)).steps if s.kind == "cure"]
    assert cures
    assert all("Loss falls back at every epoch." in step.why for step in cures)


def test_ranks_that_only_waited_are_not_told_to_mend_the_time_out(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.error("collective_timeout", "[Rank 2] Watchdog caught collective operation timeout")
    step = with_action(
        steps_of(run.build(), diagnosis(("memory_hardware/collective_failure", 0.9))).steps, "mend_first_rank"
    )
    assert step.what.startswith("Find the rank that stopped first")


def test_a_healthy_run_gets_no_cure(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for i in range(20):
        run.point(i, loss=2.0 - 0.05 * i)
    assert steps_of(run.build(), diagnosis(("healthy/healthy", 0.9))) == ((), "")


def test_a_healthy_run_with_a_blemish_gets_one_line_to_watch(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.point(1, loss=2.0)
    spike = Signal(
        name="loss_spike",
        text="Loss jumps to 3.1 at step 4 and recovers.",
        spans=(Span(file="train.log", first=1, last=1),),
    )
    steps = steps_of(run.build(), diagnosis(("healthy/healthy", 0.9)), signals=(spike,)).steps
    assert [step.kind for step in steps] == ["watch"]
    assert steps[0].likelihood == 0.0


def test_abstaining_asks_first_for_the_measurement_with_its_code(tmp_path: Path) -> None:
    missing = "the gradient norm at every step (the return value of torch.nn.utils.clip_grad_norm_)"
    told = diagnosis((HIGH_LR, 0.3), (ARITHMETIC, 0.3), abstained=True, missing=missing)
    steps = steps_of(nan_run(tmp_path).build(), told).steps
    assert steps[0].kind == "measurement"
    assert steps[0].what == f"Measure {missing}."
    assert "torch.nn.utils.clip_grad_norm_(model.parameters(), float('inf'))" in steps[0].how
    assert "learning rate too high from unstable arithmetic" in steps[0].why
    assert len(steps) <= 4
    assert [step.kind for step in steps].count("measurement") == 1


def test_abstaining_on_nothing_at_all_still_asks(tmp_path: Path) -> None:
    told = Diagnosis(category="unknown", mode="unknown/undetermined", likelihood=0.0, abstained=True,
                     missing="the end of stderr and the exit code of the process", reason="The log stops.")  # fmt: skip
    steps = steps_of(RunFolder(tmp_path).build(), told).steps
    assert steps[0].what == "Supply the end of stderr and the exit code of the process."
    assert "exit code $?" in steps[0].how


def test_what_was_tried_is_not_proposed_again_and_its_failure_is_told(tmp_path: Path) -> None:
    tried = Field(value="lowered lr to 1e-4, no change", origin="user",
                  facts=(Fact(name="reported", value="lowered lr to 1e-4, no change", origin="user"),))  # fmt: skip
    told = diagnosis((HIGH_LR, 0.6), (EXPLODES, 0.2))
    steps = steps_of(nan_run(tmp_path).build(), told, tried=tried).steps
    assert "lower_learning_rate" not in actions(steps)
    lessons = [step.why for step in steps if 'Already tried: "lowered lr to 1e-4, no change"' in step.why]
    assert len(lessons) == 1
    assert "the step size alone is not the cause" in lessons[0]


def test_a_cure_tried_less_far_is_proposed_again_and_says_so(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("lr", 0.5)
    run.point(1, loss=1.0)
    lr_high = Signal(name="lr_high", text="Learning rate 0.5 is far above the usual range.")  # rule: divide by 10
    tried = Field(value="lowered lr to 0.4, no change", origin="user")
    steps = steps_of(run.build(), diagnosis((HIGH_LR, 0.8)), signals=(lr_high,), tried=tried).steps
    step = with_action(steps, "lower_learning_rate")
    assert step.what == "Lower the learning rate from 0.5 to 0.05."
    assert "This goes further than that" in step.why


def test_opposite_steps_are_marked_on_both_sides(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("lr", 0.001)
    run.point(1, loss=2.0)
    run.point(2, loss=1.99)
    told = diagnosis((HIGH_LR, 0.45), ("optimization/learning_rate_too_low", 0.45))
    steps = steps_of(run.build(), told).steps
    lower, higher = with_action(steps, "lower_learning_rate"), with_action(steps, "raise_learning_rate")
    assert any(higher.what in said and said.startswith("Lowers the learning rate") for said in lower.contradicts)
    assert any(lower.what in said and said.startswith("Raises the learning rate") for said in higher.contradicts)


def test_evidence_is_attached_to_the_cure_it_supports_with_why_it_carries_over(tmp_path: Path) -> None:
    fits = source("Lower the learning rate by a factor of 10.")
    steps = steps_of(nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.8)), evidence=(fits,)).steps
    step = with_action(steps, "lower_learning_rate")
    assert "Title of issue-1" in step.why
    assert "It carries over: same framework, same symptom." in step.why
    assert [ref.url for ref in step.refs if ref.kind == "evidence"] == ["https://example.org/issue-1"]
    assert not any(ref.kind == "evidence" for other in steps if other is not step for ref in other.refs)


def test_evidence_that_does_not_apply_is_not_cited(tmp_path: Path) -> None:
    other = source("Lower the learning rate.", applicability="low")
    steps = steps_of(nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.8)), evidence=(other,)).steps
    assert not any(ref.kind == "evidence" for step in steps for ref in step.refs)


def test_a_fix_that_no_cure_holds_becomes_a_step_of_its_own(tmp_path: Path) -> None:
    odd = source("Set torch.backends.cuda.matmul.allow_tf32 to False.", id="issue-2")
    steps = steps_of(nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.8)), evidence=(odd,)).steps
    step = with_action(steps, "reported:issue-2")
    assert "allow_tf32" in step.what
    assert step.likelihood == 0.4  # 0.8 x 0.5 for a confirmed fix in an alike setting


def test_at_most_six_steps_in_descending_worth(tmp_path: Path) -> None:
    told = diagnosis((HIGH_LR, 0.3), (EXPLODES, 0.2), (ARITHMETIC, 0.2), ("data_pipeline/corrupt_records", 0.2))
    steps = steps_of(nan_run(tmp_path).build(), told, findings=(finding(),)).steps
    assert len(steps) == MOST_STEPS
    assert len({step.what for step in steps}) == len(steps)


def test_the_last_resort_names_this_runs_onset_and_framework(tmp_path: Path) -> None:
    text = steps_of(nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.8)), frameworks=("transformers",)).last_resort
    assert "step 157" in text
    assert "issue tracker of transformers" in text


def test_the_same_input_gives_the_same_steps(tmp_path: Path) -> None:
    run, told = nan_run(tmp_path).build(), diagnosis((HIGH_LR, 0.4), (EXPLODES, 0.4))
    assert steps_of(run, told) == steps_of(run, told)


PROGRAM = """\
import torch
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(data, batch_size=32, shuffle=True, num_workers=6)
for x, y in loader:
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def with_program(tmp_path: Path, run: RunFolder, told: Diagnosis) -> Synthesis:
    run.code("train.py", PROGRAM)
    record = run.build()
    signals = measure(record)
    filled = Characterization()
    return synthesize(record, signals, told, filled, SearchOutcome(), (), follow(Project.read(tmp_path, ["train.py"])))


def test_what_the_code_determines_comes_as_a_patch_before_what_a_person_has_to_work_out(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.error(
        "shm_exhausted", "unable to allocate shared memory(shm) for file </torch_1>: No space left on device (28)"
    )
    steps = with_program(tmp_path, run, diagnosis(("memory_hardware/shared_memory", 0.9))).steps
    assert steps[0].action == "fewer_workers"
    assert steps[0].patch is not None
    assert "-loader = DataLoader(data, batch_size=32, shuffle=True, num_workers=6)" in steps[0].patch
    assert "+loader = DataLoader(data, batch_size=32, shuffle=True, num_workers=0)" in steps[0].patch
    assert steps[0].what == "Load in the main process (num_workers=0), which hands no batch through shared memory."
    assert str(steps[0].refs[0].span) == "train.py:7"
    assert "larger_shm" in [step.action for step in steps]
    kinds = [step.kind for step in steps]
    ready = [i for i, step in enumerate(steps) if step.patch]
    assert "measurement" not in kinds[: max(ready)]


def test_workers_are_no_step_for_a_program_without_any(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.error("oom_killed", "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch", kind="kill")
    told = diagnosis(("memory_hardware/host_oom", 0.9))
    assert "fewer_workers" in actions(with_program(tmp_path, run, told).steps)
    (tmp_path / "train.py").unlink()
    run.code("train.py", PROGRAM.replace(", num_workers=6", ""))
    record = run.build()
    trace = follow(Project.read(tmp_path, ["train.py"]))
    without = synthesize(record, measure(record), told, Characterization(), SearchOutcome(), (), trace).steps
    assert "fewer_workers" not in actions(without)


def test_a_place_that_a_check_found_takes_the_edit_of_the_cure_there(tmp_path: Path) -> None:
    """One step, not two that do the same."""
    run = RunFolder(tmp_path)
    store = "class Data:\n    def __init__(self):\n        self.seen = {}\n\n    def __getitem__(self, i):\n"
    store += "        if i not in self.seen:\n            self.seen[i] = 2 * i\n        return self.seen[i]\n"
    run.code("data.py", store)
    record = run.build()
    found = finding(line=7, patch=None).model_copy(
        update={"check": "cache-never-hit", "file": "data.py", "mode": "memory_hardware/memory_leak", "related": ()}
    )
    audit = Audit(agent="silent_bug", status="done", findings=(found,))
    told = diagnosis(("memory_hardware/memory_leak", 0.8))
    trace = follow(Project.read(tmp_path, ["data.py"]))
    steps = synthesize(record, (), told, Characterization(), SearchOutcome(), (audit,), trace).steps
    patched = [step for step in steps if step.patch]
    assert [step.action for step in patched] == ["fix:cache-never-hit"]
    assert "Bound `self.seen` to 512 entries" in patched[0].what


def test_no_patch_is_written_for_a_cause_that_is_hardly_likely(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.error(
        "shm_exhausted", "unable to allocate shared memory(shm) for file </torch_1>: No space left on device (28)"
    )
    told = diagnosis((HIGH_LR, 0.55), ("memory_hardware/shared_memory", 0.35))
    step = with_action(with_program(tmp_path, run, told).steps, "fewer_workers")
    assert step.likelihood < 0.2
    assert step.patch is None and step.arguments == ()


def test_a_cure_that_can_be_carried_out_stands_beside_a_finding_that_cannot(tmp_path: Path) -> None:
    """The place is known and its patch is not; the size of the table is determined elsewhere."""
    model = (
        "from torch import nn\n\n\nclass LM(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n"
    )
    model += "        self.table = nn.Embedding(size, 8)\n"
    run = RunFolder(tmp_path)
    run.code("model.py", model)
    run.code("train.py", "from model import LM\n\nwords = ['a', 'b']\nmodel = LM(len(words))\n")
    run.error("index_out_of_range", "index out of range in self", exception="IndexError")
    record = run.build()
    mode = "data_pipeline/vocabulary_mismatch"
    place = {"check": "unknown-id-outside-table", "mode": mode, "file": "train.py"}
    trace = follow(Project.read(tmp_path, ["model.py", "train.py"]))

    def steps(patch: str | None) -> tuple[NextStep, ...]:
        found = finding(line=3, patch=patch).model_copy(update=place)
        audit = Audit(agent="silent_bug", status="done", findings=(found,))
        told = diagnosis((mode, 0.9))
        return synthesize(record, (), told, Characterization(), SearchOutcome(), (audit,), trace).steps

    first = steps(None)[0]
    assert first.action == "resize_embedding"
    assert first.patch is not None and "+model = LM(len(words) + 1)" in first.patch
    assert steps(PATCH)[0].action == "fix:unknown-id-outside-table"
