"""The surveys' own questions beside some comments in training: context that helps and is never needed.

Labels are of the comment alone (`docs/labels.md`). So half of the questions are drawn from those that
fit what the comment speaks of and how it is rated, as in a real survey, and half from all of them:
customers answer what they were not asked. One in four is in any language, so that nothing can be
learnt about the comment's from the question's.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from training.dataset import Example
from triage.surveys import files
from triage.surveys.form import Band, Brand, Survey, Touchpoint

_ABOUT: Final[Mapping[Touchpoint, frozenset[str]]] = {
    "shop": frozenset({"store", "staff", "assortment"}),
    "web_shop": frozenset({"website", "checkout"}),
    "pickup": frozenset({"pickup"}),
    "delivery": frozenset({"delivery", "packaging"}),
    "assembly": frozenset({"assembly"}),
    "repair": frozenset({"warranty"}),
    "customer_service": frozenset({"support"}),
}
"""The categories that a survey about a touchpoint asks for."""
_BANDS: Final[Mapping[str, frozenset[Band]]] = {
    "positive": frozenset({"positive"}),
    "neutral": frozenset({"positive", "neutral", "negative"}),
    "mixed": frozenset({"neutral", "negative"}),
    "negative": frozenset({"negative"}),
}
"""How customers who write so will have scored."""
_HELD_OUT: Final = 5
"""One question in so many is never trained with, to measure with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question of a survey in one language."""

    text: str
    about: frozenset[str]
    """Categories; empty for the brand as a whole."""
    bands: frozenset[Band]
    """Who is asked it."""

    def fits(self, comment: Example) -> bool:
        """Whether a customer who was asked this may well have written `comment`."""
        scored = _BANDS.get(comment.sentiment or "", frozenset())
        return bool(self.bands & scored) and (
            not self.about or not self.about.isdisjoint(comment.aspects or ())
        )


class Questions:
    """The questions of a folder of surveys by language, score and choice questions too."""

    def __init__(self, folder: Path, held_out: bool = False) -> None:
        """Read those to train with, or those held out. Raises `ConfigurationError` naming file and line."""
        self._asked: dict[str, list[Asked]] = {}
        catalogue = files.load(folder)
        brand = catalogue.brand(None)
        for survey in catalogue.surveys.values():
            for language, asked in _of(survey, brand, held_out):
                self._asked.setdefault(language, []).append(asked)

    def beside(self, comment: Example, rng: random.Random) -> Example:
        """The comment with a question in its language, or in any where it has none or one time in four.

        A folder of few surveys may hold none out: then the comment comes back as it is.
        """
        if not self._asked:
            return comment
        known = self._asked.get(comment.lang or "", [])
        if not known or rng.random() < 0.25:
            known = self._asked[rng.choice(sorted(self._asked))]
        fitting = [asked for asked in known if asked.fits(comment)]
        asked = rng.choice(fitting if fitting and rng.random() < 0.5 else known)
        return replace(comment, question=asked.text)


def _of(survey: Survey, brand: Brand, held_out: bool) -> list[tuple[str, Asked]]:
    about = _ABOUT[survey.touchpoint] if survey.touchpoint else frozenset[str]()
    return [
        (language, Asked(text=brand.named_in(text), about=about, bands=question.bands))
        for question in survey.questions
        if _is_held_out(question.text["en"]) == held_out
        for language, text in question.text.items()
    ]


def _is_held_out(text: str) -> bool:
    return sha256(text.encode()).digest()[0] % _HELD_OUT == 0
