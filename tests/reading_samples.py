"""A small fictional conference, its letter, and builders of mails for the tests of the reader."""

from datetime import UTC, date, datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from parsers import Conference, Delegation, Reading, load
from parsers.body import gather
from parsers.document import Shown, show
from parsers.headers import envelope
from parsers.mime import parse
from parsers.reader import Reader
from parsers.reading import ZoneKind

MAILS = Path(__file__).parent / "mails"
RECEIVED = datetime(2024, 2, 27, 9, 0, tzinfo=UTC)
FIRST, SECOND = date(2024, 4, 29), date(2024, 4, 30)
MAILBOX = "minconf@conference.example"
LETTER = """Dear Minister,

It is our pleasure to invite you to the ministerial conference in Ghent on Monday 29 and Tuesday 30 April 2024.
We kindly ask you to tell the secretariat by 15 March which members of your delegation will attend on which day.
The format of the conference is the head of the delegation and two companions.

The conference secretariat"""


def _row(code: str, name: str, minister: str, domain: str, *also: str, language: str = "en") -> Delegation:
    return Delegation(
        code=code,
        name=name,
        kind="member-state",
        ministry="Ministry of the Interior",
        minister=minister,
        title="Minister of the Interior",
        minister_also=also,
        domains=(domain,),
        languages=(language,),
    )


CONFERENCE = Conference(
    name="Ministerial Conference",
    place="Ghent, Belgium",
    days=(FIRST, SECOND),
    mailbox=MAILBOX,
    invitation_sent=date(2024, 2, 23),
    delegations=(
        _row("AT", "Austria", "Leopold Grünwald", "inneres.example", language="de"),
        _row("CZ", "Czechia", "Bořivoj Žitavský", "vnitro.example", language="cs"),
        _row("EL", "Greece", "Stavros Papadimitriou", "asylo.example", "Σταύρος Παπαδημητρίου", language="el"),
        _row("BG", "Bulgaria", "Yordan Zhelyazkov", "vatreshni.example", "Йордан Желязков", language="bg"),
        _row("FR", "France", "Hélène Marchand-Duval", "interieur.example", language="fr"),
        _row("IE", "Ireland", "Aoife Ní Bhriain", "justice.example", "Aoife O'Brien"),
        _row("DK", "Denmark", "Jørgen Kjærgaard Holm", "indenrigs.example", language="da"),
        _row("PL", "Poland", "Agnieszka Wróblewska", "mswia.example", language="pl"),
    ),
    letter=LETTER,
)


@cache
def reader() -> Reader:
    """One warm reader for all the tests of a process."""
    return load(CONFERENCE)


def read(raw: bytes) -> Reading:
    """The reading of these bytes."""
    return reader().read(raw, received_at=RECEIVED)


def shown(raw: bytes) -> Shown:
    """The zones of a mail, without the model."""
    message, _ = parse(raw)
    head = envelope(message, RECEIVED)
    return show(gather(message), subject=head.subject, sender_name=head.from_name, mailbox=MAILBOX, letter=LETTER)


def mail(
    text: str | None = None,
    *,
    html: str | None = None,
    subject: str = "Re: Ministerial Conference",
    sender: str = "Vera Lindqvist <vera.lindqvist@inneres.example>",
    headers: dict[str, str] | None = None,
) -> EmailMessage:
    """A mail to the mailbox, plain, HTML or both."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = MAILBOX
    message["Subject"] = subject
    message["Date"] = "Tue, 27 Feb 2024 08:30:00 +0100"
    message["Message-ID"] = "<27022024@inneres.example>"
    for name, value in (headers or {}).items():
        message[name] = value
    if text is not None:
        message.set_content(text)
    if html is not None and text is not None:
        message.add_alternative(html, subtype="html")
    elif html is not None:
        message.set_content(html, subtype="html")
    return message


def raw_mail(body: bytes, *headers: str) -> bytes:
    """A mail of exactly these body bytes, with the usual envelope and these header lines."""
    lines = [
        "From: Vera Lindqvist <vera.lindqvist@inneres.example>",
        f"To: {MAILBOX}",
        "Subject: Re: Ministerial Conference",
        "Date: Tue, 27 Feb 2024 08:30:00 +0100",
        "Message-ID: <27022024@inneres.example>",
        "MIME-Version: 1.0",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def zone_text(shown_or_reading: Shown | Reading, kind: ZoneKind) -> str:
    """All text of one kind of zone, joined."""
    return "".join(shown_or_reading.text[zone.start : zone.end] for zone in shown_or_reading.zones if zone.kind is kind)


def same(first: Reading, second: Reading) -> None:
    """Two readings say the same: text, statements, questions, kinds, automatic data and zones."""
    assert first.text == second.text
    assert first.zones == second.zones
    assert first.people() == second.people()
    assert [q.text for q in first.questions] == [q.text for q in second.questions]
    assert (first.kinds, first.neither, first.automatic) == (second.kinds, second.neither, second.automatic)
    assert (first.delegation, first.language) == (second.delegation, second.language)
