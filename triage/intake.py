"""Where responses, the pipeline and tickets meet: a response comes in once and is stored once.

The model runs before the transaction, never inside it. One transaction then stores the
response, its finding, its ticket and the job that delivers the ticket. Whoever loses a
race for one external id finds the winner's result. Where analysis fails, the response
is stored as `pending_analysis`, and `analyse_pending` finishes it later.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col, func, select

from triage.db import Database
from triage.errors import Conflict, NotFound, Unavailable, without_words
from triage.group_commit import GroupCommit
from triage.pipeline import analyse
from triage.ports import Clock, DeliveryJobs, Predictor
from triage.receipts import Receipt, Work, known_receipts, read_receipts, store_new, store_results
from triage.records import body_hash, response_values, to_response
from triage.routing import Rules, decide
from triage.tables import ResponseRow, TicketRow, new_id
from triage.tickets.service import new_ticket
from triage.types import Finding, SurveyResponse, System

CHUNK = 100
"""Responses in one transaction: few enough that other callers hardly wait for it."""
_FIRST_RETRY = timedelta(seconds=30)
_LAST_RETRY = timedelta(hours=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """How findings become tickets, and who delivers them."""

    rules: Rules
    systems: frozenset[System] = frozenset({"inbox"})
    """Those configured here."""
    jobs: DeliveryJobs | None = None
    """Delivers to every system but the inbox."""

    def ticket(
        self,
        response_id: str,
        response: SurveyResponse,
        finding: Finding | None,
        *,
        historical: bool,
        now: datetime,
    ) -> TicketRow | None:
        """Return the ticket that a response deserves, not yet stored, or None."""
        if finding is None or historical:
            return None
        decision = decide(finding, response, self.rules, now=now, systems=self.systems)
        return new_ticket(response_id, response, finding, decision, now) if decision else None


class Intake:
    """Takes responses in. Thread-safe."""

    def __init__(
        self, database: Database, predictor: Callable[[], Predictor], routing: Routing, clock: Clock
    ) -> None:
        """`predictor` returns the loaded model, or raises `Unavailable`."""
        self._database = database
        self._predictor = predictor
        self._routing = routing
        self._clock = clock
        # PostgreSQL gathers concurrent commits by itself, and lets them run side by side.
        self._store = GroupCommit(self._commit).store if database.is_sqlite else self._commit

    def accept(self, client: str, response: SurveyResponse) -> Receipt:
        """Store and triage one response, or return what became of it the first time.

        Raises `Conflict` where the external id is known with another body, and
        `Unavailable` where nothing was stored and the same call can be repeated.
        """
        outcome = self._accept(client, [response], historical=False)[0]
        if isinstance(outcome, Conflict):
            raise outcome
        return outcome

    def accept_many(
        self, client: str, responses: Sequence[SurveyResponse], *, historical: bool = False
    ) -> Iterator[Receipt | Conflict]:
        """Yield the outcome of each response in order, storing `CHUNK` in a transaction.

        `historical` responses are stored and analysed but open no tickets.
        """
        for start in range(0, len(responses), CHUNK):
            yield from self._accept(client, responses[start : start + CHUNK], historical=historical)

    def find(self, response_id: str) -> Receipt:
        """Return a stored response with its results. Raises `NotFound`."""
        with self._database.read() as session:
            row = session.get(ResponseRow, response_id)
            if row is None:
                raise NotFound(f"there is no response {response_id!r}")
            return read_receipts(session, [row])[0]

    def _accept(
        self, client: str, responses: Sequence[SurveyResponse], *, historical: bool
    ) -> list[Receipt | Conflict]:
        receipts = self._known(client, [response.external_id for response in responses])
        fresh: dict[str, SurveyResponse] = {}
        for response in responses:
            if response.external_id not in receipts:
                fresh.setdefault(response.external_id, response)
        if fresh:
            stored = self._store(self._work(client, [*fresh.values()], historical))
            receipts |= {receipt.external_id: receipt for receipt in stored if receipt}
            if lost := fresh.keys() - receipts.keys():
                receipts |= self._known(client, [*lost])
        return [_outcome(response, receipts) for response in responses]

    def _known(self, client: str, external_ids: Sequence[str]) -> dict[str, Receipt]:
        with self._database.read() as session:
            return known_receipts(session, client, external_ids)

    def _commit(self, work: Sequence[Work]) -> Sequence[Receipt | None]:
        """Store `work` in one transaction; None for what another caller stored meanwhile."""
        with self._database.write() as session:
            return store_new(session, work, self._routing.jobs, self._clock.now())

    def _work(self, client: str, responses: Sequence[SurveyResponse], historical: bool) -> list[Work]:
        """Analyse and route new responses."""
        findings = self._analyse(responses)
        now = self._clock.now()
        work = []
        for response, finding in zip(responses, findings, strict=True):
            row = response_values(new_id(), client, response, now=now) | {"historical": historical}
            if finding is None:
                row |= _postponed(now, attempts=0)
            ticket = self._routing.ticket(row["id"], response, finding, historical=historical, now=now)
            work.append(Work(row=row, finding=finding, ticket=ticket))
        return work

    def _analyse(self, responses: Sequence[SurveyResponse]) -> list[Finding | None]:
        """Return a finding for each response; None where the analysis of it alone fails too."""
        predictor = self._predictor()
        try:
            return [*analyse(responses, predictor)]
        except Unavailable:
            raise
        except Exception as error:
            if len(responses) > 1:
                return [self._analyse([response])[0] for response in responses]
            _log.error("analysis of a response failed: %s", without_words(error))
            return [None]

    def analyse_pending(self) -> int:
        """Analyse up to `CHUNK` responses whose next attempt is due; return how many got a finding.

        Any number of replicas may run this at once: the first to store a finding wins.
        Raises `Unavailable`.
        """
        query = select(ResponseRow).where(
            ResponseRow.state == "pending_analysis", col(ResponseRow.analyse_after) <= self._clock.now()
        )
        with self._database.read() as session:
            rows = session.exec(query.order_by(col(ResponseRow.analyse_after)).limit(CHUNK)).all()
        findings = self._analyse([to_response(row) for row in rows]) if rows else []
        return sum(map(self._finish, rows, findings))

    def analyse_all_pending(self) -> int:
        """Try each response that is pending, due or not, once; return how many got a finding."""
        pending = col(ResponseRow.state) == "pending_analysis"
        with self._database.write() as session:
            session.execute(update(ResponseRow).where(pending).values(analyse_after=self._clock.now()))
        # One that fails again is due later, so that this many rounds reach each once.
        return sum(self.analyse_pending() for _ in range(0, self.count_pending(), CHUNK))

    def count_pending(self) -> int:
        """Return how many responses are stored without a finding."""
        with self._database.read() as session:
            query = select(func.count()).where(col(ResponseRow.state) == "pending_analysis")
            return session.exec(query).one()

    def is_empty(self) -> bool:
        """Return whether no response was ever stored."""
        with self._database.read() as session:
            return session.exec(select(ResponseRow.id).limit(1)).first() is None

    def _finish(self, row: ResponseRow, finding: Finding | None) -> bool:
        """Store the outcome of a later analysis; return whether it gave a finding."""
        now = self._clock.now()
        values = _ANALYSED if finding else _postponed(now, attempts=row.analysis_attempts)
        ticket = self._routing.ticket(row.id, to_response(row), finding, historical=row.historical, now=now)
        claim = update(ResponseRow).where(
            col(ResponseRow.id) == row.id, col(ResponseRow.state) == "pending_analysis"
        )
        with self._database.write() as session:
            is_mine = session.execute(claim.values(values).returning(col(ResponseRow.id))).first()
            if is_mine and finding:
                done = Work(row={"id": row.id}, finding=finding, ticket=ticket)
                store_results(session, [done], self._routing.jobs, now)
        return bool(is_mine and finding)


_ANALYSED: dict[str, Any] = {"state": "analysed", "analyse_after": None}


def _postponed(now: datetime, *, attempts: int) -> dict[str, Any]:
    """Return the columns of a response whose analysis failed once more after `attempts` others."""
    delay = min(_FIRST_RETRY * 2 ** min(attempts, 10), _LAST_RETRY)
    return {"state": "pending_analysis", "analyse_after": now + delay, "analysis_attempts": attempts + 1}


def _outcome(response: SurveyResponse, receipts: dict[str, Receipt]) -> Receipt | Conflict:
    """Compare with what is stored. Whoever comes second with one external id in a batch repeats it."""
    receipt = receipts[response.external_id]
    if not receipt.created and receipt.body_hash != body_hash(response):
        return Conflict(
            f"external_id {response.external_id!r} is known with another body: "
            "send what was sent first, or a new external_id"
        )
    receipts[response.external_id] = replace(receipt, created=False)
    return receipt
