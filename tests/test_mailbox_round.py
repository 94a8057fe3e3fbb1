"""One round over one folder of a scripted server: what is fetched, what is set aside, and that both sides agree."""

import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imap_fake import Conversation, FakeServer
from imap_grammar import allowed
from ledger_check import counted, seen
from moved_clock import MovedClock

from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.passwords import Password
from intake.mailbox.round import BATCH_BYTES, BATCH_MESSAGES, Outcome, Round, is_stand_in
from intake.mailbox.session import Session
from intake.mailbox.source import FIRST_PART, OVERSIZE
from intake.mailbox.watch import Watch
from intake.process import read_kept
from intake.register import Bucket, Register
from parsers.reading import Envelope, Neither, Reading

DAY = 86_400.0


def mail(number: int, size: int = 0) -> bytes:
    return b"Message-ID: <%d@host.example>\r\nSubject: n%d\r\n\r\nbody %d\r\n" % (number, number, number) + b"x" * size


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        yield opened


class Desk:
    """A folder of a server, and rounds over it."""

    def __init__(self, server: FakeServer, register: Register, clock: MovedClock) -> None:
        self.server = server
        self.register = register
        self.clock = clock
        self.session = Session(server.account(), Password(), clock=clock, answer_seconds=5)
        self.new_process()

    def new_process(self) -> None:
        """What a restart leaves: the register and nothing else."""
        self.session.open()
        self.round = Round(self.register, "e", "desk", "INBOX", self.clock)

    def look(self) -> Outcome:
        return self.round.run(self.session)

    def kept(self) -> list[int]:
        return sorted(uid for (_, _, uid), digest in seen(self.register.path).items() if digest)

    def set_aside(self) -> dict[int, tuple[str, int]]:
        return {where.uid: (why, tries) for where, _, why, tries in self.register.undeliverable("e")}


@pytest.fixture
def desk(register: Register, clock: MovedClock) -> Iterator[Desk]:
    with FakeServer({uid: mail(uid) for uid in range(1, 6)}) as server:
        desk = Desk(server, register, clock)
        yield desk
        desk.session.close()
        assert [line for line in server.lines if not allowed(line)] == []


def test_everything_is_kept_once(desk: Desk) -> None:
    outcome = desk.look()
    assert (outcome.holds, outcome.new, outcome.missing, outcome.words) == (5, 5, (), "")
    assert desk.look().new == 0
    assert desk.kept() == [1, 2, 3, 4, 5]
    (row,) = desk.register.rounds("e")
    assert (row.ok, row.holds, row.knows, row.words) == (True, 5, 5, "")


def test_arrival_is_internaldate_with_its_offset(desk: Desk) -> None:
    desk.look()
    number = desk.register.unread("e")[0]
    assert desk.register.received_at(number) == datetime(2024, 3, 1, 9, tzinfo=UTC)


def test_a_later_round_asks_for_what_is_new_only(desk: Desk) -> None:
    desk.look()
    desk.server.lines.clear()
    desk.server.mails[6] = mail(6)
    assert desk.look().new == 1
    assert [line.split(b" ", 1)[1] for line in desk.server.lines] == [
        b'EXAMINE "INBOX"',
        b"UID SEARCH UID 6:*",
        b"UID FETCH 6 (RFC822.SIZE)",
        b"UID FETCH 6 (BODY.PEEK[] INTERNALDATE)",
    ]


def test_after_a_restart_nothing_is_fetched_again(desk: Desk) -> None:
    desk.look()
    desk.new_process()
    desk.server.lines.clear()
    assert desk.look().new == 0
    assert "UID FETCH" not in desk.server.commands()


def test_the_last_message_again_is_no_new_one(desk: Desk) -> None:
    desk.look()
    assert desk.session.uids(99) == []


def test_a_message_that_a_colleague_moved_away_stays_recorded(desk: Desk) -> None:
    desk.look()
    del desk.server.mails[2]
    assert desk.look().holds == 4
    assert desk.kept() == [1, 3, 4, 5]
    assert len(counted(desk.register.path)) == 5
    assert desk.register.rounds("e")[0].knows == 4


def test_one_gone_and_one_new_do_not_hide_each_other(desk: Desk) -> None:
    desk.look()
    del desk.server.mails[2]
    desk.server.mails[6] = mail(6)
    desk.look()
    assert desk.look().words == ""
    assert desk.kept() == [1, 3, 4, 5, 6]


def test_a_lower_uid_that_turns_up_later_is_found_within_the_hour(desk: Desk) -> None:
    del desk.server.mails[5]
    desk.look()
    # As one goes and another appears below, the counts agree and only the whole listing tells.
    del desk.server.mails[4]
    desk.server.mails[0x1] = mail(1)
    desk.server.mails[2] = mail(2)
    desk.server.mails[5] = mail(5)
    desk.look()
    desk.clock.advance(3601)
    desk.look()
    assert desk.kept() == [1, 2, 3, 5]


@pytest.mark.parametrize(
    "renumbered",
    [
        pytest.param({uid: mail(uid) for uid in range(1, 6)}, id="same numbers"),
        pytest.param({uid + 100: mail(uid) for uid in range(1, 6)}, id="other numbers"),
        pytest.param({6 - uid: mail(uid) for uid in range(1, 6)}, id="the other way round"),
    ],
)
def test_another_uidvalidity_and_back(desk: Desk, renumbered: dict[int, bytes]) -> None:
    desk.look()
    before = counted(desk.register.path)
    original = dict(desk.server.mails)
    desk.server.uidvalidity, desk.server.mails = 8, {**renumbered, 200: mail(200)}
    assert desk.look().new == 1
    assert desk.kept() == sorted([*renumbered, 200])
    desk.server.uidvalidity, desk.server.mails = 7, {**original, 3: mail(300)}
    assert desk.look().new == 1, "the old value is back, and one of its numbers means another message"
    assert desk.kept() == [1, 2, 3, 4, 5]
    assert before.keys() < counted(desk.register.path).keys()
    assert set(counted(desk.register.path).values()) == {1}
    assert len(desk.register.unread("e")) == 7


def test_a_uidvalidity_that_changes_while_this_process_is_down(desk: Desk) -> None:
    desk.look()
    desk.server.uidvalidity = 8
    desk.new_process()
    assert desk.look().new == 0
    assert desk.kept() == [1, 2, 3, 4, 5]


def test_a_restart_in_the_middle_of_recognising_goes_on(desk: Desk) -> None:
    desk.look()
    desk.server.uidvalidity = 8
    desk.look()
    desk.server.uidvalidity = 7
    desk.server.mails[3] = mail(300)

    def fail(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" in arguments:
            conversation.send(tag + b" NO [UNAVAILABLE] later\r\n")
        else:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = fail
    with pytest.raises(MailboxError):
        desk.look()
    desk.server.scripts.clear()
    desk.new_process()
    assert desk.look().new == 1
    assert desk.kept() == [1, 2, 3, 4, 5]


def test_the_folder_changes_under_a_lost_connection(desk: Desk) -> None:
    def hang_up_once(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" not in arguments:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)
            return
        desk.server.scripts.clear()
        desk.server.uidvalidity = 8
        desk.server.mails = {uid + 50: raw for uid, raw in desk.server.mails.items()}
        conversation.hang_up()

    desk.server.scripts["UID FETCH"] = hang_up_once
    assert desk.look().new == 5
    assert desk.kept() == [51, 52, 53, 54, 55]


def leave_out(desk: Desk, *uids: int, nil: bool = False) -> None:
    """OK from the server, and nothing for these, or NIL."""

    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" in arguments:
            desk.server.fetch(conversation, arguments, leave_out=uids)
            if nil:
                for uid in uids:
                    conversation.send(b"* %d FETCH (UID %d BODY[] NIL)\r\n" % (uid, uid))
            conversation.send(tag + b" OK done\r\n")
        else:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = run


def test_what_was_not_handed_over_and_is_gone_is_no_longer_counted(desk: Desk) -> None:
    leave_out(desk, 3)
    desk.look()
    assert desk.register.counts("e").undeliverable == 1
    del desk.server.mails[3]
    assert desk.look().words == ""
    assert desk.set_aside() == {}
    assert desk.register.counts("e").undeliverable == 0


@pytest.mark.parametrize("nil", [False, True])
def test_ok_and_nothing_is_said_and_tried_again_daily(desk: Desk, nil: bool) -> None:
    leave_out(desk, 3, nil=nil)
    outcome = desk.look()
    assert outcome.missing == (3,)
    assert "does not hand over UID 3" in desk.register.rounds("e")[0].words
    assert desk.kept() == [1, 2, 4, 5]
    desk.look()
    desk.look()
    assert desk.set_aside() == {3: ("The server lists this message and hands nothing over", 3)}
    desk.server.lines.clear()
    desk.look()
    assert "UID FETCH" not in desk.server.commands(), "it rests for a day"
    desk.new_process()
    desk.look()
    assert "UID FETCH" not in desk.server.commands(), "also over a restart"
    desk.clock.advance(DAY)
    desk.server.scripts.clear()
    assert desk.look().words == ""
    assert desk.kept() == [1, 2, 3, 4, 5]
    assert desk.set_aside() == {}


def test_expunged_between_search_and_fetch(desk: Desk) -> None:
    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" in arguments:
            desk.server.mails.pop(3, None)
        desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = run
    outcome = desk.look()
    assert (outcome.holds, outcome.missing) == (4, ())
    assert desk.set_aside() == {}


def test_the_servers_stand_in_is_no_message(desk: Desk) -> None:
    notice = b"Retrieval using the IMAP4 protocol failed for the following message: 3"
    desk.server.mails[3] = b"From: Server <s@host.example>\r\nSubject: " + notice + b"\r\n\r\n" + notice + b"\r\n"
    desk.server.mails[4] = b"Subject: Fwd: strange\r\n\r\nWe got this:\r\n" + notice + b"\r\n"
    assert desk.look().missing == (3,)
    assert desk.kept() == [1, 2, 4, 5]
    assert "its own notice" in desk.set_aside()[3][0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Subject: Retrieval using the IMAP4 protocol failed for the following message: 12\r\n\r\nx", True),
        (b"SUBJECT: retrieval using the imap4 protocol failed for the following message: 12\r\n\r\n", True),
        (b"Subject: Re: Retrieval using the IMAP4 protocol failed for the following message: 12\r\n\r\n", False),
        (b"Subject: hello\r\n\r\nSubject: Retrieval using the IMAP4 protocol failed for the following message", False),
        (b"", False),
    ],
)
def test_stand_in(raw: bytes, expected: bool) -> None:
    assert is_stand_in(raw) is expected


def poison(desk: Desk, uid: int, end: bytes | None) -> list[int]:
    """Every FETCH that includes this message ends the connection, or is answered so; returns the sizes of batches."""
    batches: list[int] = []

    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        numbers = arguments.split(b" ")[0]
        if b"BODY" in arguments:
            batches.append(len(numbers.split(b",")))
            if b",%d," % uid in b"," + numbers + b",":
                if end is None:
                    conversation.hang_up()
                conversation.send(end.replace(b"TAG", tag))
                return
        desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = run
    return batches


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(None, id="the connection ends"),
        pytest.param(b"TAG NO Some messages could not be fetched\r\n", id="NO"),
        pytest.param(b"* BYE out of luck\r\n", id="BYE"),
        pytest.param(b"* 3 FETCH (UID 3 BODY[] oops\r\nTAG OK done\r\n", id="an answer that cannot be read"),
        pytest.param(b"* 3 FETCH (UID 3 BODY[] {40000000000}\r\nabc", id="40 GB announced"),
    ],
)
def test_a_batch_that_fails_is_bisected_to_the_one(desk: Desk, end: bytes | None) -> None:
    desk.server.mails.update({uid: mail(uid) for uid in range(6, 41)})
    batches = poison(desk, 3, end)
    if end is not None and b"BODY[] oops" in end:
        desk.server.mails[3] = mail(3)
    outcome = desk.look()
    assert outcome.missing == (3,)
    assert desk.kept() == [uid for uid in range(1, 41) if uid != 3]
    assert desk.set_aside()[3][1] == 3
    assert len(batches) < 20
    desk.look()
    assert len(batches) < 20, "it is set aside, and the connection with it is left alone"
    assert desk.server.open_connections <= 1


@pytest.mark.parametrize("end", [b"TAG NO [SERVERBUG] failed\r\n", b"* BYE internal error\r\n"])
def test_an_outage_over_one_message_counts_one_try_a_round(desk: Desk, end: bytes) -> None:
    poison(desk, 3, end)
    for tries in (1, 2, 3, 3):
        assert desk.look().missing == (3,)
        assert desk.set_aside()[3][1] == tries
    assert desk.kept() == [1, 2, 4, 5]


def test_a_provider_that_is_down_is_no_messages_fault(desk: Desk) -> None:
    desk.server.mails.update({uid: mail(uid) for uid in range(6, 301)})

    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" in arguments:
            conversation.send(tag + b" NO [UNAVAILABLE] down\r\n")
        else:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = run
    with pytest.raises(MailboxError) as caught:
        desk.look()
    assert caught.value.fault is Fault.UNAVAILABLE
    assert len(desk.set_aside()) <= 3
    desk.server.scripts.clear()
    desk.look()
    assert desk.kept() == list(range(1, 301))


ENDS = {
    "BYE": b"* BYE going down\r\n",
    "BYE with a code": b"* BYE [UNAVAILABLE] maintenance\r\n",
    "nothing": b"",
    "half a line": b"* 5 EXI",
    "a literal cut short": b"* 1 FETCH (UID 1 BODY[] {500}\r\nabc",
    "no IMAP at all": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize(
    "command", ["CAPABILITY", "LOGIN", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "NOOP", "IDLE", "LOGOUT"]
)
def test_the_server_goes_at_any_point(register: Register, clock: MovedClock, command: str, end: bytes) -> None:
    """It says so or not; what was kept stays kept, the fault is one with words, and the next look goes on."""
    with FakeServer({uid: mail(uid) for uid in range(1, 6)}) as server:
        went: list[str] = []
        faults: list[MailboxError] = []

        def go(conversation: Conversation, *_: bytes) -> None:
            went.append(command)
            del server.scripts[command]
            conversation.send(end)
            conversation.hang_up()

        server.scripts[command] = go
        account = server.account()
        watch = Watch(account, Session(account, Password(), clock=clock, answer_seconds=5), register, "e", clock)
        for _ in range(3):
            try:
                watch.look()
                watch.wait(0)
            except MailboxError as error:
                faults.append(error)
        assert watch.look().words == ""
        assert all(fault.words and fault.advice for fault in faults)
        assert len(faults) <= 2
        watch.close()
        assert went == [command] or command == "LOGOUT"
    assert sorted(uid for (_, _, uid), digest in seen(register.path).items() if digest) == [1, 2, 3, 4, 5]
    assert set(counted(register.path).values()) == {1}
    assert len(register.unread("e")) == 5


def drip(desk: Desk, *uids: int) -> None:
    """Every FETCH with one of these is answered by a byte every four seconds, for ever; in the desk's time."""

    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        asked = {int(number) for number in arguments.split(b" ")[0].split(b",")}
        if b"BODY" not in arguments or not asked & set(uids):
            desk.server.answer(conversation, tag, "UID FETCH", arguments)
            return
        conversation.send(b"* 1 FETCH (UID 1 BODY[] {100000}\r\n")
        while True:
            desk.clock.advance(4)
            conversation.send(b"x")

    desk.server.scripts["UID FETCH"] = run


def test_an_answer_that_never_ends_is_given_up(desk: Desk) -> None:
    drip(desk, 1, 2, 3, 4, 5)
    for _ in range(3):
        began = desk.clock.monotonic()
        with pytest.raises(MailboxError) as caught:
            desk.look()
        assert caught.value.fault is Fault.SLOW
        assert "too slow" in caught.value.words
        assert desk.clock.monotonic() - began >= 20  # the clock runs on while the end travels: no exact figure
        desk.session.open()
    desk.server.scripts.clear()
    assert desk.look().words == ""
    assert desk.kept() == [1, 2, 3, 4, 5]


def test_one_message_that_never_ends_holds_up_no_other(desk: Desk) -> None:
    drip(desk, 3)
    with pytest.raises(MailboxError):
        desk.look()
    desk.session.open()
    for tries in (1, 2, 3, 3):
        assert desk.look().missing == (3,)
        assert desk.kept() == [1, 2, 4, 5]
        assert desk.set_aside()[3][1] == tries
    desk.server.mails[6] = mail(6)
    assert desk.look().new == 1


def test_a_slow_network_is_none_that_never_ends(desk: Desk) -> None:
    desk.server.mails = {1: mail(1, 600_000)}

    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" in arguments:
            raw = desk.server.mails[1]
            conversation.send(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(raw))
            for start in range(0, len(raw), 60_000):
                conversation.send(raw[start : start + 60_000])
                desk.clock.advance(0.1)
            conversation.send(b")\r\n" + tag + b" OK done\r\n")
        else:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = run
    assert desk.look().new == 1


def test_a_greeting_that_never_ends(desk: Desk) -> None:
    desk.session.close()

    def drips(connection: socket.socket) -> socket.socket:
        with suppress(OSError):
            connection.sendall(b"* OK ")
            while True:
                desk.clock.advance(4)
                connection.sendall(b"x")
        return connection

    desk.server.wrap = drips
    with pytest.raises(MailboxError) as caught:
        desk.session.open()
    assert caught.value.fault is Fault.SLOW


def test_throttled_in_mid_round(desk: Desk) -> None:
    answer = b"TAG BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n"
    poison(desk, 3, answer)
    with pytest.raises(MailboxError) as caught:
        desk.look()
    assert caught.value.fault is Fault.THROTTLED
    assert caught.value.wait == pytest.approx(299.961)


def test_of_a_huge_message_the_first_part_is_kept_with_a_note(desk: Desk) -> None:
    desk.server.mails[3] = mail(3, OVERSIZE)
    desk.look()
    (number,) = (number for number in desk.register.unread("e") if b"<3@" in desk.register.raw(number)[:60])
    assert len(desk.register.raw(number)) == FIRST_PART
    assert desk.kept() == [1, 2, 3, 4, 5]
    assert desk.register.lacking(desk.register.unread("e")) == {number: "25 MB: only the first 1 MB was fetched"}
    assert b"UID FETCH 3 (BODY.PEEK[]<0.1048576> INTERNALDATE)" in b"\n".join(desk.server.lines)
    assert desk.look().missing == ()


class Certain:
    """Reads the same answer out of every mail, and has no doubt."""

    def read(self, raw: bytes, received_at: datetime) -> Reading:  # noqa: ARG002 - as a reader is called
        return Reading(text="x", envelope=Envelope(sent=received_at), neither=Neither.UNRELATED)


def test_what_was_fetched_in_part_only_is_looked_at_by_a_person(desk: Desk) -> None:
    desk.server.mails = {1: mail(1, OVERSIZE), 2: mail(2)}
    desk.look()
    for number in desk.register.unread("e"):
        assert read_kept(desk.register, Certain(), number, now=desk.clock.now)  # type: ignore[arg-type]
    assert {row.size: row.bucket for row in desk.register.messages("e")} == {
        FIRST_PART: Bucket.REVIEW,
        len(mail(2)): Bucket.UNRELATED,
    }


def test_a_size_that_the_server_does_not_tell(desk: Desk) -> None:
    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"RFC822.SIZE" in arguments:
            conversation.send(tag + b" OK done\r\n")
        else:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.scripts["UID FETCH"] = run
    assert desk.look().new == 5


def test_batches_are_bounded_by_bytes_and_by_number(desk: Desk) -> None:
    desk.server.mails = {uid: mail(uid, 600_000 if uid < 6 else 0) for uid in range(1, 300)}
    desk.look()
    batches = [line.split(b" ")[3] for line in desk.server.lines if b"BODY.PEEK" in line]
    assert max(len(numbers.split(b",")) for numbers in batches) <= BATCH_MESSAGES
    sizes = [sum(len(desk.server.mails[int(uid)]) for uid in numbers.split(b",")) for numbers in batches]
    assert max(sizes) <= BATCH_BYTES
    assert desk.kept() == list(range(1, 300))


def test_a_huge_folder_is_listed(desk: Desk) -> None:
    """Its UID list is one line of more than a million bytes, beyond what imaplib takes by itself."""

    def search(conversation: Conversation, tag: bytes, _: bytes) -> None:
        numbers = b" ".join(b"%d" % (1_000_000 + uid) for uid in range(200_000))
        conversation.send(b"* SEARCH " + numbers + b"\r\n" + tag + b" OK done\r\n")

    desk.session.open_folder("INBOX")
    desk.server.scripts["UID SEARCH"] = search
    assert len(desk.session.uids()) == 200_000


def test_an_internaldate_that_cannot_be_read(desk: Desk) -> None:
    def run(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
        if b"BODY" in arguments:
            raw = desk.server.mails[1]
            conversation.send(b'* 1 FETCH (UID 1 INTERNALDATE "30-Feb-2024 99:00:00 +0100" BODY[] {%d}\r\n' % len(raw))
            conversation.send(raw + b")\r\n" + tag + b" OK done\r\n")
        else:
            desk.server.answer(conversation, tag, "UID FETCH", arguments)

    desk.server.mails = {1: mail(1)}
    desk.server.scripts["UID FETCH"] = run
    desk.look()
    assert desk.register.received_at(desk.register.unread("e")[0]) == desk.clock.now()


def test_nothing_of_a_mail_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.server.mails[1] = b"Subject: kanarie\r\n\r\nkanarie\r\n"
    with caplog.at_level(logging.INFO):
        desk.look()
    assert "kanarie" not in caplog.text
