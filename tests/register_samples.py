"""Small messages and readings for tests of the register; every person and domain is fictional."""

from datetime import UTC, date, datetime, timedelta

from parsers.conference import Conference, Delegation
from parsers.reading import Attendance, Automatic, Envelope, Evidence, Kind, Neither, Question, Reading, Role, Statement

MONDAY, TUESDAY = date(2024, 4, 29), date(2024, 4, 30)
LETTER = datetime(2024, 2, 23, 15, 0, tzinfo=UTC)
YES, NO, MAYBE = Attendance.YES, Attendance.NO, Attendance.MAYBE
MINISTER, DEPUTY, DELEGATE = Role.MINISTER, Role.DEPUTY, Role.DELEGATE

CONFERENCE = Conference(
    name="Conference on Bridges",
    place="Ghent",
    days=(MONDAY, TUESDAY),
    mailbox="bridges@host.example",
    invitation_sent=date(2024, 2, 23),
    delegations=(
        Delegation(
            "AT", "Austria", "member-state", "Interior", "Anna Berger", "Minister", domains=("inneres-at.example",)
        ),
        Delegation(
            "BG", "Bulgaria", "member-state", "Interior", "Petar Iliev", "Minister", ("Петър Илиев",), ("mvr.example",)
        ),
        Delegation(
            "CZ", "Czechia", "member-state", "Interior", "Jan Dvořák", "Minister", domains=("vnitro-cz.example",)
        ),
        Delegation(
            "IE", "Ireland", "member-state", "Justice", "Nora Ní Bhriain", "Minister", domains=("justice-dep.example",)
        ),
    ),
)


def on(day: int, hour: int = 9) -> datetime:
    """That many days after the letter."""
    return LETTER.replace(hour=hour) + timedelta(days=day)


def says(name: str, role: Role = MINISTER, **days: Attendance) -> tuple[Statement, ...]:
    """Statements about one person; the days are `monday` and `tuesday`."""
    when = {"monday": MONDAY, "tuesday": TUESDAY}
    return tuple(
        Statement(name, role, when[day], answer, 0.9, (Evidence(0, 4, "Text", "test", 0.9),))
        for day, answer in days.items()
    )


def both(name: str, answer: Attendance = YES, role: Role = MINISTER) -> tuple[Statement, ...]:
    """The same answer for both days."""
    return says(name, role, monday=answer, tuesday=answer)


def reading(
    *statements: tuple[Statement, ...],
    delegation: str | None = "AT",
    sent: datetime | None = None,
    office: str = "inneres-at.example",
    questions: tuple[str, ...] = (),
    neither: Neither | None = None,
    automatic: Automatic | None = None,
    corrects: bool = False,
    review: tuple[str, ...] = (),
    message_id: str = "",
    text: str = "Text of the message",
    envelope: Envelope | None = None,
) -> Reading:
    """A reading as the parsers give it."""
    told = tuple(statement for group in statements for statement in group)
    kinds = ((Kind.AVAILABILITY,) if told else ()) + ((Kind.QUESTION,) if questions else ())
    return Reading(
        text=text,
        envelope=envelope
        or Envelope(message_id=message_id, from_name="Desk", from_address=f"desk@{office}", subject="Ghent", sent=sent),
        language="en",
        delegation=delegation,
        kinds=kinds,
        neither=neither if not kinds else None,
        statements=told,
        questions=tuple(Question(asked, Evidence(0, 4, "Text", "test")) for asked in questions),
        automatic=automatic,
        corrects=corrects,
        office=office,
        review=review,
        sureness=0.9,
    )


def raw_mail(number: int | str, *, body: str = "", sender: str = "desk@inneres-at.example", crlf: bool = True) -> bytes:
    """The bytes of a small message with a Message-ID of its own."""
    text = (
        f"From: Desk <{sender}>\nMessage-ID: <{number}@test.example>\nSubject: Ghent\n\n{body or f'Message {number}'}\n"
    )
    return text.replace("\n", "\r\n").encode() if crlf else text.encode()
