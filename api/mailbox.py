"""`/dev/mailbox`: the messages that a development machine keeps instead of sending them."""

import html

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.deps import ServicesDep
from triage.surveys.channels.mailbox import newest
from triage.surveys.tables import MailboxRow

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mailbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}}
article{{border:1px solid #8888;border-radius:8px;padding:0 1rem;margin:1rem 0}}
pre{{white-space:pre-wrap}}</style>
<h1>Mailbox</h1><p>Messages that this machine did not send, the newest first.</p>
{messages}"""


@router.get("/dev/mailbox", response_class=HTMLResponse)
def mailbox(services: ServicesDep) -> HTMLResponse:
    """Show the newest messages."""
    with services.database.read() as session:
        messages = "".join(map(_article, newest(session))) or "<p>None yet.</p>"
    # The links are secrets of customers, if only of invented ones: no cache keeps them.
    return HTMLResponse(_PAGE.format(messages=messages), headers={"Cache-Control": "no-store"})


def _article(row: MailboxRow) -> str:
    text = " ".join(_linked(word) for word in html.escape(row.text).split(" "))
    title = html.escape(row.subject or row.channel.upper())
    return (
        f"<article><h2>{title}</h2><p>{row.channel} to {html.escape(row.recipient)}, "
        f"{row.received_at:%Y-%m-%d %H:%M} UTC</p><pre>{text}</pre></article>"
    )


def _linked(words: str) -> str:
    lines = words.split("\n")
    return "\n".join(
        f'<a href="{line}">{line}</a>' if line.startswith(("http://", "https://")) else line for line in lines
    )
