"""`intake reread`: today's reader over everything that is kept."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from intake.commands import (
    config_option,
    configured,
    db_option,
    json_option,
    now,
    open_register,
    write_json,
    write_line,
)
from intake.export.lines import change_in_words, change_line
from intake.process import IN_JUNK, IN_PART
from intake.reading_process import ReaderProcess, ReadingFaultError
from intake.register import Register
from parsers.reading import Reading


@click.command(
    short_help="Read everything again and show what would change.",
    epilog="Example: intake reread --config config --db ghent.db --adopt",
)
@config_option
@db_option
@json_option
@click.option("--adopt", is_flag=True, help="Let it change. Without this only shown.")
def reread(config: Path, db: Path | None, as_json: bool, adopt: bool) -> None:
    """Read every kept message again with today's reader and list, and show what changes on the board, cell by cell.

    What people have decided stays. Nothing is changed without --adopt.
    """
    settings, conference = configured(config, db)
    register, _, event = open_register(config, db)
    reader = ReaderProcess(conference, settings.reader)
    different: list[tuple[int, Reading]] = []
    try:
        numbers = register.read_before(event)
        reader.wait_warm()
        with click.progressbar(numbers, label="Reading", file=sys.stderr) as bar:
            for number in bar:
                try:
                    reading = reader.read(register.raw(number), register.received_at(number))
                except ReadingFaultError as error:
                    click.echo(f"Message {number}: {error}; its last reading stays.", err=True)
                    continue
                reading = _as_it_lay(register, number, reading)
                if register.reads_differently(number, reading):
                    different.append((number, reading))
        outcome = register.reread(event, different, at=now(), adopt=adopt)
    finally:
        reader.stop()
        register.close()
    for change in outcome.changes:
        write_json(change_line(change)) if as_json else write_line(change_in_words(change))
    done = "Adopted." if adopt else "Nothing was changed; --adopt does it."
    click.echo(
        f"{outcome.messages} of {len(numbers)} messages read differently, {len(outcome.changes)} changes on the board. "
        f"{done}",
        err=True,
    )


def _as_it_lay(register: Register, number: int, reading: Reading) -> Reading:
    """What no reader knows of stays: that it lay in the junk folder, that only a part of it was fetched."""
    before = register.last_read(number)
    marks = [mark for mark in (IN_JUNK, IN_PART) if before is not None and mark in before.review]
    return replace(reading, review=(*reading.review, *marks))
