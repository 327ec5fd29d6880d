"""How a system is parked and comes back, step by step."""

from datetime import UTC, datetime, timedelta

from triage.delivery.circuit import Circuit, CircuitPolicy, after_failure, after_success
from triage.delivery.failure import Kind
from triage.delivery.retry import GiveUp, Park, Retry

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = CircuitPolicy(threshold=3, probes=1, first_pause=2.0, longest_pause=10.0)
AGAIN = Retry(after=1.0)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def failed(circuit: Circuit, at: datetime = NOW, kind: Kind = Kind.OVERLOADED) -> Circuit:
    return after_failure(circuit, kind, AGAIN, at, words="503", policy=POLICY)


def test_a_few_failures_change_nothing_and_a_success_forgets_them() -> None:
    circuit = failed(failed(Circuit()))
    assert circuit.slots(8, NOW) == 8
    assert after_success(circuit, NOW) == Circuit()


def test_failures_in_a_row_park_then_probe_then_park_for_longer() -> None:
    circuit = failed(failed(failed(Circuit())))
    assert circuit.slots(8, NOW) == 0
    assert circuit.reason == "overloaded: 503"
    assert circuit.slots(8, later(2)) == 1
    pauses = []
    at = 2.0
    for _ in range(4):
        circuit = failed(circuit, later(at))
        assert circuit.parked_until is not None
        pauses.append((circuit.parked_until - later(at)).total_seconds())
        at += pauses[-1]
    assert pauses == [4.0, 8.0, 10.0, 10.0]
    assert after_success(circuit, later(at)).slots(8, later(at)) == 8


def test_a_system_that_fails_now_and_then_is_not_parked_again_at_the_first_probe() -> None:
    policy = CircuitPolicy(threshold=3, probes=3, first_pause=2.0, longest_pause=10.0)

    def fail(circuit: Circuit, at: float) -> Circuit:
        return after_failure(circuit, Kind.OVERLOADED, AGAIN, later(at), policy=policy)

    circuit = fail(fail(fail(Circuit(), 0), 0), 0)
    twice = fail(fail(circuit, 2), 2)
    assert twice.slots(8, later(2)) == 1
    assert after_success(twice, later(2)).slots(8, later(2)) == 8
    again = fail(twice, 2)
    assert (again.slots(8, later(5.9)), again.slots(8, later(6))) == (0, 1)


def test_a_refused_sign_in_parks_at_once_and_ever_longer_until_somebody_acts() -> None:
    circuit, at, pauses = Circuit(), 0.0, []
    for _ in range(7):
        circuit = after_failure(circuit, Kind.SIGN_IN, AGAIN, later(at), words="401")
        assert circuit.parked_until is not None
        pauses.append((circuit.parked_until - later(at)).total_seconds())
        at += pauses[-1]
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert after_success(circuit, later(at)) == Circuit()


def test_attempts_under_way_when_it_was_parked_do_not_lengthen_the_pause() -> None:
    circuit = failed(failed(failed(Circuit())))
    assert failed(circuit) == circuit


def test_a_pause_the_remote_asked_for_survives_a_late_success() -> None:
    circuit = after_failure(Circuit(), Kind.THROTTLED, Park(pause=30, after=31), NOW, policy=POLICY)
    assert after_success(circuit, later(1)).slots(8, later(29)) == 0
    assert after_success(circuit, later(30)) == Circuit()
    assert circuit.slots(8, later(30)) == 8


def test_a_shorter_request_never_shortens_a_pause() -> None:
    circuit = after_failure(Circuit(), Kind.THROTTLED, Park(pause=30, after=30), NOW, policy=POLICY)
    assert after_failure(circuit, Kind.THROTTLED, Park(pause=5, after=5), later(1), policy=POLICY) == circuit


def test_one_refused_ticket_says_nothing_about_the_system() -> None:
    circuit = Circuit()
    for _ in range(10):
        circuit = after_failure(circuit, Kind.REFUSED, GiveUp(reason="no"), NOW, policy=POLICY)
        circuit = after_failure(circuit, Kind.BUSY, AGAIN, NOW, policy=POLICY)
    assert circuit == Circuit()
