"""The surveys' own questions beside some comments in training: context that helps and is never needed.

Labels are of the comment alone (`docs/labels.md`). So half of the questions are drawn from those that
fit what the comment speaks of, as in a real survey, and half from all of them: customers answer
what they were not asked.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from training.dataset import Example
from triage.surveys import files
from triage.surveys.form import Survey, Touchpoint

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
_BLAME: Final = frozenset({"negative", "mixed"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question of a survey in one language."""

    text: str
    about: frozenset[str]
    """Categories; empty for the brand as a whole."""
    after_bad_score: bool
    """Only customers with a bad score are asked it."""

    def fits(self, comment: Example) -> bool:
        """Whether this comment is what the question asks for."""
        if self.after_bad_score and comment.sentiment not in _BLAME:
            return False
        return not self.about or not self.about.isdisjoint(comment.aspects or ())


class Questions:
    """All questions of a folder of surveys, by language."""

    def __init__(self, folder: Path) -> None:
        """Read them. Raises `ConfigurationError` naming the file and line of every mistake."""
        self._asked: dict[str, list[Asked]] = {}
        for survey in files.load(folder).surveys.values():
            for language, asked in _of(survey):
                self._asked.setdefault(language, []).append(asked)

    def beside(self, comment: Example, rng: random.Random) -> Example:
        """The comment with a question, one in ten in any language; as it is where its language has none."""
        if comment.aspects is None or comment.lang not in self._asked:
            return comment
        language = rng.choice(sorted(self._asked)) if rng.random() < 0.1 else comment.lang
        known = self._asked[language]
        fitting = [asked for asked in known if asked.fits(comment)]
        asked = rng.choice(fitting if fitting and rng.random() < 0.5 else known)
        return replace(comment, question=asked.text)


def _of(survey: Survey) -> list[tuple[str, Asked]]:
    about = _ABOUT[survey.touchpoint] if survey.touchpoint else frozenset[str]()
    return [
        (language, Asked(text=text, about=about, after_bad_score=question.bands == {"negative"}))
        for question in survey.questions
        for language, text in question.text.items()
    ]
