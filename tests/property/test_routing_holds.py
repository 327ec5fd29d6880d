"""What must hold of routing for any input."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import finding, request, response
from triage.errors import ConfigurationError
from triage.labels import INTENTS, LANGUAGES
from triage.routing import decide, load_rules, parse_rules
from triage.routing.hours import add_open_hours
from triage.types import LanguageFinding

RULES = load_rules(None)
TEXT = files("triage.routing").joinpath("default.yaml").read_text(encoding="utf-8")
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))


def open_minutes(begin: datetime, end: datetime, area_name: str) -> int:
    """Count by looking at each minute on the wall clock: slow, and plainly right."""
    area = RULES.areas[area_name]
    count, moment = 0, begin
    while moment < end:
        local = moment.astimezone(ZoneInfo(area.time_zone.key))
        opening = None if local.date() in area.holidays else area.hours.get(local.weekday())
        count += bool(opening and opening[0] <= local.time() < opening[1])
        moment += timedelta(minutes=1)
    return count


@settings(max_examples=60, deadline=None)
@given(
    start=moments.map(lambda m: m.replace(second=0, microsecond=0)),
    minutes=st.integers(1, 1200),
    area=st.sampled_from([*RULES.areas]),
)
def test_exactly_that_much_opening_lies_before_the_due_time(start: datetime, minutes: int, area: str) -> None:
    due = add_open_hours(start, timedelta(minutes=minutes), RULES.areas[area])
    assert open_minutes(start, due, area) == minutes
    assert open_minutes(start, due - timedelta(minutes=1), area) == minutes - 1


@given(
    now=moments,
    country=st.none() | st.sampled_from(["IT", "DE", "SE", "BR", "JP", "ZA"]),
    language=st.sampled_from((*LANGUAGES, "und")),
    intent=st.none() | st.sampled_from(INTENTS),
    urgent=st.booleans(),
    score=st.none() | st.integers(0, 10),
    unsure=st.booleans(),
)
def test_a_decision_always_has_a_known_place_and_a_time_to_come(
    now: datetime,
    country: str | None,
    language: str,
    intent: str | None,
    urgent: bool,
    score: int | None,
    unsure: bool,
) -> None:
    found = finding(
        language=LanguageFinding(code=language, confidence=1),
        request=request(intent=intent) if intent else None,
        urgent=urgent,
        abstained=("request",) if unsure else (),
    )
    made = decide(
        found, response(country=country, score=score), RULES, now=now, systems={"inbox", "dynamics"}
    )
    expected = bool(intent or urgent or unsure or (score is not None and score < 5))
    assert (made is not None) is expected
    if made:
        area, _, queue = made.queue.rpartition("-")
        assert area in RULES.areas
        assert queue in RULES.queues
        assert made.due_at > now
        assert made.system in ("inbox", "dynamics")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_with_a_line(data: st.DataObject) -> None:
    lines = TEXT.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    damage = data.draw(
        st.sampled_from(["", "  oops", "- x", "a: [", "  when: {score: 3}", "\t", "areas: 3", "{}"])
    )
    lines[place] = data.draw(st.sampled_from([damage, lines[place] + damage, lines[place][2:]]))
    try:
        parse_rules("\n".join(lines), "rules.yaml")
    except ConfigurationError as error:
        for line in str(error).splitlines():
            assert line.split(":")[0] == "rules.yaml"
            assert 1 <= int(line.split(":")[1]) <= len(lines) + 1
