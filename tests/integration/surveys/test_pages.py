import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from sqlmodel import select

from tests.invitations import PagesWorld, shipped
from triage.labels import LANGUAGES, Language
from triage.surveys.form import Catalogue
from triage.surveys.messages import own_words
from triage.surveys.tables import SuppressionRow
from triage.tables import ResponseRow

CATALOGUE = shipped()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PagesWorld]:
    world = PagesWorld(tmp_path, CATALOGUE)
    yield world
    world.database.close()


def form_of(page: Response) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def post(world: PagesWorld, token: str, **fields: str) -> Response:
    """Fill in the form that the link shows now, and send it."""
    page = world.client.get(f"/s/{token}")
    return world.client.post(f"/s/{token}", data=form_of(page) | fields)


def heading(page: Response) -> str:
    """The words of a page's only h1, without what stands beside them."""
    found = re.findall(r"<h1>(.*?)(?:<span class=\"note\">.*?)?</h1>", page.text, re.DOTALL)
    assert len(found) == 1
    return unescape(re.sub(r"<[^>]+>", "", found[0])).strip()


def answer_all(world: PagesWorld, token: str, *answers: str) -> Response:
    page = None
    for value in answers:
        page = post(world, token, answer=value)
    assert page is not None
    return page


def responses(world: PagesWorld) -> list[ResponseRow]:
    with world.database.read() as session:
        return [*session.exec(select(ResponseRow))]


def test_a_happy_shop_customer_is_invited_to_share(world: PagesWorld) -> None:
    token = world.invite(language="it", country="IT")
    page = answer_all(world, token, "9", "5", "yes", "Commessa gentilissima")
    assert page.status_code == 200
    assert heading(page) == "Grazie!"
    assert "https://reviews.lumera.example/it/trustpilot" in page.text
    (row,) = responses(world)
    assert (row.score, row.comment, row.locale) == (9, "Commessa gentilissima", "it")
    assert row.attributes["answer.advice"] == "5"
    assert row.attributes["band"] == "positive"


@pytest.mark.parametrize("score", ["5", "6"])
def test_a_lukewarm_customer_is_thanked_and_no_more(world: PagesWorld, score: str) -> None:
    page = answer_all(world, world.invite(), score, "3", "yes", "")
    assert own_words("en").page.thanks_neutral in page.text
    assert "reviews.lumera.example" not in page.text
    assert 'name="email"' not in page.text


def test_an_unhappy_customer_may_leave_a_contact(world: PagesWorld) -> None:
    token = world.invite(language="de", country="DE")
    answer_all(world, token, "2", "1", "yes", "Das Sofa hat Kratzer.")
    contact = world.client.get(f"/s/{token}")
    assert heading(contact) == "Dürfen wir Sie dazu kontaktieren?"
    assert 'value="giulia@example.com"' in contact.text
    assert "checked" not in contact.text
    page = post(world, token, email="neu@example.com", phone="", consent="yes")
    assert own_words("de").page.thanks_contact in page.text
    (row,) = responses(world)
    assert (row.score, row.customer_email) == (2, "neu@example.com")
    assert row.question == "Das tut uns leid. Was ist schiefgelaufen?"
    assert row.attributes["contact_consent"] == "yes"


def test_the_filled_in_address_alone_is_no_consent(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "2", "1", "yes", "")
    page = post(world, token, email="giulia@example.com", phone="+393331234567")
    assert page.status_code == 200
    assert world.invitation(token).answers["contact_consent"] is False
    assert "contact_email" not in world.invitation(token).answers


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"email": "other@example.com"}, "consent_missing"),
        ({"consent": "yes"}, "contact_missing"),
        ({"consent": "yes", "email": "giulia@"}, "email_wrong"),
        ({"consent": "yes", "phone": "12"}, "phone_wrong"),
    ],
)
def test_a_contact_that_cannot_be_used_is_asked_again(
    world: PagesWorld, fields: dict[str, str], problem: str
) -> None:
    token = world.invite()
    answer_all(world, token, "2", "1", "yes", "")
    page = post(world, token, **{"email": "", "phone": "", **fields})
    assert page.status_code == 422
    assert getattr(own_words("en").page, problem) in unescape(page.text)
    assert world.invitation(token).completed_at is None
    for value in fields.values():
        assert value in page.text


def test_conditions_choose_the_questions(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "8", "4", "no")
    assert heading(world.client.get(f"/s/{token}")) == "What were you looking for?"
    answer_all(world, token, "A lamp")
    assert heading(world.client.get(f"/s/{token}")) == "Would you like to tell us more?"


def test_a_survey_is_resumed_where_it_was_left(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "8", "")
    assert world.invitation(token).answers["overall"] == 8
    assert heading(world.client.get(f"/s/{token}")) == "Did you find what you were looking for?"


def test_one_can_go_back_but_not_ahead(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "8")
    back = world.client.get(f"/s/{token}?at=overall")
    assert 'value="8" required checked' in back.text
    ahead = world.client.get(f"/s/{token}?at=more")
    assert heading(ahead) == "How good was the advice you were given?"


def test_another_score_leads_another_way(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "8", "4", "yes")
    back = world.client.get(f"/s/{token}?at=overall")
    world.client.post(f"/s/{token}", data=form_of(back) | {"answer": "1"})
    answer_all(world, token, "4", "yes")
    assert heading(world.client.get(f"/s/{token}")) == "We are sorry to hear that. What went wrong?"


@pytest.mark.parametrize("wrong", ["", "11", "-1", "7.5", "٧", "seven", "7" * 5000])
def test_a_score_must_be_a_score(world: PagesWorld, wrong: str) -> None:
    token = world.invite()
    page = post(world, token, answer=wrong)
    assert page.status_code == 422
    assert own_words("en").page.choose in page.text
    assert 'role="alert"' in page.text
    assert world.invitation(token).answers == {}


def test_a_comment_has_a_limit_and_is_kept_while_it_is_shortened(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "9", "5", "yes")
    page = post(world, token, answer="ё" * 5_001)
    assert page.status_code == 422
    assert "ё" * 5_001 in page.text
    assert post(world, token, answer="ё" * 5_000).status_code == 200


def test_what_customers_write_is_never_markup(world: PagesWorld) -> None:
    token = world.invite()
    answer_all(world, token, "8", "4", "no", "</textarea><script>alert(1)</script>")
    page = world.client.get(f"/s/{token}?at=looking_for")
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_get_changes_nothing(world: PagesWorld) -> None:
    token = world.invite()
    before = world.invitation(token).model_dump()
    for address in (f"/s/{token}", f"/s/{token}?at=overall&lang=fi", f"/s/{token}/opt-out", f"/u/{token}"):
        assert world.client.get(address).status_code in (200, 303)
        world.client.head(address)
    assert world.invitation(token).model_dump() == before
    assert responses(world) == []


def test_a_link_is_completed_once(world: PagesWorld) -> None:
    token = world.invite(survey="nps", language="el")
    form = form_of(world.client.get(f"/s/{token}"))
    answer_all(world, token, "9", "")
    for page in (
        world.client.get(f"/s/{token}"),
        world.client.post(f"/s/{token}", data=form | {"answer": "1"}),
    ):
        assert (page.status_code, heading(page)) == (410, "Έχετε ήδη απαντήσει")
    assert len(responses(world)) == 1


def test_closed_links_say_nothing_of_the_customer(world: PagesWorld) -> None:
    token = world.invite(language="ru", country="RU")
    world.clock.moment += timedelta(days=7)
    page = world.client.get(f"/s/{token}")
    assert (page.status_code, heading(page)) == (410, "Этот опрос завершён")
    assert "giulia" not in page.text
    assert "Milano" not in page.text


@pytest.mark.parametrize(
    ("asked", "language"),
    [("fi-FI,en;q=0.5", "fi"), ("no", "nb"), ("zh, hu;q=0.8", "hu"), ("", "en"), ("x" * 9000, "en")],
)
def test_an_unknown_link_speaks_the_browsers_language(
    world: PagesWorld, asked: str, language: Language
) -> None:
    page = world.client.get("/s/" + "A" * 32, headers={"Accept-Language": asked})
    assert (page.status_code, heading(page)) == (404, own_words(language).page.unknown_title)


def test_a_tampered_link_is_an_unknown_one(world: PagesWorld) -> None:
    token = world.invite()
    for tampered in (token[:-1], token.swapcase(), token + "%00", "%ff"):
        assert world.client.get(f"/s/{tampered}").status_code == 404


def test_a_form_of_another_site_is_refused(world: PagesWorld) -> None:
    token = world.invite()
    form = form_of(world.client.get(f"/s/{token}")) | {"answer": "9"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert world.client.post(f"/s/{token}", data=form, headers=headers).status_code == 403
    assert world.invitation(token).answers == {}
    good = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
    assert world.client.post(f"/s/{token}", data=form, headers=good).status_code == 303


@pytest.mark.parametrize("change", [{"form": ""}, {"form": "x.y.z"}, {"step": "more"}])
def test_a_form_that_our_page_did_not_make_is_refused(world: PagesWorld, change: dict[str, str]) -> None:
    token, other = world.invite(), world.invite()
    form = form_of(world.client.get(f"/s/{token}")) | {"answer": "9"}
    assert world.client.post(f"/s/{token}", data=form | change).status_code == 403
    assert world.client.post(f"/s/{other}", data=form).status_code == 403


def test_a_program_that_fills_the_trap_thinks_it_is_done(world: PagesWorld) -> None:
    token = world.invite()
    page = post(world, token, answer="9", website="https://spam.example")
    assert page.status_code == 200
    assert world.invitation(token).answers == {}


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * 100_001, 413), (b"\xff\xfe", 400), (b"&".join([b"a=1"] * 30), 400)]
)
def test_what_is_no_form_is_refused(world: PagesWorld, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert world.client.post(f"/s/{world.invite()}", content=body, headers=headers).status_code == status


def test_trying_links_is_limited_and_known_ones_still_open(world: PagesWorld) -> None:
    token = world.invite()
    codes = [world.client.get(f"/s/{number:032}").status_code for number in range(40)]
    assert codes == [404] * 30 + [429] * 10
    assert world.client.get(f"/s/{token}").status_code == 200


def test_one_link_is_limited(world: PagesWorld) -> None:
    token = world.invite()
    codes = [world.client.get(f"/s/{token}").status_code for _ in range(125)]
    assert codes == [200] * 120 + [429] * 5


def suppressed(world: PagesWorld) -> int:
    with world.database.read() as session:
        return len(session.exec(select(SuppressionRow)).all())


def test_opting_out_asks_first(world: PagesWorld) -> None:
    token = world.invite(language="pl")
    page = world.client.get(f"/s/{token}/opt-out")
    assert heading(page) == "Rezygnacja z ankiet?"
    assert suppressed(world) == 0
    assert world.client.post(f"/s/{token}/opt-out", data={}).status_code == 200
    assert suppressed(world) == 0
    done = world.client.post(f"/s/{token}/opt-out", data=form_of(page))
    assert heading(done) == "Gotowe"
    assert suppressed(world) == 3


def test_mail_programs_opt_out_at_one_click(world: PagesWorld) -> None:
    token = world.invite()
    said = [
        world.client.post(f"/u/{name}", data={"List-Unsubscribe": "One-Click"}).status_code
        for name in (token, "unknown")
    ]
    assert said == [204, 204]
    assert suppressed(world) == 3


def test_the_language_can_be_changed_and_stays(world: PagesWorld) -> None:
    token = world.invite(language="de")
    page = world.client.get(f"/s/{token}?lang=el")
    assert '<html lang="el">' in page.text
    world.client.post(f"/s/{token}", data=form_of(page) | {"answer": "9"})
    assert '<html lang="el">' in world.client.get(f"/s/{token}").text
    answer_all(world, token, "5", "yes", "Όλα καλά")
    assert responses(world)[0].question == "Θα θέλατε να μας πείτε κάτι περισσότερο;"


def test_one_can_go_back_to_the_first_language(world: PagesWorld) -> None:
    token = world.invite(language="de")
    for language, answer in (("el", "9"), ("de", "5")):
        page = world.client.get(f"/s/{token}?lang={language}")
        world.client.post(f"/s/{token}", data=form_of(page) | {"answer": answer})
    assert '<html lang="de">' in world.client.get(f"/s/{token}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_every_language_and_is_small(world: PagesWorld, language: Language) -> None:
    for key, survey in CATALOGUE.surveys.items():
        token = world.invite(survey=key, language=language)
        page = world.client.get(f"/s/{token}")
        style = world.client.get(re.findall(r'href="(/survey-style/[^"]+)"', page.text)[0])
        assert f'<html lang="{language}">' in page.text
        assert heading(page) == survey.questions[0].text[language].replace("{brand}", "Lumera")
        assert len(page.content) + len(style.content) < 60_000
        assert "{brand}" not in page.text


def test_pages_load_nothing_from_elsewhere(world: PagesWorld) -> None:
    page = world.client.get(f"/s/{world.invite()}")
    assert not re.search(r"<(script|img|iframe|object|embed)\b|\son\w+=|style=|@import|url\(", page.text)
    links = re.findall(r'<link [^>]*href="([^"]+)"', page.text)
    assert all(link.startswith(("/survey-style/", "data:")) for link in links)


def test_pages_are_protected(world: PagesWorld) -> None:
    token = world.invite()
    for path in (f"/s/{token}", f"/s/{token}/opt-out", "/s/unknown"):
        headers = world.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in headers


def test_brands_have_looks_of_their_own(world: PagesWorld) -> None:
    sheets = []
    for brand in ("lumera", "nordhus"):
        page = world.client.get(f"/s/{world.invite(brand=brand)}")
        assert CATALOGUE.brand(brand).name in page.text
        sheets.append(world.client.get(re.findall(r'href="(/survey-style/[^"]+)"', page.text)[0]))
    assert sheets[0].text != sheets[1].text
    assert CATALOGUE.brand("nordhus").look.accent in sheets[1].text
    assert "immutable" in sheets[0].headers["cache-control"]
    assert world.client.get("/survey-style/other.123.css").status_code == 404


def test_a_survey_that_was_taken_away_is_over(tmp_path: Path) -> None:
    surveys = {key: survey for key, survey in CATALOGUE.surveys.items() if key != "retail"}
    world: Any = PagesWorld(tmp_path, Catalogue(surveys=surveys, brands=CATALOGUE.brands))
    assert world.client.get(f"/s/{world.invite()}").status_code == 410


def test_a_power_failure_before_the_completion_loses_nothing(world: PagesWorld) -> None:
    token = world.invite(survey="nps", answers={"recommend": 9, "more": "Fine", "page_passed": "more"})
    page = world.client.get(f"/s/{token}")
    assert "Fine</textarea>" in page.text
    assert world.client.post(f"/s/{token}", data=form_of(page) | {"answer": "Fine"}).status_code == 200
    assert responses(world)[0].comment == "Fine"
