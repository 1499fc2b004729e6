"""The server's entry goes in and out of files that people wrote, and every other character stays."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misrun.assistants import json_registry, toml_registry
from misrun.assistants.refused import Refused

ENTRY = {"command": "misrun", "args": ["mcp"]}
OTHER = {"command": "x", "args": ["{", '"', "}"], "env": {"A": "ü,\\"}}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
servers = st.dictionaries(st.text(max_size=6).filter(lambda name: name != "misrun"), values, max_size=3)
documents = st.builds(
    lambda before, own, after: {**before, **({} if own is None else {"mcpServers": own}), **after},
    st.dictionaries(st.text(max_size=5), values, max_size=2),
    st.none() | servers,
    st.dictionaries(st.text(max_size=5), values, max_size=2),
).filter(lambda document: isinstance(document.get("mcpServers", {}), dict))


@given(documents, st.sampled_from([None, 1, 2, 4, "\t"]), st.sampled_from(["", "\n", " \n\n"]), st.booleans())
def test_json_comes_back_byte_for_byte(document: dict[str, Any], indent: Any, tail: str, crlf: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False) + tail
    text = text.replace("\n", "\r\n") if crlf else text
    added, receipt = json_registry.add(text, ENTRY)
    merged = {**document, "mcpServers": {**document.get("mcpServers", {}), "misrun": ENTRY}}
    assert json.loads(added) == merged and json_registry.entry(added) == ENTRY
    assert json_registry.remove(added, receipt) == text


@pytest.mark.parametrize(
    "text",
    [
        "{}", "{ }", "{\n}", ' {"mcpServers":{}} ', '{"mcpServers": {\n\n}, "a": 1}', '{"a":1}', '{\n\t"a" : 1 }',
        '{"mcpServers": {"x": 1}   ,\n "b": [1, 2]}', '{"a": "mcpServers", "mcpServers":\n{ "x" :{"misrun": 1} } }',
    ],
)  # fmt: skip
def test_odd_layouts_come_back_byte_for_byte(text: str) -> None:
    added, receipt = json_registry.add(text, ENTRY)
    assert json.loads(added)["mcpServers"]["misrun"] == ENTRY
    assert json_registry.remove(added, receipt) == text


def test_a_new_entry_is_written_in_the_style_of_its_neighbours() -> None:
    text = json.dumps({"mcpServers": {"other": OTHER}, "z": 1}, indent=4)
    added, _ = json_registry.add(text, ENTRY)
    assert added == json.dumps({"mcpServers": {"other": OTHER, "misrun": ENTRY}, "z": 1}, indent=4, ensure_ascii=True)


def test_servers_that_were_added_or_taken_away_later_are_the_users() -> None:
    added, receipt = json_registry.add('{"mcpServers": {}}', ENTRY)
    later = added.replace('["mcp"]}}', '["mcp"]}, "late": {}}')
    assert json.loads(json_registry.remove(later, receipt)) == {"mcpServers": {"late": {}}}
    made, receipt = json_registry.add(None, ENTRY)
    assert json_registry.remove(made, receipt) == ""
    kept = json.dumps({**json.loads(made), "mine": 1})
    assert json.loads(json_registry.remove(kept, receipt)) == {"mine": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mcpServers": []}', '{"a": 1,}', '// x\n{"a": 1}', "\ufeff{}", "7"])
def test_json_that_is_not_such_a_file_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        json_registry.add(text, ENTRY)


TOML = (
    "", "# only a comment", "x = 1\n", "[a]\nb = 1", "[mcp_servers.other]\ncommand = 'x' # mine\n\n\n",
    "a = 1\r\n[b]\r\nc = '''\r\nd'''\r\n", "[[list]]\nx = 1\n", "[mcp_servers]\nother.command = 'x'\n",
)  # fmt: skip


@pytest.mark.parametrize("text", TOML)
def test_toml_comes_back_byte_for_byte(text: str) -> None:
    added, receipt = toml_registry.add(text, ENTRY)
    assert tomllib.loads(added)["mcp_servers"]["misrun"] == ENTRY and toml_registry.entry(added) == ENTRY
    assert added.startswith(text) and toml_registry.remove(added, receipt) == text


def test_a_path_with_odd_characters_is_written_right() -> None:
    entry = {"command": 'C:\\Program "Files"\\é\\python.exe', "args": []}
    added, _ = toml_registry.add("", entry)
    assert tomllib.loads(added)["mcp_servers"]["misrun"] == entry


@pytest.mark.parametrize("text", ["a = ", "mcp_servers = {}\n", "mcp_servers = 3\n", "[a]\n[a]\n", "mcp_servers.x = 1"])
def test_toml_that_cannot_take_the_table_is_refused(text: str) -> None:
    if text == "mcp_servers.x = 1":  # a dotted key leaves the table open
        assert toml_registry.add(text, ENTRY)
        return
    with pytest.raises(Refused):
        toml_registry.add(text, ENTRY)


def test_a_table_that_was_changed_since_is_refused() -> None:
    added, receipt = toml_registry.add("x = 1\n", ENTRY)
    with pytest.raises(Refused):
        toml_registry.remove(added.replace('"mcp"', '"mcp", "--allow-run"'), receipt)
