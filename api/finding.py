"""How a finding looks over HTTP: the names of the annotation guidelines."""

from api.schema import Out
from triage.labels import Category, Intent, Polarity, Sentiment
from triage.types import Finding


class ConfidenceOut(Out):
    """How sure the model is of each label it gave, from 0 to 1."""

    lang: float
    aspects: dict[Category, float]
    sentiment: float
    request: float | None
    """That there is a request; null where none was found."""
    intent: float | None
    urgent: float


class FindingOut(Out):
    """What the comment says."""

    lang: str
    """One of the 17 languages, or `und`."""
    aspects: dict[Category, Polarity]
    sentiment: Sentiment
    request: Intent | None
    request_text: str | None
    """The customer's own words that ask."""
    request_span: tuple[int, int] | None
    """Where they stand in the comment: [start, end) in Unicode code points."""
    urgent: bool
    confidence: ConfidenceOut
    abstained: list[str]
    """What the model was not sure enough of to act on without a person."""
    model: str

    @classmethod
    def of(cls, finding: Finding) -> "FindingOut":
        """Return the HTTP form of `finding`."""
        request = finding.request
        return cls(
            lang=finding.language.code,
            aspects={aspect.category: aspect.polarity for aspect in finding.aspects},
            sentiment=finding.sentiment,
            request=request.intent if request else None,
            request_text=request.text if request else None,
            request_span=(request.start, request.end) if request else None,
            urgent=finding.urgent,
            confidence=_confidence(finding),
            abstained=[*finding.abstained],
            model=finding.model,
        )


def _confidence(finding: Finding) -> ConfidenceOut:
    request = finding.request
    return ConfidenceOut(
        lang=finding.language.confidence,
        aspects={aspect.category: aspect.confidence for aspect in finding.aspects},
        sentiment=finding.sentiment_confidence,
        request=request.confidence if request else None,
        intent=request.intent_confidence if request else None,
        urgent=finding.urgent_confidence,
    )
