"""The JSON lines that `intake read` and `intake board` print; their fields are fixed, further ones may come."""

from dataclasses import asdict
from typing import Any

from intake.register.boards import Change
from intake.register.checks import check
from intake.register.values import BoardRow, Bucket, Cell, Counts, DecisionRow, Message, MessageRow, QuestionRow, State
from parsers.conference import Conference
from parsers.reading import Reading


def reading_line(
    file: str, reading: Reading, conference: Conference, *, trusted: str = "", raw: bytes = b""
) -> dict[str, Any]:
    """What one message says, with the checks that the register would make of it."""
    checked = check(reading, conference, learned=None, trusted=trusted, head=raw)
    return {
        "file": file,
        "kinds": [kind.value for kind in reading.kinds],
        "neither": reading.neither.value if reading.neither else None,
        "delegation": checked.delegation,
        "language": reading.language,
        "people": reading.people(),
        "questions": [question.text for question in reading.questions],
        "review": list(checked.reasons),
        "sureness": round(reading.sureness, 4),
        "corrects": reading.corrects,
        "evidence": [
            {
                "name": statement.name,
                "day": statement.day.isoformat(),
                "sureness": round(statement.sureness, 4),
                "from": [asdict(evidence) for evidence in statement.evidence],
            }
            for statement in reading.statements
        ],
        "problems": list(reading.problems),
        "version": reading.version,
    }


def unread_line(file: str, why: str) -> dict[str, Any]:
    """The line of a message that could not be read: nothing is claimed, and a person has to look."""
    return {
        "file": file,
        "kinds": [],
        "neither": None,
        "delegation": None,
        "language": "",
        "people": [],
        "questions": [],
        "review": [why],
    }


def board_line(row: BoardRow) -> dict[str, Any]:
    """One delegation of the board."""
    return {
        "delegation": row.delegation,
        "state": row.state.value,
        "conflict": row.conflict,
        "days": {day.isoformat(): cell_line(cell) for day, cell in row.days.items()},
        "companions": [
            {"name": one.name, "days": {day.isoformat(): answer.value for day, answer in one.days.items()}}
            for one in row.companions
        ],
        "flags": list(row.flags),
        "open_questions": row.open_questions,
        "failed": list(row.failed),
        "away_until": row.away_until.isoformat() if row.away_until else None,
        "last_word": row.last_word.at.isoformat() if row.last_word else None,
    }


def cell_line(cell: Cell) -> dict[str, Any]:
    """One day of one delegation; `proposed` stands only where it is so."""
    line: dict[str, Any] = {
        "attendance": cell.attendance.value if cell.attendance else None,
        "role": cell.role.value if cell.role else None,
        "name": cell.name,
    }
    if cell.proposed:
        line["proposed"] = True
    if cell.settled is not None:
        line["settled"] = cell_line(cell.settled)
    if cell.other is not None:
        line["other"] = cell_line(cell.other)
    if cell.message_id is not None:
        line["message"] = cell.message_id
    return line


def change_line(change: Change) -> dict[str, Any]:
    """One difference between two boards."""
    return {
        "delegation": change.delegation,
        "day": change.day.isoformat() if change.day else None,
        "before": cell_line(change.before) if isinstance(change.before, Cell) else change.before,
        "after": cell_line(change.after) if isinstance(change.after, Cell) else change.after,
    }


def change_in_words(change: Change) -> str:
    """The same for people."""
    place = f"{change.delegation} {change.day.strftime('%d.%m.%Y') if change.day else 'state'}"
    return f"{place}: {_value_in_words(change.before)} -> {_value_in_words(change.after)}"


def _value_in_words(value: Cell | State | None) -> str:
    if isinstance(value, Cell):
        return cell_in_words(value)
    return value.value.replace("_", " ") if value else "-"


def cell_in_words(cell: Cell) -> str:
    """A cell in a line of text: `?` where it is only proposed, `!` where two offices contradict each other."""
    if cell.attendance is None:
        return "-"
    words = f"{cell.attendance.value} {cell.name} ({cell.role.value if cell.role else ''})"
    return words + (" ?" if cell.proposed else "") + (" !" if cell.conflict else "")


def message_line(row: MessageRow) -> dict[str, Any]:
    """One message of a list."""
    return {
        "id": row.id,
        "counted_as": row.bucket.value,
        "why": row.why,
        "delegation": row.delegation,
        "written": row.said_at.isoformat(),
        "arrived": row.received_at.isoformat(),
        "from": row.from_address,
        "subject": row.subject,
        "language": row.language,
    }


def message_lines(message: Message) -> dict[str, Any]:
    """One message with its text, what it was read as, on what evidence, and every entry and decision about it."""
    reading = message.reading
    return {
        **message_line(message.row),
        "review": list(message.review),
        "text": reading.text if reading else None,
        "people": reading.people() if reading else [],
        "evidence": [asdict(statement) for statement in reading.statements] if reading else [],
        "questions": [question.text for question in reading.questions] if reading else [],
        "entries": [asdict(entry) for entry in message.entries],
        "decisions": [decision_line(decision) for decision in message.decisions],
    }


def question_line(row: QuestionRow) -> dict[str, Any]:
    """One question."""
    return asdict(row) | {"asked_at": row.asked_at.isoformat()}


def decision_line(row: DecisionRow) -> dict[str, Any]:
    """One decision."""
    return asdict(row) | {"at": row.at.isoformat()}


def counts_line(counts: Counts) -> dict[str, Any]:
    """The reconciling line."""
    return {
        "messages": counts.total,
        **{bucket.value: counts.by.get(bucket, 0) for bucket in Bucket},
        "undeliverable": counts.undeliverable,
    }
