"""What can go wrong between us and a ticket system: one error, with a kind that says what helps."""

import re
from enum import StrEnum
from typing import Final

ANSWER_LIMIT: Final = 2048
"""How much of a remote's answer is kept, in characters."""

_SECRET: Final = re.compile(
    r"""(?ix)
    ( ["']? (?: access_token | refresh_token | id_token | client_secret | assertion | password | signature )
      ["']? \s* [:=] \s* ["']? | \b bearer \s+ )
    [^\s"'&,}]+
    """
)


class Kind(StrEnum):
    """What went wrong, named by what would help."""

    NETWORK = "network"
    """No answer came: refused, dropped, or too slow. The case may exist all the same."""
    OVERLOADED = "overloaded"
    """A 5xx answer."""
    THROTTLED = "throttled"
    """Told to slow down, often until a given moment."""
    BUSY = "busy"
    """A row lock or a concurrency limit: gone in a moment."""
    QUOTA = "quota"
    """The day's calls are used up."""
    SIGN_IN = "sign_in"
    """Our credentials are refused: nothing gets through until an operator acts."""
    FORBIDDEN = "forbidden"
    """Signed in, but without the right to do this."""
    CUSTOMER = "customer"
    """The contact that the case names vanished in between."""
    REFUSED = "refused"
    """The record itself is refused; sending it again changes nothing."""
    AMBIGUOUS = "ambiguous"
    """Several remote records carry our key."""
    CLOSED = "closed"
    """The case is resolved or gone, so nothing can be added to it."""


class DeliveryError(Exception):
    """An attempt that failed. `str(error)` is for the operator, in the remote's own words.

    Args:
        kind: What went wrong.
        words: What the remote said, without secrets.
        status: Its HTTP status, None when no answer came.
        retry_after: Seconds it asked us to wait, None when it did not.
    """

    def __init__(
        self, kind: Kind, words: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(scrub(words)[:ANSWER_LIMIT])
        self.kind = kind
        self.status = status
        self.retry_after = retry_after


def scrub(text: str) -> str:
    """`text` without anything that looks like a credential."""
    return _SECRET.sub(r"\1***", text)
