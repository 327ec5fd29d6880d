"""Salesforce Service Cloud, by its REST API.

A case is created once: our key is in a unique external-id field, so a repeated
create answers `DUPLICATE_VALUE` and the case is looked up instead. Nothing here
writes a case again: an agent's edits are never overwritten.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Remote, retry_after
from triage.delivery.record import address, cut, of_queue
from triage.delivery.salesforce import SalesforceSession
from triage.settings import ServiceCloudSettings
from triage.types import CaseRecord, Check, RemoteCase, RemoteChanges, RemoteState, System, TicketStatus

SUBJECT_LIMIT: Final = 255
DESCRIPTION_LIMIT: Final = 32_000
COMMENT_LIMIT: Final = 4_000
"""In bytes of UTF-8; the other limits are in characters."""
EMAIL_LIMIT: Final = 80
_OVERLAP: Final = timedelta(minutes=5)
"""`updated` ignores seconds and reports late writes late, so each poll reaches back."""
_NEAR_THE_CAP: Final = 0.95
"""Share of the day's calls from which a limit error means the day, not the moment."""


class ServiceCloud:
    """Cases in a Salesforce organisation. Thread-safe."""

    name: System = "service_cloud"

    def __init__(self, settings: ServiceCloudSettings) -> None:
        self._settings = settings
        self._remote = Remote(per_second=settings.calls_per_second)
        self._session = SalesforceSession(settings, self._remote)
        version = settings.api_version
        self._base = f"/services/data/{version if version.startswith('v') else f'v{version}'}"

    def create(self, record: CaseRecord) -> RemoteCase:
        """See `ports.TicketSystem.create`."""
        answer = self._call("POST", "/sobjects/Case", json=self._fields(record))
        if answer.status_code == httpx.codes.CREATED:
            return self._case(answer.json()["id"])
        if "DUPLICATE_VALUE" in _codes(answer):
            return self._created_before(record.key, answer)
        raise failure(answer)

    def comment(self, case_id: str, key: str, text: str) -> None:
        """See `ports.TicketSystem.comment`. The key is written into the comment and looked for first."""
        mark = f"[{key}]"
        # First: a case that was closed after it took the comment must not be replaced by another.
        if any(mark in (row["CommentBody"] or "") for row in self._comments(case_id)):
            return
        # Salesforce takes a comment on a closed case too, where it would never be read.
        state = self.state(case_id)
        if state is None or state.status == "resolved":
            raise DeliveryError(Kind.CLOSED, f"case {case_id} is closed or gone")
        self._comment(case_id, mark, text)

    def _comment(self, case_id: str, mark: str, text: str) -> None:
        text = cut(text, COMMENT_LIMIT - len(mark) - 2, "utf-8")
        body = {"ParentId": case_id, "CommentBody": f"{text}\n\n{mark}"}
        answer = self._call("POST", "/sobjects/CaseComment", json=body)
        if answer.status_code != httpx.codes.CREATED:
            raise failure(answer)

    def changes(self, since: datetime) -> RemoteChanges:
        """See `ports.TicketSystem.changes`. Salesforce keeps 30 days."""
        now = datetime.now(UTC)
        start = max(since - _OVERLAP, now - timedelta(days=29))
        params = {"start": _moment(start), "end": _moment(now + timedelta(minutes=1))}
        page = self._ok("GET", "/sobjects/Case/updated/", params=params).json()
        covered = datetime.fromisoformat(page["latestDateCovered"])
        return RemoteChanges(states=tuple(self._states(page["ids"])), covered_until=min(covered, now))

    def state(self, case_id: str) -> RemoteState | None:
        """See `ports.TicketSystem.state`."""
        return next(iter(self._states([case_id])), None)

    def check(self) -> list[Check]:
        """See `ports.TicketSystem.check`."""
        try:
            fields = {f["name"]: f for f in self._ok("GET", "/sobjects/Case/describe").json()["fields"]}
        except DeliveryError as error:
            remedy = "Check login URL, client id and secret, and that the app's run-as user may use the API."
            return [Check(name="sign in and read Case", ok=False, detail=str(error), remedy=remedy)]
        owners = (self._owner_check(queue, owner) for queue, owner in self._settings.owners.items())
        return [
            Check(name="sign in and read Case", ok=True, detail=self._session.instance_url()),
            _key_check(self._settings.key_field, fields.get(self._settings.key_field)),
            *(_column_check(column, fields) for column in self._settings.columns),
            *owners,
        ]

    def close(self) -> None:
        """See `ports.TicketSystem.close`."""
        self._remote.close()

    def _fields(self, record: CaseRecord) -> dict[str, Any]:
        settings, customer = self._settings, record.customer
        email = address(customer.email) or ""
        fields: dict[str, Any] = {
            settings.key_field: record.key,
            "Subject": cut(record.subject, SUBJECT_LIMIT),
            "Description": cut(record.body, DESCRIPTION_LIMIT),
            "Origin": settings.origin,
            "Priority": settings.priorities.get(record.priority),
            "Type": settings.types.get(record.intent or ""),
            "OwnerId": of_queue(settings.owners, record.queue),
            "SuppliedName": customer.name and cut(customer.name, EMAIL_LIMIT),
            # Half an address is no address: a longer one, or none at all, stays in the description only.
            "SuppliedEmail": email if len(email) <= EMAIL_LIMIT else None,
            "SuppliedPhone": customer.phone and customer.phone[:40],
        }
        fields |= {column: record.facts.get(fact) for column, fact in settings.columns.items()}
        return {name: value for name, value in fields.items() if value}

    def _created_before(self, key: str, duplicate: httpx.Response) -> RemoteCase:
        """The case an earlier attempt created. A duplicate of another field is a refusal."""
        path = f"/sobjects/Case/{self._settings.key_field}/{quote(key, safe='')}"
        answer = self._call("GET", path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise failure(duplicate)
        if answer.status_code != httpx.codes.OK:
            raise failure(answer)
        return self._case(answer.json()["Id"])

    def _case(self, case_id: str) -> RemoteCase:
        return RemoteCase(
            id=case_id, url=f"{self._session.instance_url()}/lightning/r/Case/{case_id}/view", number=None
        )

    def _comments(self, case_id: str) -> list[dict[str, Any]]:
        return self._query("CommentBody", "CaseComment", "ParentId", [case_id])

    def _states(self, ids: list[str]) -> list[RemoteState]:
        key = self._settings.key_field
        columns = ["Id", key, "Status", "IsClosed", "LastModifiedDate"]
        if self._settings.resolution_field:
            columns.append(self._settings.resolution_field)
        states: list[RemoteState] = []
        for start in range(0, len(ids), 200):
            rows = self._query(", ".join(columns), "Case", "Id", ids[start : start + 200])
            states += [self._state(row) for row in rows if row[key]]
        return states

    def _state(self, row: dict[str, Any]) -> RemoteState:
        status, field = row["Status"], self._settings.resolution_field
        active: TicketStatus = "open" if status in self._settings.open_statuses else "in_progress"
        return RemoteState(
            id=row["Id"],
            key=row[self._settings.key_field],
            status="resolved" if row["IsClosed"] else active,
            changed_at=datetime.fromisoformat(row["LastModifiedDate"]),
            resolution=((row.get(field) if field else None) or status) if row["IsClosed"] else None,
        )

    def _owner_check(self, queue: str, owner: str) -> Check:
        table = "User" if owner.startswith("005") else "Group"
        rows = self._query("Name", table, "Id", [owner])
        detail = rows[0]["Name"] if rows else f"{owner} does not exist"
        remedy = (
            f"Create the queue in Setup > Queues and put its id into TRIAGE_SERVICE_CLOUD__OWNERS ({queue})."
        )
        return Check(name=f"queue {queue}", ok=bool(rows), detail=detail, remedy="" if rows else remedy)

    def _query(self, columns: str, table: str, field: str, ids: list[str]) -> list[dict[str, Any]]:
        """The rows of `table` whose `field` is one of `ids`."""
        quoted = ",".join("'" + i.replace("\\", "\\\\").replace("'", "\\'") + "'" for i in ids)
        # Names come from the settings, ids from Salesforce; SOQL reads only.
        soql = f"SELECT {columns} FROM {table} WHERE {field} IN ({quoted})"  # noqa: S608
        page = self._ok("GET", "/query", params={"q": soql}).json()
        rows: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = _checked(self._session.send("GET", page["nextRecordsUrl"])).json()
            rows += page["records"]
        return rows

    def _ok(self, method: str, path: str, **request: Any) -> httpx.Response:
        return _checked(self._call(method, path, **request))

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._session.send(method, self._base + path, **request)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != httpx.codes.OK:
        raise failure(answer)
    return answer


def failure(answer: httpx.Response) -> DeliveryError:
    """What an answer that is no success means."""
    codes, status = _codes(answer), answer.status_code
    return DeliveryError(
        _kind(status, codes, _usage(answer)),
        f"{', '.join(sorted(codes)) or status}: {_message(answer)}",
        status=status,
        retry_after=retry_after(answer),
    )


def _kind(status: int, codes: set[str], usage: float | None) -> Kind:
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return Kind.QUOTA if usage is None or usage >= _NEAR_THE_CAP else Kind.BUSY
    if "UNABLE_TO_LOCK_ROW" in codes:
        return Kind.BUSY
    if status >= 500:
        return Kind.OVERLOADED
    by_status = {300: Kind.AMBIGUOUS, 401: Kind.SIGN_IN, 403: Kind.FORBIDDEN, 429: Kind.THROTTLED}
    if codes & {"ENTITY_IS_DELETED", "ENTITY_IS_LOCKED"}:
        return Kind.CLOSED
    return by_status.get(status, Kind.REFUSED)


def _usage(answer: httpx.Response) -> float | None:
    """Share of the day's calls that is used up, by `Sforce-Limit-Info: api-usage=18/5000`."""
    _, _, value = answer.headers.get("sforce-limit-info", "").partition("api-usage=")
    used, _, cap = value.partition(";")[0].partition("/")
    return int(used) / int(cap) if used.isdigit() and cap.isdigit() and int(cap) else None


def _errors(answer: httpx.Response) -> list[dict[str, Any]]:
    try:
        body = answer.json()
    except ValueError:
        return []
    return [e for e in body if isinstance(e, dict)] if isinstance(body, list) else []


def _codes(answer: httpx.Response) -> set[str]:
    return {str(e.get("errorCode", "")) for e in _errors(answer)}


def _message(answer: httpx.Response) -> str:
    return "; ".join(str(e.get("message", "")) for e in _errors(answer)) or answer.text


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _key_check(name: str, field: dict[str, Any] | None) -> Check:
    remedy = (
        f"Setup > Object Manager > Case > Fields: add {name}, Text(32), External ID and Unique, writable."
    )
    if field is None:
        return Check(name=f"key field {name}", ok=False, detail="Case has no such field", remedy=remedy)
    missing = [p for p in ("externalId", "unique", "createable") if not field.get(p)]
    detail = f"is not {', '.join(missing)}" if missing else "external id, unique, writable"
    return Check(name=f"key field {name}", ok=not missing, detail=detail, remedy=remedy if missing else "")


def _column_check(column: str, fields: dict[str, Any]) -> Check:
    ok = bool(fields.get(column, {}).get("createable"))
    detail = "writable" if ok else "Case has no such field, or we may not write it"
    remedy = f"Add the field {column} to Case and grant it, or take it out of TRIAGE_SERVICE_CLOUD__COLUMNS."
    return Check(name=f"field {column}", ok=ok, detail=detail, remedy="" if ok else remedy)
