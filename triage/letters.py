"""Letters without what one may leave out when typing: capitals, diacritics."""

import unicodedata
from typing import Final

_STROKES: Final = str.maketrans("łŁøØđĐ", "lLoOdD")


def lower(text: str) -> str:
    """Lower case of the same length: letter by letter where the whole would grow (`İ`)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def without_diacritics(text: str) -> str:
    """`Où est ma commande` -> `Ou est ma commande`; also Greek tonos, Polish ł, Nordic ø."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain).translate(_STROKES)
