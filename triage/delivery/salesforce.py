"""Signed-in calls to Salesforce: by client secret, or by certificate (JWT bearer)."""

import threading
import time
from typing import Any

import httpx
import jwt

from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Remote
from triage.settings import ServiceCloudSettings


class SalesforceSession:
    """The access token: fetched when first needed, and once more when it is refused."""

    def __init__(self, settings: ServiceCloudSettings, remote: Remote) -> None:
        self._settings, self._remote = settings, remote
        self._lock = threading.Lock()
        self._token: tuple[str, str] | None = None

    def instance_url(self) -> str:
        """Where this organisation's API is."""
        return self._signed_in()[1]

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One call with the token; a refused token is renewed once."""
        token = self._signed_in()
        answer = self._send(token, method, path, **request)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._forget(token)
            answer = self._send(self._signed_in(), method, path, **request)
        return answer

    def _send(self, token: tuple[str, str], method: str, path: str, **request: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {token[0]}",
            # On by default, and then an assignment rule may move the case to another owner.
            "Sforce-Auto-Assign": "FALSE",
            # Alerts of a duplicate rule would refuse a second case of the same customer.
            "Sforce-Duplicate-Rule-Header": "allowSave=true",
        }
        return self._remote.send(method, token[1] + path, headers=headers, **request)

    def _signed_in(self) -> tuple[str, str]:
        with self._lock:
            if self._token is None:
                self._token = self._sign_in()
            return self._token

    def _forget(self, token: tuple[str, str]) -> None:
        with self._lock:
            # Another thread may have renewed it already: its new token stays.
            if self._token == token:
                self._token = None

    def _sign_in(self) -> tuple[str, str]:
        url = f"{self._settings.login_url}/services/oauth2/token"
        answer = self._remote.send("POST", url, data=self._grant(), secret=True)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise DeliveryError(Kind.OVERLOADED, "the sign-in service failed", status=answer.status_code)
        if answer.status_code != httpx.codes.OK:
            words = f"sign-in refused: {answer.text}"
            raise DeliveryError(Kind.SIGN_IN, words, status=answer.status_code)
        try:
            body = answer.json()
            return body["access_token"], str(body["instance_url"]).rstrip("/")
        except (ValueError, LookupError, TypeError) as error:
            words = "what answered at the login URL is no sign-in service"
            raise DeliveryError(Kind.SIGN_IN, words, status=answer.status_code) from error

    def _grant(self) -> dict[str, str]:
        settings = self._settings
        if settings.username and settings.private_key:
            return {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self._assertion(settings.username, settings.private_key.get_secret_value()),
            }
        secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
        return {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": secret,
        }

    def _assertion(self, username: str, key: str) -> str:
        claims = {
            "iss": self._settings.client_id,
            "sub": username,
            "aud": self._settings.audience,
            "exp": int(time.time()) + 180,
        }
        try:
            return jwt.encode(claims, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            # Without the error's own words: they may quote the key.
            words = "the private key cannot be read: RSA in PEM is needed"
            raise DeliveryError(Kind.SIGN_IN, words) from error
