"""The commands around the register, run as a person runs them: what they print, where, and with which exit code."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from register_samples import DELEGATE, MINISTER, MONDAY, NO, YES, both, on, raw_mail, reading, says

from intake import cli
from intake.register import Register
from parsers.reading import Envelope

EVENT = """
name = "Conference on Bridges"
key = "bridges"
place = "Ghent, Belgium"
days = [2024-04-29, 2024-04-30]
mailbox = "bridges@host.example"
format = "1+2"
invitation_sent = 2024-02-23
"""
FORMULA = "=cmd|' /C calc'!A0"
LIST = "".join(
    f"""
[[delegation]]
code = "{code}"
name = "{name}"
kind = "member-state"
ministry = "Ministry of Interior"
minister = "{minister}"
title = "Minister"
domains = ["{domain}"]
languages = ["en"]
"""
    for code, name, minister, domain in (
        ("AT", "Austria", "Anna Berger", "inneres-at.example"),
        ("CZ", "Czechia", "Jan Dvořák", "vnitro-cz.example"),
    )
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    directory = tmp_path / "config"
    directory.mkdir()
    (directory / "conference.toml").write_text(EVENT, "utf-8")
    (directory / "delegations.toml").write_text(LIST, "utf-8")
    return directory


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "register.db"
    with Register.open(path) as register:
        for number, made in enumerate(
            (
                reading(both("Anna Berger"), sent=on(1)),
                reading(says("Anna Berger", tuesday=NO), sent=on(9), review=("unsure",)),
                reading(questions=("Where is the door?",), delegation="CZ", office="vnitro-cz.example", sent=on(9)),
                reading(
                    both("=cmd|' /C calc'!A0", YES, DELEGATE), delegation="CZ", office="vnitro-cz.example", sent=on(9)
                ),
            ),
            start=1,
        ):
            kept = register.keep("bridges", raw_mail(number), None, received_at=on(number), fetched_at=on(20))
            register.record(kept.id, made, at=on(number))
    return path


@pytest.fixture
def run(config: Path, db: Path) -> Iterator[object]:
    def ask(*words: str, code: int = 0) -> Result:
        command, *rest = words
        result = CliRunner().invoke(cli.intake, [command, "--config", str(config), "--db", str(db), *rest])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            assert code == cli.explain(result.exception)  # type: ignore[arg-type]  # no KeyboardInterrupt comes here
        else:
            assert result.exit_code == code, result.output
        return result

    return ask  # type: ignore[return-value]  # pytest hands it on as it is


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


class TestBoard:
    def test_one_object_a_line_for_every_delegation_in_the_order_of_the_list(self, run) -> None:
        rows = lines(run("board", "--json"))

        assert [row["delegation"] for row in rows] == ["AT", "CZ"]
        assert rows[0]["state"] == "answered"
        assert rows[0]["days"]["2024-04-29"] == {
            "attendance": "yes",
            "role": "minister",
            "name": "Anna Berger",
            "message": 1,
        }
        tuesday = rows[0]["days"]["2024-04-30"]
        assert (tuesday["attendance"], tuesday["proposed"]) == ("no", True)
        assert tuesday["settled"]["attendance"] == "yes"

    def test_as_it_stood(self, run) -> None:
        rows = lines(run("board", "--json", "--as-of", "2024-02-24T12:00+00:00"))

        assert [row["days"]["2024-04-30"]["attendance"] for row in rows] == ["yes", None]
        assert "proposed" not in rows[0]["days"]["2024-04-30"]

    def test_what_changed_between_two_moments(self, run) -> None:
        result = run("board", "--json", "--diff", "2024-02-24T12:00+00:00", "2024-02-26T12:00+00:00")

        (change,) = lines(result)
        assert (change["delegation"], change["day"]) == ("AT", "2024-04-30")
        assert (change["before"]["attendance"], change["after"]["attendance"]) == ("yes", "no")
        words = run("board", "--diff", "2024-02-24T12:00+00:00", "2024-02-26T12:00+00:00").stdout
        assert words == "AT 30.04.2024: yes Anna Berger (minister) -> no Anna Berger (minister) ?\n"

    def test_for_people(self, run) -> None:
        first, austria, *_ = run("board").stdout.splitlines()

        assert first.split() == ["state", "29.04.2024", "30.04.2024", "flags"]
        assert austria.split()[:5] == ["AT", "answered", "yes", "Anna", "Berger"]

    @pytest.mark.parametrize("moment", ["yesterday", "2024-13-01", "20.03.2024"])
    def test_a_moment_that_is_none_is_explained(self, run, moment: str) -> None:
        assert "write 2024-03-20T17:00" in run("board", "--as-of", moment, code=2).stderr


class TestStaff:
    def test_a_review_from_the_tray_to_the_board(self, run) -> None:
        (waiting,) = lines(run("tray", "--json"))
        run("accept", str(waiting["id"]), "--by", "Ines", "--why", "asked")

        assert run("tray", "--json").stdout == ""
        assert "proposed" not in lines(run("board", "--json"))[0]["days"]["2024-04-30"]
        (decision,) = lines(run("decisions", "--json"))
        assert (decision["by"], decision["act"], decision["why"]) == ("Ines", "accept", "asked")

    def test_a_correction_leaves_what_it_does_not_name(self, run) -> None:
        run("correct", "1", "--person", "Anna Berger", "minister", "30", "maybe", "--by", "Ines")

        (message,) = lines(run("messages", "1", "--json"))
        assert message["people"] == [
            {"name": "Anna Berger", "role": "minister", "attendance": {"2024-04-29": "yes", "2024-04-30": "maybe"}}
        ]

    def test_a_call_is_entered_and_taken_back(self, run) -> None:
        run("enter", "CZ", "--person", "Jan Dvořák", "minister", "both", "yes", "--by", "Ines", "--by-way", "phone")
        assert lines(run("board", "--json"))[1]["days"]["2024-04-29"]["name"] == "Jan Dvořák"
        run("take-back", "1", "--by", "Ines")

        assert lines(run("board", "--json"))[1]["days"]["2024-04-29"]["attendance"] is None

    def test_questions_are_closed_together(self, run) -> None:
        (question,) = lines(run("questions", "--json"))
        run("answer", str(question["id"]), "--by", "Ines", "--why", "in the note")

        assert run("questions", "--json").stdout == ""
        assert [one["state"] for one in lines(run("questions", "--all", "--json"))] == ["answered"]

    def test_alike_questions_are_closed_with_one(self, run, db: Path) -> None:
        with Register.open(db) as register:
            kept = register.keep("bridges", raw_mail(9), None, received_at=on(9), fetched_at=on(9))
            register.record(kept.id, reading(questions=("Where is the door?", "Do we need a visa?")), at=on(9))
        run("answer", "1", "--alike", "--by", "Ines")

        assert [one["text"] for one in lines(run("questions", "--json"))] == ["Do we need a visa?"]

    def test_other_acts(self, run, tmp_path: Path) -> None:
        run("reject", "2", "--by", "Ines", "--as", "acknowledgement")
        run("count", "2", "--by", "Ines")
        run("assign", "desk@permrep.example", "AT", "--by", "Ines")
        run("merge", "AT", "A. Bergerova", "Anna Berger", "--by", "Ines")
        run("correct", "1", "--drop", "Anna Berger", "--question", "Where?", "--by", "Ines")
        run("cases", "--output", str(tmp_path / "cases"))

        assert len((tmp_path / "cases" / "expected.jsonl").read_text("utf-8").splitlines()) == 1
        assert [one["act"] for one in lines(run("decisions", "--json"))] == [
            "correct",
            "merge",
            "assign",
            "count",
            "reject",
        ]

    @pytest.mark.parametrize(
        "words",
        [
            ("accept", "99"),
            ("correct", "1", "--person", "Anna Berger", "minister", "31", "yes"),
            ("correct", "1", "--person", "Anna Berger", "king", "both", "yes"),
            ("correct", "1", "--delegation", "XX"),
            ("correct", "1", "--drop", "Nobody"),
            ("enter", "XX", "--person", "A", "minister", "both", "yes"),
            ("enter", "AT"),
            ("assign", "no-address", "AT"),
            ("answer", "99"),
            ("take-back", "99"),
            ("count", "99"),
            ("erase", "x"),
            ("enter", "AT", "--person", " ", "minister", "both", "yes"),
            ("correct", "1", "--person", "—", "minister", "both", "yes"),
            ("accept", "99999999999999999999"),
            ("accept", "1", "--by", " "),
            ("merge", "XX", "A B", "C D"),
            ("move", "1", "nowhere"),
            ("messages", "99"),
            ("messages", "99999999999999999999"),
            ("messages", "--delegation", "at"),
            ("messages", "--limit", "-1"),
            ("questions", "--delegation", "XX"),
            ("decisions", "--delegation", "XX"),
            ("decisions", "--message", "99"),
            ("board", "--as-recorded"),
            ("board", "--diff", "2024-03-20", "2024-03-10"),
            ("board", "--diff", "2024-03-10", "2024-03-20", "--as-of", "2024-03-20"),
            ("erase", "Anna Berger", "--event", "nowhere"),
            ("purge", "--days", "-1"),
        ],
    )
    def test_what_cannot_be_is_refused_with_exit_code_2(self, run, words: tuple[str, ...]) -> None:
        run(*words, code=2)

        assert run("decisions", "--json").stdout == ""


class TestLists:
    def test_the_reconciling_line(self, run) -> None:
        *_, line = lines(run("not-counted", "--json"))

        assert line["messages"] == 4 == sum(n for key, n in line.items() if key not in ("messages", "undeliverable"))
        assert run("not-counted").stdout.splitlines()[-1].startswith("4 messages = 0 waiting + 2 answer + 1 question")

    def test_search(self, run) -> None:
        assert [row["id"] for row in lines(run("search", "berger", "--json"))] == [2, 1]

    def test_every_list_has_a_form_for_people(self, run) -> None:
        for words in (["tray"], ["messages"], ["messages", "1"], ["not-counted"], ["questions"], ["search", "text"]):
            assert run(*words).stdout.strip()


class TestExport:
    @pytest.mark.parametrize("what", ["board", "statements", "questions", "messages"])
    def test_csv_opens_in_a_spreadsheet_and_runs_nothing(self, run, what: str) -> None:
        written = run("export", what, "--format", "csv").stdout_bytes

        assert written.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
        assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
        if what == "statements":
            assert any(cell == "'" + FORMULA for row in rows for cell in row)

    def test_json_and_the_form_by_the_name_of_the_file(self, run, tmp_path: Path) -> None:
        run("export", "board", "--output", str(tmp_path / "board.json"))

        rows = json.loads((tmp_path / "board.json").read_text("utf-8"))
        assert (rows[0]["delegation"], rows[0]["2024-04-29 attendance"]) == ("AT", "yes")

    def test_a_semicolon(self, run) -> None:
        assert run("export", "board", "--delimiter", ";").stdout.splitlines()[0].count(";") > 10
        run("export", "board", "--delimiter", ";;", code=2)


class TestKeeping:
    def test_a_dry_run_comes_first(self, run) -> None:
        shown = json.loads(run("erase", "Anna Berger").stdout)
        assert (shown["erased"], shown["statements"]) == (False, 3)
        assert lines(run("search", "berger", "--json"))

        receipt = run("erase", "Anna Berger", "--yes").stdout
        assert json.loads(receipt)["clean"] is True
        assert "Anna" not in receipt
        assert run("search", "berger", "--json").stdout == ""

    def test_purge(self, run) -> None:
        assert "2024-05-02" in run("purge", "--days", "1", "--today", "2024-06-01").stdout
        assert run("purge", "--days", "90", "--today", "2024-06-01").stdout == ""
        assert run("purge", "--days", "1", "--today", "2024-06-01", "--yes").stdout == "bridges: 4 messages deleted\n"
        run("board", code=2)

    def test_backup_and_restore(self, run, tmp_path: Path) -> None:
        run("backup", str(tmp_path / "copy.db"))
        run("reject", "1", "--by", "Ines")
        run("restore", str(tmp_path / "copy.db"), code=2)
        run("restore", str(tmp_path / "copy.db"), "--yes")

        assert run("decisions", "--json").stdout == ""
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []

    def test_check_looks_at_every_page_and_every_row(self, run, db: Path) -> None:
        assert "every page looked at" in run("check", "--offline").stdout
        with closing(sqlite3.connect(db, isolation_level=None)) as other:
            other.execute("DELETE FROM raw WHERE message = 2")

        result = run("check", "--offline", code=2)
        assert "message 2 has no bytes" in result.stderr
        assert "intake restore" in result.stderr

    def test_datasette(self, run, tmp_path: Path) -> None:
        run("datasette", "--output", str(tmp_path / "metadata.json"))

        assert "register" in json.loads((tmp_path / "metadata.json").read_text("utf-8"))["databases"]


ON_A_REGISTER = [
    ("board",), ("export",), ("tray",), ("messages",), ("not-counted",), ("questions",), ("search", "x"),
    ("decisions",), ("reread",), ("accept", "1"), ("reject", "1"), ("correct", "1", "--no-question"), ("count", "1"),
    ("enter", "AT", "--person", "A B", "minister", "both", "yes"), ("move", "1", "x"), ("assign", "a@b.example", "AT"),
    ("merge", "AT", "A B", "C D"), ("answer", "1"), ("take-back", "1"), ("cases", "--output", "{}/cases"), ("purge",),
    ("erase", "a@b.example"), ("backup", "{}/copy.db"), ("datasette", "--output", "{}/metadata.json"),
]  # fmt: skip
"""Every command that needs a register which is there already."""


def unusable(fault: str, db: Path, directory: Path) -> Path:
    path = directory / "unusable.db"
    if fault == "text":
        path.write_text("This is no database. " * 100, "utf-8")
    elif fault == "another program's":
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE theirs (x)")
    elif fault == "newer":
        path.write_bytes(db.read_bytes())
        with closing(sqlite3.connect(path)) as newer:
            columns = [row[1] for row in newer.execute("PRAGMA table_info(_sqlite_migrations)")]
            others = ", ".join(column for column in columns if column not in ("id", "name"))
            newer.execute(
                f"INSERT INTO _sqlite_migrations (name, {others}) SELECT 'of_tomorrow', {others}"
                " FROM _sqlite_migrations LIMIT 1"
            )
            newer.commit()
            newer.execute("PRAGMA journal_mode = DELETE")
    elif fault == "no folder":
        return directory / "nowhere" / "register.db"
    elif fault == "a folder":
        path.mkdir()
    return path


class TestErrors:
    @pytest.fixture
    def program(self, tmp_path: Path):
        def ask(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "intake.cli", *words], capture_output=True, text=True, timeout=60, cwd=tmp_path
            )

        return ask

    def test_every_command_is_in_the_help_with_an_example_of_its_own(self, program) -> None:
        shown = program("--help").stdout
        assert "Exit codes" in shown
        for name in cli.COMMANDS:
            assert f"\n  {name} " in shown

    @pytest.mark.parametrize("name", [name for name, (place, _) in cli.COMMANDS.items() if "commands_" in place])
    def test_each_command_explains_itself_by_an_example(self, name: str) -> None:
        shown = CliRunner().invoke(cli.intake, [name, "--help"]).output

        assert "Example: intake" in " ".join(shown.split())

    def test_help_imports_nothing_that_is_slow(self) -> None:
        slow = "('spacy', 'sqlite_utils', 'pydantic', 'aiohttp', 'imapclient', 'parsers')"
        asked = f"import sys, intake.cli; print([m for m in sys.modules if m.split('.')[0] in {slow}])"
        checked = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60)
        assert checked.stdout.strip() == "[]"

    def test_a_missing_register_and_a_missing_configuration(self, program, config: Path, tmp_path: Path) -> None:
        missing = program("board", "--config", str(config), "--db", str(tmp_path / "none.db"))
        assert (missing.returncode, missing.stdout) == (2, "")
        assert "there is no register here" in missing.stderr
        assert "Traceback" not in missing.stderr
        assert not (tmp_path / "none.db").exists()

        nowhere = program("board", "--config", str(tmp_path / "nowhere"))
        assert nowhere.returncode == 2
        assert "is not a directory" in nowhere.stderr
        assert "Traceback" not in nowhere.stderr

    @pytest.mark.parametrize("fault", ["missing", "text", "another program's", "newer", "no folder", "a folder"])
    @pytest.mark.parametrize("words", ON_A_REGISTER, ids=lambda words: words[0])
    def test_a_register_that_cannot_be_used_is_named_in_one_sentence(
        self, words: tuple[str, ...], fault: str, config: Path, db: Path, tmp_path: Path
    ) -> None:
        path = unusable(fault, db, tmp_path)
        before = path.read_bytes() if path.is_file() else None

        shown = CliRunner().invoke(
            cli.intake,
            [words[0], "--config", str(config), "--db", str(path), *(word.format(tmp_path) for word in words[1:])],
        )

        if isinstance(shown.exception, SystemExit):
            assert (shown.exit_code, fault) == (cli.WRONG, "a folder")
        else:
            assert shown.exception is not None
            assert cli.explain(shown.exception) == cli.WRONG  # type: ignore[arg-type]  # an Exception it is
            assert str(path) in str(shown.exception)
            assert "\n" not in str(shown.exception)
        assert shown.stdout == ""
        assert (path.read_bytes() if path.is_file() else None) == before

    @pytest.mark.parametrize(
        ("command", "option"),
        [("export", "--output"), ("datasette", "--output"), ("cases", "--output"), ("backup", "")],
    )
    def test_a_place_where_nothing_can_be_written_is_named(self, run, db: Path, command: str, option: str) -> None:
        place = str(db / "beneath-a-file" / "written")  # also for root, who may write everywhere else

        result = run(command, *([option, place] if option else [place]), code=2)

        assert "beneath-a-file" in result.output + str(result.exception)

    def test_a_locked_register_may_pass(self, config: Path, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("intake.register.file._WAIT_FOR_LOCK_MS", 50)
        with Register.open(db) as register, register.change():
            result = CliRunner().invoke(
                cli.intake, ["accept", "2", "--config", str(config), "--db", str(db), "--by", "Ines"]
            )
        assert result.exception is not None
        assert cli.explain(result.exception) == cli.MAY_PASS  # type: ignore[arg-type]  # an Exception it is

    def test_whoever_stops_reading_does_not_hurt(self, config: Path, db: Path) -> None:
        command = f"{sys.executable} -m intake.cli board --json --config {config} --db {db} | true"
        done = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60
        )

        assert "Traceback" not in done.stderr


class TestFiles:
    def test_every_kind_of_file_is_found_once(self, tmp_path: Path) -> None:
        from intake.message_files import found_in

        folder = tmp_path / "mails"
        (folder / "deeper").mkdir(parents=True)
        (folder / "b.eml").write_bytes(raw_mail(2))
        (folder / "a.eml").write_bytes(raw_mail(1))
        (folder / "note.txt").write_text("no mail")
        (folder / "deeper" / "c.EML").write_bytes(raw_mail(3))
        (folder / "box.mbox").write_bytes(
            b"From a Mon Mar  4 10:00:00 2024\n" + raw_mail(4, crlf=False) + b"\nFrom b Mon Mar  4 10:00:00 2024\n"
            + raw_mail(5, crlf=False) + b"\n"
        )  # fmt: skip
        for part in ("cur", "new", "tmp"):
            (folder / "maildir" / part).mkdir(parents=True)
        (folder / "maildir" / "cur" / "1:2,S").write_bytes(raw_mail(6))
        with zipfile.ZipFile(folder / "z.zip", "w") as archive:
            archive.writestr("in/d.eml", raw_mail(7))
            archive.writestr("in/readme.txt", "no mail")

        found = [message.raw for message in found_in([folder])]
        ids = [raw.split(b"Message-ID: <")[1].split(b"@")[0].decode() for raw in found]
        assert ids == ["1", "2", "4", "5", "3", "6", "7"]
        assert found[0] == raw_mail(1)

    @pytest.mark.parametrize(
        ("head", "arrived"),
        [
            (
                b"Received: from a by b; Mon, 4 Mar 2024 10:00:00 +0100\r\nDate: Sun, 3 Mar 2024 10:00:00 +0100\r\n",
                "2024-03-04",
            ),
            (b"Date: Sun, 3 Mar 2024 10:00:00 +0100\r\n", "2024-03-03"),
            (b"Date: never\r\n", "2024-02-20"),
            (b"Date: Sun, 3 Mar 2044 10:00:00 +0100\r\n", "2024-02-20"),
            (b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n", "2024-02-20"),
            (b"", "2024-02-20"),
        ],
    )
    def test_when_a_file_arrived(self, head: bytes, arrived: str) -> None:
        from intake.message_files import MessageFile

        message = MessageFile("a.eml", head + b"\r\ntext", on(-3).timestamp())
        assert message.arrived_at(on(60)).date().isoformat() == arrived

    def test_a_damaged_outlook_file_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        from intake.message_files import found_in

        (tmp_path / "a.msg").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)
        with pytest.raises(OSError, match=r"save it in Outlook as \.eml"):
            list(found_in([tmp_path / "a.msg"]))

    def test_a_broken_archive_is_named(self, tmp_path: Path) -> None:
        from intake.message_files import found_in

        (tmp_path / "z.zip").write_bytes(b"no archive")
        with pytest.raises(OSError, match="no zip archive"):
            list(found_in([tmp_path / "z.zip"]))


def test_a_read_message_has_the_fields_that_are_scored() -> None:
    from register_samples import CONFERENCE

    from intake.export.lines import reading_line

    made = reading(both("Anna Berger"), envelope=Envelope(from_address="desk@lnneres-at.example"))
    line = reading_line("a.eml", made, CONFERENCE)

    assert list(line)[:8] == ["file", "kinds", "neither", "delegation", "language", "people", "questions", "review"]
    assert line["people"] == [
        {"name": "Anna Berger", "role": MINISTER.value, "attendance": {MONDAY.isoformat(): "yes", "2024-04-30": "yes"}}
    ]
    assert "looks like" in line["review"][0]
