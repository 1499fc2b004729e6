"""What may be read: named folders, else the client's, and nothing that a link reaches outside of them."""

import os
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import ListRootsResult, Root
from project_for_mcp import TRAIN, connected, log_text

from misrun.mcp.server import build_server
from misrun.mcp.service import Options


async def _text(client: Client, path: str, tool: str = "inspect_code") -> tuple[bool, str]:
    result = await client.call_tool(tool, {"path": path})
    return bool(result.is_error), result.content[0].text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_clients_own_folders_count_where_none_were_named(project: Path, tmp_path: Path, mode: str) -> None:
    async def roots(_: Any) -> ListRootsResult:
        return ListRootsResult(roots=[Root(uri=project.as_uri())])

    async def main() -> None:
        async with Client(build_server(Options()), mode=mode, list_roots_callback=roots) as client:
            assert not (await _text(client, "run"))[0]
            failed, text = await _text(client, str(tmp_path / "elsewhere"))
            assert failed and "outside" in text
        server = build_server(Options(roots=(tmp_path / "elsewhere",)))
        async with Client(server, mode=mode, list_roots_callback=roots) as client:
            assert (await _text(client, str(project / "run")))[0], "a folder named at the start is the only one"
        async with Client(build_server(Options(asks_client=False)), mode=mode, list_roots_callback=roots) as client:
            assert (await _text(client, str(project / "run")))[0], "over HTTP the client's word does not count"

    anyio.run(main)


def test_the_working_folder_counts_last_and_never_the_whole_disk(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with Client(build_server(Options())) as client:
            monkeypatch.chdir(project)
            assert not (await _text(client, "run"))[0]
            monkeypatch.chdir(project.anchor)
            failed, text = await _text(client, str(project))
            assert failed and "--root" in text

    anyio.run(main)


def test_links_are_followed_before_the_path_is_judged(project: Path, tmp_path: Path) -> None:
    (project / "way_out").symlink_to(tmp_path / "elsewhere")
    (project / "inward").symlink_to(project / "run")
    (project / "loop").symlink_to(project / "loop")
    (project / "run" / "linked").symlink_to(tmp_path / "elsewhere")
    (project / "run" / "linked.py").symlink_to(tmp_path / "elsewhere" / "secret.py")

    async def main() -> None:
        async with connected(project) as client:
            for path in ("way_out", "way_out/secret.py", "run/linked.py"):
                failed, text = await _text(client, path)
                assert failed and "outside" in text, path
            assert (await _text(client, "loop"))[0]
            assert not (await _text(client, "inward"))[0]
            result = await client.call_tool("inspect_code", {"path": "run"})
            assert (result.structured_content or {})["files"] == 1, "the linked files were read"

    anyio.run(main)


def test_what_is_neither_file_nor_folder_is_refused(project: Path) -> None:
    os.mkfifo(project / "pipe")

    async def main() -> None:
        async with connected(project) as client:
            failed, text = await _text(client, "pipe", "characterize")
            assert failed and "neither a folder nor a regular file" in text

    anyio.run(main)


def test_runs_beside_a_root_are_not_looked_at(tmp_path: Path) -> None:
    for name, rate in (("exp41", 0.1), ("exp42", 0.001)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "train.log").write_text(log_text())
        (folder / "config.yaml").write_text(f"lr: {rate}\noptimizer: adam\n")
        (folder / "train.py").write_text(TRAIN)

    async def tried(root: Path) -> str:
        async with connected(root) as client:
            result = await client.call_tool("characterize", {"path": str(tmp_path / "exp42")})
            return str((result.structured_content or {})["template"]["tried"]["value"])

    assert "exp41" in anyio.run(tried, tmp_path)
    assert "exp41" not in anyio.run(tried, tmp_path / "exp42")
