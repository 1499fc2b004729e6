"""Applies a unified diff to a copy of the user's files, with the system's own `patch`."""

import shutil
import subprocess
from pathlib import Path


class DoesNotApply(Exception):
    """The diff does not fit these files, or there is no `patch` here; the message says which."""


def apply_patch(patch: str, folder: Path) -> None:
    """Changes the files in `folder` as the diff says, all of them or none. Raises DoesNotApply."""
    if shutil.which("patch") is None:
        raise DoesNotApply("there is no command `patch` on this machine to apply a diff with")
    command = ["patch", "-p1", "--batch", "--no-backup-if-mismatch", "--reject-file=-", "--fuzz=0"]
    for dry in (["--dry-run"], []):
        done = subprocess.run([*command, *dry], input=patch.encode(), cwd=folder, capture_output=True, check=False)
        if done.returncode:
            raise DoesNotApply(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
