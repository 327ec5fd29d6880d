"""From an event to the messages: who is asked, when, by which channel, and why not."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import NOW
from tests.surveys import SurveyWorld, refuse, survey
from triage.db import Database
from triage.delivery.failure import DeliveryError, Kind
from triage.errors import Conflict, NotFound
from triage.surveys.channels import Undeliverable
from triage.surveys.doubtful import arrived, doubtful, send_again
from triage.surveys.links import ClosedLink
from triage.surveys.queries import stories
from triage.surveys.suppression import keys_of, suppress
from triage.surveys.tables import LinkRow

PHONE = "+393471234567"
DAY = timedelta(days=1)


def kinds(world: SurveyWorld) -> list[tuple[str, str]]:
    return [(sent.channel, sent.letter.text.split()[0]) for sent in world.sent]


def reasons(world: SurveyWorld) -> str:
    return "; ".join(world.event_rows()[-1].reasons)


def test_a_shop_purchase_is_asked_about_within_minutes(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell(occurred_at=NOW)
    world.pass_time(timedelta(minutes=9), every=timedelta(minutes=1))
    assert world.sent == []
    world.pass_time(timedelta(minutes=1), every=timedelta(minutes=1))
    (sent,) = world.sent
    assert (sent.letter.recipient, sent.channel, sent.at) == (
        "giulia@example.com", "email", NOW + timedelta(minutes=10),
    )  # fmt: skip
    assert sent.letter.unsubscribe_url == f"https://ask.example/u/{world.token()}"
    assert world.event_rows()[0].state == "asked"


def test_the_same_event_twice_is_one_and_another_body_is_refused(database: Database) -> None:
    world = SurveyWorld(database)
    assert world.tell().status == "created"
    assert world.tell().status == "repeated"
    assert world.tell(store="Roma").status == "conflict"
    world.pass_time(DAY)
    assert len(world.sent) == len(world.event_rows()) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"consent": False}, "no consent"),
        ({"email": "nobody", "phone": None}, "no valid e-mail address or phone number"),
        ({"kind": "repair"}, "no survey is sent after this repair"),
        ({"channel": "online", "order_number": "1"}, "no survey is sent after this purchase (online)"),
        ({"channel": "online"}, "without an order number"),
        ({"occurred_at": NOW - timedelta(days=15)}, "more than 14 days ago"),
        ({"country": "FR"}, "no survey is sent"),
        ({"brand": "other"}, "no survey is sent"),
    ],
)
def test_who_is_not_asked(database: Database, changes: dict[str, Any], why: str) -> None:
    world = SurveyWorld(database, survey(countries=frozenset({"IT"}), brands=frozenset({"casa"})))
    world.tell(**{"brand": "casa"} | changes)
    world.pass_time(DAY)
    assert world.sent == []
    assert world.event_rows()[0].state == "not_asked"
    assert why in reasons(world)


def test_the_random_sample_is_as_large_as_it_says(database: Database) -> None:
    world = SurveyWorld(database, survey(sample=0.25), quarantine_days=0)
    for number in range(200):
        world.tell(external_id=f"e-{number}", customer_id=f"C-{number}", email=f"c{number}@example.com")
    world.step()
    assert 28 <= len(world.sent) <= 75  # four standard deviations
    not_drawn = [row for row in world.event_rows() if row.state == "not_asked"]
    assert all("not in its random sample of 25%" in row.reasons[0] for row in not_drawn)


def test_an_order_of_which_purchase_and_delivery_are_told_is_drawn_once(database: Database) -> None:
    both = survey(sample=0.5, channel="online", events=frozenset({"purchase", "delivery"}))
    world = SurveyWorld(database, both, quarantine_days=0)
    for number in range(100):
        who = {"customer_id": f"C-{number}", "email": f"c{number}@example.com", "order_number": f"o-{number}"}
        for kind in ("purchase", "delivery"):
            world.tell(kind=kind, channel="online", external_id=f"{kind}-{number}", **who)
    drawn = {(row.order_number, row.survey) for row in world.event_rows()}
    assert len(drawn) == 100, "its events agree"
    assert 30 <= sum(key is not None for _, key in drawn) <= 70  # four standard deviations


@pytest.mark.parametrize("number", ["", "n/a"])
def test_a_number_that_is_none_binds_nobody_together(database: Database, number: str) -> None:
    world = SurveyWorld(database, survey(sample=0.5), quarantine_days=0)
    for at in range(100):
        who = {"customer_id": f"C-{at}", "email": f"c{at}@example.com"}
        world.tell(external_id=f"e-{at}", order_number=number, **who)
    assert 30 <= sum(row.survey is not None for row in world.event_rows()) <= 70  # four standard deviations


def test_the_important_survey_wins_however_many_others_are_due(database: Database) -> None:
    repair = survey("repair", priority=1, events=frozenset({"repair"}), channel=None)
    world = SurveyWorld(database, survey(), repair, survey("visit", priority=5))
    world.tell(kind="repair", external_id="e-0", occurred_at=NOW - timedelta(hours=3))
    for number in range(1, 30):
        who = {"customer_id": f"C-{number + 1}", "email": f"c{number}@example.com"}
        world.tell(external_id=f"e-{number}", occurred_at=NOW - timedelta(hours=2), **who)
    world.tell(external_id="e-30")
    world.step()
    assert [i.survey for i in world.invitations() if i.customer_id == "C-1"] == ["visit"]


def test_of_two_surveys_the_more_important_one_is_sent(database: Database) -> None:
    world = SurveyWorld(database, survey("shop", priority=1), survey("visit", priority=5))
    world.tell()
    world.step()
    assert [i.survey for i in world.invitations()] == ["visit"]


@pytest.mark.parametrize(
    "same", [{"customer_id": "C-1"}, {"email": "Giulia@example.com"}, {"phone": "347 123 4567"}]
)
def test_nobody_is_asked_again_in_the_quarantine(database: Database, same: dict[str, str]) -> None:
    """The same customer is known by number or by any address."""
    world = SurveyWorld(database, survey(), survey("repair", events=frozenset({"repair"}), channel=None))
    world.tell(phone=PHONE)
    world.pass_time(89 * DAY, every=DAY)
    other = {"customer_id": "C-2", "email": "other@example.com", "phone": None} | same
    again = {"kind": "repair", "external_id": "e-2", "occurred_at": world.clock.moment, **other}
    world.tell(**again)
    world.pass_time(DAY)
    assert "in quarantine: asked on 2026-03-04" in reasons(world)
    world.tell(**again | {"external_id": "e-3", "occurred_at": world.clock.moment})
    world.pass_time(DAY)
    assert world.event_rows()[-1].state == "asked"


def test_two_events_at_once_ask_once(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell(external_id="e-1")
    world.tell(external_id="e-2")
    world.pass_time(DAY)
    assert len(world.invitations()) == 1


def test_who_opted_out_hears_nothing_more(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.step()
    assert world.links.opt_out(world.token())
    world.pass_time(120 * DAY, every=DAY)
    assert len(world.sent) == 1, "not even the reminder"
    assert "opted out" in (world.messages()[-1].error or "")
    world.tell(external_id="e-2", customer_id=None, occurred_at=world.clock.moment)
    world.pass_time(DAY)
    assert reasons(world).endswith("opted out")


def test_an_email_is_followed_by_an_sms_a_day_later_and_nothing_else(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell(phone=PHONE)
    world.pass_time(10 * DAY)
    assert kinds(world) == [("email", "invitation"), ("sms", "sms")]
    assert world.sent[1].at == NOW + DAY
    assert world.sent[1].letter.recipient == PHONE


def test_without_a_phone_one_reminder_goes_by_mail(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.pass_time(10 * DAY)
    assert kinds(world) == [("email", "invitation"), ("email", "reminder")]
    assert world.sent[1].at == NOW + 3 * DAY


def test_phone_only_is_an_sms_at_once(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell(email=None, phone=PHONE)
    world.step()
    assert kinds(world) == [("sms", "sms")]
    assert world.sent[0].letter.html == ""


def test_a_phone_is_found_however_it_is_written(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell(phone=PHONE)
    with database.read() as session:
        assert [len(stories(session, phone)) for phone in (PHONE, "+39 347 123 4567", "+39 347 000")] == [
            1,
            1,
            0,
        ]


def test_who_answered_is_not_reminded_and_who_began_is(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.tell(external_id="e-2", customer_id="C-2", email="anna@example.com")
    world.step()
    world.links.save(world.token(0), {"overall": 9})
    world.links.complete(world.token(0))
    world.links.save(world.token(1), {"overall": 3})
    world.pass_time(10 * DAY)
    (reminder,) = world.sent[2:]
    assert reminder.letter.recipient == world.sent[1].letter.recipient
    assert "answered already" in {message.error for message in world.messages()}


def test_messages_wait_for_the_window_of_the_customer(database: Database) -> None:
    world = SurveyWorld(database, now=datetime(2026, 3, 28, 22, 0, tzinfo=UTC))  # the night of the change
    for number, zone in enumerate(("Europe/Rome", "America/New_York", "Asia/Tokyo")):
        world.tell(
            external_id=zone, customer_id=zone, email=f"c{number}@example.com", time_zone=zone,
            occurred_at=world.clock.moment,
        )  # fmt: skip
    world.pass_time(DAY, every=timedelta(minutes=5))
    at = {sent.letter.recipient: sent.at for sent in world.sent}
    assert at["c0@example.com"] == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)  # 9 in Rome, in summer now
    assert at["c1@example.com"] == datetime(2026, 3, 28, 22, 10, tzinfo=UTC)  # 18:10 in New York
    assert at["c2@example.com"] == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # 9 in Tokyo


def test_a_message_that_comes_late_waits_until_the_morning(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.round.run(world.clock.moment)
    world.clock.moment = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)  # nothing ran all day
    world.pass_time(DAY)
    assert world.sent[0].at == datetime(2026, 3, 5, 8, 0, tzinfo=UTC)


def test_an_online_purchase_waits_for_its_delivery(database: Database) -> None:
    world = SurveyWorld(database, survey("web", channel="online", timing="next_day"))
    world.tell(channel="online", order_number="48213", occurred_at=NOW)
    world.pass_time(20 * DAY, every=DAY)
    assert world.sent == []
    delivered = world.clock.moment
    world.tell(external_id="d-1", kind="delivery", channel=None, order_number="48213", occurred_at=delivered)
    world.pass_time(2 * DAY)
    assert [sent.at for sent in world.sent] == [datetime(2026, 3, 25, 8, 0, tzinfo=UTC)]


def test_a_delivery_that_was_told_before_its_purchase_counts(database: Database) -> None:
    world = SurveyWorld(database, survey("web", channel="online", timing="next_day"))
    world.tell(external_id="d-1", kind="delivery", channel=None, order_number="48213", occurred_at=NOW)
    world.tell(channel="online", order_number="48213", occurred_at=NOW - 3 * DAY)
    world.pass_time(2 * DAY)
    assert len(world.sent) == 1


def test_a_delivery_that_never_comes_ends_the_waiting(database: Database) -> None:
    world = SurveyWorld(database, survey("web", channel="online"), hold_days=10)
    world.tell(channel="online", order_number="48213")
    world.pass_time(12 * DAY, every=DAY)
    assert "its delivery did not come within 10 days" in reasons(world)


def test_an_address_that_does_not_exist_is_never_written_to_again(database: Database) -> None:
    world = SurveyWorld(database)
    world.channels["email"].before = refuse(Undeliverable("550 5.1.1 no such user"))
    world.tell(phone=PHONE)
    world.step()
    world.step()
    assert kinds(world) == [("sms", "sms")], "the phone is tried at once"
    world.pass_time(100 * DAY, every=DAY)
    world.tell(external_id="e-2", occurred_at=world.clock.moment)
    world.pass_time(DAY)
    assert "its address does not exist" in reasons(world)


def test_a_server_that_is_away_is_tried_again(database: Database) -> None:
    world = SurveyWorld(database)
    world.channels["email"].before = refuse(DeliveryError(Kind.OVERLOADED, "connection refused"), times=3)
    world.tell()
    world.pass_time(timedelta(hours=1), every=timedelta(seconds=30))
    assert len(world.sent) == 1
    assert world.messages()[0].state == "sent"


def test_a_reminder_is_tried_again_too(database: Database) -> None:
    """Its three days begin when it is due, not when its invitation was."""
    world = SurveyWorld(database)
    world.tell()
    world.step()
    world.channels["email"].before = refuse(DeliveryError(Kind.OVERLOADED, "451 greylisted"), times=3)
    world.pass_time(4 * DAY)
    assert kinds(world) == [("email", "invitation"), ("email", "reminder")]


def test_a_message_that_cannot_leave_for_three_days_is_stale(database: Database) -> None:
    world = SurveyWorld(database)
    world.channels["email"].before = refuse(DeliveryError(Kind.OVERLOADED, "451 greylisted"), times=10_000)
    world.tell()
    world.pass_time(4 * DAY)
    (message,) = world.messages()
    assert (message.state, message.error) == ("failed", "451 greylisted")


def test_a_survey_that_was_taken_away_is_sent_no_more(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.step()
    kept = dict(world.catalogue.surveys)
    world.catalogue.surveys.clear()  # type: ignore[attr-defined]
    world.pass_time(4 * DAY)
    assert world.messages()[-1].state == "planned", "another replica may have it"
    world.pass_time(3 * DAY)
    world.catalogue.surveys.update(kept)  # type: ignore[attr-defined]
    world.pass_time(DAY)
    assert len(world.sent) == 1
    assert [(m.state, m.error) for m in world.messages()][-1] == ("skipped", "its survey is no longer there")


def test_the_pauses_between_attempts_grow(database: Database) -> None:
    world = SurveyWorld(database)
    tried: list[datetime] = []

    def away(_letter: Any) -> None:
        tried.append(world.clock.moment)
        raise DeliveryError(Kind.OVERLOADED, "connection refused")

    world.channels["email"].before = away
    world.tell()
    world.pass_time(timedelta(minutes=10), every=timedelta(seconds=1))
    pauses = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(tried)]
    assert len(pauses) >= 5
    assert pauses == sorted(pauses)
    assert pauses[-1] > 10 * pauses[0]


def test_a_refusal_after_data_was_sent_is_repeated_too(database: Database) -> None:
    """The server answered no: nothing left, and the answer says so."""
    world = SurveyWorld(database)
    world.channels["email"].after = refuse(DeliveryError(Kind.OVERLOADED, "451 try later", status=451))
    world.tell()
    world.pass_time(timedelta(hours=1), every=timedelta(seconds=30))
    assert len(world.sent) == 1


def test_no_answer_means_that_it_may_have_left_and_it_is_not_sent_again(database: Database) -> None:
    world = SurveyWorld(database)
    world.channels["email"].after = refuse(DeliveryError(Kind.NETWORK, "dropped"))
    world.tell()
    world.pass_time(DAY)
    first = world.messages()[0]
    assert (world.sent, first.state) == ([], "unknown")
    world.pass_time(5 * DAY)
    assert kinds(world) == [("email", "reminder")], "the reminder reaches who was missed"


def lost(database: Database) -> tuple[SurveyWorld, str]:
    """A world with one message of which nobody knows whether it left."""
    world = SurveyWorld(database)
    world.channels["email"].after = refuse(DeliveryError(Kind.NETWORK, "dropped"))
    world.tell(phone=PHONE)
    world.pass_time(timedelta(minutes=30))
    with database.read() as session:
        ((message, invitation),) = doubtful(session)
    assert (message.state, invitation.email) == ("unknown", "giulia@example.com")
    return world, message.id


def test_an_operator_sends_an_unknown_message_again_once(database: Database) -> None:
    world, message_id = lost(database)
    with database.write() as session:
        send_again(session, message_id, world.jobs, world.clock.moment)
    world.pass_time(5 * DAY)
    assert kinds(world) == [("email", "invitation"), ("sms", "sms")], (
        "with the one reminder that was planned before"
    )
    assert world.messages()[0].state == "sent"
    with pytest.raises(Conflict), database.write() as session:
        send_again(session, message_id, world.jobs, world.clock.moment)


def test_an_operator_knows_that_an_unknown_message_arrived(database: Database) -> None:
    world, message_id = lost(database)
    with database.write() as session:
        arrived(session, message_id)
    with database.read() as session:
        assert doubtful(session) == []
    with pytest.raises(NotFound), database.write() as session:
        arrived(session, "nothing")
    assert (world.messages()[0].state, world.sent) == ("sent", [])


def test_a_message_is_not_sent_again_to_who_opted_out_meanwhile(database: Database) -> None:
    world, message_id = lost(database)
    with database.write() as session:
        suppress(session, keys_of(customer_id="C-1", email=None, phone=None).values(), "opt_out", NOW)
        send_again(session, message_id, world.jobs, world.clock.moment)
    world.pass_time(DAY)
    assert (world.sent, world.messages()[0].state) == ([], "skipped")


def test_a_job_that_runs_twice_sends_once(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.round.run(world.clock.moment)
    ((_, message_id, turn),) = world.jobs.take_due()
    for _ in range(3):
        world.sender.run(message_id, turn)
    assert len(world.sent) == 1


def test_a_job_that_died_while_sending_does_not_send_again(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.round.run(world.clock.moment)
    ((_, message_id, turn),) = world.jobs.take_due()

    class Killed(BaseException):
        pass

    world.channels["email"].after = refuse(Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        world.sender.run(message_id, turn)
    world.sender.run(message_id, turn)  # the engine runs it again
    assert (world.sent, world.messages()[0].state) == ([], "unknown")


def test_what_lost_its_job_is_found(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.round.run(world.clock.moment)
    world.jobs.waiting.clear()
    world.clock.moment += timedelta(minutes=11)
    assert world.round.rescue(world.clock.moment) == 1
    world.step()
    assert len(world.sent) == 1
    assert world.round.rescue(world.clock.moment + DAY) == 0


def test_the_link_opens_for_a_week_and_reading_changes_nothing(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.step()
    token = world.token()
    for _ in range(5):
        found = world.links.open(token)
    assert not isinstance(found, ClosedLink)
    assert (found.survey, found.language, found.email) == ("shop", "it", "giulia@example.com")
    assert world.invitations()[0].completed_at is None
    assert not isinstance(world.links.open(token, NOW + 7 * DAY - timedelta(seconds=1)), ClosedLink)
    assert world.links.open(token, NOW + 7 * DAY) == ClosedLink(reason="expired", language="it")


def test_a_link_is_used_once_and_tells_strangers_nothing(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.step()
    token = world.token()
    world.links.save(token, {"overall": 3, "wrong": "late"})
    world.links.save(token, {"wrong": None, "contact_consent": True})
    done = world.links.complete(token)
    assert not isinstance(done, ClosedLink)
    assert done.answers == {"overall": 3, "contact_consent": True}
    for again in (world.links.open(token), world.links.complete(token), world.links.save(token, {"a": 1})):
        assert again == ClosedLink(reason="used", language="it")
    for wrong in (token[:-1], token + "A", token.upper(), "", "' OR 1=1 --", "\ud83d", "x" * 5000):
        assert world.links.open(wrong) == ClosedLink(reason="unknown")
        assert not world.links.opt_out(wrong)


def test_tokens_are_long_and_stored_as_hashes(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.step()
    assert len(world.token()) >= 32
    with database.read() as session:
        from sqlmodel import select

        stored = [row.token_hash for row in session.exec(select(LinkRow))]
    assert len(stored[0]) == 64
    assert world.token() not in stored


def test_bounces_told_later_stop_the_reminder(database: Database) -> None:
    world = SurveyWorld(database)
    world.tell()
    world.step()
    with database.write() as session:
        keys = keys_of(customer_id=None, email="giulia@example.com", phone=None)
        suppress(session, keys.values(), "bounce", world.clock.moment)
        suppress(session, keys.values(), "bounce", world.clock.moment)
    world.pass_time(10 * DAY)
    assert len(world.sent) == 1
