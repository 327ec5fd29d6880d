"""Tables on disk: made where they are missing or damaged, whole whoever else makes them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triage.cached_array import open_array

PLAIN = np.arange(300, dtype=np.uint64)
FIELDS = np.array([(1, b"eins"), (2, b"zwei")], dtype=[("row", np.uint64), ("word", "S8")])


@pytest.mark.parametrize("array", [PLAIN, FIELDS], ids=["plain", "fields"])
@pytest.mark.parametrize("kept", [None, 0, 5, 100, -8])
def test_a_missing_or_damaged_one_is_made(tmp_path: Path, array: NDArray[Any], kept: int | None) -> None:
    file = tmp_path / "cache" / "table.npy"
    if kept is not None:
        open_array(file, lambda: array)
        file.write_bytes(file.read_bytes()[:kept])
    assert open_array(file, lambda: array).tolist() == array.tolist()
    assert [one.name for one in file.parent.iterdir()] == ["table.npy"]


def test_a_whole_one_is_read_not_made(tmp_path: Path) -> None:
    open_array(tmp_path / "table.npy", lambda: PLAIN)
    assert open_array(tmp_path / "table.npy", lambda: FIELDS).tolist() == PLAIN.tolist()


def test_several_may_make_it_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(lambda _: open_array(tmp_path / "table.npy", lambda: PLAIN), range(32)))
    assert all(table.tolist() == PLAIN.tolist() for table in tables)


def test_what_a_full_disk_left_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(stream: Any, _: NDArray[Any]) -> None:
        stream.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space"):
        open_array(tmp_path / "table.npy", lambda: PLAIN)
    assert list(tmp_path.iterdir()) == []
