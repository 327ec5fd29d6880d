"""The decision: whether a response deserves a ticket, whose it is, and how soon."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from triage.routing.hours import add_open_hours
from triage.routing.rules import Conditions, Rule, Rules
from triage.types import CONTACT_CONSENT, Decision, Finding, SurveyResponse, System

_SUBJECT_CHARACTERS = 120


def decide(
    finding: Finding, response: SurveyResponse, rules: Rules, *, now: datetime, systems: Collection[System]
) -> Decision | None:
    """Return the ticket that `response` deserves, or None.

    `systems` are those configured here; a ticket for another one goes to the inbox,
    so that none is ever lost, and says so in its reasons.
    """
    cause = _cause(finding, response, rules)
    if cause is None:
        return None
    area_name, area_reason = _area(finding, response, rules)
    rule = next(rule for rule in rules.rules if _matches(rule.when, finding, response))
    intended = rule.system or rules.areas[area_name].system
    reasons = [cause, area_reason, f"rule: {rule.name}"]
    if intended not in systems:
        reasons.append(f"{intended} is not configured here: kept in the inbox")
    return Decision(
        queue=f"{area_name}-{rule.queue}",
        system=intended if intended in systems else "inbox",
        intended_system=intended,
        priority=rule.priority,
        due_at=_due_at(rule, area_name, rules, now),
        subject=_subject(finding, response),
        reasons=tuple(reasons),
    )


def _cause(finding: Finding, response: SurveyResponse, rules: Rules) -> str | None:
    """Say why a ticket must be opened; None where it need not."""
    if finding.urgent:
        return "urgent: waiting a day would do harm"
    if rules.open.unsure_requests and "request" in finding.abstained:
        return "may hold a request: a person should look"
    if finding.request:
        return f"asks for something: {finding.request.intent}"
    if response.attributes.get(CONTACT_CONSENT) == "yes":
        return "the customer agreed to be contacted"
    limit = rules.open.score_below
    if limit is None or response.score is None or response.score >= limit:
        return None
    has_words = any(map(str.isalnum, response.comment))
    return f"bad experience: score {response.score}, with a comment" if has_words else None


def _area(finding: Finding, response: SurveyResponse, rules: Rules) -> tuple[str, str]:
    """Return the area that takes the ticket, and why."""
    name = rules.area_of(response.country)
    area, language = rules.areas[name], finding.language.code
    reason = f"country {response.country}: {name}" if response.country else f"no country: {name}"
    if language != "und" and area.other_languages and area.languages and language not in area.languages:
        return area.other_languages, f"{reason}, which does not read {language}: {area.other_languages}"
    return name, reason


def _matches(when: Conditions, finding: Finding, response: SurveyResponse) -> bool:
    """Whether every condition that is given holds."""
    return all(
        test(finding, response, wanted)
        for name, test in _TESTS.items()
        if (wanted := getattr(when, name)) is not None
    )


def _has_aspect(finding: Finding, wanted: Sequence[tuple[str, str | None]]) -> bool:
    """Whether a category of `wanted` was found, with its polarity where that is given."""
    return any(
        aspect.category == category and polarity in (None, aspect.polarity)
        for aspect in finding.aspects
        for category, polarity in wanted
    )


_TESTS: dict[str, Callable[..., bool]] = {
    "country": lambda finding, response, wanted: response.country in wanted,
    "touchpoint": lambda finding, response, wanted: response.touchpoint in wanted,
    "survey": lambda finding, response, wanted: response.survey in wanted,
    "channel": lambda finding, response, wanted: response.channel in wanted,
    "score": lambda finding, response, wanted: (
        response.score is not None and wanted.at_least <= response.score < wanted.below
    ),
    "request": lambda finding, response, wanted: (finding.request is not None) == wanted,
    "intent": lambda finding, response, wanted: (
        finding.request is not None and finding.request.intent in wanted
    ),
    "aspects": lambda finding, response, wanted: _has_aspect(finding, wanted),
    "sentiment": lambda finding, response, wanted: finding.sentiment in wanted,
    "urgent": lambda finding, response, wanted: finding.urgent == wanted,
    "language": lambda finding, response, wanted: finding.language.code in wanted,
    "unsure": lambda finding, response, wanted: not set(wanted).isdisjoint(finding.abstained),
}
"""One for each field of `Conditions`."""


def _due_at(rule: Rule, area_name: str, rules: Rules, now: datetime) -> datetime:
    queue = rules.queues[rule.queue]
    amount = rule.due or queue.due[rule.priority]
    if queue.around_the_clock:
        return now.astimezone(UTC) + amount
    return add_open_hours(now, amount, rules.areas[area_name])


def _subject(finding: Finding, response: SurveyResponse) -> str:
    """Return one line for the agent's list: what kind it is, and the customer's own words."""
    kind = finding.request.intent.replace("_", " ").capitalize() if finding.request else "Feedback"
    words = " ".join((finding.request.text if finding.request else response.comment).split())
    if len(words) > _SUBJECT_CHARACTERS:
        words = words[:_SUBJECT_CHARACTERS].rsplit(" ", 1)[0] + "…"
    return f"{'Urgent: ' if finding.urgent else ''}{kind}: {words}"
