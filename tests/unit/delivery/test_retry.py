"""The retry decision, as the table that operations read."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.delivery.failure import Kind
from triage.delivery.http import LONGEST_PAUSE, retry_after
from triage.delivery.retry import GiveUp, Park, Retry, RetryPolicy, decide

DAY = 86_400.0


@pytest.mark.parametrize(
    ("kind", "attempt", "age", "retry_after", "expected"),
    [
        # kind             attempt  age      Retry-After  what follows
        (Kind.NETWORK,      1,      0.0,     None,        Retry(after=1.0)),
        (Kind.NETWORK,      4,      9.0,     None,        Retry(after=8.0)),
        (Kind.OVERLOADED,   6,      60.0,    None,        Retry(after=15.0)),
        (Kind.OVERLOADED,   10,     DAY,     None,        Retry(after=15.0)),
        (Kind.OVERLOADED,   12,     DAY,     None,        Retry(after=60.0)),
        (Kind.OVERLOADED,   20,     DAY,     None,        Retry(after=450.0)),
        (Kind.OVERLOADED,   1,      0.0,     30.0,        Park(pause=30.0, after=30.0)),
        (Kind.THROTTLED,    1,      0.0,     17.0,        Park(pause=17.0, after=17.0)),
        (Kind.THROTTLED,    3,      0.0,     None,        Park(pause=4.0, after=4.0)),
        (Kind.BUSY,         1,      0.0,     None,        Retry(after=0.25)),
        (Kind.QUOTA,        1,      0.0,     None,        Park(pause=900.0, after=900.0)),
        (Kind.SIGN_IN,      9,      0.0,     None,        Retry(after=15.0)),
        (Kind.CUSTOMER,     1,      0.0,     None,        Retry(after=1.0)),
    ],
)  # fmt: skip
def test_what_passes_is_tried_again(
    kind: Kind, attempt: int, age: float, retry_after: float | None, expected: object
) -> None:
    assert decide(kind, attempt=attempt, age=age, jitter=0.0, retry_after=retry_after) == expected


@pytest.mark.parametrize(
    ("kind", "attempt", "age"),
    [
        (Kind.REFUSED, 1, 0.0),
        (Kind.FORBIDDEN, 1, 0.0),
        (Kind.AMBIGUOUS, 1, 0.0),
        (Kind.CLOSED, 1, 0.0),
        (Kind.CUSTOMER, 5, 0.0),
        (Kind.NETWORK, 3, 7 * DAY),
        (Kind.SIGN_IN, 3, 7 * DAY),
    ],
)
def test_what_cannot_pass_waits_for_a_person(kind: Kind, attempt: int, age: float) -> None:
    assert isinstance(decide(kind, attempt=attempt, age=age, jitter=0.5), GiveUp)


@given(
    kind=st.sampled_from(Kind),
    attempt=st.integers(1, 10_000),
    jitter=st.floats(0, 1, exclude_max=True),
    retry_after=st.none() | st.floats(0, 100_000),
)
def test_no_wait_is_shorter_than_asked_or_longer_than_the_policy(
    kind: Kind, attempt: int, jitter: float, retry_after: float | None
) -> None:
    policy = RetryPolicy()
    match decide(kind, attempt=attempt, age=0.0, jitter=jitter, retry_after=retry_after, policy=policy):
        case Retry(after=after):
            assert 0 < after <= policy.longest_wait
            assert retry_after is None
        case Park(pause=pause, after=after):
            assert (retry_after or 0.0) <= pause <= after or kind is Kind.QUOTA
            assert after <= max(retry_after or 0.0, policy.longest_wait) + policy.first_wait


def test_jitter_spreads_what_returns_together() -> None:
    waits = {decide(Kind.NETWORK, attempt=5, age=0.0, jitter=j / 10) for j in range(10)}
    assert len(waits) == 10


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("0", 0.0),
        ("17", 17.0),
        ("1.5", 1.5),
        ("3600", 3600.0),
        ("86400", LONGEST_PAUSE),
        ("9" * 500, None),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("nan", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", LONGEST_PAUSE),
        ("Wed, 99 Oct 2099 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_never_over_an_hour(header: str, seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers={"Retry-After": header.encode()})) == seconds
