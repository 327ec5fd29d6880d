"""`triage surveys`: what customers are asked, checked and seen before they are."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text
from uvicorn import Config, Server
from uvicorn.importer import import_from_string

from triage.cli.context import err, explained, out, read_settings
from triage.errors import ConfigurationError, NotFound
from triage.labels import LANGUAGES, Language
from triage.surveys.files import Mistake, check, import_survey, load
from triage.surveys.form import Brand, Catalogue, Question, Survey
from triage.surveys.messages import known_language, render

app = typer.Typer(no_args_is_help=True, help="Surveys: check, import, preview.")

Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where the survey files are (TRIAGE_SURVEYS_DIR).")
]


@app.command("check")
def check_surveys(folder: Folder = None) -> None:
    """Read every survey file; name each mistake with its line and what to do.

    Ends with 1 where there is one.
    """
    with explained():
        catalogue, mistakes = check(_folder(folder))
    if catalogue is None:
        _refuse(mistakes)
    table = Table("Survey", "Module", "Touchpoint", "Sent after", "Questions", "Target a month")
    for key, survey in catalogue.surveys.items() if catalogue else ():
        target = f"{survey.target.answers} per {survey.target.per}" if survey.target else ""
        sent_after = ", ".join(sorted(survey.criteria.events))
        questions = str(len(survey.questions))
        table.add_row(key, survey.module, survey.touchpoint or "", sent_after, questions, target)
    out.print(table)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A survey file.", exists=True, dir_okay=False)],
    folder: Folder = None,
) -> None:
    """Check a survey file and put it among the others; a running service asks it after a restart."""
    with explained():
        target = _folder(folder)
        survey, mistakes = import_survey(file, target)
    if survey is None:
        _refuse(mistakes)
    else:
        out.print(f"Survey {survey.key}, version {survey.version}, is in {target}.", soft_wrap=True)


@app.command()
def preview(
    survey: Annotated[str, typer.Argument(help="The name of the survey.")],
    language: Annotated[str, typer.Option(help="One of the 17 languages, such as it.")] = "en",
    brand: Annotated[str | None, typer.Option(help="The brand; the first one by default.")] = None,
    country: Annotated[str | None, typer.Option(help="For the links to share, such as IT.")] = None,
    serve: Annotated[bool, typer.Option(help="Show the pages in a browser.")] = False,
    port: Annotated[int, typer.Option(help="Where to show them.")] = 8001,
    folder: Folder = None,
) -> None:
    """Show a survey as customers get it: the messages and questions here, or with --serve its pages."""
    with explained():
        catalogue = load(_folder(folder))
        found, code = _survey(catalogue, survey), _language(language)
        if brand is not None and brand not in catalogue.brands:
            raise NotFound(f"no brand is called {brand!r}; there are {', '.join(catalogue.brands)}")
    if serve:
        # By name: the command line and the API are neighbours that do not import each other.
        create_app = import_from_string("api.preview:create_app")
        out.print(f"http://127.0.0.1:{port}/  (Ctrl-C ends it)")
        Server(
            Config(create_app(catalogue, survey, code, brand, country), port=port, log_level="warning")
        ).run()
        return
    _print(found, code, catalogue.brand(brand))


def _print(survey: Survey, language: Language, brand: Brand) -> None:
    link = "https://your.service/s/…"
    message = render("invitation", language, brand, survey=survey, link=link, opt_out=f"{link}/opt-out")
    out.rule(message.subject)
    out.print(message.text, highlight=False, markup=False)
    out.rule("SMS")
    sms = render("sms", language, brand, survey=survey, link=link, opt_out="")
    out.print(sms.text, highlight=False, markup=False, soft_wrap=True)
    out.rule(survey.title[language])
    for number, question in enumerate(survey.questions, 1):
        out.print(f"{number}. {brand.named_in(question.text[language])}", markup=False)
        out.print(f"   {_details(question, language)}", style="dim", markup=False)


def _details(question: Question, language: Language) -> str:
    parts: list[str] = [question.kind]
    if question.options:
        parts.append(" / ".join(option.text[language] for option in question.options))
    if question.lowest:
        parts.append(f"{question.lowest[language]} … {question.highest[language]}")
    if len(question.bands) < 3:
        parts.append("asked when " + " or ".join(sorted(question.bands)))
    for condition in question.when:
        wanted = ", ".join(sorted(condition.any_of)) or f"{condition.at_least} to {condition.at_most}"
        parts.append(f"asked when {condition.question} is {wanted}")
    return "; ".join(parts)


def _folder(given: Path | None) -> Path:
    folder = given or read_settings().surveys_dir
    if folder is None:
        raise ConfigurationError("say where the survey files are: --folder, or TRIAGE_SURVEYS_DIR")
    return folder


def _survey(catalogue: Catalogue, name: str) -> Survey:
    if name not in catalogue.surveys:
        raise NotFound(f"no survey is called {name!r}; there are {', '.join(catalogue.surveys)}")
    return catalogue.surveys[name]


def _language(code: str) -> Language:
    known = known_language(code)
    if known is None:
        raise NotFound(f"there is no language {code!r}; there are {', '.join(LANGUAGES)}")
    return known


def _refuse(mistakes: list[Mistake]) -> None:
    for mistake in mistakes:
        err.print(str(mistake), soft_wrap=True, highlight=False, markup=False)
    count = len(mistakes)
    counted = f"{count} {'mistake' if count == 1 else 'mistakes'}"
    err.print(Text.assemble((counted, "red"), "; nothing was changed."))
    raise typer.Exit(1)
