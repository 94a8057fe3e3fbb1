"""What Datasette should say of a register: its views described column by column, everything else hidden."""

from typing import Any

from intake.register.views import VIEWS

HIDDEN = (
    "event",
    "message",
    "raw",
    "sighting",
    "generation",
    "decision",
    "entry",
    "reading",
    "statement",
    "question",
    "reference",
    "reply",
    "address",
    "spelling",
    "round",
    "backup",
    "newest",
    "standing",
    "search",
    "search_data",
    "search_idx",
    "search_content",
    "search_docsize",
    "search_config",
    "_sqlite_migrations",
)
"""The tables, which may change with any version; the views do not."""

_DESCRIPTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "board": (
        "Who heads each delegation on each day of the event, as it stands now",
        {
            "event": "Key of the event",
            "delegation": "Code of the delegation on the invitation list",
            "delegation_name": "Its name on the list",
            "state": "answered, no_answer, not_delivered or away",
            "day": "Day of the event, ISO 8601",
            "attendance": "yes, no or maybe; empty where nothing was said of that day",
            "role": "minister: the invited principal; deputy: whoever heads the delegation instead",
            "name": "Who heads the delegation that day",
            "proposed": "1 where it rests on a message that nobody has accepted yet",
            "conflict": "1 where two offices contradict each other and nobody has decided",
            "said_at": "When it was written or said (UTC)",
            "message_id": "The message it rests on, in the view messages",
            "statement_id": "The statement it rests on, in the view statements",
        },
    ),
    "statements": (
        "Everything that was ever said about who comes when; nothing here is ever changed",
        {
            "id": "Number of the statement",
            "event": "Key of the event",
            "delegation": "Code of the delegation, empty where unknown",
            "name": "The person, as named",
            "role": "minister, deputy or delegate",
            "day": "The day spoken of, ISO 8601",
            "attendance": "yes, no or maybe",
            "source": "message, calendar, phone, letter or staff",
            "said_at": "When it was written or said (UTC)",
            "recorded_at": "When it was put into the register (UTC)",
            "by_whom": "reader, or the member of staff who entered it",
            "sureness": "How sure the reader was, 0 to 1; 1 for what people enter",
            "proposed": "1 where nobody has accepted it yet",
            "held": "1 where the sender may be pretending; it is not on the board",
            "in_force": "0 where a later reading or decision took its place",
            "message_id": "The message it was read from, in the view messages",
            "office": "Domain of the sender",
            "evidence": "JSON: the words it rests on, their place in the text, the rule and its sureness",
        },
    ),
    "questions": (
        "What delegations ask the organisers",
        {
            "id": "Number of the question",
            "event": "Key of the event",
            "delegation": "Code of the delegation, empty where unknown",
            "asker": "Who asked",
            "text": "The sentence as it stands in the message",
            "topic": "Short key of its topic, where the reader knows it",
            "language": "ISO 639-1",
            "state": "open, answered or dropped",
            "asked_at": "When it was asked (UTC)",
            "state_at": "When its state last changed (UTC)",
            "state_by": "Who changed it",
            "how": "How it was answered, or why it was dropped",
            "assigned_to": "Whose task it is",
            "message_id": "The message it stands in, in the view messages",
        },
    ),
    "messages": (
        "Every message, under the one heading that it is counted as",
        {
            "id": "Number of the message",
            "event": "Key of the event",
            "bucket": "answer, question, acknowledgement, auto_reply, bounce, unrelated, review and so on",
            "why": "Why it is counted so, in plain words",
            "delegation": "Code of the delegation, empty where unknown",
            "said_at": "When it was written, or where its Date cannot be, when it arrived (UTC)",
            "arrived_at": "When it arrived in the mailbox (UTC)",
            "sent_at": "Its Date field (UTC)",
            "from_name": "Name of the sender as shown",
            "from_address": "Address of the sender",
            "subject": "Subject",
            "language": "ISO 639-1 of the newly written text",
            "size": "Bytes",
            "copy_of": "The message that this one is a copy of",
        },
    ),
}


def metadata(database: str) -> dict[str, Any]:
    """The metadata for `datasette DATABASE.db --metadata FILE`; `database` is the file's name without its ending."""
    tables: dict[str, Any] = {
        view: {"description": description, "columns": columns, "size": 100, "label_column": "id"}
        for view, (description, columns) in _DESCRIPTIONS.items()
    }
    tables["board"].pop("label_column")
    tables |= {table: {"hidden": True} for table in (*HIDDEN, "sqlite_sequence")}
    return {
        "title": "Availability intake",
        "description": (
            "Who comes to the conference, who said so, and what they ask. The views board, statements, questions and"
            " messages are documented and stay as they are; the tables behind them may change with any version."
        ),
        "databases": {database: {"description": "A register, to be read only", "tables": tables}},
    }


assert set(_DESCRIPTIONS) == set(VIEWS)  # noqa: S101  a new view needs its description
