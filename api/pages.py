"""The survey pages that customers see: `/s/{token}`. Server-rendered, without a script or a cookie.

    GET  /s/{token}           the next open question, or the one named by `at`
    POST /s/{token}           saves one answer, then leads to the next; the last one completes the survey
    GET  /s/{token}/opt-out   asks whether to send no more surveys; POST does it
    POST /u/{token}           one-click opt-out of mail programs (RFC 8058)

A GET changes nothing: mail scanners open every link.
"""

from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from api import page_view as view
from api.page_deps import Fields, OpensLinks, PageRoute, Pages, PagesDep, closed_page, visit_of
from api.page_guard import HEADERS, TRAP, is_ours
from api.page_view import Visit
from triage.surveys.answers import CONTACT, LANGUAGE_SHOWN
from triage.surveys.form import Catalogue, Survey
from triage.surveys.links import ClosedLink, OpenSurvey
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

router = APIRouter(include_in_schema=False, route_class=PageRoute)


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
        return closed_page(request, pages, token, cast(ClosedLink, opened), lang)
    return view.opt_out_page(visit_of(pages, token, opened, lang))


@router.post("/s/{token}/opt-out")
def opt_out(request: Request, pages: PagesDep, token: str, fields: Fields) -> Response:
    """Send this customer no more surveys."""
    opened, lang = pages.links.open(token), fields.get("lang")
    if _is_unknown(opened):
        return closed_page(request, pages, token, cast(ClosedLink, opened), lang)
    visit = visit_of(pages, token, opened, lang)
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
        return closed_page(request, pages, token, opened, lang)
    visit, survey = visit_of(pages, token, opened, lang), pages.catalogue.surveys.get(opened.survey)
    if not pages.limits.allows_link(token):
        return view.notice_page(visit, "busy", status=429, link=True)
    if survey is None:  # its file was taken away while customers had links
        return view.notice_page(visit, "expired", status=410)
    return _Entered(visit=visit, survey=survey, opened=opened)


def _redirect(address: str) -> Response:
    return RedirectResponse(address, 303, HEADERS)


def _is_unknown(opened: OpenSurvey | ClosedLink) -> bool:
    return isinstance(opened, ClosedLink) and opened.reason == "unknown"


def _filled(here: Place, opened: OpenSurvey) -> dict[str, str]:
    """Return what the form holds when it is opened: an earlier answer, and the addresses that we wrote to."""
    before = opened.answers.get(here.step)
    filled = {"email": opened.email or "", "phone": opened.phone or "", "consent": ""}
    return filled | {"answer": "" if before is None else str(before)}
