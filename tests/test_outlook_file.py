"""Mails saved by Outlook: what they hold as MIME, always the same bytes, and a clear word where they are broken."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from outlook_writer import Old, outlook_file

from intake.message_files import found_in
from intake.outlook_file import NotReadableError, to_mime

CLASS, SUBJECT, BODY, HTML, HEADERS = 0x001A, 0x0037, 0x1000, 0x1013, 0x007D
SENDER, SENDER_ADDRESS = 0x0C1A, 0x0C1F
DATA, NAME, TYPE, METHOD = 0x3701, 0x3707, 0x370E, 0x3705

SENT = (
    "Received: from mx.host.example by mx.presidency.example;\r\n\tTue, 5 Mar 2024 09:00:00 +0100\r\n"
    "From: =?utf-8?q?B=C3=BCro?= <office@interior-at.example>\r\nTo: conference@presidency.example\r\n"
    "Subject: =?utf-8?q?Zusage_f=C3=BCr?=\r\n =?utf-8?q?_Gent?=\r\nMessage-ID: <1@interior-at.example>\r\n"
    "Content-Type: multipart/mixed;\r\n\tboundary=old\r\nMIME-Version: 1.0\r\n\r\n"
)
PDF = {DATA: b"%PDF-1.4 not really" * 400, NAME: "Verbalnote für Gent.pdf", TYPE: "application/pdf", METHOD: 1}


def parsed(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(to_mime(raw), policy=policy.default))


def test_a_mail_as_it_was_sent() -> None:
    mail = parsed(outlook_file({CLASS: "IPM.Note", SUBJECT: "Zusage", BODY: "Der Minister kommt. ✓", HEADERS: SENT}))
    assert mail["subject"] == "Zusage für Gent"
    assert mail["message-id"] == "<1@interior-at.example>"
    assert str(mail["from"]) == "Büro <office@interior-at.example>"
    assert mail["received"].startswith("from mx.host.example")
    assert len(mail.get_all("content-type", [])) == 1
    assert mail.get_content().strip() == "Der Minister kommt. ✓"


def test_text_and_html_and_an_attachment() -> None:
    html = b"<p>Der Minister <b>kommt</b>.</p>"
    properties = {CLASS: "IPM.Note", BODY: "Der Minister kommt.", HTML: html, HEADERS: SENT}
    mail = parsed(outlook_file(properties, (PDF,)))
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "Verbalnote für Gent.pdf"
    assert cast(EmailMessage, attachment).get_content() == PDF[DATA]


def test_a_mail_without_the_fields_it_was_sent_with() -> None:
    properties = {CLASS: "IPM.Note", SUBJECT: "Zusage\r\nBcc: x", SENDER: "Büro", SENDER_ADDRESS: "office@at.example"}
    mail = parsed(outlook_file({**properties, BODY: "Ja."}))
    assert mail["subject"] == "Zusage Bcc: x"
    assert "office@at.example" in str(mail["from"])
    assert mail["bcc"] is None


def test_everybody_it_was_sent_to() -> None:
    named = [("Anna Ö", "anna@at.example", 1), ("Bert", "bert@at.example", 1), ("Carl", "carl@at.example", 2)]
    named += [("Dora", "dora@at.example", 2), ("Emil", "emil@at.example", 3)]
    recipients = tuple({0x3001: name, 0x39FE: address, 0x0C15: kind} for name, address, kind in named)
    mail = parsed(outlook_file({CLASS: "IPM.Note", BODY: "Ja."}, recipients=recipients))
    assert str(mail["to"]) == "Anna Ö <anna@at.example>, Bert <bert@at.example>"
    assert str(mail["cc"]) == "Carl <carl@at.example>, Dora <dora@at.example>"


def test_the_address_that_others_can_write_to() -> None:
    inner = "/O=EXCHANGE/OU=GROUP/CN=RECIPIENTS/CN=BUERO"
    properties = {CLASS: "IPM.Note", SENDER: "Büro", SENDER_ADDRESS: inner, BODY: "Ja."}
    assert str(parsed(outlook_file({**properties, 0x5D01: "office@at.example"}))["from"]) == "Büro <office@at.example>"
    assert "EXCHANGE" not in str(parsed(outlook_file(properties))["from"])


MESSAGE_PAGE, INTERNET_PAGE = 0x3FFD, 0x3FDE


@pytest.mark.parametrize(
    ("pages", "page"),
    [
        ({MESSAGE_PAGE: 1250, INTERNET_PAGE: 28592}, "cp1250"),
        ({MESSAGE_PAGE: 1253, INTERNET_PAGE: 65001}, "cp1253"),
        ({MESSAGE_PAGE: 932, INTERNET_PAGE: 50220}, "cp932"),
        ({MESSAGE_PAGE: 99999, INTERNET_PAGE: 99999}, "cp1252"),
        ({}, "cp1252"),
    ],
)
def test_old_files_keep_their_letters_in_a_code_page(pages: dict[int, int], page: str) -> None:
    text = {"cp1250": "Účast ministra", "cp1253": "Ο Υπουργός", "cp932": "大臣", "cp1252": "Müller kommt"}[page]
    encoded = Old(text.encode(page))
    mail = parsed(outlook_file({CLASS: "IPM.Note", SUBJECT: encoded, BODY: encoded, SENDER: encoded, **pages}))
    assert mail["subject"] == text
    if page != "cp1250":  # here both pages can be read, and the mail's own is believed
        assert mail.get_content().strip() == text


def test_a_mail_in_a_mail_is_not_lost() -> None:
    inner = {CLASS: "IPM.Note", BODY: "Die Ministerin kommt.", HEADERS: SENT}
    raw = outlook_file({CLASS: "IPM.Note", BODY: "z. K."}, (PDF,), within=((inner, (PDF,)), ({BODY: "zwei"}, ())))
    mail = parsed(raw)
    types = [part.get_content_type() for part in mail.walk()]
    assert types.count("message/rfc822") == 2
    assert types.count("application/pdf") == 2
    text = mail.as_string()
    assert "Die Ministerin kommt." in "".join(
        part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain"
    )
    assert "<1@interior-at.example>" in text
    assert to_mime(raw) == to_mime(raw)


def test_a_text_in_rtf_only_is_said_and_not_taken_for_an_empty_mail() -> None:
    with pytest.raises(NotReadableError, match="RTF"):
        to_mime(outlook_file({CLASS: "IPM.Note", 0x1009: b"LZFu"}))


def test_the_same_file_gives_the_same_bytes() -> None:
    raw = outlook_file({CLASS: "IPM.Note", BODY: "Ja.", HTML: b"<p>Ja.</p>", HEADERS: SENT}, (PDF,))
    assert to_mime(raw) == to_mime(raw)


@pytest.mark.parametrize(
    "raw",
    [
        bytes.fromhex("d0cf11e0a1b11ae1"),
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\xff" * 4000,
        outlook_file({BODY: "x"})[:900],
        outlook_file({BODY: "x"}).replace("__properties".encode("utf-16-le"), "__propertiex".encode("utf-16-le")),
    ],
)
def test_a_broken_file_is_said_to_be_one(raw: bytes) -> None:
    with pytest.raises(NotReadableError, match="cannot be read"):
        to_mime(raw)


def test_it_is_found_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.msg").write_bytes(outlook_file({CLASS: "IPM.Note", BODY: "Ja.", HEADERS: SENT}))
    (tmp_path / "b.eml").write_bytes(b"Subject: b\r\n\r\nb\r\n")
    found = list(found_in([tmp_path]))
    assert [Path(one.name).name for one in found] == ["a.msg", "b.eml"]
    assert b"<1@interior-at.example>" in found[0].raw


def test_a_broken_one_among_other_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.msg").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    with pytest.raises(OSError, match="Outlook") as caught:
        list(found_in([tmp_path]))
    assert caught.value.filename == str(tmp_path / "a.msg")
