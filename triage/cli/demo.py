"""A first look: posts sample responses to a running service and shows the tickets."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any

import httpx
from rich.progress import track
from rich.table import Table
from rich.text import Text

from triage.cli.context import err, out

_COLOURS = {"positive": "green", "negative": "red", "neutral": "yellow"}


def run(address: str, key: str, samples: Path) -> None:
    """Post each line of `samples` to `address` and print the tickets that came out."""
    bodies = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines() if line]
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for body in track(bodies, description="Posting samples", console=err):
            client.post("/v1/responses", json=body).raise_for_status()
        tickets = [*_tickets(client)][::-1]  # in the order of the samples
    out.print(ticket_table(tickets))
    out.print(f"{len(bodies)} responses, {len(tickets)} tickets")


def _tickets(client: httpx.Client) -> Iterator[dict[str, Any]]:
    """Read every ticket, page by page."""
    cursor: str | None = None
    while True:
        query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/tickets", params=query).raise_for_status().json()
        yield from page["items"]
        if (cursor := page["next_cursor"]) is None:
            return


def ticket_table(tickets: list[dict[str, Any]]) -> Table:
    """Return `tickets`, as the API gives them, as a table."""
    table = Table("Lang", "Categories", "Request", title="Tickets")
    table.add_column("In the customer's words", ratio=1)
    table.add_column("Queue", no_wrap=True)
    table.add_column("System")
    for ticket in tickets:
        finding = ticket["finding"]
        table.add_row(
            finding["lang"],
            categories_text(finding["aspects"]),
            f"{finding['request'] or '-'}{' (urgent)' if finding['urgent'] else ''}",
            _words(finding["request_text"], ticket["response"]["comment"]),
            ticket["queue"],
            _system(ticket["system"], ticket["intended_system"]),
            end_section=True,
        )
    return table


def _words(request: str | None, comment: str) -> Text:
    """Return the sentence that asks, or for a ticket without one the beginning of the comment."""
    if request:
        return Text(request, style="bold cyan")
    return Text(shorten(comment, 160, placeholder=" …"), style="dim")


def categories_text(aspects: dict[str, str]) -> Text:
    """Return categories in the colour of their polarity."""
    return Text("\n").join(Text(name, style=_COLOURS[polarity]) for name, polarity in aspects.items())


def marked(comment: str, span: list[int] | None) -> Text:
    """Return `comment` with the code points [start, end) that ask for something in bold."""
    text = Text(comment)
    if span:
        text.stylize("bold cyan", *span)
    return text


def _system(system: str, intended: str) -> str:
    return system if system == intended else f"{system} (for {intended})"
