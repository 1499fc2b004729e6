"""One setting names the model."""

from pathlib import Path

import pytest

from misrun.tools.llm.choice import chosen_model, setting
from misrun.tools.llm.errors import ModelMissing


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MISRUN_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("MISRUN_MODEL", raising=False)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


def test_no_model_is_used_unless_one_is_named() -> None:
    with pytest.raises(ModelMissing, match="MISRUN_MODEL"):
        chosen_model()


def test_what_is_said_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISRUN_MODEL", "from-environment")
    assert chosen_model().name == "from-environment"
    assert chosen_model("said").name == "said"


def test_a_host_that_is_no_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "ftp://nowhere")
    with pytest.raises(ModelMissing, match=r"OLLAMA_HOST.*ftp://nowhere"):
        chosen_model("any")


def test_a_line_of_the_configuration_comes_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('model = "from-file"\n')
    assert chosen_model().name == "from-file"
    monkeypatch.setenv("MISRUN_MODEL", "from-environment")
    assert chosen_model().name == "from-environment"


def test_off_is_no_model_whatever_is_said_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISRUN_MODEL", "from-environment")
    assert setting("off") == ""
    with pytest.raises(ModelMissing):
        chosen_model("off")


def test_a_server_may_stand_behind_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere:1")
    model = chosen_model("small:1b@http://gpu-box:11500")
    assert (model.name, model.host) == ("small:1b", "http://gpu-box:11500")


@pytest.mark.parametrize("text", ["model = 3", "model = "])
def test_a_configuration_that_cannot_be_read_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ModelMissing, match=r"config\.toml"):
        chosen_model()
