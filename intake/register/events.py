"""The events of a register: each with the list it was last run with, and a pulse that grows with every change."""

import json
from abc import ABC, abstractmethod
from datetime import datetime
from functools import lru_cache

from pydantic import TypeAdapter

from intake.config import event_key
from intake.register.file import File, Row
from intake.register.moment import from_text, invited_text, maybe_from_text, said_at, to_text
from intake.register.values import RegisterError
from parsers.conference import Conference

_CONFERENCE = TypeAdapter(Conference)


class Events(File, ABC):
    """The part of the register that knows which event a row belongs to."""

    def enter(
        self,
        conference: Conference,
        event: str | None = None,
        *,
        trusted: str | None = None,
        retention_days: int | None = None,
    ) -> str:
        """Tells the register of an event, its days and its list; returns the event's key. Cheap where nothing changed.

        `trusted` is the authserv-id of the mailbox's own server (RFC 8601, 2.5), `retention_days` how long after the
        last day everything is kept; None leaves them as they are. Call it at the start, and after the list has changed.
        """
        key = event or self.key_of(conference)
        written = _CONFERENCE.dump_json(conference).decode()
        row = self.row("SELECT conference, trusted, retention_days FROM event WHERE key = ?", (key,))
        if row is not None:
            trusted = row["trusted"] if trusted is None else trusted
            retention_days = row["retention_days"] if retention_days is None else retention_days
            if tuple(row) == (written, trusted, retention_days):
                return key
        with self.change():
            event_id = self._event_for_writing(key)
            self.put(
                "UPDATE event SET name = ?, mailbox = ?, last_day = ?, invited_at = ?, conference = ?, trusted = ?,"
                " retention_days = ? WHERE id = ?",
                (
                    conference.name,
                    conference.mailbox.lower(),
                    max(conference.days).isoformat() if conference.days else None,
                    invited_text(conference.invitation_sent),
                    written,
                    trusted or "",
                    retention_days,
                    event_id,
                ),
            )
            self._judge_dates_again(event_id)
            self._newest_again(event_id)
            self._restand(event_id)
            self._changed(event_id)
        return key

    def key_of(self, conference: Conference) -> str:
        """The key under which an event was entered by its name, or that its name would give."""
        row = self.row("SELECT key FROM event WHERE name = ? ORDER BY id", (conference.name,))
        return str(row["key"]) if row else event_key(conference.name)

    def events(self) -> list[str]:
        """The keys of all events, in order of their entry."""
        return [row["key"] for row in self.rows("SELECT key FROM event ORDER BY id")]

    def conference(self, event: str) -> Conference | None:
        """The event as it was last entered; None where only messages were kept for it so far."""
        row = self.row("SELECT conference FROM event WHERE key = ?", (event,))
        return _conference(row["conference"]) if row and row["conference"] else None

    def _sharing_mailbox(self, event_id: int) -> dict[str, Conference]:
        """The events, this one among them, whose letters name the same mailbox for answers, by their keys."""
        found = self.rows(
            "SELECT o.key, o.conference FROM event e JOIN event o ON o.mailbox = e.mailbox"
            " WHERE e.id = ? AND o.conference IS NOT NULL AND o.purged_at IS NULL ORDER BY o.id",
            (event_id,),
        )
        return {row["key"]: _conference(row["conference"]) for row in found}

    def version(self, event: str | None = None) -> int:
        """A number that grows with every change of the event (or of any): for caches and for live pages."""
        if event is None:
            row = self.row("SELECT coalesce(sum(pulse), 0) AS pulse FROM event")
        else:
            row = self.row("SELECT pulse FROM event WHERE key = ?", (event,))
        return int(row["pulse"]) if row else 0

    def _event_id(self, event: str) -> int:
        """The event's number, or -1, which no row has, where the register does not know it yet."""
        row = self.row("SELECT id FROM event WHERE key = ?", (event,))
        return int(row["id"]) if row else -1

    def _event_for_writing(self, event: str) -> int:
        row = self.row("SELECT id, purged_at FROM event WHERE key = ?", (event,))
        if row is None:
            return self.put("INSERT INTO event (key) VALUES (?)", (event,))
        if row["purged_at"]:
            day = row["purged_at"][:10]
            raise RegisterError(f"The event {event} was purged on {day}; nothing more is kept for it.")
        return int(row["id"])

    def _stored_conference(self, event_id: int) -> Conference | None:
        row = self.row("SELECT conference FROM event WHERE id = ?", (event_id,))
        return _conference(row["conference"]) if row and row["conference"] else None

    def _message_row(self, number: int) -> Row:
        row = self.row("SELECT * FROM message WHERE id = ?", (number,))
        if row is None:
            raise RegisterError(f"There is no message {number} in this register.")
        return row

    def _changed(self, event_id: int) -> None:
        self.put("UPDATE event SET pulse = pulse + 1 WHERE id = ?", (event_id,))

    def _judge_dates_again(self, event_id: int) -> None:
        """When the letter went out decides which Date can be believed, so a new date of the letter asks again."""
        row = self.row("SELECT invited_at FROM event WHERE id = ?", (event_id,))
        invited = row["invited_at"] if row else None
        for one in self.rows("SELECT id, sent_at, arrived_at, said_at FROM message WHERE event_id = ?", (event_id,)):
            said = to_text(said_at(maybe_from_text(one["sent_at"]), from_text(one["arrived_at"]), invited))
            if said != one["said_at"]:
                self.put("UPDATE message SET said_at = ? WHERE id = ?", (said, one["id"]))

    @abstractmethod
    def _restand(self, event_id: int, delegations: set[str | None] | None = None) -> None:
        """Computes the board of an event anew, or of some of its delegations; the boards know how."""

    @abstractmethod
    def _newest_again(self, event_id: int, delegations: set[str | None] | None = None) -> None:
        """Computes anew which statements can matter to the board (module `newest`)."""

    def _restand_again(self, event_id: int, delegations: set[str | None] | None = None) -> None:
        """Both, after something was taken back or moved in time."""
        self._newest_again(event_id, delegations)
        self._restand(event_id, delegations)

    def _restand_message(self, number: int) -> None:
        row = self._message_row(number)
        self._restand_again(row["event_id"], {row["delegation"]})


@lru_cache(maxsize=16)
def _conference(written: str) -> Conference:
    return _CONFERENCE.validate_json(written)


def to_json(value: object) -> str:
    """JSON text for a column."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return to_text(value)
    return str(value)
