"""The decisions of staff from the command line; the page calls the same functions of the register."""

import re
from datetime import date, datetime
from pathlib import Path

import click

from intake.commands import Moment, config_option, db_option, now, open_register, who_options
from intake.export.cases import write_cases
from intake.register import Register, RegisterError, Source
from intake.register.corrections import KEEP, Keep, PersonDay
from parsers.conference import Conference
from parsers.reading import Attendance, Neither, Role

_PERSON = click.option(
    "--person",
    "people",
    nargs=4,
    multiple=True,
    metavar="NAME ROLE DAYS ANSWER",
    help="ROLE minister, deputy or delegate; DAYS both, 29, 29,30 or 2024-04-29; ANSWER yes, no or maybe. Repeatable.",
)
_NUMBER = click.argument("number", type=int)


@click.command(epilog='Example: intake accept --config config --db ghent.db 12 --why "asked the cabinet by phone"')
@config_option
@db_option
@who_options
@_NUMBER
def accept(config: Path, db: Path | None, by: str, why: str, number: int) -> None:
    """Accept what message NUMBER was read as: it counts from now on."""
    register, _, _ = open_register(config, db)
    with register:
        _told(register.accept(number, by=by, why=why, at=now()))


@click.command(epilog="Example: intake reject --config config --db ghent.db 12 --as unrelated")
@config_option
@db_option
@who_options
@_NUMBER
@click.option(
    "--as", "neither", type=click.Choice([one.value for one in Neither]), default="unrelated", show_default=True
)
def reject(config: Path, db: Path | None, by: str, why: str, number: int, neither: str) -> None:
    """Say that message NUMBER is no answer and no question."""
    register, _, _ = open_register(config, db)
    with register:
        _told(register.reject(number, neither=Neither(neither), by=by, why=why, at=now()))


@click.command(
    epilog='Example: intake correct --config config --db ghent.db 12 --person "Anna Berger" minister both yes'
)
@config_option
@db_option
@who_options
@_NUMBER
@click.option("--delegation", metavar="CODE", help="Whose message it is.")
@_PERSON
@click.option("--drop", multiple=True, metavar="NAME", help="Somebody of whom the message does not speak. Repeatable.")
@click.option("--question", "asked", multiple=True, help="All that it asks, each once.")
@click.option("--no-question", is_flag=True, help="It asks nothing.")
def correct(
    config: Path,
    db: Path | None,
    by: str,
    why: str,
    number: int,
    delegation: str | None,
    people: tuple[tuple[str, str, str, str], ...],
    drop: tuple[str, ...],
    asked: tuple[str, ...],
    no_question: bool,
) -> None:
    """Correct what message NUMBER was read as. What is not named stays as it was read."""
    register, conference, _ = open_register(config, db)
    with register:
        _told(
            register.correct(
                number,
                delegation=delegation or KEEP,
                people=_merged(register, number, _person_days(people, conference), drop) if people or drop else KEEP,
                questions=() if no_question else asked or KEEP,
                by=by,
                why=why,
                at=now(),
            )
        )


@click.command(epilog="Example: intake count --config config --db ghent.db 12")
@config_option
@db_option
@who_options
@_NUMBER
def count(config: Path, db: Path | None, by: str, why: str, number: int) -> None:
    """Put message NUMBER, which was not counted, into the tray."""
    register, _, _ = open_register(config, db)
    with register:
        _told(register.count(number, by=by, why=why, at=now()))


@click.command(epilog='Example: intake enter --config config --db ghent.db AT --person "Anna Berger" minister both yes')
@config_option
@db_option
@who_options
@click.argument("delegation", metavar="CODE")
@click.option(
    "--by-way",
    "source",
    type=click.Choice(["phone", "letter", "staff"]),
    default="phone",
    show_default=True,
    help="staff: you decide, for instance where two offices contradict each other.",
)
@click.option("--said-at", type=Moment(), help="When it was said or written. Default: now.")
@_PERSON
def enter(
    config: Path,
    db: Path | None,
    by: str,
    why: str,
    delegation: str,
    source: str,
    said_at: datetime | None,
    people: tuple[tuple[str, str, str, str], ...],
) -> None:
    """Enter what delegation CODE said by phone or letter, or decide what stands."""
    register, conference, event = open_register(config, db)
    with register:
        told = _person_days(people, conference)
        moment = now()
        decision = register.note_told(
            event, delegation, told, source=Source(source), said_at=said_at or moment, by=by, why=why, at=moment
        )
        _told(decision)


@click.command(epilog="Example: intake move --config config --db presidency.db 12 budapest-2024")
@config_option
@db_option
@who_options
@_NUMBER
@click.argument("event")
def move(config: Path, db: Path | None, by: str, why: str, number: int, event: str) -> None:
    """Give message NUMBER to the event of the key EVENT; it is read there at the next import or by that service."""
    register, _, _ = open_register(config, db)
    with register:
        kept = register.move(number, event, by=by, why=why, at=now())
    click.echo(f"It is message {kept.id} of {event} now.", err=True)


@click.command(epilog="Example: intake assign --config config --db ghent.db desk@permrep.example AT")
@config_option
@db_option
@who_options
@click.argument("address")
@click.argument("delegation", metavar="CODE")
def assign(config: Path, db: Path | None, by: str, why: str, address: str, delegation: str) -> None:
    """Say that ADDRESS writes for delegation CODE: for what it wrote and for what it will write."""
    register, _, event = open_register(config, db)
    with register:
        _told(register.assign(event, address, delegation, by=by, why=why, at=now()))


@click.command(epilog='Example: intake merge --config config --db ghent.db AT "Berger Annamaria" "Anna Berger"')
@config_option
@db_option
@who_options
@click.argument("delegation", metavar="CODE")
@click.argument("spelling")
@click.argument("name")
def merge(config: Path, db: Path | None, by: str, why: str, delegation: str, spelling: str, name: str) -> None:
    """Say that SPELLING and NAME are one person of delegation CODE, who goes under NAME."""
    register, _, event = open_register(config, db)
    with register:
        _told(register.merge(event, delegation, spelling, name, by=by, why=why, at=now()))


@click.command(epilog="Example: intake answer --config config --db ghent.db 3 7 --why 'in the practical note'")
@config_option
@db_option
@who_options
@click.argument("questions", nargs=-1, type=int, required=True)
@click.option("--state", type=click.Choice(["open", "answered", "dropped"]), default="answered", show_default=True)
@click.option("--to", "assigned_to", metavar="NAME", help="Hand them to a colleague.")
@click.option(
    "--alike", is_flag=True, help="Also all open questions that are like them; look at `intake questions` first."
)
def answer(
    config: Path,
    db: Path | None,
    by: str,
    why: str,
    questions: tuple[int, ...],
    state: str,
    assigned_to: str | None,
    alike: bool,
) -> None:
    """Close the QUESTIONS of these numbers together, drop them, open them again, or hand them to a colleague."""
    register, _, event = open_register(config, db)
    with register, register.change():
        chosen = "open" if assigned_to and state == "answered" else state
        numbers = list(questions)
        if alike:
            known = register.questions(event)
            groups = {one.group for one in known if one.id in questions}
            numbers += [
                one.id for one in known if one.group in groups and one.state == "open" and one.id not in questions
            ]
        for number in numbers:
            _told(register.answer(number, chosen, by=by, why=why, at=now(), assigned_to=assigned_to))


@click.command("take-back", epilog="Example: intake take-back --config config --db ghent.db 5")
@config_option
@db_option
@who_options
@_NUMBER
def take_back(config: Path, db: Path | None, by: str, why: str, number: int) -> None:
    """Undo decision NUMBER (see `intake decisions`): what stood before it stands again."""
    register, _, _ = open_register(config, db)
    with register:
        _told(register.take_back(number, by=by, why=why, at=now()))


@click.command(epilog="Example: intake cases --config config --db ghent.db --output cases/")
@config_option
@db_option
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="A directory.")
def cases(config: Path, db: Path | None, output: Path) -> None:
    """Write every message that people decided about as a test case: its bytes, and what it should be read as."""
    register, _, event = open_register(config, db)
    with register:
        written = write_cases(register, event, output)
    click.echo(f"{written} cases in {output}. They hold personal data; keep them as you keep the register.", err=True)


def _told(decision: int) -> None:
    click.echo(f"Decision {decision}; `intake take-back {decision}` undoes it.", err=True)


def _person_days(people: tuple[tuple[str, str, str, str], ...], conference: Conference) -> list[PersonDay]:
    found: list[PersonDay] = []
    for name, role, days, says in people:
        if role not in list(Role) or says not in list(Attendance):
            raise click.UsageError(
                "--person takes NAME, then minister, deputy or delegate, the days, and yes, no or maybe."
            )
        found += [(name, Role(role), day, Attendance(says)) for day in _days(days, conference)]
    return found


def _days(text: str, conference: Conference) -> list[date]:
    if text in ("both", "all"):
        return list(conference.days)
    days = []
    for part in re.split(r"[,\s]+", text.strip()):
        matching = [day for day in conference.days if part in (day.isoformat(), str(day.day), f"{day.day:02}")]
        if len(matching) != 1:
            known = ", ".join(day.isoformat() for day in conference.days)
            raise click.UsageError(f"{part!r} is no day of the event; write both, or one of {known}.")
        days += matching
    return days


def _merged(register: Register, number: int, said: list[PersonDay], drop: tuple[str, ...]) -> list[PersonDay] | Keep:
    """What the message was read as, without the dropped people, and with the given person-days over it."""
    reading = register.reading(number)
    before = [(one.name, one.role, one.day, one.attendance) for one in reading.statements] if reading else []
    unknown = set(drop) - {name for name, *_ in before}
    if unknown:
        raise RegisterError(f"Message {number} was not read as speaking of {', '.join(sorted(unknown))}.")
    given = {(name, day) for name, _, day, _ in said}
    return [one for one in before if one[0] not in drop and (one[0], one[2]) not in given] + said
