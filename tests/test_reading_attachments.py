"""Attachments that hold the answer, calendar answers, and the notes about what could not be opened."""

import io
import zipfile

import pytest
from docx import Document
from reading_samples import CONFERENCE, FIRST, SECOND, mail, raw_mail, read, shown, zone_text

from parsers.reading import Attendance, Reading, Role, ZoneKind

LINES = ["Minister Leopold Grünwald: 29 and 30 April", "State Secretary Eva Brandstetter: 30 April"]
ODT = "application/vnd.oasis.opendocument.text"


def docx() -> bytes:
    document = Document()
    document.add_paragraph(LINES[0])
    document.add_paragraph("Eva Brandstetter", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, [("Name", "Day"), ("Eva", "30 April")], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    return _saved(document)


def _saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]  # python-docx's factory is untyped
    return out.getvalue()


def odt() -> bytes:
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="tb">'
        "<office:automatic-styles><style>hidden</style></office:automatic-styles><office:body><office:text>"
        f"<text:h>{LINES[0]}</text:h><text:p>Eva<text:s/>Brandstetter &amp; Co</text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell>"
        "<table:table-cell><text:p>Day</text:p></table:table-cell></table:table-row></table:table>"
        "</office:text></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", ODT)
        archive.writestr("content.xml", content)
    return out.getvalue()


def pdf(text: str) -> bytes:
    """A PDF of one page with that text, or with a filled rectangle instead of any text."""
    drawn = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET" if text else "0 0 200 200 re f"
    stream = drawn.encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, item in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


RTF = rb"{\rtf1\ansi\ansicpg1252 Minister Leopold Gr\'fcnwald: 29 and 30 April\par Second line\par}"
FILES = {
    "letter.pdf": ("application/pdf", pdf("Minister Leopold Gr\\374nwald: 29 and 30 April")),
    "letter.docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx()),
    "letter.odt": (ODT, odt()),
    "letter.rtf": ("application/rtf", RTF),
    "letter.txt": ("text/plain", LINES[0].encode()),
    "letter.html": ("text/html", f"<p>{LINES[0]}</p>".encode()),
}


def with_file(name: str, media_type: str, content: bytes, text: str = "Please see the attached letter.") -> bytes:
    message = mail(text)
    main, sub = media_type.split("/")
    message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


@pytest.mark.parametrize("name", FILES)
def test_text_of_attachments(name: str) -> None:
    media_type, content = FILES[name]
    result = shown(with_file(name, media_type, content))
    assert LINES[0] in result.read
    assert LINES[0] in zone_text(result, ZoneKind.ATTACHMENT)
    listed = result.attachments[-1]
    assert (listed.name, listed.size, listed.note) == (name, len(content), "")
    assert LINES[0] in result.text[listed.start : listed.end]


@pytest.mark.parametrize("name", [n for n in FILES if not n.endswith((".txt", ".html"))])
def test_a_wrong_media_type_is_no_hindrance(name: str) -> None:
    assert LINES[0] in shown(with_file(name, "application/octet-stream", FILES[name][1])).read


def test_tables_and_lists_keep_their_shape() -> None:
    result = shown(with_file("letter.docx", *FILES["letter.docx"]))
    assert "- Eva Brandstetter" in result.read
    assert "Name | Day\nEva | 30 April" in result.read
    assert "Name | Day" in shown(with_file("letter.odt", *FILES["letter.odt"])).read


def test_odt_keeps_entities_and_drops_styles() -> None:
    result = shown(with_file("letter.odt", *FILES["letter.odt"]))
    assert "Eva Brandstetter & Co" in result.read
    assert "hidden" not in result.text


def test_a_scan_goes_to_review_and_says_so() -> None:
    reading = read(with_file("scan.pdf", "application/pdf", pdf("")))
    assert reading.attachments[-1].note == "a PDF holds only a picture (scan): a person has to read it"
    assert any("scan" in reason for reason in reading.review)
    assert reading.attachments[-1].start == reading.attachments[-1].end


@pytest.mark.parametrize("name", ["letter.pdf", "letter.docx", "letter.odt"])
def test_damaged_attachments_are_said(name: str) -> None:
    media_type, content = FILES[name]
    reading = read(with_file(name, media_type, content[: len(content) // 3]))
    assert reading.attachments[-1].note
    assert reading.problems


def test_an_attached_mail() -> None:
    outer = mail("See attached.")
    outer.add_attachment(mail(LINES[0], subject="From the cabinet"))
    result = shown(outer.as_bytes())
    assert LINES[0] in result.read
    assert result.attachments[-1].media_type == "message/rfc822"


def test_an_attached_mail_as_a_file() -> None:
    raw = with_file("answer.eml", "application/octet-stream", mail(LINES[0]).as_bytes())
    assert LINES[0] in shown(raw).read


def test_pictures_and_sheets_are_listed_only() -> None:
    result = shown(with_file("plan.xlsx", "application/vnd.ms-excel", b"PK\x03\x04"))
    assert [(a.name, a.note, a.end - a.start) for a in result.attachments] == [("plan.xlsx", "", 0)]


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Office//EN
METHOD:{method}
BEGIN:VEVENT
UID:conference-2024
ATTENDEE;CN="Leopold Grünwald";PARTSTAT={partstat}:mailto:leopold.gruenwald@inneres.example
ORGANIZER:mailto:minconf@conference.example
SUMMARY:Ministerial Conference
DTSTAMP:20240227T080000Z
DTSTART;VALUE=DATE:{start}
DTEND;VALUE=DATE:{end}
{comment}END:VEVENT
END:VCALENDAR
"""


def calendar_mail(
    partstat: str,
    *,
    method: str = "REPLY",
    start: str = "20240429",
    end: str = "20240501",
    comment: str = "",
    text: str = "",
    headers: tuple[str, ...] = (),
) -> bytes:
    said = f"COMMENT:{comment}\n" if comment else ""
    part = CALENDAR.format(method=method, partstat=partstat, start=start, end=end, comment=said)
    part = part.replace("\n", "\r\n")
    body = (
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/calendar; charset=utf-8; method={method}\r\n\r\n{part}\r\n--b--\r\n"
    )
    return raw_mail(body.encode(), "Content-Type: multipart/alternative; boundary=b", *headers)


def said(reading: Reading) -> list[tuple[str, Role, object, Attendance]]:
    return [(s.name, s.role, s.day, s.attendance) for s in reading.statements]


@pytest.mark.parametrize(
    ("partstat", "attendance"),
    [("ACCEPTED", Attendance.YES), ("DECLINED", Attendance.NO), ("TENTATIVE", Attendance.MAYBE)],
)
def test_calendar_replies(partstat: str, attendance: Attendance) -> None:
    principal = CONFERENCE.delegations[0].minister
    assert said(read(calendar_mail(partstat))) == [
        (principal, Role.MINISTER, FIRST, attendance),
        (principal, Role.MINISTER, SECOND, attendance),
    ]


def test_a_calendar_reply_for_one_day() -> None:
    reading = read(calendar_mail("ACCEPTED", start="20240430", end="20240501"))
    assert [(s.day, s.attendance) for s in reading.statements] == [(SECOND, Attendance.YES)]


def test_a_calendar_reply_for_another_day_says_nothing() -> None:
    assert read(calendar_mail("ACCEPTED", start="20240612", end="20240613")).statements == ()


@pytest.mark.parametrize("partstat", ["NEEDS-ACTION", "DELEGATED"])
def test_undecided_calendar_replies_say_nothing(partstat: str) -> None:
    assert read(calendar_mail(partstat)).statements == ()


def test_a_calendar_request_says_nothing() -> None:
    assert read(calendar_mail("ACCEPTED", method="REQUEST")).statements == ()


@pytest.mark.parametrize("method", ["REPLY", "COUNTER"])
def test_comments_are_shown(method: str) -> None:
    comment = "Only if the vote in parliament allows it"
    reading = read(calendar_mail("TENTATIVE", method=method, comment=comment))
    assert comment in reading.text
    for statement in reading.statements:
        for proof in statement.evidence:
            assert reading.text[proof.start : proof.end] == proof.text


def test_a_counter_is_no_acceptance() -> None:
    reading = read(calendar_mail("ACCEPTED", method="COUNTER", start="20240430", end="20240501"))
    assert not any(s.attendance is Attendance.YES for s in reading.statements)


def test_a_calendar_that_cannot_be_read_is_only_listed() -> None:
    body = b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE"
    reading = read(raw_mail(body, "Content-Type: text/calendar; method=REPLY"))
    assert reading.statements == ()
    assert reading.attachments[-1].media_type == "text/calendar"


def test_a_line_of_a_pdf_that_is_set_flush_keeps_single_blanks() -> None:
    reading = read(with_file("letter.pdf", "application/pdf", pdf("I  have  asked  Mr  Oskar  Brandt")))
    assert "I have asked Mr Oskar Brandt" in reading.text
