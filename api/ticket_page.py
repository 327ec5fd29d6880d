"""`/t/{key}`: the page of a ticket, where the link in its case leads. It changes nothing.

Who works on the case has no key of our API. The address itself lets them in: its 122 random bits
stand in the case alone, beside the same words. The page names no customer, all the same.
"""

import hashlib
import html
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.deps import ServicesDep
from triage.tables import TicketCommentRow
from triage.tickets.lifecycle import comments_of
from triage.tickets.queries import TicketView, ticket_of_key

router = APIRouter(include_in_schema=False)

_KEY: Final = re.compile("[0-9a-f]{32}")
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c1c1c;background:#fff}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "blockquote{margin:1rem 0;padding:.5rem 1rem;border-left:4px solid #555;white-space:pre-wrap;"
    "overflow-wrap:anywhere}mark{background:#ffe28a;color:inherit}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{color:#555}dd{margin:0;"
    "overflow-wrap:anywhere}"
)
_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    # The address is the key: no other site may learn it, no cache and no search engine keep it.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>
{content}
</main></body></html>
"""


@router.get("/t/{key}", response_class=HTMLResponse)
def ticket_page(services: ServicesDep, key: str) -> HTMLResponse:
    """Show a ticket to whoever holds its key."""
    if not _KEY.fullmatch(key):
        return _unknown()
    with services.database.read() as session:
        view = ticket_of_key(session, key)
        comments = comments_of(session, view.ticket.id) if view else []
    return _answer(view.ticket.subject, "\n".join(_content(view, comments))) if view else _unknown()


def _unknown() -> HTMLResponse:
    return _answer("No such ticket", "<p>Use the link in the case, whole and unchanged.</p>", 404)


def _answer(title: str, content: str, status: int = 200) -> HTMLResponse:
    page = _PAGE.format(title=html.escape(title), style=_STYLE, content=content)
    return HTMLResponse(page, status, headers=_HEADERS)


def _content(view: TicketView, comments: list[TicketCommentRow]) -> Iterator[str]:
    language = html.escape(view.ticket.language)
    yield f'<blockquote lang="{language}" dir="auto">{_marked(view)}</blockquote>'
    yield _list(_facts(view))
    if comments:
        yield "<h2>Added since</h2>"
    for comment in comments:
        yield f"<p>{html.escape(comment.author)}, {_moment(comment.created_at)}</p>"
        yield f'<blockquote dir="auto">{html.escape(comment.text)}</blockquote>'
    yield "<h2>Why it came here</h2>"
    yield "<ul>" + "".join(f"<li>{html.escape(reason)}</li>" for reason in view.ticket.reasons) + "</ul>"


def _marked(view: TicketView) -> str:
    """The comment, with the part that asks marked."""
    text, request = view.response.comment, view.finding.request
    if request is None:
        return html.escape(text)
    before, asks, after = text[: request.start], text[request.start : request.end], text[request.end :]
    return f"{html.escape(before)}<mark>{html.escape(asks)}</mark>{html.escape(after)}"


def _facts(view: TicketView) -> Iterator[tuple[str, object]]:
    ticket, response, finding = view.ticket, view.response, view.finding
    yield "Status", ticket.status.replace("_", " ")
    yield "Resolution", ticket.resolution
    yield "Priority", ticket.priority
    yield "Due", _moment(ticket.due_at)
    yield "Asks for", finding.request.intent.replace("_", " ") if finding.request else None
    yield "Sentiment", finding.sentiment
    yield "About", ", ".join(f"{aspect.category} ({aspect.polarity})" for aspect in finding.aspects)
    yield "Language", finding.language.code
    yield "Country", response.country
    yield "Score", response.score
    yield "Touchpoint", response.touchpoint
    yield "Question", response.question
    yield "Queue", ticket.queue
    yield "Received", _moment(response.received_at)


def _list(facts: Iterator[tuple[str, object]]) -> str:
    rows = (
        f"<dt>{name}</dt><dd>{html.escape(str(value))}</dd>" for name, value in facts if value is not None
    )
    return f"<dl>{''.join(rows)}</dl>"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
