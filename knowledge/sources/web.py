"""Asks a host politely: paced, retried where a failure may pass, bounded in time and size, and remembered.

Retried are 429, 5xx, time-outs and answers that broke off, at most _ATTEMPTS times; what a host says about when to come
back (`Retry-After`, RFC 9110 section 10.2.3; GitHub's `x-ratelimit-reset`) goes before misrun's own pauses. Redirects
are not followed: a key would travel with them.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay
from tenacity import wait_random_exponential as growing

from misrun.knowledge.html_text import excerpt
from misrun.knowledge.sources.lanes import Lanes
from misrun.knowledge.sources.response_cache import ResponseCache

# At most four tries (a judgement) within the time somebody waits at a prompt.
_ATTEMPTS = 4
_PATIENCE = 20.0
_SILENCE = 8.0
# A host that asks for a longer pause is left for later instead of waited for.
_LONGEST_PAUSE = 6.0
# Twenty results with whole abstracts are below 200 kB; a body beyond this is no search result.
_MOST_BYTES = 4 << 20
_PASSING = frozenset({429, 500, 502, 503, 504})
_LIMITED = frozenset({403, 429})

T = TypeVar("T")


class SourceUnavailable(Exception):
    """The site cannot tell now; the message says why."""


class _Passing(Exception):
    """May work in a moment. `after` is what the host asked for, in seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True)
class Site:
    """How one site wants to be asked. `pause` is the least time between two requests, in seconds; `rest` reads from the
    body of a refusal how long to stay away, for sites that say it there."""

    name: str
    lane: str
    base: str
    pause: float
    accepts: tuple[str, ...] = ("application/json",)
    headers: Mapping[str, str] = field(default_factory=dict)
    rest: Callable[[bytes], float | None] = lambda _: None


class Reply(NamedTuple, Generic[T]):
    """What `read` made of the body, and how old the body is in seconds."""

    value: T
    age: float


class Web:
    """One client for all sites; safe to use from several threads, one site each."""

    def __init__(
        self,
        folder: Path,
        *,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        silence: float = _SILENCE,
        patience: float = _PATIENCE,
        mailto: str = "",
    ) -> None:
        """`folder` keeps answers and what is known of hosts. `silence` bounds the time without a byte, `patience` one
        question with all its retries, in seconds. `mailto` is sent as the contact that Crossref asks for."""
        self.lanes = Lanes(folder / "hosts", now)
        self._cache = ResponseCache(folder / "answers", now)
        self._wait = wait
        self._now = now
        self._patience = patience
        agent = f"misrun/{_version()} (finds out why a training run failed{f'; mailto:{mailto}' if mailto else ''})"
        self._client = httpx.Client(
            transport=transport, timeout=silence, headers={"User-Agent": agent}, follow_redirects=False
        )

    def close(self) -> None:
        self._client.close()

    def ask(
        self,
        site: Site,
        path: str,
        params: Mapping[str, str],
        read: Callable[[bytes], T],
        *,
        keys: Mapping[str, str] | None = None,
    ) -> Reply[T]:
        """The answer to one GET, from the cache where it is fresh. `read` raises ValueError for a body that is broken
        or not what was asked for. `keys` are parameters that are sent and kept nowhere."""
        url = site.base + path
        if (kept := self._kept(url, params, read)) is not None:
            return kept
        if reason := self.lanes.closed(site.lane):
            raise SourceUnavailable(reason)
        try:
            value, body = self._persist(site, url, {**params, **(keys or {})}, read)
        except (_Passing, SourceUnavailable) as error:
            self.lanes.failed(site.lane, str(error))
            raise SourceUnavailable(str(error)) from error
        self.lanes.worked(site.lane)
        self._cache.put(url, params, body)
        return Reply(value, 0.0)

    def _kept(self, url: str, params: Mapping[str, str], read: Callable[[bytes], T]) -> Reply[T] | None:
        kept = self._cache.get(url, params)
        try:
            return Reply(read(kept.body), kept.age) if kept else None
        except ValueError:  # kept by another version of this program, or damaged since
            return None

    def _persist(self, site: Site, url: str, params: Mapping[str, str], read: Callable[[bytes], T]) -> tuple[T, bytes]:
        until = time.monotonic() + self._patience
        retrying = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=stop_after_attempt(_ATTEMPTS) | stop_after_delay(self._patience),
            wait=_pause,
            sleep=self._wait,
            reraise=True,
        )
        return retrying(self._once, site, url, params, read, until)

    def _once(
        self, site: Site, url: str, params: Mapping[str, str], read: Callable[[bytes], T], until: float
    ) -> tuple[T, bytes]:
        if (pause := self.lanes.reserve(site.lane, site.pause)) > 0:
            self._wait(pause)
        try:
            with self._client.stream("GET", url, params=dict(params), headers=dict(site.headers)) as response:
                body = _bounded(response, until)
        except httpx.TimeoutException as error:
            raise _Passing("no answer in time") from error
        except httpx.TransportError as error:
            raise _Passing(f"the connection failed ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceUnavailable(f"the request failed ({type(error).__name__})") from error
        self._check(site, response, body)
        try:
            return read(body), body
        except ValueError as error:
            raise _Passing("its answer could not be read") from error

    def _check(self, site: Site, response: httpx.Response, body: bytes) -> None:
        """Returns for an answer; raises what a refusal or failure means."""
        status = response.status_code
        if status != 200:
            self._refused(site, response, body)
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in site.accepts:
            raise SourceUnavailable(f"it sent {excerpt(kind, 40) or 'no content type'} instead of an answer")

    def _refused(self, site: Site, response: httpx.Response, body: bytes) -> NoReturn:
        status = response.status_code
        reason = f"HTTP {status}{_message(body)}"
        after = self._asked_pause(response)
        if after is None:
            after = site.rest(body)
        if after is not None and after > _LONGEST_PAUSE:
            self.lanes.close(site.lane, after, reason)
            raise SourceUnavailable(reason)
        if status in _PASSING or (status in _LIMITED and after is not None):
            raise _Passing(reason, after)
        if status in _LIMITED and b"rate limit" in body.lower():
            # GitHub: without a header, wait at least a minute (docs.github.com, rate limits for the REST API).
            self.lanes.close(site.lane, 60.0, reason)
        raise SourceUnavailable(reason)

    def _asked_pause(self, response: httpx.Response) -> float | None:
        """Seconds until the host wants to be asked again, where its headers say so."""
        headers = response.headers
        if (text := headers.get("retry-after")) is not None:
            return _seconds(text, self._now())
        if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
            return max(0.0, float(headers["x-ratelimit-reset"]) - self._now())
        return None


def _pause(state: RetryCallState) -> float:
    """What the host asked for, else a pause that doubles, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Passing) and error.after is not None:
        return error.after
    return growing(multiplier=1.0, max=_LONGEST_PAUSE)(state)


def _bounded(response: httpx.Response, until: float) -> bytes:
    """The body, unless it is larger or slower than an answer is. Counted after unpacking, against packed bombs."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > _MOST_BYTES:
            raise SourceUnavailable(f"its answer is larger than {_MOST_BYTES >> 20} MiB")
        if time.monotonic() > until:
            raise _Passing("its answer came too slowly")
        parts.append(part)
    return b"".join(parts)


def _seconds(text: str, now: float) -> float | None:
    """`Retry-After`: seconds, or a date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError):
        return None


def _message(body: bytes) -> str:
    """The host's own words on a refusal, where it sent JSON."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        return ""
    words = said.get("message") or said.get("error_message") or said.get("error") if isinstance(said, dict) else None
    return f", {excerpt(words, 160)}" if isinstance(words, str) else ""


def _version() -> str:
    try:
        return version("misrun")
    except PackageNotFoundError:  # a source tree that was never installed
        return "source"
