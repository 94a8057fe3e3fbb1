"""The child process: what it answers, and what becomes of a message that hangs it, kills it or eats its memory."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from intake.reading_process import (
    ReaderDiedError,
    ReaderProcess,
    ReaderRaisedError,
    ReaderStoppedError,
    ReaderUnavailableError,
    TimedOutError,
)
from intake.settings import Reader as Limits
from parsers.conference import Conference

CONFERENCE = Conference("Conference", "Ghent", (date(2024, 4, 29),), "desk@host.example", date(2024, 2, 23), ())
WHEN = datetime(2024, 3, 1, 12, tzinfo=UTC)
LOADER = "scripted_reader:load"


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def reader() -> Iterator[ReaderProcess]:
    process = ReaderProcess(CONFERENCE, Limits(seconds=2, memory_mb=1024, messages=1000), loader=LOADER)
    yield process
    process.stop()


def pid(reader: ReaderProcess, body: bytes = b"hello") -> str:
    return reader.read(body, WHEN).envelope.subject


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_reads_in_another_process(reader: ReaderProcess) -> None:
    assert not reader.warm.is_set()
    reading = reader.read("höllo".encode(), WHEN)
    assert reading.text == "höllo"
    assert reading.language == WHEN.isoformat()
    assert reading.office == "Conference"
    assert int(reading.envelope.subject) == reader.pid != os.getpid()
    assert reader.warm.is_set()


def test_bytes_of_any_kind_and_size(reader: ReaderProcess) -> None:
    assert reader.read(b"", WHEN).text == ""
    assert len(reader.read(b"x" * 5_000_000, WHEN).text) == 5_000_000
    assert "\ufffd" in reader.read(bytes(range(256)), WHEN).text


def test_what_a_library_prints_does_no_harm(reader: ReaderProcess) -> None:
    assert reader.read(b"please print", WHEN).text == "please print"


def test_a_message_that_hangs_is_stopped_and_the_next_is_read(reader: ReaderProcess) -> None:
    first = pid(reader)
    started = time.monotonic()
    with pytest.raises(TimedOutError, match="2 seconds"):
        reader.read(b"please hang", WHEN)
    assert time.monotonic() - started < 4
    assert not alive(int(first))
    assert pid(reader) != first


def test_a_message_that_ends_the_process(reader: ReaderProcess) -> None:
    first = pid(reader)
    with pytest.raises(ReaderDiedError, match="ended over this message"):
        reader.read(b"please die", WHEN)
    assert pid(reader) != first


def test_a_message_that_eats_all_memory() -> None:
    reader = ReaderProcess(CONFERENCE, Limits(seconds=60, memory_mb=512), loader=LOADER)
    try:
        first = pid(reader)
        with pytest.raises(ReaderDiedError, match="512 MB"):
            reader.read(b"please hoard", WHEN)
        assert pid(reader) != first
    finally:
        reader.stop()


def test_a_message_over_which_the_reader_raises(reader: ReaderProcess) -> None:
    first = pid(reader)
    with pytest.raises(ReaderRaisedError, match="LookupError") as caught:
        reader.read(b"please raise", WHEN)
    assert "no such thing" not in str(caught.value)
    assert pid(reader) == first


def test_a_fresh_process_takes_over_after_its_share() -> None:
    reader = ReaderProcess(CONFERENCE, Limits(seconds=5, messages=3), loader=LOADER)
    try:
        first = pid(reader)
        seen = [first]
        deadline = time.monotonic() + 30
        while seen[-1] == first and time.monotonic() < deadline:
            seen.append(pid(reader))
        assert len(seen) >= 4, "it took over before its predecessor had read its share"
        assert seen[-1] != first
        assert not alive(int(first))
    finally:
        reader.stop()


def test_a_reader_that_cannot_be_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    reader = ReaderProcess(CONFERENCE, loader="scripted_reader:cannot")
    try:
        with pytest.raises(ReaderUnavailableError, match="does not start"):
            reader.read(b"x", WHEN)
    finally:
        reader.stop()
    assert "RuntimeError" in capfd.readouterr().err


def test_stop_ends_a_reading_in_hand(reader: ReaderProcess) -> None:
    pid(reader)
    number = reader.pid
    assert number is not None
    timer = threading.Timer(0.2, reader.stop)
    timer.start()
    with pytest.raises(ReaderStoppedError):
        reader.read(b"please hang", WHEN)
    timer.join()
    assert not alive(number)


def test_the_child_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_MAILBOX_PASSWORD", "kanarie")
    reader = ReaderProcess(CONFERENCE, loader=LOADER)
    try:
        pid(reader)
        if not Path("/proc/self/environ").exists():
            pytest.skip("no /proc here")
        assert b"kanarie" not in Path(f"/proc/{reader.pid}/environ").read_bytes()
    finally:
        reader.stop()


def test_the_child_ends_with_its_parent() -> None:
    reader = ReaderProcess(CONFERENCE, loader=LOADER)
    pid(reader)
    child = reader._child
    assert child is not None
    child.pipe.close()
    assert child.process.wait(5) == 0
    reader.stop()
