"""Who wrote: listed domains, look-alikes, what the mailbox's own server says, and the address book that staff teach."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from register_samples import CONFERENCE, MONDAY, both, on, raw_mail, reading

from intake.register import Bucket, Register, RegisterError
from intake.register.sender import Judgement, judge, whose
from parsers.reading import Attendance, Envelope, Neither, Reading

AT = "inneres-at.example"
HOST = "mx.host.example"
NO = Attendance.NO


def judged(address: str, *, name: str = "", reply_to: str = "", results: str = "", trusted: str = HOST) -> Judgement:
    envelope = Envelope(from_name=name, from_address=address, reply_to=reply_to, authentication=results)
    return judge(envelope, CONFERENCE, learned=None, trusted=trusted)


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        (AT, "AT"),
        ("INNERES-AT.EXAMPLE", "AT"),
        ("post.inneres-at.example", "AT"),
        ("xinneres-at.example", None),
        ("inneres-at.example.evil.example", None),
        ("permrep.example", None),
        ("", None),
    ],
)
def test_whose_domain(domain: str, code: str | None) -> None:
    assert whose(domain.lower(), CONFERENCE) == code


HONEST = [
    {"address": f"desk@{AT}"},
    {"address": "desk@permrep.example"},
    {"address": "anna@mail.example", "name": "Anna Berger"},
    {"address": f"desk@{AT}", "reply_to": f"office@{AT}"},
    {"address": f"desk@{AT}", "reply_to": f"office@post.{AT}"},
    {"address": f"desk@{AT}", "results": f"{HOST}; dmarc=pass header.from={AT}; spf=pass"},
    {"address": f"desk@{AT}", "results": "spf=pass smtp.mailfrom=x; dmarc=pass header.from=inneres-at.example"},
    {"address": f"desk@{AT}", "results": "mx.elsewhere.example; dmarc=fail header.from=inneres-at.example"},
    {"address": f"desk@{AT}", "results": f"{HOST}; dmarc=none"},
    {"address": "desk@justice.example"},
    {"address": "desk@mvr2.example"},
]


@pytest.mark.parametrize("fields", HONEST, ids=str)
def test_an_honest_sender_gives_no_reason(fields: dict[str, str]) -> None:
    assert judged(**fields).reasons == ()
    assert not judged(**fields).pretends


PRETENDING = [
    ({"address": f"desk@{AT}", "results": f"{HOST}; dmarc=fail header.from={AT}"}, "not proven"),
    ({"address": f"desk@{AT}", "results": f"spf=fail; dmarc=fail action=none header.from={AT}"}, "not proven"),
    ({"address": f"desk@{AT}", "results": "mx.any.example; dmarc=fail", "trusted": ""}, "not proven"),
    ({"address": "desk@inneres-at.exarnple"}, "looks like"),
    ({"address": "desk@lnneres-at.example"}, "looks like"),
    ({"address": "desk@іnneres-at.example"}, "looks like"),
    ({"address": "desk@" + "іnneres-at.example".encode("idna").decode()}, "looks like"),
    ({"address": "desk@inneresat.example"}, "looks like"),
    ({"address": "desk@inneres-at.example.evil.example"}, "looks like"),
    ({"address": "desk@innerse-at.example"}, "looks like"),
    ({"address": "desk@justice-depp.example"}, "looks like"),
    ({"address": "x@mail.example", "name": f"minister@{AT}"}, "shows the name"),
    ({"address": "x@mail.example", "name": f'"Cabinet <minister@{AT}>"'}, "shows the name"),
    ({"address": f"desk@{AT}", "reply_to": "desk@mail.example"}, "answers would go to"),
]


@pytest.mark.parametrize(("fields", "reason"), PRETENDING, ids=str)
def test_a_pretender_is_named_as_one(fields: dict[str, str], reason: str) -> None:
    verdict = judged(**fields)

    assert verdict.pretends
    assert any(reason in one for one in verdict.reasons), verdict.reasons


OWN = "From: Otto Kern <otto.kern@inneres-at.example>"
RESULTS = "Authentication-Results: "
HEADS = [
    ("one sender, nothing said of it", [OWN], ""),
    ("proven", [f"{RESULTS}{HOST}; dmarc=pass header.from={AT}", OWN], ""),
    ("no policy", [f"{RESULTS}{HOST}; dmarc=none; spf=fail", OWN], ""),
    ("a stranger's verdict", [f"{RESULTS}mx.elsewhere.example; dmarc=fail", OWN], ""),
    ("a stranger's verdict above ours", [f"{RESULTS}mx.elsewhere.example; dmarc=fail", f"{RESULTS}{HOST}; dmarc=pass",
     OWN], ""),
    ("two of one house", [f"{OWN}, Ida Lang <ida.lang@{AT}>"], ""),
    ("a comma in the name", [f'From: "Kern, Otto" <otto.kern@{AT}>'], ""),
    ("failed", [f"{RESULTS}{HOST}; dmarc=fail header.from={AT}", OWN], "not proven"),
    ("failed, folded and spaced", [f"authentication-results: {HOST.upper()} 1;\r\n DMARC = Fail", OWN], "not proven"),
    ("a forged pass below", [f"{RESULTS}{HOST}; dmarc=fail", f"{RESULTS}{HOST}; dmarc=pass", OWN], "not proven"),
    ("a stranger's pass above", [f"{RESULTS}mx.evil.example; dmarc=pass", f"{RESULTS}{HOST}; dmarc=fail", OWN],
     "not proven"),
    ("a nameless field above", [f"{RESULTS}spf=none; dmarc=none", f"{RESULTS}{HOST}; dmarc=fail", OWN], "not proven"),
    ("a pass in a comment", [f"{RESULTS}{HOST}; spf=pass (dmarc=pass (really)); dmarc=fail", OWN], "not proven"),
    ("a pass in an envelope address", [f"{RESULTS}{HOST}; spf=pass smtp.mailfrom=dmarc=pass@evil.example; dmarc=fail",
     OWN], "not proven"),
    ("two fields", [OWN, "From: x@evil.example"], "several senders"),
    ("two in one field", [f"{OWN}, x@evil.example"], "several senders"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "reason"), [case[1:] for case in HEADS], ids=[case[0] for case in HEADS])
def test_every_field_of_the_header_is_looked_at(fields: list[str], reason: str, register: Register) -> None:
    raw = ("\r\n".join(fields) + "\r\nMessage-ID: <1@test.example>\r\n\r\nFrom: nobody@else.example\r\n").encode()
    kept = register.keep("bridges", raw, None, received_at=on(1), fetched_at=on(1))
    register.record(kept.id, reading(both("Anna Berger")), at=on(1))

    found = register.message(kept.id).review
    assert [reason in one for one in found] == ([True] if reason else [])
    assert register.board(CONFERENCE)[0].held == ((kept.id,) if reason else ())


def test_an_unknown_sender_with_answers_elsewhere_is_looked_at_and_not_held() -> None:
    verdict = judged("desk@permrep.example", reply_to="desk@mail.example")

    assert verdict.reasons
    assert not verdict.pretends


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        opened.enter(CONFERENCE, "bridges", trusted=HOST)
        yield opened


def record(register: Register, number: int, made: Reading) -> int:
    kept = register.keep("bridges", raw_mail(number), None, received_at=on(number), fetched_at=on(number))
    register.record(kept.id, made, at=on(number))
    return kept.id


def test_a_pretender_is_never_on_the_board_unseen(register: Register) -> None:
    record(register, 1, reading(both("Anna Berger")))
    fake = record(register, 2, reading(both("Anna Berger", NO), office="lnneres-at.example"))

    row = register.board(CONFERENCE)[0]
    assert row.days[MONDAY].attendance == "yes"
    assert row.held == (fake,)
    assert "held" in row.flags
    assert register.message(fake).row.bucket is Bucket.REVIEW
    register.accept(fake, by="Ines", at=on(3))
    assert register.board(CONFERENCE)[0].days[MONDAY].attendance == "no"
    assert register.board(CONFERENCE)[0].held == ()


class TestAddressBook:
    def test_an_unknown_sender_is_assigned_once(self, register: Register) -> None:
        first = record(register, 1, reading(both("Anna Berger"), delegation=None, office="permrep.example"))
        assert register.message(first).row.bucket is Bucket.REVIEW
        assert register.board(CONFERENCE)[0].state == "no_answer"

        register.assign("bridges", "Desk@PermRep.example", "AT", by="Ines", at=on(2))
        second = record(register, 3, reading(both("Anna Berger", NO), delegation=None, office="permrep.example"))

        assert [register.message(one).row.delegation for one in (first, second)] == ["AT", "AT"]
        assert register.board(CONFERENCE, as_of=on(2, hour=23))[0].days[MONDAY].attendance == "yes"
        assert register.board(CONFERENCE)[0].days[MONDAY].attendance == "no"
        assert register.addresses("bridges") == [("desk@permrep.example", "AT")]

    def test_what_the_reader_doubted_about_the_delegation_is_settled_by_it(self, register: Register) -> None:
        doubts = (
            "nothing tells which delegation this speaks for",
            "the delegation is only guessed, from the signature",
            "the reader is not sure who comes on which day",
        )
        made = reading(both("Anna Berger"), delegation=None, office="permrep.example", review=doubts)
        number = record(register, 1, made)
        assert register.message(number).review == doubts

        register.assign("bridges", "desk@permrep.example", "AT", by="Ines", at=on(2))
        assert register.message(number).review == doubts[2:]

    def test_it_is_taken_back_with_everything_that_followed(self, register: Register) -> None:
        number = record(register, 1, reading(both("Anna Berger"), delegation=None, office="permrep.example"))
        decision = register.assign("bridges", "desk@permrep.example", "AT", by="Ines", at=on(2))
        register.take_back(decision, by="Otto", at=on(3))

        assert register.message(number).row.delegation is None
        assert register.board(CONFERENCE)[0].state == "no_answer"
        assert register.board(CONFERENCE, as_of=on(2, hour=23))[0].state == "answered"
        assert register.addresses("bridges") == []

    def test_what_a_person_decided_about_one_message_stays(self, register: Register) -> None:
        number = record(register, 1, reading(both("Anna Berger"), delegation=None, office="permrep.example"))
        register.correct(number, delegation="IE", by="Ines", at=on(2))
        register.assign("bridges", "desk@permrep.example", "AT", by="Ines", at=on(3))

        assert register.message(number).row.delegation == "IE"

    def test_a_delegation_that_is_not_on_the_list_is_refused(self, register: Register) -> None:
        with pytest.raises(RegisterError, match="XX is not on the list; it has AT, BG"):
            register.assign("bridges", "desk@permrep.example", "XX", by="Ines", at=on(2))


class TestConversation:
    def thread(self, register: Register, order: tuple[int, ...]) -> dict[int, int]:
        """Mail 1 is Austria's; 2 and 3 come from nowhere and continue it, 3 by way of 2; 4 continues nothing."""
        mails = {
            1: reading(message_id="1@test.example", neither=Neither.ACKNOWLEDGEMENT),
            2: self.from_nowhere(2, in_reply_to=("1@test.example",)),
            3: self.from_nowhere(3, in_reply_to=("2@test.example",), references=("1@test.example", "2@test.example")),
            4: self.from_nowhere(4, references=("savethedate@host.example",)),
        }
        return {number: record(register, number, mails[number]) for number in order}

    def from_nowhere(self, number: int, **thread: tuple[str, ...]) -> Reading:
        envelope = Envelope(message_id=f"{number}@test.example", from_address="a.b@post.example", **thread)
        review = ("nothing tells which delegation this speaks for",)
        return reading(both("Anna Berger"), delegation=None, envelope=envelope, office="post.example", review=review)

    @pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (3, 1, 4, 2)])
    def test_it_suggests_a_delegation_for_a_person_to_confirm(self, register: Register, order: tuple[int, ...]) -> None:
        numbers = self.thread(register, order)

        shown = {mark: register.message(number) for mark, number in numbers.items()}
        assert {mark: one.row.delegation for mark, one in shown.items()} == {1: "AT", 2: "AT", 3: "AT", 4: None}
        assert shown[3].review == ("the delegation is only guessed, from the conversation",)
        assert shown[4].review == ("nothing tells which delegation this speaks for",)
        assert register.board(CONFERENCE)[0].days[MONDAY].proposed

    def test_a_correction_of_its_beginning_carries_on(self, register: Register) -> None:
        numbers = self.thread(register, (1, 2, 3))
        decision = register.correct(numbers[1], delegation="CZ", by="Ines", at=on(5))
        assert {register.message(number).row.delegation for number in numbers.values()} == {"CZ"}

        register.take_back(decision, by="Ines", at=on(6))
        assert {register.message(number).row.delegation for number in numbers.values()} == {"AT"}

    def test_where_two_delegations_write_it_suggests_none(self, register: Register) -> None:
        record(register, 1, reading(message_id="1@test.example"))
        record(register, 2, reading(message_id="2@test.example", delegation="CZ", office="vnitro-cz.example"))
        unsure = record(register, 3, self.from_nowhere(3, references=("1@test.example", "2@test.example")))

        assert register.message(unsure).row.delegation is None


def test_a_delegation_that_is_not_on_the_list_goes_to_review(register: Register) -> None:
    number = record(register, 1, reading(both("Anna Berger"), delegation="XX", office="permrep.example"))

    assert "XX is not on the list" in register.message(number).row.why


def test_a_day_that_the_event_does_not_have_goes_to_review(register: Register) -> None:
    made = reading(both("Anna Berger"))
    strange = tuple(replace(one, day=one.day.replace(month=5)) for one in made.statements)
    number = record(register, 1, reading(strange))

    assert "2024-05-29" in register.message(number).row.why
    assert register.board(CONFERENCE)[0].state == "no_answer"


def test_two_ministers_with_one_name_go_to_review_unless_the_domain_tells(register: Register) -> None:
    namesake = replace(CONFERENCE.delegations[2], minister="Anna Berger")
    register.enter(replace(CONFERENCE, delegations=(*CONFERENCE.delegations[:2], namesake)), "bridges", trusted=HOST)
    unsure = record(register, 1, reading(both("Anna Berger"), office="permrep.example"))
    sure = record(register, 2, reading(both("Anna Berger")))

    assert "Anna Berger may be the minister of AT or CZ" in register.message(unsure).row.why
    assert register.message(sure).row.bucket is Bucket.ANSWER
