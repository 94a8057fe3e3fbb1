"""Pages stay whole and quick whatever mails hold: long names, huge bodies, many attachments, thousands of mails."""

import re
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from page_samples import CONFERENCE, EVENT, MAILS, M, Mail, moment, on, reading_of
from page_service import PageService, open_page
from page_visitor import Visitor, eventually

from intake.page.html_mail import harmless, html_of
from parsers.reading import Attachment, Evidence

LONG = "Maximilian-Alexander " * 15  # 315 characters
BREAKLESS = "Donaudampfschifffahrtsgesellschaft" * 9


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_very_long_names_and_words_stay_within_their_place(
    page_service: PageService, chromium: Any, width: int
) -> None:
    for code, name in (("LT", LONG.strip()), ("LU", BREAKLESS), ("CY", "א" * 300)):
        text = f"{name} will attend. Could you tell {name}?"
        asked, sender = text.partition(". ")[2], f"{'x' * 60}@{'y' * 60}.example"
        people = ((f"{name} will attend", name, M, on(*CONFERENCE.days)),)
        review = ("a person is named by one word only",)
        page_service.arrives(Mail(code, 27, text, people, (asked,), name * 3, sender, review=review))
    page = open_page(chromium, page_service, width=width)
    page.wait_for_selector("#d-LT td.minister")
    newest = max(one.id for one in page_service.register.messages(EVENT, limit=1))
    for path in ("/", "/review", "/questions", "/delegations/LT", "/delegations/LU", "/delegations/CY",
                 f"/messages/{newest}", "/search?q=will", "/not-counted"):  # fmt: skip
        page.goto(page_service.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.goto(page_service.address + "/")
    if width == 1440:
        heights = page.evaluate("[...document.querySelectorAll('.grid tr[id]')].map((row) => row.offsetHeight)")
        assert max(heights) <= 60
    assert len(Visitor(page_service).get("/")[2].encode()) < 60_000


def test_a_body_of_five_megabytes_and_two_hundred_attachments(page_service: PageService) -> None:
    register, mail = page_service.register, replace(MAILS[3], day=27)
    at = moment(27)
    kept = register.keep(EVENT, b"Subject: long\r\n\r\n" + b"word " * 1_000_000, None, received_at=at, fetched_at=at)
    base = reading_of(mail, 9999)
    text = base.text + "word " * 1_000_000
    attachments = tuple(
        Attachment(f"attachment {n}.pdf", "application/pdf", 10_000, note="no text") for n in range(400)
    )
    evidence = Evidence(len(text) - 5, len(text), text[-5:], "test")
    statement = replace(base.statements[0], evidence=(*base.statements[0].evidence, evidence))
    register.record(kept.id, replace(base, text=text, attachments=attachments, statements=(statement,)), at=at)
    visitor = Visitor(page_service)
    begun = monotonic()
    status, _, body = visitor.get(f"/messages/{kept.id}")

    assert status == 200
    assert monotonic() - begun < 3
    assert len(body) < 400_000
    assert body.count("attachment 1") == 111
    assert "more characters" in body
    assert len(visitor.get(f"/messages/{kept.id}/text")[2]) == len(text)
    assert visitor.get("/search?q=word")[0] == 200


def test_ten_thousand_messages_of_one_delegation(page_service: PageService) -> None:
    register = page_service.register
    base = reading_of(MAILS[0], 1)
    with register.change():
        for number in range(10_000):
            at = moment(1) + timedelta(minutes=number)
            raw = b"Message-ID: <%d@many.example>\r\nSubject: again\r\n\r\nagain %d" % (number, number)
            kept = register.keep(EVENT, raw, None, received_at=at, fetched_at=at)
            envelope = replace(base.envelope, message_id=f"{number}@many.example", sent=at)
            reasons = ("passed on by somebody else",) if number % 2 else ()
            register.record(kept.id, replace(base, envelope=envelope, review=reasons), at=at)
    visitor = Visitor(page_service)
    assert eventually(lambda: "5,0" in visitor.get("/")[2])
    for path in ("/", "/review", "/review?page=200", "/delegations/AT", "/questions", "/not-counted", "/search?q=again",
                 "/messages/1000"):  # fmt: skip
        begun = monotonic()
        status, _, body = visitor.get(path)
        assert status == 200, path
        assert len(body) < 500_000, path
        assert monotonic() - begun < 3, path
    older = re.search(r'href="(\?before=[^"#]+)', visitor.get("/delegations/AT")[2])
    assert older
    assert visitor.get("/delegations/AT" + older[1])[0] == 200


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 200_000, "<b><a>" * 100_000, "<table><tr><td>" * 60_000, "<!--" * 100_000, '<a href="' * 90_000],
)
def test_a_layout_made_to_stop_the_page_is_not_shown(markup: str) -> None:
    begun = monotonic()
    shown = harmless(markup)

    assert monotonic() - begun < 5
    assert len(shown) < 1000


def test_parts_within_parts_are_not_followed_for_ever() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(20_000))

    assert html_of(nested + b"Content-Type: text/html\r\n\r\n<p>deep</p>") == ""
    assert "fine" in html_of(b"Content-Type: text/html; charset=nonsense\r\n\r\n<p>fine</p>")
