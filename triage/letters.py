"""Letters: the words they make, and what one may leave out when typing, capitals and diacritics."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

CEDILLAS: Final = str.maketrans("şţ", "șț")
"""Old keyboards write Romanian with Turkish letters, word lists with its own."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_STROKES: Final = str.maketrans("łŁøØđĐ", "lLoOdD")


def lower(text: str) -> str:
    """Lower case of the same length: letter by letter where the whole would grow (`İ`)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def words_in(text: str) -> list[str]:
    """`C'est TROP cher!!` -> `c`, `est`, `trop`, `cher`; accents are composed."""
    return _WORD.findall(unicodedata.normalize("NFC", text.lower()))


def without_diacritics(text: str) -> str:
    """`Où est ma commande` -> `Ou est ma commande`; also Greek tonos, Polish ł, Nordic ø; never Russian й."""
    return "".join(map(_plain, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if letter in "йЙ":  # a letter of its own, with its own key
        return letter
    plain = "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain).translate(_STROKES)
