"""What exit codes stand for: negative in Python's subprocess, 128 + n in shells (POSIX, exit status of a signal)."""

# Linux signal numbers (signal(7)); the event each becomes.
_SIGNALS: dict[int, tuple[str, str]] = {
    2: ("SIGINT", "interrupted"),
    4: ("SIGILL", "abort"),
    6: ("SIGABRT", "abort"),
    7: ("SIGBUS", "bus_error"),
    8: ("SIGFPE", "abort"),
    9: ("SIGKILL", "killed_sigkill"),
    11: ("SIGSEGV", "segfault"),
    15: ("SIGTERM", "sigterm"),
}


def signal_name(exit_code: int) -> str | None:
    """SIGKILL for -9 and 137; None for a code that no signal gives."""
    row = _SIGNALS.get(_number(exit_code))
    return row[0] if row else None


def signal_event(exit_code: int) -> str | None:
    """The signature id of the signal behind an exit code; None when there is none."""
    row = _SIGNALS.get(_number(exit_code))
    return row[1] if row else None


def _number(exit_code: int) -> int:
    if exit_code < 0:
        return -exit_code
    return exit_code - 128 if exit_code > 128 else 0
