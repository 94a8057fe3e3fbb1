"""What the commands share: their options, how they find configuration and register, and how they print."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from intake.config import load_conference, load_settings
from intake.register import Register
from intake.settings import Settings
from parsers.conference import Conference

_Command = TypeVar("_Command", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default="config",
    show_default=True,
    envvar="INTAKE_CONFIG",
    help="Directory with conference.toml, delegations.toml and, optionally, invitation.txt and service.toml.",
)
db_option = click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The register. Default: the one that service.toml names.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def who_options(command: _Command) -> _Command:
    """`--by` and `--why`, which every decision carries."""
    command = click.option("--why", default="", help="The reason, for those who come later.")(command)
    return click.option("--by", default=_login, show_default="your login name", help="Who decides.")(command)


def _login() -> str:
    import getpass

    return getpass.getuser()


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601; without a zone it is meant in the zone of this machine."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware moment, or a message saying how to write one."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no moment; write 2024-03-20T17:00 or 2024-03-20T17:00+01:00", param, ctx)


def now() -> datetime:
    """The machine's time; the only clock of the commands."""
    return datetime.now().astimezone()


def configured(config: Path, db: Path | None) -> tuple[Settings, Conference]:
    """The settings, with `--db` over the file's register, and the event. Raises `ConfigError`."""
    given = {} if db is None else {"register.database": str(db)}
    return load_settings(config, given=given), load_conference(config)


def open_register(config: Path, db: Path | None, *, create: bool = False) -> tuple[Register, Conference, str]:
    """The register with the configured event entered, and the event's key."""
    settings, conference = configured(config, db)
    register = Register.open(settings.database, create=create)
    key = register.enter(
        conference, settings.event, trusted=settings.authserv_id, retention_days=settings.retention_days
    )
    return register, conference, key


def write_line(line: str) -> None:
    """One line of UTF-8 to standard output, whatever the terminal's encoding; file names come out as they came in."""
    sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")


def write_json(value: object) -> None:
    """One JSON object on one line."""
    write_line(json.dumps(value, ensure_ascii=False, default=str))


def columns(rows: list[list[str]], *, head: list[str]) -> None:
    """A table for people, columns aligned."""
    table = [head, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(head))]
    for row in table:
        write_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
