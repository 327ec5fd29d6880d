"""The survey link: what the pages call.

A token is 192 random bits in the path of a URL, and only its hash is stored. It opens
the survey from the moment the invitation is sent for a week, for one completion, on any
device. Reading never changes anything, so that a mail scanner that opens every link
neither completes a survey nor uses up its link.

    GET  /s/{token}           the survey page
    GET  /s/{token}/opt-out   asks whether to opt out; its form posts to the same address
    POST /u/{token}           one-click opt-out of mail programs (RFC 8058), without CSRF protection
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, select

from triage.db import Database
from triage.errors import InvalidInput
from triage.ports import Clock
from triage.surveys.suppression import opt_out_invitation
from triage.surveys.tables import EventRow, InvitationRow, LinkRow

_TOKEN_BYTES = 24
_MOST_ANSWERS = 100
_LONGEST_ANSWER = 10_000

Answer = str | int | bool | list[str] | None
Completed = Callable[[Session, InvitationRow, EventRow], None]
"""Takes in the answers of a completed survey, in the transaction that completes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSurvey:
    """A survey that can be answered, or has been a moment ago."""

    survey: str
    """Key of the survey."""
    language: str
    """One of `labels.LANGUAGES`."""
    brand: str | None
    country: str | None
    """ISO 3166-1 alpha-2: which links a happy customer is offered."""
    email: str | None
    """The customer's address, to fill the form with; phone likewise (E.164)."""
    phone: str | None
    answers: Mapping[str, Answer]
    """By key of the question, or of the contact (`answers.CONTACT_EMAIL`, ...), as given so far."""
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedLink:
    """A link that opens nothing. Of an unknown one nothing is known; say nothing more of the others."""

    reason: Literal["expired", "used", "unknown"]
    language: str | None = None
    brand: str | None = None


def new_token() -> str:
    """Return a token: 32 URL-safe characters that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Return what is stored of a token. It is long and random, so that a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def survey_url(public_url: str, token: str) -> str:
    """Return the address of the survey page."""
    return f"{public_url}/s/{token}"


def opt_out_url(public_url: str, token: str) -> str:
    """Return the address of the page that asks whether to opt out."""
    return f"{public_url}/s/{token}/opt-out"


def one_click_url(public_url: str, token: str) -> str:
    """Return the address to which a mail program posts an opt-out."""
    return f"{public_url}/u/{token}"


class Links:
    """Opens, fills, completes surveys by their tokens. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, completed: Completed) -> None:
        self._database = database
        self._clock = clock
        self._completed = completed

    def open(self, token: str, now: datetime | None = None) -> OpenSurvey | ClosedLink:
        """Return what a token opens (at `now`: any moment instead of the present). Changes nothing."""
        with self._database.read() as session:
            return _opened(*_find(session, token), now or self._clock.now())

    def save(self, token: str, answers: Mapping[str, Answer]) -> OpenSurvey | ClosedLink:
        """Add `answers` to those given so far; None removes one. Raises `InvalidInput` for absurd sizes."""
        with self._database.write() as session:
            invitation, event = _find(session, token, lock=True)
            found = _opened(invitation, event, self._clock.now())
            if isinstance(found, ClosedLink) or invitation is None:
                return found
            _merge(invitation, answers, self._clock.now())
            session.add(invitation)
            return _opened(invitation, event, self._clock.now())

    def complete(self, token: str) -> OpenSurvey | ClosedLink:
        """Close the survey and send its answers to triage, once.

        Returns the survey with all its answers, for the thank-you page; or why the link is closed.
        """
        with self._database.write() as session:
            invitation, event = _find(session, token, lock=True)
            found = _opened(invitation, event, self._clock.now())
            if isinstance(found, OpenSurvey) and invitation and event:
                invitation.completed_at = self._clock.now()
                session.add(invitation)
                session.flush()
                self._completed(session, invitation, event)
            return found

    def opt_out(self, token: str) -> bool:
        """Never write to this customer again; works with used and expired links. False for an unknown one."""
        with self._database.write() as session:
            invitation, _ = _find(session, token)
            if invitation is not None:
                opt_out_invitation(session, invitation, self._clock.now())
            return invitation is not None


def _find(
    session: Session, token: str, *, lock: bool = False
) -> tuple[InvitationRow | None, EventRow | None]:
    query = (
        select(InvitationRow, EventRow)
        .join(LinkRow, LinkRow.invitation_id == InvitationRow.id)  # type: ignore[arg-type]
        .join(EventRow, EventRow.id == InvitationRow.event_id)  # type: ignore[arg-type]
        .where(LinkRow.token_hash == token_hash(token))
    )
    found = session.exec(query.with_for_update() if lock else query).first()
    return found or (None, None)


def _opened(
    invitation: InvitationRow | None, event: EventRow | None, now: datetime
) -> OpenSurvey | ClosedLink:
    if invitation is None or event is None:
        return ClosedLink(reason="unknown")
    if invitation.completed_at is not None:
        return ClosedLink(reason="used", language=invitation.language, brand=event.brand)
    # Without a deadline its message is on its way at this moment.
    if invitation.expires_at is not None and now >= invitation.expires_at:
        return ClosedLink(reason="expired", language=invitation.language, brand=event.brand)
    return OpenSurvey(
        survey=invitation.survey,
        language=invitation.language,
        brand=event.brand,
        country=event.country,
        email=invitation.email,
        phone=invitation.phone,
        answers=dict(invitation.answers),
        expires_at=invitation.expires_at,
    )


def _merge(invitation: InvitationRow, answers: Mapping[str, Answer], now: datetime) -> None:
    merged = {key: value for key, value in {**invitation.answers, **answers}.items() if value is not None}
    if len(merged) > _MOST_ANSWERS or any(len(str(value)) > _LONGEST_ANSWER for value in merged.values()):
        raise InvalidInput(f"a survey has at most {_MOST_ANSWERS} answers of {_LONGEST_ANSWER:,} characters")
    invitation.answers = merged
    invitation.started_at = invitation.started_at or now
