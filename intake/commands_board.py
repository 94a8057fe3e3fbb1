"""`intake board` and `intake export`."""

import sys
from datetime import datetime
from pathlib import Path

import click

from intake.commands import (
    Moment,
    columns,
    config_option,
    db_option,
    json_option,
    now,
    open_register,
    write_json,
    write_line,
)
from intake.export.calendar import board_calendar
from intake.export.lines import board_line, cell_in_words, change_in_words, change_line
from intake.export.tables import FORMATS, TABLES, table_of
from intake.export.writers import write_table
from intake.register import BoardRow


@click.command(
    short_help="Print the board, now or as it stood.",
    epilog="Example: intake board --config config --db ghent.db --as-of 2024-03-20T17:00",
)
@config_option
@db_option
@json_option
@click.option("--as-of", type=Moment(), help="The board as it stood at that moment, by what had arrived.")
@click.option("--as-recorded", is_flag=True, help="With --as-of: by what the register itself held at that moment.")
@click.option("--diff", nargs=2, type=Moment(), metavar="A B", help="What changed between two moments.")
def board(
    config: Path,
    db: Path | None,
    as_json: bool,
    as_of: datetime | None,
    as_recorded: bool,
    diff: tuple[datetime, datetime] | None,
) -> None:
    """Print the board: every delegation of the list in its order, and who heads it on each day."""
    if diff and (as_of or as_recorded):
        raise click.UsageError("--diff takes its two moments itself; leave --as-of and --as-recorded out.")
    if diff and diff[0] > diff[1]:
        raise click.UsageError("--diff takes the earlier moment first.")
    if as_recorded and as_of is None:
        raise click.UsageError("--as-recorded goes with --as-of.")
    register, conference, event = open_register(config, db)
    with register:
        if diff:
            for change in register.board_diff(conference, *diff, event=event):
                write_json(change_line(change)) if as_json else write_line(change_in_words(change))
            return
        rows = register.board(conference, event=event, as_of=as_of, as_recorded=as_recorded)
        if as_json:
            for row in rows:
                write_json(board_line(row))
            return
        days = [day.strftime("%d.%m.%Y") for day in conference.days]
        columns([_board_words(row) for row in rows], head=["", "state", *days, "flags"])


def _board_words(row: BoardRow) -> list[str]:
    cells = [cell_in_words(cell) for cell in row.days.values()]
    return [row.delegation, row.state.value.replace("_", " "), *cells, ", ".join(row.flags)]


_FORMS = (*FORMATS, "ics")


@click.command(
    short_help="Write the board or a list to a file.",
    epilog="Example: intake export board --config config --db ghent.db --format csv --output board.csv",
)
@config_option
@db_option
@click.argument("what", type=click.Choice(TABLES), default="board")
@click.option("--format", "form", type=click.Choice(_FORMS), help="Default: by the name of --output, else csv.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
@click.option("--delimiter", default=",", show_default=True, help="For CSV; some spreadsheets want a semicolon.")
@click.option("--as-of", type=Moment(), help="The board as it stood at that moment.")
def export(
    config: Path,
    db: Path | None,
    what: str,
    form: str | None,
    output: Path | None,
    delimiter: str,
    as_of: datetime | None,
) -> None:
    """Write WHAT (board, statements, questions or messages) as CSV, JSON, XLSX or ICS.

    Cells that a spreadsheet would run as a formula come with an apostrophe before them.
    """
    if form is None:
        form = output.suffix.lstrip(".").lower() if output and output.suffix.lstrip(".").lower() in _FORMS else "csv"
    if len(delimiter) != 1:
        raise click.UsageError("--delimiter is one character, for instance ';'.")
    register, conference, event = open_register(config, db)
    if form == "ics" and what != "board":
        raise click.UsageError("Only the board can be written as a calendar.")
    with register:
        if form == "ics":
            rows = register.board(conference, event=event, as_of=as_of)
            written = board_calendar(conference, rows, now=now())
        else:
            written = write_table(table_of(register, conference, event, what, as_of=as_of), form, delimiter=delimiter)
    if output is None:
        sys.stdout.buffer.write(written)
    else:
        output.write_bytes(written)
