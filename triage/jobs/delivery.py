"""Everything that delivers, built and run together."""

from collections.abc import Callable, Mapping

from triage.db import Database
from triage.delivery.circuit import CircuitPolicy
from triage.delivery.dynamics import Dynamics
from triage.delivery.failure import DeliveryError
from triage.delivery.retry import RetryPolicy
from triage.delivery.service_cloud import ServiceCloud
from triage.delivery.webhook import Webhook
from triage.jobs.courier import Courier
from triage.jobs.engine import DELIVER, Engine
from triage.jobs.invitations import Invitations
from triage.jobs.outbox import EVENTS, Outbox
from triage.jobs.settle import Settlement
from triage.jobs.upkeep import CLAIMED, Upkeep
from triage.ports import Clock, TicketSystem
from triage.settings import DeliverySettings, Settings
from triage.tickets.lifecycle import follow_remote
from triage.types import System


def systems_of(settings: Settings) -> dict[System, TicketSystem]:
    """The ticket systems that the settings describe, not signed in yet; the inbox is none of them."""
    systems: dict[System, TicketSystem] = {}
    if settings.dynamics:
        systems["dynamics"] = Dynamics(settings.dynamics)
    if settings.service_cloud:
        systems["service_cloud"] = ServiceCloud(settings.service_cloud)
    if settings.webhook:
        systems["webhook"] = Webhook(settings.webhook)
    return systems


def delivery_of(settings: Settings, database: Database, clock: Clock) -> "Delivery | None":
    """The delivery that the settings describe; None where the inbox is all there is."""
    systems = systems_of(settings)
    if not systems and settings.surveys_dir is None:
        return None
    delivery = Delivery(
        database,
        settings.database,
        systems,
        Webhook(settings.webhook) if settings.webhook else None,
        clock,
        settings.delivery,
        settings.replica_id,
        public_url=settings.public_url,
    )
    if settings.surveys_dir is not None:
        delivery.invitations = lambda engine: Invitations(settings, database, engine, clock)
    return delivery


class Delivery:
    """The delivery of one replica. `outbox` may be used at once; nothing is sent before `start`."""

    def __init__(
        self,
        database: Database,
        url: str,
        systems: Mapping[System, TicketSystem],
        events: Webhook | None,
        clock: Clock,
        settings: DeliverySettings,
        replica: str,
        *,
        public_url: str | None = None,
    ) -> None:
        """`url` is the database's: jobs are kept beside the tickets. Cases link to `public_url`."""
        self._settings = settings
        self._database = database
        self._clock = clock
        self.systems = systems
        self._events = events
        self.invitations: Callable[[Engine], Invitations] | None = None
        """Makes what sends invitations; called at the start, as it reads every survey."""
        self._inviting: Invitations | None = None
        self.is_running = False
        self._queues: tuple[str, ...] = (*systems, *((EVENTS,) if events else ()))
        self.engine = Engine(url, replica)
        self.outbox = Outbox(self.engine, frozenset(systems), clock, announces=events is not None)
        self.upkeep = Upkeep(
            database, self.engine, self.outbox, systems, self._queues, clock, settings, replica
        )
        settlement = Settlement(
            database,
            self.outbox,
            clock,
            replica=replica,
            policy=RetryPolicy(give_up_after=settings.give_up_after_days * 86_400),
            circuits=CircuitPolicy(),
            circuit_changed=self.upkeep.follow,
        )
        self._courier = Courier(database, systems, events, settlement, clock, public_url=public_url)

    def start(self) -> None:
        """Begin to deliver, unless this replica has no workers. May be called again where it failed."""
        if self._settings.workers:
            runs = {DELIVER: self._courier.run}
            slots = dict.fromkeys(self._queues, CLAIMED * self._settings.workers)
            if self.invitations:
                self._inviting = self.invitations(self.engine)
                runs |= self._inviting.runs
                slots |= self._inviting.slots
                self.upkeep.more |= self._inviting.upkeep
                self.outbox.on_resolved = self._inviting.complaint_closed
            self.upkeep.announce()
            self.engine.start(runs, slots, self.upkeep.gates)
            self.upkeep.start()
        self.is_running = True

    def give_way(self, wanted: bool) -> None:
        """Go slowly while those who post need the machine, or at full speed again."""
        self.upkeep.pace.is_slow = wanted

    def stop(self) -> None:
        """Finish what is under way and let go."""
        self.upkeep.stop()
        self.engine.stop()
        for system in self.systems.values():
            system.close()
        if self._events:
            self._events.close()
        if self._inviting:
            self._inviting.close()

    def refresh(self, name: System, case_id: str) -> bool:
        """Read one case of a system now; False where the system did not answer."""
        system = self.systems.get(name)
        try:
            state = system.state(case_id) if system else None
        except DeliveryError:
            return False
        if state is not None:
            with self._database.write() as session:
                follow_remote(session, name, state, self.outbox, self._clock.now())
        return True
