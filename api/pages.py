"""The survey pages that customers see: `/s/{token}`. Server-rendered, without a script or a cookie.

    GET  /s/{token}           the next open question, or the one named by `at`
    POST /s/{token}           saves one answer, then leads to the next; the last one completes the survey
    GET  /s/{token}/opt-out   asks whether to send no more surveys; POST does it
    POST /u/{token}           one-click opt-out of mail programs (RFC 8058)

A GET changes nothing: mail scanners open every link.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Protocol, cast
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api import page_view as view
from api.page_guard import HEADERS, MAX_FORM_BYTES, TRAP, Limits, is_ours
from api.page_view import Visit
from triage.errors import Unavailable
from triage.labels import LANGUAGES, Language
from triage.surveys.answers import CONTACT, LANGUAGE_SHOWN
from triage.surveys.form import Catalogue, Survey
from triage.surveys.links import ClosedLink, OpenSurvey
from triage.surveys.messages import known_language
from triage.surveys.steps import (
    PASSED,
    Errors,
    Place,
    Saved,
    place,
    read_answer,
    read_contact,
    steps,
)


class _PageRoute(APIRoute):
    """Where the database is too busy, customers get a page, not a problem document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        handle = super().get_route_handler()

        async def with_page(request: Request) -> Response:
            try:
                return await handle(request)
            except Unavailable:
                pages: Pages = request.app.state.pages
                unknown = ClosedLink(reason="unknown", language=_preferred(request))
                visit = _visit(pages, request.path_params.get("token", ""), unknown, None)
                return view.notice_page(visit, "busy", status=503, link=True)

        return with_page


router = APIRouter(include_in_schema=False, route_class=_PageRoute)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entered:
    """An open survey, and what its pages know."""

    visit: Visit
    survey: Survey
    opened: OpenSurvey


def install(app: FastAPI, links: OpensLinks, catalogue: Catalogue) -> None:
    """Serve the survey pages."""
    app.state.pages = Pages(links, catalogue)
    app.include_router(router)


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


@router.get("/s/{token}")
def show(
    request: Request, pages: PagesDep, token: str, at: str | None = None, lang: str | None = None
) -> Response:
    """Show the next open question, or the one that the customer went back to."""
    entered = _enter(request, pages, token, lang)
    if isinstance(entered, Response):
        return entered
    survey, answers = entered.survey, entered.opened.answers
    # Where the power failed between the last answer and the completion, the last step is shown again.
    last = steps(survey, answers)[-1]
    here = place(survey, answers, at) or cast(Place, place(survey, answers, last))
    return view.question_page(entered.visit, entered.survey, here, _filled(here, entered.opened), {})


@router.post("/s/{token}")
def answer(request: Request, pages: PagesDep, token: str, fields: Fields) -> Response:
    """Save one answer and lead on."""
    entered = _enter(request, pages, token, fields.get("lang"))
    if isinstance(entered, Response):
        return entered
    step = fields.get("step", "")
    if not is_ours(request, token, step, fields.get("form", "")):
        return view.notice_page(entered.visit, "stale", status=403, link=True)
    if fields.get(TRAP):
        # To the program that filled the trap it must look like success.
        return view.notice_page(entered.visit, "used", status=200)
    here = place(entered.survey, entered.opened.answers, step)
    if here is None or here.step != step:
        return _redirect(entered.visit.address)
    return _take(pages, entered, here, fields)


def _take(pages: Pages, entered: _Entered, here: Place, fields: dict[str, str]) -> Response:
    """Save the answer to the step `here` and lead to the next, or show what is wrong with it."""
    visit, opened = entered.visit, entered.opened
    saved, errors = _read(here, opened, fields)
    if errors:
        filled = _filled(here, opened) | fields
        return view.question_page(visit, entered.survey, here, filled, errors, status=422)
    saved |= {PASSED: here.step, LANGUAGE_SHOWN: visit.language if visit.chosen else None}
    after = pages.links.save(visit.token, saved)
    if isinstance(after, OpenSurvey) and place(entered.survey, after.answers) is not None:
        return _redirect(visit.address)
    done = pages.links.complete(visit.token)
    if isinstance(done, ClosedLink):
        return view.notice_page(visit, "used", status=200)
    contact = done.answers.get(CONTACT) is True
    return view.thanks_page(visit, entered.survey, done.answers, done.country, contact=contact)


def _read(here: Place, opened: OpenSurvey, fields: dict[str, str]) -> tuple[Saved, Errors]:
    if here.question is None:
        return read_contact(fields, (opened.email, opened.phone), opened.country)
    value, error = read_answer(here.question, fields.get("answer", ""))
    return {here.step: value}, {"answer": error} if error else {}


@router.get("/s/{token}/opt-out")
def ask_opt_out(request: Request, pages: PagesDep, token: str, lang: str | None = None) -> Response:
    """Ask whether to send no more surveys. Also for links that are used or have expired."""
    opened = pages.links.open(token)
    if _is_unknown(opened):
        return _closed(request, pages, token, cast(ClosedLink, opened), lang)
    return view.opt_out_page(_visit(pages, token, opened, lang))


@router.post("/s/{token}/opt-out")
def opt_out(request: Request, pages: PagesDep, token: str, fields: Fields) -> Response:
    """Send this customer no more surveys."""
    opened, lang = pages.links.open(token), fields.get("lang")
    if _is_unknown(opened):
        return _closed(request, pages, token, cast(ClosedLink, opened), lang)
    visit = _visit(pages, token, opened, lang)
    if not is_ours(request, token, "opt-out", fields.get("form", "")):
        return view.opt_out_page(visit)
    pages.links.opt_out(token)
    return view.notice_page(visit, "opt_out_done", status=200)


@router.get("/u/{token}")
def opt_out_link(token: str) -> Response:
    """Lead a person who opened the mail program's address to the page that asks."""
    return _redirect(f"/s/{quote(token, safe='')}/opt-out")


@router.post("/u/{token}")
def one_click(pages: PagesDep, token: str) -> Response:
    """Opt out at the click of a mail program, which knows no form: RFC 8058 wants no more than this."""
    pages.links.opt_out(token)
    # Whether the link was known is nobody's business.
    return Response(status_code=204, headers=HEADERS)


@router.get("/survey-style/{name}.css")
def style(pages: PagesDep, name: str) -> Response:
    """Return a brand's style sheet, by whatever version the page named."""
    brand = pages.catalogue.brands.get(name.partition(".")[0])
    if brand is None:
        raise HTTPException(404)
    return view.style_response(brand)


def _enter(request: Request, pages: Pages, token: str, lang: str | None) -> _Entered | Response:
    """Return what an open link leads to, or the page that says why it leads nowhere."""
    opened = pages.links.open(token)
    if isinstance(opened, ClosedLink):
        return _closed(request, pages, token, opened, lang)
    visit, survey = _visit(pages, token, opened, lang), pages.catalogue.surveys.get(opened.survey)
    if not pages.limits.allows_link(token):
        return view.notice_page(visit, "busy", status=429, link=True)
    if survey is None:  # its file was taken away while customers had links
        return view.notice_page(visit, "expired", status=410)
    return _Entered(visit=visit, survey=survey, opened=opened)


def _redirect(address: str) -> Response:
    return RedirectResponse(address, 303, HEADERS)


def _is_unknown(opened: OpenSurvey | ClosedLink) -> bool:
    return isinstance(opened, ClosedLink) and opened.reason == "unknown"


def _visit(pages: Pages, token: str, opened: OpenSurvey | ClosedLink, lang: str | None) -> Visit:
    """Return what the page knows. The language: chosen now, chosen before, the invitation's."""
    invited = known_language(opened.language)
    before = opened.answers.get(LANGUAGE_SHOWN) if isinstance(opened, OpenSurvey) else None
    chosen = known_language(lang) or known_language(str(before))
    return Visit(
        token=token,
        brand=pages.catalogue.brand(opened.brand),
        language=chosen or invited or "en",
        chosen=chosen not in (None, invited),
    )


def _closed(request: Request, pages: Pages, token: str, closed: ClosedLink, lang: str | None) -> Response:
    """Say why a link opens nothing, and nothing else."""
    spoken = lang or closed.language or _preferred(request)
    visit = _visit(pages, token, ClosedLink(reason=closed.reason, language=spoken, brand=closed.brand), None)
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


def _filled(here: Place, opened: OpenSurvey) -> dict[str, str]:
    """Return what the form holds when it is opened: an earlier answer, and the addresses that we wrote to."""
    before = opened.answers.get(here.step)
    filled = {"email": opened.email or "", "phone": opened.phone or "", "consent": ""}
    return filled | {"answer": "" if before is None else str(before)}
