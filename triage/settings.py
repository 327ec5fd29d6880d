"""Every setting of the service, and the only reader of the environment.

Each field is an environment variable with the prefix `TRIAGE_`; the fields of a
group are joined with two underscores: `TRIAGE_DYNAMICS__URL`.
"""

from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_MODEL = "base"
STUB_MODEL = "stub"


def _secure_url(url: str) -> str:
    """Accept https anywhere and plain http on this machine only: credentials travel on it."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError("must be an https:// address")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("plain http is allowed only to this machine; use https")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SecureUrl = Annotated[str, AfterValidator(_secure_url)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DynamicsSettings(_Group):
    """Microsoft Dynamics 365 Customer Service."""

    url: SecureUrl
    tenant: str
    client_id: str
    client_secret: SecretStr
    authority: SecureUrl = "https://login.microsoftonline.com"


class ServiceCloudSettings(_Group):
    """Salesforce Service Cloud."""

    login_url: SecureUrl
    client_id: str
    client_secret: SecretStr
    api_version: str = "v62.0"


class WebhookSettings(_Group):
    """Any other system that accepts signed webhooks."""

    url: SecureUrl
    secret: SecretStr


class Settings(BaseSettings):
    """All settings with their defaults; constructing it reads the environment."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", env_nested_delimiter="__", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Path = Path("var")
    """Where the embedded database and the first API key are kept."""
    database_url: SecretStr | None = None
    """`sqlite:///...` or `postgresql+psycopg://...`; the embedded database by default."""
    replica_id: str = "main"
    """Unique among the replicas that share a database."""

    model: str = DEFAULT_MODEL
    """A released model's name, a bundle's folder, or `stub` for the keyword stand-in."""
    backend: Literal["onnx", "torch"] = "onnx"
    encoder: str | None = None
    """Folder or hub id of another encoder; the model must have been trained on it."""
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("feedback-triage"))
    model_threads: int | None = Field(default=None, ge=1)

    routing_file: Path | None = None
    """Routing rules; those packaged with the service by default."""
    bootstrap_api_key: SecretStr | None = None
    """The first API key; one is generated where this is not given."""
    request_threads: int = Field(default=64, ge=1, le=512)
    """Requests worked on at once: they share the model's micro-batches."""
    max_body_bytes: int = Field(default=2_000_000, ge=1_000)
    max_batch_bytes: int = Field(default=32_000_000, ge=1_000)
    """For the endpoints that take many texts at once."""

    dynamics: DynamicsSettings | None = None
    service_cloud: ServiceCloudSettings | None = None
    webhook: WebhookSettings | None = None

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL in use; it may hold a password, so never log it."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'triage.db'}"
        url = self.database_url.get_secret_value()
        for scheme in ("postgresql://", "postgres://"):
            if url.startswith(scheme):
                return "postgresql+psycopg://" + url.removeprefix(scheme)
        return url
