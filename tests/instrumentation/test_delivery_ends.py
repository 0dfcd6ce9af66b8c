"""However a process ends, forks or freezes: its calls are delivered once, in bounded time."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from spanledger_demo.simulator import Simulator
from tests.instrumentation.receiver import PATIENCE_S, PRELUDE, Nobody, Reply, Sink, run, start
from tests.instrumentation.receiver import nobody as nobody
from tests.instrumentation.receiver import sink as sink

pytestmark = pytest.mark.timeout(3 * PATIENCE_S)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform cannot fork")

SERVE = """
def serve():
    import socket
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.2)  # as servers do, lest a signal that comes just before is not seen
        while True:
            try:
                server.accept()
            except TimeoutError:
                pass
"""

ONE_CALL = PRELUDE + 'spanledger.instrument(); call(); print("done")'


def wait_for_line(process: subprocess.Popen[str]) -> str:
    """What a service says next."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def terminate(
    program: str, simulator: Simulator, url: str, **settings: str
) -> tuple[int, str, str]:
    """Send SIGTERM to a service once it says that it is ready."""
    with start(PRELUDE + SERVE + program, simulator, url, **settings) as process:
        assert wait_for_line(process) == "ready"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def test_a_short_program_delivers_at_its_exit(sink: Sink, simulator: Simulator) -> None:
    """A script that ends right after its call still delivers it, configured by environment."""
    result = run(ONE_CALL, simulator, sink.url)

    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")
    assert len(sink.spans) == 1
    assert sink.resources[0]["service.name"] == "worker"


def test_a_missing_collector_goes_unnoticed(simulator: Simulator, nobody: Nobody) -> None:
    """With nobody listening the service runs, prints nothing of ours and ends."""
    result = run(ONE_CALL, simulator, nobody.url, SPANLEDGER_EXIT_TIMEOUT="0.5")

    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")


TIMED_EXIT = """
import atexit
spanledger.instrument()
call()
before = time.monotonic()
{wait}
atexit._run_exitfuncs()
print(round(time.monotonic() - before, 1))
"""


@pytest.mark.parametrize(
    ("wait", "timeout"),
    [("", "1"), ("assert not spanledger.flush(0.5)", "600")],
    ids=["exit alone", "flush and exit"],
)
def test_an_unreachable_collector_is_waited_for_once(
    simulator: Simulator, nobody: Nobody, wait: str, timeout: str
) -> None:
    """The exit waits its time, and hardly any more when a flush has already waited in vain."""
    program = PRELUDE + TIMED_EXIT.format(wait=wait)
    result = run(program, simulator, nobody.url, SPANLEDGER_EXIT_TIMEOUT=timeout)

    assert result.stderr == ""
    assert float(result.stdout) >= (0.5 if wait else 1.0)


HANGING = """
from opentelemetry.sdk.trace import TracerProvider
from spanledger.delivery import Delivery, Pace, Target
target = Target(os.environ["SPANLEDGER_ENDPOINT"] + "/v1/traces", None)
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(Delivery(target, pace=Pace(timeout=600.0, exit_timeout=1.0)))
spanledger.AnthropicInstrumentor().instrument(tracer_provider=provider)
call()
"""


def test_a_hanging_collector_does_not_hold_the_exit(simulator: Simulator, sink: Sink) -> None:
    """A collector that never answers holds the exit no longer than the exit timeout."""
    never = threading.Event()
    sink.answers = [Reply(503, until=never)] * 10
    try:
        result = run(PRELUDE + HANGING, simulator, sink.url)
    finally:
        never.set()

    assert (result.returncode, result.stderr) == (0, "")
    assert sink.spans == []


def test_with_a_spool_the_exit_does_not_wait_for_a_collector(
    simulator: Simulator, sink: Sink, nobody: Nobody, tmp_path: Path
) -> None:
    """What is on disk is safe: one attempt, and the process ends; the next one delivers."""
    settings = {"SPANLEDGER_SPOOL_DIR": str(tmp_path), "SPANLEDGER_EXIT_TIMEOUT": "600"}
    result = run(ONE_CALL, simulator, nobody.url, **settings)
    assert (result.returncode, result.stderr) == (0, "")
    heir = run(ONE_CALL + "; spanledger.flush(100)", simulator, sink.url, **settings)

    assert heir.stderr == ""
    assert len(sink.span_ids) == 2


TERMINATED = """
spanledger.instrument()
call(3)
print("ready", flush=True)
serve()
"""


def test_sigterm_flushes_and_kills_as_ever(sink: Sink, simulator: Simulator) -> None:
    """A SIGTERM that nobody handles delivers first; the exit status is that of the signal."""
    assert terminate(TERMINATED, simulator, sink.url) == (-signal.SIGTERM, "", "")
    assert len(sink.spans) == 3


def test_sigterm_is_bounded(simulator: Simulator, nobody: Nobody) -> None:
    """With nobody listening, SIGTERM kills all the same, after the exit timeout."""
    ended = terminate(TERMINATED, simulator, nobody.url, SPANLEDGER_EXIT_TIMEOUT="0.5")

    assert ended == (-signal.SIGTERM, "", "")


AGAIN = """
import threading
from spanledger.delivery import sigterm
def again():
    while not sigterm._flushing:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=again).start()
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_second_sigterm_is_not_made_to_wait(simulator: Simulator, nobody: Nobody) -> None:
    """Whoever sends SIGTERM again does not wait for a flush that hangs."""
    program = PRELUDE + SERVE + TERMINATED.replace("serve()", AGAIN)
    result = run(program, simulator, nobody.url, SPANLEDGER_EXIT_TIMEOUT="600")

    assert (result.returncode, result.stderr) == (-signal.SIGTERM, "")


def test_sigterm_can_be_left_alone(sink: Sink, simulator: Simulator) -> None:
    """`SPANLEDGER_FLUSH_ON_SIGTERM=false` installs nothing."""
    program = TERMINATED.replace(
        'print("ready"', 'assert signal.getsignal(15) is signal.SIG_DFL; print("ready"'
    )

    ended = terminate(program, simulator, sink.url, SPANLEDGER_FLUSH_ON_SIGTERM="false")
    assert ended == (-signal.SIGTERM, "", "")


HANDLER = """
def own(number, frame):
    print("own handler", flush=True)
    sys.exit(3)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_services_own_handler_decides(sink: Sink, simulator: Simulator, when: str) -> None:
    """A handler of the service, installed before or after ours, does what it always did."""
    install = "signal.signal(signal.SIGTERM, own)\n"
    first, last = (install, "") if when == "before" else ("", install)
    program = HANDLER + first + TERMINATED.replace("call(3)", f"{last}call(3)")

    assert terminate(program, simulator, sink.url) == (3, "own handler\n", "")
    assert len(sink.spans) == 3


CHAINED = """
def own(number, frame):
    if callable(previous):
        previous(number, frame)
    print("still here", flush=True)
    sys.exit(3)
spanledger.instrument()
previous = signal.signal(signal.SIGTERM, own)
call(3)
print("ready", flush=True)
serve()
"""


def test_a_handler_that_calls_ours_goes_on(sink: Sink, simulator: Simulator) -> None:
    """Called by the handler that replaced it, ours delivers and returns."""
    assert terminate(CHAINED, simulator, sink.url) == (3, "still here\n", "")
    assert len(sink.spans) == 3


def test_an_ignored_sigterm_stays_ignored(sink: Sink, simulator: Simulator) -> None:
    """Where the service ignores SIGTERM, it still does, and so it does after `uninstrument()`."""
    program = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
spanledger.instrument()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
os.kill(os.getpid(), signal.SIGTERM)
spanledger.uninstrument()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
signal.signal(signal.SIGTERM, signal.SIG_DFL)
spanledger.instrument()
assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
spanledger.uninstrument()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
    result = run(PRELUDE + program, simulator, sink.url)

    assert (result.returncode, result.stderr) == (0, "")


FORKING = """
spanledger.instrument()
call()
child = os.fork()
if child == 0:
    call()
    assert spanledger.flush(100)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert spanledger.flush(100)
"""

PREFORK = """
spanledger.instrument()
done, tell = os.pipe()
def worker():
    call(5)
    os.write(tell, b".")
    serve()
workers = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        worker()
    workers.append(child)
for child in workers:
    os.read(done, 1)
for child in workers:
    os.kill(child, signal.SIGTERM)
print([os.WTERMSIG(os.waitpid(child, 0)[1]) for child in workers])
"""


@needs_fork
def test_a_forked_worker_delivers_its_own_calls(sink: Sink, simulator: Simulator) -> None:
    """After a fork, parent and child each deliver what they called, once."""
    result = run(PRELUDE + FORKING, simulator, sink.url)

    assert (result.returncode, result.stderr) == (0, "")
    assert len(sink.span_ids) == len(sink.spans) == 2


@needs_fork
@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_a_fork_under_load_neither_loses_nor_doubles(
    sink: Sink, simulator: Simulator, tmp_path: Path, spooled: bool
) -> None:
    """Children forked while the parent's spans wait do not send them, and send their own."""
    program = """
spanledger.instrument()
for _ in range(3):
    call(3)
    child = os.fork()
    if child == 0:
        call(2)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
    settings = {"SPANLEDGER_SPOOL_DIR": str(tmp_path / "spool")} if spooled else {}
    result = run(PRELUDE + program, simulator, sink.url, **settings)

    assert (result.returncode, result.stderr) == (0, "")
    if spooled:  # a process whose calls are safe does not wait for long at its end
        heir = "spanledger.instrument()\nassert spanledger.flush(60)"
        assert run(PRELUDE + heir, simulator, sink.url, **settings).returncode == 0
    assert len(sink.span_ids) == len(sink.spans) == 15
    assert not spooled or list((tmp_path / "spool").iterdir()) == []


UNSAFE_IMPORTS = """
import threading
from spanledger.delivery.importing import importing
class Watch:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread().name.startswith("spanledger-") and not importing._is_owned():
            print(name, flush=True)
sys.meta_path.insert(0, Watch())
spanledger.instrument()
call()
assert spanledger.flush(60)
"""


@needs_fork
@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_no_thread_of_ours_imports_where_a_fork_would_leave_a_lock(
    sink: Sink, simulator: Simulator, tmp_path: Path, spooled: bool
) -> None:
    """What our threads import, they import while forks wait: a child never finds a lock held."""
    settings = {"SPANLEDGER_SPOOL_DIR": str(tmp_path / "spool")} if spooled else {}
    result = run(PRELUDE + UNSAFE_IMPORTS, simulator, sink.url, **settings)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert len(sink.spans) == 1


@needs_fork
def test_preforked_workers_deliver_when_they_are_terminated(
    sink: Sink, simulator: Simulator
) -> None:
    """Workers of a master that loaded the application deliver all, even ended by SIGTERM."""
    result = run(PRELUDE + SERVE + PREFORK, simulator, sink.url)

    assert (result.returncode, result.stdout) == (0, "[15, 15, 15, 15]\n")
    assert len(sink.span_ids) == len(sink.spans) == 20


POOL = """
import multiprocessing
def work(number):
    call()
    return number
if __name__ == "__main__":
    spanledger.instrument()
    context = multiprocessing.get_context({context!r})
    processes = [context.Process(target=work, args=(n,)) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print([process.exitcode for process in processes])
else:
    spanledger.instrument()
"""


@needs_fork
@pytest.mark.parametrize("context", ["fork", "spawn", "forkserver"])
def test_multiprocessing_workers_deliver_at_their_end(
    sink: Sink, simulator: Simulator, tmp_path: Path, context: str
) -> None:
    """Worker processes of every kind deliver what they called before they end."""
    script = tmp_path / "service.py"
    script.write_text(PRELUDE + POOL.format(context=context))
    program = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    if context != "fork":  # the worker imports the main module by its path
        program = f"import os, sys; os.execv(sys.executable, [sys.executable, {str(script)!r}])"
    result = run(program, simulator, sink.url)

    assert (result.returncode, result.stdout, result.stderr) == (0, "[0, 0]\n", "")
    assert len(sink.span_ids) == len(sink.spans) == 2


FROZEN = """
real, time.time, time.time_ns = time.time, lambda: 1e9, lambda: 10**18  # the clock went back
spanledger.instrument()
for _ in range(3):
    call()
    assert spanledger.flush(100)
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the platform cannot stop processes")
def test_a_frozen_process_flushes_when_it_is_thawed(sink: Sink, simulator: Simulator) -> None:
    """As on AWS Lambda: stopped between invocations, its connection gone and its clock turned."""
    with start(PRELUDE + FROZEN, simulator, sink.url) as process:
        for number in range(1, 4):
            assert wait_for_line(process) == "ready"
            assert len(sink.spans) == number
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            sink.answers = [Reply(reset=True)]
            process.send_signal(signal.SIGCONT)
            assert process.stdin is not None
            process.stdin.write("next\n")
            process.stdin.flush()
        _, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, err) == (0, "")
