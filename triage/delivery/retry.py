"""What to do after an attempt failed: a pure decision, so that a table of cases can test it."""

from dataclasses import dataclass

from triage.delivery.failure import Kind

_SYSTEM_WIDE = {Kind.THROTTLED, Kind.QUOTA}
_PERMANENT = {Kind.FORBIDDEN, Kind.REFUSED, Kind.AMBIGUOUS, Kind.CLOSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """The waits of a system, all in seconds."""

    first_wait: float = 2.0
    steady_wait: float = 30.0
    """Where doubling rests: a system that is down as a whole is parked, and comes back for all at once..."""
    steady_attempts: int = 10
    """...until so many attempts speak of this one delivery rather than of the system."""
    longest_wait: float = 900.0
    busy_wait: float = 0.5
    quota_pause: float = 900.0
    give_up_after: float = 7 * 86_400.0
    """Age of a delivery at which even a passing failure becomes final."""
    customer_attempts: int = 5
    """How often a vanished contact is looked for again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """Send this one again in `after` seconds; others may go on."""

    after: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Park:
    """Nothing may be sent to this system for `pause` seconds; this one goes again in `after`."""

    pause: float
    after: float


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """Trying again cannot help: a person must look at it."""

    reason: str


Decision = Retry | Park | GiveUp


def decide(
    kind: Kind,
    *,
    attempt: int,
    age: float,
    jitter: float,
    retry_after: float | None = None,
    policy: RetryPolicy = RetryPolicy(),
) -> Decision:
    """Decide what follows a failed attempt.

    Args:
        kind: What went wrong.
        attempt: How many attempts were made, this one included; from 1.
        age: Seconds since the delivery was asked for.
        jitter: In [0, 1): spreads the waits, so that parked tickets do not return as one wave.
        retry_after: Seconds the remote asked for; no wait is ever shorter.
    """
    if kind in _PERMANENT:
        return GiveUp(reason=f"{kind}: the remote system will not take it as it is")
    if kind is Kind.CUSTOMER and attempt >= policy.customer_attempts:
        return GiveUp(reason=f"the customer's contact was missing {attempt} times")
    if age >= policy.give_up_after:
        return GiveUp(reason=f"{kind}: still failing after {age / 86_400:.1f} days")
    wait = _wait(kind, attempt, jitter, policy)
    if kind in _SYSTEM_WIDE or retry_after is not None:
        pause = max(retry_after or 0.0, 0.0) if kind is not Kind.QUOTA else policy.quota_pause
        pause = pause or wait
        return Park(pause=pause, after=pause + jitter * policy.first_wait)
    return Retry(after=wait)


def _wait(kind: Kind, attempt: int, jitter: float, policy: RetryPolicy) -> float:
    """Seconds of back-off: doubling, with a rest on the way; half fixed and half jitter."""
    first = policy.busy_wait if kind is Kind.BUSY else policy.first_wait
    full = min(first * 2.0 ** min(attempt - 1, 30), policy.steady_wait)
    full = min(full * 2.0 ** min(max(attempt - policy.steady_attempts, 0), 30), policy.longest_wait)
    return full * (0.5 + jitter / 2)
