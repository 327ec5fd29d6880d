"""The figures of delivery stand where the page shows them, and only the newest."""

from pathlib import Path

import pytest

from benchmarks import delivery
from benchmarks.delivery import BEGIN, END, Row


def test_the_figures_replace_the_old_ones_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n", "utf-8")
    monkeypatch.setattr(delivery, "PAGE", page)
    row = Row(database="sqlite", share=0.2, without=400, with_it=360, cost=0.1, sent=9, sent_after=60)
    for _ in range(2):
        delivery.write([row])
    text = page.read_text("utf-8")
    assert text.startswith(f"before\n\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\n\nafter\n")
    assert text.count("| sqlite | 20% | 400 | 360 | 10% | 9 | 60 |") == 1
    assert "old" not in text


def test_the_page_has_a_place_for_them() -> None:
    text = (Path(__file__).parents[2] / delivery.PAGE).read_text("utf-8")
    assert 0 < text.index(BEGIN) < text.index(END)
