from pathlib import Path

import pytest
from pydantic import ValidationError

from triage.settings import Settings


def test_defaults_need_no_environment() -> None:
    settings = Settings()
    assert settings.database == f"sqlite:///{Path('var') / 'triage.db'}"
    assert settings.dynamics is None


def test_groups_are_read_from_nested_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"URL": "https://x.example/", "TENANT": "t", "CLIENT_ID": "c"}.items():
        monkeypatch.setenv(f"TRIAGE_DYNAMICS__{name}", value)
    monkeypatch.setenv("TRIAGE_DYNAMICS__CLIENT_SECRET", "s3cret-value")
    settings = Settings()
    assert settings.dynamics is not None
    assert settings.dynamics.url == "https://x.example"
    assert "s3cret-value" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite:///x.db", "sqlite:///x.db"),
    ],
)
def test_database_urls(monkeypatch: pytest.MonkeyPatch, given: str, used: str) -> None:
    monkeypatch.setenv("TRIAGE_DATABASE_URL", given)
    settings = Settings()
    assert settings.database == used
    assert ":p@" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://org.api.crm4.dynamics.com", True),
        ("http://127.0.0.1:9000", True),
        ("http://localhost:9000", True),
        ("http://[::1]:9000", True),
        ("http://org.example", False),
        ("http://127.0.0.1.example", False),
        ("ftp://org.example", False),
        ("org.example", False),
    ],
)
def test_plain_http_only_to_this_machine(url: str, accepted: bool) -> None:
    def read() -> Settings:
        return Settings.model_validate({"webhook": {"url": url, "secret": "s"}})

    if accepted:
        assert read().webhook
    else:
        with pytest.raises(ValidationError, match="http"):
            read()
