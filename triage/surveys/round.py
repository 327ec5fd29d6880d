"""A round: everybody whose time has come is judged, drawn and invited; what got stuck moves on.

One round runs at a time, whatever the number of replicas, as two that judged the same
customer at once would ask twice, and two that drew in one store would ask too many.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session, and_, col, or_, select

from triage.db import Database
from triage.settings import AskingSettings
from triage.surveys.eligibility import Facts, judge
from triage.surveys.form import Catalogue
from triage.surveys.pace import Draws
from triage.surveys.plan import MessageJobs, invite
from triage.surveys.suppression import keys_of, suppressed
from triage.surveys.tables import CUSTOMER, Channel, EventRow, InvitationRow, MessageRow, same_customer

CHUNK = 20
"""Events in one transaction, beside what else is due of their customers: on SQLite nobody else can write."""
STUCK_AFTER = timedelta(minutes=10)
_LOCK = 7_273_110_453_221  # a number of our own, as in migrations/env.py
_MOST_RESCUED = 200
_MOST_TOGETHER = 200
"""Events of those customers beside; the rest come in the next chunk, when their customer is in quarantine."""


class Round:
    """Runs rounds. Thread-safe."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        asking: AskingSettings,
        channels: frozenset[Channel],
        jobs: MessageJobs,
    ) -> None:
        """`channels` are those configured here."""
        self._database = database
        self._catalogue = catalogue
        self._asking = asking
        self._channels = channels
        self._jobs = jobs

    def run(self, now: datetime) -> int:
        """Decide every event that is due at `now`; return how many."""
        decided = 0
        while done := self._decide_some(now):
            decided += done
        return decided

    def _decide_some(self, now: datetime) -> int:
        with self._database.write() as session:
            alone(session)
            events = _due(session, now)
            draws = Draws(session, self._asking, now)
            # Of one customer's events that are due together, the one whose survey matters most is asked.
            for event in sorted(events, key=self._priority):
                self._decide(session, event, draws, now)
        return len(events)

    def _priority(self, event: EventRow) -> tuple[int, str]:
        survey = self._catalogue.surveys.get(event.survey or "")
        return (-survey.criteria.priority if survey else 0, event.id)

    def _decide(self, session: Session, event: EventRow, draws: Draws, now: datetime) -> None:
        survey = self._catalogue.surveys.get(event.survey or "")
        if survey is None:
            self._settle(session, event, "not_asked", ("its survey is no longer there",), now)
            return
        verdict = judge(event, facts_of(session, event, self._channels, now), self._asking)
        drawn, words = draws.draw(event, survey, eligible=verdict.allowed)
        reasons = (*verdict.reasons, words) if words else verdict.reasons
        self._settle(session, event, "asked" if drawn else "not_asked", reasons, now)
        if drawn:
            invite(session, event, verdict.channels, self._jobs, now)

    @staticmethod
    def _settle(
        session: Session, event: EventRow, state: str, reasons: tuple[str, ...], now: datetime
    ) -> None:
        event.state, event.decided_at = state, now
        event.reasons = [*event.reasons, *reasons]
        session.add(event)
        session.flush()

    def rescue(self, now: datetime) -> int:
        """Queue again what waits without a job, as its job ended in an error of our own; return how many."""
        overdue = select(MessageRow).where(
            or_(
                and_(col(MessageRow.state) == "planned", col(MessageRow.due_at) < now - STUCK_AFTER),
                and_(col(MessageRow.state) == "sending", col(MessageRow.sent_at) < now - STUCK_AFTER),
            )
        )
        with self._database.write() as session:
            alone(session)
            messages = session.exec(overdue.limit(_MOST_RESCUED)).all()
            for message in messages:
                # A job that is only late finds its turn gone and does nothing.
                message.turn, message.due_at = message.turn + 1, now
                session.add(message)
                session.flush()
                self._jobs.send(session, message)
        return len(messages)


def _due(session: Session, now: datetime) -> list[EventRow]:
    """Return the events that have been due longest, with what else is due of the same customers."""
    due = select(EventRow).where(col(EventRow.state).in_(("waiting", "held")), col(EventRow.due_at) <= now)
    oldest = session.exec(due.order_by(col(EventRow.due_at), col(EventRow.id)).limit(CHUNK)).all()
    same = [
        col(getattr(EventRow, name)).in_(values)
        for name in CUSTOMER
        if (values := {value for event in oldest if (value := getattr(event, name))})
    ]
    theirs = session.exec(due.where(or_(*same)).limit(_MOST_TOGETHER)).all() if same else ()
    return [*{event.id: event for event in (*oldest, *theirs)}.values()]


def facts_of(session: Session, event: EventRow, channels: frozenset[Channel], now: datetime) -> Facts:
    """Return what is known of the customer of an event."""
    keys = keys_of(customer_id=event.customer_id, email=event.email, phone=event.phone)
    found = suppressed(session, keys.values())
    return Facts(
        now=now,
        channels=channels,
        suppressed={kind: found[key] for kind, key in keys.items() if key in found},
        last_asked=last_asked(session, event),
    )


def last_asked(session: Session, event: EventRow) -> datetime | None:
    """Return when this customer was last asked about anything, by number or by any address."""
    same = same_customer(InvitationRow, {name: getattr(event, name) for name in CUSTOMER})
    if not same:
        return None
    query = select(InvitationRow.asked_at).where(or_(*same)).order_by(col(InvitationRow.asked_at).desc())
    return session.exec(query).first()


def alone(session: Session) -> None:
    """Wait until no other replica is in a round, and keep them out until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
