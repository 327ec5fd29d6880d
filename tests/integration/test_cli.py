import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from typer.testing import CliRunner, Result

from tests.factories import ASKING, PRAISE, response
from triage import wiring
from triage.cli import app
from triage.settings import Settings


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRIAGE_MODEL", "stub")
    return tmp_path


def triage(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments], input=given)


def test_keys_are_made_listed_and_revoked(data: Path) -> None:
    secret = triage("keys", "create", "platform", "--scope", "tickets:read").stdout.strip()
    services = wiring.build(Settings())
    caller = services.keys.authenticate(secret)
    assert (caller.client, caller.scopes) == ("platform", {"tickets:read"})
    row = services.keys.list_keys()[0]
    listed = triage("keys", "list").stdout
    assert row.id in listed
    assert secret not in listed
    assert "revoked" in triage("keys", "revoke", row.id).stdout
    assert services.keys.list_keys()[0].revoked_at
    services.close()


def test_an_older_key_is_granted_what_came_later(data: Path) -> None:
    triage("keys", "create", "shop", "--scope", "responses:write")
    services = wiring.build(Settings())
    key = services.keys.list_keys()[0].id
    granted = triage("keys", "grant", key, "--scope", "events:write").stdout
    assert "shop may responses:write events:write" in granted
    assert services.keys.list_keys()[0].scopes == ["responses:write", "events:write"]
    assert "unknown scope 'all'" in triage("keys", "grant", key, "--scope", "all").stderr
    triage("keys", "revoke", key)
    assert "no API key" in triage("keys", "grant", key, "--scope", "classify").stderr
    services.close()


def test_unknown_messages_are_listed_and_settled(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no surveys are sent from here" in triage("invitations", "resend", "nothing").stderr
    monkeypatch.setenv("TRIAGE_SURVEYS_DIR", "fixtures/surveys")
    assert "Handed over" in triage("invitations", "unknown").stdout
    for command in ("resend", "mark-sent"):
        assert "there is no message 'nothing'" in triage("invitations", command, "nothing").stderr


def test_mistakes_are_said_plainly(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, words in (
        (("keys", "revoke", "nothing"), "there is no API key 'nothing'"),
        (("keys", "create", "a", "--scope", "all"), "unknown scope 'all'"),
        (("keys", "create", " "), "name of its client"),
        (("tickets", "show", "nothing"), "there is no ticket 'nothing'"),
    ):
        result = triage(*arguments)
        assert result.exit_code == 1
        assert words in result.stderr
        assert "Traceback" not in result.stderr
    monkeypatch.setenv("TRIAGE_PORT", "high")
    result = triage("keys", "list")
    assert result.exit_code == 2
    assert "TRIAGE_PORT" in result.stderr
    assert "high" not in result.stderr, "a wrong variable may be a secret in the wrong place"


def test_tickets_are_listed_and_shown(data: Path) -> None:
    services = wiring.build(Settings())
    services.model.load()
    ticket = services.intake.accept("platform", response()).ticket
    services.close()
    assert ticket
    listed = triage("tickets", "list", "--queue", "italy-orders").stdout
    assert ticket.id in listed
    assert ticket.id not in triage("tickets", "list", "--status", "resolved").stdout
    shown = triage("tickets", "show", ticket.id).stdout
    assert ASKING in shown
    assert "rule: Orders on their way" in shown


def test_what_a_customer_writes_is_never_markup(data: Path) -> None:
    services = wiring.build(Settings())
    services.model.load()
    ticket = services.intake.accept("platform", response(comment="[/b] when is the delivery?")).ticket
    services.close()
    assert ticket
    for command in (("list",), ("show", ticket.id)):
        result = triage("tickets", *command)
        assert (result.exit_code, "[/b]" in result.stdout) == (0, True)


def test_wrong_variables_are_said_plainly(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_DYNAMICS__QUEUES", "{s3cret")
    result = triage("keys", "list")
    assert (result.exit_code, "dynamics" in result.stderr, "s3cret" in result.stderr) == (2, True, False)
    monkeypatch.delenv("TRIAGE_DYNAMICS__QUEUES")
    monkeypatch.setenv("TRIAGE_SURVEYS_DIR", str(data))
    monkeypatch.setenv("TRIAGE_DEVELOPMENT", "false")
    assert "TRIAGE: surveys need TRIAGE_PUBLIC_URL" in triage("keys", "list").stderr


def test_pending_responses_are_analysed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = wiring.build(Settings())
    services.model.load()
    with monkeypatch.context() as patch:
        patch.setattr("triage.intake.analyse", lambda *_: 1 / 0)
        assert services.intake.accept("platform", response()).state == "pending_analysis"
    result = triage("responses", "analyse")
    assert (result.exit_code, "1 analysed, 0 still pending" in result.stdout) == (0, True)
    assert services.intake.accept("platform", response()).ticket
    services.close()


def test_classify_gives_a_line_for_each_line(data: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"id": number, "text": ASKING if number % 2 else PRAISE}) for number in range(600)]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    assert triage("classify", str(source), "--output", str(target)).exit_code == 0
    records = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [record["id"] for record in records] == [*range(600)]
    assert records[1]["request"] == "order_status"
    assert records[0]["request"] is None
    assert {*records[0]} >= {"lang", "aspects", "sentiment", "request_text", "urgent", "confidence"}


def test_classify_reads_stdin_and_says_which_lines_are_wrong(data: Path) -> None:
    given = '{"id": "a", "text": "quando arriva il divano?", "locale": "it-IT"}\n{broken\n[]\n' \
        '{"id": "b", "text": 3}\n{"id": "c", "text": "\\ud83d"}\n{"id": "d", "text": ""}\n' \
        '{"id": "e", "text": "ved ikke", "country": "dk"}\n' \
        '{"id": "f", "text": "ved ikke", "country": "NO"}\n' \
        '{"id": "g", "text": "ved ikke", "country": "Norway"}\n'  # fmt: skip
    result = triage("classify", "-", given=given)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["id"] for record in records] == ["a", None, None, "b", "c", "d", "e", "f", "g"]
    assert ["error" in record for record in records] == [False, *[True] * 4, False, False, False, True]
    assert [record["lang"] for record in records[6:8]] == ["da", "nb"]
    assert "line 9: unknown country 'Norway'" in records[8]["error"]
    assert "line 2: not JSON" in records[1]["error"]
    assert "line 4" in records[3]["error"]
    assert result.exit_code == 1
    assert "5 lines" in result.stderr


@pytest.mark.parametrize("piped", [False, True])
def test_classify_goes_on_after_any_line(data: Path, tmp_path: Path, piped: bool) -> None:
    source = tmp_path / "in.jsonl"
    bad = (b'{"id": "a", "text": "caf\xe9"}', b'{"id": "\\ud83d", "text": "ok"}', b"[" * 100_000)
    source.write_bytes(
        b"\n".join((b'\xef\xbb\xbf{"id": "first", "text": "ok"}', *bad, b'{"id": "z", "text": "ok"}'))
    )
    result = triage("classify", "-", given=source.read_bytes()) if piped else triage("classify", str(source))
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["id"] for record in records] == ["first", None, None, None, "z"]
    assert ["error" in record for record in records] == [False, True, True, True, False]


def test_classify_names_a_missing_file_or_folder(data: Path) -> None:
    result = triage("classify", "nowhere.jsonl")
    assert result.exit_code == 2
    assert "nowhere.jsonl" in result.stderr
    (data / "in.jsonl").write_text('{"id": 1, "text": "ok"}', "utf-8")
    result = triage("classify", str(data / "in.jsonl"), "--output", "nowhere/out.jsonl")
    assert result.exit_code == 2
    assert "out.jsonl" in result.stderr


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name."""
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, (*path, name))
    else:
        yield " ".join(("triage", *path)), group


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    command = COMMANDS[name]
    assert command.help, f"{name} --help says nothing"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.name == "help", f"{name}: {parameter.name} is not explained"
    root = Path(__file__).parents[2]
    pages = [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").glob("*.md"))]
    words = "|".join(page.read_text("utf-8") for page in pages)
    # Several commands of one group may stand as `triage tickets list|show|retry`.
    group, _, last = name.rpartition(" ")
    pattern = rf"{re.escape(group)} (?:[\w-]+\|)*{re.escape(last)}\b"
    assert re.search(pattern, words), f"no page of the documentation names `{name}`"
