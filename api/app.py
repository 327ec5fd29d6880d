"""The application: routers, errors, and what runs beside the requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from api import (
    classify,
    events,
    mailbox,
    pages,
    problem,
    responses,
    status,
    ticket_page,
    ticket_work,
    tickets,
)
from api.guard import Guard
from triage import __version__, wiring
from triage.settings import Settings
from triage.wiring import Background, Services

_DESCRIPTION = """\
Survey responses go in; routed tickets come out, with the hidden question marked.
Every error is an `application/problem+json` document (RFC 9457).
"""


def create_app(services: Services | None = None) -> FastAPI:
    """Build the application over `services`, or over those that the environment describes."""
    ours = services or wiring.build(Settings())
    app = FastAPI(
        title="Feedback triage",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.services = ours
    problem.install(app)
    app.add_middleware(
        Guard, keys=ours.keys, max_body=ours.settings.max_body_bytes, max_batch=ours.settings.max_batch_bytes
    )
    app.add_middleware(problem.Faults)
    for module in (responses, classify, tickets, ticket_work, ticket_page, events, status):
        app.include_router(module.router)
    if ours.surveys:
        pages.install(app, ours.surveys.links, ours.surveys.catalogue)
    if ours.surveys and ours.settings.is_development:
        app.include_router(mailbox.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Size the thread pool, so that concurrent requests share the model's batches, and run the background."""
    services: Services = app.state.services
    to_thread.current_default_thread_limiter().total_tokens = services.settings.request_threads
    background = Background(services)
    background.start()
    try:
        yield
    finally:
        await to_thread.run_sync(background.stop)
        services.close()
