"""Watches that nobody calls again before the moment they were told."""

import threading
import time
from dataclasses import dataclass, field


@dataclass
class Pauses:
    """Retry-After as the server sees it.

    Calls that were on their way when the pause was announced are no fault of the
    client: `grace` seconds are left for them.
    """

    grace: float = 0.25
    early: int = 0
    early_of_same_key: int = 0
    told: int = 0
    _until: float = 0.0
    _from: float = 0.0
    _keys: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, key: str | None, seconds: float) -> None:
        """A pause of so many seconds was just answered."""
        with self._lock:
            self.told += 1
            now = time.monotonic()
            self._from, self._until = now + self.grace, max(self._until, now + seconds)
            if key:
                self._keys[key] = now + seconds

    def arrived(self, key: str | None) -> None:
        """A call came in: count it where it is early."""
        with self._lock:
            now = time.monotonic()
            if self._from < now < self._until - 0.02:
                self.early += 1
            if key and now < self._keys.get(key, 0.0) - 0.02:
                self.early_of_same_key += 1
