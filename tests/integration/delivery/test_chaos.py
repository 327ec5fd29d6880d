"""The small chaos run: a few kills with everything failing, nothing lost and nothing doubled."""

from pathlib import Path

import pytest

from tests.chaos.harness import Chaos, Plan, faults_of

pytestmark = [pytest.mark.slow, pytest.mark.load]


def test_nothing_is_lost_or_doubled(database_url: str, tmp_path: Path) -> None:
    replicas = 1 if database_url.startswith("sqlite") else 2
    plan = Plan(responses=60, kills=3, outage_seconds=3.0, replicas=replicas, posts_per_second=15)
    report = Chaos(plan, database_url, tmp_path).run()
    # Time is judged by `make chaos`: here other tests may have the processor.
    assert faults_of(report, drain_seconds=plan.drain_limit) == [], report
    assert (report.accepted, report.kills) == (60, 3)
    assert report.answers_5xx
    assert report.answers_dropped
