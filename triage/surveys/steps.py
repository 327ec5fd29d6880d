"""The way through a survey, one question at a time. Pure.

    score -> the questions that its band and earlier answers call for -> [contact] -> done

Where a customer stands is kept among the answers as the last step they passed, for a
question may be passed without an answer. It is the same on every device.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from triage.surveys.answers import CONTACT, CONTACT_EMAIL, CONTACT_PHONE
from triage.surveys.event import email_of, phone_of
from triage.surveys.form import MAX_COMMENT, MAX_SCORE, MAX_STARS, Answers, Question, Survey

CONTACT_STEP: Final = "contact"
PASSED: Final = "page_passed"
"""Key among the answers: the last step that was passed."""

Saved = dict[str, str | int | bool | list[str] | None]
Errors = dict[str, str]
"""Field -> name of the text that says what is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in the survey a customer is."""

    step: str
    """Key of a question, or `CONTACT_STEP`."""
    question: Question | None
    """None at the contact step."""
    number: int
    total: int
    """How many steps there are, as far as the answers tell."""
    previous: str | None
    is_last: bool
    """Whether nothing comes after it, whatever is answered."""


def steps(survey: Survey, answers: Answers) -> tuple[str, ...]:
    """Return the steps that the answers so far lead through."""
    questions = tuple(question.key for question in survey.asked(answers))
    return (*questions, CONTACT_STEP) if survey.band(answers) in survey.contact_after else questions


def place(survey: Survey, answers: Answers, wanted: str | None = None) -> Place | None:
    """Return the step to show: the `wanted` one where it was reached before, else the next open one.

    None where every step was passed.
    """
    way = steps(survey, answers)
    reached = _reached(survey, answers, way)
    index = way.index(wanted) if wanted in way[: reached + 1] else reached
    if index == len(way):
        return None
    step = way[index]
    return Place(
        step=step,
        question=survey.question(step) if step != CONTACT_STEP else None,
        number=index + 1,
        total=max(len(way), _shortest(survey)),
        previous=way[index - 1] if index else None,
        is_last=index == len(way) - 1 > 0 and not _leads_on(survey, step),
    )


def _reached(survey: Survey, answers: Answers, way: tuple[str, ...]) -> int:
    """Return the position of the first step after the last one passed, in the order of the file."""
    order = [*(question.key for question in survey.questions), CONTACT_STEP]
    passed = answers.get(PASSED)
    behind = order.index(passed) if passed in order else -1
    if survey.score(answers) is None:
        return 0
    return sum(1 for step in way if order.index(step) <= behind)


def _shortest(survey: Survey) -> int:
    """Return how many questions a happy customer gets: what to promise before the score is known."""
    return sum(1 for question in survey.questions if "positive" in question.bands and not question.when)


def _leads_on(survey: Survey, step: str) -> bool:
    return any(condition.question == step for question in survey.questions for condition in question.when)


def read_answer(question: Question, given: str) -> tuple[int | str | None, str | None]:
    """Return the answer that a form field holds, None for none, and what is wrong with it."""
    # NUL no keyboard types, and PostgreSQL cannot store it.
    text = "\n".join(given.replace("\0", "").strip().splitlines())
    if not text:
        return None, "choose" if question.required else None
    if question.kind == "comment":
        return (text, None) if len(text) <= MAX_COMMENT else (None, "too_long")
    if question.kind == "choice":
        known = any(option.key == text for option in question.options)
        return (text, None) if known else (None, "choose")
    lowest, highest = (0, MAX_SCORE) if question.kind == "score" else (1, MAX_STARS)
    is_number = text.isascii() and text.isdecimal() and len(text) <= 2 and lowest <= int(text) <= highest
    return (int(text), None) if is_number else (None, "choose")


def read_contact(
    fields: Mapping[str, str], known: tuple[str | None, str | None], country: str | None
) -> tuple[Saved, Errors]:
    """Return what the customer left to be contacted by, and what is wrong with it.

    `known` are the e-mail and phone that the form was filled with: those alone are no wish to be contacted.
    """
    email, phone = fields.get("email", "").strip(), fields.get("phone", "").strip()
    if not fields.get("consent"):
        is_typed = (email, phone) != (known[0] or "", known[1] or "") and bool(email or phone)
        errors = {"consent": "consent_missing"} if is_typed else {}
        return {CONTACT: False, CONTACT_EMAIL: None, CONTACT_PHONE: None}, errors
    errors = {}
    if not email and not phone:
        errors["consent"] = "contact_missing"
    if email and not email_of(email):
        errors["email"] = "email_wrong"
    if phone and not phone_of(phone, country):
        errors["phone"] = "phone_wrong"
    return {CONTACT: True, CONTACT_EMAIL: email or None, CONTACT_PHONE: phone or None}, errors
