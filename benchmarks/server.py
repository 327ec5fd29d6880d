"""Our service as a process of its own, and clients that load it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

KEY = "benchmark-key-0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that answers on `port`."""

    port: int
    pid: int
    seconds_to_ready: float

    def memory_mb(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@contextmanager
def serving(**environment: str) -> Iterator[Running]:
    """Starts `triage serve` on an empty database, and waits until it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"TRIAGE_DATA_DIR": folder, "TRIAGE_BOOTSTRAP_API_KEY": KEY, "TRIAGE_PORT": str(port)}
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("triage")), "serve"],
            env=os.environ | settings | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not _ready(port):
                if process.poll() is not None:
                    raise RuntimeError("the service ended: run `triage serve` to see why")
                time.sleep(0.02)
            yield Running(port=port, pid=process.pid, seconds_to_ready=time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(30)


def _ready(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False


def classify(server: Running, texts: Sequence[str], per_request: int = 64, clients: int = 4) -> None:
    """Every text through `POST /v1/classify`."""
    parts = [texts[i : i + per_request] for i in range(0, len(texts), per_request)]
    _load(server, "/v1/classify", [{"texts": list(part)} for part in parts], clients, 200)


_serial = count()


def post(server: Running, texts: Sequence[str], clients: int = 32) -> None:
    """Every text as a survey response through `POST /v1/responses`, stored and routed."""
    bodies = [
        {"external_id": f"bench-{next(_serial)}", "comment": text, "score": 6, "country": "DE"}
        for text in texts
    ]
    _load(server, "/v1/responses", bodies, clients, 201)


def _load(server: Running, path: str, bodies: Sequence[Any], clients: int, expected: int) -> None:
    shares = [bodies[i::clients] for i in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda share: _client(server, path, share, expected), shares))


def _client(server: Running, path: str, bodies: Sequence[Any], expected: int) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    for body in bodies:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{path} answered {answer.status}: {content[:300]!r}")
