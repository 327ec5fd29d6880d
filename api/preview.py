"""The pages of one survey as customers will see them, without a database: for `triage surveys preview`."""

from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from api import pages
from triage.labels import Language
from triage.surveys.form import Catalogue
from triage.surveys.links import ClosedLink, OpenSurvey
from triage.surveys.steps import Saved

TOKEN = "preview"  # noqa: S105  (opens nothing but a preview)


class PreviewLinks:
    """One survey that opens again and again; its answers are forgotten when it is completed."""

    def __init__(self, survey: str, language: Language, brand: str | None, country: str | None) -> None:
        self._survey, self._language, self._brand, self._country = survey, language, brand, country
        self._answers: Saved = {}

    def open(self, token: str, now: datetime | None = None) -> OpenSurvey | ClosedLink:
        """Return the survey with the answers so far."""
        if token != TOKEN:
            return ClosedLink(reason="unknown")
        return OpenSurvey(
            survey=self._survey,
            language=self._language,
            brand=self._brand,
            country=self._country,
            email="name@example.com",
            phone=None,
            answers=dict(self._answers),
            expires_at=None,
        )

    def save(self, token: str, answers: Saved) -> OpenSurvey | ClosedLink:
        """Keep answers until the end."""
        self._answers |= answers
        return self.open(token)

    def complete(self, token: str) -> OpenSurvey | ClosedLink:
        """Return all answers, and begin again."""
        done = self.open(token)
        self._answers = {}
        return done

    def opt_out(self, token: str) -> bool:
        """Do nothing: nobody is written to."""
        return token == TOKEN


def create_app(
    catalogue: Catalogue, survey: str, language: Language, brand: str | None, country: str | None
) -> FastAPI:
    """Build an application that shows one survey at `/`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages.install(app, PreviewLinks(survey, language, brand, country), catalogue)

    @app.get("/")
    async def first(_request: Request) -> RedirectResponse:
        return RedirectResponse(f"/s/{TOKEN}")

    return app
