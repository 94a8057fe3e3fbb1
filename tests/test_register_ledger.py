"""Raw first: what is kept, when two mails are one, which clock counts, and what the file refuses."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from register_samples import CONFERENCE, NO, both, on, raw_mail, reading

from intake.process import read_kept
from intake.reading_process import ReaderProcess
from intake.register import Bucket, Location, Register, RegisterBusyError, RegisterError
from intake.register.file import network_kind
from intake.register.moment import from_text, said_at, to_text
from parsers.reading import Reading

INBOX = Location("bridges@host.example", "INBOX", 7, 1)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        opened.enter(CONFERENCE, "bridges")
        yield opened


def keep(register: Register, raw: bytes, where: Location | None = None, day: int = 1) -> int:
    return register.keep("bridges", raw, where, received_at=on(day), fetched_at=on(day)).id


class TestIdentity:
    def test_the_bytes_come_back_as_they_were(self, register: Register) -> None:
        raw = b"no header at all\x00\xff\r\n"

        assert register.raw(keep(register, raw)) == raw

    @pytest.mark.parametrize(
        "again",
        [
            raw_mail(1),
            raw_mail(1, crlf=False),
            b"Received: from relay\r\n by host; Mon, 4 Mar 2024 10:00:00 +0100\r\n" + raw_mail(1),
            b"Delivered-To: other@host.example\r\n" + raw_mail(1) + b"\r\n\r\n",
        ],
        ids=["twice", "line ends", "another way", "another mailbox"],
    )
    def test_the_same_mail_counts_once(self, register: Register, again: bytes) -> None:
        first = register.keep("bridges", raw_mail(1), INBOX, received_at=on(1), fetched_at=on(1))
        second = register.keep("bridges", again, None, received_at=on(2), fetched_at=on(2))

        assert (first.new, second.new) == (True, False)
        assert first.id == second.id
        assert register.counts("bridges").total == 1

    @pytest.mark.parametrize(
        "other",
        [
            raw_mail(1, body="Only one day, we regret."),
            raw_mail(1, sender="somebody@else.example"),
            raw_mail(2, body="Message 1"),
        ],
        ids=["changed text under the same id", "the same id by somebody else", "the same text sent again"],
    )
    def test_another_mail_counts_as_new(self, register: Register, other: bytes) -> None:
        keep(register, raw_mail(1))

        assert register.keep("bridges", other, None, received_at=on(2), fetched_at=on(2)).new

    def test_without_a_message_id_the_bytes_decide(self, register: Register) -> None:
        raw = b"From: a@inneres-at.example\r\n\r\nYes\r\n"

        assert keep(register, raw) == keep(register, raw.replace(b"\r\n", b"\n"))
        assert keep(register, raw) != keep(register, raw.replace(b"Yes", b"No"))

    def test_a_gateway_that_changed_the_body_makes_no_second_answer(self, register: Register) -> None:
        one = keep(register, raw_mail(1))
        two = keep(register, raw_mail(1, body="Message 1\n-- checked by the gateway"))
        answer = reading(both("Anna Berger"), message_id="1@test.example", sent=on(1))
        register.record(one, answer, at=on(1))
        register.record(two, answer, at=on(1))

        assert register.message(two).row.bucket is Bucket.COPY
        assert str(one) in register.message(two).row.why
        assert len(register.statements("bridges")) == 2

    def test_the_same_mail_belongs_to_each_event_it_was_sent_to(self, register: Register) -> None:
        keep(register, raw_mail(1))

        assert register.keep("tunnels", raw_mail(1), None, received_at=on(1), fetched_at=on(1)).new
        assert register.events() == ["bridges", "tunnels"]

    def test_a_hostile_message_id_is_only_text(self, register: Register) -> None:
        raw = b"Message-ID: <a';DROP--\xff@x>\r\n\r\n"

        assert "DROP" in register.message(keep(register, raw)).row.message_id


class TestCursor:
    def test_a_message_is_known_where_it_was_seen(self, register: Register) -> None:
        keep(register, raw_mail(1), INBOX)

        assert register.known_uids("bridges", INBOX.account, "INBOX", 7) == {1}
        assert register.known_uids("bridges", INBOX.account, "INBOX", 8) == set()
        assert register.known_uids("bridges", INBOX.account, "Archive", 7) == set()
        assert register.known_uids("tunnels", INBOX.account, "INBOX", 7) == set()

    def test_bytes_and_cursor_are_kept_together_or_not_at_all(
        self, register: Register, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(register, "_sight", full)
        with pytest.raises(RegisterError):
            keep(register, raw_mail(1), INBOX)
        monkeypatch.undo()

        assert register.counts("bridges").total == 0
        assert register.known_uids("bridges", INBOX.account, "INBOX", 7) == set()

    def test_what_the_server_does_not_deliver_is_noted_and_not_known(self, register: Register) -> None:
        register.note_undeliverable("bridges", INBOX, at=on(1), why="NIL body")
        register.note_undeliverable("bridges", INBOX, at=on(2), why="NIL body")

        assert register.known_uids("bridges", INBOX.account, "INBOX", 7) == set()
        assert [(where, tries) for where, _, _, tries in register.undeliverable("bridges")] == [(INBOX, 2)]
        keep(register, raw_mail(1), INBOX, day=3)
        assert register.undeliverable("bridges") == []

    def test_a_round_that_failed_leaves_the_last_good_one(self, register: Register) -> None:
        keep(register, raw_mail(1), INBOX)
        register.note_round("bridges", INBOX.account, "INBOX", at=on(1), ok=True, holds=1, words="")
        register.note_round("bridges", INBOX.account, "INBOX", at=on(2), ok=False, holds=None, words="no answer")

        (only,) = register.rounds("bridges")
        assert (only.at, only.good_at, only.ok, only.holds, only.knows, only.words) == (
            on(2),
            on(1),
            False,
            1,
            1,
            "no answer",
        )

    def test_a_quarantined_message_is_counted_with_its_reason_and_not_read_again(self, register: Register) -> None:
        number = keep(register, raw_mail(1))
        register.quarantine(number, at=on(1), why="Reading took longer than 20 seconds")

        assert register.unread("bridges") == []
        (row,) = register.tray("bridges")
        assert (row.id, row.bucket, row.why) == (number, Bucket.QUARANTINED, "Reading took longer than 20 seconds")


class TestClocks:
    ARRIVED = on(10)

    @pytest.mark.parametrize(
        ("sent", "counts"),
        [
            (None, ARRIVED),
            (ARRIVED - timedelta(days=3), ARRIVED - timedelta(days=3)),
            (ARRIVED + timedelta(minutes=10), ARRIVED + timedelta(minutes=10)),
            (ARRIVED + timedelta(hours=3), ARRIVED),
            (datetime(2042, 1, 1, tzinfo=UTC), ARRIVED),
            (datetime(1970, 1, 1, tzinfo=UTC), ARRIVED),
            (on(-40), ARRIVED),
            (on(0, hour=1), on(0, hour=1)),
        ],
        ids=["no date", "delayed", "small skew", "future", "far future", "1970", "before the letter", "letter's day"],
    )
    def test_the_time_of_arrival_counts_where_the_date_cannot_be(self, sent: datetime | None, counts: datetime) -> None:
        assert said_at(sent, self.ARRIVED, to_text(on(-1))) == counts

    def test_a_wrong_clock_does_not_put_an_answer_last(self, register: Register) -> None:
        early = keep(register, raw_mail(1), day=1)
        late = keep(register, raw_mail(2), day=9)
        register.record(early, reading(both("Anna Berger"), sent=datetime(2031, 1, 1, tzinfo=UTC)), at=on(9))
        register.record(late, reading(both("Anna Berger", NO), sent=on(9)), at=on(9))

        assert {cell.attendance for cell in register.board(CONFERENCE)[0].days.values()} == {NO}

    def test_nothing_arrives_after_it_was_fetched(self, register: Register) -> None:
        kept = register.keep("bridges", raw_mail(1), None, received_at=on(400), fetched_at=on(1))

        assert register.received_at(kept.id) == on(1)

    def test_the_earliest_copy_tells_when_a_mail_arrived(self, register: Register) -> None:
        number = keep(register, raw_mail(1), day=5)
        register.record(number, reading(both("Anna Berger")), at=on(5))
        keep(register, raw_mail(1), INBOX, day=2)

        assert register.message(number).row.said_at == on(2)
        assert register.board(CONFERENCE, as_of=on(3))[0].state == "answered"
        assert register.board(CONFERENCE)[0].last_word.at == on(2)  # type: ignore[union-attr]  # there is one

    def test_times_sort_as_text(self) -> None:
        moments = [
            datetime(1, 1, 1, tzinfo=UTC),
            on(1),
            on(1) + timedelta(microseconds=1),
            datetime(9999, 12, 31, tzinfo=UTC),
        ]

        assert [to_text(one) for one in moments] == sorted(to_text(one) for one in moments)
        assert [from_text(to_text(one)) for one in moments] == moments
        with pytest.raises(ValueError, match="time zone"):
            to_text(datetime(2024, 1, 1))  # noqa: DTZ001  that is the point


class TestFile:
    def test_only_the_owner_can_read_it(self, tmp_path: Path) -> None:
        before = os.umask(0o022)
        try:
            with Register.open(tmp_path / "state" / "register.db") as register:
                keep(register, raw_mail(1))
                modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
        finally:
            os.umask(before)

        assert modes == {"register.db": 0o600, "register.db-wal": 0o600, "register.db-shm": 0o600}
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700

    def test_a_newer_register_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "register.db"
        Register.open(path).close()
        with sqlite3.connect(path) as other:
            other.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                " VALUES ('availability-intake', 'x', '')"
            )
        other.close()

        with pytest.raises(RegisterError, match="newer version"):
            Register.open(path)

    @pytest.mark.parametrize(
        "content", [b"Not a database at all, but text.\n" * 40, None], ids=["text", "other tables"]
    )
    def test_another_file_is_refused_and_left_alone(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "other.db"
        if content is None:
            with sqlite3.connect(path) as other:
                other.execute("CREATE TABLE t (a)")
            other.close()
        else:
            path.write_bytes(content)
        before = path.read_bytes()

        with pytest.raises(RegisterError, match="no register"):
            Register.open(path)
        assert path.read_bytes() == before

    def test_a_missing_file_is_said_to_be_missing(self, tmp_path: Path) -> None:
        with pytest.raises(RegisterError, match="no register here"):
            Register.open(tmp_path / "none.db", create=False)
        assert list(tmp_path.iterdir()) == []

    def test_a_network_drive_is_known_by_the_nearest_mount(self, tmp_path: Path) -> None:
        mounts = tmp_path / "mounts"
        mounts.write_text(
            "rootfs / ext4 rw 0 0\nhost:/home /home nfs4 rw 0 0\n/dev/sdb /home/data ext4 rw 0 0\n"
            "//host/share /mnt/my\\040share cifs rw 0 0\n"
        )

        places = ["/srv/r.db", "/home/r.db", "/home/data/r.db", "/mnt/my share/r.db", "/homer/r.db"]
        assert [network_kind(Path(place), mounts) for place in places] == ["", "nfs4", "", "cifs", ""]
        assert network_kind(tmp_path, tmp_path / "none") == ""

    def test_a_locked_file_loses_nothing_and_may_pass(self, register: Register) -> None:
        with Register.open(register.path) as other:
            other.connection.execute("PRAGMA busy_timeout = 10")
            with register.change(), pytest.raises(RegisterBusyError, match="another program"):
                keep(other, raw_mail(1), INBOX)
            keep(other, raw_mail(1), INBOX)

        assert register.counts("bridges").total == 1

    def test_two_processes_write_side_by_side(self, register: Register) -> None:
        register.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        children = []
        for part in range(2):
            child = os.fork()
            if child == 0:
                try:
                    with Register.open(register.path) as own:
                        for number in range(part, 120 + part):
                            kept = own.keep("bridges", raw_mail(number), None, received_at=on(1), fetched_at=on(1))
                            own.record(kept.id, reading(both("Anna Berger"), sent=on(1)), at=on(1))
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(child)

        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
        assert register.counts("bridges").total == 121
        assert len(register.statements("bridges")) == 242
        assert register.faults() == []

    def test_two_openers_of_a_new_file_agree(self, tmp_path: Path) -> None:
        with Register.open(tmp_path / "r.db") as one, Register.open(tmp_path / "r.db") as two:
            keep(one, raw_mail(1))
            keep(two, raw_mail(2))

            assert one.counts("bridges").total == 2
            assert one.version() == two.version() == 2


class Gives:
    """A reader that gives one reading for everything, one that no file can hold for what says "odd"."""

    def read(self, raw: bytes, _: datetime) -> Reading:
        return replace(reading(), text="\ud800" if b"odd" in raw else "plain")


def test_a_reading_that_cannot_be_recorded_holds_up_no_other(register: Register) -> None:
    odd, plain = keep(register, b"odd"), keep(register, b"plain")
    reader = cast("ReaderProcess", Gives())

    assert not read_kept(register, reader, odd, now=lambda: on(2))
    assert read_kept(register, reader, plain, now=lambda: on(2))
    assert register.unread("bridges") == [odd]
    assert read_kept(register, reader, odd, now=lambda: on(3))
    assert register.unread("bridges") == []


def test_an_empty_message_is_recorded(register: Register) -> None:
    empty = keep(register, b"")

    assert read_kept(register, cast("ReaderProcess", Gives()), empty, now=lambda: on(2))
