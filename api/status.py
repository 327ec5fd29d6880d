"""`/health`, `/ready` and `/version`: for those who run the service. They need no key."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import text

from api.deps import ServicesDep, answer
from api.problem import problem_docs
from api.schema import Out
from triage import __version__
from triage.labels import TAXONOMY_VERSION

router = APIRouter(tags=["status"])


class Health(Out):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Version(Out):
    """What is running."""

    service: str
    model: str | None
    """Null while it is loading."""
    taxonomy: str


@router.get("/health", response_model=Health)
async def health() -> Health:
    """Say that the process runs; restart it where this fails."""
    return Health()


@router.get("/ready", response_model=Health, responses=problem_docs(503))
def ready(services: ServicesDep) -> Response:
    """Say whether requests are served: the model is loaded and the database answers."""
    services.model.predictor()
    with services.database.read() as session:
        session.execute(text("SELECT 1"))
    return answer(Health())


@router.get("/version", response_model=Version)
async def version(services: ServicesDep) -> Version:
    """Return the versions of the service, its model and its labels."""
    return Version(service=__version__, model=services.model.name, taxonomy=TAXONOMY_VERSION)
