"""The local mailbox: on a developer's machine, messages are shown instead of sent."""

from collections.abc import Callable, Sequence

from sqlmodel import Session, col, select

from triage.db import Database
from triage.ports import Clock
from triage.surveys.tables import Channel, MailboxRow
from triage.types import Letter


class Mailbox:
    """Our stand-in for a channel. Thread-safe."""

    def __init__(self, channel: Channel, database: Database, clock: Clock) -> None:
        self._channel = channel
        self._database = database
        self._clock = clock

    def send(self, letter: Letter, begin: Callable[[], None]) -> str | None:
        """See `ports.Messenger.send`. Nothing fails here."""
        begin()
        row = MailboxRow(
            key=letter.key,
            channel=self._channel,
            recipient=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            unsubscribe_url=letter.unsubscribe_url,
            received_at=self._clock.now(),
        )
        with self._database.write() as session:
            session.add(row)
        return row.id

    def close(self) -> None:
        """Nothing is held."""


def newest(session: Session, limit: int = 100) -> Sequence[MailboxRow]:
    """Return the newest messages."""
    return session.exec(select(MailboxRow).order_by(col(MailboxRow.id).desc()).limit(limit)).all()
