"""The process that sends is killed while it sends: nobody is written to twice, nobody is forgotten."""

from pathlib import Path

import pytest

from tests.chaos.invitations import run

pytestmark = [pytest.mark.slow, pytest.mark.load]


def test_each_is_sent_once(tmp_path: Path) -> None:
    outcome = run(150, kills=4, folder=tmp_path)
    assert outcome.kills == 4
    assert outcome.twice == 0, outcome.words()
    assert sum(outcome.states.values()) == 150
    assert set(outcome.states) <= {"sent", "unknown"}, outcome.words()
    # Whatever is known to be sent has arrived. What is unknown was under way at a kill, four at a time.
    assert len(outcome.arrived) >= outcome.states["sent"]
    assert outcome.states["unknown"] <= 4 * 4
