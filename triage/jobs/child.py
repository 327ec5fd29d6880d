"""Delivery in a process of its own: sending must never take the interpreter from those who post.

The child reads the same environment as its parent, needs no model, and gives way to it by a
lower priority. It ends with its parent, however that ends: what it leaves unfinished runs
again at the next start.
"""

import logging
import os
import signal
import subprocess
import sys
import threading

from triage.db import Database
from triage.jobs.delivery import delivery_of
from triage.ports import SystemClock
from triage.settings import Settings

_NICENESS = 10
_FINISH = b"finish\n"
_RUN = f"from {__name__} import main; main()"
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_log = logging.getLogger(__name__)


class DeliveryProcess:
    """The parent's side: starts the child, and starts it again whenever it ends."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="triage-delivery", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Let the child finish what is under way."""
        self._stop.set()
        if self._child is not None and self._child.stdin is not None:
            try:
                self._child.communicate(_FINISH, timeout=15)
            except (subprocess.TimeoutExpired, OSError, ValueError):
                self._child.kill()

    def _keep(self) -> None:
        wait = _FIRST_WAIT
        while not self._stop.is_set():
            # The same interpreter and a function of ours: nothing here comes from outside.
            self._child = subprocess.Popen([sys.executable, "-c", _RUN], stdin=subprocess.PIPE)  # noqa: S603
            code = self._child.wait()
            if not self._stop.is_set():
                _log.error("the delivery process ended with %d and starts again in %.0f s", code, wait)
                self._stop.wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)


def main() -> None:
    """The child's side: deliver until the parent says that it is enough, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
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
    if sys.stdin.buffer.readline() != _FINISH:
        # The parent was killed. Its next life must find nobody at work under its name.
        os._exit(1)
    delivery.stop()
    database.close()
