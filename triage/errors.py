"""Every error the service raises on purpose.

    TriageError                     something the caller can act on
    ├── InvalidInput        422     the request says something impossible: correct it
    ├── Unauthorized        401     no API key, or an unknown one
    ├── Forbidden           403     the API key lacks the scope: ask for another
    ├── NotFound            404     no such response or ticket
    ├── Conflict            409     the external id is known with another body
    ├── PayloadTooLarge     413     shorten or split the request
    ├── ConfigurationError  500     a setting is wrong: the operator must act
    └── Unavailable         503     try again later (the model is loading, the database is busy)

Each class says its HTTP status, a short title, and whether sending the same
request again can help.
"""

import traceback
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
    """The request says something impossible."""

    status = 422
    title = "Invalid input"


class Unauthorized(TriageError):
    """No API key came with the request, or an unknown or revoked one."""

    status = 401
    title = "Unauthorized"


class Forbidden(TriageError):
    """The API key may not do this."""

    status = 403
    title = "Forbidden"


class NotFound(TriageError):
    """There is no such response or ticket."""

    status = 404
    title = "Not found"


class Conflict(TriageError):
    """The external id is known with another body."""

    status = 409
    title = "Conflict"


class PayloadTooLarge(TriageError):
    """The request is larger than the service reads."""

    status = 413
    title = "Payload too large"


class ConfigurationError(TriageError):
    """A setting is wrong; only the operator can put it right."""

    status = 500
    title = "Configuration error"


class Unavailable(TriageError):
    """Not now: the model is loading, or the database is busy."""

    status = 503
    title = "Temporarily unavailable"
    retryable = True


def without_words(error: BaseException) -> str:
    """Describe an unexpected error for the log: what and where, not its words.

    The words of an error from some library may quote what a customer wrote.
    """
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
