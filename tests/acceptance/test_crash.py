"""A process that is killed loses nothing that was answered and doubles nothing that is repeated."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.server import Server
from tests.factories import ASKING, PRAISE, body
from triage.settings import DEFAULT_MODEL, STUB_MODEL

POSTS = 200
BODIES = [
    body(external_id=f"c-{number}", comment=ASKING if number % 2 else PRAISE, score=9)
    for number in range(POSTS)
]


def post_all(server: Server, kill_after: int) -> dict[str, dict[str, Any]]:
    """Post all bodies at once, kill the server after some answers; return the answers by external id."""
    answers: dict[str, dict[str, Any]] = {}
    enough = threading.Event()

    def post(response: dict[str, Any]) -> None:
        try:
            answer = client.post("/v1/responses", json=response)
        except httpx.TransportError:
            return
        assert answer.status_code == 201
        answers[response["external_id"]] = answer.json()
        if len(answers) >= kill_after:
            enough.set()

    with server.client() as client, ThreadPoolExecutor(16) as pool:
        for response in BODIES:
            pool.submit(post, response)
        assert enough.wait(60)
        server.kill()
    return answers


def all_tickets(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"limit": 200}
    while True:
        page = client.get("/v1/tickets", params=query).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        query["cursor"] = page["next_cursor"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "kill_after"), [(STUB_MODEL, 1), (STUB_MODEL, 60), (STUB_MODEL, 150), (DEFAULT_MODEL, 60)]
)
def test_killed_while_posts_run(tmp_path: Path, model: str, kill_after: int) -> None:
    with Server(tmp_path, model) as server:
        server.start()
        answered = post_all(server, kill_after)
        assert kill_after <= len(answered) < POSTS, "the server must die while posts run"
        server.start()
        with server.client() as client:
            for response in BODIES:
                known = answered.get(response["external_id"])
                answer = client.post("/v1/responses", json=response)
                if known is None:
                    assert answer.status_code in (200, 201)
                    answered[response["external_id"]] = answer.json()
                else:
                    assert (answer.status_code, answer.json()) == (200, known)
            tickets = all_tickets(client)
    expected = {key: answer["ticket"]["id"] for key, answer in answered.items() if answer["ticket"]}
    assert len({answer["id"] for answer in answered.values()}) == POSTS
    assert len(expected) >= POSTS / 2
    assert len(tickets) == len(expected)
    assert {ticket["response"]["external_id"]: ticket["id"] for ticket in tickets} == expected
