"""Under gunicorn's prefork server, with the application loaded before the fork."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spanledger_demo.simulator import Simulator
from tests.instrumentation.receiver import PATIENCE_S, Sink, environment
from tests.instrumentation.receiver import sink as sink

pytest.importorskip("gunicorn", reason="gunicorn is not installed")

pytestmark = pytest.mark.timeout(3 * PATIENCE_S)
MAX_REQUESTS = 4
MOST_REQUESTS = 100
"""Sent until a third worker serves; one that has to retire may serve a few more before it does."""

SERVICE = """
import json, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of any fork beside threads
import anthropic, spanledger
anthropic.resources.messages  # loads what the SDK loads lazily, once for all workers

def call(delay_s=0):
    with anthropic.Anthropic(max_retries=0) as client:
        return client.messages.create(
            model="claude-sonnet-4-6", max_tokens=9, messages=[{"role": "user", "content": "hi"}],
            extra_headers={"x-simulator": json.dumps({"delay_s": delay_s})},
        ).id

def app(environ, start_response):
    slow = environ["PATH_INFO"] == "/slow"
    if slow:
        print("slow", flush=True)
    said = f"{os.getpid()} {call(delay_s=1 if slow else 0)}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [said.encode()]
"""

IN_THE_MASTER = """
spanledger.instrument()
print(os.getpid(), call(), flush=True)
"""

SETTINGS = f"""
preload_app = True
workers = 2
max_requests = {MAX_REQUESTS}
def post_fork(server, worker):
    import spanledger
    spanledger.instrument()
"""


@contextmanager
def gunicorn(folder: Path, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server of the service in the folder, and its address."""
    command = [sys.executable, "-m", "gunicorn", "--config", "settings.py", "service:app"]
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "log").open("w") as log:
        number = listener.fileno()
        with subprocess.Popen(
            [*command, "--bind", f"fd://{number}"],
            cwd=folder,
            env=env,
            pass_fds=[number],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as master:
            try:
                yield master, f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                master.terminate()


def fetch(url: str) -> tuple[str, str]:
    """The process that served a request, and the message it got."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
        process, message = response.read().decode().split()
    return process, message


@pytest.mark.parametrize(
    ("master", "worker"), [(True, "sync"), (False, "gthread")], ids=["before too", "after the fork"]
)
def test_every_call_of_every_worker_is_delivered_once(
    sink: Sink, simulator: Simulator, tmp_path: Path, master: bool, worker: str
) -> None:
    """Calls are neither lost nor doubled: workers retire, and SIGTERM ends the master mid-call.

    `instrument()` is called in each worker, and in one case before that in the master, which makes
    a call of its own, whose span and threads are there when the workers are forked.
    """
    (tmp_path / "service.py").write_text(SERVICE + (IN_THE_MASTER if master else ""))
    (tmp_path / "settings.py").write_text(f'worker_class = "{worker}"' + SETTINGS)
    made: list[tuple[str, str]] = []
    with gunicorn(tmp_path, environment(simulator, sink.url)) as (server, url):
        assert server.stdout is not None
        if master:
            process, message = server.stdout.readline().split()
            made.append((process, message))
        workers: set[str] = set()
        while len(workers) <= 2 and len(made) < MOST_REQUESTS:
            made.append(fetch(url))
            workers.add(made[-1][0])
        last = threading.Thread(target=lambda: made.append(fetch(f"{url}/slow")))
        last.start()
        assert server.stdout.readline() == "slow\n"
        server.send_signal(signal.SIGTERM)
        last.join()
        status = server.wait(PATIENCE_S)

    log = (tmp_path / "log").read_text()
    delivered = sorted(
        attribute.value.string_value
        for span in sink.spans
        for attribute in span.attributes
        if attribute.key == "gen_ai.response.id"
    )
    assert (status, "Traceback" in log) == (0, False), log
    assert delivered == sorted(message for _, message in made)
    assert len(workers) > 2
