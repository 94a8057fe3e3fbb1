"""Several events in one register: what belongs to which, what stays apart, and how a message is moved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from register_samples import CONFERENCE, both, on, raw_mail, reading

from intake.register import Bucket, Register, RegisterError
from intake.register.routing import belongs

TUNNELS = replace(CONFERENCE, name="Conference on Tunnels", place="Liège", days=(date(2024, 5, 13), date(2024, 5, 14)))
ROADS = replace(
    TUNNELS, name="Conference on Roads", place="Namur", mailbox="roads@host.example", days=(date(2024, 6, 3),)
)
EVENTS = {"bridges": CONFERENCE, "tunnels": TUNNELS, "roads": ROADS}


def mail(*, to: str = "bridges@host.example", subject: str = "Answer", text: str = "We come.") -> bytes:
    return f"To: <{to}>\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


BELONGS = {
    "nothing tells": (mail(), "bridges"),
    "another mailbox": (mail(to="Roads@Host.example"), "roads"),
    "a copy to the other mailbox": (b"Cc: roads@host.example\r\n" + mail(), "roads"),
    "the subject": (mail(subject="RE: Conference on Tunnels"), "tunnels"),
    "the place in the subject": (mail(subject="=?utf-8?q?Li=C3=A8ge?="), "tunnels"),
    "a day with the month's name": (mail(text="Our Minister comes on 13 May."), "tunnels"),
    "a range": (mail(text="Wir kommen am 13. und 14. Mai gern."), "tunnels"),
    "a day in digits": (mail(text="Presente il 14/05/2024."), "tunnels"),
    "an ISO date": (mail(text="attendance on 2024-05-13 confirmed"), "tunnels"),
    "another language's month": (mail(text="Se podem 14 de maio, sim."), "tunnels"),
    "days of two events": (mail(text="Not on 29 April, perhaps on 13 May."), "bridges"),
    "a day of none": (mail(text="We answer by 3 March."), "bridges"),
    "the mailbox outweighs the days": (mail(to="roads@host.example", text="on 13 May"), "roads"),
    "no message at all": (b"\xff\xfe", "bridges"),
}


@pytest.mark.parametrize(("raw", "event"), BELONGS.values(), ids=BELONGS.keys())
def test_a_message_belongs_to_the_event_that_it_names(raw: bytes, event: str) -> None:
    assert belongs(raw, EVENTS, "bridges") == event


def test_one_event_takes_everything() -> None:
    assert belongs(mail(text="on 13 May"), {"bridges": CONFERENCE}, "bridges") == "bridges"


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        for key, conference in EVENTS.items():
            opened.enter(conference, key)
        yield opened


def test_what_seems_to_be_about_another_event_waits_for_a_person(register: Register) -> None:
    raw = mail(text="Our Minister comes on 13 May.")
    kept = register.keep("bridges", raw, None, received_at=on(1), fetched_at=on(1))
    register.record(kept.id, reading(both("Anna Berger")), at=on(1))
    assert register.message(kept.id).row.why == (
        "seems to be about the event tunnels: move it there, or accept it here"
    )

    moved = register.move(kept.id, "tunnels", by="Ines", at=on(2))

    assert register.message(kept.id).row.bucket is Bucket.UNRELATED
    assert register.unread("tunnels") == [moved.id]
    assert register.raw(moved.id) == raw
    assert register.received_at(moved.id) == on(1)
    assert register.board(CONFERENCE, event="bridges")[0].state == "no_answer"


def test_accepted_it_stays(register: Register) -> None:
    kept = register.keep("bridges", mail(text="on 13 May"), None, received_at=on(1), fetched_at=on(1))
    register.record(kept.id, reading(both("Anna Berger")), at=on(1))
    register.accept(kept.id, by="Ines", at=on(2))

    assert register.board(CONFERENCE, event="bridges")[0].state == "answered"


@pytest.mark.parametrize(("event", "words"), [("bridges", "belongs to the event"), ("nowhere", "There is no event")])
def test_a_move_to_nowhere_is_refused(register: Register, event: str, words: str) -> None:
    kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))

    with pytest.raises(RegisterError, match=words):
        register.move(kept.id, event, by="Ines", at=on(2))
    assert register.unread("bridges") == [kept.id]


def test_events_do_not_see_each_other(register: Register) -> None:
    for event in ("bridges", "roads"):
        kept = register.keep(event, raw_mail(1), None, received_at=on(1), fetched_at=on(1))
        made = reading(both("Anna Berger"), questions=("Where?",), text=f"Text for {event}")
        register.record(kept.id, made, at=on(1))
    roads = register.version("roads")
    register.correct(1, people=[], questions=(), by="Ines", at=on(2))

    assert register.version("roads") == roads
    assert [one.text for one in register.questions("roads")] == ["Where?"]
    assert register.questions("bridges") == []
    assert [row.event for row in register.search("roads", "text")] == ["roads"]
    assert {one.in_force for one in register.statements("roads")} == {True}
    assert {one.in_force for one in register.statements("bridges")} == {False}
    assert register.decisions("roads") == []
    assert register.counts("roads").total == register.counts("bridges").total == 1


def test_an_event_is_known_by_its_name_or_its_key(register: Register) -> None:
    assert register.key_of(CONFERENCE) == "bridges"
    assert register.board(ROADS)[0].delegation == "AT"
    assert register.key_of(replace(CONFERENCE, name="Conference on Ferries")) == "conference-on-ferries"
    assert register.events() == ["bridges", "tunnels", "roads"]


def test_messages_that_came_before_the_list_stand_on_the_board_too(tmp_path: Path) -> None:
    with Register.open(tmp_path / "early.db") as register:
        kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))
        register.record(kept.id, reading(both("Anna Berger")), at=on(1))

        assert register.board(CONFERENCE, event="bridges")[0].state == "answered"


def test_as_it_stood_by_arrival_and_by_what_the_register_held(register: Register) -> None:
    kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(9))
    register.record(kept.id, reading(both("Anna Berger")), at=on(9))

    stood = [
        register.board(CONFERENCE, event="bridges", as_of=on(day), as_recorded=recorded)[0].state
        for day, recorded in ((0, False), (5, False), (5, True), (10, True))
    ]
    assert stood == ["no_answer", "answered", "no_answer", "answered"]


def test_a_changed_list_changes_the_board_at_once(register: Register) -> None:
    newcomer = replace(CONFERENCE.delegations[0], code="LU", name="Luxembourg")
    grown = replace(CONFERENCE, delegations=(newcomer, *CONFERENCE.delegations))

    assert [row.delegation for row in register.board(grown, event="bridges")] == ["LU", "AT", "BG", "CZ", "IE"]


def test_one_view_and_a_read_only_register_show_another_list_without_writing_it(register: Register) -> None:
    kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))
    register.record(kept.id, reading(both("Anna Berger")), at=on(1))
    fewer = replace(CONFERENCE, delegations=CONFERENCE.delegations[:2])

    with register.one_view():
        shown = register.board(fewer, event="bridges")
        with pytest.raises(RegisterError, match="one view"):
            register.accept(kept.id, by="Ines", at=on(2))
    with Register.open(register.path, read_only=True) as other:
        assert other.board(fewer, event="bridges") == shown
        with pytest.raises(RegisterError):
            other.accept(kept.id, by="Ines", at=on(2))
    assert [(row.delegation, row.state) for row in shown] == [("AT", "answered"), ("BG", "no_answer")]
    assert register.conference("bridges") == CONFERENCE
    assert register.board(fewer, event="bridges") == shown


def test_another_day_of_the_letter_judges_the_dates_again(register: Register) -> None:
    kept = register.keep("bridges", raw_mail(1), None, received_at=on(9), fetched_at=on(9))
    register.record(kept.id, reading(both("Anna Berger"), sent=on(-9)), at=on(9))
    assert register.message(kept.id).row.said_at == on(9)

    register.enter(replace(CONFERENCE, invitation_sent=date(2024, 2, 1)), "bridges")
    assert register.message(kept.id).row.said_at == on(-9)
