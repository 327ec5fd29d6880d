"""What a message says: the words of `messages.py`, with this customer's link in them."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from triage.surveys.form import Brand, Catalogue
from triage.surveys.links import one_click_url, opt_out_url, survey_url
from triage.surveys.tables import FIRST, EventRow, InvitationRow, MessageRow
from triage.types import Letter


class Words(Protocol):
    """A text in its three forms; an SMS has `text` only."""

    @property
    def subject(self) -> str:
        """Of an e-mail."""
        ...

    @property
    def text(self) -> str:
        """Plain text."""
        ...

    @property
    def html(self) -> str:
        """The same as a page."""
        ...


class Render(Protocol):
    """`messages.render`: the text of a kind in a language, in a brand's name."""

    def __call__(self, kind: str, language: str, brand: Brand, **facts: object) -> Words:
        """Return the text with `facts` in it."""
        ...


class Writer:
    """Writes the letters of invitations."""

    def __init__(self, catalogue: Catalogue, render: Render, public_url: str) -> None:
        """`public_url` is where customers reach the pages."""
        self._catalogue = catalogue
        self._render = render
        self._public_url = public_url

    def knows(self, invitation: InvitationRow) -> bool:
        """Return whether its survey is still there."""
        return invitation.survey in self._catalogue.surveys

    def write(
        self, message: MessageRow, invitation: InvitationRow, event: EventRow, token: str, until: datetime
    ) -> Letter:
        """Return the letter, with `token` in its links, which are open `until` then."""
        brand = self._catalogue.brand(event.brand)
        by_mail = message.channel == "email"
        words = self._render(
            _kind(message),
            invitation.language,
            brand,
            survey=self._catalogue.surveys[invitation.survey],
            link=survey_url(self._public_url, token),
            opt_out=opt_out_url(self._public_url, token),
            until=until.astimezone(ZoneInfo(invitation.time_zone)),
        )
        return Letter(
            key=message.id,
            recipient=str(invitation.email if by_mail else invitation.phone),
            subject=words.subject,
            text=words.text,
            html=words.html if by_mail else "",
            language=invitation.language,
            sender_name=brand.name,
            unsubscribe_url=one_click_url(self._public_url, token) if by_mail else "",
        )


def _kind(message: MessageRow) -> str:
    """Return the name of the text: an SMS that reminds says the same as one that invites, in one line."""
    if message.channel == "sms":
        return "sms"
    return "invitation" if message.step == FIRST else "reminder"
