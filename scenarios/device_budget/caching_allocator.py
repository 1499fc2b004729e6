"""PyTorch's CUDA caching allocator as arithmetic: which bytes a device would have reserved and allocated.

The rules and constants are those of c10/cuda/CUDACachingAllocator.cpp: sizes are rounded, requests are served from
segments got from the driver, the smallest cached block that fits is taken and split, freed neighbours merge, and when
the driver has nothing left the cached segments are given back before the request is refused. One device, one stream,
no CUDA graphs; of PYTORCH_ALLOC_CONF, `max_split_size_mb` and `expandable_segments` count and the rest is ignored.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

KIB, MIB, GIB = 2**10, 2**20, 2**30
# The constants of the same meaning in CUDACachingAllocator.cpp and c10/core/AllocatorConfig.h.
MIN_BLOCK = 512
SMALL_SIZE = MIB  # kSmallSize: up to here a request goes to the small pool
SMALL_SEGMENT = 2 * MIB  # kSmallBuffer
LARGE_SEGMENT = 20 * MIB  # kLargeBuffer: segment for requests of 1 to 10 MiB
MIN_LARGE_ALLOC = 10 * MIB  # kMinLargeAlloc
ROUND_LARGE = 2 * MIB  # kRoundLarge: segments of larger requests are multiples of it

NO_SPLIT_LIMIT = 2**63


class BudgetExceeded(Exception):
    """The device has no room for a request; the message is the one CUDA's allocator would give."""


@dataclass(frozen=True)
class Settings:
    """What PYTORCH_ALLOC_CONF may change here; `max_split_size` in bytes."""

    max_split_size: int = NO_SPLIT_LIMIT
    expandable_segments: bool = False

    @classmethod
    def parse(cls, text: str) -> "Settings":
        """Settings from "name:value,name:value"; RuntimeError for a max_split_size_mb that PyTorch refuses."""
        given = dict(part.strip().split(":", 1) for part in text.split(",") if ":" in part)
        limit = int(given["max_split_size_mb"]) * MIB if "max_split_size_mb" in given else NO_SPLIT_LIMIT
        if limit <= LARGE_SEGMENT:
            raise RuntimeError(f"CachingAllocator option max_split_size_mb too small, must be > {LARGE_SEGMENT // MIB}")
        return cls(limit, given.get("expandable_segments", "").lower() == "true")


@dataclass
class Gauge:
    """One line of memory_stats: bytes or counts now, at most, and summed over all rises and falls."""

    current: int = 0
    peak: int = 0
    allocated: int = 0
    freed: int = 0

    def add(self, change: int) -> None:
        self.current += change
        self.peak = max(self.peak, self.current)
        if change > 0:
            self.allocated += change
        else:
            self.freed -= change


METRICS = (
    "allocation",
    "allocated_bytes",
    "requested_bytes",
    "segment",
    "reserved_bytes",
    "inactive_split",
    "inactive_split_bytes",
)
# Without side streams a block is active exactly while it is allocated.
SAME_AS = {"active": "allocation", "active_bytes": "allocated_bytes"}
# Reported by memory_summary; there are none without a garbage collector and a split limit in use.
ALWAYS_ZERO = ("oversize_allocations", "oversize_segments")


@dataclass(eq=False, slots=True)
class Block:
    """A stretch of device memory, in use or cached, linked to its neighbours in the same segment."""

    pool: "Pool"
    address: int
    size: int
    mapped: bool = True
    requested: int = 0
    in_use: bool = False
    previous: "Block | None" = None
    next: "Block | None" = None

    @property
    def is_split(self) -> bool:
        return self.previous is not None or self.next is not None

    def cut(self, size: int) -> "Block":
        """Keeps the first `size` bytes and returns the rest as the next neighbour."""
        rest = Block(self.pool, self.address + size, self.size - size, self.mapped, previous=self, next=self.next)
        if rest.next is not None:
            rest.next.previous = rest
        self.next, self.size = rest, size
        return rest

    def absorb_next(self) -> None:
        neighbour = self.next
        assert neighbour is not None
        self.size += neighbour.size
        self.next = neighbour.next
        if self.next is not None:
            self.next.previous = self


@dataclass(eq=False)
class Pool:
    """The blocks for small or for large requests; `cached` is sorted as best fit needs it, by size, then address."""

    small: bool
    gauges: dict[str, tuple[Gauge, Gauge]]
    cached: list[tuple[int, int, Block]] = field(default_factory=list)
    # Only with expandable segments: the first block of the one address range, mapped piece by piece.
    range_start: Block | None = None

    @property
    def page(self) -> int:
        """Bytes by which an expandable segment grows."""
        return SMALL_SEGMENT if self.small else LARGE_SEGMENT

    def count(self, metric: str, change: int) -> None:
        for gauge in self.gauges[metric]:
            gauge.add(change)

    def put(self, block: Block) -> None:
        insort(self.cached, (block.size, block.address, block))
        self._count_inactive(block, 1)

    def take(self, block: Block) -> None:
        del self.cached[bisect_left(self.cached, (block.size, block.address))]
        self._count_inactive(block, -1)

    def _count_inactive(self, block: Block, sign: int) -> None:
        # Whole pages of an expandable segment can be given back, so PyTorch leaves those blocks out of this line.
        if block.is_split and self.range_start is None:
            self.count("inactive_split", sign)
            self.count("inactive_split_bytes", sign * block.size)

    def range_blocks(self) -> Iterator[Block]:
        block = self.range_start
        while block is not None:
            following = block.next
            yield block
            block = following


class CachingAllocator:
    """Answers every allocation and release of one device of `capacity` bytes."""

    def __init__(self, capacity: int, settings: Settings) -> None:
        self.capacity = capacity
        self.settings = settings
        self.events = dict.fromkeys(("num_ooms", "num_alloc_retries", "num_device_alloc", "num_device_free"), 0)
        self.gauges = {f"{metric}.all": Gauge() for metric in METRICS}
        self.small, self.large = self._pool("small_pool"), self._pool("large_pool")
        self._next_address = 0

    def _pool(self, name: str) -> Pool:
        own = {metric: Gauge() for metric in METRICS}
        self.gauges |= {f"{metric}.{name}": gauge for metric, gauge in own.items()}
        pairs = {metric: (self.gauges[f"{metric}.all"], own[metric]) for metric in METRICS}
        pool = Pool(name == "small_pool", pairs)
        if self.settings.expandable_segments:
            # PyTorch asks for an address range of 1 1/8 of the device, so that pages can move to the end.
            pool.range_start = Block(pool, 0, _round_up(self.capacity * 9 // 8, pool.page), mapped=False)
        return pool

    @property
    def allocated(self) -> int:
        return self.gauges["allocated_bytes.all"].current

    @property
    def reserved(self) -> int:
        return self.gauges["reserved_bytes.all"].current

    def allocate(self, requested: int) -> Block:
        """A block for `requested` > 0 bytes; BudgetExceeded when even an emptied cache leaves no room."""
        size = _round_up(requested, MIN_BLOCK)
        pool = self.small if size <= SMALL_SIZE else self.large
        block = self._best_fit(pool, size) or self._grow(pool, size) or self._grow_after_release(pool, size)
        if self._should_split(block, size):
            pool.put(block.cut(size))
        block.requested, block.in_use = requested, True
        self._count_use(block, 1)
        return block

    def free(self, block: Block) -> None:
        """Caches the block, merged with free neighbours."""
        self._count_use(block, -1)
        block.in_use = False
        block.pool.put(self._merged(block))

    def empty_cache(self) -> None:
        """Gives every segment (or page of an expandable one) that holds nothing back to the driver."""
        for pool in (self.small, self.large):
            for _, _, block in list(pool.cached):
                if pool.range_start is not None:
                    self._unmap_pages(block)
                elif not block.is_split:
                    pool.take(block)
                    self._count_segment(pool, -block.size)

    def statistics(self) -> dict[str, int]:
        """The keys and values of torch.cuda.memory_stats."""
        lines = {name: self.gauges[name] for name in self.gauges}
        for metric, source in SAME_AS.items():
            lines |= {
                f"{metric}.{pool}": self.gauges[f"{source}.{pool}"] for pool in ("all", "small_pool", "large_pool")
            }
        lines |= {name: Gauge() for name in ALWAYS_ZERO}
        values = {f"{name}.{key}": value for name, gauge in lines.items() for key, value in vars(gauge).items()}
        return dict(sorted({**values, **self.events}.items()))

    def reset_peaks(self) -> None:
        for gauge in self.gauges.values():
            gauge.peak = gauge.current

    def reset_totals(self) -> None:
        for gauge in self.gauges.values():
            gauge.allocated = gauge.freed = 0
        self.events = dict.fromkeys(self.events, 0)

    def _best_fit(self, pool: Pool, size: int) -> Block | None:
        position = bisect_left(pool.cached, (size,))
        if position == len(pool.cached):
            return None
        block = pool.cached[position][2]
        limit = self.settings.max_split_size
        too_big = block.size >= limit if size < limit else block.size >= size + LARGE_SEGMENT
        if too_big:
            return None
        pool.take(block)
        return block

    def _should_split(self, block: Block, size: int) -> bool:
        rest = block.size - size
        if block.pool.small or self.settings.expandable_segments:
            return rest >= MIN_BLOCK
        return rest > SMALL_SIZE and size < self.settings.max_split_size

    def _grow(self, pool: Pool, size: int) -> Block | None:
        """A free block of at least `size` bytes from the driver; None when the budget does not allow it."""
        if pool.range_start is not None:
            return self._map_room(pool, size)
        segment = _segment_size(size)
        if self.reserved + segment > self.capacity:
            return None
        self._count_segment(pool, segment)
        block = Block(pool, self._next_address, segment)
        self._next_address += segment
        return block

    def _grow_after_release(self, pool: Pool, size: int) -> Block:
        self.events["num_alloc_retries"] += 1
        self._release_oversize(pool, size)
        block = self._grow(pool, size)
        if block is None:
            self.empty_cache()
            block = self._grow(pool, size)
        if block is None:
            self.events["num_ooms"] += 1
            raise BudgetExceeded(self._refusal(_segment_size(size)))
        return block

    def _release_oversize(self, pool: Pool, size: int) -> None:
        """With a split limit set, PyTorch first gives back only unsplittable cached blocks, until enough is free."""
        if self.settings.max_split_size == NO_SPLIT_LIMIT:
            return
        limit = self.settings.max_split_size
        wanted = max(size, limit)
        oversize = [block for block_size, _, block in pool.cached if block_size >= limit]
        enough = next((block for block in oversize if block.size >= wanted), None)
        for block in [enough] if enough is not None else reversed(oversize):
            if wanted <= 0:
                break
            wanted -= block.size
            pool.take(block)
            self._count_segment(pool, -block.size)

    def _count_segment(self, pool: Pool, size: int) -> None:
        # Pages of an expandable segment are not counted as segments of their own.
        if pool.range_start is None:
            pool.count("segment", 1 if size > 0 else -1)
        pool.count("reserved_bytes", size)
        self.events["num_device_alloc" if size > 0 else "num_device_free"] += 1

    def _count_use(self, block: Block, sign: int) -> None:
        block.pool.count("allocation", sign)
        block.pool.count("allocated_bytes", sign * block.size)
        block.pool.count("requested_bytes", sign * block.requested)

    def _merged(self, block: Block) -> Block:
        """`block`, not in the cache, grown over its cached neighbours."""
        following = block.next
        if following is not None and _can_merge(block, following):
            block.pool.take(following)
            block.absorb_next()
        before = block.previous
        if before is not None and _can_merge(block, before):
            block.pool.take(before)
            before.absorb_next()
            return before
        return block

    def _map_room(self, pool: Pool, size: int) -> Block | None:
        """Maps pages at the lowest address of the range where `size` bytes are or can be made free."""
        block = _first_room(pool, size)
        if block is None:
            return None
        if block.mapped:
            pool.take(block)
        while not block.mapped or block.size < size:
            grown = self._mapped(block, size)
            if grown is None:
                if block.mapped:
                    pool.put(block)
                return None
            block = grown
        return block

    def _mapped(self, block: Block, size: int) -> Block | None:
        """`block` with the next unmapped stretch of it or behind it mapped as far as `size` needs; None: no budget."""
        unmapped = block.next if block.mapped else block
        assert unmapped is not None
        missing = size - block.size if block.mapped else size
        pages = min(_round_up(missing, block.pool.page), unmapped.size)
        if self.reserved + pages > self.capacity:
            return None
        if pages < unmapped.size:
            unmapped.cut(pages)
        unmapped.mapped = True
        self._count_segment(block.pool, pages)
        if unmapped is not block:
            block.absorb_next()
        return self._merged(block)

    def _unmap_pages(self, block: Block) -> None:
        page = block.pool.page
        first = _round_up(block.address, page)
        pages = (block.address + block.size) // page * page - first
        if pages <= 0:
            return
        block.pool.take(block)
        target = block
        if first > block.address:
            target = block.cut(first - block.address)
            block.pool.put(block)
        if target.size > pages:
            block.pool.put(target.cut(pages))
        target.mapped = False
        self._count_segment(block.pool, -pages)
        _merge_unmapped(target)

    def _refusal(self, size: int) -> str:
        """The message of CUDACachingAllocator.cpp. Nothing but PyTorch uses the device, so what the process has in
        use is what is reserved."""
        return (
            f"CUDA out of memory. Tried to allocate {format_size(size)}. GPU 0 has a total capacity of "
            f"{format_size(self.capacity)} of which {format_size(self.capacity - self.reserved)} is free. Including "
            f"non-PyTorch memory, this process has {format_size(self.reserved)} memory in use. Of the allocated memory "
            f"{format_size(self.allocated)} is allocated by PyTorch, and {format_size(self.reserved - self.allocated)} "
            "is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting "
            "PYTORCH_ALLOC_CONF=expandable_segments:True to avoid fragmentation.  See documentation for Memory "
            "Management  (https://pytorch.org/docs/stable/notes/cuda.html#environment-variables)"
        )


def format_size(size: int) -> str:
    """Bytes as the allocator writes them."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size > unit:
            return f"{size / unit:.2f} {name}"
    return f"{size} bytes"


def _round_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def _segment_size(size: int) -> int:
    if size <= SMALL_SIZE:
        return SMALL_SEGMENT
    return LARGE_SEGMENT if size < MIN_LARGE_ALLOC else _round_up(size, ROUND_LARGE)


def _can_merge(block: Block, neighbour: Block) -> bool:
    return not neighbour.in_use and neighbour.mapped and block.mapped


def _first_room(pool: Pool, size: int) -> Block | None:
    """The first of a run of free or unmapped blocks with at least `size` bytes, one of them unmapped."""
    start, room, has_unmapped = None, 0, False
    for block in pool.range_blocks():
        if block.in_use:
            start, room, has_unmapped = None, 0, False
            continue
        start, room, has_unmapped = start or block, room + block.size, has_unmapped or not block.mapped
        if room >= size and has_unmapped:
            return start
    return None


def _merge_unmapped(block: Block) -> None:
    if block.next is not None and not block.next.mapped:
        block.absorb_next()
    if block.previous is not None and not block.previous.mapped:
        block.previous.absorb_next()
