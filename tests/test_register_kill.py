"""The process is killed in the middle of an import, again and again: nothing is lost, nothing is there twice.

At every seventh statement that is sent to SQLite; and `intake import` at 200 random moments of its whole run.
"""

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from register_samples import CONFERENCE, MAYBE, NO, YES, both, on, raw_mail, reading, says
from test_commands_register import EVENT, LIST

from intake import cli, commands_reading
from intake.register import BoardRow, Location, Register
from intake.register.identity import message_id
from parsers.reading import Reading

MAILS = 12
FACTS = ("message", "raw", "entry", "reading", "statement", "question", "sighting", "search", "newest")


def made_of(number: int) -> Reading:
    said = both("Anna Berger", (YES, NO, MAYBE)[number % 3]) if number % 2 else says("Otto Kern", monday=YES)
    questions = ("Where is the door?",) if number % 4 == 0 else ()
    return reading(said, sent=on(number), questions=questions, message_id=f"{number}@test.example")


def import_everything(path: Path) -> None:
    """Keeps each mail with its place, then reads what waits: what an import and a worker's round have in common."""
    with Register.open(path) as register:
        register.enter(CONFERENCE, "bridges")
        known = register.known_uids("bridges", "box", "INBOX", 7)
        for number in range(1, MAILS + 1):
            if number not in known:
                where = Location("box", "INBOX", 7, number)
                register.keep("bridges", raw_mail(number), where, received_at=on(number), fetched_at=on(30))
        for number in register.unread("bridges"):
            mark = int(register.message(number).row.message_id.partition("@")[0])
            register.record(number, made_of(mark), at=on(30))


def in_child(act: Callable[[], None]) -> int:
    """Runs in a forked process; the number of the child, which ends without returning here."""
    child = os.fork()
    if child:
        return child
    try:
        act()
    finally:
        os._exit(0)


def contents(path: Path) -> tuple[list[BoardRow], dict[str, int], set[bytes]]:
    with Register.open(path) as register:
        assert register.faults() == []
        numbers = [row["id"] for row in register.rows("SELECT id FROM message ORDER BY id")]
        raws = [register.raw(number) for number in numbers]
        assert sorted(raws) == sorted(raw_mail(number) for number in range(1, MAILS + 1)), "lost or doubled"
        assert register.known_uids("bridges", "box", "INBOX", 7) == set(range(1, MAILS + 1))
        counted = {table: register.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in FACTS}
        return register.board(CONFERENCE, event="bridges"), counted, set(raws)


@pytest.fixture
def undisturbed(tmp_path: Path) -> tuple[list[BoardRow], dict[str, int], set[bytes]]:
    import_everything(tmp_path / "undisturbed.db")
    return contents(tmp_path / "undisturbed.db")


def test_killed_at_every_seventh_statement(
    tmp_path: Path, undisturbed: tuple[list[BoardRow], dict[str, int], set[bytes]]
) -> None:
    killed = 0
    for point in range(1, 100_000, 7):
        path = tmp_path / f"at-{point}.db"

        def until(point: int = point, path: Path = path) -> None:
            sent = 0
            real_open = Register.open.__func__  # type: ignore[attr-defined]  # a class method has one

            def opened(kind: type[Register], *values: object, **named: object) -> Register:
                register = real_open(kind, *values, **named)

                def count(_: str) -> None:
                    nonlocal sent
                    sent += 1
                    if sent == point:
                        os.kill(os.getpid(), signal.SIGKILL)

                register.connection.set_trace_callback(count)
                return register  # type: ignore[no-any-return]  # see above

            Register.open = classmethod(opened)  # type: ignore[method-assign]  # in the child only
            import_everything(path)

        _, status = os.waitpid(in_child(until), 0)
        if not os.WIFSIGNALED(status):
            break
        killed += 1
        import_everything(path)
        assert contents(path) == undisturbed, f"killed at statement {point}"
        path.unlink()
    assert killed > 30


ANSWERS = {"yes": YES, "no": NO, "maybe": MAYBE}


class ReaderByTheWord:
    """Stands for the reader's process, which takes seconds to start: the mail's text is the answer."""

    def __init__(self, *_: object) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def wait_warm(self) -> None:
        pass

    def read(self, raw: bytes, received_at: datetime) -> Reading:
        text = raw.decode().rpartition("\r\n\r\n")[2].strip()
        said = both("Anna Berger", ANSWERS[text])
        return reading(said, sent=received_at, message_id=message_id(raw), text=text, questions=("Where?",))


def import_files(directory: Path, path: Path) -> None:
    """`intake import`, all of it but the reader's machinery."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    commands_reading.ReaderProcess = ReaderByTheWord  # type: ignore[assignment, misc]  # in the child only
    words = ["import", "--config", str(directory / "config"), "--db", str(path), str(directory / "mails")]
    cli.intake.main(words, standalone_mode=False)


def stage(path: Path) -> str:
    """How far a killed import had come, looked up without opening the register as the program does."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            kept = file.execute("SELECT count(*) FROM message").fetchone()[0]
            read = file.execute("SELECT count(*) FROM entry").fetchone()[0]
    except sqlite3.OperationalError:
        return "before anything"
    return "before anything" if not kept else "keeping" if kept < MAILS else "reading" if read < MAILS else "done"


def imported(path: Path) -> tuple[list[BoardRow], list[int]]:
    with Register.open(path) as register:
        assert register.faults() == []
        assert register.counts("bridges").total == MAILS
        facts = [fact for fact in FACTS if fact != "sighting"]
        counted = [register.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in facts]
        return register.board(CONFERENCE, event="bridges"), counted


def test_an_import_killed_at_200_random_moments(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "mails").mkdir()
    (tmp_path / "config" / "conference.toml").write_text(EVENT, "utf-8")
    (tmp_path / "config" / "delegations.toml").write_text(LIST, "utf-8")
    for number in range(1, MAILS + 1):
        head = f"Date: {number} Mar 2024 09:00:00 +0100\r\n".encode()
        body = list(ANSWERS)[number % 3]
        (tmp_path / "mails" / f"{number}.eml").write_bytes(head + raw_mail(number, body=body))
    begin = time.monotonic()
    os.waitpid(in_child(lambda: import_files(tmp_path, tmp_path / "undisturbed.db")), 0)
    lasts = time.monotonic() - begin
    undisturbed = imported(tmp_path / "undisturbed.db")

    dice = random.Random(20240429)
    killed: Counter[str] = Counter()
    turn = 0
    while killed.total() < 200:
        turn += 1
        path = tmp_path / f"random-{turn}.db"
        finished = False
        while not finished:
            child = in_child(lambda path=path: import_files(tmp_path, path))  # type: ignore[misc]  # bound at once on purpose
            time.sleep(dice.uniform(0, lasts))  # the moment is what is random here
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            finished = not os.WIFSIGNALED(status)
            if not finished:
                killed[stage(path)] += 1
        assert imported(path) == undisturbed
        path.unlink()
    assert killed["keeping"] >= 5, killed
    assert killed["reading"] >= 5, killed
