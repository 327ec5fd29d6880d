"""`triage invitations`: who was asked, who was not, and why."""

import random
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from triage.cli.context import err, opened, out
from triage.errors import NotFound
from triage.jobs.invitations import MessageQueue
from triage.surveys import simulation
from triage.surveys.doubtful import arrived, doubtful, send_again
from triage.surveys.queries import Story, stories
from triage.surveys.simulation import Month
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


@app.command()
def simulate(
    plot: Annotated[Path | None, typer.Option(help="Draw the stores' months into this SVG file.")] = None,
    count: Annotated[int, typer.Option("--stores", min=1, max=1000)] = 50,
    seed: Annotated[int, typer.Option(help="The same seed gives the same month.")] = 1,
) -> None:
    """Simulate a month of pacing: how many stores meet their target when customers answer as they please."""
    source = random.Random(seed)  # noqa: S311  (a simulation, no secret)
    months = [simulation.month(store, source) for store in simulation.stores(count, source)]
    possible = [m for m in months if m.was_possible]
    good = sum(m.within_a_tenth for m in possible)
    out.print(f"{len(possible)} of {count} stores had customers enough; {good} of them ended within 10 %")
    if plot:
        _draw(months, plot)


def _draw(months: list[Month], file: Path) -> None:
    """Draw each store's answers, as a share of its target, day by day."""
    try:
        import matplotlib
    except ImportError as error:
        raise typer.BadParameter("--plot needs matplotlib: pip install matplotlib") from error
    matplotlib.use("svg")
    # The same file for the same month: no date, no random ids.
    matplotlib.rcParams["svg.hashsalt"] = "pacing"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    days = range(1, len(months[0].answers) + 1)
    axes.axhspan(90, 110, color="#2a9d8f", alpha=0.2, label="within 10 % of the target")
    axes.plot([1, days[-1]], [100 / days[-1], 100], color="black", linestyle="--", label="even pace")
    for month in months:
        share = [100 * answers / month.store.target for answers in month.answers]
        axes.plot(
            days, share, color="#1d4f91" if month.was_possible else "#c0562f", alpha=0.45, linewidth=0.9
        )
    axes.plot([], [], color="#1d4f91", label="a store with customers enough")
    axes.plot([], [], color="#c0562f", label="a store with too few customers")
    axes.set(xlabel="day of the month", ylabel="answers, % of the target", xlim=(1, days[-1]), ylim=(0, 125))
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(file, metadata={"Date": None})


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


@app.command()
def unknown() -> None:
    """List the messages of which nobody knows whether they left, as their process was killed just then."""
    table = Table(Column("Message", no_wrap=True), "Survey", "Step", "To", "Handed over (UTC)", "Why")
    with opened() as services, services.database.read() as session:
        for message, invitation in doubtful(session):
            to = invitation.email if message.channel == "email" else invitation.phone
            at = f"{message.sent_at:{_AT}}" if message.sent_at else ""
            table.add_row(message.id, invitation.survey, message.step, to or "", at, message.error or "")
    out.print(table)


@app.command()
def resend(
    message: Annotated[str, typer.Argument(help="The id that `triage invitations unknown` shows.")],
) -> None:
    """Send such a message again: you know that it never arrived, or prefer twice to never."""
    with opened() as services:
        if services.delivery is None:
            raise NotFound("no surveys are sent from here: TRIAGE_SURVEYS_DIR is not set")
        jobs = MessageQueue(services.delivery.engine, services.clock)
        with services.database.write() as session:
            send_again(session, message, jobs, services.clock.now())
    out.print(f"Message {message} is sent again, unless its customer has answered or opted out meanwhile.")


@app.command("mark-sent")
def mark_sent(
    message: Annotated[str, typer.Argument(help="The id that `triage invitations unknown` shows.")],
) -> None:
    """Write down that such a message arrived."""
    with opened() as services, services.database.write() as session:
        arrived(session, message)
    out.print(f"Message {message} counts as sent.")


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
