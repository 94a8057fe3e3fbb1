"""The questions that delegations ask: open, answered or dropped, by whom and when; alike ones side by side."""

from collections.abc import Iterable
from datetime import datetime

from intake.register.events import Events
from intake.register.file import Row
from intake.register.likeness import groups, topic_of
from intake.register.moment import from_text, maybe_from_text, to_text
from intake.register.people import fold
from intake.register.values import Location, QuestionRow
from parsers.reading import Reading

OPEN, ANSWERED, DROPPED = "open", "answered", "dropped"


class Questions(Events):
    """The part of the register that remembers what is asked."""

    def questions(self, event: str, *, state: str | None = None, delegation: str | None = None) -> list[QuestionRow]:
        """The questions of an event, oldest first; alike ones carry the same `group`."""
        sql = "SELECT * FROM question WHERE event_id = ? AND present = 1"
        values: list[object] = [self._event_id(event)]
        if state is not None:
            sql, values = sql + " AND state = ?", [*values, state]
        if delegation is not None:
            sql, values = sql + " AND delegation = ?", [*values, delegation]
        found = self.rows(sql + " ORDER BY asked_at, id", values)
        alike = groups([(row["id"], row["text"], row["topic"], row["language"]) for row in found])
        return [_question(row, alike[row["id"]]) for row in found]

    def note_reply(self, event: str, refers_to: Iterable[str], *, at: datetime, by: str = "") -> int:
        """Notes that staff sent a reply (seen in the Sent folder) that refers to these Message-IDs, without brackets.

        Every open question of those messages counts as answered by it, also one that is only read later. Gives the
        number of questions answered now.
        """
        with self.change():
            event_id = self._event_for_writing(event)
            answered = 0
            for message_id in dict.fromkeys(one.strip("<> ") for one in refers_to):
                self.put(
                    "INSERT OR IGNORE INTO reply (event_id, refers_to, at, by_whom) VALUES (?, ?, ?, ?)",
                    (event_id, message_id, to_text(at), by),
                )
                for row in self.rows(
                    "SELECT id FROM message WHERE event_id = ? AND message_id = ?", (event_id, message_id)
                ):
                    answered += self._answer_by_mail(row["id"], to_text(at), by, "a reply in the Sent folder")
            if answered:
                self._changed(event_id)
        return answered

    def note_answered(self, event: str, where: Location, *, at: datetime) -> int:
        """Notes that the mailbox shows a message as answered (\\Answered, RFC 9051, 2.3.2): its open questions are."""
        with self.change():
            event_id = self._event_for_writing(event)
            row = self.row(
                "SELECT id, message FROM sighting WHERE event_id = ? AND account = ? AND folder = ? AND uidvalidity = ?"
                " AND uid = ?",
                (event_id, where.account, where.folder, where.uidvalidity, where.uid),
            )
            if row is None or row["message"] is None:
                return 0
            self.put(
                "UPDATE sighting SET answered_at = coalesce(answered_at, ?) WHERE id = ?", (to_text(at), row["id"])
            )
            answered = self._answer_by_mail(row["message"], to_text(at), "", "the mailbox shows it as answered")
            if answered:
                self._changed(event_id)
        return answered

    def _answer_by_mail(self, message: int, at: str, by: str, how: str) -> int:
        """A question that a person has decided about is left alone."""
        return self.connection.execute(
            "UPDATE question SET state = ?, state_at = ?, state_by = ?, how = ?"
            " WHERE message = ? AND state = ? AND state_at IS NULL AND asked_at <= ?",
            (ANSWERED, at, by, how, message, OPEN, at),
        ).rowcount

    def _ask(self, message: Row, reading: Reading) -> None:
        """The questions of the entry in force; one that stays keeps its state, one that went is kept out of sight."""
        self.put("UPDATE question SET present = 0 WHERE message = ?", (message["id"],))
        for asked in reading.questions:
            self.put(
                "INSERT INTO question (event_id, message, delegation, asker, text, folded, topic, language, start_at,"
                " end_at, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (message, folded) DO UPDATE SET"
                " present = 1, delegation = excluded.delegation, topic = excluded.topic, start_at = excluded.start_at,"
                " end_at = excluded.end_at",
                (
                    message["event_id"],
                    message["id"],
                    message["delegation"],
                    message["from_name"] or message["from_address"],
                    asked.text,
                    " ".join(fold(asked.text).split()),
                    asked.topic or topic_of(asked.text),
                    asked.language or reading.language,
                    asked.evidence.start,
                    asked.evidence.end,
                    message["said_at"],
                ),
            )
        reply = self.row(
            "SELECT at, by_whom FROM reply WHERE event_id = ? AND refers_to = ? AND at >= ? ORDER BY at LIMIT 1",
            (message["event_id"], message["message_id"], message["said_at"]),
        )
        if reply is not None and message["message_id"]:
            self._answer_by_mail(message["id"], reply["at"], reply["by_whom"], "a reply in the Sent folder")
        flag = self.row(
            "SELECT min(answered_at) AS at FROM sighting WHERE message = ? AND answered_at IS NOT NULL",
            (message["id"],),
        )
        if flag is not None and flag["at"] is not None:
            self._answer_by_mail(message["id"], flag["at"], "", "the mailbox shows it as answered")


def _question(row: Row, group: int) -> QuestionRow:
    return QuestionRow(
        id=row["id"],
        text=row["text"],
        delegation=row["delegation"],
        asker=row["asker"],
        topic=row["topic"],
        language=row["language"],
        state=row["state"],
        asked_at=from_text(row["asked_at"]),
        message_id=row["message"],
        state_at=maybe_from_text(row["state_at"]),
        state_by=row["state_by"],
        how=row["how"],
        assigned_to=row["assigned_to"],
        group=group,
        start=row["start_at"],
        end=row["end_at"],
    )
