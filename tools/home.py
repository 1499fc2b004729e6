"""Where misrun keeps its own files (index, sessions, reports): never in the run folder."""

import os
import sys
import tempfile
from pathlib import Path


def misrun_home() -> Path:
    """MISRUN_HOME, else the platform's cache folder for misrun; a folder of this user in the temporary directory when
    that cannot be written (a read-only home on a cluster node). The folder exists when this returns."""
    wanted = _wanted()
    if _writable(wanted):
        return wanted
    fallback = Path(tempfile.gettempdir()) / f"misrun-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    return fallback


def _wanted() -> Path:
    if asked := os.environ.get("MISRUN_HOME"):
        return Path(asked).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "misrun"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "misrun"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "misrun"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
