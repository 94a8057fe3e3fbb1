"""Every value of a reading points to the characters it rests on, over the demo's mails and the sample replies."""

from functools import cache
from pathlib import Path

import pytest
from reading_samples import RECEIVED

import intake.demo
from intake.config import load_conference
from parsers import Reading, load
from parsers.reader import Reader
from parsers.reading import Evidence

DEMO = Path(intake.demo.__file__).parent
MAILS = sorted((DEMO / "mails").glob("*.eml"))
IN_HEADERS = {"sender's domain", "subject", "automatic"}
"""What rests on a header is quoted without a place."""


@cache
def demo_reader() -> Reader:
    return load(load_conference(DEMO / "config"))


def placed(reading: Reading, found: Evidence) -> bool:
    """Whether the evidence quotes exactly what stands at its place, and more than blanks."""
    return bool(found.text.strip()) and reading.text[found.start : found.end] == found.text


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_everything_rests_on_something(path: Path) -> None:
    reading = demo_reader().read(path.read_bytes(), received_at=RECEIVED)
    for statement in reading.statements:
        assert statement.evidence, f"nothing for {statement.role} on {statement.day}"
        assert all(placed(reading, one) for one in statement.evidence)
    for question in reading.questions:
        assert placed(reading, question.evidence)
    for code, found in ((reading.delegation, reading.delegation_evidence), (reading.neither, reading.neither_evidence)):
        assert (found is None) == (code is None)
        assert found is None or placed(reading, found) or (found.rule in IN_HEADERS and found.text.strip())
