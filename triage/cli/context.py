"""What commands share: the settings, the services, progress, and errors said plainly."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.text import Text

from triage import wiring
from triage.errors import TriageError
from triage.settings import Settings
from triage.wiring import Services

out = Console(width=None if sys.stdout.isatty() else 140)
"""In a pipe Rich would assume 80 columns, too few for a table of tickets."""
err = Console(stderr=True)


@contextmanager
def explained() -> Iterator[None]:
    """End the command with one red line where the service knows what is wrong."""
    try:
        yield
    except TriageError as error:
        err.print(Text.assemble((f"{error.title}: ", "red"), str(error)), soft_wrap=True)
        raise typer.Exit(1) from error


def read_settings() -> Settings:
    """Read the environment. Ends the command where a variable is wrong, without showing its value."""
    try:
        return Settings()
    except ValidationError as error:
        for detail in error.errors(include_input=False):
            name = "__".join(map(str, detail["loc"])).upper()
            said = detail["msg"].removeprefix("Value error, ")
            err.print(Text.assemble((f"TRIAGE_{name}: ", "red"), said), soft_wrap=True)
        raise typer.Exit(2) from error


@contextmanager
def opened() -> Iterator[Services]:
    """Build the services for one command, and close them after it."""
    with explained():
        services = wiring.build(read_settings(), Bars())
        try:
            yield services
        finally:
            services.close()


class Bars:
    """Progress bars that appear with the first step and go with the last. Thread-safe."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, what: str, share: float) -> None:
        """Show that `share` (0 to 1) of the step `what` is done."""
        with self._lock:
            if self._progress is None:
                self._progress = Progress(console=err)
                self._progress.start()
            if what not in self._tasks:
                self._tasks[what] = self._progress.add_task(what, total=1.0)
            self._progress.update(self._tasks[what], completed=share)
            if self._progress.finished:
                self._progress.stop()
                self._progress, self._tasks = None, {}
