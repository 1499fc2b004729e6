"""Landlock through its system calls: a process, and every process it starts, may write only where it was told.

The numbers are those of the kernel's user interface (include/uapi/linux/landlock.h, Documentation/userspace-api/
landlock.rst). Rules belong to places and not to names: a symbolic link that leads elsewhere opens nothing.
"""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

# System call numbers are the same on all architectures since Linux 5.13.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
# Access rights by the bit that names them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_READING = _EXECUTE | _READ_FILE | _READ_DIR
# Rights to files that are not folders: the others make or remove entries of a folder.
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
# How many rights each version of the interface knows: 13 at first, then renaming across folders (2), truncation (3) and
# device ioctl (5).
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled_access_fs", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def version() -> int:
    """The version of the interface that the running kernel offers; 0 where it has none or it is switched off."""
    return max(0, _call(_CREATE_RULESET, None, 0, _VERSION))


def restrict(writable: Sequence[Path]) -> None:
    """From now on, reading is free and writing is only allowed beneath `writable`; cannot be undone.

    Raises OSError where the kernel refuses.
    """
    rights = (1 << _RIGHTS_BY_VERSION[min(version(), max(_RIGHTS_BY_VERSION))]) - 1
    ruleset = _checked(_call(_CREATE_RULESET, ctypes.byref(_Ruleset(rights)), ctypes.sizeof(_Ruleset), 0))
    _allow(ruleset, Path("/"), _READING & rights)
    for path in writable:
        _allow(ruleset, path, rights if path.is_dir() else rights & _OF_FILES)
    _checked(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_call(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(rights, place)
        _checked(_call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "the kernel refused to confine the process")
    return result
