from dataclasses import replace

from tests.factories import NOW
from tests.surveys import catalogue, survey, texts
from triage.surveys.answers import Given, to_response
from triage.surveys.tables import EventRow, InvitationRow
from triage.types import SurveyResponse


def answered(answers: Given) -> SurveyResponse:
    score, wrong = survey().questions
    better = replace(wrong, key="better", text=texts("What should {brand} do better?"))
    invitation = InvitationRow(
        id="i-1", survey="shop", customer_id="C-1", language="en", answers=dict(answers)
    )
    event = EventRow(id="e-1", kind="purchase", country="GB", store="Leeds")
    asked = survey(questions=(score, wrong, better))
    return to_response(asked, catalogue().brand("casa"), invitation, event, channel="email", now=NOW)


def test_the_question_names_the_brand_as_the_customer_read_it() -> None:
    response = answered({"overall": 3, "better": "The queue"})
    assert (response.comment, response.question) == ("The queue", "What should Casa do better?")


def test_two_open_answers_stand_with_both_their_questions() -> None:
    response = answered({"overall": 3, "wrong": "It wobbles", "better": "The queue"})
    assert response.comment == "It wobbles\n\nThe queue"
    assert response.question == "What went wrong? What should Casa do better?"


def test_without_words_there_is_no_question_either() -> None:
    assert answered({"overall": 3}).question is None
