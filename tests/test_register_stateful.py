"""Properties of the register under any history: order does not matter, nothing counts twice, everything replays."""

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from register_samples import CONFERENCE, LETTER, MONDAY, TUESDAY, both, on, raw_mail, reading

from intake.register import BoardRow, Register, RegisterError, Source
from intake.register.board import stand
from parsers.reading import Attendance, Automatic, Envelope, Evidence, Neither, Reading, Role, Statement

NAMES = ["Anna Berger", "BERGER Anna", "Otto Kern", "Ida Lang"]
OFFICES = ["inneres-at.example", "permrep.example", "lnneres-at.example"]

# Few moments, so that mails of one moment and of one to three days apart are common.
moments = st.sampled_from([LETTER + timedelta(hours=18 * step) for step in range(8)])
statements = st.lists(
    st.builds(
        lambda name, role, day, answer: Statement(name, role, day, answer, 0.9, (Evidence(0, 4, "Text", "test"),)),
        st.sampled_from(NAMES),
        st.sampled_from(Role),
        st.sampled_from([MONDAY, TUESDAY, TUESDAY + timedelta(days=1)]),
        st.sampled_from(Attendance),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: (one.name, one.day),
) | st.just([])
readings = st.builds(
    lambda said, delegation, sent, office, inner, questions, neither, corrects, review, automatic: replace(
        reading(
            tuple(said),
            delegation=delegation,
            sent=sent,
            office=office,
            questions=tuple(questions),
            neither=neither,
            corrects=corrects,
            review=("unsure",) if review else (),
            automatic=automatic,
        ),
        office=inner or office,
    ),
    statements,
    st.sampled_from(["AT", "AT", "AT", "AT", "CZ", "XX", None]),
    st.none() | st.none() | moments | st.just(datetime(1970, 1, 1, tzinfo=LETTER.tzinfo)),
    st.sampled_from(OFFICES),
    st.none() | st.none() | st.sampled_from(OFFICES),  # of a forward: the office of its inner author
    st.lists(st.sampled_from(["Where is the door?", "How many seats are there?"]), max_size=2, unique=True),
    st.sampled_from(list(Neither)),
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.none()
    | st.just(Automatic(failed=("old@inneres-at.example",)))
    | st.builds(lambda day: Automatic(returns=day), st.sampled_from([MONDAY, TUESDAY])),
)
person_days = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(Role), st.sampled_from([MONDAY, TUESDAY]), st.sampled_from(Attendance)
    ),
    min_size=1,
    max_size=3,
)


def seen(rows: list[BoardRow]) -> list[object]:
    """A board without the numbers that the register gave out."""
    return [
        (
            row.delegation,
            row.state,
            row.conflict,
            [
                (cell.attendance, cell.role, cell.name, cell.proposed, cell.conflict, cell.said_at)
                for cell in row.days.values()
            ],
            [(one.name, one.days) for one in row.companions],
            row.flags,
            row.open_questions,
            row.last_word and row.last_word.at,
            row.failed,
            row.away_until,
        )
        for row in rows
    ]


def without_questions(board: list[object]) -> list[object]:
    """Another reading may find other questions; which were open before is not kept."""
    return [row[:6] + row[7:] for row in board]  # type: ignore[index]  # they are the tuples of `seen`


def threaded(envelope: Envelope, number: int, refers_to: int) -> Envelope:
    """With a Message-ID, and a reference to another one, or to itself."""
    return replace(envelope, message_id=f"{number}@test.example", references=(f"{refers_to}@test.example",))


def filled(directory: str, name: str, mails: list[tuple[int, datetime, Reading]]) -> list[object]:
    with Register.open(Path(directory) / name) as register:
        register.enter(CONFERENCE, "bridges")
        for number, arrived, made in mails:
            kept = register.keep("bridges", raw_mail(number), None, received_at=arrived, fetched_at=on(30))
            register.record(kept.id, made, at=on(30))
        return seen(register.board(CONFERENCE))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_order_of_arrival_gives_the_same_board(data: st.DataObject) -> None:
    mails = [
        (number, arrived, replace(made, envelope=threaded(made.envelope, number, data.draw(st.integers(1, 7)))))
        for number, (arrived, made) in enumerate(
            data.draw(st.lists(st.tuples(moments, readings), min_size=2, max_size=7)), start=1
        )
    ]
    # Some mails are seen twice, at other times: through another folder, or imported again.
    again = [(number, arrived + timedelta(days=1), made) for number, arrived, made in mails if number % 2]
    shuffled = data.draw(st.permutations(mails + again) | st.just((again + mails)[::-1]))
    with tempfile.TemporaryDirectory() as directory:
        assert filled(directory, "one", mails) == filled(directory, "two", shuffled)


def test_two_mails_of_one_moment_give_the_same_board_in_either_order(tmp_path: Path) -> None:
    answers = [(number, on(1), reading(both("Anna Berger", list(Attendance)[number]))) for number in range(3)]
    boards = [
        filled(str(tmp_path), f"{place}.db", list(order)) for place, order in enumerate(itertools.permutations(answers))
    ]

    assert boards == [boards[0]] * 6


class History(RuleBasedStateMachine):
    """Mails come, people decide and undo, readers change: after every step the board is what its statements say."""

    numbers = Bundle("numbers")
    choices = Bundle("choices")

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.clock = on(30)
        self.mails: dict[int, tuple[int, datetime, Reading]] = {}
        self.past: list[tuple[datetime, list[object]]] = []

    @initialize()
    def open(self) -> None:
        self.register = Register.open(Path(self.directory.name) / "register.db")
        self.register.enter(CONFERENCE, "bridges")

    def teardown(self) -> None:
        """What was done later changed nothing of what stood before."""
        for moment, board in self.past:
            assert without_questions(seen(self.register.board(CONFERENCE, as_of=moment))) == without_questions(board)
        self.register.close()
        self.directory.cleanup()

    def tick(self) -> datetime:
        self.past.append((self.clock, seen(self.register.board(CONFERENCE))))
        self.clock += timedelta(minutes=1)
        return self.clock

    def attempt(self, act: Callable[..., int], *values: Any, **named: Any) -> Any:
        """A decision, or nothing where the register refuses it with a sentence."""
        before = [tuple(row) for row in self.register.rows("SELECT * FROM statement")]
        try:
            done = act(*values, by="Ines", at=self.tick(), **named)
        except RegisterError:
            assert [tuple(row) for row in self.register.rows("SELECT * FROM statement")] == before
            return multiple()
        assert [tuple(row) for row in self.register.rows("SELECT * FROM statement")][: len(before)] == before
        return done

    @rule(target=numbers, made=readings)
    def a_mail_comes(self, made: Reading) -> int:
        at = self.tick()
        mark = len(self.mails) + 1
        made = replace(made, envelope=threaded(made.envelope, mark, mark // 2))
        number = self.register.keep("bridges", raw_mail(mark), None, received_at=at, fetched_at=at).id
        self.register.record(number, made, at=at)
        self.mails[number] = (mark, at, made)
        return number

    @rule(number=numbers)
    def it_is_imported_again(self, number: int) -> None:
        mark, arrived, made = self.mails[number]
        before = self.register.board(CONFERENCE), self.register.version(), self.register.counts("bridges")
        kept = self.register.keep(
            "bridges", raw_mail(mark, crlf=False), None, received_at=arrived, fetched_at=self.clock
        )
        self.register.record(kept.id, made, at=self.clock)
        assert (kept.id, kept.new) == (number, False)
        assert (self.register.board(CONFERENCE), self.register.version(), self.register.counts("bridges")) == before

    @rule(number=numbers, made=readings)
    def another_reader_reads_it(self, number: int, made: Reading) -> None:
        mark, arrived, before = self.mails[number]
        made = replace(made, envelope=before.envelope)
        shown = self.register.reread("bridges", [(number, made)], at=self.tick(), adopt=False)
        adopted = self.register.reread("bridges", [(number, made)], at=self.clock, adopt=True)
        assert shown == adopted
        self.mails[number] = (mark, arrived, made)

    @rule(target=choices, number=numbers)
    def accepted(self, number: int) -> Any:
        return self.attempt(self.register.accept, number)

    @rule(target=choices, number=numbers, neither=st.sampled_from(list(Neither)))
    def rejected(self, number: int, neither: Neither) -> Any:
        return self.attempt(self.register.reject, number, neither=neither)

    @rule(target=choices, number=numbers, people=person_days, delegation=st.sampled_from(["AT", "CZ"]))
    def corrected(self, number: int, people: list[Any], delegation: str) -> Any:
        return self.attempt(self.register.correct, number, people=people, delegation=delegation)

    @rule(target=choices, people=person_days, said_at=moments, source=st.sampled_from([Source.PHONE, Source.STAFF]))
    def told(self, people: list[Any], said_at: datetime, source: Source) -> Any:
        return self.attempt(self.register.note_told, "bridges", "AT", people, source=source, said_at=said_at)

    @rule(target=choices, office=st.sampled_from(OFFICES), delegation=st.sampled_from(["AT", "CZ"]))
    def assigned(self, office: str, delegation: str) -> Any:
        return self.attempt(self.register.assign, "bridges", f"desk@{office}", delegation)

    @rule(target=choices, spelling=st.sampled_from(NAMES), name=st.sampled_from(NAMES))
    def merged(self, spelling: str, name: str) -> Any:
        return self.attempt(self.register.merge, "bridges", "AT", spelling, name)

    @rule(choice=choices)
    def taken_back(self, choice: int) -> None:
        self.attempt(self.register.take_back, choice)

    @invariant()
    def the_board_is_what_its_statements_say(self) -> None:
        assert self.register.board(CONFERENCE) == self.register.board(CONFERENCE, as_of=self.clock)

    @invariant()
    def what_the_board_leaves_out_does_not_matter(self) -> None:
        every_statement = (
            "SELECT e.delegation, e.id AS entry, s.id AS statement FROM entry e LEFT JOIN statement s ON s.entry = e.id"
            " WHERE e.event_id = ? AND e.delegation IS NOT NULL AND e.from_at IS NOT NULL AND e.until_at IS NULL"
        )
        words = self.register._words(every_statement, (1,))
        merged = self.register._spellings(1)
        for row in self.register.board(CONFERENCE):
            delegation = CONFERENCE.delegation(row.delegation)
            assert delegation is not None
            everything = stand(delegation, CONFERENCE, words.get(row.delegation, []), merged.get(row.delegation, {}))
            assert replace(everything, open_questions=row.open_questions) == row

    @invariant()
    def every_message_stands_under_one_heading(self) -> None:
        counts = self.register.counts("bridges")
        assert counts.total == len(self.mails) == sum(counts.by.values())

    @invariant()
    def one_entry_at_most_is_in_force_for_a_message(self) -> None:
        doubled = self.register.rows(
            "SELECT message FROM entry WHERE message IS NOT NULL AND from_at IS NOT NULL AND until_at IS NULL"
            " GROUP BY message HAVING count(*) > 1"
        )
        assert doubled == []


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
