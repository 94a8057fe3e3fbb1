"""What comes out of the reader: one frozen `Reading` a message, every value of it with its evidence.

All offsets are characters of `Reading.text`, the text as shown to staff: `text[span.start:span.end] == span.text`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

VERSION = "1"
"""Changes whenever the same bytes may read differently; the register notes it beside every reading."""


class Kind(StrEnum):
    """What a message brings; a message may bring both, or neither."""

    AVAILABILITY = "availability"
    QUESTION = "question"


class Neither(StrEnum):
    """Why a message brings nothing for the table."""

    ACKNOWLEDGEMENT = "acknowledgement"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    UNRELATED = "unrelated"


class Role(StrEnum):
    """`MINISTER` is the invited principal, `DEPUTY` heads the delegation in the principal's place, `DELEGATE` comes
    along.
    """

    MINISTER = "minister"
    DEPUTY = "deputy"
    DELEGATE = "delegate"


class Attendance(StrEnum):
    """iTIP PARTSTAT ACCEPTED, DECLINED and TENTATIVE (RFC 5545, 3.2.12) in the secretariat's words."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


class ZoneKind(StrEnum):
    """Whose words a stretch of the text is."""

    NEW = "new"
    QUOTED = "quoted"
    ATTRIBUTION = "attribution"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    LETTER = "letter"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The characters that a value rests on, the rule or component that read them, and how sure it was (0 to 1)."""

    start: int
    end: int
    text: str
    rule: str
    sureness: float = 1.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of the text, `start` to before `end`."""

    kind: ZoneKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Whether one person attends on one day."""

    name: str
    role: Role
    day: date
    attendance: Attendance
    sureness: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence that asks the organisers for something, as it stands in the message; `topic` is a short key or
    empty.
    """

    text: str
    evidence: Evidence
    language: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that was opened or only noted. `start` and `end` are where its text stands, equal if it gave none."""

    name: str
    media_type: str
    size: int
    start: int = 0
    end: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header fields that matter (RFC 5322), decoded and cleaned. `sent` is aware, or None where no date can be
    read.

    `authentication` is the topmost Authentication-Results field (RFC 8601), unjudged.
    """

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_name: str = ""
    from_address: str = ""
    reply_to: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    sent: datetime | None = None
    authentication: str = ""


@dataclass(frozen=True, slots=True)
class Automatic:
    """What an automatic message tells: until when somebody is away, who stands in, which addresses failed (RFC
    3464).
    """

    returns: date | None = None
    stand_in: str = ""
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One message, read. `review` holds short reasons why a person should look first; empty where the reader is sure.

    `corrects` says that the message refers to an earlier statement as mistaken or outdated. `problems` are defects of
    the message itself. `office` names who wrote (the sender's domain), for telling two offices of one country apart.
    """

    text: str
    envelope: Envelope
    zones: tuple[Zone, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    language: str = ""
    delegation: str | None = None
    delegation_evidence: Evidence | None = None
    kinds: tuple[Kind, ...] = ()
    neither: Neither | None = None
    neither_evidence: Evidence | None = None
    statements: tuple[Statement, ...] = ()
    questions: tuple[Question, ...] = ()
    automatic: Automatic | None = None
    corrects: bool = False
    office: str = ""
    review: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sureness: float = 0.0
    version: str = field(default=VERSION)

    def people(self) -> list[dict[str, Any]]:
        """The statements gathered by person: name, role and a mapping from ISO day to attendance, in order of
        naming.
        """
        gathered: dict[tuple[str, Role], dict[str, str]] = {}
        for statement in self.statements:
            days = gathered.setdefault((statement.name, statement.role), {})
            days[statement.day.isoformat()] = statement.attendance.value
        return [
            {"name": name, "role": role.value, "attendance": dict(sorted(days.items()))}
            for (name, role), days in gathered.items()
        ]


_READING = TypeAdapter(Reading)


def to_json(reading: Reading) -> str:
    """The whole reading as JSON text; `from_json` gives back an equal value."""
    return _READING.dump_json(reading).decode()


def from_json(text: str | bytes) -> Reading:
    """The reading that `to_json` wrote. Raises `ValueError` where it is no reading."""
    return _READING.validate_json(text)
