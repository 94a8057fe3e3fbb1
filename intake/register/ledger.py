"""Every message that was fetched, where it was seen and what became of it. Raw bytes and cursor in one transaction."""

from collections.abc import Iterable
from datetime import datetime

from intake.register.events import Events
from intake.register.identity import digest, identity, message_id
from intake.register.moment import from_text, maybe_from_text, said_at, to_text
from intake.register.values import Bucket, Kept, Location, RegisterError, Round


class Ledger(Events):
    """The part of the register that the mailbox writes."""

    def keep(
        self,
        event: str,
        raw: bytes,
        where: Location | None,
        *,
        received_at: datetime,
        fetched_at: datetime,
        note: str = "",
    ) -> Kept:
        """Keeps the bytes and the place they were seen, in one transaction, before anybody reads them.

        The same mail (`identity`) is kept once an event, however often it is seen; its earliest arrival counts.
        `note` says what is missing of the bytes, where only a part of a very large message was fetched.
        Raises `RegisterError` where the disk is full or the file locked: nothing was kept then, the cursor included.
        """
        arrived = min(received_at, fetched_at)  # a server's clock may run ahead; nothing arrives after it was fetched
        with self.change():
            event_id = self._event_for_writing(event)
            known = self.row(
                "SELECT id, arrived_at FROM message WHERE event_id = ? AND identity = ?", (event_id, identity(raw))
            )
            if known is None:
                number = self._keep_new(event_id, raw, arrived, fetched_at)
            else:
                number = known["id"]
                self._arrived_earlier(number, arrived)
            if where is not None:
                self._sight(event_id, where, number, fetched_at, note)
            if known is None:
                self._changed(event_id)
        return Kept(id=number, new=known is None)

    def _keep_new(self, event_id: int, raw: bytes, arrived: datetime, fetched_at: datetime) -> int:
        number = self.put(
            "INSERT INTO message (event_id, identity, digest, message_id, size, bucket, arrived_at, fetched_at,"
            " said_at, state_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event_id,
                identity(raw),
                digest(raw),
                message_id(raw),
                len(raw),
                Bucket.WAITING,
                to_text(arrived),
                to_text(fetched_at),
                to_text(arrived),
                to_text(fetched_at),
            ),
        )
        self.put("INSERT INTO raw (message, bytes) VALUES (?, ?)", (number, raw))
        return number

    def _arrived_earlier(self, number: int, arrived: datetime) -> None:
        row = self.row(
            "SELECT m.arrived_at, m.sent_at, e.invited_at, m.event_id FROM message m JOIN event e ON e.id = m.event_id"
            " WHERE m.id = ?",
            (number,),
        )
        if row is None or to_text(arrived) >= row["arrived_at"]:
            return
        said = said_at(maybe_from_text(row["sent_at"]), arrived, row["invited_at"])
        self.put(
            "UPDATE message SET arrived_at = ?, said_at = ? WHERE id = ?", (to_text(arrived), to_text(said), number)
        )
        # What the reader first made of it counts from its arrival.
        self.put(
            "UPDATE entry SET from_at = ? WHERE message = ? AND from_at IS NOT NULL AND id ="
            " (SELECT min(id) FROM entry WHERE message = ? AND from_at IS NOT NULL)",
            (to_text(arrived), number, number),
        )
        self._restand_message(number)

    def _sight(self, event_id: int, where: Location, number: int | None, at: datetime, why: str = "") -> None:
        # A place that was gone is another generation's: what lay there then says nothing of what lies there now.
        self.put(
            "INSERT INTO sighting (event_id, account, folder, uidvalidity, uid, message, at, why, tries)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (event_id, account, folder, uidvalidity, uid) DO UPDATE SET"
            " message = CASE WHEN gone_at IS NULL THEN coalesce(excluded.message, message) ELSE excluded.message END,"
            " tries = CASE WHEN gone_at IS NULL THEN tries ELSE 0 END + excluded.tries,"
            " at = excluded.at, why = excluded.why, gone_at = NULL",
            (event_id, *_place(where), number, to_text(at), why, int(bool(why))),
        )

    def known_uids(self, event: str, account: str, folder: str, uidvalidity: int) -> set[int]:
        """The UIDs of that generation of the folder whose messages are kept; the undeliverable are not among them."""
        found = self.rows(
            "SELECT uid FROM sighting WHERE event_id = ? AND account = ? AND folder = ? AND uidvalidity = ?"
            " AND message IS NOT NULL",
            (self._event_id(event), account, folder, uidvalidity),
        )
        return {row["uid"] for row in found}

    def note_undeliverable(self, event: str, where: Location, *, at: datetime, why: str) -> None:
        """Notes that the server lists a message but does not hand it over."""
        with self.change():
            event_id = self._event_for_writing(event)
            self._sight(event_id, where, None, at, why or "the server did not deliver it")
            self._changed(event_id)

    def undeliverable(self, event: str) -> list[tuple[Location, datetime, str, int]]:
        """Each message in the mailbox that the server does not hand over: place, last try, reason, number of tries."""
        found = self.rows(
            "SELECT account, folder, uidvalidity, uid, at, why, tries FROM sighting"
            " WHERE event_id = ? AND message IS NULL AND gone_at IS NULL ORDER BY id",
            (self._event_id(event),),
        )
        return [
            (
                Location(row["account"], row["folder"], row["uidvalidity"], row["uid"]),
                from_text(row["at"]),
                row["why"],
                row["tries"],
            )
            for row in found
        ]

    def note_gone(self, event: str, wheres: Iterable[Location], *, at: datetime) -> None:
        """Notes that messages are no longer where they were seen: a colleague moved or deleted them."""
        self._mark_sightings("gone_at", event, wheres, at)

    def _mark_sightings(self, column: str, event: str, wheres: Iterable[Location], at: datetime) -> None:
        with self.change():
            event_id = self._event_for_writing(event)
            for where in wheres:
                self.put(
                    f"UPDATE sighting SET {column} = coalesce({column}, ?) WHERE event_id = ? AND account = ?"  # noqa: S608  the column is one of two names in this class
                    " AND folder = ? AND uidvalidity = ? AND uid = ?",
                    (to_text(at), event_id, *_place(where)),
                )
            self._changed(event_id)

    def note_attempt(self, number: int, *, at: datetime) -> int:
        """Counts one more try to read a message, before it is tried; the number of tries so far, this one included."""
        with self.change():
            self.put("UPDATE message SET attempts = attempts + 1, state_at = ? WHERE id = ?", (to_text(at), number))
            row = self.row("SELECT attempts FROM message WHERE id = ?", (number,))
        return int(row["attempts"]) if row else 0

    def quarantine(self, number: int, *, at: datetime, why: str) -> None:
        """Sets a message aside that cannot be read: it is counted, shown with its reason, and never read by itself."""
        with self.change():
            row = self._message_row(number)
            self.put(
                "UPDATE message SET bucket = ?, why = ?, state_at = ? WHERE id = ?",
                (Bucket.QUARANTINED, why, to_text(at), number),
            )
            self._changed(row["event_id"])

    def unread(self, event: str) -> list[int]:
        """The messages that are kept and not read yet, oldest first."""
        found = self.rows(
            "SELECT id FROM message WHERE event_id = ? AND bucket = ? ORDER BY said_at, id",
            (self._event_id(event), Bucket.WAITING),
        )
        return [row["id"] for row in found]

    def raw(self, number: int) -> bytes:
        """The bytes of a message as fetched. Raises `RegisterError` where there is none, or it was erased."""
        row = self.row("SELECT bytes FROM raw WHERE message = ?", (number,))
        if row is None:
            raise RegisterError(f"Message {number} is not in the register, or it was erased.")
        return bytes(row["bytes"])

    def received_at(self, number: int) -> datetime:
        """When a message arrived in the mailbox."""
        return from_text(self._message_row(number)["arrived_at"])

    def note_round(
        self,
        event: str,
        account: str,
        folder: str,
        *,
        at: datetime,
        ok: bool,
        holds: int | None,
        words: str,
        knows: int | None = None,
    ) -> None:
        """Notes one look at one folder. `words` says what went wrong, or is empty.

        `knows` is how many messages of the folder the register has seen, where the caller kept count; else they are
        counted, which takes time in proportion to the folder.
        """
        with self.change():
            event_id = self._event_for_writing(event)
            self.put(
                "INSERT INTO round (event_id, account, folder, at, ok, holds, knows, words, good_at)"
                " VALUES (?, ?, ?, ?, ?, ?, coalesce(?, (SELECT count(*) FROM sighting WHERE event_id = ?"
                " AND account = ? AND folder = ? AND gone_at IS NULL)), ?, ?)"
                " ON CONFLICT (event_id, account, folder) DO UPDATE SET"
                " at = excluded.at, ok = excluded.ok, holds = coalesce(excluded.holds, holds), knows = excluded.knows,"
                " words = excluded.words, good_at = coalesce(excluded.good_at, good_at)",
                (
                    event_id, account, folder, to_text(at), int(ok), holds, knows,
                    event_id, account, folder,
                    words, to_text(at) if ok else None,
                ),
            )  # fmt: skip

    def rounds(self, event: str) -> list[Round]:
        """The last look at every folder of the event."""
        event_id = self._event_id(event)
        found = self.rows(
            "SELECT * FROM round WHERE event_id = ? ORDER BY account, folder",
            (event_id,),
        )
        return [
            Round(
                account=row["account"],
                folder=row["folder"],
                at=from_text(row["at"]),
                ok=bool(row["ok"]),
                holds=row["holds"],
                knows=row["knows"],
                words=row["words"],
                good_at=maybe_from_text(row["good_at"]),
            )
            for row in found
        ]


def _place(where: Location) -> tuple[str, str, int, int]:
    return where.account, where.folder, where.uidvalidity, where.uid
