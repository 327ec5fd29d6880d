"""The survey module as the API and the commands use it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from triage.db import Database
from triage.errors import ConfigurationError
from triage.ports import Clock
from triage.records import response_values
from triage.settings import Settings
from triage.surveys import files, pace
from triage.surveys.answers import CLIENT, to_response
from triage.surveys.closed import complaint_closed
from triage.surveys.event import email_of, phone_of
from triage.surveys.events import Events
from triage.surveys.form import Catalogue
from triage.surveys.links import Links
from triage.surveys.suppression import Reason, keys_of, suppress
from triage.surveys.tables import EventRow, InvitationRow, MessageRow
from triage.surveys.timing import local_day
from triage.tables import ResponseRow, new_id


class Surveys:
    """Events in, links opened, answers out. Thread-safe."""

    def __init__(self, database: Database, catalogue: Catalogue, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.catalogue = catalogue
        self.events = Events(database, catalogue, settings.asking, clock)
        self.links = Links(database, clock, self._take_in)

    def suppress(
        self,
        reason: Reason,
        *,
        customer_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        country: str | None = None,
        detail: str = "",
    ) -> int:
        """Never write to a customer or an address again; return how many of the three were understood."""
        keys = keys_of(customer_id=customer_id, email=email_of(email), phone=phone_of(phone, country))
        with self._database.write() as session:
            suppress(session, keys.values(), reason, self._clock.now(), detail=detail)
        return len(keys)

    def complaint_closed(self, session: Session, ticket_id: str) -> None:
        """A ticket was resolved here: its customer may be asked about that."""
        complaint_closed(session, ticket_id, self.events, self._clock.now())

    def _take_in(self, session: Session, invitation: InvitationRow, event: EventRow) -> None:
        """Store the answers as a response that waits for its analysis, and count them.

        The model is not asked here: what a customer said must be safe before anything can fail.
        """
        now = self._clock.now()
        pace.count(
            session, invitation.survey, invitation.unit, local_day(now, invitation.time_zone), answered=1
        )
        survey = self.catalogue.surveys.get(invitation.survey)
        if survey is None:
            return
        brand, channel = self.catalogue.brand(event.brand), _channel(session, invitation)
        response = to_response(survey, brand, invitation, event, channel=channel, now=now)
        row = response_values(new_id(), CLIENT, response, now=now) | _to_be_analysed(now)
        session.execute(insert(ResponseRow), [row])
        invitation.response_id = row["id"]
        session.add(invitation)


def surveys_of(settings: Settings, database: Database, clock: Clock) -> Surveys | None:
    """Return the survey module that the settings describe; None without surveys.

    Raises `ConfigurationError` with a line for every mistake in a survey file.
    """
    if settings.surveys_dir is None:
        return None
    return Surveys(database, catalogue_of(settings), settings, clock)


def catalogue_of(settings: Settings) -> Catalogue:
    """Return the surveys of `TRIAGE_SURVEYS_DIR`. Raises `ConfigurationError`."""
    if settings.surveys_dir is None:
        raise ConfigurationError("TRIAGE_SURVEYS_DIR is not set: there are no surveys")
    return files.load(settings.surveys_dir)


def _channel(session: Session, invitation: InvitationRow) -> str:
    """Return how the customer was last written to."""
    query = select(MessageRow.channel).where(
        MessageRow.invitation_id == invitation.id, col(MessageRow.sent_at).is_not(None)
    )
    channels: Sequence[str] = session.exec(query.order_by(col(MessageRow.sent_at).desc())).all()
    return channels[0] if channels else "email"


def _to_be_analysed(now: datetime) -> dict[str, Any]:
    return {"state": "pending_analysis", "analyse_after": now}
