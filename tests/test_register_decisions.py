"""What staff decide: it outranks, it is logged, it is undone, and two people do not overwrite each other unseen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from register_samples import CONFERENCE, DEPUTY, MINISTER, MONDAY, NO, TUESDAY, YES, both, on, raw_mail, reading, says

from intake.export.cases import write_cases
from intake.register import Bucket, Location, Register, RegisterError, Source, StaleError
from parsers.reading import Neither, Reading

ANNA = "Anna Berger"


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        opened.enter(CONFERENCE, "bridges")
        yield opened


def record(register: Register, number: int, made: Reading, where: Location | None = None) -> int:
    kept = register.keep("bridges", raw_mail(number), where, received_at=on(number), fetched_at=on(number))
    register.record(kept.id, made, at=on(number))
    return kept.id


def monday(register: Register, day: int | None = None) -> object:
    row = register.board(CONFERENCE, as_of=None if day is None else on(day, hour=23))[0]
    return row.days[MONDAY].attendance


class TestReview:
    def test_what_is_in_review_is_proposed_until_it_is_accepted(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA), review=("the sentence may be about another meeting",)))
        assert register.board(CONFERENCE)[0].days[MONDAY].proposed
        assert [row.why for row in register.tray("bridges")] == ["the sentence may be about another meeting"]

        register.accept(number, by="Ines", at=on(2))

        assert not register.board(CONFERENCE)[0].days[MONDAY].proposed
        assert register.board(CONFERENCE, as_of=on(1, hour=23))[0].days[MONDAY].proposed
        assert register.tray("bridges") == []
        assert register.message(number).row.bucket is Bucket.ANSWER

    def test_a_rejected_message_says_nothing(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA), questions=("Where is the door?",), review=("unsure",)))
        register.reject(number, neither=Neither.UNRELATED, by="Ines", at=on(2))

        assert register.board(CONFERENCE)[0].state == "no_answer"
        assert register.questions("bridges") == []
        assert register.message(number).row.bucket is Bucket.UNRELATED

    def test_a_correction_outranks_the_reading_of_its_message_and_no_later_message(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        register.correct(number, people=[(ANNA, MINISTER, MONDAY, NO)], by="Ines", at=on(5))
        assert (monday(register), monday(register, 3)) == (NO, YES)
        record(register, 2, reading(both(ANNA)))

        assert monday(register) == YES

    def test_a_correction_keeps_the_evidence_of_what_it_leaves(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        register.correct(
            number, people=[(ANNA, MINISTER, MONDAY, YES), (ANNA, MINISTER, TUESDAY, NO)], by="I", at=on(2)
        )

        kept, changed = register.message(number).reading.statements  # type: ignore[union-attr]  # it was just read
        assert (kept.evidence[0].rule, changed.evidence[0].rule) == ("test", "a person")

    def test_a_quarantined_message_can_be_read_by_a_person(self, register: Register) -> None:
        kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))
        register.quarantine(kept.id, at=on(1), why="too long")
        decision = register.correct(kept.id, delegation="AT", people=[(ANNA, MINISTER, MONDAY, YES)], by="I", at=on(2))
        assert (monday(register), monday(register, 1)) == (YES, None)

        register.take_back(decision, by="Ines", at=on(3))
        assert monday(register) is None
        assert register.message(kept.id).row.bucket is Bucket.QUARANTINED

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"delegation": "XX"}, "XX is not on the list"),
            ({"people": [(ANNA, MINISTER, MONDAY.replace(year=2025), YES)]}, "2025-04-29 is no day of the event"),
            ({"delegation": None}, "Nothing tells whose delegation"),
            ({"people": [(ANNA, MINISTER, MONDAY, YES), ("BERGER Anna", DEPUTY, MONDAY, NO)]}, "named twice"),
        ],
    )
    def test_nonsense_is_refused_and_changes_nothing(
        self, register: Register, changes: dict[str, object], words: str
    ) -> None:
        number = record(register, 1, reading(both(ANNA)))
        with pytest.raises(RegisterError, match=words):
            register.correct(number, by="Ines", at=on(2), **changes)  # type: ignore[arg-type]  # wrong on purpose

        assert register.decisions("bridges") == []
        assert monday(register) == YES

    def test_a_decision_needs_a_name(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        with pytest.raises(RegisterError, match="needs a name"):
            register.accept(number, by=" ", at=on(2))

    def test_what_was_not_counted_is_counted_with_one_act(self, register: Register) -> None:
        number = record(register, 1, reading(neither=Neither.AUTO_REPLY))
        assert [row.id for row in register.not_counted("bridges")] == [number]

        register.count(number, by="Ines", at=on(2))

        assert register.not_counted("bridges") == []
        assert [(row.id, row.why) for row in register.tray("bridges")] == [(number, "Ines says that this counts")]


class TestTold:
    def test_a_call_counts_when_it_was_made(self, register: Register) -> None:
        record(register, 1, reading(both(ANNA)))
        record(register, 9, reading(says(ANNA, tuesday=NO)))
        register.note_told(
            "bridges", "AT", [(ANNA, MINISTER, day, NO) for day in (MONDAY, TUESDAY)], source=Source.PHONE,
            said_at=on(5), by="Ines", at=on(10),
        )  # fmt: skip

        row = register.board(CONFERENCE)[0]
        assert [cell.attendance for cell in row.days.values()] == [NO, NO]
        assert row.days[TUESDAY].message_id is not None, "the mail of the ninth day is later than the call"
        assert row.days[MONDAY].message_id is None
        assert monday(register, 9) == YES, "nobody knew of the call before it was entered"

    def test_staff_decide_a_conflict(self, register: Register) -> None:
        record(register, 1, reading(both(ANNA)))
        record(register, 2, reading(both(ANNA, NO), office="permrep.example"))
        assert register.board(CONFERENCE)[0].conflict

        decision = register.note_told(
            "bridges", "AT", [(ANNA, MINISTER, day, YES) for day in (MONDAY, TUESDAY)], source=Source.STAFF,
            said_at=on(3), by="Ines", at=on(3), why="the cabinet confirmed by phone",
        )  # fmt: skip
        assert (register.board(CONFERENCE)[0].conflict, monday(register)) == (False, YES)

        register.take_back(decision, by="Ines", at=on(4))
        assert (register.board(CONFERENCE)[0].conflict, monday(register)) == (True, NO)
        assert register.board(CONFERENCE, as_of=on(3, hour=23))[0].conflict is False

    def test_spellings_are_merged_and_parted_again(self, register: Register) -> None:
        record(register, 1, reading(both(ANNA, NO), both("Ottokar Kern", YES, DEPUTY)))
        record(register, 2, reading(both("Otto Kern", NO, DEPUTY)))
        assert monday(register) == YES

        decision = register.merge("bridges", "AT", "Ottokar Kern", "Otto Kern", by="Ines", at=on(3))
        assert monday(register) == NO
        register.take_back(decision, by="Ines", at=on(4))
        assert monday(register) == YES

    def test_a_note_changes_nothing_and_is_kept(self, register: Register) -> None:
        before = register.board(CONFERENCE)
        register.note("bridges", "AT", "The cabinet moves house in March.", by="Ines", at=on(1))

        assert register.board(CONFERENCE) == before
        assert [(one.act, one.why) for one in register.decisions("bridges", delegation="AT")] == [
            ("note", "The cabinet moves house in March.")
        ]


class TestLog:
    def test_it_says_who_when_before_after_and_why(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        register.correct(number, people=[(ANNA, MINISTER, MONDAY, NO)], by="Ines", at=on(5), why="she phoned")

        (one,) = register.message(number).decisions
        assert (one.by, one.at, one.act, one.why) == ("Ines", on(5), "correct", "she phoned")
        assert one.before["people"][0]["attendance"] == {"2024-04-29": "yes", "2024-04-30": "yes"}  # type: ignore[index]
        assert one.after["people"][0]["attendance"] == {"2024-04-29": "no"}  # type: ignore[index]  # it is a mapping

    def test_taking_back_brings_what_stood_before_and_stays_in_the_log(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        first = register.correct(number, people=[(ANNA, MINISTER, MONDAY, NO)], by="Ines", at=on(5))
        second = register.correct(number, people=[(ANNA, MINISTER, TUESDAY, NO)], by="Otto", at=on(6))
        register.take_back(second, by="Otto", at=on(7))
        assert monday(register) == NO
        register.take_back(first, by="Ines", at=on(8))
        assert monday(register) == YES

        assert [(one.act, one.taken_back) for one in register.decisions("bridges")] == [
            ("take back", False),
            ("take back", False),
            ("correct", True),
            ("correct", True),
        ]
        assert [monday(register, day) for day in (4, 5, 6, 7, 8)] == [YES, NO, None, NO, YES]

    def test_an_earlier_decision_taken_back_leaves_the_later_one(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        first = register.correct(number, people=[(ANNA, MINISTER, MONDAY, NO)], by="Ines", at=on(5))
        register.correct(number, people=[(ANNA, MINISTER, TUESDAY, NO)], by="Otto", at=on(6))
        register.take_back(first, by="Ines", at=on(7))

        assert register.board(CONFERENCE)[0].days[TUESDAY].attendance == NO

    def test_nothing_is_taken_back_twice(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        decision = register.accept(number, by="Ines", at=on(2))
        undo = register.take_back(decision, by="Ines", at=on(3))

        with pytest.raises(RegisterError, match="taken back already"):
            register.take_back(decision, by="Ines", at=on(4))
        with pytest.raises(RegisterError, match="decide anew"):
            register.take_back(undo, by="Ines", at=on(4))

    def test_statements_are_never_changed(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        before = [tuple(row) for row in register.rows("SELECT * FROM statement ORDER BY id")]
        decision = register.correct(number, people=[(ANNA, MINISTER, MONDAY, NO)], by="Ines", at=on(5))
        register.take_back(decision, by="Ines", at=on(6))
        register.record(number, reading(both(ANNA, NO)), at=on(7))

        after = [tuple(row) for row in register.rows("SELECT * FROM statement ORDER BY id")]
        assert after[: len(before)] == before


class TestTwoPeople:
    def test_a_double_click_decides_once(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA), review=("unsure",)))
        first = register.accept(number, by="Ines", at=on(2), token="form-1")
        second = register.accept(number, by="Ines", at=on(2), token="form-1")

        assert first == second
        assert len(register.decisions("bridges")) == 1

    def test_a_stale_form_about_a_message_is_refused(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA), review=("unsure",)))
        seen = register.mark_of_message(number)
        register.accept(number, by="Ines", at=on(2), seen=seen)

        with pytest.raises(StaleError):
            register.reject(number, by="Otto", at=on(2), seen=seen)
        assert monday(register) == YES

    def test_a_stale_form_about_a_delegation_is_refused(self, register: Register) -> None:
        seen = register.mark_of_delegation("bridges", "AT")
        told = {"source": Source.PHONE, "said_at": on(2), "at": on(2), "seen": seen}
        register.note_told("bridges", "AT", [(ANNA, MINISTER, MONDAY, YES)], by="Ines", **told)  # type: ignore[arg-type]

        with pytest.raises(StaleError):
            register.note_told("bridges", "AT", [(ANNA, MINISTER, MONDAY, NO)], by="Otto", **told)  # type: ignore[arg-type]
        register.note_told("bridges", "CZ", [(ANNA, MINISTER, MONDAY, NO)], by="Otto", **told)  # type: ignore[arg-type]


class TestQuestions:
    DOOR, BADGE = "Where is the door for cars?", "Until when can badges be asked for?"

    def test_each_has_its_state_and_who_closed_it(self, register: Register) -> None:
        record(register, 1, reading(questions=(self.DOOR, self.BADGE)))
        door, badge = register.questions("bridges")
        register.answer(door.id, "answered", by="Ines", at=on(2), why="in the note")
        register.answer(badge.id, "open", by="Ines", at=on(2), assigned_to="Otto")

        door, badge = register.questions("bridges")
        assert (door.state, door.state_by, door.state_at, door.how) == ("answered", "Ines", on(2), "in the note")
        assert (badge.state, badge.assigned_to) == ("open", "Otto")
        assert register.board(CONFERENCE)[0].open_questions == 1
        assert [one.id for one in register.questions("bridges", state="open")] == [badge.id]

    def test_a_closed_question_is_opened_by_taking_back(self, register: Register) -> None:
        record(register, 1, reading(questions=(self.DOOR,)))
        decision = register.answer(1, "dropped", by="Ines", at=on(2))
        register.take_back(decision, by="Ines", at=on(3))

        assert [(one.state, one.state_by) for one in register.questions("bridges")] == [("open", "")]

    def test_alike_questions_of_several_delegations_lie_together(self, register: Register) -> None:
        record(register, 1, reading(questions=(self.DOOR,)))
        record(register, 2, reading(questions=("Could you tell us where the door for cars is?",), delegation="CZ"))
        record(register, 3, reading(questions=(self.BADGE,), delegation="IE"))

        assert [one.group for one in register.questions("bridges")] == [1, 1, 3]

    def test_the_state_survives_another_reading(self, register: Register) -> None:
        number = record(register, 1, reading(questions=(self.DOOR, self.BADGE)))
        register.answer(1, "answered", by="Ines", at=on(2))
        register.record(number, reading(questions=(self.DOOR,)), at=on(3))

        assert [(one.text, one.state) for one in register.questions("bridges")] == [(self.DOOR, "answered")]

    @pytest.mark.parametrize("first", ["reply", "question"])
    def test_a_reply_in_the_sent_folder_answers(self, register: Register, first: str) -> None:
        if first == "reply":
            register.note_reply("bridges", ["<1@test.example>"], at=on(3), by="Otto")
        record(register, 1, reading(questions=(self.DOOR,), message_id="1@test.example", sent=on(1)))
        if first == "question":
            assert register.note_reply("bridges", ["1@test.example", "x@y"], at=on(3), by="Otto") == 1

        (one,) = register.questions("bridges")
        assert (one.state, one.state_at, one.state_by) == ("answered", on(3), "Otto")
        assert "Sent" in one.how

    def test_a_reply_written_before_the_question_answers_nothing(self, register: Register) -> None:
        record(register, 5, reading(questions=(self.DOOR,), sent=on(5)))

        assert register.note_reply("bridges", ["5@test.example"], at=on(3)) == 0
        assert register.questions("bridges")[0].state == "open"

    @pytest.mark.parametrize("first", ["flag", "reading"])
    def test_the_answered_flag_answers(self, register: Register, first: str) -> None:
        where = Location("bridges@host.example", "INBOX", 7, 1)
        kept = register.keep("bridges", raw_mail(1), where, received_at=on(1), fetched_at=on(1))
        if first == "flag":
            register.note_answered("bridges", where, at=on(2))
        register.record(kept.id, reading(questions=(self.DOOR,), sent=on(1)), at=on(1))
        if first == "reading":
            assert register.note_answered("bridges", where, at=on(2)) == 1

        assert [one.state for one in register.questions("bridges")] == ["answered"]

    def test_a_question_that_a_person_reopened_is_left_alone(self, register: Register) -> None:
        record(register, 1, reading(questions=(self.DOOR,), sent=on(1)))
        register.note_reply("bridges", ["1@test.example"], at=on(2))
        register.answer(1, "open", by="Ines", at=on(3))
        register.note_reply("bridges", ["1@test.example"], at=on(4))

        assert register.questions("bridges")[0].state == "open"


class TestRereading:
    def test_it_shows_the_board_cell_by_cell_and_changes_nothing(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        before, version = register.board(CONFERENCE), register.version()
        outcome = register.reread("bridges", [(number, reading(says(ANNA, monday=NO)))], at=on(9), adopt=False)

        assert outcome.messages == 1
        assert [(one.delegation, one.day, one.before.attendance, one.after.attendance) for one in outcome.changes] == [  # type: ignore[union-attr]
            ("AT", MONDAY, YES, NO),
            ("AT", TUESDAY, YES, None),
        ]
        assert (register.board(CONFERENCE), register.version()) == (before, version)

    def test_adopted_it_counts_from_then_on(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        register.reread("bridges", [(number, reading(both(ANNA, NO)))], at=on(9), adopt=True)

        assert [monday(register, 8), monday(register)] == [YES, NO]
        assert not register.reads_differently(number, reading(both(ANNA, NO)))

    def test_what_people_decided_stays_and_is_taken_back_to_the_newest_reading(self, register: Register) -> None:
        number = record(register, 1, reading(both(ANNA)))
        decision = register.correct(number, people=[(ANNA, MINISTER, MONDAY, YES)], by="Ines", at=on(5))
        outcome = register.reread("bridges", [(number, reading(both(ANNA, NO)))], at=on(9), adopt=True)
        assert (outcome.changes, monday(register)) == ((), YES)

        register.take_back(decision, by="Ines", at=on(10))
        assert monday(register) == NO

    def test_another_date_moves_what_a_person_decided_too(self, register: Register) -> None:
        first = record(register, 1, reading(both(ANNA, NO), sent=on(1)))
        record(register, 2, reading(both(ANNA), sent=on(2)))
        register.accept(first, by="Ines", at=on(3))
        assert monday(register) == YES
        kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(9))
        late = reading(both(ANNA, NO), sent=on(1) + timedelta(minutes=10))
        register.reread("bridges", [(kept.id, late)], at=on(9), adopt=True)

        assert register.message(first).row.said_at == on(1) + timedelta(minutes=10)
        assert register.faults() == []

    def test_a_changed_list_is_checked_against_everything(self, register: Register) -> None:
        record(register, 1, reading(both(ANNA)))
        fewer = replace(CONFERENCE, delegations=CONFERENCE.delegations[1:])
        register.enter(fewer, "bridges")
        outcome = register.reread("bridges", [], at=on(9), adopt=True)

        assert outcome.messages == 1
        assert "AT is not on the list" in register.tray("bridges")[0].why


def test_corrected_messages_become_cases(register: Register, tmp_path: Path) -> None:
    corrected = record(register, 1, reading(both(ANNA)))
    record(register, 2, reading(both(ANNA)))
    undone = record(register, 3, reading(both(ANNA)))
    register.correct(corrected, people=[(ANNA, MINISTER, MONDAY, NO)], by="Ines", at=on(5), why="misread")
    register.take_back(register.accept(undone, by="Ines", at=on(5)), by="Ines", at=on(6))

    assert write_cases(register, "bridges", tmp_path / "cases") == 1
    assert (tmp_path / "cases" / f"message-{corrected}.eml").read_bytes() == raw_mail(1)
    (line,) = (tmp_path / "cases" / "expected.jsonl").read_text("utf-8").splitlines()
    assert '"people": [{"name": "Anna Berger", "role": "minister", "attendance": {"2024-04-29": "no"}}]' in line
    assert '"note": "misread"' in line
