"""Header fields and charsets as mailers really write them: debris, groups, lies."""

import base64
from datetime import UTC, datetime

import pytest
from reading_samples import RECEIVED, raw_mail, shown

from parsers.headers import envelope
from parsers.mime import parse

ANSWER = "Minister Grünwald will attend on 29 April only."


@pytest.mark.parametrize(
    ("encoded_as", "declared"),
    [
        ("utf-8", "text/plain"),
        ("utf-8", "text/plain; charset=us-ascii"),
        ("utf-8", "text/plain; charset=iso-8859-1"),
        ("utf-8", "text/plain; charset=x-nowhere"),
        ("utf-8", "text/plain; charset=unknown-8bit"),
        ("utf-8", 'text/plain; charset="utf8"'),
        ("cp1252", "text/plain; charset=iso-8859-1"),
        ("cp1252", "text/plain; charset=windows-1252"),
        ("cp1252", "text/plain; charset=utf-8"),
        ("utf-16", "text/plain; charset=utf-16"),
        ("utf-8", "nonsense"),
        ("utf-8", "text/plain; charset=utf-7"),
    ],
)
def test_missing_and_lying_charsets(encoded_as: str, declared: str) -> None:
    text = f"Der Minister Grünwald hat für den 29. April zugesagt und grüßt herzlich.\n{ANSWER}\n" * 2
    raw = raw_mail(
        base64.encodebytes(text.encode(encoded_as)), f"Content-Type: {declared}", "Content-Transfer-Encoding: base64"
    )
    assert ANSWER in shown(raw).read


@pytest.mark.parametrize("declared", ["", "; charset=us-ascii", "; charset=x-nowhere", "; charset=iso-2022-jp"])
def test_eight_bit_bodies_keep_their_bytes(declared: str) -> None:
    raw = raw_mail(ANSWER.encode(), f"Content-Type: text/plain{declared}", "Content-Transfer-Encoding: 8bit")
    assert ANSWER in shown(raw).read


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-2", "Žádost pana ministra Žitavského"), ("windows-1250", "Šestého dubna přijede ministr"),
        ("iso-8859-7", "Ο Υπουργός θα παραστεί"), ("windows-1253", "Η συμμετοχή του Υπουργού"),
        ("koi8-r", "Министърът ще участва"), ("windows-1251", "Министърът ще присъства"),
        ("iso-8859-13", "Ministrė dalyvaus balandžio 29 dieną"), ("iso-8859-15", "Le ministre coûte 5 €"),
        ("windows-1257", "Ministrs piedalīsies aprīlī"), ("iso-8859-9", "Sayın Bakan"),
    ],
)  # fmt: skip
def test_declared_charsets(charset: str, text: str) -> None:
    raw = raw_mail(text.encode(charset), f"Content-Type: text/plain; charset={charset}")
    assert shown(raw).read.strip() == text


HEADERS = [
    ("From: =?utf-8?q?Vera_Lindqvist=2C_BMI?= <v@inneres.example>", "from_name", "Vera Lindqvist, BMI"),
    ("From: =?iso-8859-1?Q?J=F8rgen?= =?iso-8859-1?Q?_Holm?= <j@x.example>", "from_name", "Jørgen Holm"),
    ("From: =?UTF-8?B?xb3DrWQ=?=zz <j@x.example>", "from_name", "Žídzz"),
    ("From: =?utf-8?B?xb3?= =?utf-8?B?DrQ==?= <j@x.example>", "from_address", "j@x.example"),
    ('From: "Lindqvist, Vera" <V@Inneres.Example>', "from_address", "v@inneres.example"),
    ('From: "Lindqvist, Vera" <V@Inneres.Example>', "from_name", "Lindqvist, Vera"),
    ("From: Cabinet: Vera <v@inneres.example>, Paul <p@inneres.example>;", "from_address", "v@inneres.example"),
    ("From: undisclosed-recipients:;", "from_address", ""),
    ("From: v@inneres.example (Vera Lindqvist)", "from_address", "v@inneres.example"),
    ("From: Vera <v@inneres.example", "from_address", "v@inneres.example"),
    ("From: <>", "from_address", ""),
    ("From: Vera", "from_name", "Vera"),
    ("Subject: =?utf-8?Q?R=C3=A9ponse?=\r\n =?utf-8?Q?_du_ministre?=", "subject", "Réponse du ministre"),
    ("Subject: =?utf-8?Q?broken", "subject", "=?utf-8?Q?broken"),
    ("Subject: =?x-no-such?Q?plain?=", "subject", "plain"),
    ("Subject: a\r\n\tb\r\n c", "subject", "a b c"),
    ("Message-ID: <a@b> (comment)", "message_id", "a@b"),
    ("Message-ID: [a@b]", "message_id", "[a@b]"),
    ("Date: Tue, 27 Feb 2024 08:30:00 +0100", "sent", datetime(2024, 2, 27, 7, 30, tzinfo=UTC)),
    ("Date: 27 Feb 2024 08:30:00", "sent", datetime(2024, 2, 27, 8, 30, tzinfo=UTC)),
    ("Date: yesterday", "sent", None),
    ("Date: Tue, 27 Feb 1970 08:30:00 +0100", "sent", None),
    ("Date: Tue, 99 Feb 2024 99:30:00 +9999", "sent", None),
    ("X-Nothing: no date at all", "sent", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "field", "value"), HEADERS)
def test_headers(line: str, field: str, value: object) -> None:
    message, _ = parse(line.encode() + b"\r\n\r\nText\r\n")
    assert getattr(envelope(message, RECEIVED), field) == value


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=utf-8''Zus%C3%A4tze.txt",
        "attachment; filename*0*=utf-8''Zus%C3%A4; filename*1=tze.txt",
        'attachment; filename="=?utf-8?Q?Zus=C3=A4tze.txt?="',
        'attachment; filename="Zusätze.txt"',
        "attachment; filename=Zusätze.txt",
    ],
)
def test_attachment_names(disposition: str) -> None:
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nSee the list.\r\n--b\r\nContent-Type: text/plain\r\n"
        f"Content-Disposition: {disposition}\r\n\r\nEva\r\n--b--\r\n"
    )
    result = shown(raw_mail(body.encode(), "Content-Type: multipart/mixed; boundary=b"))
    assert [a.name for a in result.attachments] == ["Zusätze.txt"]
