"""A finding as the record that leaves the service: the names of the annotation guidelines."""

from typing import Any

from triage.types import Finding


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return `finding` ready for JSON, the same over HTTP and from the command line.

    `request_span` is [start, end) in code points of the comment; `confidence` holds a
    probability for each label that was given, and None for what was not found.
    """
    request = finding.request
    return {
        "lang": finding.language.code,
        "aspects": {aspect.category: aspect.polarity for aspect in finding.aspects},
        "sentiment": finding.sentiment,
        "request": request.intent if request else None,
        "request_text": request.text if request else None,
        "request_span": (request.start, request.end) if request else None,
        "urgent": finding.urgent,
        "confidence": {
            "lang": finding.language.confidence,
            "aspects": {aspect.category: aspect.confidence for aspect in finding.aspects},
            "sentiment": finding.sentiment_confidence,
            "request": request.confidence if request else None,
            "intent": request.intent_confidence if request else None,
            "urgent": finding.urgent_confidence,
        },
        "abstained": [*finding.abstained],
        "model": finding.model,
    }
