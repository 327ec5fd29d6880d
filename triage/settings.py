"""Every setting of the service, and the only reader of the environment.

Each field is an environment variable with the prefix `TRIAGE_`; the fields of a
group are joined with two underscores: `TRIAGE_DYNAMICS__URL`.
"""

from datetime import time
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from platformdirs import user_cache_path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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
    """The environment, such as `https://contoso.api.crm4.dynamics.com`."""
    tenant: str
    client_id: str
    client_secret: SecretStr
    authority: SecureUrl = "https://login.microsoftonline.com"
    api_version: str = "v9.2"
    key_column: str = "new_feedbackkey"
    """The incident's column with an alternate key on it."""
    origin: int = 3
    """`caseorigincode`; 3 is the web."""
    case_types: dict[str, int] = {
        "product_question": 1, "store_info": 1, "order_status": 1,
        "missing_damaged": 2, "warranty_repair": 2,
    }  # fmt: skip
    """Intent -> `casetypecode`: 1 question, 2 problem, 3 request; 3 where none is named."""
    priorities: dict[str, int] = {"urgent": 1, "high": 1, "normal": 2, "low": 3}
    queues: dict[str, str] = {}
    """Our queue -> id of the Dynamics queue that a new case is put into.

    A queue's whole name (`italy-orders`), its area (`italy`), or `*` for all the others.
    """
    owners: dict[str, str] = {}
    """Our queue, likewise -> id of the team that owns a new case."""
    columns: dict[str, str] = {}
    """Column of the incident -> one of our facts (`delivery.record.FACTS`)."""
    statuses: dict[int, Literal["open", "in_progress"]] = {1: "open"}
    """`statuscode` of an active case -> our status; `in_progress` where none is named."""
    calls_per_second: float = Field(default=15.0, ge=0)
    """Per replica. Dataverse allows 6,000 calls in five minutes to each user of each of its servers."""


class ServiceCloudSettings(_Group):
    """Salesforce Service Cloud: signs in by client secret, or by certificate where `username` is given."""

    login_url: SecureUrl
    """The organisation's own domain, such as `https://contoso.my.salesforce.com`."""
    client_id: str
    client_secret: SecretStr | None = None
    username: str | None = None
    """With `private_key`: the user to act as (JWT bearer flow)."""
    private_key: SecretStr | None = None
    """RSA private key in PEM."""
    audience: SecureUrl = "https://login.salesforce.com"
    """`https://test.salesforce.com` for a sandbox."""
    api_version: str = "v62.0"
    key_field: str = "Feedback_Key__c"
    """Text field of Case: External ID, Unique."""
    origin: str = "Web"
    types: dict[str, str] = {}
    """Intent -> `Type` of the case; left empty where none is named, for the values differ by organisation."""
    priorities: dict[str, str] = {"urgent": "High", "high": "High", "normal": "Medium", "low": "Low"}
    owners: dict[str, str] = {}
    """Our queue -> `OwnerId`: a queue (00G...) or a user (005...).

    A queue's whole name (`italy-orders`), its area (`italy`), or `*` for all the others.
    """
    columns: dict[str, str] = {}
    """Field of Case -> one of our facts (`delivery.record.FACTS`)."""
    open_statuses: frozenset[str] = frozenset({"New"})
    """Case statuses that nobody works on yet; every other unclosed one is in progress."""
    resolution_field: str | None = None
    """Field of Case in which agents write how it was resolved."""
    calls_per_second: float = Field(default=15.0, ge=0)
    """Per replica."""

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> "ServiceCloudSettings":
        if self.client_secret is None and not (self.username and self.private_key):
            raise ValueError("needs client_secret, or username and private_key")
        return self


class WebhookSettings(_Group):
    """Where events go, signed by the Standard Webhooks specification; also a ticket system of its own."""

    url: SecureUrl
    secret: SecretStr
    """`whsec_` and 24 to 64 random bytes in base64."""
    calls_per_second: float = Field(default=50.0, ge=0)


class DeliverySettings(_Group):
    """How this replica delivers; the defaults suit one to a few replicas."""

    workers: int = Field(default=4, ge=0, le=12)
    """Deliveries at once to each system; 0: this replica accepts and leaves the sending to others."""
    busy_per_second: float = Field(default=10.0, gt=0)
    """Deliveries a second, to all systems together, while this replica is busy with accepting."""
    heartbeat_seconds: float = Field(default=5.0, gt=0)
    silent_after_seconds: float = Field(default=60.0, gt=0)
    """A replica silent for this long is dead, and its jobs go to the others."""
    poll_seconds: float = Field(default=30.0, gt=0)
    """How often the ticket systems are asked for changes."""
    give_up_after_days: float = Field(default=7.0, gt=0)


class SmtpSettings(_Group):
    """The server that takes our e-mail."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    starttls: bool = True
    """Refuse to send without it. Port 465 speaks TLS from the first byte instead."""
    sender: str = Field(alias="from", pattern=r"^[^\r\n]*[^@\s]+@[^@\s]+$")
    """`TRIAGE_SMTP__FROM`: an address, or `Name <address>`."""


class SmsSettings(_Group):
    """An SMS gateway with Twilio's interface."""

    url: SecureUrl = "https://api.twilio.com"
    account: str
    token: SecretStr
    sender: str = Field(alias="from", min_length=1)
    """`TRIAGE_SMS__FROM`: a number in E.164, an alphanumeric sender, or a messaging service (`MG...`)."""
    calls_per_second: float = Field(default=10.0, ge=0)
    """Per replica."""


def _hours(text: object) -> object:
    """Read `09:00-20:00`."""
    if not isinstance(text, str):
        return text
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as error:
        raise ValueError("write the hours as 09:00-20:00") from error
    if not start < end:
        raise ValueError("the hours must end after they begin, on the same day")
    return start, end


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Europe/Rome") from error


TimeZone = Annotated[str, AfterValidator(_zone)]
Hours = Annotated[tuple[time, time], NoDecode, BeforeValidator(_hours)]


class AskingSettings(_Group):
    """Who is asked, how often, and when."""

    quarantine_days: int = Field(default=90, ge=0)
    """A customer who was asked anything is not asked again for so long."""
    oldest_days: int = Field(default=14, ge=1)
    """Nobody is asked about what happened longer ago."""
    hold_days: int = Field(default=60, ge=1)
    """How long an online purchase waits for its delivery."""
    link_days: int = Field(default=7, ge=1)
    """How long a link is open, from the first message on."""
    minutes: int = Field(default=10, ge=0)
    """How soon after a shop purchase."""
    window: Hours = (time(9), time(20))
    """When messages go out, in the customer's time zone: `09:00-20:00`."""
    sms_after_days: int = Field(default=1, ge=1)
    """An e-mail that is not answered is followed by an SMS, where there is a phone number."""
    reminder_days: int | None = Field(default=3, ge=1)
    """Where there is one channel only: when to remind by it; null for no reminder."""
    targets: dict[str, dict[str, Annotated[int, Field(ge=0)]]] = {}
    """Survey -> unit -> answers a month, instead of the number in the survey's file; 0 asks nobody."""
    prior_rate: float = Field(default=0.12, gt=0, le=1)
    """Share of the asked who are expected to answer, before anything is known of a unit..."""
    prior_sends: float = Field(default=50.0, gt=0)
    """...and how many messages that expectation weighs."""
    time_zones: dict[str, TimeZone] = {
        "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto", "RU": "Europe/Moscow",
        "UA": "Europe/Kyiv",
    }  # fmt: skip
    """Country -> zone of customers whose own is not known; the first of tz's list where none is named."""
    default_time_zone: TimeZone = "Europe/London"
    round_seconds: float = Field(default=30.0, gt=0)
    """How often it is looked who is due."""
    workers: int = Field(default=4, ge=1, le=8)
    """Messages at once, per replica."""


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
    target_precision: float = Field(default=0.95, gt=0, lt=1)
    """How often an answer that the model does not abstain from should be right."""
    model_threads: int | None = Field(default=None, ge=1)
    """Batches that run at once, each on one thread (torch: threads of the one); by default the cores."""

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
    delivery: DeliverySettings = DeliverySettings()

    surveys_dir: Path | None = None
    """The surveys and brands; without it nobody is asked anything."""
    public_url: SecureUrl | None = None
    """Where customers and agents reach this service: the links in surveys and in cases start with it."""
    smtp: SmtpSettings | None = None
    sms: SmsSettings | None = None
    asking: AskingSettings = AskingSettings()
    development: bool | None = None
    """Keep messages in a local mailbox instead of sending them, and show it at `/dev/mailbox`. By
    default where the service listens to its own machine only and has no `public_url`."""

    @model_validator(mode="after")
    def _customers_can_reach_it(self) -> "Settings":
        if self.surveys_dir and not self.public_url and not self.is_development:
            raise ValueError("surveys need TRIAGE_PUBLIC_URL: their links start with it")
        return self

    @property
    def is_development(self) -> bool:
        """Whether this is a developer's machine: its messages stay in a local mailbox."""
        if self.development is not None:
            return self.development
        return self.public_url is None and _is_loopback(self.host)

    @property
    def links_start_with(self) -> str:
        """`public_url`, or this machine's own address."""
        return self.public_url or f"http://{self.host}:{self.port}"

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
