"""HTTP to one remote system: pooled connections, time limits, spacing of calls, and a trace.

Every exchange is noted in the `Trace` that is open in this context, so that an
attempt can be stored with the remote's own words and without its credentials.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from triage.delivery.failure import ANSWER_LIMIT, DeliveryError, Kind, scrub

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
LONGEST_PAUSE = 3600.0
"""What `Retry-After` may ask for (seconds). A slip in it must not silence a system for a day: after an
hour one attempt asks again, and is told again where it was meant."""
_SECONDS = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)


@dataclass
class Trace:
    """The last exchange of an attempt: HTTP status (None: no answer) and what was answered."""

    status: int | None = None
    answer: str = ""
    calls: int = 0


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def tracing() -> Iterator[Trace]:
    """Collect what is exchanged in this context."""
    trace = Trace()
    token = _trace.set(trace)
    try:
        yield trace
    finally:
        _trace.reset(token)


@dataclass
class Spacing:
    """At most `per_second` calls a second, however many threads ask; 0 means no limit."""

    per_second: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0

    def wait(self) -> None:
        """Sleep until this caller's turn."""
        if self.per_second <= 0:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1.0 / self.per_second
        time.sleep(turn - now)


class Remote:
    """A remote system's HTTP endpoint. Thread-safe."""

    def __init__(self, *, per_second: float = 0.0, timeout: httpx.Timeout = TIMEOUT) -> None:
        self._spacing = Spacing(per_second)
        self._quiet_until = 0.0
        self._client = httpx.Client(timeout=timeout, follow_redirects=False)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        secret: bool = False,
    ) -> httpx.Response:
        """One exchange; `secret` keeps its answer out of the trace.

        Raises:
            DeliveryError: NETWORK, when no whole answer came; THROTTLED, without a call, while
                the pause lasts that an earlier answer asked for.
        """
        self._spacing.wait()
        if (left := self._quiet_until - time.monotonic()) > 0:
            # An attempt is several calls: the ones under way must not go on into the pause.
            raise DeliveryError(
                Kind.THROTTLED, "waiting for the end of a pause it asked for", retry_after=left
            )
        try:
            answer = self._client.request(
                method, url, headers=headers, json=json, content=content, data=data, params=params
            )
        except httpx.HTTPError as error:
            _note(None, f"{type(error).__name__}: {error}")
            raise DeliveryError(Kind.NETWORK, f"{type(error).__name__}: {error}") from error
        _note(answer.status_code, "" if secret else answer.text)
        if pause := retry_after(answer):
            self._quiet_until = max(self._quiet_until, time.monotonic() + pause)
        return answer

    def close(self) -> None:
        """Close the pooled connections."""
        self._client.close()


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds the `Retry-After` header asks for, in either of its two forms, up to `LONGEST_PAUSE`.

    None without one, and for one that cannot be read.
    """
    value = answer.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_PAUSE)
    try:
        left = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(left, 0.0), LONGEST_PAUSE)


def _note(status: int | None, text: str) -> None:
    trace = _trace.get()
    if trace is not None:
        trace.status = status
        trace.answer = scrub(text)[:ANSWER_LIMIT]
        trace.calls += 1
