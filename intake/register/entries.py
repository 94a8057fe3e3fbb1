"""From a reading to rows: one entry a message (or call, or letter), its statements and its questions.

Nothing that was stated is ever changed. What a message is taken to say is changed by a new entry that takes the place
of the one before it, from a moment on; a person's entry is never replaced by the reader's.
"""

import json
from dataclasses import asdict, replace
from datetime import datetime

from pydantic import TypeAdapter

from intake.register.boards import Boards
from intake.register.checks import Checked, check, new_text
from intake.register.conversation import Conversations, continued
from intake.register.events import to_json
from intake.register.file import Row
from intake.register.index import indexed
from intake.register.ledger import Ledger
from intake.register.moment import from_text, said_at, to_text
from intake.register.people import fold
from intake.register.questions import Questions
from intake.register.routing import belongs
from intake.register.values import Bucket, Source
from parsers.reading import Automatic, Kind, Neither, Reading, Statement, from_json
from parsers.reading import to_json as reading_to_json

READER = "reader"
_AUTOMATIC = TypeAdapter(Automatic)
_INDEXED = 200_000
"""How many characters of one message are searchable."""
_HEAD = 100_000
"""How many bytes of one message are looked at for its header."""


class Entries(Ledger, Questions, Conversations, Boards):
    """The part of the register that the reader writes."""

    def record(self, number: int, reading: Reading, *, at: datetime) -> None:
        """Keeps what the reader made of a message, in one transaction: entry, statements, questions, evidence, search.

        The same reading recorded twice changes nothing. Where a person has decided about the message, the reading is
        kept beside the decision and not put in force.
        """
        with self.change():
            message = self._message_row(number)
            if message["bucket"] == Bucket.ERASED:
                return
            self._describe(message, reading)
            self._note_references(message, reading.envelope)
            moved = message["said_at"]
            message = self._message_row(number)
            if message["entry_id"] is not None and message["said_at"] != moved:
                self._restand_message(number)
            original = self._copied_from(message, reading)
            if original is not None:
                self._is_copy(message, original, at)
                return
            self._record_checked(message, reading, at)

    def _record_checked(self, message: Row, reading: Reading, at: datetime) -> None:
        """The register's own checks, and the entry; put in force unless a person has decided about the message."""
        event_id = message["event_id"]
        learned = self._learned(event_id, reading.envelope.from_address)
        suggested = None if learned or reading.delegation else self._by_conversation(message)
        checked = check(
            continued(reading, suggested),
            self._stored_conference(event_id),
            learned=learned,
            trusted=self._trusted(event_id),
            head=self._head(message["id"]),
        )
        other = self._names_another_event(message)
        if other:
            reason = f"seems to be about the event {other}: move it there, or accept it here"
            checked = replace(checked, reasons=(*checked.reasons, reason))
        if self._same_as_before(message["id"], reading, checked):
            return
        entry = self._write_entry(message, reading, checked, by=READER, at=at)
        if not self._decided(message["id"]):
            self._put_in_force(message, entry, at)
        self._changed(event_id)

    def _judge_again(self, number: int, at: datetime) -> None:
        """Checks the reader's last reading of a message against what staff have taught meanwhile."""
        message = self._message_row(number)
        row = self.row(
            "SELECT r.json FROM entry e JOIN reading r ON r.entry = e.id"
            " WHERE e.message = ? AND e.decision IS NULL ORDER BY e.id DESC LIMIT 1",
            (number,),
        )
        if row is not None:
            self._record_checked(message, from_json(row["json"]), at)

    def _names_another_event(self, message: Row) -> str:
        events = self._sharing_mailbox(message["event_id"])
        if len(events) < 2:
            return ""
        own = next((row["key"] for row in self.rows("SELECT key FROM event WHERE id = ?", (message["event_id"],))), "")
        named = belongs(self.raw(message["id"]), events, own)
        return named if named != own else ""

    def reading(self, number: int) -> Reading | None:
        """The reading in force of a message, a person's where a person decided; None before it is read."""
        row = self.row("SELECT r.json FROM message m JOIN reading r ON r.entry = m.entry_id WHERE m.id = ?", (number,))
        return from_json(row["json"]) if row else None

    def _same_as_before(self, number: int, reading: Reading, checked: Checked) -> bool:
        row = self.row(
            "SELECT r.json, e.delegation, e.review, e.held FROM entry e JOIN reading r ON r.entry = e.id"
            " WHERE e.message = ? AND e.decision IS NULL ORDER BY e.id DESC LIMIT 1",
            (number,),
        )
        return row is not None and tuple(row) == (
            reading_to_json(reading),
            checked.delegation,
            to_json(checked.reasons),
            int(checked.held),
        )

    def _describe(self, message: Row, reading: Reading) -> None:
        """The columns that lists show, from the envelope; `sent_at` and with it when it was said."""
        envelope = reading.envelope
        event = self.row("SELECT invited_at FROM event WHERE id = ?", (message["event_id"],))
        said = said_at(envelope.sent, from_text(message["arrived_at"]), event["invited_at"] if event else None)
        self.put(
            "UPDATE message SET sent_at = ?, said_at = ?, from_name = ?, from_address = ?, subject = ?, language = ?"
            " WHERE id = ?",
            (
                to_text(envelope.sent) if envelope.sent else None,
                to_text(said),
                envelope.from_name,
                envelope.from_address.lower(),
                envelope.subject,
                reading.language,
                message["id"],
            ),
        )

    def _copied_from(self, message: Row, reading: Reading) -> int | None:
        """The earlier message with the same Message-ID, author and new text; a gateway changed the rest of this one."""
        if not message["message_id"]:
            return None
        for other in self.rows(
            "SELECT id, entry_id, from_address FROM message WHERE event_id = ? AND message_id = ? AND id <> ?"
            " AND copy_of IS NULL AND entry_id IS NOT NULL ORDER BY id",
            (message["event_id"], message["message_id"], message["id"]),
        ):
            theirs = self.reading(other["id"])
            if theirs is None or other["from_address"] != message["from_address"]:
                continue
            if fold(new_text(theirs)).split() == fold(new_text(reading)).split():
                return int(other["id"])
        return None

    def _is_copy(self, message: Row, original: int, at: datetime) -> None:
        self.put(
            "UPDATE message SET bucket = ?, copy_of = ?, why = ?, state_at = ? WHERE id = ?",
            (Bucket.COPY, original, f"the same mail as message {original}", to_text(at), message["id"]),
        )
        self._arrived_earlier(original, from_text(message["arrived_at"]))
        self._changed(message["event_id"])

    def _decided(self, number: int) -> bool:
        """Whether the entry in force of a message is a person's."""
        row = self.row("SELECT e.decision FROM message m JOIN entry e ON e.id = m.entry_id WHERE m.id = ?", (number,))
        return row is not None and row["decision"] is not None

    def _write_entry(
        self, message: Row, reading: Reading, checked: Checked, *, by: str, at: datetime, decision: int | None = None
    ) -> int:
        """An entry for a message, not in force yet."""
        entry = self.put(
            "INSERT INTO entry (event_id, message, decision, source, by_whom, version, delegation, office, corrects,"
            " kinds, neither, automatic, proposed, held, review, recorded_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message["event_id"],
                message["id"],
                decision,
                _source(reading),
                by,
                reading.version,
                checked.delegation,
                reading.office or reading.envelope.from_address.rpartition("@")[2].lower(),
                int(reading.corrects),
                " ".join(reading.kinds),
                reading.neither,
                _AUTOMATIC.dump_json(reading.automatic).decode() if reading.automatic else None,
                int(bool(checked.reasons)),
                int(checked.held),
                to_json(checked.reasons),
                to_text(at),
            ),
        )
        self.put("INSERT INTO reading (entry, json) VALUES (?, ?)", (entry, reading_to_json(reading)))
        for statement in reading.statements:
            self._write_statement(entry, statement)
        return entry

    def _write_statement(self, entry: int, statement: Statement) -> int:
        return self.put(
            "INSERT INTO statement (entry, name, role, day, attendance, sureness, evidence)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry,
                statement.name,
                statement.role,
                statement.day.isoformat(),
                statement.attendance,
                statement.sureness,
                to_json([asdict(evidence) for evidence in statement.evidence]),
            ),
        )

    def _put_in_force(self, message: Row, entry: int, at: datetime) -> None:
        """From `at` on the message says what this entry says; a reader's first entry counts from its arrival."""
        before = self.row("SELECT id, from_at FROM entry WHERE id = ?", (message["entry_id"],))
        start = to_text(at)
        if before is not None:
            start = max(start, before["from_at"])
            self.put("UPDATE entry SET until_at = ? WHERE id = ?", (start, before["id"]))
        row = self.row(
            "SELECT e.delegation, e.kinds, e.neither, e.proposed, e.review, e.decision, r.json FROM entry e"
            " JOIN reading r ON r.entry = e.id WHERE e.id = ?",
            (entry,),
        )
        if row is None:
            return
        if before is None and row["decision"] is None:
            start = min(message["arrived_at"], start)
        self.put("UPDATE entry SET from_at = ? WHERE id = ?", (start, entry))
        bucket, why = bucket_of(row["kinds"], row["neither"], bool(row["proposed"]), json.loads(row["review"]))
        self.put(
            "UPDATE message SET entry_id = ?, delegation = ?, bucket = ?, why = ?, state_at = ? WHERE id = ?",
            (entry, row["delegation"], bucket, why, to_text(at), message["id"]),
        )
        reading = from_json(row["json"])
        self._ask(self._message_row(message["id"]), reading)
        self._index(message, reading)
        if before is None:
            self._newer(message["event_id"], entry)
            self._restand(message["event_id"], {row["delegation"]})
        else:
            self._restand_again(message["event_id"], {message["delegation"], row["delegation"]})
        if before is None or message["delegation"] != row["delegation"]:
            for number in self._continuing(message):
                self._judge_again(number, at)

    def _index(self, message: Row, reading: Reading) -> None:
        """For the search; the excerpt that it shows is cut from the reading's own text."""
        self.put("DELETE FROM search WHERE rowid = ?", (message["id"],))
        envelope = reading.envelope
        people = [statement.name for statement in reading.statements]
        columns = (
            envelope.subject,
            " ".join([envelope.from_name, envelope.from_address, *dict.fromkeys(people)]),
            new_text(reading)[:_INDEXED],
        )
        self.put(
            "INSERT INTO search (rowid, subject, people, text) VALUES (?, ?, ?, ?)",
            (message["id"], *(indexed(message["event_id"], column) for column in columns)),
        )

    def _head(self, number: int) -> bytes:
        row = self.row("SELECT substr(bytes, 1, ?) AS head FROM raw WHERE message = ?", (_HEAD, number))
        # Of an empty value SQLite's substr makes NULL.
        return bytes(row["head"] or b"") if row else b""

    def _trusted(self, event_id: int) -> str:
        row = self.row("SELECT trusted FROM event WHERE id = ?", (event_id,))
        return str(row["trusted"]) if row else ""

    def _learned(self, event_id: int, address: str) -> str | None:
        row = self.row("SELECT delegation FROM address WHERE event_id = ? AND address = ?", (event_id, address.lower()))
        return str(row["delegation"]) if row else None


def bucket_of(kinds: str, neither: str | None, proposed: bool, reasons: list[str]) -> tuple[Bucket, str]:
    """Under which heading a message is counted, and why in plain words."""
    if proposed:
        return Bucket.REVIEW, "; ".join(reasons)
    if Kind.AVAILABILITY in kinds.split():
        return Bucket.ANSWER, "says who comes"
    if Kind.QUESTION in kinds.split():
        return Bucket.QUESTION, "asks something, and does not say who comes"
    return {
        Neither.ACKNOWLEDGEMENT.value: (Bucket.ACKNOWLEDGEMENT, "only acknowledges the letter"),
        Neither.AUTO_REPLY.value: (Bucket.AUTO_REPLY, "was written by a machine"),
        Neither.BOUNCE.value: (Bucket.BOUNCE, "says that a letter was not delivered"),
    }.get(neither or "", (Bucket.UNRELATED, "is about something else"))


def _source(reading: Reading) -> Source:
    rules = {evidence.rule.lower() for statement in reading.statements for evidence in statement.evidence}
    answered_by_calendar = any("itip" in rule for rule in rules) or (
        bool(reading.statements) and not rules and any(one.media_type == "text/calendar" for one in reading.attachments)
    )
    return Source.CALENDAR if answered_by_calendar else Source.MESSAGE
