"""Builds everything from the settings: who plays which part is said here and nowhere else."""

import gc
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from triage import language, spelling
from triage.db import Database
from triage.errors import TriageError, Unavailable, without_words
from triage.intake import Intake, Routing
from triage.jobs import Delivery, DeliveryProcess, delivery_of
from triage.keys import ApiKeys
from triage.migrations import upgrade
from triage.pipeline import analyse
from triage.ports import Clock, DeliveryJobs, Predictor, SystemClock
from triage.routing import load_rules
from triage.settings import STUB_MODEL, Settings
from triage.surveys.service import Surveys, surveys_of
from triage.tickets.service import INBOX
from triage.types import SurveyResponse

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of it is, from 0 to 1."""
_PENDING_SECONDS = 30.0
_SURVEY_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Model:
    """The predictor, from before it is loaded. Thread-safe."""

    def __init__(self, load: Callable[[], Predictor]) -> None:
        self._load = load
        self._predictor: Predictor | None = None
        self.failure: str | None = None
        """Why it could not be loaded, and never will be without the operator."""

    def load(self) -> None:
        """Load the predictor. Raises `Unavailable` where that fails, as does every request from then on."""
        try:
            predictor = self._load()
            # Once through every stage, whose data load with their first text: no caller should wait for it.
            analyse([SurveyResponse(external_id="", comment="When does my order come?")], predictor)
        except Exception as error:
            known = isinstance(error, TriageError)
            self.failure = f"the model could not be loaded: {error if known else type(error).__name__}"
            _log.error("%s", self.failure, exc_info=not known)
            raise Unavailable(self.failure) from error
        self._predictor = predictor

    def predictor(self) -> Predictor:
        """Return the loaded predictor. Raises `Unavailable`."""
        if self._predictor is None:
            raise Unavailable(self.failure or "the model is loading")
        return self._predictor

    @property
    def name(self) -> str | None:
        """The model's name, None until it is loaded."""
        return self._predictor.name if self._predictor else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """All that a running process needs."""

    settings: Settings
    database: Database
    model: Model
    keys: ApiKeys
    intake: Intake
    delivery: Delivery | None
    """None where no ticket system and no survey is configured: the inbox needs nothing sent."""
    surveys: Surveys | None
    """None where no folder of surveys is configured."""
    clock: Clock

    @property
    def jobs(self) -> DeliveryJobs | None:
        """The queues to other systems, where there are any."""
        return self.delivery.outbox if self.delivery else None

    def close(self) -> None:
        """Let go of the ticket systems and the database."""
        if self.delivery:
            self.delivery.stop()
        self.database.close()


def build(settings: Settings, progress: Progress | None = None) -> Services:
    """Build the services over a database brought up to date; the model is not loaded yet.

    Raises `ConfigurationError` for routing rules or surveys that cannot work.
    """
    rules = load_rules(settings.routing_file)
    database = Database(settings.database)
    upgrade(database.engine)
    clock = SystemClock()
    model = Model(lambda: load_predictor(settings, progress or _log_progress))
    delivery = delivery_of(settings, database, clock)
    surveys = surveys_of(settings, database, clock)
    if delivery and surveys:
        delivery.outbox.on_resolved = surveys.complaint_closed
    routing = Routing(
        rules=rules,
        systems=frozenset({INBOX, *(delivery.systems if delivery else ())}),
        jobs=delivery.outbox if delivery else None,
    )
    return Services(
        settings=settings,
        database=database,
        model=model,
        keys=ApiKeys(database, clock),
        intake=Intake(database, model.predictor, routing, clock),
        delivery=delivery,
        surveys=surveys,
        clock=clock,
    )


def first_key(services: Services) -> tuple[str | None, Path]:
    """See that an API key exists; return it where it is known, and the file that may hold it."""
    bootstrap = services.settings.bootstrap_api_key
    file = services.settings.data_dir / "api-key"
    return services.keys.ensure_first(bootstrap.get_secret_value() if bootstrap else None, file), file


def load_predictor(settings: Settings, progress: Progress) -> Predictor:
    """Load the model that the settings name and the word lists, building what the cache lacks."""
    language.warm_up(settings.cache_dir, progress)
    spelling.warm_up(settings.cache_dir, progress)
    # Imported here: the stub needs none of the real one's libraries.
    if settings.model == STUB_MODEL:
        from models.stub import StubPredictor

        return StubPredictor()
    from models import predictor

    return predictor.load_predictor(
        model=settings.model,
        backend=settings.backend,
        cache_dir=settings.cache_dir,
        encoder=settings.encoder,
        threads=settings.model_threads,
        target_precision=settings.target_precision,
        progress=progress,
    )


def _log_progress(what: str, share: float) -> None:
    _log.info("%s: %d %%", what, share * 100)


class Background:
    """What a server does beside answering: delivers, loads the model, then finishes what is pending."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="triage-background", daemon=True)
        delivers = services.delivery and services.settings.delivery.workers
        self._delivery = DeliveryProcess() if delivers else None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stop.set()
        self._thread.join(timeout=10)
        if self._delivery:
            self._delivery.stop()

    def _run(self) -> None:
        # First: what was accepted before is delivered even where the model cannot be loaded.
        if self._delivery:
            self._delivery.start()
        with suppress(Unavailable):
            self._services.model.load()
        # What stands now stays. Looking through it for garbage, every few seconds under load, would
        # stop all threads for a sixth of a second each time.
        gc.collect()
        gc.freeze()
        while self._services.model.failure is None and not self._stop.is_set():
            self._guarded("pending responses could not be analysed", self._analyse)
            # Answers to surveys come in unanalysed, and a ticket should not keep its customer waiting.
            self._stop.wait(_SURVEY_SECONDS if self._services.surveys else _PENDING_SECONDS)

    def _analyse(self) -> None:
        while self._services.intake.analyse_pending() and not self._stop.is_set():
            pass

    @staticmethod
    def _guarded(problem: str, step: Callable[[], None]) -> None:
        """Do a step; where it fails, say so and let the next round try again."""
        try:
            step()
        except Exception as error:
            _log.error("%s: %s", problem, without_words(error))
