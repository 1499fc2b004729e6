"""Runs inside the new namespaces, before anything of the user's does: confines itself, starts the command, and waits.

Started as `python -I launcher.py FOLDER BOUNDS-AS-JSON COMMAND...` by sandbox.py, as the first process of a process
namespace: when it ends, the kernel ends every process that is left in there. Only the standard library is imported.
"""

import fcntl
import json
import os
import resource
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

# The interface's address is set by the kernel; it only has to be switched on (netdevice(7)).
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/shm")


def main() -> int:
    folder, bounds, command = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
    _own_shared_memory(bounds["memory_mib"])
    _loopback()
    _limit(bounds)
    _landlock().restrict([folder, *(Path(device) for device in _DEVICES if Path(device).exists())])
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        try:
            os.execvpe(command[0], command, os.environ)
        except OSError as error:
            sys.stderr.write(f"{command[0]}: {error.strerror}\n")
            os._exit(127)
    return _wait_for(child)


def _own_shared_memory(mib: int) -> None:
    """A /dev/shm of its own, so that what loader workers leave there goes away with them."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", "/dev/shm"], check=True)


def _loopback() -> None:
    """Processes of the run may talk to each other over 127.0.0.1; there is no other interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))


def _limit(bounds: dict[str, int]) -> None:
    mib = 2**20
    for kind, bound in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, bounds["memory_mib"] * mib),
        (resource.RLIMIT_FSIZE, bounds["file_mib"] * mib),
    ):
        resource.setrlimit(kind, (bound, bound))


def _landlock() -> Any:
    """The module beside this file: -I keeps the folder off the path, and the package may not be installed here."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("landlock", Path(__file__).with_name("landlock.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _wait_for(child: int) -> int:
    """Takes leave of every process until the command itself has ended; its status as a shell tells it."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
