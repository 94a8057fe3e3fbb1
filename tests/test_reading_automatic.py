"""Mail that no person wrote, and mail that only looks like it."""

from datetime import date

import pytest
from reading_samples import LETTER, MAILBOX, MAILS, RECEIVED, mail, raw_mail, read
from test_reading_attachments import calendar_mail

from parsers import automatic
from parsers.body import gather
from parsers.document import show
from parsers.headers import envelope
from parsers.mime import parse
from parsers.reading import Attendance, Kind, Neither

FOLDER = MAILS / "automatic"
ANSWER = "The Minister will attend on both days."
KINDS = {"auto": Neither.AUTO_REPLY, "read": Neither.AUTO_REPLY, "bounce": Neither.BOUNCE, "person": None}


def rows(name: str) -> list[list[str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines if line.strip() and not line.startswith("#")]


def machine(raw: bytes) -> automatic.Machine | None:
    """What the headers, the subject and the text tell, without the model."""
    message, _ = parse(raw)
    head = envelope(message, RECEIVED)
    body = gather(message)
    seen = show(body, subject=head.subject, sender_name=head.from_name, mailbox=MAILBOX, letter=LETTER)
    return automatic.classify(message, head, body, seen, MAILBOX)


FAILED = """Your message could not be delivered to the following recipient:

leopold.gruenwald@inneres.example
550 5.1.1 recipient address rejected: user unknown
"""


@pytest.mark.parametrize("row", rows("subjects.txt"), ids=lambda row: f"{row[0]}: {row[2]}")
def test_subjects(row: list[str]) -> None:
    _, kind, subject = row
    if kind == "bounce":
        raw = mail(FAILED, subject=subject, sender="Microsoft Outlook <postmaster@inneres.example>").as_bytes()
    elif "Ticket" in subject:
        raw = mail("Your request has been received and registered.", subject=subject, sender="helpdesk@ict.example")
        raw = raw.as_bytes()
    elif kind == "read":
        raw = mail("Your message was read on Tuesday, 27 February 2024 08:30.", subject=subject).as_bytes()
    else:
        raw = mail(ANSWER, subject=subject).as_bytes()
    found = machine(raw)
    assert (found.kind if found else None) == KINDS[kind]
    if kind == "bounce":
        assert found is not None
        assert found.failed == ("leopold.gruenwald@inneres.example",)


@pytest.mark.parametrize("row", [r for r in rows("subjects.txt") if r[1] == "bounce"], ids=lambda row: row[2])
def test_a_persons_mail_under_a_bounce_subject_is_no_bounce(row: list[str]) -> None:
    found = machine(mail(ANSWER, subject=row[2]).as_bytes())
    assert found is None or found.kind is not Neither.BOUNCE


def report(action: str, status: str, recipient: str = "rfc822; leopold.gruenwald@inneres.example") -> bytes:
    """A delivery status notification (RFC 3464)."""
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is the mail system at host mx.example.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: {recipient}\r\n"
        f"Action: {action}\r\nStatus: {status}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: {MAILBOX}\r\n"
        f"Subject: Conference\r\n\r\n{LETTER}\r\n--b--\r\n"
    )
    return raw_mail(
        body.encode(),
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "Auto-Submitted: auto-replied",
    )


def test_delivery_report() -> None:
    reading = read(report("failed", "5.1.1"))
    assert reading.neither is Neither.BOUNCE
    assert reading.automatic is not None
    assert reading.automatic.failed == ("leopold.gruenwald@inneres.example",)
    assert reading.delegation == "AT"
    assert not reading.statements


def test_delay_notice() -> None:
    found = machine(report("delayed", "4.4.1"))
    assert found is not None
    assert found.kind is Neither.BOUNCE
    assert found.delayed
    assert not machine(report("failed", "5.1.1")).delayed  # type: ignore[union-attr]  # a bounce is found


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_success_notices_are_no_bounce(action: str) -> None:
    found = machine(report(action, "2.0.0"))
    assert found is not None
    assert found.kind is Neither.AUTO_REPLY


def test_read_receipt() -> None:
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message was read.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        "Final-Recipient: rfc822; vera.lindqvist@inneres.example\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n"
    )
    raw = raw_mail(body.encode(), "Content-Type: multipart/report; report-type=disposition-notification; boundary=b")
    reading = read(raw)
    assert reading.neither is Neither.AUTO_REPLY
    assert not reading.statements


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "auto-generated"),
        ("Auto-Submitted", "Auto-Replied (vacation)"), ("X-Autoreply", "yes"), ("X-Autorespond", "1"),
        ("X-Auto-Reply", "true"), ("Precedence", "auto_reply"),
    ],
)  # fmt: skip
def test_headers_of_automatic_mail(name: str, value: str) -> None:
    found = machine(mail(ANSWER, headers={name: value}).as_bytes())
    assert found is not None
    assert found.kind is Neither.AUTO_REPLY


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Auto-Response-Suppress": "All"},
        {"X-Auto-Response-Suppress": "OOF, AutoReply"},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"List-Id": "Delegations <delegations.inneres.example>"},
        {"List-Unsubscribe": "<mailto:leave@inneres.example>"},
        {"Return-Path": "<>"},
        {"Auto-Submitted": "no"},
        {"X-Autoreply": "no"},
        {"X-MS-Exchange-Inbox-Rules-Loop": "vera@inneres.example"},
        {"X-Mailer": "Vacation Planner"},
        {"Precedence": "bulk", "List-Id": "<x.example>", "Return-Path": "<>", "X-Auto-Response-Suppress": "All"},
    ],
    ids=str,
)
def test_headers_that_tell_nothing(headers: dict[str, str]) -> None:
    assert machine(mail(ANSWER, headers=headers).as_bytes()) is None


@pytest.mark.parametrize(
    "text",
    [
        "The Minister is out of the office of the President until noon and will attend on 29 April.",
        "Our first mail came back: user unknown. The Minister attends on both days.",
        "The server said 550 5.1.1 for minconf@conference.example, so I write again: the Minister comes.",
        "Your message has been received with thanks; the Minister accepts.",
    ],
)
def test_texts_that_only_sound_automatic(text: str) -> None:
    assert machine(mail(text).as_bytes()) is None


def test_a_calendar_acceptance_counts_as_a_persons() -> None:
    reading = read(
        calendar_mail("ACCEPTED", headers=("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All"))
    )
    assert reading.neither is None
    assert reading.kinds == (Kind.AVAILABILITY,)
    assert {s.attendance for s in reading.statements} == {Attendance.YES}


def test_list_moderation() -> None:
    text = "Your mail to 'Delegations' is being held until the list moderator can review it for approval."
    raw = mail(text, subject="Your message to Delegations awaits moderator approval").as_bytes()
    found = machine(raw)
    assert found is not None
    assert found.kind is Neither.AUTO_REPLY


def test_ticket_receipt() -> None:
    text = "Dear Sir or Madam, your request has been received and registered under the number 4711."
    raw = mail(text, subject="[Ticket #4711] Conference", sender="Service <noreply@ict.example>").as_bytes()
    found = machine(raw)
    assert found is not None
    assert found.kind is Neither.AUTO_REPLY


@pytest.mark.parametrize("row", rows("returns.txt"), ids=lambda row: f"{row[0]}: {row[3][:40]}")
def test_return_dates_and_stand_ins(row: list[str]) -> None:
    _, returns, stand_in, text = row
    reading = read(mail(f"{text}\n\nVera Lindqvist", subject="Automatic reply: Conference").as_bytes())
    assert reading.neither is Neither.AUTO_REPLY
    assert reading.automatic is not None
    assert reading.automatic.returns == (date.fromisoformat(returns) if returns else None)
    # Names are found by the trained component: it may miss one, it must not invent one or name the absent writer.
    assert reading.automatic.stand_in in {"", stand_in}
    assert reading.statements == ()


def test_a_bounce_is_decided_before_an_automatic_reply() -> None:
    raw = mail(
        FAILED,
        subject="Undeliverable: Automatic reply: Conference",
        sender="Mail Delivery System <mailer-daemon@inneres.example>",
        headers={"Auto-Submitted": "auto-replied"},
    ).as_bytes()
    found = machine(raw)
    assert found is not None
    assert found.kind is Neither.BOUNCE


def test_the_own_mailbox_never_counts_as_failed() -> None:
    text = FAILED + f"\nThe message was sent by {MAILBOX}.\n"
    raw = mail(text, subject="Undeliverable: Conference", sender="postmaster@inneres.example").as_bytes()
    found = machine(raw)
    assert found is not None
    assert MAILBOX not in found.failed
