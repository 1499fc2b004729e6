"""OLLAMA_HOST in every form that Ollama's own programs take."""

import pytest

from misrun.tools.llm.host import base_url, is_loopback


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("  ", "http://127.0.0.1:11434"),
        (":11500", "http://127.0.0.1:11500"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("gpu-box", "http://gpu-box:11434"),
        ("gpu-box:1234", "http://gpu-box:1234"),
        ("http://gpu-box", "http://gpu-box:80"),
        ("https://models.example/ollama/", "https://models.example:443/ollama"),
        ("[::1]:9", "http://[::1]:9"),
        ("::1", "http://[::1]:11434"),
        ("[::]", "http://[::1]:11434"),
    ],
)
def test_the_forms_of_a_host(said: str, url: str) -> None:
    assert base_url(said) == url


@pytest.mark.parametrize("said", ["ftp://x", "a b", "http://user:word@host", "host:port", "host:99999"])
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(ValueError):
        base_url(said)


def test_what_stays_on_this_machine() -> None:
    assert all(map(is_loopback, ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1")))
    assert not any(map(is_loopback, ("http://10.0.0.1:1", "http://localhost.example:1")))
