"""Every mistake that a marketer may make is named with its line and what to do, all at once."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.invitations import FOLDER, shipped
from triage.errors import ConfigurationError
from triage.labels import LANGUAGES
from triage.surveys.files import check, import_survey, load
from triage.surveys.form import MODULES, TOUCHPOINTS, Bands

CATALOGUE = shipped()
RETAIL = (FOLDER / "retail.yaml").read_text("utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("brands.yaml", "common.yaml", "retail.yaml"):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    return tmp_path


def mistakes(folder: Path) -> list[str]:
    return [*map(str, check(folder)[1])]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_the_surveys_that_come_with_the_service_are_complete() -> None:
    surveys = CATALOGUE.surveys.values()
    assert {survey.module for survey in surveys} == {*MODULES}
    assert {survey.touchpoint for survey in surveys if survey.module == "touchpoint"} == {*TOUCHPOINTS}
    for survey in surveys:
        for question in survey.questions:
            assert tuple(question.text) == LANGUAGES
        assert survey.bands == Bands(positive_from=7, negative_below=5)
        asked = [[q.key for q in survey.asked({survey.questions[0].key: score})] for score in (2, 6, 9)]
        assert "wrong" in asked[0]
        assert "wrong" not in asked[1] + asked[2]


CHANGES: list[tuple[str, str, str]] = [
    # what is in the file, what somebody made of it, what they are told
    ("version: 1", "version: one", "version: must be a whole number"),
    ("version: 1\n", "", "version: is missing; add a line `version:`"),
    ("module: retail", "module: retial", "'retial' is not possible; write 'nps', 'retail'"),
    ("module: retail", "modul: retail", "'modul' is not known here; did you mean 'module'?"),
    ("module: retail", "module: touchpoint\nmodule: retail", "'module' is given twice, again on line"),
    ("touchpoint: shop", "touchpoint: store", "'store' is not possible; write 'shop'"),
    ("after: purchase", "after: buying", "'buying' is not possible; write 'purchase'"),
    ("channel: store", "channel: shop", "'shop' is not possible; write 'store' or 'online'"),
    ("priority: 20", "countries: [UK]", "'UK' is no country; did you mean GB?"),
    ("priority: 20", "countries: [it]", "'it' is no country; did you mean IT?"),
    ("priority: 20", "countries: [Italy]", "'Italy' is no country; use two capital letters"),
    ("priority: 20", "brands: [lumara]", "'lumara' is not known; did you mean 'lumera'?"),
    ("priority: 20", "sample: 50", "must be above 0 and at most 1; for 50 % write 0.5"),
    ("priority: 20", "sample: half", "must be a number such as 0.5"),
    ("send: within_minutes", "send: at once", "'at once' is not possible; write 'within_minutes'"),
    ("answers: 100", "answers: 0", "target.answers: must be greater than or equal to 1"),
    ("per: store", "per: shop", "'shop' is not possible; write 'store', 'seller'"),
    ("share_after: positive", "share_after: happy", "'happy' is not possible; write 'positive'"),
    ("share_after: positive", "bands: {positive_from: 4, negative_below: 6}", "cannot be below 6 and from 4"),
    ("share_after: positive", "bands: {positive_from: 11}", "must be less than or equal to 10"),
    ("  fi: Ostoksesi myymälässämme\n", "", "title.fi: the text in 'fi' is missing; every text needs all 17"),
    ("  fi: Ostoksesi myymälässämme", "  fi:", "title.fi: must be text, not nothing"),
    ("  fi: Ostoksesi myymälässämme", '  fi: "  "', "is empty; write the text in this language"),
    (
        "  nb: Kjøpet ditt i butikken vår",
        "  no: Kjøpet ditt",
        "title.no: is no language here; did you mean 'nb'?",
    ),
    ("  el: Η αγορά σας στο κατάστημά μας", "  el: I agora sas", "is not written in Greek letters"),
    ("  ru: Ваша покупка в нашем магазине", "  ru: Vasha pokupka", "is not written in Cyrillic letters"),
    ("  sv: Ditt köp i vår butik", "  sv: Ваша покупка", "has Greek or Cyrillic letters"),
    (
        "      de: Wie war Ihr Einkaufserlebnis insgesamt?",
        "      de: How was your shopping experience overall?",
        "questions.0.text.de: is still the English text; translate it",
    ),
    ("Vielen Dank für Ihren Einkauf bei {brand}.", "Vielen Dank!", "intro.de: lacks {brand}, unlike"),
    ("Ihr Einkauf in unserem Geschäft", "Ihr Einkauf bei {brand}", "title.de: has {brand}, unlike"),
    ("Einkauf bei {brand}.", "Einkauf bei {Brand}.", "only {brand} may stand in them"),
    ("Ihr Einkauf in unserem Geschäft", "Ihr <b>Einkauf</b>", "has '<b>' in it; write plain text"),
    ("Ihr Einkauf in unserem Geschäft", "Ein" + "k" * 300, "has 303 characters; shorten it to 300"),
    ("kind: score", "kind: stars", "the first question must be a score"),
    ("kind: score", "kind: nps", "'nps' is not possible; write 'score', 'stars'"),
    ("kind: score\n", "kind: score\n    band: negative\n", "the first question is asked of everyone"),
    ("key: advice\n    kind: stars", "key: advice\n    kind: score", "only the first question is a score"),
    ("key: advice", "key: overall", "another question above is called 'overall' too"),
    ("key: advice", "key: Advice!", "must be small letters, digits and _"),
    ("key: advice", "key: contact_me", "is a name that the pages use themselves"),
    (
        "scale: quality\n    text:\n      en: How good",
        "scale: qualty\n    text:\n      en: How good",
        "'qualty'",
    ),
    (
        "    scale: quality\n    text:\n      en: How good",
        "    text:\n      en: How good",
        "say with `scale:`",
    ),
    ("key: looking_for\n", "key: looking_for\n    scale: quality\n", "only a score or stars have a scale"),
    ("key: looking_for\n", "key: looking_for\n    options: []\n", "only a choice has options"),
    ("key: looking_for\n", "key: looking_for\n    required: ja\n", "must be true or false"),
    ("      - key: partly", "      - key: yes", "another option is called 'yes' too"),
    ("{found: [partly, no]}", "{found: maybe}", "the option 'maybe' is not known"),
    (
        "{found: [partly, no]}",
        "{found: {at_most: 2}}",
        "is a choice; name some of its options: yes, partly, no",
    ),
    ("{found: [partly, no]}", "{advise: no}", "'advise' is not known; did you mean 'advice'?"),
    ("{found: [partly, no]}", "{wrong: no}", "a condition looks back, never ahead"),
    ("{found: [partly, no]}", "{advice: bad}", "is a number; write a range such as {at_most: 2}"),
    ("{found: [partly, no]}", "{advice: {at_most: 9}}", "stars go from 1 to 5"),
    ("{found: [partly, no]}", "{advice: {at_most: 5}}", "holds for every answer"),
    ("{found: [partly, no]}", "{advice: {most: 2}}", "'most' is not known here; did you mean 'at_most'?"),
    ("- use: wrong", "- use: worng", "'worng' is not known; did you mean 'wrong'?"),
    ("- use: wrong", "- use: wrong\n    text: Why?", "'text' is not known here"),
    ("questions:\n", "questions: none\nunused:\n", "must be a list: lines that begin with a dash"),
    (
        "  en: Your purchase",
        "\ten: Your purchase",
        "has a tab at the beginning of a line; indent with spaces",
    ),
    ("  en: Your purchase", "  en: Your: purchase", "put texts with a colon or a brace in quotes"),
]


@pytest.mark.parametrize(("old", "new", "told"), CHANGES, ids=[told[:60] for _, _, told in CHANGES])
def test_a_mistake_is_named_with_what_to_do(folder: Path, old: str, new: str, told: str) -> None:
    assert old in RETAIL
    (folder / "retail.yaml").write_text(RETAIL.replace(old, new, 1), "utf-8")
    found = mistakes(folder)
    assert any(told in mistake for mistake in found), found
    assert all(mistake.startswith("retail.yaml:") for mistake in found)


def test_all_mistakes_are_told_at_once_each_with_its_line(folder: Path) -> None:
    text = RETAIL
    for old, new in (("priority: 20", "priority: 20\n  countries: [UK]"), ("kind: choice", "kind: chioce")):
        text = text.replace(old, new, 1)
    text = text.replace("      hu: Mit keresett?\n", "").replace("- use: more", "- use: moer")
    (folder / "retail.yaml").write_text(text, "utf-8")
    lines = [int(mistake.split(":")[1]) for mistake in mistakes(folder)]
    looking_for = line_of(text, "en: What were you looking for?") - 1
    assert lines == [
        line_of(text, "countries:"), line_of(text, "kind: chioce"), looking_for, line_of(text, "moer"),
    ]  # fmt: skip


def test_mistakes_in_what_is_shared(folder: Path) -> None:
    brands = (folder / "brands.yaml").read_text("utf-8")
    brands = brands.replace('"#0b5d51"', '"#9fd8cf"').replace("https://lumera.example/privacy", "lumera")
    (folder / "brands.yaml").write_text(brands.replace('"#8a2b0e"', "red"), "utf-8")
    found = "\n".join(mistakes(folder))
    assert "would be hard to read: contrast 1.6, needed are 4.5" in found
    assert "must be a whole address that begins with https://" in found
    assert 'must be a colour such as "#1d4f91", in quotes' in found


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("retail.yaml", b"title: \xff", "is not UTF-8"),
        ("retail.yaml", b"", "is missing; add a line `version:`"),
        ("retail.yaml", b"- a\n- b", "must be a block of lines"),
        ("retail.yaml", b"a: [" * 3000, "cannot be read"),
        ("My Survey.yaml", b"", "rename it"),
        ("extra.yml", b"", "rename it"),
    ],
)
def test_files_that_are_no_surveys(folder: Path, name: str, content: bytes, told: str) -> None:
    (folder / name).write_bytes(content)
    assert told in "\n".join(mistakes(folder))


def test_a_folder_without_anything(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path)
    for told in ("brands.yaml:1: the file: is missing", "common.yaml:1", "has no survey"):
        assert told in str(caught.value)


def test_an_import_replaces_a_survey_and_wants_a_new_version_for_new_questions(folder: Path) -> None:
    inbox = folder / "inbox"
    inbox.mkdir()
    file = inbox / "retail.yaml"
    file.write_text(RETAIL.replace("How good was the advice", "How was the advice"), "utf-8")
    assert import_survey(file, folder)[1] == []
    fewer = yaml.safe_load(RETAIL) | {"questions": yaml.safe_load(RETAIL)["questions"][:1]}
    file.write_text(yaml.safe_dump(fewer, allow_unicode=True), "utf-8")
    survey, found = import_survey(file, folder)
    assert survey is None
    assert "raise it above 1" in str(found[0])
    file.write_text(yaml.safe_dump(fewer | {"version": 2}, allow_unicode=True), "utf-8")
    assert import_survey(file, folder)[1] == []
    assert load(folder).surveys["retail"].version == 2


def test_a_wrong_import_changes_nothing(folder: Path) -> None:
    (folder / "inbox").mkdir()
    file = folder / "inbox" / "retail.yaml"
    file.write_text(RETAIL.replace("module: retail", "module: x"), "utf-8")
    survey, found = import_survey(file, folder)
    assert (survey, len(found)) == (None, 1)
    assert (folder / "retail.yaml").read_text("utf-8") == RETAIL


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=_VALUES)
def test_no_value_anywhere_breaks_the_check(folder: Path, data: st.DataObject, value: Any) -> None:
    survey = yaml.safe_load(RETAIL)
    part: Any = survey
    while True:
        keys = [*part] if isinstance(part, dict) else [*range(len(part))]
        key = data.draw(st.sampled_from(keys))
        if not isinstance(part[key], dict | list) or not part[key] or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = value
    (folder / "retail.yaml").write_text(yaml.safe_dump(survey, allow_unicode=True), "utf-8")
    catalogue, found = check(folder)
    assert (catalogue is None) == bool(found)
