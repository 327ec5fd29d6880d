"""`triage invitations`: who was asked, who was not, and why."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from triage.cli.context import err, opened, out
from triage.errors import NotFound
from triage.surveys.queries import Story, stories
from triage.surveys.suppression import OPT_OUT
from triage.surveys.tables import MessageRow

app = typer.Typer(no_args_is_help=True, help="Invitations to surveys.")
_AT = "%Y-%m-%d %H:%M"


@app.command()
def explain(
    who: Annotated[
        str,
        typer.Argument(metavar="CUSTOMER|EVENT", help="A customer's number, e-mail or phone; an event's id."),
    ],
) -> None:
    """Say why a customer was or was not asked about what happened, and what was sent."""
    with opened() as services, services.database.read() as session:
        found = stories(session, who)
    if not found:
        err.print(f"nothing is known of {who!r}", highlight=False)
        raise typer.Exit(1)
    for story in found:
        out.print(_table(story))


@app.command("opt-out")
def opt_out(
    customer: Annotated[str | None, typer.Option(help="The customer's number.")] = None,
    email: Annotated[str | None, typer.Option()] = None,
    phone: Annotated[str | None, typer.Option(help="With + and the country's code.")] = None,
) -> None:
    """Never ask a customer again."""
    with opened() as services:
        if services.surveys is None:
            raise NotFound("no surveys are sent from here: TRIAGE_SURVEYS_DIR is not set")
        done = services.surveys.suppress(
            OPT_OUT, customer_id=customer, email=email, phone=phone, detail="by `triage invitations opt-out`"
        )
    if not done:
        raise typer.BadParameter("give --customer, or an --email or --phone that can exist")
    out.print(f"{done} will not be asked again")


def _table(story: Story) -> Table:
    event = story.event
    what = f"{event.kind} ({event.channel})" if event.channel else event.kind
    table = Table(show_header=False, title=f"{what} of {event.occurred_at:{_AT}} UTC", title_justify="left")
    table.add_row("event", f"{event.id} ({escape(event.external_id)})")
    table.add_row("customer", escape(event.customer_id or ""))
    table.add_row("survey", event.survey or "none")
    table.add_row("decision", _decision(story))
    table.add_row("because", "\n".join(map(escape, event.reasons)))
    for message in story.messages:
        table.add_row(f"{message.step} ({message.channel})", _message(message))
    if story.invitation and story.invitation.completed_at:
        table.add_row("answered", f"{story.invitation.completed_at:{_AT}} UTC")
    return table


def _decision(story: Story) -> str:
    event = story.event
    if event.decided_at:
        word = "asked" if event.state == "asked" else "not asked"
        return f"{word}, decided {event.decided_at:{_AT}} UTC"
    if event.state == "held":
        return f"waits for its delivery until {event.due_at:{_AT}} UTC"
    return f"is decided at {event.due_at:{_AT}} UTC"


def _message(message: MessageRow) -> str:
    moment = message.sent_at or message.due_at
    why = f": {escape(message.error)}" if message.error else ""
    return f"{message.state} {moment:{_AT}} UTC{why}"
