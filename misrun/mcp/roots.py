"""The folders that may be read: named when the server was started, else the client's own, else the working folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from mcp.server.mcpserver import ListRoots, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ListRootsResult

from misrun.mcp.service import Call, service_of


@dataclass(frozen=True)
class Roots:
    """Resolved folders; the first is where relative paths start."""

    folders: tuple[Path, ...]

    def inside(self, path: str) -> Path:
        """The file or folder meant, with every link followed; ToolError when it is missing or outside of the roots.

        What lies outside is refused before it is looked at, so that no answer tells whether it exists.
        """
        target = self._resolved(path)
        if not any(target.is_relative_to(folder) for folder in self.folders):
            raise ToolError(
                f"{path} is outside of the folders that may be read ({self}). Give a path inside of them, or have the "
                "server started with --root FOLDER."
            )
        if not target.exists():
            raise ToolError(f"{path} does not exist in {self}. Relative paths start at {self.folders[0]}.")
        return target

    def _resolved(self, path: str) -> Path:
        if not path.strip() or "\0" in path:
            raise ToolError("The path is empty or not a path. Give the folder of the run or of the code, or one file.")
        try:
            return (self.folders[0] / Path(path).expanduser()).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of links, or an unknown ~user
            raise ToolError(f"{path[:200]} cannot be used as a path: {error}") from error

    def __str__(self) -> str:
        return ", ".join(str(folder) for folder in self.folders)


def ask_client(call: Call) -> ListRoots | None:
    """The question for the client's roots, where it matters and the client can answer it."""
    options, able = service_of(call).options, call.client_capabilities
    wanted = not options.roots and options.asks_client
    return ListRoots() if wanted and able is not None and able.roots is not None else None


def allowed_roots(call: Call, answer: Annotated[ListRootsResult | None, Resolve(ask_client)]) -> Roots:
    """What this call may read; ToolError when that would be nothing or the whole disk."""
    told = [_folder(str(root.uri)) for root in answer.roots] if answer is not None else []
    folders = service_of(call).options.roots or tuple(folder for folder in told if folder is not None)
    resolved = tuple(folder.resolve() for folder in folders or (Path.cwd(),))
    if not folders and resolved[0] == Path(resolved[0].anchor):
        raise ToolError("No folder may be read yet. Have the server started in the project, or with --root FOLDER.")
    return Roots(resolved)


Allowed = Annotated[Roots, Resolve(allowed_roots)]


def _folder(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else None
