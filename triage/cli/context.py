"""What commands share: the settings, the services, progress, and errors said plainly."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.text import Text

from triage import wiring
from triage.errors import TriageError
from triage.settings import Settings
from triage.wiring import Services

# What is printed may be a customer's words or a remote system's: `[/b]` in them is text, never markup.
out = Console(width=None if sys.stdout.isatty() else 140, markup=False, emoji=False)
"""In a pipe Rich would assume 80 columns, too few for a table of tickets."""
err = Console(stderr=True, markup=False, emoji=False)


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
            # What is wrong between several variables has no place of its own.
            name = f"TRIAGE_{'__'.join(map(str, detail['loc']))}".rstrip("_").upper()
            said = detail["msg"].removeprefix("Value error, ")
            err.print(Text.assemble((f"{name}: ", "red"), said), soft_wrap=True)
        raise typer.Exit(2) from error
    except SettingsError as error:
        # Its message names the group, and not the value.
        err.print(Text.assemble(("TRIAGE: ", "red"), f"{error}: lists and tables are JSON"), soft_wrap=True)
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
