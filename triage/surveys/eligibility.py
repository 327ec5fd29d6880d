"""Whether a customer may be asked about an event: the rules, in order. Pure."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from triage.settings import AskingSettings
from triage.surveys.suppression import BOUNCE, OPT_OUT
from triage.surveys.tables import Channel, EventRow

_NO_REASONS: Mapping[str, AbstractSet[str]] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of the customer at the moment of the decision."""

    now: datetime
    channels: AbstractSet[Channel]
    """Those configured here."""
    suppressed: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    """`customer`, `email`, `phone` -> why it is on the list of those not written to."""
    last_asked: datetime | None = None
    """When the same customer, or anyone at the same addresses, was last asked anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether the rules allow to ask, by which channels (best first), and why."""

    allowed: bool
    reasons: tuple[str, ...]
    channels: tuple[Channel, ...] = ()


def judge(event: EventRow, facts: Facts, asking: AskingSettings) -> Verdict:
    """Apply the rules in order; the last reason is the one that decided."""
    channels = channels_of(event.email, event.phone, facts.channels, facts.suppressed)
    oldest = facts.now - timedelta(days=asking.oldest_days)
    quarantine = facts.now - timedelta(days=asking.quarantine_days)
    rules = (
        (event.consent, "consent: given", "no consent to be asked"),
        (
            event.state != "held",
            "",
            f"its delivery did not come within {asking.hold_days} days",
        ),
        ((event.over_at or facts.now) > oldest, "", f"happened more than {asking.oldest_days} days ago"),
        (
            not any(OPT_OUT in reasons for reasons in facts.suppressed.values()),
            "opt-out: none",
            "opted out",
        ),
        (bool(channels), f"reachable: {', '.join(channels)}", _unreachable(event, facts)),
        (
            facts.last_asked is None or facts.last_asked <= quarantine,
            f"quarantine: not asked in the last {asking.quarantine_days} days",
            f"in quarantine: asked on {facts.last_asked:%Y-%m-%d}" if facts.last_asked else "",
        ),
    )
    reasons: list[str] = []
    for holds, good, bad in rules:
        reasons.append(good if holds else bad)
        if not holds:
            return Verdict(allowed=False, reasons=tuple(filter(None, reasons)))
    return Verdict(allowed=True, reasons=tuple(filter(None, reasons)), channels=channels)


def channels_of(
    email: str | None,
    phone: str | None,
    configured: AbstractSet[Channel],
    suppressed: Mapping[str, AbstractSet[str]] = _NO_REASONS,
) -> tuple[Channel, ...]:
    """Return the channels by which a customer can be reached, the best first."""
    usable: list[Channel] = []
    if email and "email" in configured and not suppressed.get("email"):
        usable.append("email")
    if phone and "sms" in configured and not suppressed.get("phone"):
        usable.append("sms")
    return tuple(usable)


def _unreachable(event: EventRow, facts: Facts) -> str:
    if not event.email and not event.phone:
        return "no valid e-mail address or phone number"
    if any(BOUNCE in reasons for reasons in facts.suppressed.values()):
        return "its address does not exist: messages came back"
    return "no channel is configured for the addresses known"
