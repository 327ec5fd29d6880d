"""The words of the service itself in every language: invitations, reminders, and what stands on pages.

They are packaged with the service, in `texts/`, one file a language. What a survey asks is not here,
but in the files that `files` reads.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

import yaml
from babel import Locale
from babel.dates import format_date
from jinja2 import Environment, Template
from pydantic import BaseModel, ConfigDict, Field

from triage.errors import ConfigurationError
from triage.labels import LANGUAGES, Language
from triage.surveys.form import Brand, Font, Survey

MessageKind = Literal["invitation", "reminder", "sms"]

FONTS: Final[dict[Font, str]] = {
    "sans": "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif",
    "serif": "Georgia, 'Times New Roman', serif",
    "rounded": "ui-rounded, 'Arial Rounded MT Bold', Nunito, Verdana, sans-serif",
}
"""Fonts that are on the customer's device: none is loaded from anywhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An e-mail, or an SMS, which has only a `text`."""

    subject: str
    text: str
    html: str


class _Texts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=False)


class MailTexts(_Texts):
    """What stands in messages."""

    invitation_subject: str
    reminder_subject: str
    greeting: str
    reminder_lead: str
    duration: str
    button: str
    until: str
    why: str
    opt_out: str
    privacy: str
    sms: str


class PageTexts(_Texts):
    """What stands on survey pages."""

    progress: str
    optional: str
    next: str
    back: str
    finish: str
    comment_note: str
    choose: str
    too_long: str
    error: str
    contact_title: str
    contact_text: str
    email: str
    phone: str
    consent: str
    consent_missing: str
    contact_missing: str
    email_wrong: str
    phone_wrong: str
    thanks_title: str
    thanks_positive: str
    thanks_neutral: str
    thanks_negative: str
    thanks_contact: str
    share_title: str
    share_text: str
    used_title: str
    used_text: str
    expired_title: str
    expired_text: str
    unknown_title: str
    unknown_text: str
    opt_out_title: str
    opt_out_text: str
    opt_out_button: str
    opt_out_done_title: str
    opt_out_done_text: str
    busy_title: str
    busy_text: str
    stale_title: str
    stale_text: str
    language: str
    opt_out: str
    privacy: str
    leave_empty: str


class OwnWords(_Texts):
    """All that the service says in one language."""

    mail: MailTexts
    page: PageTexts


class _Facts(_Texts):
    """What a message is about."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    survey: Survey
    link: str
    opt_out: str
    """Address of the page that asks whether to opt out."""
    until: datetime | None = None
    """When the link closes, in the customer's time zone; None where that is not known yet."""
    name: str | None = Field(default=None, exclude=True)
    """Not used: a name needs a title or another case in half of the languages, which we cannot know."""


@cache
def own_words(language: Language) -> OwnWords:
    """Return all that the service says in `language`."""
    text = files("triage.surveys").joinpath("texts", f"{language}.yaml").read_text(encoding="utf-8")
    return OwnWords.model_validate(yaml.safe_load(text))


@cache
def language_names() -> dict[Language, str]:
    """Return what each language calls itself."""
    return {code: Locale.parse(code).get_display_name(code) or code for code in LANGUAGES}


def known_language(code: str | None) -> Language | None:
    """Return `code` where it is one of our languages."""
    return next((language for language in LANGUAGES if language == code), None)


def render(kind: str, language: str, brand: Brand, **facts: Any) -> Message:
    """Return an `invitation`, a `reminder` or an `sms` in `language`, in the name of `brand`.

    The facts are `survey`, `link`, `opt_out` and, where they are known, `until` and `name`.
    Raises `ConfigurationError` for a kind or a language that there is not.
    """
    code = known_language(language)
    if code is None or kind not in get_args(MessageKind):
        raise ConfigurationError(f"there is no message {kind!r} in {language!r}")
    words, about = own_words(code).mail, _Facts(**facts)
    if kind == "sms":
        return Message(subject="", text=words.sms.format(brand=brand.name, link=about.link), html="")
    subject = words.reminder_subject if kind == "reminder" else words.invitation_subject
    parts = {
        "language": code,
        "subject": subject.format(brand=brand.name),
        "greeting": words.greeting,
        "lines": _lines(kind, code, words, brand, about.survey),
        "button": words.button,
        "link": about.link,
        "until": about.until and words.until.format(until=_date(about.until, code)),
        "why": words.why.format(brand=brand.name),
        "no_more": words.opt_out,
        "opt_out": about.opt_out,
        "privacy": words.privacy,
        "brand": brand,
    }
    return Message(subject=str(parts["subject"]), text=_plain(parts), html=_html(parts, brand))


def _date(moment: datetime, code: Language) -> str:
    # Babel takes plain English for American.
    return format_date(moment, "long", locale="en_GB" if code == "en" else code)


def _lines(kind: str, code: Language, words: MailTexts, brand: Brand, survey: Survey) -> list[str]:
    lead = [words.reminder_lead] if kind == "reminder" else []
    return [*lead, brand.named_in(survey.intro[code]), words.duration]


def _plain(parts: dict[str, Any]) -> str:
    """Return the plain text: the same words, with addresses on lines of their own."""
    blocks = [
        parts["greeting"],
        *parts["lines"],
        f"{parts['button']}:\n{parts['link']}",
        parts["until"],
        parts["why"],
        f"{parts['no_more']}:\n{parts['opt_out']}",
        f"{parts['privacy']}:\n{parts['brand'].privacy_url}",
        parts["brand"].name,
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _html(parts: dict[str, Any], brand: Brand) -> str:
    return _template().render(parts, look=brand.look, font=FONTS[brand.look.font])


@cache
def _template() -> Template:
    text = files("triage.surveys").joinpath("texts", "mail.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True).from_string(text)
