"""`misrun agents install` and `uninstall` in projects that are lived in."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from misrun.cli.app import app

CLAUDE_JSON = '{\n\t"mcpServers": { "mine": {"command": "x"}   },\n  "kept" : [1,2 ] }'
CODEX_TOML = '# my settings\nmodel = "m"   # the big one\n\n[mcp_servers.mine]\ncommand = "x"'


def misrun(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["agents", *arguments], input=answer)


def installed(root: Path, *more: str) -> Result:
    result = misrun("install", "--project", str(root), "--yes", *more)
    assert result.exit_code == 0, result.output
    return result


def uninstalled(root: Path, *more: str) -> Result:
    result = misrun("uninstall", "--project", str(root), "--yes", *more)
    assert result.exit_code == 0, result.output
    return result


def tree(root: Path) -> dict[str, bytes | None]:
    """Every folder and file with its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None for path in root.rglob("*")
    }


@pytest.fixture
def lived_in(tmp_path: Path) -> Path:
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".claude" / "agents").mkdir(parents=True)
    (tmp_path / ".mcp.json").write_text(CLAUDE_JSON)
    (tmp_path / ".codex" / "config.toml").write_text(CODEX_TOML)
    (tmp_path / ".claude" / "agents" / "mine.md").write_text("---\nname: mine\n---\n")
    (tmp_path / "train.py").write_text("print(1)\n")
    return tmp_path


def test_a_round_trip_leaves_everything_as_it_was(lived_in: Path) -> None:
    before = tree(lived_in)
    installed(lived_in)
    assert set(json.loads((lived_in / ".mcp.json").read_text())["mcpServers"]) == {"mine", "misrun"}
    assert set(tomllib.loads((lived_in / ".codex/config.toml").read_text())["mcp_servers"]) == {"mine", "misrun"}
    assert len(list((lived_in / ".claude/agents").glob("*.md"))) == 8
    assert len(list((lived_in / ".codex/agents").glob("*.toml"))) == 7
    assert (lived_in / ".claude/skills/misrun/SKILL.md").is_file()
    assert (lived_in / ".agents/skills/misrun/SKILL.md").is_file()
    uninstalled(lived_in)
    assert tree(lived_in) == before


def test_a_round_trip_in_an_empty_project_leaves_it_empty(tmp_path: Path) -> None:
    installed(tmp_path)
    assert json.loads((tmp_path / ".mcp.json").read_text())["mcpServers"]["misrun"]["args"][-1] == "mcp"
    uninstalled(tmp_path)
    assert tree(tmp_path) == {}


def test_installing_twice_changes_nothing(lived_in: Path) -> None:
    installed(lived_in)
    once = tree(lived_in)
    assert "nothing to change" in installed(lived_in).output
    assert tree(lived_in) == once


def test_only_the_assistant_that_was_asked_for(tmp_path: Path) -> None:
    installed(tmp_path, "--codex")
    assert {path.name for path in tmp_path.iterdir()} == {".codex", ".agents"}
    installed(tmp_path, "--claude")
    uninstalled(tmp_path, "--codex")
    assert {path.name for path in tmp_path.iterdir()} == {".claude", ".mcp.json"}


def test_the_change_is_shown_and_asked_about(lived_in: Path) -> None:
    before = tree(lived_in)
    for answer in ("n\n", ""):
        result = misrun("install", "--project", str(lived_in), answer=answer)
        assert result.exit_code == 2 and "nothing was written" in result.output
        assert "[mcp_servers.misrun]" in result.output and "+++" in result.output
        assert "silent-bug-detector.md" in result.output
        assert tree(lived_in) == before
    assert misrun("install", "--project", str(lived_in), answer="y\n").exit_code == 0
    assert tree(lived_in) != before


def test_what_the_user_changed_since_stays(lived_in: Path) -> None:
    installed(lived_in)
    agent, config = lived_in / ".claude/agents/data-flow-tracer.md", lived_in / ".codex/config.toml"
    agent.write_text(agent.read_text() + "\nAlso look at units.\n")
    config.write_text(config.read_text().replace('"mcp"]', '"mcp", "--allow-run"]'))
    again = installed(lived_in)
    assert "stays as it is" in again.output and "units" in agent.read_text() and "--allow-run" in config.read_text()
    result = uninstalled(lived_in)
    assert agent.is_file() and "--allow-run" in config.read_text()
    assert "misrun" not in json.loads((lived_in / ".mcp.json").read_text())["mcpServers"]
    assert agent.name in result.output and "Take the entry for misrun out by hand" in result.output


def test_what_was_there_by_hand_is_neither_changed_nor_taken_away(tmp_path: Path) -> None:
    config = '{"mcpServers": {"misrun": {"command": "/my/own/misrun", "args": ["mcp", "--root", "/data"]}}}'
    (tmp_path / ".mcp.json").write_text(config)
    (tmp_path / ".claude" / "agents").mkdir(parents=True)
    (tmp_path / ".claude/agents/data-flow-tracer.md").write_text("my own tracer")
    before = tree(tmp_path)
    result = installed(tmp_path, "--claude")
    assert "by hand" in result.output and "not as misrun wrote it" in result.output
    uninstalled(tmp_path, "--claude")
    assert tree(tmp_path) == before


def test_an_entry_that_equals_ours_but_was_there_before_stays(tmp_path: Path) -> None:
    installed(tmp_path, "--claude")
    text = (tmp_path / ".mcp.json").read_text()
    uninstalled(tmp_path, "--claude")
    (tmp_path / ".mcp.json").write_text(text)
    installed(tmp_path, "--claude")
    uninstalled(tmp_path, "--claude")
    assert (tmp_path / ".mcp.json").read_text() == text


@pytest.mark.parametrize(
    ("name", "content"),
    [(".mcp.json", b"{ broken"), (".mcp.json", b"\xff\xfe\x00"), (".codex/config.toml", b"mcp_servers = {}\n")],
)
def test_a_file_that_cannot_be_changed_safely_stops_everything(lived_in: Path, name: str, content: bytes) -> None:
    (lived_in / name).write_bytes(content)
    before = tree(lived_in)
    result = misrun("install", "--project", str(lived_in), "--yes")
    assert result.exit_code == 2 and name in result.output
    assert tree(lived_in) == before


def test_nothing_installed_is_said(tmp_path: Path) -> None:
    assert "nothing here was put" in uninstalled(tmp_path).output


def test_a_linked_configuration_stays_a_link_and_keeps_its_mode(tmp_path: Path) -> None:
    dotfiles, root = tmp_path / "dotfiles", tmp_path / "project"
    dotfiles.mkdir()
    root.mkdir()
    (dotfiles / "mcp.json").write_text(CLAUDE_JSON)
    (dotfiles / "mcp.json").chmod(0o600)
    (root / ".mcp.json").symlink_to(dotfiles / "mcp.json")
    installed(root, "--claude")
    assert (root / ".mcp.json").is_symlink()
    assert "misrun" in (dotfiles / "mcp.json").read_text()
    assert (dotfiles / "mcp.json").stat().st_mode & 0o777 == 0o600


def test_an_older_version_is_brought_up_to_date(lived_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(lived_in)
    monkeypatch.setattr("misrun.assistants.places.hosts.skill_file", lambda _: "an older skill\n")
    monkeypatch.setattr("misrun.cli.agents.shutil.which", lambda _: None)
    installed(lived_in)
    monkeypatch.undo()
    installed(lived_in)
    assert "an older skill" not in (lived_in / ".claude/skills/misrun/SKILL.md").read_text()
    uninstalled(lived_in)
    assert tree(lived_in) == before


def test_a_user_wide_installation_keeps_to_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".claude.json").write_text('{"numStartups": 3, "projects": {"/x": {"mcpServers": {}}}}')
    before = tree(tmp_path)
    assert misrun("install", "--user", "--yes").exit_code == 0
    entry = json.loads((tmp_path / ".claude.json").read_text())["mcpServers"]["misrun"]
    assert Path(entry["command"]).is_absolute()
    assert (tmp_path / ".codex/config.toml").is_file()
    assert misrun("uninstall", "--user", "--yes").exit_code == 0
    assert tree(tmp_path) == before


def test_project_and_user_exclude_each_other(tmp_path: Path) -> None:
    assert misrun("install", "--user", "--project", str(tmp_path)).exit_code == 2
    assert misrun("install", "--project", str(tmp_path / "none")).exit_code == 2
