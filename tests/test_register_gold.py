"""The exchanges of the shared samples, with the readings that a careful secretary made: the board must be right."""

import json
import os
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

import pytest

from intake.config import load_conference
from intake.export.lines import board_line
from intake.register import Register
from parsers.reading import Attendance, Envelope, Evidence, Kind, Neither, Question, Reading, Role, Statement

GOLD = Path(os.environ.get("INTAKE_GOLD") or Path(__file__).parents[2] / "shared" / "gold")
SETS = sorted(GOLD.glob("*/correspondence*/expected_board.jsonl"))

pytestmark = pytest.mark.skipif(not SETS, reason=f"no sample exchanges under {GOLD}; name their folder in INTAKE_GOLD")


def expected_reading(line: dict, raw: bytes) -> Reading:
    """What the expectation says, as a reading. Only its note tells that a mail corrects an earlier one."""
    mail = message_from_bytes(raw)
    address = parseaddr(mail["From"])[1]
    sent: datetime = parsedate_to_datetime(mail["Date"])
    nothing = Evidence(0, 0, "", "expected")
    return Reading(
        text=line["note"],
        envelope=Envelope(message_id=mail["Message-ID"].strip("<>"), from_address=address, sent=sent),
        language=line["language"],
        delegation=line["delegation"],
        kinds=tuple(Kind(kind) for kind in line["kinds"]),
        neither=Neither(line["neither"]) if line["neither"] else None,
        statements=tuple(
            Statement(
                one["name"], Role(one["role"]), datetime.fromisoformat(day).date(), Attendance(answer), 1.0, (nothing,)
            )
            for one in line["people"]
            for day, answer in one["attendance"].items()
        ),
        questions=tuple(Question(text, nothing) for text in line["questions"]),
        corrects=line["note"].startswith("correction"),
        office=address.partition("@")[2],
    )


@pytest.mark.parametrize("expected_board", SETS, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("order", ["as listed", "backwards"])
def test_expected_readings_give_the_expected_board(expected_board: Path, order: str, tmp_path: Path) -> None:
    conference = load_conference(GOLD / "config")
    lines = [json.loads(line) for line in (expected_board.parent / "expected.jsonl").read_text("utf-8").splitlines()]
    want = {row["delegation"]: row for row in map(json.loads, expected_board.read_text("utf-8").splitlines())}
    with Register.open(tmp_path / "register.db") as register:
        event = register.enter(conference)
        for line in reversed(lines) if order == "backwards" else lines:
            raw = (expected_board.parent / line["file"]).read_bytes()
            sent = parsedate_to_datetime(message_from_bytes(raw)["Date"])
            kept = register.keep(event, raw, None, received_at=sent, fetched_at=sent)
            register.record(kept.id, expected_reading(line, raw), at=sent)
        got = {row.delegation: board_line(row) for row in register.board(conference)}
        assert register.board(conference) == register.board(conference, as_of=datetime(2024, 6, 1, tzinfo=UTC))

    wrong = {
        code: (got[code], row)
        for code, row in want.items()
        if (got[code]["state"], got[code]["conflict"]) != (row["state"], row["conflict"])
        or {day: {k: cell[k] for k in ("attendance", "role", "name")} for day, cell in got[code]["days"].items()}
        != row["days"]
    }
    assert wrong == {}
