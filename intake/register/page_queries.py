"""What only the page asks: how the answers came in over time, and lists cut to what fits on a screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.register.file import File
from intake.register.moment import from_text, to_text


@dataclass(frozen=True, slots=True)
class Sighted:
    """Where a message was seen in the mailbox; `gone_at` once a colleague has moved or deleted it there."""

    account: str
    folder: str
    uid: int
    gone_at: datetime | None
    note: str


def first_answers(register: File, event: str) -> dict[str, datetime]:
    """For each delegation that has answered: when it first said who comes, by what counts today."""
    found = register.rows(
        "SELECT e.delegation, min(coalesce(e.said_at, m.said_at)) AS at FROM event v"
        " JOIN entry e ON e.event_id = v.id LEFT JOIN message m ON m.id = e.message"
        " WHERE v.key = ? AND e.delegation IS NOT NULL AND e.from_at IS NOT NULL AND e.until_at IS NULL AND e.held = 0"
        " AND EXISTS (SELECT 1 FROM statement s WHERE s.entry = e.id) GROUP BY e.delegation",
        (event,),
    )
    return {row["delegation"]: from_text(row["at"]) for row in found}


def open_questions(register: File, event: str) -> int:
    """How many questions nobody has answered yet."""
    row = register.row(
        "SELECT count(*) AS n FROM question q JOIN event v ON v.id = q.event_id"
        " WHERE v.key = ? AND q.present = 1 AND q.state = 'open'",
        (event,),
    )
    return int(row["n"]) if row else 0


def sightings(register: File, number: int) -> list[Sighted]:
    """Where a message lay in the mailbox, in the order of sight."""
    found = register.rows(
        "SELECT account, folder, uid, gone_at, why FROM sighting WHERE message = ? ORDER BY id LIMIT 50", (number,)
    )
    return [
        Sighted(row["account"], row["folder"], row["uid"], from_text(row["gone_at"]) if row["gone_at"] else None, row["why"])
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
