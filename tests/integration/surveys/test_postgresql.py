"""What differs on PostgreSQL: locks, upserts, and two replicas at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.databases import postgres_database
from tests.surveys import SurveyWorld, survey
from triage.db import Database
from triage.migrations import upgrade
from triage.surveys.tables import PaceRow

pytestmark = pytest.mark.slow


def test_replicas_that_race_ask_once_and_not_too_many(server: str) -> None:
    with postgres_database(server) as url:
        database = Database(url)
        upgrade(database.engine)
        world = SurveyWorld(database, survey(target=31), prior_rate=0.1, prior_sends=1e6)
        for number in range(60):
            for again in range(2):  # every customer has two events
                world.tell(
                    external_id=f"e-{number}-{again}",
                    customer_id=f"C-{number}",
                    email=f"c{number}@example.com",
                )
        with ThreadPoolExecutor(4) as replicas:
            for round_ in [replicas.submit(world.round.run, world.clock.moment) for _ in range(4)]:
                round_.result()
            jobs = world.jobs.take_due()
            [*replicas.map(lambda job: world.sender.run(job[1], job[2]), jobs * 3)]
        asked = [row.customer_id for row in world.invitations()]
        assert len(asked) == len(set(asked)) == len(world.sent)
        # 31 wanted in the 28 days left of March, at 10 %: 12 today.
        assert len(asked) == 12
        _answer(world)
        database.close()


def _answer(world: SurveyWorld) -> None:
    token = world.token(0)
    world.links.save(token, {"overall": 9})
    with ThreadPoolExecutor(4) as clicks:
        [*clicks.map(lambda _: world.links.complete(token), range(8))]
    world.pass_time(timedelta(days=8), every=timedelta(hours=6))
    assert sum(row.completed_at is not None for row in world.invitations()) == 1
    with world.database.read() as session:
        from sqlmodel import select

        assert session.exec(select(PaceRow.asked)).first() == 12
