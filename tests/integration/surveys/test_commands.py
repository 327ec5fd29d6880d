"""`triage surveys`, as a marketer uses it."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.preview import create_app
from tests.invitations import FOLDER, shipped
from triage.cli import app

RUN = CliRunner()
OPTION = f"--folder={FOLDER}"


def test_check_lists_the_surveys() -> None:
    done = RUN.invoke(app, ["surveys", "check", OPTION])
    assert done.exit_code == 0, done.output
    for words in ("customer_service", "complaint_closed", "100 per store"):
        assert words in done.output


def test_check_names_every_mistake_and_fails(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    text = (FOLDER / "nps.yaml").read_text("utf-8").replace("module: nps", "module: npss")
    (tmp_path / "nps.yaml").write_text(text.replace("sample: 0.1", "sample: 10"), "utf-8")
    done = RUN.invoke(app, ["surveys", "check", "--folder", str(tmp_path)])
    assert done.exit_code == 1
    assert "nps.yaml:4: module: 'npss' is not possible" in done.output
    assert "nps.yaml:7: ask.sample: must be above 0 and at most 1; for 10 % write 0.1" in done.output
    assert "2 mistakes" in done.output


def test_import_puts_a_survey_among_the_others(tmp_path: Path) -> None:
    for name in ("brands.yaml", "common.yaml", "nps.yaml"):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    done = RUN.invoke(app, ["surveys", "import", str(FOLDER / "repair.yaml"), "--folder", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "repair.yaml").read_bytes() == (FOLDER / "repair.yaml").read_bytes()
    refused = RUN.invoke(app, ["surveys", "import", str(FOLDER / "brands.yaml"), "--folder", str(tmp_path)])
    assert refused.exit_code == 1
    assert "is no survey" in refused.output


def test_preview_prints_mail_and_questions() -> None:
    done = RUN.invoke(
        app, ["surveys", "preview", "delivery", "--language", "el", "--brand", "nordhus", OPTION]
    )
    assert done.exit_code == 0, done.output
    for words in ("Nordhus", "Πώς ήταν η παράδοση;", "asked when negative", "SMS"):
        assert words in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["holiday"], "no survey is called 'holiday'; there are assembly"),
        (["nps", "--language=tlh"], "there is no language 'tlh'; there are en, it"),
        (["nps", "--brand=x"], "no brand is called 'x'; there are lumera, nordhus"),
    ],
)
def test_preview_says_what_there_is(arguments: list[str], told: str) -> None:
    done = RUN.invoke(app, ["surveys", "preview", *arguments, OPTION])
    assert done.exit_code == 1
    assert told in " ".join(done.output.split())


def test_without_a_folder_it_is_said_how_to_name_one() -> None:
    done = RUN.invoke(app, ["surveys", "check"])
    assert done.exit_code == 1
    assert "TRIAGE_SURVEYS_DIR" in done.output


def test_the_served_preview_begins_again_after_the_end() -> None:
    client = TestClient(create_app(shipped(), "nps", "de", None, "DE"))
    for _ in range(2):
        page = client.get("/")
        assert "Wie wahrscheinlich ist es" in page.text
        for answer in ("9", ""):
            step, form = (
                page.text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("step", "form")
            )
            page = client.post("/s/preview", data={"step": step, "form": form, "answer": answer})
        assert "Vielen Dank!" in page.text
