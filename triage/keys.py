"""API keys: made, checked, revoked. A key is shown once and kept only as a hash."""

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from triage.db import Database
from triage.errors import InvalidInput, NotFound, Unauthorized
from triage.ports import Clock
from triage.tables import ApiKeyRow

Scope = Literal[
    "responses:write", "responses:read", "tickets:read", "tickets:write", "classify", "events:write"
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
FIRST_CLIENT = "default"
_CACHE_SECONDS = 2.0
_CACHE_SIZE = 1_000
_LONG_ENOUGH = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and what they may do."""

    client: str
    scopes: frozenset[str]


class ApiKeys:
    """The keys of one database. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, tuple[float, Caller]] = {}

    def create(self, client: str, scopes: Sequence[str] = SCOPES) -> tuple[ApiKeyRow, str]:
        """Store a new key for `client`; return it with its secret, which nobody can see again.

        Raises `InvalidInput` for an empty client name or an unknown scope.
        """
        secret = f"trg_{secrets.token_urlsafe(32)}"
        return self._store(client, scopes, secret), secret

    def list_keys(self) -> list[ApiKeyRow]:
        """Return all keys, revoked ones too, oldest first."""
        with self._database.read() as session:
            return [*session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.id)))]

    def revoke(self, key_id: str) -> ApiKeyRow:
        """End a key; servers notice within two seconds. Raises `NotFound`."""
        with self._database.write() as session:
            row = session.get(ApiKeyRow, key_id)
            if row is None:
                raise NotFound(f"there is no API key {key_id!r}; `triage keys list` shows them")
            row.revoked_at = row.revoked_at or self._clock.now()
            session.add(row)
        self._known.clear()
        return row

    def grant(self, key_id: str, scopes: Sequence[str]) -> ApiKeyRow:
        """Let a key do more; servers notice within two seconds. Raises `NotFound` and `InvalidInput`."""
        _check(scopes)
        with self._database.write() as session:
            row = session.get(ApiKeyRow, key_id, with_for_update=True)
            if row is None or row.revoked_at:
                raise NotFound(f"there is no API key {key_id!r} in use; `triage keys list` shows them")
            row.scopes = [scope for scope in SCOPES if scope in {*row.scopes, *scopes}]
            session.add(row)
        self._known.clear()
        return row

    def remembered(self, secret: str) -> Caller | None:
        """Return the caller of a key checked in the last two seconds, without the database."""
        entry = self._known.get(_hash(secret))
        return entry[1] if entry and entry[0] > time.monotonic() else None

    def authenticate(self, secret: str) -> Caller:
        """Return who holds `secret`. Raises `Unauthorized`."""
        with self._database.read() as session:
            query = select(ApiKeyRow).where(ApiKeyRow.key_hash == _hash(secret))
            row = session.exec(query.where(col(ApiKeyRow.revoked_at).is_(None))).first()
        if row is None:
            raise Unauthorized("this API key is unknown or revoked")
        caller = Caller(row.client, frozenset(row.scopes))
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[row.key_hash] = (time.monotonic() + _CACHE_SECONDS, caller)
        return caller

    def ensure_first(self, bootstrap: str | None, file: Path) -> str | None:
        """See that one key exists; return it where it is known here.

        `bootstrap` is stored where it is new. Without it, and with no key at all, one is
        generated and written to `file`, readable by its owner only.
        """
        if bootstrap:
            self._store_bootstrap(bootstrap)
            return bootstrap
        if not self.list_keys():
            # The file first: a crash between leaves a useless file, never a key nobody knows.
            secret = f"trg_{secrets.token_urlsafe(32)}"
            _write_private(file, secret)
            self._store(FIRST_CLIENT, SCOPES, secret)
        return file.read_text(encoding="utf-8").strip() if file.exists() else None

    def _store_bootstrap(self, secret: str) -> None:
        if len(secret) < _LONG_ENOUGH:
            _log.warning("TRIAGE_BOOTSTRAP_API_KEY is short: use 20 random characters or more in production")
        if not any(row.key_hash == _hash(secret) for row in self.list_keys()):
            # Replicas start together: whoever is second finds the key there.
            with suppress(IntegrityError):
                self._store(FIRST_CLIENT, SCOPES, secret)

    def _store(self, client: str, scopes: Sequence[str], secret: str) -> ApiKeyRow:
        if not client.strip():
            raise InvalidInput("a key needs the name of its client")
        _check(scopes)
        row = ApiKeyRow(
            client=client.strip(),
            scopes=[*scopes],
            key_hash=_hash(secret),
            hint=secret[:8] if len(secret) >= _LONG_ENOUGH else "",
            created_at=self._clock.now(),
        )
        with self._database.write() as session:
            session.add(row)
        return row


def _check(scopes: Sequence[str]) -> None:
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise InvalidInput(f"unknown scope {unknown[0]!r}; there are {', '.join(SCOPES)}")


def _hash(secret: str) -> str:
    """Keys are long and random, so that a fast hash is enough: there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(f"{text}\n")
