"""A small HTTP/1.1 server for the fakes: keep-alive, a thread a connection, faults by script.

A fault is looked up before the request is handled (refused, nothing stored) and one,
`drop_after`, works after it: the work is done and the connection is closed without an
answer, which is what really makes duplicates.
"""

import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    raw: bytes

    def json(self) -> Any:
        return json.loads(self.raw)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode()))


@dataclass
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it arrived, for what tests count."""

    at: float
    method: str
    path: str
    fault: str | None
    status: int | None = None


class Faults:
    """What goes wrong, and when. Names are those each fake documents."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._once: list[tuple[str, re.Pattern[str]]] = []
        self._shares: dict[str, float] = {}
        self._random = random.Random(0)
        self._down_until = 0.0

    def once(self, name: str, path: str = "", times: int = 1) -> None:
        """Let `name` happen to the next requests whose "METHOD /path" matches `path`."""
        with self._lock:
            self._once += [(name, re.compile(path))] * times

    def shares(self, seed: int = 0, **shares: float) -> None:
        """Let each named fault happen to a share of all data requests, from now on."""
        with self._lock:
            self._random = random.Random(seed)
            self._shares = shares

    def outage(self, seconds: float) -> None:
        """Answer 503 to everything for a while."""
        self._down_until = time.monotonic() + seconds

    def clear(self) -> None:
        with self._lock:
            self._once, self._shares, self._down_until = [], {}, 0.0

    def draw(self, request: Request, *, data: bool) -> str | None:
        """The fault that befalls this request, if any; `data` leaves sign-in out of the shares."""
        if time.monotonic() < self._down_until:
            return "unavailable"
        with self._lock:
            named = f"{request.method} {request.path}"
            for index, (name, pattern) in enumerate(self._once):
                if pattern.search(named):
                    del self._once[index]
                    return name
            if not data:
                return None
            throw = self._random.random()
            for name, share in self._shares.items():
                if throw < share:
                    return name
                throw -= share
        return None


class FakeServer:
    """Base of the fakes: `handle` answers, `faulty` says what a fault answers."""

    slow_seconds = 0.3

    def __init__(self, port: int = 0) -> None:
        self.faults = Faults()
        self.lock = threading.RLock()
        self.seen: list[Seen] = []
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def faulty(self, name: str, request: Request) -> Reply | None:
        """What the fault answers; None lets the request through (slow answers, drops)."""
        raise NotImplementedError

    def is_data(self, request: Request) -> bool:
        """Whether faults by share may befall it."""
        return True

    @contextmanager
    def running(self) -> Iterator["FakeServer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def respond(self, request: Request) -> Reply | None:
        """Answer one request; None closes the connection instead."""
        fault = self.faults.draw(request, data=self.is_data(request))
        seen = Seen(time.monotonic(), request.method, request.path, fault)
        self.seen.append(seen)
        if fault == "drop_before":
            return None
        if fault == "slow":
            time.sleep(self.slow_seconds)
        reply = (self.faulty(fault, request) if fault else None) or self.handle(request)
        seen.status = reply.status
        return None if fault == "drop_after" else reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed closes nothing properly: no news to a test that kills it."""


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

        def _any(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Request(
                method=self.command,
                path=unquote(parts.path),
                query=dict(parse_qsl(parts.query)),
                headers={k.lower(): v for k, v in self.headers.items()},
                raw=raw,
            )
            reply = fake.respond(request)
            if reply is None:
                self.close_connection = True
                return
            self._write(reply)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        def _write(self, reply: Reply) -> None:
            html = isinstance(reply.body, str)
            body = b"" if reply.body is None else (reply.body if html else json.dumps(reply.body)).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "text/html" if html else "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: tests read `seen`."""

    return Handler


Route = tuple[str, re.Pattern[str], Callable[..., Reply]]


def route(routes: list[Route], request: Request) -> Reply | None:
    """Call the first route that fits, with the groups of its pattern."""
    for method, pattern, view in routes:
        if method == request.method and (found := pattern.fullmatch(request.path)):
            return view(request, *found.groups())
    return None
