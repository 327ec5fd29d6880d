"""Microsoft Dynamics 365 Customer Service, by the Dataverse Web API.

Everything is created once, by `PATCH` with `If-None-Match: *`: the case by our key,
and what belongs to it (contact, note, place in a queue) by an id derived from the
key, so that repeating any step changes nothing that an agent has edited since.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import httpx

from triage.delivery.dataverse import failure, raced, rows_of
from triage.delivery.entra import EntraSession
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Remote
from triage.delivery.record import address, cut, of_queue, utf16
from triage.settings import DynamicsSettings
from triage.types import CaseRecord, Check, Customer, RemoteCase, RemoteChanges, RemoteState, System

TITLE_LIMIT: Final = 200
DESCRIPTION_LIMIT: Final = 2_000
"""Of a new environment; `_description_limit` reads the real one."""
_NAMESPACE: Final = UUID("7d0a5b0e-4a06-5d0f-9d52-0f2f3c1e9a77")
_OVERLAP: Final = timedelta(minutes=2)
_READ: Final = {
    "Accept": "application/json",
    "OData-Version": "4.0",
    "OData-MaxVersion": "4.0",
}
_CREATE_ONLY: Final = _READ | {"If-None-Match": "*", "Prefer": "return=representation"}
_RESOLVED, _CANCELLED = 1, 2
_MOST_CONTACTS: Final = 10_000
_ANONYMOUS: Final = "Anonymous survey customer"


class Dynamics:
    """Cases (`incident`) in a Dataverse environment. Thread-safe."""

    name: System = "dynamics"

    def __init__(self, settings: DynamicsSettings) -> None:
        self._settings = settings
        self._remote = Remote(per_second=settings.calls_per_second)
        self._session = EntraSession(settings, self._remote)
        self._base = f"{settings.url}/api/data/{settings.api_version}"
        self._limit: int | None = None
        self._contacts: dict[str, str] = {}
        """The contact of each case (by its key) whose creation failed, for the next attempt."""

    def create(self, record: CaseRecord) -> RemoteCase:
        """See `ports.TicketSystem.create`. The case first, then what hangs on it: each step once."""
        contact = self._contacts.pop(record.key, None) or self._contact(record.customer)
        path = f"/incidents({self._settings.key_column}='{record.key}')?$select=incidentid"
        try:
            row = self._create(path, self._fields(record, contact))
        except DeliveryError as error:
            if error.kind is not Kind.CUSTOMER and len(self._contacts) < _MOST_CONTACTS:
                self._contacts[record.key] = contact
            raise
        case_id = str((row or self._created_before(record.key))["incidentid"])
        if utf16(record.body) > self._description_limit():
            self._note(case_id, f"{record.key}/whole", record.body)
        self._into_queue(case_id, record)
        return RemoteCase(
            id=case_id, url=f"{self._settings.url}/main.aspx?pagetype=entityrecord&etn=incident&id={case_id}"
        )

    def comment(self, case_id: str, key: str, text: str) -> None:
        """See `ports.TicketSystem.comment`. A note on a resolved case would never be read."""
        # First: a case that was resolved after it took the note must not be replaced by another.
        if self._has_note(key):
            return
        state = self.state(case_id)
        if state is None or state.status == "resolved":
            raise DeliveryError(Kind.CLOSED, f"case {case_id} is resolved or gone")
        self._note(case_id, key, text)

    def changes(self, since: datetime) -> RemoteChanges:
        """See `ports.TicketSystem.changes`."""
        asked_at = datetime.now(UTC)
        moment = (since - _OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = self._settings.key_column
        path = f"/incidents?$filter=modifiedon ge {moment} and {key} ne null&$select={self._columns()}"
        states = tuple(self._state(row) for row in self._pages(path))
        return RemoteChanges(states=states, covered_until=asked_at)

    def state(self, case_id: str) -> RemoteState | None:
        """See `ports.TicketSystem.state`."""
        answer = self._call("GET", f"/incidents({case_id})?$select={self._columns()}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        row = rows_of(answer)
        return self._state(row) if row.get(self._settings.key_column) else None

    def check(self) -> list[Check]:
        """See `ports.TicketSystem.check`."""
        try:
            rows_of(self._call("GET", "/WhoAmI"))
            keys = rows_of(self._call("GET", "/EntityDefinitions(LogicalName='incident')/Keys"))["value"]
        except DeliveryError as error:
            remedy = "Check URL, tenant, client id and secret, and that the app is an application user there."
            return [Check(name="sign in", ok=False, detail=str(error), remedy=remedy)]
        return [
            Check(name="sign in", ok=True, detail=self._settings.url),
            _key_check(self._settings.key_column, keys),
            *(self._row_check("queue", "queues", q, i) for q, i in self._settings.queues.items()),
            *(self._row_check("team", "teams", q, i) for q, i in self._settings.owners.items()),
        ]

    def close(self) -> None:
        """See `ports.TicketSystem.close`."""
        self._remote.close()

    def _fields(self, record: CaseRecord, contact: str) -> dict[str, Any]:
        settings = self._settings
        owner = of_queue(settings.owners, record.queue)
        fields: dict[str, Any] = {
            "title": cut(record.subject, TITLE_LIMIT),
            "description": cut(record.body, self._description_limit()),
            "caseorigincode": settings.origin,
            "casetypecode": settings.case_types.get(record.intent or "", 3),
            "prioritycode": settings.priorities.get(record.priority, 2),
            "customerid_contact@odata.bind": f"/contacts({contact})",
            "ownerid@odata.bind": f"/teams({owner})" if owner else None,
        }
        fields |= {column: record.facts.get(fact) for column, fact in settings.columns.items()}
        return {name: value for name, value in fields.items() if value is not None}

    def _contact(self, customer: Customer) -> str:
        """The id of the customer's contact: the one with their address, or one that we create once."""
        email = address(customer.email)
        if email and (known := self._contact_by_email(email)):
            return known
        # The address first: two survey platforms may each have a customer "17".
        identity = (email or "").lower() or customer.id or customer.phone
        contact = str(uuid5(_NAMESPACE, f"contact/{identity}" if identity else "anonymous"))
        # Whoever cannot be told apart shares one contact, which must not bear the first one's name.
        fields = _personal(customer, email) if identity else {"lastname": _ANONYMOUS}
        # Created or there already (None): either way the id is right.
        self._create(f"/contacts({contact})?$select=contactid", fields)
        return contact

    def _contact_by_email(self, email: str) -> str | None:
        quoted = email.replace("'", "''")
        params = {
            "$filter": f"emailaddress1 eq '{quoted}' and statecode eq 0",
            "$select": "contactid",
            "$orderby": "createdon asc",
            "$top": "1",
        }
        rows = rows_of(self._call("GET", "/contacts", params=params))["value"]
        return str(rows[0]["contactid"]) if rows else None

    def _created_before(self, key: str) -> dict[str, Any]:
        """The case an earlier attempt created; 412 may also come from a duplicate-detection rule."""
        path = f"/incidents({self._settings.key_column}='{key}')?$select=incidentid"
        answer = self._call("GET", path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            words = (
                "refused as a duplicate, but no case has our key: a duplicate-detection rule is in the way"
            )
            raise DeliveryError(Kind.REFUSED, words, status=412)
        return rows_of(answer)

    def _has_note(self, key: str) -> bool:
        answer = self._call("GET", f"/annotations({_note_id(key)})?$select=annotationid")
        return answer.status_code != httpx.codes.NOT_FOUND and bool(rows_of(answer))

    def _note(self, case_id: str, key: str, text: str) -> None:
        fields = {
            "subject": "Customer feedback",
            "notetext": cut(text, 100_000),
            "objectid_incident@odata.bind": f"/incidents({case_id})",
        }
        self._create(f"/annotations({_note_id(key)})?$select=annotationid", fields)

    def _into_queue(self, case_id: str, record: CaseRecord) -> None:
        queue = of_queue(self._settings.queues, record.queue)
        if queue is None:
            return
        fields = {
            "queueid@odata.bind": f"/queues({queue})",
            "objectid_incident@odata.bind": f"/incidents({case_id})",
        }
        item = uuid5(_NAMESPACE, f"queueitem/{record.key}")
        self._create(f"/queueitems({item})?$select=queueitemid", fields)

    def _create(self, path: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        """Create the row at `path`; None where it is there already."""
        answer = self._call("PATCH", path, headers=_CREATE_ONLY, json=fields)
        if answer.status_code == httpx.codes.PRECONDITION_FAILED or raced(answer):
            return None
        return rows_of(answer)

    def _description_limit(self) -> int:
        """How long a description may be here: administrators often raise it."""
        if self._limit is None:
            path = (
                "/EntityDefinitions(LogicalName='incident')/Attributes(LogicalName='description')"
                "/Microsoft.Dynamics.CRM.MemoAttributeMetadata?$select=MaxLength"
            )
            answer = self._call("GET", path)
            found = answer.json().get("MaxLength") if answer.status_code == httpx.codes.OK else None
            self._limit = int(found or DESCRIPTION_LIMIT)
        return self._limit

    def _columns(self) -> str:
        return f"incidentid,{self._settings.key_column},statecode,statuscode,modifiedon"

    def _state(self, row: dict[str, Any]) -> RemoteState:
        ended = row["statecode"] in (_RESOLVED, _CANCELLED)
        active = self._settings.statuses.get(row["statuscode"], "in_progress")
        return RemoteState(
            id=str(row["incidentid"]),
            key=str(row[self._settings.key_column]),
            status="resolved" if ended else active,
            changed_at=datetime.fromisoformat(row["modifiedon"]),
            resolution=self._resolution(row) if ended else None,
        )

    def _resolution(self, row: dict[str, Any]) -> str:
        """How the agent closed it: the subject of the newest resolution activity."""
        if row["statecode"] == _CANCELLED:
            return "cancelled"
        params = {
            "$filter": f"_incidentid_value eq {row['incidentid']}",
            "$select": "subject",
            "$orderby": "createdon desc",
            "$top": "1",
        }
        rows = rows_of(self._call("GET", "/incidentresolutions", params=params))["value"]
        return str(rows[0].get("subject") or "resolved") if rows else "resolved"

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = rows_of(self._call("GET", path))
        yield from page["value"]
        while link := page.get("@odata.nextLink"):
            page = rows_of(self._session.send("GET", link, headers=_READ))
            yield from page["value"]

    def _row_check(self, kind: str, table: str, queue: str, row_id: str) -> Check:
        answer = self._call("GET", f"/{table}({row_id})?$select=name")
        ok = answer.status_code == httpx.codes.OK
        detail = str(answer.json().get("name", row_id)) if ok else f"{row_id}: {failure(answer)}"
        setting = "QUEUES" if kind == "queue" else "OWNERS"
        remedy = f"Create the {kind}, or correct its id for {queue} in TRIAGE_DYNAMICS__{setting}."
        return Check(name=f"{kind} of {queue}", ok=ok, detail=detail, remedy="" if ok else remedy)

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        request.setdefault("headers", _READ)
        return self._session.send(method, self._base + path, **request)


def _note_id(key: str) -> UUID:
    return uuid5(_NAMESPACE, f"note/{key}")


def _personal(customer: Customer, email: str | None) -> dict[str, str]:
    """The fields of a contact that is one person's."""
    first, _, last = (customer.name or "").strip().rpartition(" ")
    fields = {
        "firstname": first[:50],
        "lastname": last[:50] or cut(email or customer.id or _ANONYMOUS, 50),
        "emailaddress1": email if len(email or "") <= 100 else None,
        "telephone1": (customer.phone or "")[:50],
    }
    return {name: value for name, value in fields.items() if value}


def _key_check(column: str, keys: list[dict[str, Any]]) -> Check:
    found = next((k for k in keys if k.get("KeyAttributes") == [column]), None)
    remedy = (
        f"Power Apps > Tables > Case: add the column {column} (single line of text, 100) and, under Keys, "
        "a key on it alone; then wait until its status is Active."
    )
    if found is None:
        return Check(name=f"key on {column}", ok=False, detail="incident has no such key", remedy=remedy)
    status = str(found.get("EntityKeyIndexStatus", ""))
    return Check(
        name=f"key on {column}",
        ok=status == "Active",
        detail=status,
        remedy="" if status == "Active" else remedy,
    )
