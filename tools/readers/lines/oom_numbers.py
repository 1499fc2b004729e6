"""The numbers of an out-of-memory message, in MiB, over all wordings torch has used.

Wordings: c10/cuda/CUDACachingAllocator.cpp of torch 1.4, 1.13, 2.1 and 2.5 and later; XLA's allocator; numpy.
"""

import re

from misrun.tools.readers.run_record import Scalar

_SIZE = r"(?P<{name}>(?<![\d,.])[\d,.]{{1,30}}) ?(?P<{name}_unit>bytes|[KMGTPE]i?B|B)"


def _size(name: str) -> str:
    return _SIZE.format(name=name)


_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"(?:tried to allocate|trying to allocate|failed to allocate request for|unable to allocate) "
        + _size("tried_mib"),
        _size("total_mib") + r" total capacity|total capac(?:i)?ty of " + _size("total2_mib"),
        r"of which " + _size("free_mib") + r" is free|" + _size("free2_mib") + r" free",
        _size("allocated_mib") + r" already allocated|allocated memory " + _size("allocated2_mib") + r" is allocated",
        _size("reserved_mib") + r" (?:reserved in total|cached)",
        r"and " + _size("unallocated_mib") + r" is reserved by PyTorch but unallocated",
        r"this process has " + _size("process_mib") + r" memory in use",
    )
)
_OTHER = re.compile(r"(?<!this )process \d+ has " + _size("other"), re.I)
_DEVICE = re.compile(r"\bGPU (\d+)")
_MIB = {
    "bytes": 2.0**-20,
    "b": 2.0**-20,
    "k": 2.0**-10,
    "m": 1.0,
    "g": 2.0**10,
    "t": 2.0**20,
    "p": 2.0**30,
    "e": 2.0**40,
}
# Above the memory of any machine: torch prints 2**64-like numbers when the driver does not tell (known wrong value).
_BOGUS_MIB = 2.0**34


def oom_numbers(message: str) -> dict[str, Scalar]:
    """tried_mib, total_mib, free_mib, allocated_mib, reserved_mib (allocated plus unallocated where only these are
    told), process_mib, other_process_mib (sum) and gpu, as far as the message tells them."""
    text = message[:20_000]
    values: dict[str, Scalar] = {}
    for pattern in _PATTERNS:
        match = pattern.search(text)
        for name, raw in (match.groupdict() if match else {}).items():
            if raw and not name.endswith("_unit") and match:
                _put(values, name.replace("2_mib", "_mib"), _mib(raw, match[f"{name}_unit"]))
    others = [_mib(match["other"], match["other_unit"]) for match in _OTHER.finditer(text)]
    if others:
        _put(values, "other_process_mib", sum(others))
    allocated, unallocated = values.get("allocated_mib"), values.get("unallocated_mib")
    if "reserved_mib" not in values and isinstance(allocated, float) and isinstance(unallocated, float):
        values["reserved_mib"] = round(allocated + unallocated, 2)
    if device := _DEVICE.search(text):
        values["gpu"] = int(device[1])
    return values


def _put(values: dict[str, Scalar], name: str, mib: float) -> None:
    if mib < _BOGUS_MIB:
        values[name] = round(mib, 2)


def _mib(number: str, unit: str) -> float:
    try:
        value = float(number.replace(",", "").rstrip("."))
    except ValueError:  # "1.2.3": not a size after all
        return _BOGUS_MIB
    lower = unit.lower()
    return value * _MIB["bytes" if lower == "bytes" else lower[0]]
