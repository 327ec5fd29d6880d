from tests.surveys import survey, texts
from triage.surveys.form import Condition, Question

CAUSE = Question(key="cause", kind="choice", text=texts("What was it?"), bands=frozenset({"negative"}))
LATE = Question(
    key="how_late",
    kind="comment",
    text=texts("How late?"),
    when=(Condition(question="cause", any_of=frozenset({"late"})),),
)


def test_what_was_answered_before_a_change_of_mind_asks_nothing_further() -> None:
    questions = (*survey().questions[:1], CAUSE, LATE)
    form = survey(questions=questions)

    def asked(score: int) -> list[str]:
        return [question.key for question in form.asked({"overall": score, "cause": "late"})]

    assert asked(2) == ["overall", "cause", "how_late"]
    assert asked(9) == ["overall"]
    assert form.comments({"overall": 9, "cause": "late", "how_late": "a week"}) == ()
