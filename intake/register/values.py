"""What goes in and out of the register: frozen values, and the errors that a person may see."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from parsers.reading import Attendance, Reading, Role


class RegisterError(Exception):
    """The register cannot do what was asked. The text is one sentence for the person at the keyboard."""


class RegisterBusyError(RegisterError):
    """The same, for a reason that may pass by itself: another program holds the file, or the disk is full."""


class StaleError(RegisterError):
    """Somebody else decided in the meantime: `decision` is the id of the newest decision about the same thing."""

    def __init__(self, decision: int) -> None:
        super().__init__("Somebody else has changed this since you opened it; look at it again before you decide.")
        self.decision = decision


class State(StrEnum):
    """What became of a delegation's invitation."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    NOT_DELIVERED = "not_delivered"
    AWAY = "away"


class Bucket(StrEnum):
    """The one heading under which a message is counted; all of them together are the reconciling line."""

    WAITING = "waiting"
    ANSWER = "answer"
    QUESTION = "question"
    ACKNOWLEDGEMENT = "acknowledgement"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    UNRELATED = "unrelated"
    REVIEW = "review"
    QUARANTINED = "quarantined"
    COPY = "copy"
    ERASED = "erased"


class Source(StrEnum):
    """How a statement reached the secretariat."""

    MESSAGE = "message"
    CALENDAR = "calendar"
    PHONE = "phone"
    LETTER = "letter"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a message was seen: for IMAP the folder, its UIDVALIDITY and the UID (RFC 9051, 2.3.1.1)."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The number that the register gave a message; `new` is False where the same mail was there already."""

    id: int
    new: bool


@dataclass(frozen=True, slots=True)
class Round:
    """The last look at one folder. `holds` is what the folder says, `knows` what the register has seen of it."""

    account: str
    folder: str
    at: datetime
    ok: bool
    holds: int | None
    knows: int
    words: str
    good_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cell:
    """Who heads a delegation on one day. All None where nothing was said of that day.

    `proposed`: rests on a message still in review; `settled` is then what stands without it. `other` is what another
    office says where the two contradict each other.
    """

    attendance: Attendance | None = None
    role: Role | None = None
    name: str | None = None
    proposed: bool = False
    conflict: bool = False
    statement_id: int | None = None
    message_id: int | None = None
    said_at: datetime | None = None
    other: "Cell | None" = None
    settled: "Cell | None" = None


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody named who comes along without heading the delegation on those days."""

    name: str
    role: Role
    days: dict[date, Attendance]
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class LastWord:
    """The newest thing heard from a delegation: when, from whom and of what kind (a `Bucket` or a `Source`)."""

    at: datetime
    who: str
    kind: str
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One delegation on the board. `flags` are short keys: conflict, proposed, too_many, not_delivered, away, held,
    new_minister. `failed` are the addresses that could not be reached; `held` the messages kept off the board because
    their sender may be pretending."""

    delegation: str
    name: str
    kind: str
    state: State
    conflict: bool
    days: dict[date, Cell]
    companions: tuple[Companion, ...] = ()
    flags: tuple[str, ...] = ()
    open_questions: int = 0
    last_word: LastWord | None = None
    failed: tuple[str, ...] = ()
    away_until: date | None = None
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message as a line of a list. `why` says in plain words why it is counted as it is."""

    id: int
    event: str
    bucket: Bucket
    why: str
    delegation: str | None
    said_at: datetime
    received_at: datetime
    sent_at: datetime | None
    from_name: str
    from_address: str
    subject: str
    language: str
    size: int
    message_id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What one message, call or letter was taken to say, by the reader or by a person, and from when until when."""

    id: int
    source: Source
    by: str
    version: str
    delegation: str | None
    recorded_at: datetime
    from_at: datetime | None
    until_at: datetime | None
    proposed: bool
    held: bool
    review: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message with the reading in force (None before it is read) and every entry made for it, oldest first."""

    row: MessageRow
    reading: Reading | None
    entries: tuple[EntryRow, ...]
    review: tuple[str, ...]
    locations: tuple[Location, ...]
    decisions: "tuple[DecisionRow, ...]" = ()


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One statement with where it comes from; `in_force` is False once a later entry took the place of its own."""

    id: int
    delegation: str | None
    name: str
    role: Role
    day: date
    attendance: Attendance
    source: Source
    said_at: datetime
    recorded_at: datetime
    by: str
    sureness: float
    proposed: bool
    held: bool
    in_force: bool
    message_id: int | None
    office: str
    quote: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question. `group` is the smallest id among the questions like it."""

    id: int
    text: str
    delegation: str | None
    asker: str
    topic: str
    language: str
    state: str
    asked_at: datetime
    message_id: int | None
    state_at: datetime | None = None
    state_by: str = ""
    how: str = ""
    assigned_to: str = ""
    group: int = 0
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What a person decided: who, when, about what, before, after, why. `taken_back` where a later one undid it."""

    id: int
    at: datetime
    by: str
    act: str
    why: str
    message_id: int | None
    delegation: str | None
    question_id: int | None
    before: object = None
    after: object = None
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """The reconciling line: `total` messages, each under exactly one bucket; `undeliverable` are not messages yet."""

    total: int
    by: dict[Bucket, int] = field(default_factory=dict)
    undeliverable: int = 0
    sightings: int = 0
