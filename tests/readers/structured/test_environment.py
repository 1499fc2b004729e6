from pathlib import Path

from misrun.tools.readers.registry import read_run

from .record_views import Read, facts


def test_requirements_of_a_wandb_run(data: Path) -> None:
    (file,) = (data / "wandb").rglob("requirements.txt")
    run = read_run(file)
    lines = file.read_text().splitlines()
    assert len(run.environment) == len(lines)
    assert facts(run)["tokenizers"] == "0.23.3"
    assert (
        str(next(fact.span for fact in run.environment if fact.name == "triton"))
        == f"requirements.txt:{lines.index('triton==3.9.0') + 1}"
    )


def test_every_style_of_package_list(read: Read) -> None:
    run = read({
        "requirements.txt": "torch==2.1.0+cu118  # pinned\ntransformers[torch]>=4.40\n-r other.txt\nnumpy\ngit+https://x/y.git\n",
        "pip_list.txt": "Package    Version\n---------- -------\ndatasets   2.19.0\npeft       0.10.0   /home/me/peft\n",
        "environment.yml": "name: ml\nchannels: [conda-forge]\ndependencies:\n  - python=3.10\n  - pip:\n    - accelerate==0.30.1\n",
    })  # fmt: skip
    assert facts(run) == {
        "torch": "2.1.0+cu118", "transformers": ">=4.40", "datasets": "2.19.0", "peft": "0.10.0", "python": "3.10", "accelerate": "0.30.1",
    }  # fmt: skip
    assert run.config == ()


def test_environment_json_has_canonical_names(read: Read) -> None:
    run = read({
        "environment.json": '{"python_version": "3.11.7", "torch_version": "2.3.0", "cuda_version": "12.1", "gpu_name": "Tesla T4",'
        ' "gpu_memory_gb": 15, "packages": {"Transformers": "4.44.2"}, "world_size": 4}',
    })  # fmt: skip
    assert facts(run) == {
        "python": "3.11.7", "torch": "2.3.0", "cuda": "12.1", "gpu": "Tesla T4", "gpu_memory_mib": "15360",
        "transformers": "4.44.2", "world_size": "4",
    }  # fmt: skip


def test_a_freeze_file_of_any_name_is_known_by_its_content(read: Read) -> None:
    run = read({"environment.txt": "# Python 3.11.7\ntorch==2.3.0\nnumpy==1.26.4\n"})
    assert facts(run) == {"python": "3.11.7", "torch": "2.3.0", "numpy": "1.26.4"}
    assert [file.reader for file in run.files] == ["package list"]
