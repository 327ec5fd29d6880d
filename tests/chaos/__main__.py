"""`make chaos`: the large run, on PostgreSQL with two replicas and on SQLite with one."""

import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.harness import Chaos, Plan, Report, faults_of
from tests.databases import postgres_database, postgres_server


def main() -> int:
    console = Console()
    reports = []
    for name in sys.argv[1:] or ("postgresql", "sqlite"):
        console.print(f"{name}: 2,000 responses, 30 kills; this takes some minutes …")
        with tempfile.TemporaryDirectory() as folder:
            reports.append(_run(name, Path(folder)))
    table = Table("", *(report.database for report in reports), title="Chaos")
    for cells in zip(*(report.rows() for report in reports), strict=True):
        table.add_row(cells[0][0], *(value for _, value in cells))
    console.print(table)
    wrong = [f"{report.database}: {fault}" for report in reports for fault in faults_of(report)]
    for fault in wrong:
        console.print(f"[red]{fault}[/red]")
    return 1 if wrong else 0


def _run(name: str, folder: Path) -> Report:
    large = Plan(responses=2_000, kills=30, outage_seconds=30.0, replicas=2 if name == "postgresql" else 1)
    with postgres_server() if name == "postgresql" else nullcontext("") as server:
        url = f"sqlite:///{folder / 'triage.db'}"
        with postgres_database(server) if server else nullcontext(url) as database_url:
            return Chaos(large, database_url, folder).run()


sys.exit(main())
