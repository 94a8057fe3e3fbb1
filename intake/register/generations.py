"""The mailbox's cursor: which generation (UIDVALIDITY) of a folder was seen last, and what of it is in the register.

A UIDVALIDITY that changes, also back to an earlier value, makes every UID of the folder meaningless (RFC 9051,
2.3.1.1). So nothing of the folder counts as present from then on until it has been fetched and recognised again.
"""

from collections.abc import Iterable
from datetime import datetime

from intake.register.messages import Messages
from intake.register.moment import from_text, to_text
from intake.register.values import Bucket, Location


class Generations(Messages):
    """The part of the register that a round over a folder asks."""

    def generation(self, event: str, account: str, folder: str) -> int | None:
        """The UIDVALIDITY under which the folder was last seen; None where it never was."""
        row = self.row(
            "SELECT uidvalidity FROM generation WHERE event_id = ? AND account = ? AND folder = ?",
            (self._event_id(event), account, folder),
        )
        return int(row["uidvalidity"]) if row else None

    def begin_generation(self, event: str, account: str, folder: str, uidvalidity: int, *, at: datetime) -> None:
        """From now on only what is kept or noted anew is present in that folder."""
        with self.change():
            event_id = self._event_for_writing(event)
            self.put(
                "UPDATE sighting SET gone_at = coalesce(gone_at, ?) WHERE event_id = ? AND account = ? AND folder = ?",
                (to_text(at), event_id, account, folder),
            )
            self.put(
                "INSERT INTO generation (event_id, account, folder, uidvalidity) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (event_id, account, folder) DO UPDATE SET uidvalidity = excluded.uidvalidity",
                (event_id, account, folder, uidvalidity),
            )

    def present_uids(
        self, event: str, account: str, folder: str, uidvalidity: int, *, settled: bool = False
    ) -> set[int]:
        """The UIDs whose messages are kept and lie there still; with `settled` only those that wait for no reading."""
        found = self.rows(
            "SELECT s.uid FROM sighting s JOIN message m ON m.id = s.message"
            " WHERE s.event_id = ? AND s.account = ? AND s.folder = ? AND s.uidvalidity = ? AND s.gone_at IS NULL"
            " AND m.bucket <> ?",
            (self._event_id(event), account, folder, uidvalidity, Bucket.WAITING if settled else ""),
        )
        return {row["uid"] for row in found}

    def undelivered(self, event: str, account: str, folder: str, uidvalidity: int) -> dict[int, tuple[datetime, int]]:
        """The UIDs there that the server lists and does not hand over: the last try, and how many there were."""
        found = self.rows(
            # By the index of the few that failed: by the one of places this would walk the whole folder.
            "SELECT uid, at, tries FROM sighting INDEXED BY sighting_why"
            " WHERE event_id = ? AND account = ? AND folder = ? AND uidvalidity = ?"
            " AND message IS NULL AND gone_at IS NULL",
            (self._event_id(event), account, folder, uidvalidity),
        )
        return {row["uid"]: (from_text(row["at"]), row["tries"]) for row in found}

    def asking_uids(self, event: str, account: str, folder: str, uidvalidity: int) -> set[int]:
        """The UIDs there whose messages hold a question that is open still."""
        # CROSS JOIN: from the few open questions to their places, and not through the whole folder.
        found = self.rows(
            "SELECT DISTINCT s.uid FROM question q CROSS JOIN sighting s ON s.message = q.message"
            " WHERE q.event_id = ? AND q.present = 1 AND q.state = 'open' AND s.event_id = q.event_id"
            " AND s.account = ? AND s.folder = ? AND s.uidvalidity = ? AND s.gone_at IS NULL",
            (self._event_id(event), account, folder, uidvalidity),
        )
        return {row["uid"] for row in found}

    def lacking(self, numbers: Iterable[int]) -> dict[int, str]:
        """Of the messages those of which only a part was fetched, each with what is missing."""
        asked = list(numbers)
        found = self.rows(
            f"SELECT message, why FROM sighting WHERE message IN ({', '.join('?' * len(asked))}) AND why <> ''",  # noqa: S608  only question marks
            asked,
        )
        return {row["message"]: row["why"] for row in found}

    def places(self, number: int) -> list[Location]:
        """Everywhere that a message was ever seen, oldest first."""
        found = self.rows(
            "SELECT account, folder, uidvalidity, uid FROM sighting WHERE message = ? ORDER BY id", (number,)
        )
        return [Location(row["account"], row["folder"], row["uidvalidity"], row["uid"]) for row in found]
