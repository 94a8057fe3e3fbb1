"""The loop around mailbox and reader: it recovers from everything by itself, says how it is, and stops cleanly."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from imap_fake import Conversation, FakeServer
from imap_proxy import Proxy
from ledger_check import buckets, counted
from moved_clock import MovedClock

from intake.clock import Clock
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.source import Source
from intake.reading_process import ReaderProcess
from intake.register import Register
from intake.settings import Account, Settings
from intake.settings import Reader as Limits
from intake.status import ServiceStatus
from intake.worker import Worker
from parsers.conference import Conference

CONFERENCE = Conference("Conference", "Ghent", (date(2024, 4, 29),), "desk@host.example", date(2024, 2, 23), ())


def mail(number: int, body: bytes = b"hello") -> bytes:
    return b"Message-ID: <%d@host.example>\r\nSubject: n%d\r\n\r\n%s %d\r\n" % (number, number, body, number)


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@dataclass
class Running:
    """A worker at work, and what a test asks of it."""

    worker: Worker
    status: ServiceStatus
    clock: MovedClock
    database: Path
    changed: threading.Event = field(default_factory=threading.Event)

    async def until(self, true: Callable[[], bool], patience: float = 20.0) -> None:
        """Returns once it is true; looked at after every change and now and then."""
        end = time.monotonic() + patience
        while not true():
            assert time.monotonic() < end, f"never: {self.status.problems(self.clock.now())} {self.buckets()}"
            await asyncio.to_thread(self.changed.wait, 0.02)
            self.changed.clear()

    async def read(self, number: int) -> None:
        await self.until(lambda: self.buckets().get("unrelated", 0) == number)

    def buckets(self) -> dict[str, int]:
        return buckets(self.database) if self.database.exists() else {}

    def fault(self) -> str:
        return self.status.mailboxes[0].fault


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


Start = Callable[..., object]


@pytest.fixture
def start(tmp_path: Path, clock: MovedClock) -> Start:
    @asynccontextmanager
    async def run(*accounts: Account, limits: Limits | None = None, patience: float = 5.0) -> AsyncIterator[Running]:
        database = tmp_path / "register.db"
        Register.open(database).close()
        reader = ReaderProcess(CONFERENCE, limits or Limits(seconds=2, memory_mb=1024), loader="scripted_reader:load")
        status = ServiceStatus(clock.now(), reader.warm.is_set)
        settings = Settings(directory=tmp_path, event="e", mailboxes=accounts, database=database)

        def source(account: Account, clock: Clock) -> Source:
            return Session(account, Password(), clock=clock, connect_seconds=1, answer_seconds=2)

        worker = Worker(settings, reader, status, clock, open_source=source, spread=lambda: 0.5)
        running = Running(worker, status, clock, database)
        status.watch(running.changed.set)
        task = asyncio.create_task(worker.run())
        try:
            yield running
        finally:
            await worker.stop(patience)
            reader.stop()
            await asyncio.wait_for(task, 5)

    return run


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer({1: mail(1), 2: mail(2)}) as fake:
        yield fake


async def test_what_lies_there_is_kept_and_read(start: Start, server: FakeServer, clock: MovedClock) -> None:
    async with start(server.account()) as running:
        await running.read(2)
        await running.until(lambda: running.status.problems(clock.now()) == ())
        assert running.status.last_good is not None
    assert "service is stopping" in running.status.problems(clock.now())[0]


async def test_an_idle_hint_brings_the_new_mail(start: Start, server: FakeServer) -> None:
    arrived = threading.Event()

    def idle(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(b"+ idling\r\n")
        if arrived.wait(10) and not conversation.server.scripts.pop("told", None):
            conversation.send(b"* %d EXISTS\r\n" % len(server.mails))
        conversation.read()
        conversation.send(tag + b" OK done\r\n")

    server.scripts["IDLE"] = idle
    async with start(server.account()) as running:
        await running.read(2)
        server.mails[3] = mail(3)
        arrived.set()
        await running.read(3)


async def test_without_any_hint_the_poll_finds_it(start: Start, server: FakeServer, clock: MovedClock) -> None:
    async with start(server.account()) as running:
        await running.read(2)
        await asyncio.to_thread(clock.wait_for_waiter, 290)
        server.mails[3] = mail(3)
        clock.advance(301)
        await running.read(3)


async def test_mail_through_a_black_hole_is_there_within_six_minutes(
    start: Start, server: FakeServer, clock: MovedClock
) -> None:
    with Proxy(server.port) as proxy:
        async with start(server.account(port=proxy.port)) as running:
            await running.read(2)
            await asyncio.to_thread(clock.wait_for_waiter, 290)
            began = clock.monotonic()
            proxy.swallow = True
            server.mails[3] = mail(3)
            clock.advance(300)
            await asyncio.to_thread(clock.wait_for_waiter, 1.5)
            clock.advance(2)  # DONE is not answered in time
            await running.until(lambda: running.fault() == "connection lost")
            proxy.swallow = False
            await asyncio.to_thread(clock.wait_for_waiter, 0.5)
            clock.advance(2)
            await running.read(3)
            # With the 30 s that an answer may take in service, in place of 2 here.
            assert clock.monotonic() - began + 28 <= 360


@pytest.mark.parametrize("slice_", [1, 7])
async def test_a_network_that_slices(start: Start, server: FakeServer, slice_: int) -> None:
    with Proxy(server.port, slice=slice_) as proxy:
        async with start(server.account(port=proxy.port)) as running:
            await running.read(2)


async def test_a_network_that_resets_again_and_again(start: Start, server: FakeServer, clock: MovedClock) -> None:
    server.mails.update({uid: mail(uid) for uid in range(3, 60)})
    with Proxy(server.port, cut_after=4000) as proxy:
        async with start(server.account(port=proxy.port)) as running:
            deadline = time.monotonic() + 30
            while len(counted(running.database)) < 59 and time.monotonic() < deadline:
                clock.advance(400)
                await asyncio.sleep(0.02)
            assert len(counted(running.database)) == 59
            proxy.cut_after = 0
            clock.advance(400)
            await running.until(lambda: (clock.advance(400), running.status.mailboxes[0].ok)[1])
    assert set(counted(running.database).values()) == {1}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"NO [AUTHENTICATIONFAILED] wrong", "wrong user or secret"),
        (b"NO [UNAVAILABLE] backend down", "provider down"),
        (b"NO [LIMIT] too many", "too many connections"),
    ],
)
async def test_the_state_in_words_and_recovery(
    start: Start, server: FakeServer, clock: MovedClock, answer: bytes, fault: str
) -> None:
    def refuse(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(tag + b" " + answer + b"\r\n")

    server.scripts["LOGIN"] = refuse
    async with start(server.account()) as running:
        await running.until(lambda: running.fault() == fault)
        (state,) = running.status.mailboxes
        assert answer.decode().split(" ", 1)[1] in state.words
        assert state.advice
        assert state.last_good is None
        assert state.next_try is not None
        assert state.next_try > clock.now()
        assert any(state.words in problem for problem in running.status.problems(clock.now()))
        server.scripts.clear()
        await asyncio.to_thread(clock.wait_for_waiter, 5)
        clock.advance(1000)
        await running.read(2)
        await running.until(lambda: running.status.problems(clock.now()) == ())


async def test_a_server_that_answers_drop_by_drop_is_said_and_recovered_from(
    start: Start, server: FakeServer, clock: MovedClock
) -> None:
    def drips(conversation: Conversation, _: bytes, __: bytes) -> None:
        conversation.send(b"* SEARCH")
        while True:
            clock.advance(1)
            conversation.send(b" 1")

    async with start(server.account()) as running:
        await running.read(2)
        await running.until(lambda: running.status.problems(clock.now()) == ())
        good = running.status.mailboxes[0].last_good
        server.mails[3] = mail(3)
        server.scripts["UID SEARCH"] = drips
        await asyncio.to_thread(clock.wait_for_waiter, 290)
        clock.advance(301)
        await running.until(lambda: running.fault() == "too slow")
        (state,) = running.status.mailboxes
        assert "too slow" in state.words
        assert state.last_good == good
        assert any("too slow" in problem for problem in running.status.problems(clock.now()))
        server.scripts.clear()
        await asyncio.to_thread(clock.wait_for_waiter, 3)
        clock.advance(1000)
        await running.read(3)
        await running.until(lambda: running.status.problems(clock.now()) == ())


async def test_a_stated_wait_is_obeyed(start: Start, server: FakeServer, clock: MovedClock) -> None:
    def throttle(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(tag + b" BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n")

    server.scripts["UID SEARCH"] = throttle
    async with start(server.account()) as running:
        await running.until(lambda: running.fault() == "throttled")
        server.scripts.clear()
        await asyncio.to_thread(clock.wait_for_waiter, 299)
        seen = len(server.lines)
        clock.advance(290)
        await asyncio.to_thread(clock.wait_for_waiter, 5)
        assert len(server.lines) == seen, "not a line before the time is up"
        clock.advance(100)
        await running.read(2)


async def test_one_mailbox_that_fails_does_not_hold_up_another(start: Start, server: FakeServer) -> None:
    broken = Account(host="127.0.0.1", port=server.port, tls="none", user="other", password="x" * 3000 + "ä")
    async with start(broken, server.account()) as running:
        await running.read(2)


async def test_one_connection_only(start: Start, server: FakeServer, clock: MovedClock) -> None:
    async with start(server.account()) as running:
        await running.read(2)
        for _ in range(5):
            await asyncio.to_thread(clock.wait_for_waiter, 290)
            clock.advance(301)
        await asyncio.to_thread(clock.wait_for_waiter, 290)
        assert server.logins == 1
        assert server.open_connections == 1


async def test_a_mail_that_kills_the_reader_is_set_aside(start: Start, server: FakeServer) -> None:
    server.mails = {1: mail(1, b"please die"), 2: mail(2, b"please raise"), 3: mail(3), 4: mail(4, b"please hang")}
    async with start(server.account(), limits=Limits(seconds=1, memory_mb=1024)) as running:
        await running.until(lambda: running.buckets() == {"quarantined": 3, "unrelated": 1}, 40)
    with Register.open(running.database) as register:
        reasons = {register.message(number).row.why for number in (1, 2, 4)}
    assert len(reasons) == 3
    assert all("please" not in reason for reason in reasons)


async def test_a_restart_goes_on_with_what_is_unread(start: Start, server: FakeServer, clock: MovedClock) -> None:
    async with start(server.account()) as running:
        await running.read(2)
    with Register.open(running.database) as register:
        now = clock.now()
        register.keep("e", mail(9), None, received_at=now, fetched_at=now)
    server.lines.clear()
    async with start(server.account()) as running:
        await running.read(3)
    assert b"BODY" not in b" ".join(server.lines)


async def test_it_stops_in_the_middle_of_everything(start: Start, server: FakeServer) -> None:
    server.mails = {uid: mail(uid, b"please hang") for uid in range(1, 5)}
    async with start(server.account(), patience=0.5, limits=Limits(seconds=60, memory_mb=1024)) as running:
        await running.until(lambda: running.buckets().get("waiting", 0) == 4)
        await running.until(running.worker._reader.warm.is_set)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert running.buckets() == {"waiting": 4}


async def test_it_stops_while_the_network_hangs(start: Start, server: FakeServer) -> None:
    with Proxy(server.port) as proxy:
        proxy.swallow = True
        async with start(server.account(port=proxy.port), patience=1.0) as running:
            await running.until(lambda: proxy.connections > 0)
            began = time.monotonic()
        assert time.monotonic() - began < 3


async def test_a_register_that_cannot_be_written(
    start: Start, server: FakeServer, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intake.register import RegisterError

    keep = Register.keep
    full = threading.Event()
    full.set()

    def keep_or_not(self: Register, *arguments: object, **more: object) -> object:
        if full.is_set():
            raise RegisterError("register.db: the disk is full or cannot be written.")
        return keep(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Register, "keep", keep_or_not)
    async with start(server.account()) as running:
        await running.until(lambda: any("disk is full" in problem for problem in running.status.problems(clock.now())))
        assert counted(running.database) == {}
        full.clear()
        await asyncio.to_thread(clock.wait_for_waiter, 4)
        clock.advance(10)
        await running.read(2)
        await running.until(lambda: running.status.problems(clock.now()) == ())


async def test_an_unexpected_error_does_not_end_the_watch(
    start: Start, server: FakeServer, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = Session.uids
    calls: list[int] = []

    def odd(self: Session, since: int = 1) -> list[int]:
        calls.append(since)
        if len(calls) < 3:
            raise ZeroDivisionError("odd")
        return uids(self, since)

    monkeypatch.setattr(Session, "uids", odd)
    async with start(server.account()) as running:
        for _ in range(2):
            await asyncio.to_thread(clock.wait_for_waiter, 10)
            clock.advance(400)
        await running.read(2)


async def test_junk_goes_to_review(start: Start, server: FakeServer) -> None:
    server.listing.append(b'* LIST (\\HasNoChildren \\Junk) "/" "Junk Email"')
    async with start(server.account(folders=("Junk Email",), junk=("Junk Email",))) as running:
        await running.until(lambda: sum(running.buckets().values()) == 2 and "waiting" not in running.buckets())
    with Register.open(running.database) as register:
        assert "junk" in " ".join(register.message(1).review)


def test_stale_after_three_intervals() -> None:
    from datetime import UTC, timedelta

    start = datetime(2024, 3, 1, tzinfo=UTC)
    status = ServiceStatus(start)
    status.add_mailbox("desk", 300, start)
    assert status.problems(start) != ()
    status.mailbox_good("desk", start)
    assert status.problems(start + timedelta(seconds=900)) == ()
    assert "last looked at" in status.problems(start + timedelta(seconds=901))[0]
