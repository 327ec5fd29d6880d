"""`/v1/classify`: what texts say, without storing anything."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BeforeValidator, ConfigDict, Field

from api.deps import ServicesDep, allowed, answer
from api.finding import FindingOut
from api.problem import problem_docs
from api.schema import Comment, Country, In, Locale, Out, Question
from triage.pipeline import analyse
from triage.types import SurveyResponse

router = APIRouter(tags=["classify"])

MAX_TEXTS = 256


class TextIn(In):
    """A text, with what helps to understand it."""

    text: Comment
    question: Question | None = None
    """What the customer was asked."""
    locale: Locale | None = None
    """A hint such as `de-CH`."""
    country: Country | None = None
    """ISO 3166-1 alpha-2: a weaker one."""


def _bare(item: object) -> object:
    """Take a bare string for a text about which nothing else is known."""
    return {"text": item} if isinstance(item, str) else item


class ClassifyIn(In):
    """Texts to classify."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"texts": [{"text": "Lovely shop, but where is my order 48213?", "locale": "en-GB"}]},
                {"texts": ["Alles super, danke!", "Zijn jullie zondag open?"]},
            ]
        },
    )

    texts: list[Annotated[TextIn, BeforeValidator(_bare, json_schema_input_type=str | TextIn)]] = Field(
        min_length=1, max_length=MAX_TEXTS
    )


class ClassifyOut(Out):
    """One finding a text, in the order they were sent."""

    findings: list[FindingOut]


@router.post(
    "/v1/classify",
    response_model=ClassifyOut,
    responses=problem_docs(400, 401, 403, 413, 422, 503),
    dependencies=[Depends(allowed("classify"))],
)
def classify(services: ServicesDep, body: ClassifyIn) -> Response:
    """Classify 1 to 256 texts. Nothing is stored."""
    responses = [
        SurveyResponse(
            external_id="",
            comment=item.text,
            question=item.question,
            locale=item.locale,
            country=item.country,
        )
        for item in body.texts
    ]
    findings = analyse(responses, services.model.predictor())
    return answer(ClassifyOut(findings=[*map(FindingOut.of, findings)]))
