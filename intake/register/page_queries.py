"""What only the page asks: how the answers came in over time, and lists cut to what fits on a screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.register.file import File
from intake.register.likeness import groups
from intake.register.messages import _statement
from intake.register.moment import from_text, maybe_from_text, to_text
from intake.register.questions import _question
from intake.register.values import QuestionRow, StatementRow


@dataclass(frozen=True, slots=True)
class Sighted:
    """Where a message was seen in the mailbox; `gone_at` once a colleague has moved or deleted it there."""

    account: str
    folder: str
    uid: int
    gone_at: datetime | None
    note: str


def first_answers(register: File, event: str, delegations: Iterable[str]) -> dict[str, datetime]:
    """For each of the delegations that has answered: when it first said who comes, by what counts today.

    One short look into an index for each, so that it costs the same however many messages there are.
    """
    row = register.row("SELECT id FROM event WHERE key = ?", (event,))
    if row is None:
        return {}
    by_hand = register.rows(
        "SELECT e.delegation, min(e.said_at) AS at FROM decision d CROSS JOIN entry e ON e.decision = d.id"
        " WHERE d.event_id = ? AND e.message IS NULL AND e.from_at IS NOT NULL AND e.until_at IS NULL"
        " GROUP BY e.delegation",
        (row["id"],),
    )
    first = {one["delegation"]: one["at"] for one in by_hand}
    for code in delegations:
        mail = register.row(
            "SELECT m.said_at FROM message m CROSS JOIN entry e ON e.id = m.entry_id WHERE m.event_id = ?"
            " AND m.delegation = ? AND e.held = 0 AND e.kinds LIKE '%availability%' ORDER BY m.said_at LIMIT 1",
            (row["id"], code),
        )
        if mail is not None:
            first[code] = min(mail["said_at"], first.get(code, mail["said_at"]))
    return {code: from_text(at) for code, at in first.items()}


def open_questions(register: File, event: str) -> int:
    """How many questions nobody has answered yet."""
    row = register.row(
        "SELECT count(*) AS n FROM question q JOIN event v ON v.id = q.event_id"
        " WHERE v.key = ? AND q.present = 1 AND q.state = 'open'",
        (event,),
    )
    return int(row["n"]) if row else 0


@dataclass(frozen=True, slots=True)
class Unread:
    """How many messages are kept and not read yet, and since when the first of them waits."""

    count: int = 0
    since: datetime | None = None


def unread(register: File, event: str) -> Unread:
    """What waits for the reader; answered from the index alone, for it is asked several times a second."""
    found = register.row(
        "SELECT count(*) AS n, min(m.id) AS first FROM message m JOIN event v ON v.id = m.event_id"
        " WHERE v.key = ? AND m.bucket = 'waiting'",
        (event,),
    )
    if found is None or not found["n"]:
        return Unread()
    first = register.row("SELECT fetched_at FROM message WHERE id = ?", (found["first"],))
    return Unread(int(found["n"]), from_text(first["fetched_at"]) if first else None)


def sightings(register: File, number: int) -> list[Sighted]:
    """Where a message lay in the mailbox, in the order of sight."""
    found = register.rows(
        "SELECT account, folder, uid, gone_at, why FROM sighting WHERE message = ? ORDER BY id LIMIT 50", (number,)
    )
    return [
        Sighted(row["account"], row["folder"], row["uid"], maybe_from_text(row["gone_at"]), row["why"])
        for row in found
    ]  # fmt: skip


def arrivals(register: File, event: str, moments: Sequence[datetime]) -> list[int]:
    """How many messages had arrived by each of the moments, given in order."""
    counted = []
    for moment in moments:
        row = register.row(
            "SELECT count(*) AS n FROM message m JOIN event v ON v.id = m.event_id WHERE v.key = ? AND m.said_at <= ?",
            (event, to_text(moment)),
        )
        counted.append(int(row["n"]) if row else 0)
    return counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the tray, as far as its place in the order needs it."""

    id: int
    delegation: str | None
    speaks: bool
    held: bool
    unreadable: bool
    said_at: datetime


def waiting(register: File, event: str) -> list[Waiting]:
    """Every message that waits for a person, oldest first."""
    found = register.rows(
        "SELECT m.id, m.delegation, m.bucket, m.said_at, e.kinds, e.held FROM message m"
        " JOIN event v ON v.id = m.event_id LEFT JOIN entry e ON e.id = m.entry_id"
        " WHERE v.key = ? AND m.bucket IN ('review', 'quarantined')"
        " ORDER BY m.said_at, m.id",
        (event,),
    )
    return [
        Waiting(
            row["id"],
            row["delegation"],
            "availability" in (row["kinds"] or ""),
            bool(row["held"]),
            row["bucket"] == "quarantined",
            from_text(row["said_at"]),
        )
        for row in found
    ]


def recent_statements(register: File, event: str, delegation: str, limit: int = 200) -> list[StatementRow]:
    """The newest statements of a delegation first, the replaced ones too."""
    found = register.rows(
        "SELECT s.*, e.delegation, e.source, e.by_whom, e.recorded_at, e.from_at, e.until_at, e.proposed, e.held,"
        " e.office, e.message, coalesce(e.said_at, m.said_at) AS said_at FROM event v JOIN entry e ON e.event_id = v.id"
        " JOIN statement s ON s.entry = e.id LEFT JOIN message m ON m.id = e.message"
        " WHERE v.key = ? AND e.delegation = ? ORDER BY coalesce(e.said_at, m.said_at) DESC, e.id DESC, s.id LIMIT ?",
        (event, delegation, limit),
    )
    return [_statement(row) for row in found]


def writers(register: File, event: str, delegation: str, limit: int = 12) -> list[str]:
    """The addresses that wrote for a delegation most lately."""
    found = register.rows(
        "SELECT m.from_address, max(m.said_at) AS at FROM event v JOIN message m ON m.event_id = v.id"
        " WHERE v.key = ? AND m.delegation = ? AND m.from_address <> '' AND m.bucket NOT IN ('bounce', 'auto_reply')"
        " GROUP BY m.from_address ORDER BY at DESC LIMIT ?",
        (event, delegation, limit),
    )
    return [row["from_address"] for row in found]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what a reply to it needs: whom to write to, under which subject, to which message."""

    question: QuestionRow
    address: str
    subject: str
    message_id: str
    mark: int


def some_questions(
    register: File,
    event: str,
    *,
    state: str | None = None,
    delegation: str | None = None,
    number: int | None = None,
    skip: int = 0,
    limit: int = 150,
) -> list[Asked]:
    """A page of the questions, the newest first, or the one of that number; alike ones carry the same `group`."""
    sql = (
        "SELECT q.*, m.from_address, m.subject, m.message_id,"
        " coalesce((SELECT max(id) FROM decision d WHERE d.question = q.id), 0) AS mark"
        " FROM event v JOIN question q ON q.event_id = v.id LEFT JOIN message m ON m.id = q.message"
        " WHERE v.key = ? AND q.present = 1"
    )
    values: list[object] = [event]
    for column, value in (("state", state), ("delegation", delegation), ("id", number)):
        if value:
            sql, values = sql + f" AND q.{column} = ?", [*values, value]
    found = register.rows(sql + " ORDER BY q.asked_at DESC, q.id DESC LIMIT ? OFFSET ?", (*values, limit, skip))
    alike = groups([(row["id"], row["text"], row["topic"], row["language"]) for row in reversed(found)])
    return [
        Asked(
            _question(row, alike[row["id"]]),
            row["from_address"] or "",
            row["subject"] or "",
            row["message_id"] or "",
            row["mark"],
        )
        for row in found
    ]


def count_questions(register: File, event: str, delegation: str | None = None) -> dict[str, int]:
    """How many questions are open, answered and dropped."""
    sql = (
        "SELECT q.state, count(*) AS n FROM event v JOIN question q ON q.event_id = v.id"
        " WHERE v.key = ? AND q.present = 1"
    )
    values: list[object] = [event]
    if delegation:
        sql, values = sql + " AND q.delegation = ?", [*values, delegation]
    return {row["state"]: int(row["n"]) for row in register.rows(sql + " GROUP BY q.state", values)}
