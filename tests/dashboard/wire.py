"""What the dashboard says to a page, held back on demand, as by a slow network."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, WebSocketRoute
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.dashboard.browsing import PATIENCE_MS

_A_LOOK_MS = 50


class Wire:
    """The wire of a page; to be made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._late = self._clocks_run = False
        self._held: list[bytes] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    @contextmanager
    def late(self) -> Iterator[list[ForwardMsg]]:
        """Let the page hear nothing of its next run after the clocks that this sets.

        Ends when a clock went off, and the page has told what it knows and was answered, which it
        hears only now.
        """
        held: list[ForwardMsg] = []
        self._late, self._clocks_run = True, False
        yield held
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not any(_answers_a_clock(each) for each in map(_read, self._held)):
            assert time.monotonic() < deadline
            self._page.wait_for_timeout(_A_LOOK_MS)  # messages come while the page is waited for
        held.extend(map(_read, self._held))
        self._late = False
        for message in self._held:
            self._socket.send(message)
        self._held.clear()

    def _connect(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.connect_to_server().on_message(self._hear)

    def _hear(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        if self._late and self._clocks_run:
            self._held.append(message)
            return
        self._clocks_run = _read(message).HasField("auto_rerun")
        self._socket.send(message)


def _read(message: bytes) -> ForwardMsg:
    return ForwardMsg.FromString(message)


def _answers_a_clock(message: ForwardMsg) -> bool:
    return message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
