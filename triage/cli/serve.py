"""`triage serve`: the service itself."""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text
from uvicorn import Config, Server
from uvicorn.importer import import_from_string

from triage import wiring
from triage.cli import demo
from triage.cli.context import Bars, err, explained, out, read_settings
from triage.wiring import Services


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (TRIAGE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (TRIAGE_PORT).")] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Responses to post where the database is empty (JSONL).", exists=True)
    ] = None,
) -> None:
    """Start the service: bring the database up to date, load the model, answer requests."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("alembic", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Into the environment, as the process that delivers and invites reads its settings there too.
    given = {"TRIAGE_HOST": host, "TRIAGE_PORT": port}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = read_settings()
    with explained():
        services = wiring.build(settings, Bars())
        key, key_file = wiring.first_key(services)
    # By name: the command line and the API are neighbours that do not import each other.
    app = import_from_string("api.app:create_app")(services)
    # No access log: at this rate it costs more than some requests, and proxies keep one.
    config = Config(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
    server = Server(config)
    welcome = threading.Thread(target=_welcome, args=(server, services, samples, key, key_file), daemon=True)
    welcome.start()
    server.run()
    if services.model.failure or not server.started:
        raise typer.Exit(1)


def _welcome(server: Server, services: Services, samples: Path | None, key: str | None, file: Path) -> None:
    """Wait until requests are served, show what the samples come to, and say where to go on."""
    if not _is_ready(server, services):
        return
    address = f"http://{services.settings.host}:{_port(server)}"
    if samples and key and services.intake.is_empty():
        try:
            demo.run(address, key, samples)
        except Exception as error:  # the service goes on without its demonstration
            said = f"{type(error).__name__}: {error}"
            err.print(Text.assemble(("the samples could not be shown: ", "red"), said))
    out.print(f"API docs: {address}/docs", highlight=False, soft_wrap=True)
    out.print(f"API key:  {_told(key, file)}", highlight=False, soft_wrap=True)


def _told(key: str | None, file: Path) -> str:
    """Return the key where a person looks on, else where it is: output that is kept is no place for it."""
    if key is None:
        return "made before; `triage keys create` makes another"
    place = (
        f"kept in {file}"
        if file.exists() and file.read_text("utf-8").strip() == key
        else "given in TRIAGE_BOOTSTRAP_API_KEY"
    )
    return f"{key} ({place})" if out.is_terminal else place


def _is_ready(server: Server, services: Services) -> bool:
    """Wait; return False where the server ends before it could serve, or never will and is told to end."""
    while not server.should_exit:
        if services.model.failure:
            server.should_exit = True
        elif services.model.name and server.started:
            return True
        time.sleep(0.02)
    return False


def _port(server: Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
