"""What the endpoints of survey pages share: the links, posted forms, whose visit it is, closed links."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Protocol, cast
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api import page_view as view
from api.page_guard import MAX_FORM_BYTES, Limits
from api.page_view import Visit
from triage.errors import Unavailable
from triage.labels import LANGUAGES, Language
from triage.surveys.answers import LANGUAGE_SHOWN
from triage.surveys.form import Catalogue
from triage.surveys.links import ClosedLink, OpenSurvey
from triage.surveys.messages import known_language
from triage.surveys.steps import Saved


class OpensLinks(Protocol):
    """What the pages ask of `triage.surveys.links.Links`; the preview has one of its own."""

    def open(self, token: str) -> OpenSurvey | ClosedLink:
        """Return what a token opens. Changes nothing."""
        ...

    def save(self, token: str, answers: Saved) -> OpenSurvey | ClosedLink:
        """Add to the answers given so far."""
        ...

    def complete(self, token: str) -> OpenSurvey | ClosedLink:
        """Close the survey."""
        ...

    def opt_out(self, token: str) -> bool:
        """Never write to this customer again."""
        ...


class Pages:
    """What the pages work with."""

    def __init__(self, links: OpensLinks, catalogue: Catalogue) -> None:
        self.links = links
        self.catalogue = catalogue
        self.limits = Limits()


async def _pages(request: Request) -> Pages:
    return cast(Pages, request.app.state.pages)


async def _fields(request: Request) -> dict[str, str]:
    """Read a posted form; of a field given twice the last counts."""
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise HTTPException(413, f"a form has at most {MAX_FORM_BYTES:,} bytes")
    try:
        return dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
        )
    except ValueError as error:
        raise HTTPException(400, "not a form that this service made") from error


PagesDep = Annotated[Pages, Depends(_pages)]
Fields = Annotated[dict[str, str], Depends(_fields)]


def visit_of(pages: Pages, token: str, opened: OpenSurvey | ClosedLink, lang: str | None) -> Visit:
    """Return what the page knows. The language: chosen now, chosen before, the invitation's."""
    invited = known_language(opened.language)
    before = opened.answers.get(LANGUAGE_SHOWN) if isinstance(opened, OpenSurvey) else None
    chosen = known_language(lang) or known_language(str(before))
    return Visit(
        token=token,
        brand=pages.catalogue.brand(opened.brand),
        language=chosen or invited or "en",
        # Going back to the invitation's own language is a choice too, once another was chosen.
        chosen=chosen is not None and (chosen != invited or before is not None),
    )


def closed_page(request: Request, pages: Pages, token: str, closed: ClosedLink, lang: str | None) -> Response:
    """Say why a link opens nothing, and nothing else."""
    spoken = lang or closed.language or _preferred(request)
    visit = visit_of(
        pages, token, ClosedLink(reason=closed.reason, language=spoken, brand=closed.brand), None
    )
    if closed.reason == "unknown" and not pages.limits.allows_unknown(request):
        return view.notice_page(visit, "busy", status=429)
    return view.notice_page(visit, closed.reason, status=404 if closed.reason == "unknown" else 410)


def _preferred(request: Request) -> Language:
    """Return the first of our languages that the browser asks for; they list the preferred one first."""
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        code = part.partition(";")[0].strip().partition("-")[0].lower()
        spoken = known_language({"no": "nb", "nn": "nb"}.get(code, code))
        if spoken:
            return spoken
    return LANGUAGES[0]


class PageRoute(APIRoute):
    """Where the database is too busy, customers get a page, not a problem document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        """Return FastAPI's handler, with that page around it."""
        handle = super().get_route_handler()

        async def with_page(request: Request) -> Response:
            try:
                return await handle(request)
            except Unavailable:
                pages: Pages = request.app.state.pages
                unknown = ClosedLink(reason="unknown", language=_preferred(request))
                visit = visit_of(pages, request.path_params.get("token", ""), unknown, None)
                return view.notice_page(visit, "busy", status=503, link=True)

        return with_page
