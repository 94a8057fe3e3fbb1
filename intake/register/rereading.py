"""What would change if today's reader had read everything: tried on the register itself, and undone unless adopted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from intake.register.boards import Change, compare
from intake.register.messages import Messages
from intake.register.values import Bucket
from parsers.reading import Reading, from_json


@dataclass(frozen=True, slots=True)
class Rereading:
    """How many messages read differently now, and each difference on the board."""

    messages: int
    changes: tuple[Change, ...]


class _NotAdoptedError(Exception):
    """Ends the trial, so that the transaction rolls back."""


class Rereadings(Messages):
    """The part of the register that compares readers."""

    def read_before(self, event: str) -> list[int]:
        """The messages that can be read again, oldest first; copies and erased messages are not among them."""
        found = self.rows(
            "SELECT id FROM message WHERE event_id = ? AND bucket NOT IN (?, ?) ORDER BY said_at, id",
            (self._event_id(event), Bucket.COPY, Bucket.ERASED),
        )
        return [row["id"] for row in found]

    def last_read(self, number: int) -> Reading | None:
        """The reader's last reading of a message, whatever people decided about it; None where it never had one."""
        row = self.row(
            "SELECT r.json FROM entry e JOIN reading r ON r.entry = e.id WHERE e.message = ? AND e.decision IS NULL"
            " ORDER BY e.id DESC LIMIT 1",
            (number,),
        )
        return from_json(row["json"]) if row else None

    def reads_differently(self, number: int, reading: Reading) -> bool:
        """Whether the reader's last reading of a message was another."""
        return self.last_read(number) != reading

    def reread(self, event: str, readings: Iterable[tuple[int, Reading]], *, at: datetime, adopt: bool) -> Rereading:
        """Records new readings, and checks all others again against list and address book; without `adopt` for show.

        What people have decided stays in either case. The board is compared cell by cell, before and after.
        """
        outcome = Rereading(0, ())
        try:
            with self.change():
                before = self._standing(event)
                entries = self._last_entry()
                for number, reading in readings:
                    self.record(number, reading, at=at)
                for row in self.rows(
                    "SELECT id FROM message WHERE event_id = ? AND entry_id IS NOT NULL", (self._event_id(event),)
                ):
                    self._judge_again(row["id"], at)
                changed = self.row("SELECT count(DISTINCT message) AS n FROM entry WHERE id > ?", (entries,))
                differences = compare(before, self._standing(event))
                outcome = Rereading(int(changed["n"]) if changed else 0, tuple(differences))
                if not adopt:
                    raise _NotAdoptedError
        except _NotAdoptedError:
            pass
        return outcome

    def _last_entry(self) -> int:
        row = self.row("SELECT max(id) AS id FROM entry")
        return int(row["id"] or 0) if row else 0
