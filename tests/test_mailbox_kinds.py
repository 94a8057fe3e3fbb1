"""The other doors: Microsoft Graph and a watched directory pass the same rounds as IMAP does."""

import mailbox
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graph_fake import FakeGraph, error
from ledger_check import counted
from moved_clock import MovedClock
from outlook_writer import outlook_file

from intake.mailbox.doors import source_of
from intake.mailbox.drop import DropFolder
from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.graph import GraphMailbox
from intake.mailbox.source import FIRST_PART, OVERSIZE
from intake.mailbox.watch import Report, Watch
from intake.register import Register
from intake.settings import Account


def mail(number: int) -> bytes:
    return b"Message-ID: <%d@host.example>\r\nSubject: n%d\r\n\r\nbody %d\r\n" % (number, number, number)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        yield opened


class Tokens:
    def __init__(self) -> None:
        self.current = FakeGraph.TOKEN
        self.next = FakeGraph.TOKEN
        self.forgotten = 0

    def token(self) -> str:
        return self.current

    def forget(self) -> None:
        self.forgotten += 1
        self.current = self.next

    def warnings(self) -> tuple[str, ...]:
        return ()


class GraphDesk:
    def __init__(self, graph: FakeGraph, register: Register, clock: MovedClock, **settings: object) -> None:
        values = {"kind": "graph", "user": FakeGraph.USER, "graph": graph.url, **settings}
        self.account = Account(**values)  # type: ignore[arg-type]
        self.tokens = Tokens()
        self.register = register
        self.mailbox = GraphMailbox(self.account, self.tokens, clock)
        self.watch = Watch(self.account, self.mailbox, register, "e", clock)

    def look(self) -> Report:
        return self.watch.look()

    def fault(self) -> MailboxError:
        with pytest.raises(MailboxError) as caught:
            self.look()
        return caught.value

    def kept(self) -> int:
        return len(counted(self.register.path))


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with FakeGraph() as fake:
        for number in range(1, 9):
            fake.put(f"AAk={number}/x+", mail(number))
        yield fake


@pytest.fixture
def desk(graph: FakeGraph, register: Register, clock: MovedClock) -> GraphDesk:
    return GraphDesk(graph, register, clock)


def test_graph_everything_once(desk: GraphDesk, graph: FakeGraph) -> None:
    report = desk.look()
    assert (report.outcomes["INBOX"].holds, report.outcomes["INBOX"].new, report.words) == (8, 8, "")
    graph.requests.clear()
    assert desk.look().outcomes["INBOX"].new == 0
    assert not any("$value" in path for path in graph.requests)
    (row,) = desk.register.rounds("e")
    assert (row.holds, row.knows) == (8, 8)
    assert desk.register.received_at(desk.register.unread("e")[0]) == datetime(2024, 3, 1, 9, tzinfo=UTC)


def test_graph_goes_on_from_the_delta_link(desk: GraphDesk, graph: FakeGraph) -> None:
    desk.look()
    graph.put("new", mail(20))
    graph.requests.clear()
    assert desk.look().outcomes["INBOX"].new == 1
    assert sum("delta?" in path for path in graph.requests) == 1


def test_graph_after_a_restart(desk: GraphDesk, graph: FakeGraph, register: Register, clock: MovedClock) -> None:
    desk.look()
    graph.requests.clear()
    assert GraphDesk(graph, register, clock).look().outcomes["INBOX"].new == 0
    assert not any("$value" in path for path in graph.requests)


def test_graph_moved_and_deleted(desk: GraphDesk, graph: FakeGraph) -> None:
    desk.look()
    graph.remove("AAk=2/x+")
    graph.move("AAk=3/x+", "id-answers")
    report = desk.look()
    assert (report.outcomes["INBOX"].holds, report.words) == (6, "")
    assert desk.kept() == 8
    assert desk.register.rounds("e")[0].knows == 6


def test_graph_folders_by_well_known_name_and_path(graph: FakeGraph, register: Register, clock: MovedClock) -> None:
    desk = GraphDesk(graph, register, clock, archive=("Bearbeitet/Außenamt",), junk=("\\Junk",))
    graph.put("filed", mail(30), "id-answers")
    graph.put("junk", mail(31), "id-junk")
    report = desk.look()
    assert set(report.outcomes) == {"INBOX", "Bearbeitet/Außenamt", "Junk-E-Mail"}
    assert desk.watch.junk == {"Junk-E-Mail"}
    assert desk.kept() == 10


@pytest.mark.parametrize(
    "answer", [(410, "SyncStateNotFound"), (410, ""), (400, "syncStateNotFound"), (404, "resyncRequired")]
)
def test_graph_forgets_where_the_delta_ended(desk: GraphDesk, graph: FakeGraph, answer: tuple[int, str]) -> None:
    graph.forgets_with = answer
    desk.look()
    graph.remove("AAk=2/x+")
    graph.put("new", mail(20))
    graph.forgets_before = 999
    report = desk.look()
    assert (report.outcomes["INBOX"].holds, report.outcomes["INBOX"].new, report.words) == (8, 1, "")


def test_graph_a_delta_that_is_never_to_be_had(desk: GraphDesk, graph: FakeGraph) -> None:
    graph.answer = lambda path: error(410, "SyncStateNotFound", "gone") if "delta" in path else None
    assert desk.fault().words
    assert len(graph.requests) < 30, "it is asked for anew once a look, and not for ever"


def test_graph_a_message_that_is_read_before_it_is_fetched(desk: GraphDesk, graph: FakeGraph) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes] | None:
        return error(503, "ServiceUnavailable", "later") if "$value" in path else None

    graph.answer = answer
    desk.fault()
    for identity in list(graph.mails):
        graph.mark(identity)
    graph.answer = lambda _: None
    assert desk.look().words == ""
    arrivals = {desk.register.received_at(number) for number in desk.register.unread("e")}
    assert arrivals == {datetime(2024, 3, 1, 9, tzinfo=UTC)}, "its arrival was told before the change"


def test_graph_throttled_in_mid_round_keeps_what_it_has(desk: GraphDesk, graph: FakeGraph) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes] | None:
        late = sum("$value" in one for one in graph.requests) > 3
        return error(429, "ApplicationThrottled", "slow down", Retry_After="17") if late and "$value" in path else None

    graph.answer = answer
    assert (desk.fault().fault, desk.kept()) == (Fault.THROTTLED, 3)
    assert desk.fault().wait == 17
    graph.answer = lambda _: None
    assert desk.look().words == ""
    assert desk.kept() == 8


def test_graph_a_folder_that_is_deleted_and_made_anew(graph: FakeGraph, register: Register, clock: MovedClock) -> None:
    desk = GraphDesk(graph, register, clock, archive=("Bearbeitet",))
    assert desk.look().good
    rows = [row for row in graph.folders if row[0] in ("id-work", "id-answers")]
    for row in rows:
        graph.folders.remove(row)
    graph.put("later", mail(40))
    report = desk.look()
    assert not report.good
    assert "Bearbeitet" in report.words
    assert report.outcomes["INBOX"].new == 1, "the others are looked at all the same"
    graph.folders += [(f"{row[0]}-2", *row[1:]) for row in rows]
    assert desk.look().good, "without a restart"


def test_graph_a_message_that_is_gone_before_it_is_fetched(desk: GraphDesk, graph: FakeGraph) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes] | None:
        if "$value" in path and "AAk%3D4" in path and "AAk=4/x+" in graph.mails:
            graph.remove("AAk=4/x+")
        return None

    graph.answer = answer
    report = desk.look()
    assert report.outcomes["INBOX"].missing == ()
    assert desk.kept() == 7


def test_graph_a_message_that_cannot_be_had_holds_up_no_other(desk: GraphDesk, graph: FakeGraph) -> None:
    graph.answer = lambda path: (
        error(500, "ErrorMimeContentConversionFailed", "failed") if "$value" in path and "AAk%3D4" in path else None
    )
    report = desk.look()
    assert len(report.outcomes["INBOX"].missing) == 1
    assert desk.kept() == 7


@pytest.mark.parametrize(
    ("answer", "fault", "wait"),
    [
        (error(429, "TooManyRequests", "slow down", Retry_After="120"), Fault.THROTTLED, 120.0),
        (error(503, "ServiceUnavailable", "later", Retry_After="7"), Fault.UNAVAILABLE, 7.0),
        (error(403, "ErrorAccessDenied", "Access is denied."), Fault.NO_ACCESS, None),
        (error(404, "MailboxNotEnabledForRESTAPI", "no mailbox"), Fault.NO_ACCESS, None),
        ((200, {}, b"<html>proxy</html>"), Fault.UNREADABLE, None),
        ((200, {}, b'{"value": 7}'), Fault.UNREADABLE, None),
        ((302, {"Location": "http://elsewhere.example/"}, b""), Fault.REFUSED, None),
    ],
)
def test_graph_faults(
    desk: GraphDesk, graph: FakeGraph, answer: tuple[int, dict[str, str], bytes], fault: Fault, wait: float | None
) -> None:
    graph.answer = lambda _: answer
    caught = desk.fault()
    assert caught.fault is fault
    assert caught.wait == wait
    assert FakeGraph.TOKEN not in caught.words
    graph.answer = lambda _: None
    assert desk.look().words == ""


def test_graph_a_token_that_was_withdrawn_is_replaced_once(desk: GraphDesk, graph: FakeGraph) -> None:
    graph.valid = {"fresh"}
    desk.tokens.next = "fresh"
    assert desk.look().words == ""
    assert desk.tokens.forgotten == 1
    graph.valid = set()
    assert desk.fault().fault is Fault.TOKEN


def test_graph_never_sends_the_token_elsewhere(desk: GraphDesk, graph: FakeGraph) -> None:
    with FakeGraph() as other:
        link = f"{other.url}/users/{FakeGraph.USER}/mailFolders"
        graph.answer = lambda path: (
            (200, {}, b'{"value": [], "@odata.nextLink": "%s"}' % link.encode()) if "mailFolders?" in path else None
        )
        assert desk.fault().fault is Fault.UNREADABLE
        assert other.requests == []


def test_graph_of_a_huge_message_the_first_part(desk: GraphDesk, graph: FakeGraph) -> None:
    graph.put("huge", mail(50) + b"x" * OVERSIZE)
    desk.look()
    sizes = sorted(len(desk.register.raw(number)) for number in desk.register.unread("e"))
    assert sizes[-1] == FIRST_PART


def test_graph_nobody_listens(register: Register, clock: MovedClock) -> None:
    with FakeGraph() as graph:
        pass
    assert GraphDesk(graph, register, clock).fault().fault is Fault.UNREACHABLE


def test_graph_is_opened_by_the_settings(clock: MovedClock, tmp_path: Path) -> None:
    account = Account(kind="graph", oauth="file", token_file=str(tmp_path / "token"))
    assert isinstance(source_of(account, clock), GraphMailbox)
    assert isinstance(source_of(Account(kind="folder", path=str(tmp_path)), clock), DropFolder)


class Drop:
    def __init__(self, path: Path, register: Register, clock: MovedClock) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.register = register
        self.account = Account(kind="folder", path=str(path))
        self.watch = Watch(self.account, source_of(self.account, clock), register, "e", clock)

    def put(self, name: str, raw: bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return path

    def look(self) -> Report:
        return self.watch.look()

    def kept(self) -> int:
        return len(counted(self.register.path))


@pytest.fixture
def drop(tmp_path: Path, register: Register, clock: MovedClock) -> Drop:
    return Drop(tmp_path / "drop", register, clock)


def test_drop_every_kind_of_file(drop: Drop, tmp_path: Path) -> None:
    drop.put("a.eml", mail(1))
    drop.put("deeper/b.EML", mail(2))
    drop.put(
        "c.msg", outlook_file({0x001A: "IPM.Note", 0x1000: "Ja.", 0x007D: "From: a@b.example\r\nMessage-ID: <3@x>\r\n"})
    )
    box = mailbox.mbox(tmp_path / "box.mbox")
    for number in (4, 5):
        box.add(mail(number))
    box.close()
    drop.put("d.mbox", (tmp_path / "box.mbox").read_bytes())
    with zipfile.ZipFile(drop.path / "e.zip", "w") as archive:
        archive.writestr("one.eml", mail(6))
        archive.writestr("two/three.eml", mail(7))
    for name in ("cur", "new", "tmp"):
        (drop.path / "maildir" / name).mkdir(parents=True)
    drop.put("maildir/new/17.M1.host", mail(8))
    drop.put("maildir/cur/18.M2.host:2,S", mail(9))
    drop.put("maildir/tmp/19.M3.host", mail(99))
    drop.put("notes.txt", b"not a mail")
    drop.put(".hidden.eml", mail(98))
    report = drop.look()
    assert (report.outcomes["INBOX"].holds, report.outcomes["INBOX"].new, report.words) == (9, 9, "")
    (warning,) = report.warnings
    assert "notes.txt" in warning
    assert "hidden" not in warning
    (drop.path / "notes.txt").unlink()
    assert drop.look().warnings == ()
    assert drop.look().outcomes["INBOX"].new == 0
    assert drop.kept() == 9


def test_drop_changes_nothing(drop: Drop) -> None:
    path = drop.put("a.eml", mail(1))
    before = path.stat()
    drop.look()
    assert path.read_bytes() == mail(1)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [one.name for one in drop.path.iterdir()] == ["a.eml"]


def test_drop_a_flag_in_a_maildir_is_no_new_message(drop: Drop) -> None:
    for name in ("cur", "new", "tmp"):
        (drop.path / name).mkdir()
    path = drop.put("new/17.M1.host", mail(1))
    drop.look()
    path.rename(drop.path / "cur" / "17.M1.host:2,RS")
    report = drop.look()
    assert (report.outcomes["INBOX"].new, report.words) == (0, "")
    assert drop.kept() == 1


def test_drop_a_file_on_its_way_in_is_left_until_it_has_settled(drop: Drop, clock: MovedClock) -> None:
    path = drop.put("a.eml", mail(1)[:20])
    now = clock.now().timestamp()
    os.utime(path, (now - 1, now - 1))
    assert drop.look().outcomes["INBOX"].holds == 0
    path.write_bytes(mail(1))
    os.utime(path, (now, now))
    clock.advance(3)
    assert drop.look().outcomes["INBOX"].new == 1
    assert list(counted(drop.register.path).values()) == [1]
    assert drop.register.raw(drop.register.unread("e")[0]) == mail(1)


def test_drop_an_mbox_that_grows(drop: Drop, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box.mbox")
    box.add(mail(1))
    box.flush()
    drop.put("d.mbox", (tmp_path / "box.mbox").read_bytes())
    drop.look()
    box.add(mail(2))
    box.close()
    drop.put("d.mbox", (tmp_path / "box.mbox").read_bytes())
    report = drop.look()
    assert (report.outcomes["INBOX"].holds, report.outcomes["INBOX"].new) == (2, 1)
    assert drop.kept() == 2


@pytest.mark.parametrize("raw", [bytes.fromhex("d0cf11e0a1b11ae1"), None])
def test_drop_what_cannot_be_read_is_shown(drop: Drop, raw: bytes | None) -> None:
    drop.put("good.eml", mail(1))
    if raw is None:
        drop.put("broken.zip", b"PK\x03\x04 no zip")
    else:
        drop.put("broken.msg", raw)
    report = drop.look()
    assert report.outcomes["INBOX"].new == 1
    assert len(report.outcomes["INBOX"].missing) == 1
    assert drop.kept() == 1


def test_drop_what_is_broken_within_an_archive_holds_up_no_other(drop: Drop) -> None:
    with zipfile.ZipFile(drop.path / "e.zip", "w") as archive:
        archive.writestr("1.eml", mail(1))
        archive.writestr("2.msg", bytes.fromhex("d0cf11e0a1b11ae1"))
        archive.writestr("3.msg", outlook_file({0x001A: "IPM.Note", 0x1000: "Ja."}))
        archive.writestr("4.zip", b"PK")
        archive.writestr("5.mbox", b"".join(b"From x Mon Mar  4 09:00:00 2024\n" + mail(one) + b"\n" for one in (5, 6)))
    report = drop.look()
    assert report.outcomes["INBOX"].new == 4
    assert len(report.outcomes["INBOX"].missing) == 1
    assert "does not hand over" in report.words
    assert drop.kept() == 4


def test_drop_a_large_mbox_is_read_once_and_not_for_every_message(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = mailbox.mbox

    def counting(*arguments: object, **more: object) -> mailbox.mbox:
        opened.append(arguments)
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(mailbox, "mbox", counting)
    box = b"".join(b"From x Mon Mar  4 09:00:00 2024\n" + mail(number) + b"\n" for number in range(300))
    drop.put("a.mbox", box)
    assert drop.look().outcomes["INBOX"].new == 300
    assert drop.kept() == 300
    assert len(opened) <= 3


def test_drop_a_directory_that_is_not_mounted_is_a_fault(drop: Drop) -> None:
    drop.put("a.eml", mail(1))
    drop.look()
    drop.path.rename(drop.path.with_name("elsewhere"))
    with pytest.raises(MailboxError) as caught:
        drop.look()
    assert caught.value.fault is Fault.FOLDER
    assert drop.register.rounds("e")[0].knows == 1


def test_drop_a_file_taken_away_stays_recorded(drop: Drop) -> None:
    path = drop.put("a.eml", mail(1))
    drop.look()
    path.unlink()
    assert drop.look().outcomes["INBOX"].holds == 0
    assert drop.kept() == 1
