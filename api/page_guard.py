"""What protects the survey pages: headers, forms that only our own pages post, limits.

A page sets no cookie. The link itself is the customer's key, so that a stranger's site cannot
post an answer without knowing it; two checks stand behind that. The browser says where a
form came from, and every form holds a value signed with the link, made when its page was.
"""

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # The address of a page is the customer's key: no other site may learn it, no cache keep it.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Strict-Transport-Security": "max-age=31536000",
}
MAX_FORM_BYTES: Final = 100_000
"""The longest comment, each character as three escaped bytes of UTF-8, and the rest of a form."""
TRAP: Final = "website"
"""A field that no person sees: who fills it is a program."""
_FORM_SECONDS: Final = 2 * 24 * 3600
_UNKNOWN_LINKS: Final = parse("30/minute")
_OF_ONE_LINK: Final = parse("120/minute")


class Limits:
    """How often an address may try unknown links, and a link may be used. Counted per replica."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def allows_link(self, token: str) -> bool:
        """Count a use of a link; return whether there are not too many."""
        return self._hit(_OF_ONE_LINK, token)

    def allows_unknown(self, request: Request) -> bool:
        """Count an unknown link. Known ones are never refused for it: many may share an address."""
        return self._hit(_UNKNOWN_LINKS, request.client.host if request.client else "")

    def _hit(self, limit: RateLimitItem, name: str) -> bool:
        return self._limiter.hit(limit, name)


def signed(token: str, step: str) -> str:
    """Return the value that a form about `step` carries."""
    return URLSafeTimedSerializer(token, salt="survey-form").dumps(step)


def is_ours(request: Request, token: str, step: str, value: str) -> bool:
    """Return whether a form was posted by our own page about `step`, made not too long ago."""
    if not _same_origin(request):
        return False
    try:
        made_for = URLSafeTimedSerializer(token, salt="survey-form").loads(value, max_age=_FORM_SECONDS)
    except BadData:
        return False
    return bool(made_for == step)


def _same_origin(request: Request) -> bool:
    """Browsers of today say where a form was; older ones send its origin; others send nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    # Without the scheme: behind a proxy this service sees http where the browser saw https.
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
