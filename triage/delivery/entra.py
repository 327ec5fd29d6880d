"""Signed-in calls to Dataverse: the token comes from Entra ID by msal, which also caches it."""

import threading
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msal

from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Remote
from triage.settings import DynamicsSettings


class EntraSession:
    """Calls with an access token of this application. Thread-safe."""

    def __init__(self, settings: DynamicsSettings, remote: Remote) -> None:
        self._settings, self._remote = settings, remote
        self._lock = threading.Lock()
        self._app: msal.ConfidentialClientApplication | None = None

    def send(self, method: str, url: str, *, headers: dict[str, str], **request: Any) -> httpx.Response:
        """One call with the token; a refused token is renewed once."""
        token = self._token()
        answer = self._remote.send(method, url, headers=_signed(headers, token), **request)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            token = self._token(refused=token)
            answer = self._remote.send(method, url, headers=_signed(headers, token), **request)
        return answer

    def _token(self, refused: str | None = None) -> str:
        with self._lock:
            token = self._ask_msal()
            if token == refused:
                self._application().remove_tokens_for_client()
                token = self._ask_msal()
            return token

    def _ask_msal(self) -> str:
        scope = f"{self._settings.url}/.default"
        try:
            result = self._application().acquire_token_for_client(scopes=[scope])
        except ValueError as error:
            # So msal says that there is no such tenant, or that what answered is no sign-in service.
            raise DeliveryError(Kind.SIGN_IN, f"sign-in refused: {error}") from error
        if "access_token" not in result:
            words = f"{result.get('error')}: {result.get('error_description')}"
            raise DeliveryError(Kind.SIGN_IN, f"sign-in refused: {words}", status=401)
        return str(result["access_token"])

    def _application(self) -> msal.ConfidentialClientApplication:
        # Built when first needed: msal reads the tenant's endpoints while constructing.
        if self._app is None:
            settings = self._settings
            self._app = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret.get_secret_value(),
                authority=f"{_https(settings.authority)}/{settings.tenant}",
                http_client=_MsalHttp(self._remote, settings.authority),
                # Both would call Microsoft's public cloud, whatever the authority is.
                validate_authority=False,
                instance_discovery=False,
            )
        return self._app


class _MsalHttp:
    """msal's HTTP, over our connections: with our time limits, and never into the trace."""

    def __init__(self, remote: Remote, authority: str) -> None:
        self._remote, self._scheme = remote, urlsplit(authority).scheme

    def post(self, url: str, *, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Any:
        """POST a form."""
        return self._checked(
            self._remote.send(
                "POST", self._local(url), params=params, data=data, headers=headers, secret=True
            )
        )

    def get(self, url: str, *, params: Any = None, headers: Any = None, **_: Any) -> Any:
        """GET a document."""
        return self._checked(
            self._remote.send("GET", self._local(url), params=params, headers=headers, secret=True)
        )

    def close(self) -> None:
        """Nothing: the connections are the connector's."""

    def _local(self, url: str) -> str:
        # msal insists on https in addresses. The settings allow plain http to this
        # machine alone, and there it is taken back.
        return urlunsplit(urlsplit(url)._replace(scheme=self._scheme))

    @staticmethod
    def _checked(answer: httpx.Response) -> httpx.Response:
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise DeliveryError(Kind.OVERLOADED, "the sign-in service failed", status=answer.status_code)
        return answer


def _https(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme="https"))


def _signed(headers: dict[str, str], token: str) -> dict[str, str]:
    return headers | {"Authorization": f"Bearer {token}"}
