"""How long things are kept: what is erased or purged is gone from the file, and what is backed up comes back."""

import base64
import quopri
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from register_samples import CONFERENCE, DELEGATE, MINISTER, MONDAY, YES, both, on, raw_mail, reading

from intake.register import Bucket, Location, Register, RegisterBusyError, RegisterError, Source
from intake.register.backup import restore
from intake.register.erasing import Person
from parsers.reading import Evidence, Question

CANARY = "Zdeněk Kanárek"
ADDRESS = "zdenek.kanarek@inneres-at.example"
WHERE = Location("bridges@host.example", "INBOX", 7, 1)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "state" / "register.db") as opened:
        opened.enter(CONFERENCE, "bridges", retention_days=90)
        yield opened


def mail(number: int, text: str, sender: str = "desk@inneres-at.example", encoding: str = "8bit") -> bytes:
    body = {
        "8bit": text.encode(),
        "base64": base64.encodebytes(text.encode()),
        "quoted-printable": quopri.encodestring(text.encode()),
    }[encoding]
    head = (
        f"From: Desk <{sender}>\r\nMessage-ID: <{number}@test.example>\r\nSubject: Ghent\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body


def bytes_on_disk(directory: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(directory.iterdir()))


def forms(name: str) -> list[bytes]:
    """How the name lies in the file of `fill`: as written, folded, in capitals, in quoted-printable and in base64."""
    surname = name.split()[-1]
    return [
        name.encode(),
        b"kanarek",
        b"KANAREK",
        quopri.encodestring(surname.encode()),
        base64.b64encode(name.encode())[:16],
    ]


class TestErase:
    def fill(self, register: Register) -> dict[str, int]:
        numbers = {}
        texts = {
            "by the person": mail(1, "Our Minister will come.", ADDRESS),
            "in base64": mail(2, f"{CANARY} comes along.", encoding="base64"),
            "in quoted-printable": mail(3, f"Please ask {CANARY}.", encoding="quoted-printable"),
            "without marks, surname first": mail(4, "Signed: KANAREK Zdenek"),
            "about others": mail(5, "Otto Kern comes along."),
        }
        for number, (name, raw) in enumerate(texts.items(), start=1):
            where = replace(WHERE, uid=number)
            kept = register.keep("bridges", raw, where, received_at=on(number), fetched_at=on(number))
            said = both("Anna Berger") + (both(CANARY, YES, DELEGATE) if name == "in base64" else ())
            made = reading(
                said, questions=("Where is the door?",), text=raw.decode(), message_id=f"{number}@test.example"
            )
            if name == "by the person":
                made = replace(made, envelope=replace(made.envelope, from_name=CANARY, from_address=ADDRESS))
            if name == "in quoted-printable":
                asked = Question(f"May {CANARY} bring a car?", Evidence(0, 4, "Text", "test"))
                made = replace(made, questions=(asked,), text=f"Please ask {CANARY}.")
            register.record(kept.id, made, at=on(number))
            numbers[name] = kept.id
        register.assign("bridges", ADDRESS, "AT", by="Ines", at=on(6), why=f"{CANARY} phoned")
        register.merge("bridges", "AT", "Kanárek Z.", CANARY, by="Ines", at=on(6))
        register.note_told(
            "bridges", "CZ", [(CANARY, DELEGATE, MONDAY, YES)], source=Source.PHONE, said_at=on(6), by="Ines", at=on(6)
        )
        return numbers

    def test_every_trace_of_a_name_is_gone_from_the_file(self, register: Register, tmp_path: Path) -> None:
        self.fill(register)
        receipt = register.erase(CANARY, at=on(9))

        on_disk = bytes_on_disk(tmp_path / "state")
        assert [form for form in forms(CANARY) if form in on_disk] == []
        assert receipt.clean
        assert register.faults() == []

    def test_also_while_the_service_has_it_open(self, register: Register, tmp_path: Path) -> None:
        self.fill(register)
        with Register.open(register.path) as page:
            page.board(CONFERENCE)
            assert register.erase(CANARY, at=on(9)).clean
            on_disk = bytes_on_disk(tmp_path / "state")
            assert [form for form in forms(CANARY) if form in on_disk] == []
            assert page.search("bridges", "kanarek") == []

    def test_somebody_who_reads_an_older_state_is_told_of(self, register: Register) -> None:
        self.fill(register)
        register.connection.execute("PRAGMA busy_timeout = 50")
        with Register.open(register.path) as page, page.one_view():
            page.board(CONFERENCE)
            assert not register.erase(CANARY, at=on(9)).clean
        assert register.sweep()

    def test_and_of_an_address(self, register: Register, tmp_path: Path) -> None:
        self.fill(register)
        register.erase(ADDRESS.upper(), at=on(9))

        assert ADDRESS.encode() not in bytes_on_disk(tmp_path / "state")
        assert register.addresses("bridges") == []

    def test_the_test_would_see_it(self, register: Register, tmp_path: Path) -> None:
        self.fill(register)

        on_disk = bytes_on_disk(tmp_path / "state")
        assert [form for form in forms(CANARY) if form not in on_disk] == []

    def test_what_was_said_of_others_stays_on_the_board(self, register: Register) -> None:
        numbers = self.fill(register)
        before = register.board(CONFERENCE)[0]
        receipt = register.erase(CANARY, at=on(9))

        after = register.board(CONFERENCE)[0]
        assert [cell.attendance for cell in after.days.values()] == [cell.attendance for cell in before.days.values()]
        assert [one.name for one in after.companions] == ["[erased]"]
        assert {name for name, number in numbers.items() if register.message(number).row.bucket is Bucket.ERASED} == {
            "by the person", "in base64", "in quoted-printable", "without marks, surname first",
        }  # fmt: skip
        assert register.message(numbers["about others"]).reading is not None
        assert (receipt.messages, receipt.statements, receipt.addresses, receipt.spellings) == (4, 3, 1, 1)

    def test_it_does_not_come_back_from_the_mailbox(self, register: Register) -> None:
        numbers = self.fill(register)
        register.erase(CANARY, at=on(9))

        again = register.keep(
            "bridges", mail(2, f"{CANARY} comes along.", encoding="base64"), None, received_at=on(9), fetched_at=on(9)
        )
        assert (again.id, again.new) == (numbers["in base64"], False)
        assert register.known_uids("bridges", WHERE.account, "INBOX", 7) == {1, 2, 3, 4, 5}
        register.record(again.id, reading(both(CANARY)), at=on(9))
        assert register.reading(again.id) is None
        with pytest.raises(RegisterError, match="erased"):
            register.raw(again.id)

    def test_the_receipt_holds_no_personal_data_and_tells_what_remains(self, register: Register) -> None:
        self.fill(register)
        receipt = register.erase("Anna Berger", at=on(9), dry_run=True)

        shown = " ".join(str(getattr(receipt, field.name)) for field in fields(receipt))
        assert "Berger" not in shown
        assert "Anna" not in shown
        assert any("delegations.toml" in one for one in receipt.remains)
        assert any("backups" in one for one in receipt.remains)

    def test_it_names_the_backups_that_are_still_there(self, register: Register, tmp_path: Path) -> None:
        self.fill(register)
        for name in ("kept.db", "thrown away.db"):
            register.backup(tmp_path / name, at=on(8))
        (tmp_path / "thrown away.db").unlink()

        remains = register.erase(CANARY, at=on(9)).remains
        assert [one for one in remains if "kept.db" in one and "2024-03-02" in one]
        assert not [one for one in remains if "thrown away" in one]

    def test_a_dry_run_changes_nothing(self, register: Register) -> None:
        self.fill(register)
        before = register.version(), register.board(CONFERENCE)
        receipt = register.erase(CANARY, at=on(9), dry_run=True)

        assert receipt.messages == 4
        assert (register.version(), register.board(CONFERENCE)) == before

    def test_another_event_is_left_alone_where_one_is_named(self, register: Register) -> None:
        self.fill(register)
        kept = register.keep("tunnels", mail(1, CANARY), None, received_at=on(1), fetched_at=on(1))
        register.erase(CANARY, at=on(9), event="bridges")

        assert CANARY.encode() in register.raw(kept.id)

    def test_a_decision_whose_past_was_erased_is_not_taken_back(self, register: Register) -> None:
        self.fill(register)
        decision = next(one.id for one in register.decisions("bridges") if one.act == "assign")
        register.erase(CANARY, at=on(9))

        with pytest.raises(RegisterError, match="was erased"):
            register.take_back(decision, by="Ines", at=on(10))

    def test_a_member_of_staff_is_erased_from_the_log(self, register: Register, tmp_path: Path) -> None:
        self.fill(register)
        register.note("bridges", "AT", "to be done", by="Wenzel Dvorak", at=on(7))
        register.erase("Wenzel Dvorak", at=on(9))

        assert b"Wenzel" not in bytes_on_disk(tmp_path / "state")
        assert len(register.decisions("bridges", delegation="AT")) == 3

    @pytest.mark.parametrize("term", ["", "  ", "ab", "one two three four five six"])
    def test_too_little_to_go_by_is_refused(self, register: Register, term: str) -> None:
        with pytest.raises(RegisterError, match="one e-mail address, or one name"):
            register.erase(term, at=on(9))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Zdeněk Kanárek comes", True),
        ("KANAREK, Zdenek", True),
        ("s panem Zdeňkem Kanárkem", False),
        ("bez Zdeněka Kanáreka", True),
        ("Zdenek\r\n Kanarek", True),
        ("Zdeněk and Otto Kanárek", False),
        ("Kanárek", False),
        ("Zdeněk Kanárekovský", False),
    ],
)
def test_when_a_text_names_a_person(text: str, named: bool) -> None:
    assert Person(CANARY).named_in(text) is named


class TestPurge:
    def test_only_what_is_over_for_long_enough_is_due(self, register: Register) -> None:
        register.enter(replace(CONFERENCE, name="Tunnels"), "tunnels")

        assert register.due(date(2024, 7, 29)) == []
        assert [one.event for one in register.due(date(2024, 7, 30))] == ["bridges"]
        assert [one.event for one in register.due(date(2024, 5, 2), days=1)] == ["bridges", "tunnels"]

    def test_everything_of_the_event_is_gone_and_the_line_stays(self, register: Register, tmp_path: Path) -> None:
        TestErase().fill(register)
        register.note_round("bridges", "a", "INBOX", at=on(1), ok=True, holds=5, words="")
        other = register.keep("tunnels", mail(9, "Otto"), None, received_at=on(1), fetched_at=on(1))

        assert register.purge("bridges", at=on(200)) == 5
        on_disk = bytes_on_disk(tmp_path / "state")
        assert [form for form in [*forms(CANARY), b"Anna Berger", b"anna", ADDRESS.encode()] if form in on_disk] == []
        assert register.raw(other.id) == mail(9, "Otto")
        (row,) = register.rows("SELECT name, totals FROM event WHERE key = 'bridges'")
        assert (row["name"], '"answer": 5' in row["totals"]) == (CONFERENCE.name, True)
        assert register.due(date(2030, 1, 1)) == []
        with pytest.raises(RegisterError, match="was purged"):
            register.keep("bridges", mail(1, "x"), None, received_at=on(1), fetched_at=on(1))
        assert register.faults() == []


class TestBackup:
    def test_a_copy_made_while_it_is_in_use_comes_back_whole(self, register: Register, tmp_path: Path) -> None:
        TestErase().fill(register)
        with Register.open(register.path) as other:
            assert other.backup(tmp_path / "copy.db", at=on(8)) == 5
        before = register.board(CONFERENCE)
        register.close()

        assert restore(tmp_path / "copy.db", tmp_path / "new" / "register.db") == 5
        with Register.open(tmp_path / "new" / "register.db") as again:
            assert again.board(CONFERENCE) == before
            assert again.faults() == []
        assert oct((tmp_path / "copy.db").stat().st_mode & 0o777) == "0o600"

    def test_it_takes_the_place_of_what_was_there(self, register: Register, tmp_path: Path) -> None:
        register.backup(tmp_path / "empty.db", at=on(8))
        register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))
        register.close()
        restore(tmp_path / "empty.db", register.path)

        with Register.open(register.path) as again:
            assert again.counts("bridges").total == 0

    def test_a_register_in_use_is_not_replaced(self, register: Register, tmp_path: Path) -> None:
        register.backup(tmp_path / "copy.db", at=on(8))
        register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))

        with pytest.raises(RegisterBusyError, match="in use"):
            restore(tmp_path / "copy.db", register.path)
        assert register.counts("bridges").total == 1

    def test_a_damaged_backup_is_refused_and_nothing_touched(self, register: Register, tmp_path: Path) -> None:
        register.backup(tmp_path / "copy.db", at=on(8))
        content = bytearray((tmp_path / "copy.db").read_bytes())
        content[4096 : 4096 * 6] = b"\xff" * (4096 * 5)
        (tmp_path / "copy.db").write_bytes(content)
        register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))
        register.close()

        with pytest.raises(RegisterError, match="damaged"):
            restore(tmp_path / "copy.db", register.path)
        with Register.open(register.path) as again:
            assert again.counts("bridges").total == 1

    def test_a_damaged_register_is_set_aside_for_the_backup(self, register: Register, tmp_path: Path) -> None:
        register.backup(tmp_path / "copy.db", at=on(8))
        register.close()
        register.path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
        restore(tmp_path / "copy.db", register.path)

        with Register.open(register.path) as again:
            assert again.faults() == []
        assert (register.path.parent / "register.db.damaged-1").exists()

    def test_a_backup_never_overwrites(self, register: Register, tmp_path: Path) -> None:
        (tmp_path / "copy.db").write_text("precious")

        with pytest.raises(RegisterError, match="never overwrites"):
            register.backup(tmp_path / "copy.db", at=on(8))
        assert (tmp_path / "copy.db").read_text() == "precious"
        with pytest.raises(RegisterError, match="cannot be written"):
            register.backup(tmp_path / "no" / "copy.db", at=on(8))
        assert {path.name for path in tmp_path.iterdir()} == {"state", "copy.db"}


class TestFaults:
    def test_a_board_that_was_tampered_with_is_seen(self, register: Register) -> None:
        TestErase().fill(register)
        assert register.faults() == []
        with closing(sqlite3.connect(register.path, isolation_level=None)) as other:
            other.execute("UPDATE statement SET attendance = 'no' WHERE role = ?", (MINISTER,))

        assert [one for one in register.faults() if "board" in one]

    def test_missing_bytes_are_seen(self, register: Register) -> None:
        numbers = TestErase().fill(register)
        with closing(sqlite3.connect(register.path, isolation_level=None)) as other:
            other.execute("DELETE FROM raw WHERE message = ?", (numbers["in base64"],))

        assert register.faults() == [f"message {numbers['in base64']} has no bytes"]
