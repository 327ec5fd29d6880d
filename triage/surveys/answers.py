"""Answers become a response like any other: triage finds the request in the open comment.

answers {overall: 3, wrong: "The sofa is scratched", contact_consent: true, contact_phone: "+39..."}
  -> SurveyResponse(score=3, comment="The sofa is scratched", question="What went wrong?",
                    customer.phone="+39...", attributes={band: negative, contact_consent: yes, ...})
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from triage.surveys.event import email_of, phone_of
from triage.surveys.form import Brand, Question, Survey
from triage.surveys.tables import EventRow, InvitationRow
from triage.types import CONTACT_CONSENT, Customer, SurveyResponse

CLIENT: Final = "surveys"
"""The client under which our own responses are stored."""
CONTACT_EMAIL: Final = "contact_email"
CONTACT_PHONE: Final = "contact_phone"
CONTACT: Final = "contact_consent"
"""Beside the answers to questions: where the customer may be contacted, and True where they agree to it."""
LANGUAGE_SHOWN: Final = "page_language"
"""Beside them too: the language that the customer chose instead of the invitation's."""
_UNITS: Final = ("store", "seller", "operator", "executor", "order_number", "brand")

Given = Mapping[str, str | int | bool | list[str] | None]
"""Answers as they were saved."""


def to_response(
    survey: Survey, brand: Brand, invitation: InvitationRow, event: EventRow, *, channel: str, now: datetime
) -> SurveyResponse:
    """Return the response that the answers of `invitation` are. The invitation's id is its external id."""
    given = _questions(survey, invitation.answers)
    comments = survey.comments(given)
    language = _words(invitation.answers, LANGUAGE_SHOWN) or invitation.language
    asked = " ".join(_text(question, language) for question, _ in comments).strip()
    return SurveyResponse(
        external_id=invitation.id,
        comment="\n\n".join(words for _, words in comments),
        question=brand.named_in(asked) or None,
        score=survey.score(given),
        survey=survey.key,
        touchpoint=survey.touchpoint or event.kind,
        country=event.country,
        locale=event.locale or invitation.language,
        channel=channel,
        occurred_at=now,
        customer=_customer(invitation, event),
        attributes=_attributes(survey, invitation, event, given),
    )


def _questions(survey: Survey, answers: Given) -> dict[str, int | str]:
    """Return the answers to questions that apply: one given before a change of mind does not count."""
    known = {key: value for key, value in answers.items() if isinstance(value, int | str)}
    asked = {question.key for question in survey.asked(known)}
    return {key: value for key, value in known.items() if key in asked}


def _text(question: Question, language: str) -> str:
    return next((text for code, text in question.text.items() if code == language), "")


def _customer(invitation: InvitationRow, event: EventRow) -> Customer:
    """The contact that the customer left comes before the one that we knew."""
    email, phone = invitation.email, invitation.phone
    if invitation.answers.get(CONTACT) is True:
        email = email_of(_words(invitation.answers, CONTACT_EMAIL)) or email
        phone = phone_of(_words(invitation.answers, CONTACT_PHONE), event.country) or phone
    return Customer(id=invitation.customer_id, email=email, phone=phone, name=event.name)


def _attributes(
    survey: Survey, invitation: InvitationRow, event: EventRow, given: Mapping[str, int | str]
) -> dict[str, str]:
    facts = {name: value for name in _UNITS if (value := getattr(event, name))}
    facts |= {"band": survey.band(given) or "", "survey_version": str(survey.version)}
    facts[CONTACT_CONSENT] = "yes" if invitation.answers.get(CONTACT) is True else "no"
    for question in survey.questions[1:]:
        if question.kind != "comment" and question.key in given:
            facts[f"answer.{question.key}"] = str(given[question.key])
    return facts


def _words(answers: Given, key: str) -> str | None:
    value = answers.get(key)
    return value if isinstance(value, str) else None
