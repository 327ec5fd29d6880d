"""Every error the service raises on purpose.

    TriageError                     something the caller can act on
    ├── InvalidInput        422     the request says something impossible: correct it
    ├── Unauthorized        401     no API key, or an unknown one
    ├── NotFound            404     no such response or ticket
    ├── Conflict            409     the external id is known with another body
    ├── PayloadTooLarge     413     shorten or split the request
    ├── ConfigurationError  500     a setting is wrong: the operator must act
    └── Unavailable         503     try again later (the model is loading, the database is busy)

Each class says its HTTP status, a short title, and whether sending the same
request again can help.
"""

from typing import ClassVar


class TriageError(Exception):
    """Base of all. `str(error)` says what was wrong and what to do."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    @classmethod
    def slug(cls) -> str:
        """The kebab-case name used as the problem type: `NotFound` -> `not-found`."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")


class InvalidInput(TriageError):
    status = 422
    title = "Invalid input"


class Unauthorized(TriageError):
    status = 401
    title = "Unauthorized"


class NotFound(TriageError):
    status = 404
    title = "Not found"


class Conflict(TriageError):
    status = 409
    title = "Conflict"


class PayloadTooLarge(TriageError):
    status = 413
    title = "Payload too large"


class ConfigurationError(TriageError):
    status = 500
    title = "Configuration error"


class Unavailable(TriageError):
    status = 503
    title = "Temporarily unavailable"
    retryable = True
