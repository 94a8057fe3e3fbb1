"""The figures of the event: who has answered, who heads each day, what waits for a person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from intake.register import BoardRow, Bucket, Cell, Counts, Register, State
from intake.register.page_queries import first_answers, open_questions
from parsers.conference import Conference
from parsers.reading import Attendance, Role

STANDS = ("minister", "deputy", "maybe", "no", "open")
"""What a delegation's day comes to, best news first."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The board with its figures. `days` counts the delegations of each stand; `first` is when each one answered."""

    rows: tuple[BoardRow, ...]
    days: dict[date, dict[str, int]]
    answered: int
    counts: Counts
    to_review: int
    open_questions: int
    first: dict[str, datetime]

    @property
    def invited(self) -> int:
        """How many delegations are on the list."""
        return len(self.rows)

    @property
    def missing(self) -> int:
        """How many have not said who comes."""
        return self.invited - self.answered


def overview_of(register: Register, conference: Conference, event: str) -> Overview:
    """Everything at the moment of the register that the caller holds."""
    rows = tuple(register.board(conference, event=event))
    counts = register.counts(event)
    return Overview(
        rows=rows,
        days=figures(rows, conference.days),
        answered=sum(row.state is State.ANSWERED for row in rows),
        counts=counts,
        to_review=counts.by.get(Bucket.REVIEW, 0) + counts.by.get(Bucket.QUARANTINED, 0),
        open_questions=open_questions(register, event),
        first=first_answers(register, event, [row.code for row in conference.delegations]),
    )


def figures(rows: Sequence[BoardRow], days: Sequence[date]) -> dict[date, dict[str, int]]:
    """For each day how many delegations stand how."""
    found = {}
    for day in days:
        counted = Counter(stand(row.days.get(day, Cell())) for row in rows)
        found[day] = {one: counted.get(one, 0) for one in STANDS}
    return found


def stand(cell: Cell) -> str:
    """Which of `STANDS` a cell comes to."""
    if cell.attendance is None:
        return "open"
    if cell.attendance is Attendance.NO:
        return "no"
    if cell.attendance is Attendance.MAYBE:
        return "maybe"
    return "minister" if cell.role is Role.MINISTER else "deputy"
