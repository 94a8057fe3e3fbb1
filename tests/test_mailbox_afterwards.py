"""What is done besides fetching, on a real Dovecot: answers noticed, mails marked or moved only where asked for."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imap_dovecot import Dovecot, available
from imapclient import IMAPClient
from moved_clock import MovedClock

from intake.mailbox.connection import _PacedClient
from intake.mailbox.doors import steps_of
from intake.mailbox.faults import MailboxError
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.watch import Report, Watch
from intake.register import Register
from intake.settings import Account
from parsers.reading import Envelope, Evidence, Kind, Question, Reading

pytestmark = [pytest.mark.dovecot, pytest.mark.skipif(not available(), reason="Dovecot is not installed")]


def asks(number: int) -> bytes:
    return b"Message-ID: <%d@host.example>\r\nFrom: a@host.example\r\nSubject: q\r\n\r\nWhere is it?\r\n" % number


QUESTION = Reading(
    text="Where is it?",
    envelope=Envelope(),
    kinds=(Kind.QUESTION,),
    questions=(Question("Where is it?", Evidence(0, 12, "Where is it?", "test")),),
)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


class Desk:
    def __init__(self, dovecot: Dovecot, account: Account, register: Register) -> None:
        self.dovecot = dovecot
        self.account = account
        self.register = register
        self.clock = MovedClock(datetime(2030, 1, 1, tzinfo=UTC))
        self.session = Session(account, Password(), clock=self.clock)
        steps = steps_of(self.session, account, register, "e", self.clock)
        self.watch = Watch(account, self.session, register, "e", self.clock, steps=steps)

    def look(self) -> Report:
        return self.watch.look()

    def read_all(self) -> None:
        for number in self.register.unread("e"):
            self.register.record(number, QUESTION, at=self.clock.now())

    def holds(self, folder: str) -> list[int]:
        with self.dovecot.client(self.account.user) as client:
            client.select_folder(folder, readonly=True)
            return list(client.search("ALL"))


@pytest.fixture
def make(dovecot: Dovecot, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[object]:
    user = "u" + str(abs(hash(request.node.nodeid)))
    with Register.open(tmp_path / "r.db") as register:
        desks: list[Desk] = []

        def desk(**settings: object) -> Desk:
            desks.append(Desk(dovecot, dovecot.account(user, **settings), register))
            return desks[-1]

        yield desk
        for one in desks:
            one.watch.close()


def test_nothing_is_changed_unless_it_is_asked_for(make: object) -> None:
    desk: Desk = make()  # type: ignore[operator]
    user = desk.account.user
    desk.dovecot.append(user, [asks(1), asks(2)])
    with desk.dovecot.client(user) as client:
        client.select_folder("INBOX")
        client.add_flags([2], ["\\Seen"])
        before = client.get_flags([1, 2])
    with desk.dovecot.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        before = client.get_flags([1, 2])
    desk.look()
    desk.read_all()
    desk.look()
    with desk.dovecot.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.get_flags([1, 2]) == before
        assert desk.holds("INBOX") == [1, 2]


def test_a_reply_in_the_sent_folder_answers(make: object) -> None:
    desk: Desk = make()  # type: ignore[operator]
    user = desk.account.user
    desk.dovecot.append(user, [asks(1), asks(2), asks(3)])
    with desk.dovecot.client(user) as client:
        client.create_folder("Gesendete Elemente")
    desk.look()
    desk.read_all()
    desk.look()
    assert [row.state for row in desk.register.questions("e")] == ["open", "open", "open"]
    reply = (
        b"From: Secretariat <desk@presidency.example>\r\nMessage-ID: <r@presidency.example>\r\n"
        b"In-Reply-To: <2@host.example>\r\nReferences: <0@host.example>\r\n <2@host.example>\r\n\r\nHere.\r\n"
    )
    desk.dovecot.append(user, [reply], "Gesendete Elemente")
    desk.look()
    states = {row.message_id: (row.state, row.state_by) for row in desk.register.questions("e")}
    assert sorted(state for state, _ in states.values()) == ["answered", "open", "open"]
    assert ("answered", "desk@presidency.example") in states.values()


def test_marked_as_answered(make: object) -> None:
    desk: Desk = make()  # type: ignore[operator]
    user = desk.account.user
    desk.dovecot.append(user, [asks(1), asks(2)])
    desk.look()
    desk.read_all()
    with desk.dovecot.client(user) as client:
        client.select_folder("INBOX")
        client.add_flags([1], ["\\Answered"])
    desk.look()
    assert sorted(row.state for row in desk.register.questions("e")) == ["answered", "open"]


def test_what_is_recorded_is_moved_and_nothing_else(make: object) -> None:
    desk: Desk = make(after="move", after_folder="Recorded")  # type: ignore[operator]
    user = desk.account.user
    desk.dovecot.append(user, [asks(1), asks(2)])
    with desk.dovecot.client(user) as client:
        client.create_folder("Recorded")
    desk.look()
    assert desk.holds("INBOX") == [1, 2], "they wait to be read"
    desk.read_all()
    desk.dovecot.append(user, [asks(3)])
    desk.look()
    assert desk.holds("INBOX") == [3]
    assert len(desk.holds("Recorded")) == 2
    assert desk.look().words == ""
    assert desk.register.rounds("e")[0].knows == 1


@pytest.fixture(scope="module")
def without_move() -> Iterator[Dovecot]:
    capabilities = "IMAP4rev1 ID ENABLE IDLE UIDPLUS LITERAL+"
    with Dovecot(extra=f"protocol imap {{\n  imap_capability = {capabilities}\n}}\n") as server:
        yield server


@pytest.mark.parametrize("step", ["copy", "add_flags", "uid_expunge"])
@pytest.mark.parametrize("after", [False, True])
def test_a_move_in_two_steps_that_is_cut_short_doubles_nothing(
    without_move: Dovecot, tmp_path: Path, step: str, after: bool
) -> None:
    user = f"{step}-{after}"
    twins = [asks(1), asks(1)]
    without_move.append(user, [*twins, asks(2), asks(3)])
    with without_move.client(user) as client:
        client.create_folder("Recorded")
        assert not client.has_capability("MOVE")
    # One that lay there before, of the same size as those that are moved.
    without_move.append(user, [asks(9)], "Recorded")
    account = without_move.account(user, after="move", after_folder="Recorded")
    with Register.open(tmp_path / "r.db") as register:
        desk = Desk(without_move, account, register)
        desk.look()
        desk.read_all()

        class Cut(_PacedClient):
            """Loses the connection at one step, before the server hears of it or after it has done it."""

        def cut(self: IMAPClient, *arguments: object, **more: object) -> object:
            if after:
                getattr(IMAPClient, step)(self, *arguments, **more)
            self.socket().shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError

        setattr(Cut, step, cut)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("intake.mailbox.connection._PacedClient", Cut)
            desk.watch.close()
            with pytest.raises(MailboxError):
                desk.look()
        for again in (desk, Desk(without_move, account, register)):
            again.look()
            again.watch.close()
            assert desk.holds("INBOX") == []
            assert len(desk.holds("Recorded")) == 5, "the twins, two more and the one that lay there"


@pytest.mark.parametrize("flag", ["$Recorded", "\\Flagged"])
def test_what_is_recorded_is_flagged_again_until_it_is(make: object, flag: str) -> None:
    desk: Desk = make(after="flag", after_flag=flag)  # type: ignore[operator]
    user = desk.account.user
    desk.dovecot.append(user, [asks(1), asks(2)])
    desk.look()
    desk.read_all()
    desk.look()
    with desk.dovecot.client(user) as client:
        client.select_folder("INBOX")
        assert all(flag.encode() in flags for flags in client.get_flags([1, 2]).values())
        client.remove_flags([2], [flag])
    desk.look()
    with desk.dovecot.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert all(flag.encode() in flags for flags in client.get_flags([1, 2]).values())


def test_a_folder_to_move_to_that_is_not_there_is_said_and_fetching_goes_on(make: object) -> None:
    desk: Desk = make(after="move", after_folder="Nowhere")  # type: ignore[operator]
    desk.dovecot.append(desk.account.user, [asks(1)])
    desk.look()
    desk.read_all()
    desk.dovecot.append(desk.account.user, [asks(2)])
    report = desk.look()
    assert "There is no folder Nowhere" in report.words
    assert report.outcomes["INBOX"].holds == 2


def test_a_draft_is_left_for_a_person(make: object) -> None:
    desk: Desk = make()  # type: ignore[operator]
    with desk.dovecot.client(desk.account.user) as client:
        client.create_folder("Entwürfe")
    desk.session.open()
    assert desk.session.append_draft(b"Subject: reminder\r\n\r\nDear colleague,\r\n") == "Entwürfe"
    with desk.dovecot.client(desk.account.user) as client:
        client.select_folder("Entwürfe", readonly=True)
        assert b"\\Draft" in client.get_flags([1])[1]


def test_a_mailbox_without_drafts(make: object) -> None:
    desk: Desk = make()  # type: ignore[operator]
    desk.session.open()
    with pytest.raises(MailboxError, match="Drafts"):
        desk.session.append_draft(b"Subject: x\r\n\r\n")
