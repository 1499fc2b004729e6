"""User names, host names and the folders above a run, as they stand in paths, logs and environments."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

Private = Literal["users", "hosts", "paths", "entropy"]
PRIVATE: tuple[Private, ...] = ("users", "hosts", "paths", "entropy")

# Accounts of images and services, and folders beside homes: they name nobody.
_NOBODY = frozenset({
    "root", "user", "users", "ubuntu", "debian", "centos", "admin", "runner", "jovyan", "ec2-user", "data", "shared",
    "public", "common", "default", "train", "test", "nobody", "guest", "colab", "work", "workspace", "app", "docker",
    "home", "all",
})  # fmt: skip
_USERS = (
    re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})(?P<value>[^/\\\s:\"'<>,;()\[\]]{2,64})"),
    re.compile(r"\b(?:USER|LOGNAME|USERNAME|SLURM_JOB_USER|user_?name|logged in as:?|Currently logged in as:)\s?[=:]?\s?[\"']?"
               r"(?P<value>[A-Za-z][\w.-]{1,63})(?=[\s\"',;(]|$)"),
    re.compile(r"(?<![\w.%+/:-])(?P<value>[A-Za-z][\w.+-]{1,63})@(?=\[host#|[A-Za-z][\w.-]{1,200}(?:[\s:,;)>\]\"']|$))"),
)  # fmt: skip
_ADDRESS = r"\d{1,3}(?:\.\d{1,3}){3}"
_HOSTS = (
    # NCCL: "node:pid:thread [device] NCCL INFO"; Slurm: "error: node: task 0", "ON node CANCELLED".
    re.compile(r"(?<![\w.-])(?P<value>[A-Za-z][\w.-]{1,100}):\d{1,7}:\d{1,7} \[\d{1,3}\] NCCL"),
    re.compile(r"\bsrun: error: (?P<value>[A-Za-z][\w.-]{1,100}): task"),
    re.compile(r"\bON (?P<value>[A-Za-z][\w.-]{1,100}) CANCELLED"),
    re.compile(r"\b(?:HOSTNAME|MASTER_ADDR|SLURMD_NODENAME|SLURM_(?:JOB_)?NODELIST|host_?name|host|master_addr|node_?name|nodelist|"
               r"rdzv_endpoint)[\"']?\s{0,12}[=:]\s{0,3}[\"']?(?P<value>[A-Za-z0-9][\w.\[\],-]{1,200}\w\]?)", re.I),
    re.compile(r"(?<![\w.%+-])[A-Za-z][\w.+-]{0,63}@(?P<value>[A-Za-z][\w.-]{1,200}\w)(?=[\s:,;)>\]\"']|$)"),
    re.compile(rf"(?<![\w.])(?P<value>{_ADDRESS})(?=:\d{{2,5}}\b)"),
    # RFC 1918 and RFC 6762, and the names clouds and clusters give inside.
    re.compile(r"(?<![\w.])(?P<value>(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3})(?![\w.])"),
    re.compile(r"(?<![\w.@/-])(?P<value>[A-Za-z0-9][\w-]{0,62}(?:\.[A-Za-z0-9][\w-]{0,62}){0,5}\.(?:internal|local|lan|cluster|corp|intra))(?![\w-])"),
)  # fmt: skip
_NO_HOST = re.compile(
    r"(?:localhost|localhost\.localdomain|127\.\d+\.\d+\.\d+|0\.0\.0\.0|none|null|true|false|auto|cpu|cuda\S*|gpu)$",
    re.I,
)
_PATH = re.compile(
    r"(?<![\w.:/\\\]])(?P<value>(?:[A-Za-z]:[\\/]|/)(?:[\w.@+ -]{0,63}[\w.@+-][\\/]){1,40})(?P<last>[\w.@+-]{0,255})"
)
# Where a library lies says nothing private, and its own part of the path tells which library it is.
_LIBRARY = re.compile(r"(?:site|dist)-packages[\\/]|lib[\\/]python\d[\d.]*[\\/]")
_SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/")


# First and last character of a piece of text to be taken out, and its kind.
Place = tuple[int, int, str]


def users(text: str) -> Iterator[Place]:
    """Where names of users stand."""
    for pattern in _USERS:
        yield from ((*m.span("value"), "user") for m in pattern.finditer(text) if m["value"].lower() not in _NOBODY)


def hosts(text: str) -> Iterator[Place]:
    """Where names and addresses of machines stand."""
    for pattern in _HOSTS:
        yield from ((*m.span("value"), "host") for m in pattern.finditer(text) if not _NO_HOST.match(m["value"]))


def folders(text: str, kept: Iterable[str]) -> Iterator[Place]:
    """Where the folders of absolute paths stand; not the part that is in `kept` (files of the run) or in a library."""
    for found in _PATH.finditer(text):
        whole = found[0].replace("\\", "/")
        if whole.startswith(_SYSTEM):
            continue
        ends = [len(whole) - len(name) for name in kept if whole.endswith(f"/{name}")]
        library = _LIBRARY.search(whole)
        ends += [library.start()] if library else []
        end = min(ends, default=len(found["value"]))
        if end > 1:
            yield found.start(), found.start() + end - 1, "path"
