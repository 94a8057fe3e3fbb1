"""What can be exported: each a header and rows of plain values, taken from the register as it stands."""

from dataclasses import dataclass
from datetime import date, datetime

from intake.register import Register
from parsers.conference import Conference

TABLES = ("board", "statements", "questions", "messages", "decisions")
FORMATS = ("csv", "json", "xlsx")

Value = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """A name, the columns' heads and the rows."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def table_of(
    register: Register, conference: Conference, event: str, what: str, *, as_of: datetime | None = None
) -> Table:
    """The table of that name; `as_of` is for the board alone."""
    if what == "board":
        return _board(register, conference, event, as_of)
    makers = {"statements": _statements, "questions": _questions, "messages": _messages, "decisions": _decisions}
    return makers[what](register, event)


def _board(register: Register, conference: Conference, event: str, as_of: datetime | None) -> Table:
    head = ["delegation", "name", "kind", "state", "conflict"]
    for day in conference.days:
        head += [f"{day} attendance", f"{day} role", f"{day} head", f"{day} proposed"]
    head += ["companions", "flags", "open questions", "last word"]
    rows = []
    for row in register.board(conference, event=event, as_of=as_of):
        cells: list[Value] = []
        for cell in row.days.values():
            cells += [cell.attendance, cell.role, cell.name, cell.proposed]
        rows.append(
            (
                row.delegation,
                row.name,
                row.kind,
                row.state,
                row.conflict,
                *cells,
                ", ".join(one.name for one in row.companions),
                ", ".join(row.flags),
                row.open_questions,
                row.last_word.at if row.last_word else None,
            )
        )
    return Table("board", tuple(head), tuple(rows))


def _statements(register: Register, event: str) -> Table:
    head = ("id", "delegation", "name", "role", "day", "attendance", "source", "said", "recorded", "by", "sureness",
            "proposed", "in force", "message", "words")  # fmt: skip
    rows = tuple(
        (one.id, one.delegation, one.name, one.role, one.day, one.attendance, one.source, one.said_at, one.recorded_at,
         one.by, one.sureness, one.proposed, one.in_force, one.message_id, one.quote)
        for one in register.statements(event)
    )  # fmt: skip
    return Table("statements", head, rows)


def _questions(register: Register, event: str) -> Table:
    head = ("id", "delegation", "asked by", "question", "topic", "language", "state", "asked", "answered", "by", "how",
            "alike", "message")  # fmt: skip
    rows = tuple(
        (one.id, one.delegation, one.asker, one.text, one.topic, one.language, one.state, one.asked_at, one.state_at,
         one.state_by, one.how, one.group, one.message_id)
        for one in register.questions(event)
    )  # fmt: skip
    return Table("questions", head, rows)


def _messages(register: Register, event: str) -> Table:
    head = ("id", "counted as", "why", "delegation", "written", "arrived", "from", "address", "subject", "language")
    rows = tuple(
        (one.id, one.bucket, one.why, one.delegation, one.said_at, one.received_at, one.from_name, one.from_address,
         one.subject, one.language)
        for one in register.messages(event, limit=1_000_000)
    )  # fmt: skip
    return Table("messages", head, rows)


def _decisions(register: Register, event: str) -> Table:
    head = ("id", "when", "by", "what", "delegation", "message", "why", "taken back")
    rows = tuple(
        (one.id, one.at, one.by, one.act, one.delegation, one.message_id, one.why, one.taken_back)
        for one in register.decisions(event, limit=1_000_000)
    )
    return Table("decisions", head, rows)
