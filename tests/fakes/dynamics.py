"""A Dataverse environment with incidents, and its sign-in, as far as they are documented.

Faults: unavailable (503), throttled (429 with Retry-After), expired_token, forbidden,
duplicate_rule (412 without a record of that key), race, missing_contact, slow,
drop_before, drop_after.
"""

import re
import secrets
import threading
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.fakes.pauses import Pauses
from tests.fakes.server import FakeServer, Reply, Request, Route, route

KEY = "new_feedbackkey"
LIMITS = {
    "title": 200, "description": 2_000, "firstname": 50, "lastname": 50, "emailaddress1": 100,
    "telephone1": 50, "notetext": 100_000, "subject": 500, "new_sentiment": 50,
}  # fmt: skip
NUMBERS = {"caseorigincode", "casetypecode", "prioritycode"}
TABLES = {
    "incidents": "incidentid",
    "contacts": "contactid",
    "annotations": "annotationid",
    "queueitems": "queueitemid",
    "queues": "queueid",
    "teams": "teamid",
    "incidentresolutions": "activityid",
}
QUEUE = "11111111-2222-3333-4444-555555555555"
TEAM = "66666666-7777-8888-9999-000000000000"


class FakeDynamics(FakeServer):
    tenant = "contoso"
    client_id = "client"
    client_secret = "s3cret-of-dynamics"
    retry_after = 1

    def __init__(self, port: int = 0, *, key_status: str = "Active") -> None:
        super().__init__(port)
        self.tables: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in TABLES}
        self.tables["queues"][QUEUE] = {"queueid": QUEUE, "name": "Returns"}
        self.tables["teams"][TEAM] = {"teamid": TEAM, "name": "Returns team"}
        self.creates: list[str] = []
        """Every key that an incident was created under, in order: a key twice is a double case."""
        self.tokens: set[str] = set()
        self.key_status = key_status
        self.pauses = Pauses()
        self._tokens_lock = threading.Lock()
        api = r"/api/data/v9\.2"
        self._routes: list[Route] = [
            ("GET", re.compile(r"/(\w+)/v2\.0/\.well-known/openid-configuration"), self._openid),
            ("POST", re.compile(r"/(\w+)/oauth2/v2\.0/token"), self._token),
            ("GET", re.compile(f"{api}/WhoAmI"), self._who),
            ("GET", re.compile(rf"{api}/EntityDefinitions\(LogicalName='incident'\)/Keys"), self._keys),
            ("GET", re.compile(rf"{api}/EntityDefinitions.*/Attributes.*"), self._length),
            ("PATCH", re.compile(rf"{api}/(\w+)\((?:{KEY}='(\w+)'|([\w-]+))\)"), self._patch),
            ("GET", re.compile(rf"{api}/(\w+)\((?:{KEY}='(\w+)'|([\w-]+))\)"), self._get),
            ("GET", re.compile(rf"{api}/(\w+)"), self._list),
        ]  # fmt: skip

    @property
    def incidents(self) -> dict[str, dict[str, Any]]:
        return self.tables["incidents"]

    def by_key(self, key: str) -> list[dict[str, Any]]:
        return [row for row in self.incidents.values() if row[KEY] == key]

    def agent(self, case_id: str, **changes: Any) -> None:
        """What a person does to a case in Dynamics."""
        with self.lock:
            self.incidents[case_id] |= changes | {"modifiedon": _now()}

    def resolve(self, case_id: str, subject: str) -> None:
        """Resolve a case: from then on it is read-only."""
        with self.lock:
            activity = str(uuid4())
            self.tables["incidentresolutions"][activity] = {
                "activityid": activity, "_incidentid_value": case_id, "subject": subject, "createdon": _now(),
            }  # fmt: skip
        self.agent(case_id, statecode=1, statuscode=5)

    def is_data(self, request: Request) -> bool:
        return request.path.startswith("/api/")

    def handle(self, request: Request) -> Reply:
        if self.is_data(request):
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.tokens:
                return _error(401, "", "the token is expired")
            self.pauses.arrived(_key_of(request))
        with self.lock:
            return route(self._routes, request) or _error(404, "0x80060888", "Resource not found")

    def faulty(self, name: str, request: Request) -> Reply | None:
        if name == "unavailable":
            return Reply(503, {"error": {"code": "0x80044150", "message": "try again later"}})
        if name == "throttled":
            self.pauses.tell(_key_of(request), self.retry_after)
            reply = _error(429, "0x80072322", "Number of requests exceeded the limit of 6000")
            reply.headers["Retry-After"] = str(self.retry_after)
            return reply
        if name == "expired_token":
            self.tokens.clear()
        elif name == "forbidden":
            return _error(403, "0x80040220", "Principal user is missing prvCreateIncident privilege")
        elif name == "duplicate_rule":
            return _error(412, "0x80040333", "A record was not created because a duplicate was detected")
        elif name == "missing_contact":
            return _no_contact()
        elif name == "race":
            # The other of two concurrent creates got in first, and the index tells this one.
            self.handle(request)
            return _error(400, "0x80040237", "A record with matching key values already exists.")
        return None

    def _openid(self, request: Request, tenant: str) -> Reply:
        # msal asks for https addresses; the connector brings them back to this server.
        base = self.url.replace("http://", "https://") + f"/{tenant}"
        return Reply(
            200,
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            },
        )

    def _token(self, request: Request, tenant: str) -> Reply:
        form = request.form()
        given = (tenant, form.get("client_id"), form.get("client_secret"))
        if given != (self.tenant, self.client_id, self.client_secret):
            words = "AADSTS7000215: Invalid client secret provided."
            return Reply(401, {"error": "invalid_client", "error_description": words})
        token = secrets.token_hex(8)
        self.tokens.add(token)
        return Reply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _who(self, request: Request) -> Reply:
        return Reply(200, {"UserId": str(uuid4()), "OrganizationId": str(uuid4())})

    def _keys(self, request: Request) -> Reply:
        key = {"KeyAttributes": [KEY], "EntityKeyIndexStatus": self.key_status, "LogicalName": KEY}
        return Reply(200, {"value": [key] if self.key_status else []})

    def _length(self, request: Request) -> Reply:
        return Reply(200, {"LogicalName": "description", "MaxLength": LIMITS["description"]})

    def _patch(self, request: Request, table: str, key: str | None, row_id: str | None) -> Reply:
        rows, body = self.tables[table], request.json()
        existing = self.by_key(key) if key else [rows[i] for i in (row_id,) if i in rows]
        if existing and request.headers.get("if-none-match") == "*":
            return _error(412, "", "A record with matching key values already exists.")
        if not existing and request.headers.get("if-match") == "*":
            return _error(404, "0x80060891", "A record with the specified key values does not exist")
        if problem := self._problem(table, body):
            return problem
        if existing:
            if table == "incidents" and existing[0]["statecode"]:
                return _error(400, "0x80048105", "This case has already been resolved and is read-only.")
            existing[0].update(body)
            return Reply(204)
        return self._insert(request, table, key, row_id, body)

    def _insert(
        self, request: Request, table: str, key: str | None, row_id: str | None, body: dict[str, Any]
    ) -> Reply:
        new = row_id or str(uuid4())
        row = body | {TABLES[table]: new, "createdon": _now(), "modifiedon": _now(), "statecode": 0}
        if table == "incidents":
            row |= {KEY: key, "statuscode": 1}
            self.creates.append(str(key))
        self.tables[table][new] = row
        if request.headers.get("prefer") == "return=representation":
            return Reply(201, {"@odata.etag": 'W/"1"', TABLES[table]: new})
        return Reply(204)

    def _problem(self, table: str, body: dict[str, Any]) -> Reply | None:
        if KEY in body:
            return _error(400, "0x80048d19", "the key must not be in the body")
        for name, value in body.items():
            if name.endswith("@odata.bind"):
                if not self._bound(value):
                    return _no_contact()
            elif name in LIMITS:
                if len(str(value).encode("utf-16-le")) // 2 > LIMITS[name]:
                    words = f"A validation error occurred. The length of '{name}' exceeded {LIMITS[name]}."
                    return _error(400, "0x80044331", words)
            elif name not in NUMBERS:
                return _error(400, "0x80048d19", f"Invalid property '{name}' was found in entity {table}")
        if table == "incidents" and "customerid_contact@odata.bind" not in body:
            return _error(400, "0x80040203", "You should specify a parent contact or account.")
        return None

    def _bound(self, value: str) -> bool:
        found = re.fullmatch(r"/(\w+)\(([\w-]+)\)", value)
        return bool(found and found[2] in self.tables[found[1]])

    def _get(self, request: Request, table: str, key: str | None, row_id: str | None) -> Reply:
        rows = self.by_key(key) if key else [r for i, r in self.tables[table].items() if i == row_id]
        if not rows:
            return _error(404, "0x80040217", f"{table} With Id = {key or row_id} Does Not Exist")
        return Reply(200, _selected(rows[0], request))

    def _list(self, request: Request, table: str) -> Reply:
        rows = [r for r in self.tables[table].values() if _fits(r, request.query.get("$filter", ""))]
        if order := request.query.get("$orderby"):
            name, _, direction = order.partition(" ")
            rows.sort(key=lambda r: r[name], reverse=direction == "desc")
        top = int(request.query.get("$top", 5000))
        return Reply(200, {"value": [_selected(r, request) for r in rows[:top]]})


def _fits(row: dict[str, Any], conditions: str) -> bool:
    return all(_holds(row, c) for c in conditions.split(" and ")) if conditions else True


def _holds(row: dict[str, Any], condition: str) -> bool:
    name, operator, value = condition.split(" ", 2)
    given = row.get(name)
    if operator == "ge":
        return datetime.fromisoformat(str(given)) >= datetime.fromisoformat(value)
    if operator == "ne":
        return given is not None
    return str(given).lower() == value.strip("'").replace("''", "'").lower()


def _selected(row: dict[str, Any], request: Request) -> dict[str, Any]:
    names = request.query.get("$select", "").split(",")
    return {n: row.get(n) for n in names} if names != [""] else row


def _key_of(request: Request) -> str | None:
    found = re.search(rf"{KEY}='(\w+)'", request.path)
    return found[1] if found and request.method == "PATCH" else None


def _no_contact() -> Reply:
    return _error(
        404, "0x80060891", "A record with the specified key values does not exist in contact entity"
    )


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
