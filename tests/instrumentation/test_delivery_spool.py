"""The buffer on disk: a killed process loses nothing, and a broken disk hurts nobody."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import anthropic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spanledger
from spanledger.delivery import Delivery, SpoolSettings
from spanledger.delivery.frames import frame, frames
from spanledger.delivery.record import Record
from spanledger_demo.simulator import Simulator
from tests.instrumentation.receiver import (
    PATIENCE_S,
    PRELUDE,
    QUICK,
    Nobody,
    Reply,
    Sink,
    delivering,
    eventually,
    run,
    start,
)
from tests.instrumentation.receiver import nobody as nobody
from tests.instrumentation.receiver import sink as sink
from tests.instrumentation.support import ask

pytestmark = pytest.mark.timeout(3 * PATIENCE_S)

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
RECORDS = st.lists(st.builds(Record, st.binary(max_size=200), st.integers(1, 512)), max_size=8)

WAIT = Reply(503, {"Retry-After": "60"})
"""Nothing is on its way then until a flush asks for it, whatever the machine's speed."""

KILLED = (
    PRELUDE
    + """
spanledger.instrument()
for number in range(1, 21):  # one by one: each is a record of its own
    call()
    while spanledger.delivery_stats().spooled < number:
        time.sleep(0.001)
os.kill(os.getpid(), signal.SIGKILL)
"""
)

HEIR = (
    PRELUDE
    + """
spanledger.instrument()
assert spanledger.flush(100)
print(*spanledger.delivery_stats())
"""
)


@pytest.fixture
def spool(tmp_path: Path) -> SpoolSettings:
    """A spool that does not exist yet."""
    return SpoolSettings(tmp_path / "spool")


def segments(root: Path) -> list[Path]:
    """The files that hold spans."""
    return sorted(root.glob("*/*.seg"))


def kill(simulator: Simulator, root: Path) -> None:
    """A process that makes 20 calls while the collector is away, and is killed."""
    absent = Nobody()
    result = run(KILLED, simulator, absent.url, SPANLEDGER_SPOOL_DIR=str(root))
    absent.leave()
    assert (result.returncode, result.stderr) == (-signal.SIGKILL, "")


@pytest.fixture(scope="module")
def dead(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a killed process left."""
    root = tmp_path_factory.mktemp("dead") / "spool"
    kill(simulator, root)
    return root


@pytest.fixture
def inherited(dead: Path, spool: SpoolSettings) -> Path:
    """A spool with 20 spans of a killed process."""
    shutil.copytree(dead, spool.root)
    return spool.root


def is_kept(delivery: Delivery, count: int) -> bool:
    """Wait until so many spans are on disk, or were dropped from there."""
    return eventually(lambda: delivery.stats().spooled + delivery.stats().dropped == count)


@PATIENT
@given(RECORDS)
def test_records_come_back_as_written(records: list[Record]) -> None:
    """A segment gives back its records, whatever they hold."""
    data = b"".join(frame(record) for record in records)

    assert [found.record for found in frames(data)] == records


@PATIENT
@given(RECORDS, st.integers(1, 400))
def test_a_torn_tail_takes_only_the_torn(records: list[Record], missing: int) -> None:
    """Whatever is missing at the end of a segment, all records before it are read."""
    data = b"".join(frame(record) for record in records)
    cut = data[:-missing]
    read = [found.record for found in frames(cut) if found.record is not None]

    assert read == records[: len(read)]
    assert sum(len(frame(record)) for record in records[: len(read) + 1]) > len(cut) or (
        read == records
    )


@PATIENT
@given(RECORDS.filter(bool), st.data())
def test_damage_takes_only_the_damaged(records: list[Record], data: st.DataObject) -> None:
    """A flipped byte costs the record it lies in, and no other."""
    written = bytearray(b"".join(frame(record) for record in records))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))
    starts = [sum(len(frame(record)) for record in records[:n]) for n in range(len(records))]
    hit = max(n for n, begin in enumerate(starts) if begin <= at)

    read = [found.record for found in frames(bytes(written)) if found.record is not None]
    assert read == records[:hit] + records[hit + 1 :]


def test_a_killed_process_loses_nothing(simulator: Simulator, sink: Sink, inherited: Path) -> None:
    """After kill -9 with the collector away, the next process delivers, and leaves no files."""
    result = run(HEIR, simulator, sink.url, SPANLEDGER_SPOOL_DIR=str(inherited))

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == ["20", "0", "0", "0", "0", "0"]
    assert len(sink.span_ids) == len(sink.spans) == 20
    assert list(inherited.iterdir()) == []


def test_several_heirs_share_the_dead(simulator: Simulator, sink: Sink, inherited: Path) -> None:
    """Processes that start at once each adopt what the others have not, and nothing is lost."""
    kill(simulator, inherited)
    heirs = [
        start(HEIR, simulator, sink.url, SPANLEDGER_SPOOL_DIR=str(inherited)) for _ in range(2)
    ]
    results = [heir.communicate(timeout=PATIENCE_S) for heir in heirs]

    assert [(heir.returncode, err) for heir, (_, err) in zip(heirs, results, strict=True)] == (
        [(0, "")] * 2
    )
    assert sum(int(out.split()[0]) for out, _ in results) == 40
    assert len(sink.span_ids) == len(sink.spans) == 40


def test_an_heir_that_is_killed_too_leaves_the_inheritance(
    simulator: Simulator, sink: Sink, nobody: Nobody, inherited: Path
) -> None:
    """A process that dies with what it adopted undelivered passes it on, with its own."""
    settings = {"SPANLEDGER_SPOOL_DIR": str(inherited)}
    heir = KILLED.replace("os.kill", "assert not spanledger.flush(0.3)\nos.kill")
    assert run(heir, simulator, nobody.url, **settings).returncode == -signal.SIGKILL
    result = run(HEIR, simulator, sink.url, **settings)

    assert (result.stdout.split()[0], result.stderr) == ("40", "")
    assert len(sink.span_ids) == 40


def test_damage_is_skipped_and_counted(simulator: Simulator, sink: Sink, inherited: Path) -> None:
    """A damaged record of a dead process is counted as dropped, and the others are delivered."""
    [segment] = segments(inherited)
    written = segment.read_bytes()
    found = list(frames(written))
    middle = (found[0].end + found[1].end) // 2
    torn = bytearray(written[:-3])
    torn[middle] ^= 0xFF
    segment.write_bytes(torn)
    whole = sum(item.record.spans for item in frames(bytes(torn)) if item.record is not None)
    result = run(HEIR, simulator, sink.url, SPANLEDGER_SPOOL_DIR=str(inherited))

    assert result.stdout.split() == [str(whole), "0", "0", "2", "0", "0"]
    assert len(sink.span_ids) == whole < 20


def test_a_living_process_keeps_its_folder(
    sink: Sink, nobody: Nobody, spool: SpoolSettings, client: anthropic.Anthropic
) -> None:
    """Nobody touches the segments of a process that is still there."""
    with delivering(nobody.url, spool=spool) as living:
        client.messages.create(**ask())
        assert is_kept(living, 1)
        with delivering(sink.url, spool=spool) as other:
            assert other.flush(100.0)
            assert other.stats().delivered == 0
        assert living.stats().spooled == 1
    assert len(segments(spool.root)) == 1


def test_what_is_spooled_is_delivered_when_the_collector_returns(
    client: anthropic.Anthropic, nobody: Nobody, spool: SpoolSettings
) -> None:
    """With a spool, too, an outage only delays, and what is delivered takes no room on disk."""
    with delivering(nobody.url, spool=spool) as delivery:
        for _ in range(10):
            client.messages.create(**ask())
        assert is_kept(delivery, 10)
        assert delivery.stats()[:3] == (0, 10, 10)
        assert not delivery.flush(0.2)
        nobody.leave()
        late = Sink(nobody.port)
        try:
            assert delivery.flush(100.0)
        finally:
            late.close()
        assert [segment.stat().st_size for segment in segments(spool.root)] == [0]
        assert delivery.stats() == (10, 0, 0, 0, 0, 0)

    assert len(late.span_ids) == 10
    assert list(spool.root.iterdir()) == []


def test_only_the_owner_may_read(
    nobody: Nobody, client: anthropic.Anthropic, spool: SpoolSettings
) -> None:
    """Folders have mode 0700 and files 0600."""
    with delivering(nobody.url, spool=spool) as delivery:
        client.messages.create(**ask())
        assert is_kept(delivery, 1)
        [segment] = segments(spool.root)

        assert stat.S_IMODE(spool.root.stat().st_mode) == 0o700
        assert stat.S_IMODE(segment.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in segment.parent.iterdir()} == {0o600}


def test_the_size_is_capped_and_the_oldest_go_first(
    sink: Sink, client: anthropic.Anthropic, tmp_path: Path
) -> None:
    """A full spool drops its oldest spans, counts them, and never outgrows its cap."""
    spool = SpoolSettings(tmp_path / "spool", max_bytes=40_000)
    sink.judge = lambda spans: WAIT
    with delivering(sink.url, spool=spool) as delivery:
        for number in range(100):
            with spanledger.tags(number=str(number), ballast=token_hex(400)):
                client.messages.create(**ask())
            assert is_kept(delivery, number + 1)  # one by one: each is a record of its own
            assert number > 0 or not delivery.flush(30.0)  # from here on, nothing is on its way
        dropped = delivery.stats().dropped
        used = sum(segment.stat().st_size for segment in segments(spool.root))
        sink.judge = None
        assert delivery.flush(100.0)
        stats = delivery.stats()

    numbers = sorted(
        int(item.value.string_value)
        for span in sink.spans
        for item in span.attributes
        if item.key == "spanledger.tag.number"
    )
    assert 0 < dropped < 100
    assert used <= 40_000
    assert numbers == list(range(dropped, 100))
    assert stats == (100 - dropped, 0, 0, dropped, 0, 0)


def test_an_unusable_folder_falls_back_to_memory(
    sink: Sink, client: anthropic.Anthropic, tmp_path: Path
) -> None:
    """Where no folder can be made, spans wait in memory, and the failure is counted."""
    (tmp_path / "file").write_text("not a folder")
    with delivering(sink.url, spool=SpoolSettings(tmp_path / "file" / "spool")) as delivery:
        client.messages.create(**ask())

        assert delivery.flush(100.0)
        assert delivery.stats() == (1, 0, 0, 0, 0, 1)
    assert len(sink.spans) == 1


FULL_DISK = (
    PRELUDE
    + """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
spanledger.instrument()
def on_disk():
    stats = spanledger.delivery_stats()
    return stats.spooled, stats.spool_failures
for _ in range(50):  # one by one: each is a record of its own
    before = on_disk()
    call()
    while on_disk() == before:
        time.sleep(0.001)
stats = spanledger.delivery_stats()
print(stats.waiting, 0 < stats.spooled < 50, stats.spool_failures > 0, flush=True)
sys.stdin.readline()
assert spanledger.flush(100)
print(spanledger.delivery_stats().delivered)
"""
)


def test_a_full_disk_falls_back_to_memory(
    simulator: Simulator, nobody: Nobody, spool: SpoolSettings
) -> None:
    """When writes fail halfway, the service does not notice, and everything is delivered."""
    settings = {"SPANLEDGER_SPOOL_DIR": str(spool.root)}
    with start(FULL_DISK, simulator, nobody.url, **settings) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        nobody.leave()
        late = Sink(nobody.port)
        try:
            out, err = process.communicate("go\n", timeout=PATIENCE_S)
        finally:
            late.close()

    assert (told, out, err) == ("50 True True\n", "50\n", "")
    assert len(late.span_ids) == 50


def test_a_spool_emptied_by_somebody_is_made_anew(
    sink: Sink, client: anthropic.Anthropic, spool: SpoolSettings
) -> None:
    """Deleting the folder under a running service loses what was in it, counted, and no more."""
    sink.answers = [WAIT]
    with delivering(sink.url, spool=spool) as delivery:
        client.messages.create(**ask())
        assert sink.wait(lambda: sink.requests > 0)
        shutil.rmtree(spool.root)
        assert eventually(lambda: delivery.flush(100.0))  # the answer to wait may arrive only now
        assert delivery.stats().dropped == 1
        client.messages.create(**ask())

        assert delivery.flush(100.0)
        assert delivery.stats() == (1, 0, 0, 1, 0, 0)


@pytest.fixture
def instrumented() -> Iterator[None]:
    """Leaves no instrumentation behind."""
    yield
    spanledger.uninstrument()


def test_the_argument_names_the_folder(
    instrumented: None, nobody: Nobody, client: anthropic.Anthropic, tmp_path: Path
) -> None:
    """`instrument(spool_dir=…)` spools, and moving away leaves it for others to adopt."""
    spanledger.instrument(nobody.url, spool_dir=tmp_path / "named")
    client.messages.create(**ask())
    assert eventually(lambda: spanledger.delivery_stats().spooled == 1)
    spanledger.uninstrument()

    other = Sink()
    try:
        with delivering(other.url, pace=QUICK, spool=SpoolSettings(tmp_path / "named")) as heir:
            assert heir.flush(100.0)
    finally:
        other.close()
    assert len(other.spans) == 1
    assert os.listdir(tmp_path / "named") == []
