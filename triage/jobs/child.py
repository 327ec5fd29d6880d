"""Delivery in a process of its own: sending must never take the interpreter from those who post.

The child reads the same environment as its parent, needs no model, and gives way to it: by a lower
priority, and by going slowly while its parent says that it is busy. It ends with its parent, however
that ends: what it leaves unfinished runs again at the next start.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from triage.db import Database
from triage.jobs.delivery import delivery_of
from triage.ports import SystemClock
from triage.settings import Settings

_NICENESS = 10
_FINISH, _BUSY, _CALM = b"finish\n", b"busy\n", b"calm\n"
_LOOK_SECONDS = 0.25
_BUSY_FROM, _CALM_UNDER = 0.5, 0.3
"""Share of one processor that the parent uses."""
_RUN = f"from {__name__} import main; main()"
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_log = logging.getLogger(__name__)


class DeliveryProcess:
    """The parent's side: starts the child, and starts it again whenever it ends."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="triage-delivery", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Let the child finish what is under way."""
        self._stop.set()
        if self._child is not None:
            self._tell(self._child, _FINISH)
            try:
                self._child.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._child.kill()

    def _keep(self) -> None:
        wait = _FIRST_WAIT
        while not self._stop.is_set():
            # The same interpreter and a function of ours: nothing here comes from outside.
            self._child = subprocess.Popen([sys.executable, "-c", _RUN], stdin=subprocess.PIPE)  # noqa: S603
            code = self._attend(self._child)
            if not self._stop.is_set():
                _log.error("the delivery process ended with %d and starts again in %.0f s", code, wait)
                self._stop.wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    def _attend(self, child: subprocess.Popen[bytes]) -> int:
        """Tell the child whenever this process becomes busy or calm; return how the child ended."""
        is_busy, load = False, Load()
        while True:
            try:
                return child.wait(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                share = load.share()
                if share > _BUSY_FROM if not is_busy else share < _CALM_UNDER:
                    is_busy = not is_busy
                    self._tell(child, _BUSY if is_busy else _CALM)

    def _tell(self, child: subprocess.Popen[bytes], what: bytes) -> None:
        with self._pipe, suppress(OSError, ValueError):
            # Where it has ended already, `_attend` learns of it.
            if child.stdin is not None:
                child.stdin.write(what)
                child.stdin.flush()


class Load:
    """How much of a processor this process uses."""

    def __init__(self) -> None:
        self._before = time.process_time(), time.monotonic()

    def share(self) -> float:
        """Since the last call: 1.0 is one processor."""
        now = time.process_time(), time.monotonic()
        used, passed = now[0] - self._before[0], now[1] - self._before[1]
        self._before = now
        return used / passed if passed else 0.0


def main() -> None:
    """The child's side: deliver until the parent says that it is enough, or is gone."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)  # Ctrl-C and systemd reach the whole group; the parent decides
    os.nice(_NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "msal"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    settings = Settings()
    database = Database(settings.database, pool_size=8, max_overflow=8)
    delivery = delivery_of(settings, database, SystemClock())
    if delivery is None:
        return
    delivery.start()
    while (said := sys.stdin.buffer.readline()) in (_BUSY, _CALM):
        delivery.give_way(said == _BUSY)
    if said != _FINISH:
        # The parent was killed. Its next life must find nobody at work under its name.
        os._exit(1)
    delivery.stop()
    database.close()
