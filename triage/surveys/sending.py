"""One message is sent, or found not to be wanted any more.

A message is claimed in the database before it is handed over, and the claim holds once:
whoever finds it claimed does not send. So a message leaves at most once, whatever dies.
One whose claim outlived its process may have left or not; it is marked `unknown`, and its
invitation goes on as if it had, so that the reminder reaches who was missed.
"""

import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, update
from sqlmodel import Session, col, select

from triage.db import Database
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.retry import GiveUp, Park, RetryPolicy, decide
from triage.errors import without_words
from triage.ports import Clock, Messenger
from triage.settings import AskingSettings
from triage.surveys.channels import Undeliverable
from triage.surveys.eligibility import channels_of
from triage.surveys.letters import Writer
from triage.surveys.links import new_token, token_hash
from triage.surveys.plan import MessageJobs, channel_of, remind
from triage.surveys.post import Post, load, suppressed_of
from triage.surveys.suppression import OPT_OUT, suppress
from triage.surveys.tables import FIRST, REMINDER, Channel, InvitationRow, LinkRow, MessageRow, MessageState
from triage.surveys.timing import next_open

_POLICY = RetryPolicy(give_up_after=3 * 86_400.0)
"""A message that could not leave for three days is stale."""
_MISSING_WAIT = timedelta(minutes=10)

_log = logging.getLogger(__name__)


class Superseded(Exception):
    """Another run of this job was first."""


class Sender:
    """Runs the jobs that send. Thread-safe."""

    def __init__(
        self,
        database: Database,
        messengers: Mapping[Channel, Messenger],
        writer: Writer,
        asking: AskingSettings,
        jobs: MessageJobs,
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`messengers` are the channels configured here."""
        self._database = database
        self._messengers = messengers
        self._writer = writer
        self._asking = asking
        self._jobs = jobs
        self._clock = clock
        self._jitter = jitter

    def run(self, message_id: str, turn: int) -> None:
        """Do one turn, if it is still the message's turn. Never raises: a round finds what it left."""
        try:
            self._run(message_id, turn)
        except Superseded:
            return
        except Exception as error:
            _log.error("message %s stopped at turn %d: %s", message_id, turn, without_words(error))

    def _run(self, message_id: str, turn: int) -> None:
        now = self._clock.now()
        with self._database.read() as session:
            post = load(session, message_id, turn)
        if post is None:
            return
        open_at = next_open(now, self._asking.window, post.invitation.time_zone)
        if post.message.state == "sending":
            self._settle(post, "unknown", "its process ended while it was handed over")
        elif reason := post.unwanted(now):
            self._settle(post, "skipped", reason)
        elif channel_of(post.message) not in self._messengers:
            self._settle(post, "failed", f"{post.message.channel} is not configured any more")
        elif max(open_at, post.message.due_at) > now:
            self._postpone(post, max(open_at, post.message.due_at))
        elif not self._writer.knows(post.invitation):
            self._miss(post, now)
        else:
            self._send(post)

    def _send(self, post: Post) -> None:
        token, begun = new_token(), False

        def begin() -> None:
            nonlocal begun
            self._begin(post, token)
            begun = True

        messenger = self._messengers[channel_of(post.message)]
        try:
            letter = self._writer.write(
                post.message, post.invitation, post.event, token, self._closes(post.invitation)
            )
            remote_id = messenger.send(letter, begin)
        except Undeliverable as error:
            self._undeliverable(post, error)
        except DeliveryError as error:
            if begun and error.kind is Kind.NETWORK:
                self._settle(post, "unknown", str(error))
            else:
                self._failed(post, error)
        else:
            self._settle(post, "sent", remote_id=remote_id)

    def _closes(self, invitation: InvitationRow) -> datetime:
        return invitation.expires_at or self._clock.now() + timedelta(days=self._asking.link_days)

    def _begin(self, post: Post, token: str) -> None:
        """Claim the message and store its link: from here on nobody sends it again."""
        now = self._clock.now()
        with self._database.write() as session:
            claim = _its_turn(post, "planned").values(state="sending", sent_at=now)
            if session.execute(claim.returning(col(MessageRow.id))).first() is None:
                raise Superseded
            session.add(
                LinkRow(token_hash=token_hash(token), invitation_id=post.invitation.id, created_at=now)
            )
            if post.message.step == FIRST:
                invitation = session.get_one(InvitationRow, post.invitation.id)
                invitation.sent_at = now
                invitation.expires_at = now + timedelta(days=self._asking.link_days)
                session.add(invitation)

    def _settle(
        self, post: Post, state: MessageState, error: str | None = None, *, remote_id: str | None = None
    ) -> None:
        """Write down how it ended, and plan what follows."""
        with self._database.write() as session:
            if self._end(session, post, state, error, remote_id) and state in ("sent", "unknown"):
                self._follow(session, post)

    def _follow(self, session: Session, post: Post) -> None:
        if post.message.step != FIRST:
            return
        invitation = session.get_one(InvitationRow, post.invitation.id)
        # One that an operator sent again was followed up when it was sent for the first time.
        if session.exec(select(MessageRow.id).where(*_reminder_of(invitation))).first():
            return
        channels = self._channels(session, invitation)
        first = channel_of(post.message)
        remind(session, invitation, first, channels, self._asking, self._jobs, self._clock.now())

    def _undeliverable(self, post: Post, error: Undeliverable) -> None:
        """The address is never written to again; where there is another channel, it goes there now."""
        now = self._clock.now()
        with self._database.write() as session:
            if not self._end(session, post, "failed", str(error)):
                return
            suppress(session, [post.key()], error.reason, now, detail=str(error))
            session.flush()
            others = self._channels(session, post.invitation)
            if error.reason != OPT_OUT and post.message.step == FIRST and others:
                self._again(session, post, now, channel=others[0])

    def _failed(self, post: Post, error: DeliveryError) -> None:
        now = self._clock.now()
        age = (now - post.message.since).total_seconds()
        decision = decide(
            error.kind,
            attempt=post.message.attempts + 1,
            age=age,
            jitter=self._jitter(),
            retry_after=error.retry_after,
            policy=_POLICY,
        )
        with self._database.write() as session:
            if not self._end(session, post, "failed", str(error)) or isinstance(decision, GiveUp):
                return
            wait = decision.pause if isinstance(decision, Park) else decision.after
            due_at = next_open(now + timedelta(seconds=wait), self._asking.window, post.invitation.time_zone)
            self._again(session, post, due_at)

    def _miss(self, post: Post, now: datetime) -> None:
        """Its survey is not here: on another replica it may be, whose files are newer."""
        if (now - post.message.since).total_seconds() < _POLICY.give_up_after:
            self._postpone(post, now + _MISSING_WAIT)
        else:
            self._settle(post, "skipped", "its survey is no longer there")

    def _postpone(self, post: Post, due_at: datetime) -> None:
        with self._database.write() as session:
            if self._end(session, post, "planned", None):
                self._again(session, post, due_at)

    def _again(
        self, session: Session, post: Post, due_at: datetime, *, channel: Channel | None = None
    ) -> None:
        message = session.get_one(MessageRow, post.message.id, populate_existing=True)
        message.state, message.sent_at, message.due_at = "planned", None, due_at
        message.channel = channel or message.channel
        session.add(message)
        session.flush()
        self._jobs.send(session, message)

    def _end(
        self, session: Session, post: Post, state: str, error: str | None, remote_id: str | None = None
    ) -> bool:
        """End this turn; False where another run has ended it before."""
        ended = _its_turn(post, "planned", "sending").values(
            state=state,
            turn=post.message.turn + 1,
            # A wait for the morning is no attempt: the pauses between attempts grow by their number.
            attempts=MessageRow.attempts + (state not in ("planned", "skipped")),
            error=error and error[:500],
            remote_id=remote_id,
        )
        return session.execute(ended.returning(col(MessageRow.id))).first() is not None

    def _channels(self, session: Session, invitation: InvitationRow) -> tuple[Channel, ...]:
        blocked = suppressed_of(session, invitation)
        return channels_of(invitation.email, invitation.phone, self._messengers.keys(), blocked)


def _reminder_of(invitation: InvitationRow) -> tuple[ColumnElement[bool], ...]:
    return col(MessageRow.invitation_id) == invitation.id, col(MessageRow.step) == REMINDER


def _its_turn(post: Post, *states: MessageState) -> Update:
    """Return an update of the message that changes nothing once its turn is over."""
    return update(MessageRow).where(
        col(MessageRow.id) == post.message.id,
        col(MessageRow.turn) == post.message.turn,
        col(MessageRow.state).in_(states),
    )
