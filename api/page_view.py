"""What the survey pages look like: one parent template, one style sheet, a brand's colours in variables."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.page_guard import HEADERS, TRAP, signed
from triage.labels import LANGUAGES, Language
from triage.surveys.form import MAX_COMMENT, MAX_SCORE, MAX_STARS, Answers, Brand, Look, Survey, Texts
from triage.surveys.messages import FONTS, PageTexts, language_names, own_words
from triage.surveys.steps import Errors, Place

_HERE: Final = Path(__file__).parent
_YEAR: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What every page knows: whose link, which brand, in which language."""

    token: str
    brand: Brand
    language: Language
    chosen: bool = False
    """Whether the customer chose another language than the invitation's."""

    @property
    def words(self) -> PageTexts:
        """What the service itself says."""
        return own_words(self.language).page

    @property
    def address(self) -> str:
        """The address of the survey page, which keeps the chosen language."""
        return f"/s/{self.token}" + (f"?lang={self.language}" if self.chosen else "")


def question_page(
    visit: Visit,
    survey: Survey,
    place: Place,
    filled: Mapping[str, str],
    errors: Errors,
    *,
    status: int = 200,
) -> Response:
    """Return the page of one step with its fields `filled`."""
    question = place.question
    top = {"score": range(MAX_SCORE + 1), "stars": range(1, MAX_STARS + 1)}
    return _page(
        "question.html" if question else "contact.html",
        visit,
        status,
        survey=survey,
        place=place,
        question=question,
        numbers=top.get(question.kind, ()) if question else (),
        filled=filled,
        errors=errors,
        form=signed(visit.token, place.step),
        trap=TRAP,
        most=MAX_COMMENT,
    )


def thanks_page(
    visit: Visit, survey: Survey, answers: Answers, country: str | None, *, contact: bool
) -> Response:
    """Return the last page: thanks that fit the band, and where to share what was good."""
    band = survey.band(answers)
    links = visit.brand.share_links(country) if band in survey.share_after else ()
    return _page("thanks.html", visit, 200, band=band, links=links, contact=contact)


def notice_page(visit: Visit, name: str, *, status: int, link: bool = False) -> Response:
    """Return a short page: `used`, `expired`, `unknown`, `busy`, `stale` or `opt_out_done`."""
    words = visit.words.model_dump()
    return _page(
        "notice.html", visit, status, title=words[f"{name}_title"], text=words[f"{name}_text"], link=link
    )


def opt_out_page(visit: Visit) -> Response:
    """Return the page that asks whether to send no more surveys."""
    return _page("opt_out.html", visit, 200, form=signed(visit.token, "opt-out"))


@cache
def style(look: Look) -> str:
    """Return the style sheet of a look: its values as variables, then what all brands share."""
    variables = {
        "accent": look.accent,
        "on-accent": look.on_accent,
        "background": look.background,
        "text": look.text,
        "radius": f"{look.radius}px",
        "font": FONTS[look.font],
    }
    root = ";".join(f"--{name}:{value}" for name, value in variables.items())
    return f":root{{{root}}}\n" + (_HERE / "static" / "survey.css").read_text("utf-8")


@cache
def _version(look: Look) -> str:
    return hashlib.sha256(style(look).encode()).hexdigest()[:12]


def style_response(brand: Brand) -> Response:
    """Return a brand's style sheet as browsers may keep it for ever."""
    return Response(style(brand.look), media_type="text/css", headers=HEADERS | {"Cache-Control": _YEAR})


def _page(template: str, visit: Visit, status: int, **facts: Any) -> Response:
    def say(texts: Texts) -> str:
        return visit.brand.named_in(texts[visit.language])

    html = (
        _templates()
        .get_template(template)
        .render(
            facts,
            visit=visit,
            brand=visit.brand,
            words=visit.words,
            say=say,
            style=f"/survey-style/{visit.brand.key}.{_version(visit.brand.look)}.css",
            languages=[(code, language_names()[code]) for code in LANGUAGES],
        )
    )
    return HTMLResponse(html, status, HEADERS)


@cache
def _templates() -> Environment:
    # Strict: a name misspelt in a template must fail in the tests, not print nothing.
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
