"""One process of the service, to be killed and started again."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

API_KEY = "chaos-" + secrets.token_hex(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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

    def wait_ready(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/ready", timeout=2.0).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise TimeoutError(f"{self.name} did not become ready; see {self.folder / f'{self.name}.log'}")

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
