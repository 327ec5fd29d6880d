"""Tables in Markdown, and documents whose generated parts stand between markers."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from triage.errors import InvalidInput


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: bool = True) -> str:
    """A table; its columns after the first are right-aligned where they hold numbers."""
    rule = "---:" if numbers else "---"
    lines = [list(head), ["---", *[rule] * (len(head) - 1)], *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def figure(value: float, digits: int = 3) -> str:
    """`0.934`; `–` where there is no figure."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def percent(value: float) -> str:
    """`4.1 %`; `–` where there is no figure."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def put(document: Path, name: str, content: str) -> None:
    """Replaces what stands between a document's markers `name`. Raises InvalidInput where there are none."""
    begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
    text = document.read_text("utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise InvalidInput(f"{document} has no lines {begin.strip()} and {end} to write between")
    document.write_text(f"{before}{begin}\n{content.strip()}\n\n{end}{after}", "utf-8")
