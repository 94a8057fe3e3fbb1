"""Corrected messages as test cases for the reader: the bytes, and what a person says they should be read as."""

import json
from pathlib import Path

from intake.register import Register


def write_cases(register: Register, event: str, directory: Path) -> int:
    """Writes `message-N.eml` and `expected.jsonl` (the fields of `intake read`) into a directory; how many cases.

    The newest decision about a message counts; one that was taken back does not. Files readable by their owner only.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = []
    for number in register.decided_messages(event):
        message = register.message(number)
        if message.reading is None:
            continue
        name = f"message-{number}.eml"
        _write(directory / name, register.raw(number))
        reading = message.reading
        expectation = {
            "file": name,
            "language": reading.language,
            "delegation": message.row.delegation,
            "kinds": [kind.value for kind in reading.kinds],
            "neither": reading.neither.value if reading.neither else None,
            "people": reading.people(),
            "questions": [question.text for question in reading.questions],
            "note": message.decisions[0].why if message.decisions else "",
        }
        lines.append(json.dumps(expectation, ensure_ascii=False))
    _write(directory / "expected.jsonl", "".join(line + "\n" for line in lines).encode())
    return len(lines)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
