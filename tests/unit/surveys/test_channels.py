"""E-mail to a real SMTP server, and SMS to a gateway with Twilio's interface."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.factories import NOW, FixedClock
from tests.fakes.smtp import PASSWORD, USER, FakeSmtp, checks_password, part
from triage.delivery.failure import DeliveryError, Kind
from triage.settings import SmsSettings, SmtpSettings
from triage.surveys.channels import Undeliverable
from triage.surveys.channels.sms import SmsGateway
from triage.surveys.channels.smtp import SmtpMailer
from triage.types import Letter

ANNA = "anna@example.com"
LETTER = Letter(
    key="0123abcd",
    recipient=ANNA,
    subject="Πώς ήταν η επίσκεψή σας;",
    text="Γεια σας\n\nhttps://ask.example/s/token\n",
    html="<p>Γεια σας</p>",
    language="el",
    sender_name="Casa & Söhne, Köln",
    unsubscribe_url="https://ask.example/u/token",
)


class Begun:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp().running() as smtp:
        yield smtp


def mailer(server: FakeSmtp, **changes: Any) -> SmtpMailer:
    return SmtpMailer(SmtpSettings(**server.settings() | changes), FixedClock())


def test_a_message_has_both_parts_and_the_headers_of_bulk_mail(server: FakeSmtp) -> None:
    begun = Begun()
    assert mailer(server).send(LETTER, begun) == "<0123abcd@casa.example>"
    (message,) = server.messages
    assert begun.times == 1
    assert message.get_content_type() == "multipart/alternative"
    assert part(message, "plain").replace("\r\n", "\n") == LETTER.text
    assert part(message, "html").strip() == LETTER.html
    assert str(message["Subject"]) == LETTER.subject
    assert message["From"].addresses[0].display_name == "Casa & Söhne, Köln"
    assert message["From"].addresses[0].addr_spec == "ask@casa.example"
    assert message["To"].addresses[0].addr_spec == ANNA
    assert message["List-Unsubscribe"] == "<https://ask.example/u/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == "<0123abcd@casa.example>"
    assert message["Content-Language"] == "el"
    assert message["Date"].datetime == NOW


def test_no_header_can_be_smuggled_in(server: FakeSmtp) -> None:
    letter = Letter(key="k", recipient=ANNA, text="x", subject="Hello\r\nBcc: all@example.com")
    with pytest.raises(ValueError, match="Header values"):
        mailer(server).compose(letter)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("450 4.2.0 greylisted", Kind.OVERLOADED), ("550 5.7.1 looks like spam", Kind.REFUSED)],
)
def test_refused_for_a_reason_that_is_not_the_mailbox(server: FakeSmtp, answer: str, kind: Kind) -> None:
    server.refuse[ANNA] = answer
    begun = Begun()
    with pytest.raises(DeliveryError) as caught:
        mailer(server).send(LETTER, begun)
    assert (caught.value.kind, begun.times) == (kind, 0)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 mailbox name invalid", "550 unknown"])
def test_no_such_mailbox(server: FakeSmtp, answer: str) -> None:
    server.refuse[ANNA] = answer
    begun = Begun()
    with pytest.raises(Undeliverable, match=r"55\d"):
        mailer(server).send(LETTER, begun)
    assert begun.times == 0


def test_refused_after_the_message_was_seen(server: FakeSmtp) -> None:
    server.refuse_data[ANNA] = "451 4.3.0 try later"
    begun = Begun()
    with pytest.raises(DeliveryError) as caught:
        mailer(server).send(LETTER, begun)
    assert (caught.value.kind, begun.times) == (Kind.OVERLOADED, 1)
    mailer(server).send(LETTER, begun)
    assert len(server.messages) == 1


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = Begun()
    with pytest.raises(DeliveryError) as caught:
        mailer(FakeSmtp(port=port)).send(LETTER, begun)
    assert (caught.value.kind, begun.times) == (Kind.OVERLOADED, 0)


def test_the_password_is_used_and_a_wrong_one_is_said() -> None:
    options = {"authenticator": checks_password, "auth_require_tls": False, "auth_required": True}
    with FakeSmtp().running(**options) as server:
        mailer(server, username=USER, password=PASSWORD).send(LETTER, Begun())
        with pytest.raises(DeliveryError) as caught:
            mailer(server, username=USER, password="wrong").send(LETTER, Begun())
    assert caught.value.kind is Kind.SIGN_IN
    assert len(server.messages) == 1


def test_without_tls_nothing_is_sent_where_tls_is_demanded(server: FakeSmtp) -> None:
    with pytest.raises(DeliveryError):
        mailer(server, starttls=True).send(LETTER, Begun())
    assert server.messages == []


def gateway(monkeypatch: pytest.MonkeyPatch, *answers: httpx.Response | Exception) -> tuple[Any, list[Any]]:
    """An SMS gateway whose answers are given, and the requests that it gets."""
    seen: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    made = SmsGateway(
        SmsSettings(account="AC1", token="secret", **{"from": "Casa"})  # type: ignore[arg-type]
    )
    monkeypatch.setattr(made._remote, "_client", httpx.Client(transport=httpx.MockTransport(answer)))
    return made, seen


SMS = Letter(key="k", recipient="+393471234567", text="Com'è andata? https://ask.example/s/t")


def test_an_sms_is_one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    sms, seen = gateway(monkeypatch, httpx.Response(201, json={"sid": "SM1"}))
    assert sms.send(SMS, Begun()) == "SM1"
    (request,) = seen
    assert str(request.url) == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"] == "Basic QUMxOnNlY3JldA=="
    form = dict(httpx.QueryParams(request.content.decode()).items())
    assert form == {"To": SMS.recipient, "Body": SMS.text, "From": "Casa"}


@pytest.mark.parametrize(
    ("status", "code", "reason"), [(400, 21610, "opt_out"), (400, 21211, "bounce"), (400, 21614, "bounce")]
)
def test_numbers_to_leave_alone(monkeypatch: pytest.MonkeyPatch, status: int, code: int, reason: str) -> None:
    sms, _ = gateway(monkeypatch, httpx.Response(status, json={"code": code, "message": "no"}))
    with pytest.raises(Undeliverable) as caught:
        sms.send(SMS, Begun())
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(429, headers={"Retry-After": "3"}, json={}), Kind.THROTTLED),
        (httpx.Response(503), Kind.OVERLOADED),
        (httpx.Response(500, text="oops"), Kind.NETWORK),  # it may have been sent
        (httpx.Response(401, json={"code": 20003, "message": "Authenticate"}), Kind.SIGN_IN),
        (httpx.Response(400, json={"code": 21602, "message": "body is empty"}), Kind.REFUSED),
        (httpx.ReadTimeout("slow"), Kind.NETWORK),
        (httpx.ConnectError("refused"), Kind.OVERLOADED),  # nothing was sent
    ],
)
def test_what_a_gateway_may_answer(monkeypatch: pytest.MonkeyPatch, answer: Any, kind: Kind) -> None:
    sms, _ = gateway(monkeypatch, answer)
    begun = Begun()
    with pytest.raises(DeliveryError) as caught:
        sms.send(SMS, begun)
    assert (caught.value.kind, begun.times) == (kind, 1)
