"""Messages as lists and one by one, the statements of a delegation, the reconciling line, and search."""

import json
from collections.abc import Iterable
from datetime import date, datetime

from intake.register.file import Row
from intake.register.index import asked
from intake.register.moment import from_text, maybe_from_text, to_text
from intake.register.staff import Staff
from intake.register.values import (
    Bucket,
    Counts,
    EntryRow,
    Location,
    Message,
    MessageRow,
    Source,
    StatementRow,
)
from parsers.reading import Attendance, Role

_ROW = (
    "SELECT m.*, e.key AS event, (SELECT version FROM entry WHERE id = m.entry_id) AS version"
    " FROM message m JOIN event e ON e.id = m.event_id"
)
NOT_COUNTED = (
    Bucket.ACKNOWLEDGEMENT,
    Bucket.AUTO_REPLY,
    Bucket.BOUNCE,
    Bucket.UNRELATED,
    Bucket.QUARANTINED,
    Bucket.COPY,
    Bucket.ERASED,
)


class Messages(Staff):
    """The part of the register that is read."""

    def message(self, number: int) -> Message:
        """One message with everything known of it. Raises `RegisterError` where there is none of that number."""
        self._message_row(number)
        row = self.rows(f"{_ROW} WHERE m.id = ?", (number,))[0]
        made = self.rows("SELECT * FROM entry WHERE message = ? ORDER BY id", (number,))
        entries = tuple(_entry(one) for one in made)
        seen = self.rows("SELECT * FROM sighting WHERE message = ? ORDER BY id", (number,))
        in_force = next((one for one in entries if one.id == row["entry_id"]), None)
        return Message(
            row=_message(row),
            reading=self.reading(number),
            entries=entries,
            review=in_force.review if in_force and in_force.proposed else (),
            locations=tuple(Location(one["account"], one["folder"], one["uidvalidity"], one["uid"]) for one in seen),
            decisions=tuple(self.decisions(row["event"], message=number)),
        )

    def messages(
        self,
        event: str,
        *,
        buckets: Iterable[Bucket] | None = None,
        delegation: str | None = None,
        before: datetime | None = None,
        limit: int = 200,
    ) -> list[MessageRow]:
        """The newest first, at most `limit`; ask for the next page with `before` = the last one's `said_at`."""
        sql, values = f"{_ROW} WHERE m.event_id = ?", [self._event_id(event)]
        wanted: list[object] = []
        if buckets is not None:
            chosen = list(buckets)
            sql += f" AND m.bucket IN ({', '.join('?' * len(chosen))})"
            wanted += chosen
        if delegation is not None:
            sql += " AND m.delegation = ?"
            wanted.append(delegation)
        if before is not None:
            sql += " AND m.said_at < ?"
            wanted.append(to_text(before))
        sql += " ORDER BY m.said_at DESC, m.id DESC LIMIT ?"
        return [_message(row) for row in self.rows(sql, (*values, *wanted, limit))]

    def decided_messages(self, event: str) -> list[int]:
        """The messages whose entry in force is a person's and final, oldest first."""
        found = self.rows(
            "SELECT m.id FROM message m JOIN entry e ON e.id = m.entry_id WHERE m.event_id = ?"
            " AND e.decision IS NOT NULL AND e.proposed = 0 AND m.bucket <> ? ORDER BY m.said_at, m.id",
            (self._event_id(event), Bucket.ERASED),
        )
        return [row["id"] for row in found]

    def tray(self, event: str) -> list[MessageRow]:
        """The messages that wait for a person, oldest first."""
        sql = f"{_ROW} WHERE m.event_id = ? AND m.bucket IN (?, ?) ORDER BY m.said_at, m.id"
        return [_message(row) for row in self.rows(sql, (self._event_id(event), Bucket.REVIEW, Bucket.QUARANTINED))]

    def not_counted(self, event: str, *, limit: int = 1000) -> list[MessageRow]:
        """The messages that put nothing on the board, each with its reason, newest first."""
        return self.messages(event, buckets=NOT_COUNTED, limit=limit)

    def counts(self, event: str) -> Counts:
        """The reconciling line: every message of the event under exactly one heading."""
        event_id = self._event_id(event)
        by = {
            Bucket(row["bucket"]): int(row["n"])
            for row in self.rows(
                "SELECT bucket, count(*) AS n FROM message WHERE event_id = ? GROUP BY bucket", (event_id,)
            )
        }
        missing = self.row(
            "SELECT count(*) AS n FROM sighting WHERE event_id = ? AND message IS NULL AND gone_at IS NULL", (event_id,)
        )
        seen = self.row(
            "SELECT count(*) AS n FROM sighting WHERE event_id = ? AND message IS NOT NULL AND gone_at IS NULL",
            (event_id,),
        )
        return Counts(
            total=sum(by.values()),
            by=by,
            undeliverable=int(missing["n"]) if missing else 0,
            sightings=int(seen["n"]) if seen else 0,
        )

    def statements(self, event: str, *, delegation: str | None = None) -> list[StatementRow]:
        """Every statement ever made, oldest first by when it was said, the replaced ones too."""
        sql = (
            "SELECT s.*, e.delegation, e.source, e.by_whom, e.recorded_at, e.from_at, e.until_at, e.proposed, e.held,"
            " e.office, e.message, coalesce(e.said_at, m.said_at) AS said_at FROM entry e"
            " JOIN statement s ON s.entry = e.id LEFT JOIN message m ON m.id = e.message WHERE e.event_id = ?"
        )
        values: list[object] = [self._event_id(event)]
        if delegation is not None:
            sql, values = sql + " AND e.delegation = ?", [*values, delegation]
        return [_statement(row) for row in self.rows(sql + " ORDER BY coalesce(e.said_at, m.said_at), s.id", values)]

    def search(self, event: str, words: str, *, limit: int = 50) -> list[MessageRow]:
        """The newest messages of an event in which all words occur (or begin a word): text, people, subject, sender."""
        match = asked(self._event_id(event), words)
        if not match:
            return []
        found = self.rows("SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?", (match, limit))
        numbers = [row["rowid"] for row in found]
        marks = ", ".join("?" * len(numbers))
        return [_message(row) for row in self.rows(f"{_ROW} WHERE m.id IN ({marks}) ORDER BY m.id DESC", numbers)]


def _message(row: Row) -> MessageRow:
    return MessageRow(
        id=row["id"],
        event=row["event"],
        bucket=Bucket(row["bucket"]),
        why=row["why"],
        delegation=row["delegation"],
        said_at=from_text(row["said_at"]),
        received_at=from_text(row["arrived_at"]),
        sent_at=maybe_from_text(row["sent_at"]),
        from_name=row["from_name"],
        from_address=row["from_address"],
        subject=row["subject"],
        language=row["language"],
        size=row["size"],
        message_id=row["message_id"],
        version=row["version"] or "",
    )


def _entry(row: Row) -> EntryRow:
    return EntryRow(
        id=row["id"],
        source=Source(row["source"]),
        by=row["by_whom"],
        version=row["version"],
        delegation=row["delegation"],
        recorded_at=from_text(row["recorded_at"]),
        from_at=maybe_from_text(row["from_at"]),
        until_at=maybe_from_text(row["until_at"]),
        proposed=bool(row["proposed"]),
        held=bool(row["held"]),
        review=tuple(json.loads(row["review"])),
    )


def _statement(row: Row) -> StatementRow:
    evidence = json.loads(row["evidence"])
    return StatementRow(
        id=row["id"],
        delegation=row["delegation"],
        name=row["name"],
        role=Role(row["role"]),
        day=date.fromisoformat(row["day"]),
        attendance=Attendance(row["attendance"]),
        source=Source(row["source"]),
        said_at=from_text(row["said_at"]),
        recorded_at=from_text(row["recorded_at"]),
        by=row["by_whom"],
        sureness=row["sureness"],
        proposed=bool(row["proposed"]),
        held=bool(row["held"]),
        in_force=row["from_at"] is not None and row["until_at"] is None,
        message_id=row["message"],
        office=row["office"],
        quote=" … ".join(one["text"] for one in evidence),
    )
