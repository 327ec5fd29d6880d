"""When a whole system is left alone, and how it resumes: pure, so that a table can test it.

A system that fails several times running, or asks for a pause, is parked: its queue
starts nothing. When the pause is over probes go out, one at a time; a success opens the queue
again, three failures running park the system for twice as long.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from triage.delivery.failure import Kind
from triage.delivery.retry import Decision, GiveUp, Park

_OF_THE_SYSTEM = {Kind.NETWORK, Kind.OVERLOADED, Kind.SIGN_IN}
"""What speaks of the system rather than of one ticket. The pauses it asks for are decided elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CircuitPolicy:
    """When to trip, and for how long (seconds)."""

    threshold: int = 5
    probes: int = 3
    """Failures in a row that park it again: a system that fails now and then must not look like one that is
    away."""
    first_pause: float = 2.0
    longest_pause: float = 15.0
    """Short: a probe costs the system next to nothing, and what waits should go soon after it is back."""
    longest_sign_in_pause: float = 60.0
    """Until an operator acts; a token that is refused just once costs the first pause only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit:
    """How a system has been doing. The default value is a healthy one."""

    failures: int = 0
    """Failures in a row that speak of the system, not of one ticket."""
    trips: int = 0
    """How often it was parked for them without a success in between."""
    parked_until: datetime | None = None
    asked: bool = False
    """The pause is the remote's own wish, so that no success ends it early."""
    reason: str = ""

    def parked(self, now: datetime) -> bool:
        """Whether nothing may be sent at `now`."""
        return self.parked_until is not None and now < self.parked_until

    def slots(self, workers: int, now: datetime) -> int:
        """How many attempts may run at once: none, one probe, or all."""
        if self.parked(now):
            return 0
        return 1 if self.trips else workers


def after_success(circuit: Circuit, now: datetime) -> Circuit:
    """The circuit once an answer came: healthy, but for a pause that the remote asked for."""
    if circuit.asked and circuit.parked(now):
        return replace(circuit, failures=0, trips=0)
    return Circuit()


def after_failure(
    circuit: Circuit,
    kind: Kind,
    decision: Decision,
    now: datetime,
    *,
    words: str = "",
    policy: CircuitPolicy = CircuitPolicy(),
) -> Circuit:
    """The circuit once an attempt failed with `kind` and `decision` was taken."""
    if isinstance(decision, Park):
        until = now + timedelta(seconds=decision.pause)
        if circuit.parked_until is None or until > circuit.parked_until:
            return replace(circuit, parked_until=until, asked=True, reason=f"{kind}: {words}"[:500])
        return circuit
    if isinstance(decision, GiveUp) or kind not in _OF_THE_SYSTEM or circuit.parked(now):
        # One refused ticket says nothing about the system, and the attempts
        # that were under way when it was parked must not lengthen the pause.
        return circuit
    enough = 1 if kind is Kind.SIGN_IN else policy.probes if circuit.trips else policy.threshold
    if circuit.failures + 1 < enough:
        return replace(circuit, failures=circuit.failures + 1)
    longest = policy.longest_sign_in_pause if kind is Kind.SIGN_IN else policy.longest_pause
    pause = min(policy.first_pause * 2.0 ** min(circuit.trips, 30), longest)
    return Circuit(
        trips=circuit.trips + 1,
        parked_until=now + timedelta(seconds=pause),
        reason=f"{kind}: {words}"[:500],
    )
