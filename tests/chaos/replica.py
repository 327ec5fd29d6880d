"""One process of the service, to be killed and started again."""

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

API_KEY = "chaos-" + secrets.token_hex(20)


def free_port() -> int:
    """A port below those that outgoing connections are given, which could take it between two lives."""
    for _ in range(100):
        port = random.randint(15_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port")


@dataclass
class Replica:
    name: str
    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    lives: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, replica_id: str | None = None) -> None:
        """Start it, under its own name or as a stranger who cannot know what the dead one left."""
        self.lives += 1
        environment = os.environ | self.environment | {
            "TRIAGE_REPLICA_ID": replica_id or self.name,
            "TRIAGE_BOOTSTRAP_API_KEY": API_KEY,
            "TRIAGE_MODEL": "stub",
            "TRIAGE_DATA_DIR": str(self.folder),
        }  # fmt: skip
        command = [str(Path(sys.executable).with_name("triage")), "serve", "--port", str(self.port)]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, cwd=self.folder, stdout=log, stderr=log
            )

    def wait_ready(self, seconds: float = 300.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/ready", timeout=2.0).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        log = (self.folder / f"{self.name}.log").read_text()
        raise TimeoutError(f"{self.name} did not become ready; its log ends:\n{log[-3000:]}")

    def kill(self) -> None:
        """SIGKILL: nothing is closed, flushed or said."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
