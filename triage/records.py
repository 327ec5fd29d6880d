"""Between the values of the pipeline and the rows of the tables, in both directions.

Rows are written as plain dictionaries: a list of them is one statement, which the
ORM's own bookkeeping would make several times slower.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from triage.labels import Category, Intent, Polarity, Sentiment
from triage.tables import AspectRow, FindingRow, ResponseRow
from triage.types import AspectFinding, Customer, Finding, LanguageFinding, RequestFinding, SurveyResponse

Values = dict[str, Any]
"""Column names with what to insert."""


def body_hash(response: SurveyResponse) -> str:
    """Return a fingerprint of all that the caller sent, in hexadecimal."""
    customer = response.customer
    occurred_at = response.occurred_at and response.occurred_at.astimezone(UTC).isoformat()
    body = [
        response.comment, response.question, response.score, response.survey, response.touchpoint,
        response.country, response.locale, response.channel, occurred_at,
        customer.id, customer.email, customer.phone, customer.name, sorted(response.attributes.items()),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def response_values(response_id: str, client: str, response: SurveyResponse, *, now: datetime) -> Values:
    """Return a row of `response`, as one that is analysed."""
    customer = response.customer
    return {
        "id": response_id,
        "client": client,
        "external_id": response.external_id,
        "body_hash": body_hash(response),
        "comment": response.comment,
        "question": response.question,
        "score": response.score,
        "survey": response.survey,
        "touchpoint": response.touchpoint,
        "country": response.country,
        "locale": response.locale,
        "channel": response.channel,
        "occurred_at": response.occurred_at,
        "customer_id": customer.id,
        "customer_email": customer.email,
        "customer_phone": customer.phone,
        "customer_name": customer.name,
        "attributes": dict(response.attributes),
        "received_at": now,
        "historical": False,
        "state": "analysed",
        "analyse_after": None,
        "analysis_attempts": 0,
    }


def to_response(row: ResponseRow) -> SurveyResponse:
    """Read a response back as it came in."""
    return SurveyResponse(
        external_id=row.external_id,
        comment=row.comment,
        question=row.question,
        score=row.score,
        survey=row.survey,
        touchpoint=row.touchpoint,
        country=row.country,
        locale=row.locale,
        channel=row.channel,
        occurred_at=row.occurred_at,
        customer=Customer(
            id=row.customer_id, email=row.customer_email, phone=row.customer_phone, name=row.customer_name
        ),
        attributes=row.attributes,
    )


def finding_values(response_id: str, finding: Finding, now: datetime) -> Values:
    """Return a row of `finding`; its categories come from `aspect_values`."""
    request = finding.request
    return {
        "response_id": response_id,
        "language": finding.language.code,
        "language_confidence": finding.language.confidence,
        "sentiment": finding.sentiment,
        "sentiment_confidence": finding.sentiment_confidence,
        "intent": request and request.intent,
        "intent_confidence": request and request.intent_confidence,
        "request_confidence": request and request.confidence,
        "request_start": request and request.start,
        "request_end": request and request.end,
        "request_text": request and request.text,
        "urgent": finding.urgent,
        "urgent_confidence": finding.urgent_confidence,
        "abstained": list(finding.abstained),
        "model": finding.model,
        "taxonomy": finding.taxonomy,
        "created_at": now,
    }


def aspect_values(response_id: str, finding: Finding) -> list[Values]:
    """Return the rows of `aspect`, one for each category that was found."""
    return [
        {
            "response_id": response_id,
            "category": aspect.category,
            "polarity": aspect.polarity,
            "confidence": aspect.confidence,
        }
        for aspect in finding.aspects
    ]


def to_finding(row: FindingRow, aspects: Iterable[AspectRow]) -> Finding:
    """Read a finding back as it was made."""
    return Finding(
        language=LanguageFinding(code=row.language, confidence=row.language_confidence),
        aspects=tuple(map(_to_aspect, aspects)),
        sentiment=cast(Sentiment, row.sentiment),
        sentiment_confidence=row.sentiment_confidence,
        request=_to_request(row),
        urgent=row.urgent,
        urgent_confidence=row.urgent_confidence,
        abstained=tuple(row.abstained),
        model=row.model,
        taxonomy=row.taxonomy,
    )


def _to_aspect(row: AspectRow) -> AspectFinding:
    return AspectFinding(
        category=cast(Category, row.category),
        polarity=cast(Polarity, row.polarity),
        confidence=row.confidence,
    )


def _to_request(row: FindingRow) -> RequestFinding | None:
    if row.intent is None:
        return None
    return RequestFinding(
        intent=cast(Intent, row.intent),
        confidence=cast(float, row.request_confidence),
        intent_confidence=cast(float, row.intent_confidence),
        start=cast(int, row.request_start),
        end=cast(int, row.request_end),
        text=cast(str, row.request_text),
    )
