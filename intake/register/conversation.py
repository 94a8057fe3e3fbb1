"""Whose message it is by the conversation it continues, where nothing else tells: References and In-Reply-To.

The unit of the register is the delegation and not the thread, and anybody may be copied into a thread. So a
conversation only suggests a delegation: where all the known messages that are referred to come from one, and for a
person to confirm.
"""

from dataclasses import replace

from intake.register.events import Events
from intake.register.file import Row
from parsers.reading import Envelope, Reading

BY_CONVERSATION = "the delegation is only guessed, from the conversation"
_MOST = 50
"""How many references of one message are kept; a longer thread is told by its newest part."""


class Conversations(Events):
    """The part of the register that remembers which message refers to which."""

    def _note_references(self, message: Row, envelope: Envelope) -> None:
        named = dict.fromkeys(one.strip("<> ") for one in (*envelope.in_reply_to, *reversed(envelope.references)))
        for identifier in list(named)[:_MOST]:
            self.put(
                "INSERT OR IGNORE INTO reference (event_id, refers_to, message) VALUES (?, ?, ?)",
                (message["event_id"], identifier, message["id"]),
            )

    def _by_conversation(self, message: Row) -> str | None:
        """The one delegation of all messages referred to; what was guessed itself by a conversation does not count."""
        found = self.rows(
            "SELECT DISTINCT m.delegation FROM reference r"
            " JOIN message m ON m.event_id = r.event_id AND m.message_id = r.refers_to"
            " JOIN entry e ON e.id = m.entry_id"
            " WHERE r.message = ? AND m.delegation IS NOT NULL AND m.id <> r.message AND instr(e.review, ?) = 0",
            (message["id"], BY_CONVERSATION),
        )
        return str(found[0]["delegation"]) if len(found) == 1 else None

    def _continuing(self, message: Row) -> list[int]:
        """The read messages that refer to this one and may hang on whose it is."""
        if not message["message_id"]:
            return []
        found = self.rows(
            "SELECT m.id FROM reference r JOIN message m ON m.id = r.message JOIN entry e ON e.id = m.entry_id"
            " WHERE r.event_id = ? AND r.refers_to = ? AND m.id <> ? AND (m.delegation IS NULL OR instr(e.review, ?))"
            " ORDER BY m.id",
            (message["event_id"], message["message_id"], message["id"], BY_CONVERSATION),
        )
        return [row["id"] for row in found]


def continued(reading: Reading, delegation: str | None) -> Reading:
    """The reading with the delegation that its conversation suggests, and the doubt that goes with it."""
    if delegation is None:
        return reading
    doubts = [doubt for doubt in reading.review if not doubt.startswith("nothing tells which delegation")]
    return replace(reading, delegation=delegation, review=(*doubts, BY_CONVERSATION))
