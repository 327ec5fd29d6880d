"""What the process that delivers is told by the one that accepts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from triage.jobs import child
from triage.jobs.child import DeliveryProcess, Load
from triage.jobs.gate import Gate, Pace


def test_the_load_is_the_share_of_one_processor() -> None:
    load = Load()
    time.sleep(0.2)
    assert load.share() < 0.3
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    assert load.share() > 0.1


def test_the_child_hears_when_its_parent_is_busy_when_it_is_calm_and_when_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares = iter([0.1, 0.6, 0.4, 0.6, 0.2, 0.2])
    monkeypatch.setattr(child, "_LOOK_SECONDS", 0.02)
    told = "import sys; said = [*iter(sys.stdin.readline, 'finish\\n')]; print(''.join(said))"
    process = DeliveryProcess()
    ours = subprocess.Popen(
        [sys.executable, "-c", told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    )
    process._child = ours

    def finish_at_last(_: Load) -> float:
        share = next(shares, None)
        if share is None:
            process._tell(ours, child._FINISH)
        return share or 0.0

    monkeypatch.setattr(Load, "share", finish_at_last)
    assert process._attend(ours) == 0
    assert ours.stdout is not None
    # Between both limits nothing is said.
    assert ours.stdout.read().split() == [b"busy", b"calm"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_child_leaves_its_end_to_its_parent(tmp_path: Path, ending: signal.Signals) -> None:
    """systemd and Ctrl-C reach both: the parent still has comments in hand, and says when it is done."""
    environment = {**os.environ, "TRIAGE_DATABASE_URL": f"sqlite:///{tmp_path / 'triage.db'}"}
    idle = (
        "from triage.jobs import child; from unittest.mock import Mock;"
        "child.delivery_of = lambda *_: Mock(start=lambda: print('at work', flush=True)); child.main()"
    )
    ours = subprocess.Popen(
        [sys.executable, "-c", idle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert ours.stdout is not None
    assert ours.stdout.readline() == b"at work\n"
    ours.send_signal(ending)
    with pytest.raises(subprocess.TimeoutExpired):
        ours.wait(timeout=0.5)
    ours.communicate(child._FINISH, timeout=20)
    assert ours.returncode == 0


def test_who_gives_way_keeps_to_its_pace_through_every_gate() -> None:
    pace = Pace(20.0)
    gates = [Gate(4, pace), Gate(4, pace)]

    def seconds() -> float:
        began = time.monotonic()
        for number in range(8):
            with gates[number % 2].turn():
                pass
        return time.monotonic() - began

    assert seconds() < 0.1
    pace.is_slow = True
    assert 0.3 < seconds() < 2.0
    pace.is_slow = False
    assert seconds() < 0.1
