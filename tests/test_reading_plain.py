"""Plain mails through the trained pipeline, a row a line in `phrases/readings.txt`."""

from pathlib import Path

import pytest
from reading_samples import CONFERENCE, FIRST, SECOND, mail, read

ROWS = [
    tuple(cell.strip() for part in line.split("=>") for cell in part.split("|"))
    for line in (Path(__file__).parent / "phrases" / "readings.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
LETTERS = {"yes": "y", "no": "n", "maybe": "m"}


@pytest.mark.parametrize(("code", "text", "expected"), ROWS)
def test_plain_mails(code: str, text: str, expected: str) -> None:
    domain = next(row.domains[0] for row in CONFERENCE.delegations if row.code == code)
    lines = [line.strip() for line in text.split("//")]
    body = "\n\n".join([*lines[:-1], lines[-1] + "\nVera Lindqvist"])
    reading = read(mail(body, sender=f"Vera Lindqvist <vera.lindqvist@{domain}>").as_bytes())
    found = [
        f"{person['name']} {person['role']} "
        + "".join(LETTERS.get(person["attendance"].get(day.isoformat(), ""), "-") for day in (FIRST, SECOND))
        for person in reading.people()
    ]
    assert "; ".join(found) == expected
