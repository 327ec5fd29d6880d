"""The `triage` command. One file a group of commands; each is thin."""

import typer

from triage.cli import (
    classify,
    corpus,
    events,
    feedback,
    invitations,
    keys,
    measure,
    model,
    responses,
    serve,
    surveys,
    systems,
    tickets,
)

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_show_locals=False, help="Survey comments in, tickets out."
)
app.command()(serve.serve)
app.command()(classify.classify)
app.add_typer(model.app)
app.add_typer(measure.app)
app.add_typer(corpus.app, name="corpus")
app.add_typer(keys.app, name="keys")
app.add_typer(responses.app, name="responses")
app.add_typer(tickets.app, name="tickets")
app.add_typer(surveys.app, name="surveys")
app.add_typer(systems.app, name="systems")
app.add_typer(feedback.app, name="feedback")
app.add_typer(events.app, name="events")
app.add_typer(invitations.app, name="invitations")
