"""No question to the register may look at every row: each query's plan is asked for and read."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from register_samples import CONFERENCE, MINISTER, MONDAY, NO, both, on, raw_mail, reading

from intake.register import Bucket, Location, Register, Source

SMALL = {"event", "d", "v", "standing", "told", "n"}
"""Tables with a row an event, the days of one row of the board, and what a part of the same query has found."""

NUMBER = 3
ANSWER = reading(both("Anna Berger"), questions=("Where is the door?",), message_id="x@test.example")
WHERE = Location("bridges@host.example", "INBOX", 7, 4)

USES: dict[str, Callable[[Register], object]] = {
    "keep": lambda register: register.keep("bridges", raw_mail("new"), WHERE, received_at=on(1), fetched_at=on(1)),
    "keep a copy": lambda register: register.keep("bridges", raw_mail(1), WHERE, received_at=on(0), fetched_at=on(1)),
    "record": lambda register: register.record(NUMBER, ANSWER, at=on(5)),
    "known uids": lambda register: register.known_uids("bridges", WHERE.account, "INBOX", 7),
    "unread": lambda register: register.unread("bridges"),
    "round": lambda register: register.note_round(
        "bridges", WHERE.account, "INBOX", at=on(1), ok=True, holds=1, words=""
    ),
    "rounds": lambda register: register.rounds("bridges"),
    "undeliverable": lambda register: register.undeliverable("bridges"),
    "board": lambda register: register.board(CONFERENCE, event="bridges"),
    "board as of": lambda register: register.board(CONFERENCE, event="bridges", as_of=on(2)),
    "message": lambda register: register.message(1),
    "messages": lambda register: register.messages("bridges"),
    "messages of a delegation": lambda register: register.messages("bridges", delegation="AT"),
    "messages before": lambda register: register.messages("bridges", before=on(3), limit=2),
    "messages under headings": lambda register: register.messages("bridges", buckets=[Bucket.BOUNCE, Bucket.UNRELATED]),
    "tray": lambda register: register.tray("bridges"),
    "counts": lambda register: register.counts("bridges"),
    "statements": lambda register: register.statements("bridges", delegation="AT"),
    "questions": lambda register: register.questions("bridges", state="open"),
    "search": lambda register: register.search("bridges", "text message"),
    "decisions": lambda register: register.decisions("bridges", delegation="AT"),
    "version": lambda register: register.version("bridges"),
    "accept": lambda register: register.accept(2, by="Ines", at=on(9)),
    "correct": lambda register: register.correct(1, people=[("A. B.", MINISTER, MONDAY, NO)], by="Ines", at=on(9)),
    "take back": lambda register: register.take_back(register.accept(1, by="I", at=on(9)), by="Ines", at=on(9)),
    "told": lambda register: register.note_told(
        "bridges", "AT", [("A. B.", MINISTER, MONDAY, NO)], source=Source.PHONE, said_at=on(1), by="I", at=on(9)
    ),
    "assign": lambda register: register.assign("bridges", "desk@inneres-at.example", "AT", by="Ines", at=on(9)),
    "answer": lambda register: register.answer(1, "answered", by="Ines", at=on(9)),
    "reply": lambda register: register.note_reply("bridges", ["x@test.example"], at=on(9)),
    "answered": lambda register: register.note_answered("bridges", WHERE, at=on(9)),
    "cases": lambda register: register.decided_messages("bridges"),
}


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        opened.enter(CONFERENCE, "bridges")
        for number in (1, 2):
            kept = opened.keep("bridges", raw_mail(number), None, received_at=on(number), fetched_at=on(number))
            opened.record(kept.id, reading(both("Anna Berger"), questions=("Where?",)), at=on(number))
        opened.keep("bridges", raw_mail(NUMBER), None, received_at=on(3), fetched_at=on(3))
        yield opened


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_every_query_finds_its_rows_by_an_index(register: Register, use: Callable[[Register], object]) -> None:
    asked: list[str] = []
    register.connection.set_trace_callback(asked.append)
    use(register)
    register.connection.set_trace_callback(None)

    plans = {}
    for sql in dict.fromkeys(asked):
        if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)\b", sql):
            plans[sql] = [row["detail"] for row in register.rows(f"EXPLAIN QUERY PLAN {sql}")]
    assert plans, "nothing was asked"
    scans = {
        sql: step
        for sql, steps in plans.items()
        for step in steps
        if (found := re.match(r"SCAN (\w+)", step)) and found[1] not in SMALL and "VIRTUAL TABLE INDEX" not in step
    }
    assert scans == {}
