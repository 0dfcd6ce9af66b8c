"""The collector's log: a line an event, as text or JSON, without a secret in it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import httpx2
import pytest

from spanledger_collector.logs import LogFormat
from tests.collector.processes import started
from tests.collector.support import JSON

SECRET = "correct-horse-battery"
PASSWORD = "hunter2hunter2"


def logged(kind: str, message: str, *arguments: object, secrets: tuple[str, ...] = ()) -> str:
    record = logging.LogRecord("spanledger", logging.INFO, "", 0, message, arguments, None)
    return LogFormat(kind, secrets).format(record)


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize(
    "told",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization=Bearer%20{SECRET}",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f"basic {SECRET}",
        f"https://user:{SECRET}@proxy.example/path",
        f"GET /v1/traces?token={SECRET}&x=1",
        f"SPANLEDGER_COLLECTOR__TOKEN={SECRET}",
        f'{{"api_key": "{SECRET}"}}',
        f"x-api-key: {SECRET}",
        f"password={SECRET}",
        f"sk-ant-api03-{SECRET}",
    ],
)
def test_what_looks_like_a_credential_is_hidden(kind: str, told: str) -> None:
    """Credentials in headers, addresses, variables and JSON never reach the log."""
    line = logged(kind, "failed: %s", told)

    assert SECRET not in line
    assert "[hidden]" in line


@pytest.mark.parametrize("kind", ["text", "json"])
def test_known_secrets_are_hidden_anywhere(kind: str) -> None:
    """The collector's own tokens are hidden wherever they stand, also in a traceback."""
    try:
        int(f"cannot read {PASSWORD}x in the middle")
    except ValueError as error:
        record = logging.LogRecord(
            "spanledger", logging.ERROR, "", 0, f"a{PASSWORD}b", (), (type(error), error, None)
        )
    line = LogFormat(kind, (PASSWORD,)).format(record)

    assert PASSWORD not in line
    assert line.count("[hidden]") == 2


def test_ordinary_words_stay() -> None:
    """What is no credential is not touched."""
    told = "the collector listens on http://127.0.0.1:4318 with 3 tokens; max_tokens=100"

    assert logged("text", told).endswith(f" INFO {told}")


def test_a_line_break_makes_no_second_entry() -> None:
    """Whoever gets a line break into a message forges no entry of the log."""
    assert len(logged("text", "a\n2026-01-01 INFO forged\r\nb").splitlines()) == 1
    assert len(logged("json", "a\nb").splitlines()) == 1


def test_json_lines() -> None:
    """A JSON line has time, level, logger and message."""
    entry = json.loads(logged("json", "took %d ms", 5))

    assert entry | {"level": "info", "logger": "spanledger", "message": "took 5 ms"} == entry
    assert entry["time"].endswith("Z")
    assert set(entry) == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("kind", ["text", "json"])
def test_the_real_log_has_no_secret(tmp_path: Path, kind: str) -> None:
    """From start to end no token shows, whether it is right, wrong, in an address or a header."""
    tokens = json.dumps([{"token": PASSWORD, "team": "search"}])
    with started(tmp_path, token=SECRET, tokens=tokens, log_format=kind) as collector:
        url = collector.running.url
        for token in (SECRET, PASSWORD, SECRET + "x", "zzz-wrong-zzz"):
            headers = {"authorization": f"Bearer {token}", "content-type": JSON}
            httpx2.post(f"{url}/v1/traces?token={token}", content=b"{", headers=headers)
            httpx2.get(f"{url}/nothing/{token}", headers=headers)
        code = collector.end()
    said = "\n".join(collector.log)

    assert code == 0
    assert "listens on" in said
    assert not [secret for secret in (SECRET, PASSWORD, "zzz-wrong-zzz") if secret in said]
    if kind == "json":
        assert [json.loads(line)["level"] for line in collector.log] == ["info"] * 3
