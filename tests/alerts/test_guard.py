"""Where messages may go, what an answer may be, and what names may do: nothing."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest

from spanledger_collector.alerts.addresses import why_forbidden
from spanledger_collector.alerts.plain import plain
from spanledger_collector.alerts.telling import Undelivered, tell
from spanledger_collector.settings import Channel
from tests.alerts.support import Sink, hook

BODY = orjson.dumps(
    {"reason": "opened", "title": "A title", "text": "A text", "alert": {"severity": "critical"}}
).decode()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_special_addresses_are_forbidden(address: str) -> None:
    """This machine, private networks and everything else that is no place on the internet."""
    assert why_forbidden(address, allow_private=False) is not None


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_allowed(address: str) -> None:
    """What is on the internet may be told."""
    assert why_forbidden(address, allow_private=False) is None


def test_private_networks_can_be_allowed_but_no_metadata_service() -> None:
    """`allow_private` opens this machine and private networks, never link-local addresses."""
    answers = {
        address: why_forbidden(address, allow_private=True)
        for address in ("127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0")
    }

    assert [address for address, why in answers.items() if why is None] == [
        "127.0.0.1",
        "10.0.0.1",
        "::1",
    ]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
    ],
)
def test_a_webhook_never_reaches_this_machine(sink: Sink, host: str) -> None:
    """However the address is written, nothing arrives, and the reason is told."""
    channel = hook(sink.url.replace("127.0.0.1", host), allow_private=False)

    with pytest.raises(Undelivered):
        tell(channel, BODY, "id", 0)
    assert sink.received == []


def test_a_name_that_changes_its_address(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once: what it says the second time is never asked."""
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def rebinding(host: object, *rest: object, **more: object) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name != "rebind.example":
            return look_up(name, *rest, **more)  # type: ignore[arg-type]
        asked.append(name)
        return look_up("93.184.216.34" if len(asked) == 1 else "127.0.0.1", *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("spanledger_collector.alerts.webhook.ANSWER_S", 0.5)
    channel = hook(sink.url.replace("127.0.0.1", "rebind.example"), allow_private=False)

    with pytest.raises(Undelivered):
        tell(channel, BODY, "id", 0)
    assert asked == ["rebind.example"]
    assert sink.received == []


@contextmanager
def answering(*pieces: bytes, pause: threading.Event | None = None) -> Iterator[str]:
    """A server that answers every request with some bytes, and perhaps never ends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    for piece in pieces:
                        connection.sendall(piece)
                    if pause is not None:
                        pause.wait(30)
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_password_of_an_address_is_sent_as_one(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User and password of an address are basic authentication, however they are escaped."""
    address = sink.url.replace("http://", "http://ann:s%40cret@")
    monkeypatch.setenv("TEST_HOOK", address)
    keys = {"name": "h", "webhook_env": "TEST_HOOK", "allow_http": True, "allow_private": True}
    tell(Channel.model_validate(keys), BODY, "id", 0)

    [told] = sink.received
    assert told.headers["authorization"] == "Basic " + b64encode(b"ann:s@cret").decode()
    assert "ann" not in told.headers["host"]


def test_a_redirect_is_not_followed(sink: Sink) -> None:
    """Not even to a place that would be allowed."""
    redirect = f"HTTP/1.1 307 Go\r\nlocation: {sink.url}\r\ncontent-length: 0\r\n\r\n".encode()
    with answering(redirect) as url, pytest.raises(Undelivered, match="307, a redirect"):
        tell(hook(url), BODY, "id", 0)

    assert sink.received == []


def test_an_answer_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless headers are read up to the cap, and silence up to the time limit."""
    monkeypatch.setattr("spanledger_collector.alerts.webhook.ANSWER_S", 0.5)
    endless = b"HTTP/1.1 200 OK\r\n" + b"x-more: and more\r\n" * 10_000
    stop = threading.Event()
    with answering(endless) as url, pytest.raises(Undelivered):
        tell(hook(url), BODY, "id", 0)
    with answering(b"HTTP/1.1 200 OK\r\n", pause=stop) as url, pytest.raises(Undelivered):
        tell(hook(url), BODY, "id", 0)
    stop.set()


def test_a_large_answer_is_not_read() -> None:
    """The status is enough; the rest is left where it is."""
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 100_000
    with answering(large) as url:
        tell(hook(url), BODY, "id", 0)


def apprise(url: str, variable: pytest.MonkeyPatch, *, allow_private: bool) -> Channel:
    variable.setenv("TEST_APPRISE", url)
    return Channel.model_validate(
        {"name": "a", "apprise_env": "TEST_APPRISE", "allow_private": allow_private}
    )


def test_apprise_tells(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message goes out through Apprise, as text, with its type."""
    address = sink.url.replace("http://", "json://user:secret-word@")
    tell(apprise(address, monkeypatch, allow_private=True), BODY, "id", 0)

    told = sink.received[0].document
    assert (told["title"], told["message"], told["type"]) == ("A title", "A text", "failure")


def test_apprise_is_guarded_too(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever way Apprise takes, it reaches this machine only if it may; no secret is told."""
    address = sink.url.replace("http://", "json://user:secret-word@")
    with pytest.raises(Undelivered) as refused:
        tell(apprise(address, monkeypatch, allow_private=False), BODY, "id", 0)

    assert sink.received == []
    assert "secret-word" not in str(refused.value)


def test_apprise_knows_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that no service has is told as such."""
    with pytest.raises(Undelivered, match="no such address"):
        tell(apprise("nonsense://x", monkeypatch, allow_private=False), BODY, "id", 0)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("search", "search"),
        ("a_b-c", "a_b-c"),
        ("two\r\nlines", "two lines"),
        ("<!channel>", "\u2039!\u200bchannel\u203a"),
        ("@here", "@\u200bhere"),
        ("*bold* `code` ~no~", "\u2217bold\u2217 'code' \u223cno\u223c"),
        ("[a](http://evil.example)", "(a)(http:\u200b//evil.example)"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\x1b[31mred", "(31mred"),
        ("", "(no name)"),
        ("x" * 500, "x" * 80),
    ],
)
def test_names_are_text(name: str, shown: str) -> None:
    """A name of a team or a user breaks no line, marks nothing up and mentions nobody."""
    assert plain(name) == shown
