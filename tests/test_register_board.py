"""The rules of the board, each as a short exchange: who said what when, and what stands at its end."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from register_samples import (
    CONFERENCE,
    DELEGATE,
    DEPUTY,
    MAYBE,
    MINISTER,
    MONDAY,
    NO,
    TUESDAY,
    YES,
    both,
    on,
    says,
)

from intake.register.board import Said, Word, stand
from intake.register.values import BoardRow, Bucket, Source, State
from parsers.reading import Attendance, Automatic, Role, Statement

AUSTRIA = CONFERENCE.delegations[0]
BULGARIA = CONFERENCE.delegations[1]
ANNA = AUSTRIA.minister
CABINET, BRUSSELS = "inneres-at.example", "permrep.example"


@dataclass(frozen=True)
class Mail:
    """One mail of an exchange: days after the letter, the office, and what it says."""

    day: float
    statements: tuple[Statement, ...] = ()
    office: str = CABINET
    corrects: bool = False
    proposed: bool = False
    held: bool = False
    bucket: Bucket = Bucket.ANSWER
    source: Source = Source.MESSAGE
    automatic: Automatic | None = None


def board_of(*mails: Mail, delegation: object = AUSTRIA, merged: dict[str, str] | None = None) -> BoardRow:
    words = []
    number = 0
    for place, mail in enumerate(mails):
        said = []
        for one in mail.statements:
            number += 1
            said.append(Said(number, one.name, one.role, one.day, one.attendance))
        words.append(
            Word(
                said_at=on(0) + timedelta(days=mail.day),
                tie=f"{place:03}",
                source=mail.source,
                bucket=mail.bucket,
                message_id=place,
                who="Desk",
                office=mail.office,
                corrects=mail.corrects,
                proposed=mail.proposed,
                held=mail.held,
                automatic=mail.automatic,
                statements=tuple(said),
            )
        )
    forwards = stand(delegation, CONFERENCE, words, merged or {})
    assert forwards == stand(delegation, CONFERENCE, words[::-1], merged or {}), "the order of arrival must not matter"
    return forwards


def heads(row: BoardRow) -> list[tuple[Attendance | None, Role | None, str | None]]:
    return [(cell.attendance, cell.role, cell.name) for cell in row.days.values()]


NOTHING = (None, None, None)
COMES = (YES, MINISTER, ANNA)
REFUSES = (NO, MINISTER, ANNA)
KERN = (YES, DEPUTY, "Otto Kern")

EXCHANGES = {
    "nothing was said": ([], [NOTHING, NOTHING]),
    "the principal comes": ([Mail(1, both(ANNA))], [COMES, COMES]),
    "only of one day is anything said": ([Mail(1, says(ANNA, monday=YES))], [COMES, NOTHING]),
    "a later cancellation of one day leaves the other": (
        [Mail(1, both(ANNA)), Mail(20, says(ANNA, tuesday=NO))],
        [COMES, REFUSES],
    ),
    "tentative, then sure": ([Mail(1, both(ANNA, MAYBE)), Mail(9, both(ANNA))], [COMES, COMES]),
    "a tentative principal heads before a deputy": (
        [Mail(1, both(ANNA, MAYBE) + both("Otto Kern", YES, DEPUTY))],
        [(MAYBE, MINISTER, ANNA)] * 2,
    ),
    "a deputy in the principal's place": (
        [Mail(1, both(ANNA, NO) + both("Otto Kern", YES, DEPUTY))],
        [KERN, KERN],
    ),
    "a deputy named two weeks after the refusal": (
        [Mail(1, both(ANNA, NO)), Mail(15, both("Otto Kern", YES, DEPUTY))],
        [KERN, KERN],
    ),
    "a different head on each day": (
        [Mail(1, says(ANNA, monday=NO, tuesday=YES) + says("Otto Kern", DEPUTY, monday=YES, tuesday=NO))],
        [KERN, COMES],
    ),
    "a companion who becomes the deputy": (
        [
            Mail(1, both(ANNA) + both("Otto Kern", YES, DELEGATE)),
            Mail(30, both(ANNA, NO) + both("Otto Kern", YES, DEPUTY)),
        ],
        [KERN, KERN],
    ),
    "another deputy takes the deputy's place": (
        [Mail(1, both(ANNA, NO) + both("Ida Lang", YES, DEPUTY)), Mail(9, both("Otto Kern", YES, DEPUTY))],
        [KERN, KERN],
    ),
    "a deputy who drops out leaves the refusal": (
        [Mail(1, both(ANNA, NO) + both("Otto Kern", YES, DEPUTY)), Mail(9, both("Otto Kern", NO, DEPUTY))],
        [REFUSES, REFUSES],
    ),
    "the principal comes after all, and refuses again: the deputy was let go": (
        [Mail(1, both(ANNA, NO) + both("Otto Kern", YES, DEPUTY)), Mail(9, both(ANNA)), Mail(19, both(ANNA, NO))],
        [REFUSES, REFUSES],
    ),
    "a refusal that is repeated leaves the deputy": (
        [Mail(1, both(ANNA, NO) + both("Otto Kern", YES, DEPUTY)), Mail(19, both(ANNA, NO))],
        [KERN, KERN],
    ),
    "a deputy named after the acceptance heads, though nobody says that the principal does not come": (
        [Mail(1, both(ANNA)), Mail(9, says("Otto Kern", DEPUTY, tuesday=YES))],
        [COMES, KERN],
    ),
    "and who hoped to come does": (
        [Mail(1, both("Otto Kern", YES, DEPUTY)), Mail(9, both(ANNA, MAYBE))],
        [(MAYBE, MINISTER, ANNA)] * 2,
    ),
    "of two deputies in one mail the one named first, whoever was named before": (
        [
            Mail(1, both("Ida Lang", YES, DEPUTY)),
            Mail(9, both("Otto Kern", YES, DEPUTY) + both("Ida Lang", YES, DEPUTY)),
        ],
        [KERN, KERN],
    ),
    "a new minister after a reshuffle": (
        [Mail(1, both(ANNA)), Mail(9, both("Eva Roth"))],
        [(YES, MINISTER, "Eva Roth")] * 2,
    ),
    "the old minister refuses and the new one comes, in one mail": (
        [Mail(1, both(ANNA, NO) + both("Eva Roth"))],
        [(YES, MINISTER, "Eva Roth")] * 2,
    ),
    "a spelling without marks, family name first": (
        [Mail(1, both("BERGER Anna")), Mail(2, says("Berger", tuesday=NO))],
        [COMES, REFUSES],
    ),
    "only companions are named": ([Mail(1, both("Otto Kern", YES, DELEGATE))], [NOTHING, NOTHING]),
    "what a pretender says does not stand": ([Mail(1, both(ANNA)), Mail(2, both(ANNA, NO), held=True)], [COMES, COMES]),
}


@pytest.mark.parametrize(("mails", "want"), EXCHANGES.values(), ids=EXCHANGES.keys())
def test_what_stands_at_the_end_of_an_exchange(mails: list[Mail], want: list[object]) -> None:
    row = board_of(*mails)

    assert want == heads(row)
    assert not row.conflict


def test_in_greek_and_cyrillic_a_name_is_the_same_person() -> None:
    row = board_of(Mail(1, both("Петър Илиев")), Mail(3, says("ILIEV", monday=NO)), delegation=BULGARIA)

    assert heads(row) == [(NO, MINISTER, "Petar Iliev"), (YES, MINISTER, "Petar Iliev")]


CONFLICTS = {
    "yes and no within three days": ([Mail(1, both(ANNA)), Mail(3, both(ANNA, NO), BRUSSELS)], True),
    "the other way round": ([Mail(1, both(ANNA, NO)), Mail(3, both(ANNA), BRUSSELS)], True),
    "exactly three days": ([Mail(1, both(ANNA)), Mail(4, both(ANNA, NO), BRUSSELS)], True),
    "after three days a later word replaces": ([Mail(1, both(ANNA)), Mail(4.01, both(ANNA, NO), BRUSSELS)], False),
    "the same office changes its mind": ([Mail(1, both(ANNA)), Mail(2, both(ANNA, NO))], False),
    "the later one corrects": ([Mail(1, both(ANNA)), Mail(2, both(ANNA, NO), BRUSSELS, corrects=True)], False),
    "the earlier one corrects": ([Mail(1, both(ANNA), corrects=True), Mail(2, both(ANNA, NO), BRUSSELS)], False),
    "two different deputies": (
        [Mail(1, both("Ida Lang", YES, DEPUTY)), Mail(2, both("Otto Kern", YES, DEPUTY), BRUSSELS)],
        True,
    ),
    "the principal, and a deputy who heads": (
        [Mail(1, both(ANNA)), Mail(2, both("Otto Kern", YES, DEPUTY) + both(ANNA, NO), BRUSSELS)],
        True,
    ),
    "the principal, and a deputy without a word on the principal": (
        [Mail(1, both(ANNA)), Mail(2, both("Otto Kern", YES, DEPUTY), BRUSSELS)],
        True,
    ),
    "the refusal here and the deputy there belong together": (
        [Mail(1, both(ANNA, NO)), Mail(2, both("Otto Kern", YES, DEPUTY), BRUSSELS)],
        False,
    ),
    "the same twice": ([Mail(1, both(ANNA)), Mail(2, both(ANNA), BRUSSELS)], False),
    "perhaps and yes": ([Mail(1, both(ANNA, MAYBE)), Mail(2, both(ANNA), BRUSSELS)], False),
    "about different days": ([Mail(1, says(ANNA, monday=YES)), Mail(2, says(ANNA, tuesday=NO), BRUSSELS)], False),
    "a question afterwards settles nothing": (
        [Mail(1, both(ANNA)), Mail(3, both(ANNA, NO), BRUSSELS), Mail(9, bucket=Bucket.QUESTION)],
        True,
    ),
    "the first office gives in": (
        [Mail(1, both(ANNA)), Mail(2, both(ANNA, NO), BRUSSELS), Mail(3, both(ANNA, NO))],
        False,
    ),
    "the first office insists": ([Mail(1, both(ANNA)), Mail(2, both(ANNA, NO), BRUSSELS), Mail(3, both(ANNA))], True),
    "somebody decides": (
        [
            Mail(1, both(ANNA)),
            Mail(2, both(ANNA, NO), BRUSSELS),
            Mail(5, both(ANNA), office="", source=Source.STAFF, bucket=Bucket.ANSWER),
        ],
        False,
    ),
}


@pytest.mark.parametrize(("mails", "conflict"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_when_two_offices_are_in_conflict(mails: list[Mail], conflict: bool) -> None:
    assert conflict is board_of(*mails).conflict


def test_a_conflict_shows_both() -> None:
    cell = board_of(Mail(1, both(ANNA)), Mail(2, both(ANNA, NO), BRUSSELS)).days[MONDAY]

    assert cell.attendance is NO
    assert cell.other is not None
    assert (cell.other.attendance, cell.other.message_id) == (YES, 0)


def test_what_is_in_review_is_proposed_and_shows_what_is_settled() -> None:
    row = board_of(Mail(1, both(ANNA)), Mail(9, says(ANNA, tuesday=NO), proposed=True))

    assert heads(row) == [COMES, REFUSES]
    assert [cell.proposed for cell in row.days.values()] == [False, True]
    assert row.days[TUESDAY].settled is not None
    assert row.days[TUESDAY].settled.attendance is YES
    assert "proposed" in row.flags


def test_a_review_that_would_change_nothing_is_not_marked() -> None:
    row = board_of(Mail(1, both(ANNA)), Mail(9, both(ANNA), proposed=True))

    assert [cell.proposed for cell in row.days.values()] == [False, False]
    assert "proposed" not in row.flags


def auto(bucket: Bucket, day: float, **values: object) -> Mail:
    return Mail(day, bucket=bucket, automatic=Automatic(**values))  # type: ignore[arg-type]  # the test names its fields


STATES = {
    "nothing came": ([], State.NO_ANSWER),
    "an answer": ([Mail(1, both(ANNA))], State.ANSWERED),
    "an answer in review": ([Mail(1, both(ANNA), proposed=True)], State.ANSWERED),
    "only an acknowledgement": ([Mail(1, bucket=Bucket.ACKNOWLEDGEMENT)], State.NO_ANSWER),
    "only a question": ([Mail(1, bucket=Bucket.QUESTION)], State.NO_ANSWER),
    "only something else": ([Mail(1, bucket=Bucket.UNRELATED)], State.NO_ANSWER),
    "only a bounce": ([auto(Bucket.BOUNCE, 1)], State.NOT_DELIVERED),
    "a bounce and something else": ([auto(Bucket.BOUNCE, 1), Mail(2, bucket=Bucket.UNRELATED)], State.NOT_DELIVERED),
    "only an out-of-office": ([auto(Bucket.AUTO_REPLY, 1)], State.AWAY),
    "an out-of-office, and a bounce of the reminder": (
        [auto(Bucket.AUTO_REPLY, 1), auto(Bucket.BOUNCE, 9)],
        State.NOT_DELIVERED,
    ),
    "a bounce, and an out-of-office from the right address": (
        [auto(Bucket.BOUNCE, 1), auto(Bucket.AUTO_REPLY, 9)],
        State.AWAY,
    ),
    "an out-of-office after a question": (
        [Mail(1, bucket=Bucket.QUESTION), auto(Bucket.AUTO_REPLY, 9)],
        State.NO_ANSWER,
    ),
    "an out-of-office after an answer": ([Mail(1, both(ANNA)), auto(Bucket.AUTO_REPLY, 9)], State.ANSWERED),
    "an answer for a day that is none": (
        [Mail(1, (Statement(ANNA, MINISTER, MONDAY + timedelta(days=30), YES, 1.0),))],
        State.NO_ANSWER,
    ),
}


@pytest.mark.parametrize(("mails", "state"), STATES.values(), ids=STATES.keys())
def test_the_state_of_a_delegation(mails: list[Mail], state: State) -> None:
    assert state is board_of(*mails).state


def test_who_is_away_and_what_did_not_arrive_is_told() -> None:
    row = board_of(
        auto(Bucket.AUTO_REPLY, 1, returns=on(14).date()),
        auto(Bucket.BOUNCE, 2, failed=("old@inneres-at.example",)),
    )

    assert on(14).date() == row.away_until
    assert row.failed == ("old@inneres-at.example",)
    assert {"away", "not_delivered"} <= set(row.flags)


def test_more_companions_than_invited_are_flagged() -> None:
    three = tuple(one for name in ("A. Kern", "B. Lang", "C. Roth") for one in both(name, YES, DELEGATE))

    assert "too_many" in board_of(Mail(1, both(ANNA) + three)).flags
    assert "too_many" not in board_of(Mail(1, both(ANNA) + three[:4])).flags


def test_a_deputy_named_beside_the_principal_comes_along() -> None:
    beside = board_of(Mail(1, both(ANNA) + both("Otto Kern", YES, DEPUTY)))
    replaced = board_of(Mail(1, both("Otto Kern", YES, DEPUTY)), Mail(9, both(ANNA)))

    assert [one.name for one in beside.companions] == ["Otto Kern"]
    assert replaced.companions == ()


def test_a_companion_who_drops_out_is_no_companion() -> None:
    row = board_of(Mail(1, both("Otto Kern", YES, DELEGATE)), Mail(2, says("Kern Otto", DELEGATE, tuesday=NO)))

    assert [(one.name, one.days) for one in row.companions] == [("Kern Otto", {MONDAY: YES})]


def test_a_merged_spelling_goes_under_its_name() -> None:
    mails = [Mail(1, both("Ottokar Kern", YES, DEPUTY)), Mail(2, both("Otto Kern", NO, DEPUTY))]

    assert heads(board_of(*mails)) == [(YES, DEPUTY, "Ottokar Kern")] * 2
    assert heads(board_of(*mails, merged={"kern ottokar": "Otto Kern"})) == [(NO, DEPUTY, "Otto Kern")] * 2
