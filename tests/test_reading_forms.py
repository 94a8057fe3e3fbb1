"""Forms and composition lists, a row a line in `phrases/forms.txt`: what a form answers exactly, and nothing else."""

from pathlib import Path

import pytest
from reading_samples import CONFERENCE, FIRST, SECOND, reader

from parsers.context import context
from parsers.forms import split_names, ticked

ROWS = [
    tuple(cell.strip() for cell in line.split("=>"))
    for line in (Path(__file__).parent / "phrases" / "forms.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
LETTERS = {"yes": "y", "no": "n"}


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_forms(text: str, expected: str) -> None:
    """`text => Name yn; Other Name -y`: who is ticked for which day; `-` where nothing is exact."""
    row = next(r for r in CONFERENCE.delegations if r.code == "FR")
    doc = reader().document(text.replace(" // ", "\n"), row)
    found: dict[str, dict[object, str]] = {}
    for (person, day), said in ticked(doc).items():
        found.setdefault(context(doc).people[person].name, {})[day] = LETTERS[said.value]
    rows = [f"{name} {said.get(FIRST, '-')}{said.get(SECOND, '-')}" for name, said in found.items()]
    names = sorted({mention.text for mention in split_names(doc)})
    assert "; ".join(rows) + (" | " + "; ".join(names) if names else "") == expected
