"""A Salesforce organisation with Cases, as far as its REST API is documented.

A closed case takes comments, as in Salesforce.

Faults: unavailable (503), throttled (429), lock_row, limit_far, limit_near, expired_token,
multiple (300), duplicates_detected, race, slow, drop_before, drop_after.
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from tests.fakes.pauses import Pauses
from tests.fakes.server import FakeServer, Reply, Request, Route, route

KEY = "Feedback_Key__c"
FIELDS = {
    KEY: 36, "Subject": 255, "Description": 32_000, "Origin": 40, "Priority": 40, "Type": 40, "Status": 40,
    "SuppliedName": 80, "SuppliedEmail": 80, "SuppliedPhone": 40, "OwnerId": 18, "Sentiment__c": 40,
}  # fmt: skip
EMAIL = re.compile(r"[\w.!#$%&'*/=?^+`{|}~-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
QUEUE = "00G000000000001AAA"


class FakeServiceCloud(FakeServer):
    client_id = "client"
    client_secret = "s3cret-of-salesforce"
    retry_after = 1

    def __init__(self, port: int = 0, *, key_field: bool = True) -> None:
        super().__init__(port)
        self.cases: dict[str, dict[str, Any]] = {}
        self.comments: list[dict[str, str | None]] = []
        self.creates: list[str] = []
        """Every key that a create was answered 201 for, in order: a key twice is a double case."""
        self.tokens: set[str] = set()
        self.assertions: list[str] = []
        self.pauses = Pauses()
        self.fields = {k: v for k, v in FIELDS.items() if key_field or k != KEY}
        self._routes: list[Route] = [
            ("POST", re.compile("/services/oauth2/token"), self._token),
            ("POST", re.compile(r"/services/data/v[\d.]+/sobjects/Case"), self._create),
            ("GET", re.compile(r"/services/data/v[\d.]+/sobjects/Case/updated/"), self._updated),
            ("GET", re.compile(r"/services/data/v[\d.]+/sobjects/Case/describe"), self._describe),
            ("GET", re.compile(rf"/services/data/v[\d.]+/sobjects/Case/{KEY}/(\w+)"), self._by_key),
            ("PATCH", re.compile(rf"/services/data/v[\d.]+/sobjects/Case/{KEY}/(\w+)"), self._update),
            ("PATCH", re.compile(rf"/services/data/v[\d.]+/composite/sobjects/Case/{KEY}"), self._batch),
            ("POST", re.compile(r"/services/data/v[\d.]+/sobjects/CaseComment"), self._comment),
            ("GET", re.compile(r"/services/data/v[\d.]+/query"), self._query),
        ]

    def by_key(self, key: str) -> list[dict[str, Any]]:
        return [c for c in self.cases.values() if c.get(KEY) == key]

    def agent(self, case_id: str, **changes: Any) -> None:
        """What a person does to a case in Salesforce."""
        with self.lock:
            self.cases[case_id] |= changes | {"LastModifiedDate": _now()}

    def is_data(self, request: Request) -> bool:
        return "/oauth2/" not in request.path

    def handle(self, request: Request) -> Reply:
        if self.is_data(request):
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.tokens:
                return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
            self.pauses.arrived(_key_of(request))
        with self.lock:
            reply = route(self._routes, request) or _error(404, "NOT_FOUND", "no such resource")
        reply.headers.setdefault("Sforce-Limit-Info", "api-usage=18/5000")
        return reply

    def faulty(self, name: str, request: Request) -> Reply | None:
        if name == "unavailable":
            return _error(503, "SERVER_UNAVAILABLE", "The server is unavailable")
        if name == "throttled":
            self.pauses.tell(_key_of(request), self.retry_after)
            reply = _error(429, "REQUEST_LIMIT_EXCEEDED_TEMPORARILY", "slow down")
            reply.headers["Retry-After"] = str(self.retry_after)
            return reply
        if name == "lock_row":
            return _error(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        if name in ("limit_far", "limit_near"):
            reply = _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            reply.headers["Sforce-Limit-Info"] = f"api-usage={4999 if name == 'limit_near' else 18}/5000"
            return reply
        if name == "expired_token":
            self.tokens.clear()
            return None
        if name == "multiple":
            return Reply(300, ["/services/data/v62.0/sobjects/Case/500A", "/sobjects/Case/500B"])
        if name == "duplicates_detected":
            return _error(400, "DUPLICATES_DETECTED", "Use one of these records?")
        if name == "race":
            # The other of two concurrent creates got in first.
            self._create(request)
        return None

    def _token(self, request: Request) -> Reply:
        form = request.form()
        if form.get("grant_type", "").endswith("jwt-bearer"):
            self.assertions.append(form["assertion"])
        elif (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return Reply(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        token = secrets.token_hex(8)
        self.tokens.add(token)
        return Reply(
            200,
            {
                "access_token": token, "instance_url": self.url, "id": f"{self.url}/id/00D/005",
                "token_type": "Bearer", "issued_at": "1700000000000", "signature": "c2ln",
            },
        )  # fmt: skip

    def _create(self, request: Request) -> Reply:
        body = request.json()
        if problem := self._problem(body):
            return problem
        if body.get(KEY) and (known := self.by_key(body[KEY])):
            words = f"duplicate value found: {KEY} duplicates value on record with id: {known[0]['Id']}"
            return _error(400, "DUPLICATE_VALUE", words)
        case_id = f"500{len(self.cases):012d}AAA"
        self.cases[case_id] = body | {
            "Id": case_id, "Status": "New", "IsClosed": False, "LastModifiedDate": _now(),
            "AutoAssigned": request.headers.get("sforce-auto-assign", "TRUE").upper() == "TRUE",
        }  # fmt: skip
        self.creates.append(str(body.get(KEY)))
        return Reply(201, {"id": case_id, "success": True, "errors": []})

    def _problem(self, body: dict[str, Any]) -> Reply | None:
        for name, value in body.items():
            if name not in self.fields:
                return _error(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type Case")
            if len(str(value).encode("utf-16-le")) // 2 > self.fields[name]:
                words = f"{name}: data value too large: (max length={self.fields[name]})"
                return _error(400, "STRING_TOO_LONG", words)
        if not EMAIL.fullmatch(body.get("SuppliedEmail", "a@b.example")):
            words = f"Web Email: invalid email address: {body['SuppliedEmail']}"
            return _error(400, "INVALID_EMAIL_ADDRESS", words)
        return None

    def _by_key(self, request: Request, key: str) -> Reply:
        found = self.by_key(key)
        if len(found) > 1:
            return Reply(300, [f"/sobjects/Case/{c['Id']}" for c in found])
        return Reply(200, found[0]) if found else _error(404, "NOT_FOUND", "does not exist")

    def _update(self, request: Request, key: str) -> Reply:
        body = request.json()
        if "Id" in body or KEY in body:
            return _error(400, "INVALID_FIELD", "the id fields do not belong into the body")
        if not (found := self.by_key(key)):
            return _error(404, "NOT_FOUND", "does not exist")
        found[0] |= body | {"LastModifiedDate": _now()}
        return Reply(204)

    def _batch(self, request: Request) -> Reply:
        """200 as a whole, even where records failed."""
        results = []
        for record in request.json()["records"]:
            fields = {k: v for k, v in record.items() if k != "attributes"}
            if problem := self._problem(fields):
                error = problem.body[0]
                errors = [{"statusCode": error["errorCode"], "message": error["message"], "fields": []}]
                results.append({"success": False, "errors": errors})
                continue
            known = self.by_key(fields[KEY])
            case_id = known[0]["Id"] if known else f"500{len(self.cases):012d}AAA"
            self.cases.setdefault(case_id, {"Id": case_id, "IsClosed": False, "Status": "New"})
            self.cases[case_id] |= fields | {"LastModifiedDate": _now()}
            results.append({"id": case_id, "success": True, "errors": [], "created": not known})
        return Reply(200, results)

    def _updated(self, request: Request) -> Reply:
        start, end = (datetime.fromisoformat(request.query[name]) for name in ("start", "end"))
        if (end - start).total_seconds() < 60:
            return _error(400, "INVALID_REPLICATION_DATE", "startDate before endDate by over a minute")
        ids = [
            i for i, c in self.cases.items() if start <= datetime.fromisoformat(c["LastModifiedDate"]) <= end
        ]
        return Reply(200, {"ids": ids, "latestDateCovered": _now()})

    def _describe(self, request: Request) -> Reply:
        fields = [
            {"name": n, "length": size, "createable": True, "externalId": n == KEY, "unique": n == KEY}
            for n, size in self.fields.items()
        ]
        return Reply(200, {"name": "Case", "fields": fields})

    def _comment(self, request: Request) -> Reply:
        body = request.json()
        case = self.cases.get(body["ParentId"])
        if case is None:
            return _error(400, "ENTITY_IS_DELETED", "entity is deleted")
        if len(body["CommentBody"].encode()) > 4000:
            return _error(400, "STRING_TOO_LONG", "Body: data value too large: (max length=4000)")
        self.comments.append(body)
        return Reply(201, {"id": f"00a{len(self.comments):012d}AAA", "success": True, "errors": []})

    def _query(self, request: Request) -> Reply:
        found = re.fullmatch(r"SELECT (.+) FROM (\w+) WHERE (\w+) IN \((.+)\)", request.query["q"])
        if not found:
            return _error(400, "MALFORMED_QUERY", request.query["q"])
        columns, table, field, listed = found.groups()
        tables: dict[str, list[dict[str, Any]]] = {
            "Case": list(self.cases.values()),
            "CaseComment": list(self.comments),
            "Group": [{"Id": QUEUE, "Name": "Returns"}],
            "User": [],
        }
        wanted = set(re.findall(r"'([^']*)'", listed))
        rows = [r for r in tables[table] if r[field] in wanted]
        names = columns.split(", ")
        records = [{name: row.get(name) for name in names} for row in rows]
        return Reply(200, {"totalSize": len(records), "done": True, "records": records})


def _key_of(request: Request) -> str | None:
    found = re.search(r'"Feedback_Key__c": ?"(\w+)"', request.raw.decode(errors="ignore"))
    return found[1] if found else None


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, [{"message": message, "errorCode": code, "fields": []}])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
