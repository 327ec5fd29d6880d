"""From what happened to a customer to the ticket: mail, link, answers on a phone, in a real Chromium.

With TRIAGE_TEST_SCREENSHOTS the pages are also kept as pictures in that folder.
"""

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.acceptance.browser import chromium, launched
from tests.acceptance.post_office import PostOffice
from tests.acceptance.server import Server
from tests.invitations import FOLDER, shipped
from triage.labels import Language
from triage.surveys.messages import own_words

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
RETAIL = shipped().surveys["retail"]
PICTURES = os.environ.get("TRIAGE_TEST_SCREENSHOTS")
COMMENT = "The sofa is broken. When do you refund it?"
AXE = Axe()


@pytest.fixture(scope="module")
def post_office() -> Iterator[PostOffice]:
    with PostOffice() as office:
        yield office


@pytest.fixture(scope="module")
def server(post_office: PostOffice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    chromium()
    own = {
        "TRIAGE_SURVEYS_DIR": str(FOLDER),
        "TRIAGE_DEVELOPMENT": "false",
        # The host of the links, which the tests replace: the server's port is not known before it starts.
        "TRIAGE_PUBLIC_URL": "http://127.0.0.1:1",
        "TRIAGE_SMTP__HOST": "127.0.0.1",
        "TRIAGE_SMTP__PORT": str(post_office.port),
        "TRIAGE_SMTP__STARTTLS": "false",
        "TRIAGE_SMTP__FROM": "surveys@lumera.example",
        "TRIAGE_ASKING__MINUTES": "0",
        "TRIAGE_ASKING__WINDOW": "00:00-23:59",
        "TRIAGE_ASKING__ROUND_SECONDS": "1",
        "TRIAGE_ASKING__TARGETS": '{"retail": {"Milano": 100000}}',
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in own.items():
            environment.setenv(name, value)
        with Server(tmp_path_factory.mktemp("surveys")) as running:
            running.start()
            yield running


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Any]:
    with launched() as browser:
        yield browser


class Customer:
    """Somebody with a phone who bought something a moment ago."""

    def __init__(
        self, server: Server, office: PostOffice, browser: Any, language: Language, country: str
    ) -> None:
        self._server = server
        self.language = language
        self.email = f"{language}-{time.monotonic_ns()}@example.com"
        with server.client() as client:
            client.post("/v1/events", json=self._event(country)).raise_for_status()
        self.letter = office.wait_for(self.email)
        text = self.letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        self.path = re.findall(r"https?://[^/\s]+(/s/[\w-]+)\s", text)[0]
        context = browser.new_context(
            viewport=PHONE, java_script_enabled=True, has_touch=True, is_mobile=True
        )
        self.page = context.new_page()
        self.page.goto(server.address + self.path)

    def _event(self, country: str) -> dict[str, Any]:
        return {
            "external_id": self.email,
            "kind": "purchase",
            "channel": "store",
            "occurred_at": datetime.now(UTC).isoformat(),
            "consent": True,
            "customer": {"id": self.email, "email": self.email},
            "store": "Milano",
            "brand": "lumera",
            "country": country,
            "locale": self.language,
        }

    def sees(self, words: str) -> None:
        """Check the heading, and that the page is in this language and accessible."""
        self.page.get_by_role("heading", level=1, name=words).wait_for()
        assert self.page.locator("html").get_attribute("lang") == self.language
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
        found = AXE.run(self.page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []

    def tap(self, value: str) -> None:
        self.page.locator(f'input[name="answer"][value="{value}"]').check(force=True)

    def send(self) -> None:
        self.page.locator("main form button").click()

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"survey-{name}.png")


def question(key: str, language: Language) -> str:
    found = RETAIL.question(key)
    assert found is not None
    return found.text[language].replace("{brand}", "Lumera")


@pytest.mark.parametrize(
    ("language", "country"),
    [("el", "GR"), ("ru", "RU"), ("de", "DE"), ("it", "IT"), ("fi", "FI"), ("pl", "PL"), ("hu", "HU")],
)
def test_an_unhappy_customer_on_a_phone_gets_a_ticket(
    server: Server, post_office: PostOffice, browser: Any, language: Language, country: str
) -> None:
    words = own_words(language).page
    customer = Customer(server, post_office, browser, language, country)
    assert customer.letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    customer.sees(question("overall", language))
    customer.picture(f"score-{language}")
    customer.send()
    customer.page.get_by_role("alert").wait_for()
    customer.sees(question("overall", language))
    for key, value in (("overall", "2"), ("advice", "1"), ("found", "yes")):
        customer.sees(question(key, language))
        customer.tap(value)
        customer.send()
    customer.sees(question("wrong", language))
    customer.page.locator("textarea").fill(COMMENT)
    customer.send()
    customer.sees(words.contact_title)
    customer.picture(f"contact-{language}")
    assert customer.page.locator("#email").input_value() == customer.email
    customer.page.locator("#consent").check()
    customer.send()
    customer.sees(words.thanks_title)
    customer.page.get_by_text(words.thanks_contact).wait_for()
    customer.page.goto(server.address + customer.path)
    customer.sees(words.used_title)
    response = ticket_of(server, customer.email)["response"]
    assert (response["comment"], response["score"], response["country"]) == (COMMENT, 2, country)
    assert response["question"] == question("wrong", language)


def ticket_of(server: Server, email: str) -> dict[str, Any]:
    """The ticket of the customer's answers, which are analysed some seconds later."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with server.client() as client:
            tickets: list[dict[str, Any]] = client.get("/v1/tickets", params={"limit": 100}).json()["items"]
        for ticket in tickets:
            if ticket["response"]["customer_email"] == email:
                return ticket
        time.sleep(0.5)
    raise AssertionError(f"no ticket of {email}")


def test_a_happy_customer_with_a_keyboard_only(server: Server, post_office: PostOffice, browser: Any) -> None:
    customer = Customer(server, post_office, browser, "fr", "FR")
    keyboard = customer.page.keyboard

    def answer(key: str, *keys: str) -> None:
        customer.sees(question(key, "fr"))
        customer.page.locator("body").focus()
        for pressed in ("Tab", *keys):
            keyboard.press(pressed)

    answer("overall", "Space", *["ArrowRight"] * 9, "Enter")
    answer("advice", "Space", *["ArrowRight"] * 4, "Enter")
    answer("found", "Space", "ArrowDown", "Enter")
    customer.sees(question("looking_for", "fr"))
    keyboard.press("Tab")
    keyboard.type("Une lampe")
    keyboard.press("Tab")
    keyboard.press("Enter")
    customer.sees("Souhaitez-vous nous en dire plus")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    customer.sees(own_words("fr").page.thanks_title)
    customer.picture("thanks-fr")
    links = customer.page.locator(".share a")
    assert links.all_inner_texts() == ["Google", "Avis Vérifiés"]


def test_it_works_without_scripts_and_on_another_device(
    server: Server, post_office: PostOffice, browser: Any
) -> None:
    customer = Customer(server, post_office, browser, "nb", "NO")
    customer.tap("8")
    customer.send()
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 600}).new_page()
    plain.goto(server.address + customer.path)
    assert plain.locator("h1").inner_text().startswith(question("advice", "nb"))
    for _ in range(3):
        plain.locator("main form button").click()
    assert plain.locator("h1").inner_text() == own_words("nb").page.thanks_title


def test_nothing_is_requested_from_elsewhere(server: Server, post_office: PostOffice, browser: Any) -> None:
    customer = Customer(server, post_office, browser, "sv", "SE")
    requested: list[str] = []
    refused: list[str] = []
    customer.page.on("request", lambda request: requested.append(request.url))
    customer.page.on("console", lambda message: refused.append(message.text))
    customer.page.reload()
    customer.tap("9")
    customer.send()
    customer.sees(question("advice", "sv"))
    assert requested
    assert all(url.startswith((server.address, "data:")) for url in requested)
    assert [text for text in refused if "Content Security Policy" in text] == []
