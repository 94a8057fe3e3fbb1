"""Forms: who may send one, what it decides, and that it decides once and never unseen over somebody else."""

import re

import pytest
from page_samples import CONFERENCE, EVENT
from page_service import PageService
from page_visitor import Visitor, words_of

from intake.register import Bucket


@pytest.fixture
def visitor(page_service: PageService) -> Visitor:
    return Visitor(page_service)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "http://evil.example"},
    ],
)
def test_a_form_from_elsewhere_decides_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    form = visitor.form("/messages/17", "record")
    status, _, _ = visitor.post("/messages/17", form, **headers)

    assert status == 403
    assert visitor.service.register.decisions(EVENT) == []


def test_a_form_needs_its_token_from_this_browser(visitor: Visitor) -> None:
    form = [("act", "accept"), ("seen", ""), ("token", "abc.def")]
    other = Visitor(visitor.service)
    stolen = other.form("/review", "accept")

    assert visitor.post("/messages/17", form)[0] == 403
    assert visitor.post("/messages/17", stolen)[0] == 403
    assert visitor.service.register.decisions(EVENT) == []


def test_accepting_puts_a_message_on_the_board_and_can_be_undone(visitor: Visitor) -> None:
    register = visitor.service.register
    form = visitor.form("/messages/17", "accept")
    status, headers, _ = visitor.post("/messages/17", form)

    assert status == 303
    assert register.message(17).row.bucket is Bucket.ANSWER
    _, _, body = visitor.get(headers["Location"])
    assert "Lotte accepted the reading" in words_of(body)
    undo = re.search(r'<form class="flash".*?action="([^"]+)".*?value="([^"]+)"', body, re.DOTALL)
    assert undo
    assert visitor.post(undo[1], [("token", undo[2]), ("back", "/review")])[0] == 303
    assert register.message(17).row.bucket is Bucket.REVIEW


def test_a_double_click_decides_once(visitor: Visitor) -> None:
    form = visitor.form("/messages/17", "accept")

    first = visitor.post("/messages/17", form)
    second = visitor.post("/messages/17", form)

    assert first[0] == second[0] == 303
    assert first[1]["Location"] == second[1]["Location"]
    assert len(visitor.service.register.decisions(EVENT)) == 1


def test_a_stale_form_does_not_overwrite_and_keeps_what_was_typed(visitor: Visitor) -> None:
    form = [*visitor.form("/messages/17", "record"), ("delegation", "RO"), ("name", "Oana Petcu-Ionescu"),
        ("role", "deputy"),
            ("day-2024-04-29", "yes"), ("day-2024-04-30", "no")]  # fmt: skip
    visitor.service.register.reject(17, by="Bram", at=visitor.service.now)
    status, _, body = visitor.post("/messages/17", form)

    assert status == 409
    assert "Bram" in body
    assert 'value="Oana Petcu-Ionescu"' in body
    assert visitor.service.register.message(17).row.bucket is Bucket.UNRELATED

    again = re.search(r'<form method="post" class="panel form".*?</form>', body, re.DOTALL)
    assert again
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', again[0])
    assert visitor.post("/messages/17", [*hidden, *form[3:]])[0] == 303
    assert visitor.service.register.message(17).row.bucket is Bucket.ANSWER


def test_correcting_a_value_in_place(visitor: Visitor) -> None:
    form = [*visitor.form("/messages/1", "record"), ("delegation", "AT"), ("name", "Anna Berger"), ("role", "minister"),
            ("day-2024-04-29", "yes"), ("day-2024-04-30", "no"), ("name", ""), ("role", "minister"),
            ("day-2024-04-29", ""),
            ("day-2024-04-30", ""), ("question", ""), ("why", "rang up")]  # fmt: skip
    status, _, _ = visitor.post("/messages/1", form)

    assert status == 303
    decision = visitor.service.register.decisions(EVENT)[0]
    assert (decision.act, decision.by, decision.why) == ("correct", "Lotte", "rang up")
    row = next(row for row in visitor.service.register.board(CONFERENCE, event=EVENT) if row.delegation == "AT")
    assert [cell.attendance for cell in row.days.values()] == ["yes", "no"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([("name", ""), ("role", "deputy"), ("day-2024-04-29", "yes")], "has days but no name"),
        ([("name", "Jan Novák"), ("role", "deputy"), ("day-2024-04-29", "")], "on at least one day"),
        ([("name", "Jan Novák"), ("role", "king"), ("day-2024-04-29", "yes")], "this page did not offer"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(visitor: Visitor, fields: list[tuple[str, str]], words: str) -> None:
    status, _, body = visitor.post(
        "/messages/1", [*visitor.form("/messages/1", "record"), ("delegation", "AT"), *fields]
    )

    assert status == 422
    assert words in body
    assert visitor.service.register.decisions(EVENT) == []


def test_who_has_no_name_is_asked_and_the_form_goes_on(visitor: Visitor) -> None:
    visitor.cookies.pop("who")
    form = visitor.form("/messages/17", "accept")
    status, _, body = visitor.post("/messages/17", form)
    assert status == 200
    assert "Who decides?" in body
    assert visitor.service.register.decisions(EVENT) == []

    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body.partition("<main")[2])
    assert visitor.post("/messages/17", [*hidden, ("by", "Zoë Ğ")])[0] == 303
    assert visitor.service.register.decisions(EVENT)[0].by == "Zoë Ğ"
    assert "Zoë Ğ" in visitor.get("/help")[2]


def test_a_name_is_remembered_also_where_the_form_is_refused(visitor: Visitor) -> None:
    del visitor.cookies["who"]
    form = [(name, value) for name, value in visitor.form("/messages/17", "record") if name != "by"]
    status, _, _ = visitor.post("/messages/17", [*form, ("by", "Lotte P."), ("name", "Somebody")])

    assert status == 422
    assert visitor.cookies["who"] == "Lotte%20P."


def test_an_answer_by_phone_a_note_an_address_and_two_spellings(visitor: Visitor) -> None:
    register = visitor.service.register
    path = "/delegations/LU"
    told = [*visitor.form(path, "told"), ("source", "phone"), ("said_at", "2024-03-21T09:30"), ("name", "Marc Thillen"),
            ("role", "minister"), ("day-2024-04-29", "yes"), ("day-2024-04-30", "no"),
            ("why", "his assistant rang")]  # fmt: skip
    assert visitor.post(path, told)[0] == 303
    row = next(row for row in register.board(CONFERENCE, event=EVENT) if row.delegation == "LU")
    assert [cell.attendance for cell in row.days.values()] == ["yes", "no"]
    assert row.last_word is not None
    assert row.last_word.kind == "phone"

    assert visitor.post(path, [*visitor.form(path, "note"), ("text", "ask again on Monday")])[0] == 303
    assert "ask again on Monday" in visitor.get(path)[2]
    assert visitor.post(path, [*visitor.form(path, "address"), ("address", "marc@lux.example")])[0] == 303
    assert ("marc@lux.example", "LU") in register.addresses(EVENT)
    told = [
        *visitor.form(path, "told"),
        ("source", "letter"),
        ("name", "M. Thilen"),
        ("role", "minister"),
        ("day-2024-04-30", "yes"),
    ]
    assert visitor.post(path, told)[0] == 303
    merge = [*visitor.form(path, "merge"), ("spelling", "M. Thilen"), ("person", "Marc Thillen")]
    assert visitor.post(path, merge)[0] == 303
    row = next(row for row in register.board(CONFERENCE, event=EVENT) if row.delegation == "LU")
    assert {cell.name for cell in row.days.values()} == {"Marc Thillen"}


def test_questions_are_answered_dropped_handed_over_and_opened_again(visitor: Visitor) -> None:
    register = visitor.service.register
    group = [*visitor.form("/questions", "answered")]
    assert len([one for one in group if one[0] == "id"]) == 4
    assert visitor.post("/questions", group)[0] == 303
    assert [one.state for one in register.questions(EVENT)].count("answered") == 4
    assert visitor.post("/questions", group)[0] == 303
    assert len(register.decisions(EVENT)) == 4

    hand = [*visitor.form("/questions", "hand"), ("colleague", "Bram")]
    assert visitor.post("/questions", hand)[0] == 303
    assert "Bram" in {one.assigned_to for one in register.questions(EVENT)}
    stale = visitor.form("/questions", "dropped")
    number = next(int(value) for name, value in stale if name == "id")
    register.answer(number, "answered", by="Bram", at=visitor.service.now)
    assert visitor.post("/questions", stale)[0] == 409
    assert next(one.state for one in register.questions(EVENT) if one.id == number) == "answered"


def test_not_counted_reconciles_and_can_be_overruled(visitor: Visitor) -> None:
    _, _, body = visitor.get("/not-counted")

    assert "30 messages in the register = 21 answers + 1 question + 1 acknowledgement + 1 automatic reply" in words_of(
        body
    )
    assert visitor.post("/messages/14", [*visitor.form("/not-counted", "count")])[0] == 409  # the form was message 29's
    form = visitor.form("/messages/14", "count")
    assert visitor.post("/messages/14", form)[0] == 303
    assert visitor.service.register.message(14).row.bucket is Bucket.REVIEW


@pytest.mark.parametrize(
    "back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\nx", "x" * 5000]
)
def test_a_form_leads_back_only_to_this_page(visitor: Visitor, back: str) -> None:
    _, headers, _ = visitor.post("/preferences", [("language", "fr"), ("back", back)])

    assert headers["Location"] == "/"
    assert visitor.cookies["language"] == "fr"


def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    status, _, body = visitor.post("/messages/1", [*visitor.form("/messages/1", "record"), ("why", "x" * 300_000)])

    assert status == 413
    assert "too much" in body
