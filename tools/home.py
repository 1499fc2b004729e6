"""Where misrun keeps its own files (index, sessions, reports): never in the run folder."""

import os
import tempfile
from pathlib import Path


def misrun_home() -> Path:
    """MISRUN_HOME, else the user's cache folder; a folder of this user in the temporary directory when neither can be
    written (a read-only home on a cluster node). The folder exists when this returns."""
    asked = os.environ.get("MISRUN_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    wanted = Path(asked) if asked else Path(cache) / "misrun"
    if _writable(wanted):
        return wanted
    fallback = Path(tempfile.gettempdir()) / f"misrun-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    return fallback


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
