"""How long things are kept, and that what is deleted is gone from the file."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from intake.register.moment import to_text
from intake.register.rereading import Rereadings


@dataclass(frozen=True, slots=True)
class Due:
    """An event with its last day and the day from which on it may be purged."""

    event: str
    last_day: date
    from_day: date


class Keeping(Rereadings):
    """The part of the register that forgets whole events."""

    def due(self, today: date, *, days: int | None = None) -> list[Due]:
        """The events whose time is over: `days` after their last day, or the retention that each was entered with."""
        found = []
        for row in self.rows(
            "SELECT key, last_day, retention_days FROM event"
            " WHERE purged_at IS NULL AND last_day IS NOT NULL ORDER BY id"
        ):
            kept = row["retention_days"] if days is None else days
            if kept is not None:
                last_day = date.fromisoformat(row["last_day"])
                due = Due(row["key"], last_day, last_day + timedelta(days=kept + 1))
                if due.from_day <= today:
                    found.append(due)
        return found

    def purge(self, event: str, *, at: datetime) -> int:
        """Deletes everything of an event but its key, its name and the reconciling line; how many messages went."""
        with self.change():
            counts = self.counts(event)
            event_id = self._event_for_writing(event)
            for sql in _PURGE:
                self.put(sql, (event_id,))
            self.put(
                "UPDATE event SET conference = NULL, purged_at = ?, totals = ? WHERE id = ?",
                (to_text(at), json.dumps({bucket.value: n for bucket, n in counts.by.items()}), event_id),
            )
            self._changed(event_id)
        self.sweep()
        return counts.total

    def sweep(self) -> bool:
        """Takes what was deleted out of the file's free pages, the search index and the write-ahead log.

        `secure_delete` overwrites freed pages, but the index keeps old words until its parts are merged, and a page in
        use may hold remains of what was moved; a new copy of the file has neither. False where another connection reads
        an older state of the file at this moment; sweep again later then.
        """
        try:
            self.connection.execute("INSERT INTO search (search) VALUES ('optimize')")
            self.connection.execute("VACUUM")
            busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
        return not busy


# In an order in which no row is left pointing to a deleted one.
_PURGE = (
    "DELETE FROM statement WHERE entry IN (SELECT id FROM entry WHERE event_id = ?)",
    "DELETE FROM reading WHERE entry IN (SELECT id FROM entry WHERE event_id = ?)",
    "DELETE FROM raw WHERE message IN (SELECT id FROM message WHERE event_id = ?)",
    "DELETE FROM search WHERE rowid IN (SELECT id FROM message WHERE event_id = ?)",
    "DELETE FROM question WHERE event_id = ?",
    "DELETE FROM reference WHERE event_id = ?",
    "DELETE FROM reply WHERE event_id = ?",
    "DELETE FROM address WHERE event_id = ?",
    "DELETE FROM spelling WHERE event_id = ?",
    "DELETE FROM entry WHERE event_id = ?",
    "UPDATE decision SET takes_back = NULL WHERE event_id = ?",
    "DELETE FROM decision WHERE event_id = ?",
    "DELETE FROM sighting WHERE event_id = ?",
    "DELETE FROM generation WHERE event_id = ?",
    "DELETE FROM round WHERE event_id = ?",
    "DELETE FROM newest WHERE event_id = ?",
    "DELETE FROM standing WHERE event_id = ?",
    "UPDATE message SET copy_of = NULL WHERE event_id = ?",
    "DELETE FROM message WHERE event_id = ?",
)
