"""Which rank a log belongs to, by its name and the names beside it."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

# torchrun --log-dir writes attempt_0/<rank>/stderr.log, mpirun --output-filename 1/rank.3/stdout; programs name theirs
# rank_3.log, log-rank3.txt, node0_rank3.log.
_EXPLICIT = re.compile(
    r"(?:^|/)attempt_\d{1,4}/(\d{1,5})/std(?:out|err)\.log$"
    r"|(?:^|[/_.\-])(?:global_?)?rank[_.\-]?(\d{1,5})(?=[/_.\-][^/]*$|$)",
    re.IGNORECASE,
)
_LOG = r"(?=[/_.\-](?:std(?:out|err)|log|out|err|txt|o|e|output|console|pytorch|main)\b[^/]*$|$)"
# Words before a number that mean a process of one job where files of all numbers lie side by side: worker_3.log.
_NUMBERED = re.compile(
    r"(?:^|[/_.\-])(?P<word>worker|gpu|proc|process|device|task|pod|node)[_.\-]?(?P<number>\d{1,5})" + _LOG,
    re.IGNORECASE,
)
# srun --output=name-%t.out, pods of an indexed job: only a number. Arrays of jobs and folds are named so, too.
_BARE = re.compile(r"[_.\-](?P<number>\d{1,5})" + _LOG)
# Kubeflow's PyTorchJob counts the master as rank 0 and worker i as i + 1 (training-operator, pytorch/envvar.go).
_MASTER = re.compile(r"(?:^|[/_.\-])master[_.\-]0" + _LOG, re.IGNORECASE)
# What only a job of several processes prints; looked for where the name alone does not tell.
DISTRIBUTED = re.compile(
    rb"NCCL|ProcessGroup|torch\.distributed|torch/distributed|WORLD_SIZE|world[_ ]size|local_rank|gloo|TCPStore"
)


@dataclass(frozen=True)
class RankFiles:
    """`by_name` holds the files that only the ranks of one job are named like; `by_number` those that need to show
    that they belong to a distributed job."""

    by_name: dict[str, int] = field(default_factory=dict)
    by_number: dict[str, int] = field(default_factory=dict)

    def rank(self, file: str, head: bytes = b"") -> int | None:
        """The rank whose log this is, or None."""
        explicit = rank_in_name(file)
        if explicit is not None or file in self.by_name:
            return self.by_name.get(file) if explicit is None else explicit
        return self.by_number.get(file) if DISTRIBUTED.search(head) else None


def rank_in_name(file: str) -> int | None:
    """The rank that a name tells by itself."""
    found = _EXPLICIT.search(file)
    return int(found[1] or found[2]) if found else None


def rank_files(names: Iterable[str]) -> RankFiles:
    """The files among all `names` of a run that are logs of single ranks."""
    listed = list(names)
    masters = any(_MASTER.search(name) for name in listed)
    named = _groups(listed, _NUMBERED, with_master=masters)
    if masters:
        named |= {name: 0 for name in listed if _MASTER.search(name)}
    return RankFiles(named, _groups(listed, _BARE, with_master=False))


def _groups(names: list[str], form: re.Pattern[str], *, with_master: bool) -> dict[str, int]:
    """Files that differ in one number alone, all of them from 0 on; with a master of their own from rank 1 on."""
    groups: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for name in names:
        if found := form.search(name):
            groups[(name[: found.start("number")], name[found.end("number") :])][name] = int(found["number"])
    ranks: dict[str, int] = {}
    for group in groups.values():
        alone = len(group) > 1 or with_master
        if alone and sorted(group.values()) == list(range(len(group))):
            ranks |= {name: number + with_master for name, number in group.items()}
    return ranks
