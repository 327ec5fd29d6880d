from collections.abc import Callable
from pathlib import Path

import pytest

from triage.errors import ConfigurationError
from triage.routing import load_rules, parse_rules

GOOD = """\
version: 1
areas:
  nordics:
    countries: [NO, SE]
    system: dynamics
    time_zone: Europe/Oslo
    hours: {mon-fri: "09:00-17:00"}
    other_languages: rest
  rest:
    countries: "*"
    system: inbox
    time_zone: Europe/London
    hours: {mon-fri: "09:00-17:00"}
queues:
  care:
    due: {normal: 8h, urgent: 30m}
rules:
  - name: Urgent
    when: {urgent: true}
    queue: care
    priority: urgent
  - name: Rest
    queue: care
"""


def test_good_rules_are_read() -> None:
    rules = parse_rules(GOOD, "rules.yaml")
    assert rules.areas["nordics"].countries == {"NO", "SE"}, "NO must stay a country, not become false"
    assert rules.area_of("NO") == "nordics"
    assert rules.area_of("IT") == rules.area_of(None) == "rest"
    assert rules.queues["care"].due["urgent"].total_seconds() == 1800


def test_the_packaged_rules_are_those_of_the_fixtures() -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "routing.yaml"
    assert load_rules(None) == load_rules(fixture)


def change(old: str, new: str) -> Callable[[], str]:
    assert old in GOOD
    return lambda: GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (change("version: 1", "version: 2"), 1, "version"),
        (change("[NO, SE]", "[NO, XX]"), 4, "unknown country 'XX'"),
        (change("[NO, SE]", "[]"), 4, "list of countries"),
        (change("system: dynamics", "system: dynamix"), 5, "'dynamics'"),
        (change("Europe/Oslo", "Europe/Osslo"), 6, "unknown time zone"),
        (change("mon-fri", "fri-mon"), 7, "backwards"),
        (change("mon-fri", "monday"), 7, "not a day"),
        (change('"09:00-17:00"', '"17:00-09:00"'), 7, "closes before it opens"),
        (change('"09:00-17:00"', '"nine to five"'), 7, "not an opening time"),
        (change('{mon-fri: "09:00-17:00"}', "{}"), 7, "opening hours"),
        (
            change("other_languages: rest", "other_languages: mars"),
            8,
            "must name another area: nordics, rest",
        ),
        (change('"*"', "[SE]"), 10, "already in area 'nordics'"),
        (change('"*"', "[FI]"), 2, '"*"'),
        (change("normal: 8h", "normal: 8 days"), 16, "not a time span"),
        (change("normal: 8h", "normal: 0h"), 16, "not a time span"),
        (change("{urgent: true}", "{urgent: true, intend: [other]}"), 19, "intend"),
        (change("{urgent: true}", "{intent: [othr]}"), 19, "'other'"),
        (change("{urgent: true}", "{aspects: [delivery:bad]}"), 19, "'negative'"),
        (change("{urgent: true}", "{score: {at_least: 5, below: 5}}"), 19, "no score"),
        (change("queue: care", "queue: car"), 20, "no queue is called 'car'"),
        (change("priority: urgent", "priority: low"), 21, "no due time for priority 'low'"),
        (change("    when: {urgent: true}\n", ""), 18, "can never match"),
        (change("  - name: Rest\n    queue: care\n", ""), 18, "the last rule must have no conditions"),
        (
            change("queue: care\n    priority", "queue: care\n    queue: care\n    priority"),
            18,
            "given twice",
        ),
        (change("queues:", "queues"), 15, "not valid YAML"),
        (change("version: 1", "- 1"), 2, "not valid YAML"),
        (lambda: "", 1, "the file"),
        (lambda: "just words", 1, "the file"),
        (lambda: "a: \x00", 1, "not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: Callable[[], str], line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_rules(text(), "rules.yaml")
    said = [part for part in str(caught.value).splitlines() if words in part]
    assert said, f"{words!r} is not in: {caught.value}"
    assert said[0].startswith(f"rules.yaml:{line}: "), said


def test_all_mistakes_are_said_at_once() -> None:
    text = GOOD.replace("version: 1", "version: 9").replace("[NO, SE]", "[XX]").replace("8h", "soon")
    with pytest.raises(ConfigurationError) as caught:
        parse_rules(text, "rules.yaml")
    assert [part.split(":")[1] for part in str(caught.value).splitlines()] == ["1", "4", "16"]


def test_a_missing_file_is_said() -> None:
    with pytest.raises(ConfigurationError, match="cannot read the routing rules"):
        load_rules(Path("nowhere.yaml"))
