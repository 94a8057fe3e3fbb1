"""Hostile and broken mail: nothing raises, evidence stays true, time stays linear."""

import base64
import io
import time
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_samples import mail, raw_mail, read, shown

from parsers.reading import Reading, from_json, to_json

ANSWER = "Minister Grünwald will attend on 29 April only. Could you tell us where the hotel is?\n"


def check(reading: Reading) -> None:
    """What is true of every reading."""
    proofs = [proof for statement in reading.statements for proof in statement.evidence]
    proofs.extend(question.evidence for question in reading.questions)
    others = [p for p in (reading.delegation_evidence, reading.neither_evidence) if p is not None]
    # What rests on a header is quoted without a place in the text.
    proofs.extend(p for p in others if p.end > p.start)
    assert all((p.start, p.end) == (0, 0) for p in others if p.end <= p.start)
    for proof in proofs:
        assert 0 <= proof.start <= proof.end <= len(reading.text)
        assert reading.text[proof.start : proof.end] == proof.text
    for attachment in reading.attachments:
        assert 0 <= attachment.start <= attachment.end <= len(reading.text)
    assert all(0 <= zone.start < zone.end <= len(reading.text) for zone in reading.zones)
    assert all(a.end <= b.start for a, b in zip(reading.zones, reading.zones[1:], strict=False))
    assert not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in reading.text + reading.envelope.subject)
    to_json(reading).encode("utf-8")
    assert from_json(to_json(reading)) == reading


PIECES = st.sampled_from(
    [
        b"From: ", b"Subject: ", b"Date: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"\r\n--b\r\n", b"--b--",
        b"text/html", b"text/plain; charset=", b"utf-8", b"utf-16", b"Content-Transfer-Encoding: base64", b"\r\n\r\n",
        b"=?utf-8?B?", b"?=", b"=?x?Q?=FF?=", b"message/rfc822", b"application/pdf", b"text/calendar; method=REPLY",
        b"BEGIN:VCALENDAR", b"ATTENDEE;PARTSTAT=ACCEPTED:x", b"\r\n", b"\n", b"\r", b"\0", b"\xff\xfe", b"<div>",
        b"> ", b"On 26 Feb 2024, at 09:14, X wrote:", "Minister Grünwald kommt am 29. April".encode(), b"29-30", b" ",
        "Ελλάδα 30/4".encode(), b"Kind regards", b"multipart/report; report-type=delivery-status", b"Action: failed",
        b"application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00", b"%PDF-1.4", b"PK\x03\x04", b"{\\rtf1", b"@", b":", b";",
    ]
)  # fmt: skip
LIKE_MAIL = st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=60).map(b"".join)
QUIET = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(LIKE_MAIL)
def test_any_bytes_are_read(raw: bytes) -> None:
    check(read(raw))


@QUIET
@given(LIKE_MAIL)
def test_any_body_is_read(body: bytes) -> None:
    check(read(raw_mail(body, "Content-Type: text/plain; charset=utf-8")))


@QUIET
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_is_read(text: str, subject: str) -> None:
    raw = raw_mail(text.encode("utf-8", "surrogatepass"), f"X-Note: {subject.encode('unicode_escape').decode()}")
    check(read(raw))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_good_mail_with_bytes_exchanged(data: st.DataObject) -> None:
    raw = bytearray(mail(ANSWER, html=f"<p>{ANSWER}</p>").as_bytes())
    for _ in range(data.draw(st.integers(1, 12))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    check(read(bytes(raw)))


def nested(kind: str, depth: int) -> bytes:
    """Containers inside containers."""
    if kind == "message":
        return b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\n" + ANSWER.encode()
    heads = [b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)]
    return b"".join(heads) + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + ANSWER.encode()


def bomb_docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"<w>" + b" " * 50_000_000)
    return out.getvalue()


def with_file(name: str, content: bytes) -> bytes:
    message = mail(ANSWER)
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def many_attachments() -> bytes:
    message = mail(ANSWER)
    for number in range(200):
        message.add_attachment(f"Line {number}".encode(), maintype="text", subtype="plain", filename=f"{number}.txt")
    return message.as_bytes()


CROOKED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"\xff",
    "only line ends": lambda: b"\r\n" * 1000,
    "only headers": lambda: b"From: a@b.example",
    "2,000 multiparts deep": lambda: nested("multipart", 2000),
    "2,000 messages deep": lambda: nested("message", 2000),
    "250 multiparts deep": lambda: nested("multipart", 250),
    "100,000 header lines": lambda: b"X-A: b\r\n" * 100_000 + b"\r\n" + ANSWER.encode(),
    "a header of 5 MB": lambda: b"Subject: " + b"a" * 5_000_000 + b"\r\n\r\n" + ANSWER.encode(),
    "50,000 encoded words": lambda: b"Subject: " + b"=?utf-8?Q?a?= " * 50_000 + b"\r\n\r\n" + ANSWER.encode(),
    "50,000 addresses": lambda: b"From: " + b"a@b.example, " * 50_000 + b"\r\n\r\n" + ANSWER.encode(),
    "50,000 brackets": lambda: b"From: " + b"(" * 50_000 + b"<" * 50_000 + b"\r\n\r\n" + ANSWER.encode(),
    "50,000 references": lambda: b"References: " + b"<a@b> " * 50_000 + b"\r\n\r\n" + ANSWER.encode(),
    "20,000 parameters": lambda: raw_mail(ANSWER.encode(), "Content-Type: text/plain" + "; a*1*=x" * 20_000),
    "a charset of 100 kB": lambda: raw_mail(ANSWER.encode(), "Content-Type: text/plain; charset=" + "x" * 100_000),
    "a codec that is no charset": lambda: raw_mail(ANSWER.encode(), "Content-Type: text/plain; charset=zlib"),
    "idna as charset": lambda: raw_mail(b"." * 5000, "Content-Type: text/plain; charset=idna"),
    "punycode as charset": lambda: raw_mail(b"a-" * 20_000, "Content-Type: text/plain; charset=punycode"),
    "utf-7": lambda: raw_mail(b"+ADw-script+AD4-", "Content-Type: text/plain; charset=utf-7"),
    "bidi marks": lambda: mail("The Minister \u202ewill not\u202c attend \u2066on 29 April\u2069.").as_bytes(),
    "zero width": lambda: mail("The Minis\u200bter will at\u00adtend on 2\u200b9 April.").as_bytes(),
    "combining marks": lambda: mail("Z\u0351\u036b\u0343" + "\u0301" * 5000).as_bytes(),
    "a DOCX that unpacks to 50 MB": lambda: with_file("letter.docx", bomb_docx()),
    "a PDF that is a ZIP": lambda: with_file("letter.pdf", b"%PDF-1.4\n" + bomb_docx()),
    "a PDF of nothing but objects": lambda: with_file("letter.pdf", b"%PDF-1.4\n" + b"1 0 obj\n" * 60_000),
    "an RTF of nothing but braces": lambda: with_file("letter.rtf", b"{\\rtf1" + b"{" * 150_000),
    "200 attachments": many_attachments,
    "a TNEF of nothing but counts": lambda: with_file("winmail.dat", b"\x78\x9f\x3e\x22" + b"\xff" * 5000),
    "a calendar of 20,000 events": lambda: with_file("a.ics", b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 20_000),
    "HTML 100,000 deep": lambda: mail(html="<div>" * 100_000 + ANSWER).as_bytes(),
    "HTML of open comments": lambda: mail(html="<!--" * 50_000 + ANSWER).as_bytes(),
    "an opaque signature of nothing": lambda: with_file("smime.p7m", b"\x30\x80" * 5000),
    "base64 of the wrong length": lambda: raw_mail(
        base64.b64encode(ANSWER.encode())[:-3], "Content-Type: text/plain", "Content-Transfer-Encoding: base64"
    ),
}


@pytest.mark.parametrize("name", CROOKED)
def test_crooked_mail(name: str) -> None:
    raw = CROOKED[name]()
    started = time.perf_counter()
    check(read(raw))
    assert time.perf_counter() - started < 30, "the reading process would have been killed"


def test_too_deep_is_said_and_the_text_is_kept() -> None:
    reading = read(nested("multipart", 2000))
    assert any("nested" in problem for problem in reading.problems)
    assert "Grünwald" in reading.text


def test_a_bomb_is_not_unpacked() -> None:
    reading = read(with_file("letter.docx", bomb_docx()))
    assert reading.attachments[-1].note
    assert len(reading.text) < 10_000


def test_deep_html_keeps_its_words() -> None:
    assert ANSWER.strip() in shown(mail(html="<div>" * 100_000 + ANSWER).as_bytes()).read


def test_what_is_too_long_to_be_read_is_said() -> None:
    reading = read(mail("Nothing new here, only words upon words.\n" * 1000).as_bytes())
    assert any("very long" in problem for problem in reading.problems)
    assert reading.review


SHAPES = {
    "lines": ANSWER,
    "one line": ANSWER.strip() + " ",
    "labels": "From: a@b.example\nSent: 1\n",
    "quotes": "> a b c\n",
    "colons": "a: b\n",
    "empty lines": "\n",
    "attributions": "On 26 Feb 2024, X <a@b.example> wrote:\n",
    "rules": "________________________________\n",
    "dates": "29.04.",
    "commas": "a, ",
    "addresses": "a@b.example ",
    "angles": "<a",
}


@pytest.mark.parametrize("name", SHAPES)
def test_time_grows_with_the_length(name: str) -> None:
    """A text four times as long takes at most about four times as long, judged against a pass that must be linear."""

    def seconds(size: int) -> tuple[float, float]:
        text = SHAPES[name] * (size // len(SHAPES[name]))
        raw = raw_mail(text.encode(), "Content-Type: text/plain; charset=utf-8")
        started = time.process_time()
        shown(raw)
        middle = time.process_time()
        for _ in range(4):
            [word.casefold() for word in text.split()]
            text.encode().decode().replace("\n", "\r\n")
        return middle - started, max(time.process_time() - middle, 0.002)

    small, small_peer = min(seconds(80_000) for _ in range(2))
    large, large_peer = seconds(320_000)
    assert large < 0.5 or large / small < 3 * max(4, large_peer / small_peer)


def test_five_megabytes() -> None:
    """The reading takes at most as long as 60 plain passes over the same text, which is far below 5 s unloaded."""
    text = ANSWER * (5_000_000 // len(ANSWER.encode()))
    raw = raw_mail(text.encode(), "Content-Type: text/plain; charset=utf-8")
    read(mail(ANSWER).as_bytes())
    started = time.process_time()
    read(raw)
    taken = time.process_time() - started
    started = time.process_time()
    [word.casefold() for word in text.split()]
    assert taken < 60 * (time.process_time() - started)
