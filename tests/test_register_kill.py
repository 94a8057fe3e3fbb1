"""The process is killed in the middle of an import, again and again: nothing is lost, nothing is there twice.

At every seventh statement that is sent to SQLite, and at 200 random moments.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from register_samples import CONFERENCE, MAYBE, NO, YES, both, on, raw_mail, reading, says

from intake.register import BoardRow, Location, Register
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


def test_killed_at_200_random_moments(
    tmp_path: Path, undisturbed: tuple[list[BoardRow], dict[str, int], set[bytes]]
) -> None:
    dice = random.Random(20240429)
    killed = turn = 0
    while killed < 200:
        turn += 1
        path = tmp_path / f"random-{turn}.db"
        finished = False
        while not finished:
            child = in_child(lambda path=path: import_everything(path))  # type: ignore[misc]  # bound at once on purpose
            time.sleep(dice.uniform(0, 0.03))  # the moment is what is random here
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            finished = not os.WIFSIGNALED(status)
            killed += not finished
        assert contents(path) == undisturbed
        path.unlink()
