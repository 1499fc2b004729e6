"""One setting names the model."""

import pytest

from misrun.tools.llm.choice import chosen_model
from misrun.tools.llm.errors import ModelMissing


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
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
