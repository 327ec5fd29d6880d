from dataclasses import replace

from tests.factories import NOW
from tests.surveys import survey, texts
from triage.surveys.answers import to_response
from triage.surveys.tables import EventRow, InvitationRow


def test_the_question_names_the_brand_as_the_customer_read_it() -> None:
    score, wrong = survey().questions
    asked = survey(questions=(score, replace(wrong, text=texts("What should {brand} do better?"))))
    invitation = InvitationRow(
        id="i-1",
        survey="shop",
        customer_id="C-1",
        language="en",
        answers={"overall": 3, "wrong": "The queue"},
    )
    event = EventRow(id="e-1", kind="purchase", country="GB", store="Leeds")
    response = to_response(asked, "Casa", invitation, event, channel="email", now=NOW)
    assert (response.comment, response.question) == ("The queue", "What should Casa do better?")
