"""Whatever happens in whatever order, every message that leaves was allowed to."""

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import NOW
from tests.surveys import SurveyWorld, new_database, survey
from triage.surveys.suppression import keys_of, suppress
from triage.surveys.tables import EventRow, InvitationRow

QUARANTINE, ZONES = 30, ("Europe/Rome", "America/New_York", "Asia/Tokyo")
SURVEYS = (
    survey("shop", target=40),
    survey("web", channel="online", timing="next_day", priority=2),
    survey("repair", events=frozenset({"repair", "contact"}), channel=None, timing="next_day", sample=0.7),
)
PEOPLE = st.integers(0, 4)

EVENTS = st.fixed_dictionaries(
    {
        "who": PEOPLE,
        "kind": st.sampled_from(["purchase", "delivery", "repair", "contact", "assembly"]),
        "channel": st.sampled_from(["store", "online", None]),
        "consent": st.sampled_from([True, True, True, False]),
        "order_number": st.sampled_from([None, "1", "2"]),
        "reach": st.sampled_from(["email", "phone", "both", "neither"]),
        "hours_ago": st.integers(0, 24 * 20),
    }
)
STEPS = st.lists(
    st.one_of(
        # More of these than of anything else: most events lead to nothing.
        *[st.tuples(st.just("event"), EVENTS)] * 5,
        st.tuples(st.just("wait"), st.integers(1, 24 * 12)),
        st.tuples(st.just("opt out"), PEOPLE),
        st.tuples(st.just("bounce"), PEOPLE),
        st.tuples(st.just("answer"), st.integers(0, 9)),
        st.tuples(st.just("twin"), st.just(0)),
    ),
    min_size=4,
    max_size=25,
)


def email(who: int) -> str:
    return f"c{who}@example.com"


def phone(who: int) -> str:
    return f"+39347123456{who}"


class Story:
    """Plays the steps, and remembers what nobody may be asked after."""

    def __init__(self, world: SurveyWorld) -> None:
        self.world = world
        self.opted_out: dict[int, Any] = {}
        self.bounced: dict[int, Any] = {}
        self.answered: dict[str, Any] = {}
        self.number = 0

    def event(self, facts: dict[str, Any]) -> None:
        who, reach = facts["who"], facts["reach"]
        self.number += 1
        self.world.tell(
            external_id=f"e-{self.number}",
            kind=facts["kind"],
            channel=facts["channel"],
            consent=facts["consent"],
            order_number=facts["order_number"],
            customer_id=f"C-{who}",
            email=email(who) if reach in ("email", "both") else None,
            phone=phone(who) if reach in ("phone", "both") else None,
            time_zone=ZONES[who % 3],
            occurred_at=self.world.clock.moment - timedelta(hours=facts["hours_ago"]),
        )

    def suppress(self, who: int, reason: Any) -> None:
        now = self.world.clock.moment
        (self.opted_out if reason == "opt_out" else self.bounced).setdefault(who, now)
        keys = keys_of(customer_id=f"C-{who}" if reason == "opt_out" else None, email=email(who), phone=None)
        with self.world.database.write() as session:
            suppress(session, keys.values(), reason, now)

    def answer(self, number: int) -> None:
        if number < len(self.world.sent):
            token = self.world.token(number)
            self.world.links.save(token, {"overall": 5})
            self.world.links.complete(token)
            recipient = self.world.sent[number].letter.recipient
            self.answered.setdefault(recipient, []).append(self.world.clock.moment)

    def twin(self) -> None:
        """Every job that ever was runs again, as after a crash."""
        for message in self.world.messages():
            for turn in range(message.turn + 1):
                self.world.sender.run(message.id, turn)

    def play(self, steps: list[tuple[str, Any]]) -> None:
        for what, value in steps:
            match what:
                case "event":
                    self.event(value)
                case "wait":
                    self.world.pass_time(timedelta(hours=value), every=timedelta(hours=3))
                case "opt out":
                    self.suppress(value, "opt_out")
                case "bounce":
                    self.suppress(value, "bounce")
                case "answer":
                    self.answer(value)
                case "twin":
                    self.twin()
        self.world.pass_time(timedelta(days=12), every=timedelta(hours=3))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_every_message_was_allowed(steps: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        database = new_database(Path(folder))
        world = SurveyWorld(database, *SURVEYS, now=NOW, quarantine_days=QUARANTINE)
        story = Story(world)
        story.play(steps)
        check(story)
        database.close()


def check(story: Story) -> None:
    world = story.world
    events = {row.id: row for row in world.event_rows()}
    invitations = {row.id: row for row in world.invitations()}
    messages = {row.id: row for row in world.messages()}
    sent = defaultdict(list)
    for one in world.sent:
        message = messages[one.letter.key]
        invitation = invitations[message.invitation_id]
        sent[invitation.id].append(one)
        _message_was_allowed(story, one, invitation, events[invitation.event_id])
    for invitation_id, both in sent.items():
        assert len(both) <= 2, "one message and one reminder at most"
        _between(invitations[invitation_id], both)
    _no_one_twice_in_quarantine([*invitations.values()])
    assert len({row.event_id for row in invitations.values()}) == len(invitations)


def _message_was_allowed(story: Story, one: Any, invitation: InvitationRow, event: EventRow) -> None:
    who = int(str(event.customer_id).removeprefix("C-"))
    there = one.at.astimezone(ZoneInfo(ZONES[who % 3])).time()
    assert event.consent
    assert story.world.asking.window[0] <= there < story.world.asking.window[1], "outside the window"
    assert one.letter.recipient == (email(who) if one.channel == "email" else phone(who))
    assert who not in story.opted_out or one.at <= story.opted_out[who], "after an opt-out"
    if one.channel == "email":
        assert who not in story.bounced or one.at <= story.bounced[who], "to an address that came back"
    assert invitation.completed_at is None or one.at <= invitation.completed_at, "after the answer"
    assert event.over_at
    assert event.over_at <= one.at, "before it was over"
    waited = event.kind == "purchase" and event.channel == "online"
    assert not waited or event.order_number, "an online purchase without a delivery"


def _between(invitation: InvitationRow, both: list[Any]) -> None:
    if len(both) == 2:
        first, second = both
        assert second.at - first.at >= timedelta(hours=23), "a reminder comes a day later at the earliest"
        assert invitation.expires_at
        assert second.at < invitation.expires_at
        assert first.channel == "email" or second.channel == "sms"


def _no_one_twice_in_quarantine(invitations: list[InvitationRow]) -> None:
    asked: dict[str, list[Any]] = defaultdict(list)
    for row in invitations:
        asked[str(row.customer_id)].append(row.asked_at)
    for times in asked.values():
        for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False):
            assert later - earlier >= timedelta(days=QUARANTINE)
