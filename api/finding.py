"""How a finding looks over HTTP: the names of the annotation guidelines."""

from api.schema import Out
from triage.export import finding_record
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
        return cls.model_validate(finding_record(finding))
