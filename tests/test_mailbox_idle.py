"""IDLE against a server that plays every trick known of real ones, and without waiting for real time."""

import os
import threading
from collections.abc import Iterator

import pytest
from imap_fake import Conversation, FakeServer
from imap_grammar import allowed
from imap_proxy import Proxy
from moved_clock import MovedClock

from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session

MAILS = {1: b"Subject: a\r\n\r\na\r\n", 2: b"Subject: b\r\n\r\nb\r\n", 3: b"Subject: c\r\n\r\nc\r\n"}


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(MAILS) as fake:
        yield fake
        assert [line for line in fake.lines if not allowed(line)] == []


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


class Idling:
    """A session that idles in a thread; `result()` is what `wait` returned or raised."""

    def __init__(self, session: Session, seconds: float = 300.0) -> None:
        self._wake_reader, self.wake_writer = os.pipe()
        self._result: object = None
        self._thread = threading.Thread(target=self._run, args=(session, seconds), daemon=True)
        self._thread.start()

    def _run(self, session: Session, seconds: float) -> None:
        try:
            self._result = session.wait(self._wake_reader, seconds)
        except MailboxError as error:
            self._result = error

    def result(self) -> object:
        self._thread.join(10)
        assert not self._thread.is_alive(), "it waits still"
        return self._result

    def fault(self) -> Fault:
        error = self.result()
        assert isinstance(error, MailboxError), error
        return error.fault


def opened(server: FakeServer, clock: MovedClock, *, port: int | None = None, answer_seconds: float = 5.0) -> Session:
    account = server.account(port=port) if port else server.account()
    session = Session(account, Password(), clock=clock, answer_seconds=answer_seconds)
    session.open()
    session.open_folder("INBOX")
    return session


def script(server: FakeServer, *steps: bytes | str) -> None:
    """What the server does on IDLE: bytes are sent, `read` takes a line, `close` hangs up, `ok` ends the command."""

    def run(conversation: Conversation, tag: bytes, _: bytes) -> None:
        for step in steps:
            if isinstance(step, bytes):
                conversation.send(step)
            elif step == "read":
                conversation.read()
            elif step == "close":
                conversation.hang_up()
            elif step == "ok":
                conversation.send(tag + b" OK idle done\r\n")
            elif step == "no":
                conversation.send(tag + b" NO not now\r\n")

    server.scripts["IDLE"] = run


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((b"+ idling\r\n* 4 EXISTS\r\n", "read", "ok"), id="in the segment of the continuation"),
        pytest.param((b"* 4 EXISTS\r\n+ idling\r\n", "read", "ok"), id="before the continuation"),
        pytest.param((b"+ idling\r\n", b"* 4 EXI", b"STS\r\n", "read", "ok"), id="in two pieces"),
        pytest.param((b"+ idling\r\n* OK Still here\r\n* 4 EXISTS\r\n* 1 RECENT\r\n", "read", "ok"), id="among others"),
        pytest.param((b"+ idling\r\n* 2 EXPUNGE\r\n", "read", "ok"), id="an expunge"),
        pytest.param((b"+ idling\r\n* VANISHED 2\r\n", "read", "ok"), id="vanished"),
        pytest.param((b"+ \r\n* 4 exists\r\n", "read", "ok"), id="lower case, empty continuation"),
    ],
)
def test_news_is_seen_at_once(server: FakeServer, clock: MovedClock, steps: tuple[bytes | str, ...]) -> None:
    script(server, *steps)
    session = opened(server, clock)
    assert Idling(session).result() is True
    assert session.uids() == [1, 2, 3], "the connection is in step after IDLE"
    session.close()


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((b"+ idling\r\n* 3 EXISTS\r\n", "read", "ok"), id="the number that is known"),
        pytest.param((b"+ idling\r\n* OK Still here\r\n", "read", "ok"), id="still here"),
        pytest.param((b"+ idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n", "read", "ok"), id="somebody read a mail"),
        pytest.param((b"+ idling\r\n", "read", "ok"), id="silence"),
    ],
)
def test_what_is_no_news_waits_for_the_time(
    server: FakeServer, clock: MovedClock, steps: tuple[bytes | str, ...]
) -> None:
    script(server, *steps)
    session = opened(server, clock)
    idling = Idling(session)
    clock.wait_for_waiter(290)
    clock.advance(301)
    assert idling.result() is False
    assert session.uids() == [1, 2, 3]
    session.close()


def test_what_comes_behind_done_is_neither_lost_nor_half_read(server: FakeServer, clock: MovedClock) -> None:
    def run(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(b"+ idling\r\n")
        conversation.read()
        conversation.send(b"* 4 EXISTS\r\n" + tag + b" OK done\r\n* 5 EXI")
        conversation.send(b"STS\r\n")

    server.scripts["IDLE"] = run
    session = opened(server, clock)
    idling = Idling(session)
    clock.wait_for_waiter(290)
    clock.advance(301)
    assert idling.result() is True
    assert session.uids() == [1, 2, 3]
    session.close()


def test_a_wake_ends_it(server: FakeServer, clock: MovedClock) -> None:
    session = opened(server, clock)
    idling = Idling(session)
    clock.wait_for_waiter(290)
    os.write(idling.wake_writer, b"w")
    assert idling.result() is False
    assert b"DONE" in server.lines
    session.close()


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        pytest.param((b"+ idling\r\n", "close"), Fault.LOST, id="closed without a word"),
        pytest.param((b"+ idling\r\n* BYE shutting down\r\n", "close"), Fault.LOST, id="BYE"),
        pytest.param(
            (b"+ idling\r\n* BYE Session invalidated - AccessTokenExpired\r\n", "close"), Fault.LOST, id="token expired"
        ),
        pytest.param(("close",), Fault.LOST, id="closed before the continuation"),
        pytest.param((b"* BYE [UNAVAILABLE] later\r\n", "close"), Fault.UNAVAILABLE, id="BYE with a code"),
        pytest.param((b"+ idling\r\n* 1 FETCH (BODY[] {3}\r\n", "read"), Fault.UNREADABLE, id="a literal"),
    ],
)
def test_a_connection_that_ends_is_an_error_and_no_busy_loop(
    server: FakeServer, clock: MovedClock, steps: tuple[bytes | str, ...], fault: Fault
) -> None:
    script(server, *steps)
    session = opened(server, clock)
    assert Idling(session).fault() is fault
    session.close()


def test_done_without_an_answer_is_a_lost_connection(server: FakeServer, clock: MovedClock) -> None:
    script(server, b"+ idling\r\n", "read", "read")
    session = opened(server, clock, answer_seconds=30)
    idling = Idling(session)
    clock.wait_for_waiter(290)
    clock.advance(301)
    clock.wait_for_waiter(29)
    clock.advance(31)
    assert idling.fault() is Fault.LOST


def test_a_server_that_ends_idle_by_itself(server: FakeServer, clock: MovedClock) -> None:
    script(server, b"+ idling\r\n", "ok")
    session = opened(server, clock)
    assert Idling(session).result() is False
    assert b"DONE" not in server.lines
    assert session.uids() == [1, 2, 3]
    session.close()


def test_a_server_that_refuses_idle_is_polled(server: FakeServer, clock: MovedClock) -> None:
    script(server, "no")
    session = opened(server, clock)
    for _ in range(2):
        idling = Idling(session)
        clock.wait_for_waiter(290)
        clock.advance(301)
        assert idling.result() is False
    assert server.commands().count("IDLE") == 1
    session.close()


def test_a_server_without_idle_is_polled(clock: MovedClock) -> None:
    with FakeServer(MAILS, capabilities=b"IMAP4rev1") as server:
        session = opened(server, clock)
        idling = Idling(session)
        clock.wait_for_waiter(290)
        clock.advance(301)
        assert idling.result() is False
        assert "IDLE" not in server.commands()
        session.close()


def test_what_arrived_just_before_idle_is_seen(server: FakeServer, clock: MovedClock) -> None:
    def noop(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(b"* 4 EXISTS\r\n" + tag + b" OK done\r\n")

    session = opened(server, clock)
    server.scripts["NOOP"] = noop
    assert Idling(session).result() is True
    assert "IDLE" not in server.commands()
    session.close()


def test_one_byte_a_segment(server: FakeServer, clock: MovedClock) -> None:
    script(server, b"+ idling\r\n* 4 EXISTS\r\n* 1 RECENT\r\n", "read", b"* 4 FETCH (FLAGS (\\Recent))\r\n", "ok")
    with Proxy(server.port, slice=1) as proxy:
        session = opened(server, clock, port=proxy.port)
        assert Idling(session).result() is True
        assert session.uids() == [1, 2, 3]
        session.close()


def test_a_black_hole_is_noticed_when_the_time_is_up(server: FakeServer, clock: MovedClock) -> None:
    with Proxy(server.port) as proxy:
        session = opened(server, clock, port=proxy.port, answer_seconds=30)
        idling = Idling(session)
        clock.wait_for_waiter(290)
        proxy.swallow = True
        clock.advance(301)
        clock.wait_for_waiter(29)
        clock.advance(31)
        assert idling.fault() is Fault.LOST
        session.close()


def test_interrupt_ends_it_at_once(server: FakeServer, clock: MovedClock) -> None:
    session = opened(server, clock)
    idling = Idling(session)
    clock.wait_for_waiter(290)
    session.interrupt()
    assert idling.fault() is Fault.LOST
