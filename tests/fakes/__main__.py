"""`make demo-crm`: the fake ticket systems on fixed ports, printing what arrives.

Start the service in another terminal with the variables shown here, and watch.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from tests.fakes.dynamics import FakeDynamics
from tests.fakes.receiver import SECRET, FakeReceiver
from tests.fakes.service_cloud import FakeServiceCloud

_DYNAMICS, _SALESFORCE, _RECEIVER = 8101, 8102, 8103


def main() -> None:
    console = Console()
    dataverse, salesforce, receiver = (
        FakeDynamics(_DYNAMICS), FakeServiceCloud(_SALESFORCE), FakeReceiver(_RECEIVER),
    )  # fmt: skip
    with ExitStack() as stack:
        for fake in (dataverse, salesforce, receiver):
            stack.enter_context(fake.running())
        console.print("In another terminal:\n", style="bold")
        console.print("\n".join(variables(dataverse, salesforce, receiver)), highlight=False)
        console.print("make run\n", highlight=False)
        console.print("Cases appear here as they arrive; Ctrl-C ends.")
        arrivals = Arrivals(dataverse, salesforce, receiver)
        with suppress(KeyboardInterrupt):
            while True:
                for title, text in arrivals.new():
                    console.print(Panel(Text(text), title=Text(title), title_align="left"))
                time.sleep(0.5)


def variables(dataverse: FakeDynamics, salesforce: FakeServiceCloud, receiver: FakeReceiver) -> Iterator[str]:
    values = {
        "TRIAGE_DYNAMICS__URL": dataverse.url,
        "TRIAGE_DYNAMICS__AUTHORITY": dataverse.url,
        "TRIAGE_DYNAMICS__TENANT": dataverse.tenant,
        "TRIAGE_DYNAMICS__CLIENT_ID": dataverse.client_id,
        "TRIAGE_DYNAMICS__CLIENT_SECRET": dataverse.client_secret,
        "TRIAGE_SERVICE_CLOUD__LOGIN_URL": salesforce.url,
        "TRIAGE_SERVICE_CLOUD__CLIENT_ID": salesforce.client_id,
        "TRIAGE_SERVICE_CLOUD__CLIENT_SECRET": salesforce.client_secret,
        "TRIAGE_WEBHOOK__URL": receiver.url,
        "TRIAGE_WEBHOOK__SECRET": SECRET,
    }
    return (f"export {name}={value}" for name, value in values.items())


class Arrivals:
    """What arrived since the last look."""

    def __init__(self, dataverse: FakeDynamics, salesforce: FakeServiceCloud, receiver: FakeReceiver) -> None:
        self._all = (
            ("Dynamics", dataverse.incidents, "title", "description"),
            ("Service Cloud", salesforce.cases, "Subject", "Description"),
            ("Event", receiver.messages, "type", "data"),
        )
        self._seen: set[str] = set()

    def new(self) -> Iterator[tuple[str, str]]:
        """Title and text of each."""
        for name, rows, title, text in self._all:
            for key, row in list(rows.items()):
                if key not in self._seen:
                    self._seen.add(key)
                    yield f"{name}: {row[title]}", str(row[text])


if __name__ == "__main__":
    main()
