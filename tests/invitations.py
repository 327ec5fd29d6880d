"""Customers who were asked: an invitation in the database, and the token of its link."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import pages, problem
from tests.factories import NOW, FixedClock
from tests.surveys import new_database
from triage.db import Database
from triage.settings import Settings
from triage.surveys import files
from triage.surveys.form import Catalogue
from triage.surveys.links import new_token, token_hash
from triage.surveys.service import Surveys
from triage.surveys.tables import EventRow, InvitationRow, LinkRow
from triage.tables import new_id

FOLDER = Path(__file__).parents[1] / "fixtures" / "surveys"


def shipped() -> Catalogue:
    """The surveys that come with the service."""
    return files.load(FOLDER)


def invite(database: Database, *, survey: str = "retail", language: str = "en", **changes: Any) -> str:
    """Store a customer who was asked just now; return the token of the link."""
    token, event_id, invitation_id = new_token(), new_id(), new_id()
    person = {"customer_id": f"C-{event_id}", "email": "giulia@example.com", "phone": "+393331234567"}
    event: dict[str, Any] = {
        "id": event_id, "client": "shop", "external_id": event_id, "body_hash": "", "kind": "purchase",
        "channel": "store", "country": "IT", "store": "Milano", "consent": True, "reasons": [],
        "occurred_at": NOW, "received_at": NOW, "state": "asked",
    }  # fmt: skip
    event |= {key: changes.pop(key) for key in ("brand", "country", "kind") if key in changes}
    invitation: dict[str, Any] = {
        "id": invitation_id, "event_id": event_id, "survey": survey, "language": language, "asked_at": NOW,
        "expires_at": NOW + timedelta(days=7), "answers": {}, "time_zone": "Europe/Rome",
    }  # fmt: skip
    with database.write() as session:
        session.add(EventRow(**person | event))
        session.flush()
        session.add(InvitationRow(**person | invitation | changes))
        session.flush()
        session.add(LinkRow(token_hash=token_hash(token), invitation_id=invitation_id, created_at=NOW))
    return token


class PagesWorld:
    """The survey pages over a database of their own, under a clock that tests move."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.database = new_database(folder)
        self.clock = FixedClock()
        self.surveys = Surveys(self.database, catalogue, Settings(data_dir=folder), self.clock)
        app = FastAPI()
        problem.install(app)
        pages.install(app, self.surveys.links, self.surveys.catalogue)
        self.client = TestClient(app, follow_redirects=False)

    def invite(self, **changes: Any) -> str:
        return invite(self.database, **changes)

    def invitation(self, token: str) -> InvitationRow:
        with self.database.read() as session:
            link = session.get(LinkRow, token_hash(token))
            assert link is not None
            row = session.get(InvitationRow, link.invitation_id)
            assert row is not None
            return row
