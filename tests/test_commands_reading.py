"""`intake read`, `intake import` and `intake reread`, with a reader in this process that does what the mail says."""

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner, Result
from outlook_writer import outlook_file
from register_samples import NO, YES, both, raw_mail, reading
from test_commands_register import EVENT, LIST

from intake import cli
from intake.reading_process import ReaderDiedError, ReaderUnavailableError
from intake.register import Register
from parsers.conference import Conference
from parsers.reading import Reading

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How an Outlook file begins, and nothing of one."""


class ObedientReader:
    """Stands for the child process: reads `yes` and `no`, ends over `please die`, and may not start at all."""

    answers: ClassVar = {"yes": YES, "no": NO}
    available = True

    def __init__(self, conference: Conference, *_: object) -> None:
        self.conference = conference

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def wait_warm(self) -> None:
        if not self.available:
            raise ReaderUnavailableError("The reader does not start")

    def read(self, raw: bytes, received_at: datetime) -> Reading:
        text = raw.decode().rpartition("\r\n\r\n")[2].strip()
        identifier = raw.decode().partition("Message-ID: <")[2].partition(">")[0]
        if text == "please die":
            raise ReaderDiedError("The reader's process ended over this message")
        said = both("Anna Berger", self.answers[text]) if text in self.answers else ()
        return reading(said, sent=received_at, message_id=identifier, text=text)


@pytest.fixture(autouse=True)
def _obedient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("commands_reading", "commands_reread"):
        monkeypatch.setattr(f"intake.{module}.ReaderProcess", ObedientReader)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    directory = tmp_path / "config"
    directory.mkdir()
    (directory / "conference.toml").write_text(EVENT, "utf-8")
    (directory / "delegations.toml").write_text(LIST, "utf-8")
    return directory


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    """Five answers, each an hour after the other, the last one no; one that ends the reader."""
    directory = tmp_path / "mails"
    directory.mkdir()
    for number, text in enumerate(("yes", "yes", "no", "please die", "yes", "no"), start=1):
        head = f"Date: Mon, 4 Mar 2024 {9 + number}:00:00 +0100\r\n".encode()
        (directory / f"{number}.eml").write_bytes(head + raw_mail(number, body=text))
    return directory


@pytest.fixture
def run(config: Path, tmp_path: Path) -> Iterator[object]:
    def ask(command: str, *rest: str) -> Result:
        db = [] if command == "read" else ["--db", str(tmp_path / "register.db")]
        result = CliRunner().invoke(cli.intake, [command, "--config", str(config), *db, *rest])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            result.exit_code = cli.explain(result.exception)  # type: ignore[arg-type]  # as the console script does
        return result

    return ask  # type: ignore[return-value]  # pytest hands it on as it is


def austria(run) -> dict[str, object]:
    return json.loads(run("board", "--json").stdout.splitlines()[0])


class TestRead:
    def test_one_line_a_file_in_the_order_given_and_no_register(self, run, mails: Path, tmp_path: Path) -> None:
        files = [str(mails / f"{number}.eml") for number in (3, 1, 4)]
        result = run("read", *files)

        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert [line["file"] for line in lines] == files
        assert [line["kinds"] for line in lines] == [["availability"], ["availability"], []]
        assert lines[2]["review"] == ["The reader's process ended over this message"]
        assert result.exit_code == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "mails"]

    def test_a_missing_file_stops_it_before_anything_is_printed(self, run, mails: Path) -> None:
        result = run("read", str(mails / "1.eml"), str(mails / "none.eml"))

        assert (result.exit_code, result.stdout) == (2, "")
        assert "none.eml" in result.stderr

    def test_a_broken_outlook_file_has_its_line_and_a_good_one_is_read(self, run, mails: Path) -> None:
        (mails / "a.msg").write_bytes(OLE)
        head = "From: a@b.example\r\nMessage-ID: <7@test.example>\r\n"
        (mails / "b.msg").write_bytes(outlook_file({0x001A: "IPM.Note", 0x1000: "x", 0x007D: head}))
        result = run("read", str(mails / "a.msg"), str(mails / "b.msg"))

        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert "Outlook" in lines[0]["review"][0]
        assert lines[1]["review"] == []

    def test_a_reader_that_does_not_start_is_no_reading(
        self, run, mails: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ObedientReader, "available", False)
        result = run("read", str(mails / "1.eml"))

        assert (result.exit_code, result.stdout) == (2, "")


class TestImport:
    def test_files_and_folders_in_any_order_twice(self, run, mails: Path) -> None:
        assert run("import", str(mails / "6.eml"), str(mails)).exit_code == 0
        first = austria(run)
        again = run("import", str(mails))

        assert "0 new, 6 known already" in again.stderr
        assert "1 cannot be read" in again.stderr
        assert austria(run) == first
        assert first["days"]["2024-04-29"]["attendance"] == "no"
        assert run("tray").stdout.count("ended over this message") == 1

    def test_what_cannot_be_read_is_named_and_holds_up_no_other(self, run, mails: Path) -> None:
        with zipfile.ZipFile(mails / "0.zip", "w") as archive:
            archive.writestr("a/one.eml", raw_mail(91, body="yes"))
            archive.writestr("a/broken.msg", OLE)
            archive.writestr("b/within.zip", b"PK")
            box = b"".join(b"From x Mon Mar  4 09:00:00 2024\n" + raw_mail(one, body="yes") + b"\n" for one in (92, 93))
            archive.writestr("c/box.mbox", box)
        (mails / "00.zip").write_bytes(b"PK\x03\x04 no zip")
        (mails / "000.msg").write_bytes(OLE)
        result = run("import", str(mails))

        assert result.exit_code == 2
        assert "9 new, 0 known already" in result.stderr
        told = [line for line in result.stderr.splitlines() if line.startswith("Not taken:")]
        assert [line.split(": ")[1].rpartition("/")[2] for line in told] == [
            "broken.msg", "within.zip", "00.zip", "000.msg",
        ]  # fmt: skip
        (mails / "000.msg").unlink()
        (mails / "00.zip").unlink()
        (mails / "0.zip").unlink()
        assert run("import", str(mails)).exit_code == 0

    def test_it_goes_on_where_it_was_stopped(self, run, mails: Path, tmp_path: Path) -> None:
        with Register.open(tmp_path / "register.db") as register:
            raw = (mails / "1.eml").read_bytes()
            moment = datetime.fromisoformat("2024-03-04T10:00:00+01:00")
            register.keep("bridges", raw, None, received_at=moment, fetched_at=moment)
        result = run("import", str(mails))

        assert "5 new, 1 known already" in result.stderr
        assert "6 read" in result.stderr

    def test_where_the_reader_does_not_start_everything_waits(
        self, run, mails: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ObedientReader, "available", False)
        assert run("import", str(mails)).exit_code == 2
        assert "6 waiting" in run("not-counted").stdout

        monkeypatch.setattr(ObedientReader, "available", True)
        run("import", str(mails))
        assert austria(run)["state"] == "answered"

    def test_a_message_goes_to_the_event_that_it_names(self, run, mails: Path, tmp_path: Path) -> None:
        other = tmp_path / "tunnels"
        other.mkdir()
        (other / "conference.toml").write_text(
            EVENT.replace("Bridges", "Tunnels").replace("bridges", "tunnels").replace("2024-04", "2024-05"), "utf-8"
        )
        (other / "delegations.toml").write_text(LIST, "utf-8")
        (mails / "7.eml").write_bytes(b"To: tunnels@host.example\r\n" + raw_mail(7, body="yes"))
        result = run("import", "--also", str(other), str(mails))

        assert "bridges: 6 read" in result.stderr
        assert "tunnels: 1 read" in result.stderr


class TestReread:
    def test_it_shows_then_adopts(self, run, mails: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run("import", str(mails))
        monkeypatch.setattr(ObedientReader, "answers", {"yes": NO, "no": YES})
        shown = run("reread", "--json")

        assert [json.loads(line)["after"]["attendance"] for line in shown.stdout.splitlines()] == ["yes", "yes"]
        assert "5 of 6 messages read differently, 2 changes on the board. Nothing was changed" in shown.stderr
        assert austria(run)["days"]["2024-04-29"]["attendance"] == "no"

        adopted = run("reread", "--adopt")
        assert (
            adopted.stdout.splitlines()[0] == "AT 29.04.2024: no Anna Berger (minister) -> yes Anna Berger (minister)"
        )
        assert austria(run)["days"]["2024-04-29"]["attendance"] == "yes"
        assert "0 of 6" in run("reread").stderr

    def test_what_could_not_be_read_is_tried_again(self, run, mails: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run("import", str(mails))
        read_before = ObedientReader.read
        monkeypatch.setattr(
            ObedientReader, "read", lambda self, raw, at: read_before(self, raw.replace(b"please die", b"yes"), at)
        )
        run("reread", "--adopt")

        assert run("tray", "--json").stdout == ""

    def test_the_mark_of_the_junk_folder_stays(self, run, mails: Path, tmp_path: Path) -> None:
        from intake.process import IN_JUNK

        run("import", str(mails / "1.eml"))
        with Register.open(tmp_path / "register.db") as register:
            before = register.reading(1)
            assert before is not None
            marked = Reading(**{name: getattr(before, name) for name in before.__slots__} | {"review": (IN_JUNK,)})
            register.record(1, marked, at=datetime.fromisoformat("2024-03-05T10:00+00:00"))

        assert "0 of 1" in run("reread", "--adopt").stderr
