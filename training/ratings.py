"""English texts with the mean of some twenty people's ratings: an archive, read as its authors ship it.

Hutto and Gilbert 2014 ("VADER") had sentences of product reviews, film reviews and newspaper
articles, and posts, rated from -4 (extremely negative) to 4.
"""

import html
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from triage.errors import InvalidInput

FIRM: Final = 1.0
"""A mean so far from 0 has a side."""
_RATED: Final = re.compile(r"(^|/)[^./][^/]*_GroundTruth\.txt$")
_STUBS: Final = re.compile(r"@anonymous|http://url_removed")


def read(path: Path) -> Iterator[tuple[str, str]]:
    """Every firmly rated text and `positive` or `negative`.

    Raises InvalidInput for a file that is no such archive, or a line in it that is no rating.
    """
    found = False
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if _RATED.search(member.name) and (file := archive.extractfile(member)):
                    found = True
                    text = file.read().decode("utf-8", "replace")
                    yield from _rated(text, f"{path.name}, {member.name}")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidInput(f"{path}: not a readable archive; fetch it again (docs/retrain.md)") from error
    if not found:
        raise InvalidInput(f"{path} holds no *_GroundTruth.txt; docs/retrain.md says which archive is meant")


def _rated(lines: str, place: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines.split("\n"), 1):
        if line.strip():
            rating, text = _parsed(line, f"{place}:{number}")
            if abs(rating) >= FIRM and any(letter.isalpha() for letter in text):
                yield text, "positive" if rating > 0 else "negative"


def _parsed(line: str, place: str) -> tuple[float, str]:
    try:
        _, rating, text = line.split("\t", 2)
        return float(rating), " ".join(html.unescape(_STUBS.sub("", text)).split())
    except ValueError as error:
        raise InvalidInput(f"{place}: not a number, a mean rating and a text between tabs") from error
