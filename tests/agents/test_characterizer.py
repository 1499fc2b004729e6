"""The filled template: symptom with numbers, what changed, what was tried, what is missing."""

from pathlib import Path

from misrun import investigate
from misrun.agents.characterization import Characterization


def write_run(folder: Path, *, lr: str, losses: list[float], name: str = "train.log") -> Path:
    folder.mkdir(parents=True)
    lines = [f"step {10 * (i + 1)} loss {loss} lr {lr}" for i, loss in enumerate(losses)]
    (folder / name).write_text("\n".join(lines) + "\n")
    (folder / "config.yaml").write_text(f"lr: {lr}\nbatch_size: 32\noptimizer: adamw\n")
    return folder


def falling(points: int) -> list[float]:
    return [round(2.3 / (1 + 0.1 * i), 4) for i in range(points)]


def filled(run: Path, **options: object) -> Characterization:
    return investigate(run, **options).characterization  # type: ignore[arg-type]


def test_a_nan_is_told_with_its_step_and_the_last_finite_value(tmp_path: Path) -> None:
    told = filled(write_run(tmp_path / "run", lr="0.001", losses=[*falling(30), float("nan"), float("nan")]))
    assert "NaN at step 310" in (told.symptom.value or "")
    assert "0.5897 at step 300" in (told.symptom.value or "")
    assert {span.file for span in told.symptom.spans} == {"train.log"}
    assert 31 in {line for span in told.symptom.spans for line in range(span.first, span.last + 1)}
    assert "0.5897" in (told.expected.value or "")
    assert told.onset_step == 310


def test_the_baseline_says_what_changed(tmp_path: Path) -> None:
    good = write_run(tmp_path / "a" / "good", lr="0.0001", losses=falling(40))
    bad = write_run(tmp_path / "b" / "bad", lr="0.01", losses=[*falling(10), *[float(2 + i) for i in range(30)]])
    started = filled(bad, baseline=good).started
    assert "Against the baseline" in (started.value or "")
    assert "lr 0.0001 -> 0.01" in (started.value or "")


def test_sibling_runs_are_attempts_only_with_other_settings(tmp_path: Path) -> None:
    nan = float("nan")
    write_run(tmp_path / "exp1", lr="0.0003", losses=[*falling(20), nan])
    write_run(tmp_path / "exp2", lr="0.001", losses=[*falling(20), nan])
    write_run(tmp_path / "other", lr="0.1", losses=falling(20), name="another.log")
    tried = filled(write_run(tmp_path / "exp3", lr="0.001", losses=[*falling(20), nan])).tried
    assert "exp1: lr 0.0003 (here 0.001)" in (tried.value or "")
    assert "exp2" not in (tried.value or "")
    assert "other" not in (tried.value or "")


def test_what_is_missing_says_what_to_supply(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("step 1 loss 2.0\nstep 2 loss nan\n")
    told = filled(tmp_path / "train.log")
    assert told.tried.value is None
    assert "--tried" in told.tried.ask
    assert told.environment.value is None
    assert "pip freeze" in told.environment.ask


def test_settings_and_versions_fill_the_environment_with_their_places(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", lr="0.001", losses=falling(30))
    (run / "requirements.txt").write_text("torch==2.6.0\ntransformers==4.49.0\n")
    facts = {fact.name: fact for fact in filled(run).environment.facts}
    assert facts["torch"].value == "2.6.0"
    assert (facts["torch"].spans[0].file, facts["torch"].spans[0].first) == ("requirements.txt", 1)
    assert facts["optimizer"].origin == "config"
    assert str(facts["lr"].spans[0]) == "config.yaml:1"
