"""What a person fills in about a message or a call, between the fields of a form and the register's values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from intake.page.marks import N_
from intake.page.told import plain
from intake.register.people import fold
from parsers.conference import Conference
from parsers.reading import Attendance, Reading, Role

PersonDay = tuple[str, Role, date, Attendance]
LONGEST_NAME = 400
LONGEST_TEXT = 4000
MOST_PEOPLE = 60
EMPTY_ROWS = 1


class FormError(Exception):
    """The form cannot be taken as it is. `message` is one of the page's own texts, filled with `values`."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


@dataclass(frozen=True, slots=True)
class DraftPerson:
    """One line: `days` maps ISO days to an attendance or an empty string. `key` ties it to its marks in the text."""

    name: str = ""
    role: str = Role.MINISTER.value
    days: dict[str, str] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form: from the reading, or as somebody has filled it in."""

    delegation: str = ""
    people: tuple[DraftPerson, ...] = ()
    questions: tuple[str, ...] = ()
    why: str = ""


def draft_of(reading: Reading | None, delegation: str | None) -> Draft:
    """The form as the reading fills it."""
    if reading is None:
        return Draft(delegation or "")
    people = tuple(
        DraftPerson(one["name"], one["role"], dict(one["attendance"]), f"p{number}")
        for number, one in enumerate(reading.people())
    )
    return Draft(delegation or "", people, tuple(question.text for question in reading.questions))


def draft_from(fields: dict[str, list[str]], conference: Conference) -> Draft:
    """The form as somebody has filled it in."""
    names = fields.get("name", [])[:MOST_PEOPLE]
    roles = fields.get("role", [])
    columns = {day.isoformat(): fields.get(f"day-{day.isoformat()}", []) for day in conference.days}
    people = tuple(
        DraftPerson(
            plain(name, LONGEST_NAME),
            roles[place] if place < len(roles) else "",
            {day: values[place] for day, values in columns.items() if place < len(values) and values[place]},
        )
        for place, name in enumerate(names)
    )
    questions = tuple(text for text in (one.strip()[:LONGEST_TEXT] for one in fields.get("question", [])) if text)
    return Draft(
        plain(fields.get("delegation", [""])[0], 40),
        tuple(person for person in people if person.name or person.days),
        questions,
        plain(fields.get("why", [""])[0], LONGEST_TEXT),
    )


def people_of(draft: Draft) -> list[PersonDay]:
    """The person-days of a form. Raises `FormError` where a line makes no sense."""
    told: list[PersonDay] = []
    for person in draft.people:
        if not person.name:
            raise FormError(N_("A line has days but no name: give the name, or clear the days."))
        if not person.days:
            unsaid = N_("Say for %(name)s what happens on at least one day, or clear the name.")
            raise FormError(unsaid, name=person.name)
        try:
            role = Role(person.role)
            days = [(date.fromisoformat(day), Attendance(says)) for day, says in person.days.items()]
        except ValueError:
            raise FormError(N_("A line has a value that this page did not offer; reload it and try again.")) from None
        told += [(person.name, role, day, says) for day, says in days]
    return told


def is_unchanged(reading: Reading, delegation: str | None, draft: Draft, told: Iterable[PersonDay]) -> bool:
    """Whether the form still says what the reading says: then it was accepted, else corrected."""
    before = {(one.name, one.role, one.day, one.attendance) for one in reading.statements}
    asked = [" ".join(fold(one.text).split()) for one in reading.questions]
    return (
        set(told) == before
        and [" ".join(fold(text).split()) for text in draft.questions] == asked
        and draft.delegation == (delegation or "")
    )
