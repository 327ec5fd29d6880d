"""What an address may hold, and where it may be repeated."""

import logging
from typing import Any
from unittest.mock import Mock

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from api.guard import Guard
from api.problem import Faults
from triage.surveys.steps import read_answer


def request(app: Any, path: str, query: bytes = b"", **state: Any) -> list[dict[str, Any]]:
    """What `app` sends in answer to a GET."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": [], **state}
    anyio.run(app, scope, receive, send)
    return sent


@pytest.mark.parametrize(("path", "query"), [("/v1/tickets/\0", b""), ("/v1/tickets", b"queue=a%00")])
def test_no_database_is_asked_for_what_it_cannot_hold(path: str, query: bytes) -> None:
    app = Mock()
    start, body = request(Guard(app, keys=Mock(), max_body=10, max_batch=10), path, query)
    assert start["status"] == 422
    assert b"NUL" in body["body"]
    app.assert_not_called()


def test_the_log_names_the_route_of_a_fault_and_not_the_key_in_its_path(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        start, _ = request(Faults(broken), "/s/secret-token", route=Mock(path="/s/{token}"))
    assert start["status"] == 500
    assert "/s/{token}" in caplog.text
    assert "secret-token" not in caplog.text


def test_an_answer_is_kept_without_what_cannot_be_stored() -> None:
    assert read_answer(Mock(kind="comment", required=True), "late\0 again") == ("late again", None)
    assert read_answer(Mock(kind="comment", required=True), "\0") == (None, "choose")
