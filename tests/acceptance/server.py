"""The real server as a process of its own, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx

KEY = "acceptance-key-of-no-importance"
_COMMAND = (sys.executable, "-c", "from triage.cli import app; app()")


class Server:
    """`triage serve` on a free port over one data folder."""

    def __init__(self, data: Path, model: str = "stub", *arguments: str) -> None:
        self.data = data
        self._model = model
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.log = data / "server.log"

    def start(self) -> float:
        """Start and wait until ready; return how many seconds that took."""
        began = time.monotonic()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        own = {
            "TRIAGE_MODEL": self._model,
            "TRIAGE_DATA_DIR": str(self.data),
            "TRIAGE_BOOTSTRAP_API_KEY": KEY,
            "TRIAGE_PORT": str(port),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_COMMAND, "serve", *self._arguments], env=os.environ | own, stdout=log, stderr=log
            )
        with self.client() as client:
            while not _is_ready(client):
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() - began < 120, self.log.read_text()
                time.sleep(0.05)
        return time.monotonic() - began

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End the process as an operator would; return its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        status = self._process.wait(20)
        self._process = None
        return status

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").status_code == 200
    except httpx.TransportError:
        return False
