"""The commands that look after the register: keeping, erasing, copying, opening it to others."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from intake.commands import config_option, configured, db_option, now, open_register, write_line
from intake.lock import AlreadyRunningError, RegisterLock
from intake.register import Register, RegisterBusyError
from intake.register.backup import restore as put_back
from intake.register.datasette import metadata

_YES = click.option("--yes", is_flag=True, help="Do it. Without this only shown.")


@click.command(epilog="Example: intake purge --config config --db ghent.db --days 180 --yes")
@config_option
@db_option
@click.option("--days", type=click.IntRange(0), help="Kept so many days after the last day. Default: retention_days.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="As if it were that day.")
@_YES
def purge(config: Path, db: Path | None, days: int | None, today: datetime | None, yes: bool) -> None:
    """Delete every event whose time of keeping is over: mails, statements, questions, decisions, everything.

    What stays is the event's name and the line that counts its messages.
    """
    register, _, _ = open_register(config, db)
    with register:
        moment = now()
        due = register.due((today or moment).date(), days=days)
        for one in due:
            if yes:
                write_line(f"{one.event}: {register.purge(one.event, at=moment)} messages deleted")
            else:
                write_line(f"{one.event}: ended on {one.last_day}, may go since {one.from_day}; --yes deletes it")
    if not due:
        click.echo("No event's time is over. Set retention_days in service.toml, or give --days.", err=True)


@click.command(epilog="Example: intake erase --config config --db ghent.db desk@permrep.example --yes")
@config_option
@db_option
@click.argument("who")
@click.option("--event", help="Only in the event of this key. Default: in all.")
@_YES
def erase(config: Path, db: Path | None, who: str, event: str | None, yes: bool) -> None:
    """Erase WHO, an e-mail address or a name, from mails, statements, decisions, address book and search index.

    Mails that name the person go whole. A name is found in either order, without its marks, and with case endings of up
    to three letters; other spellings have to be erased one by one. Prints a receipt without personal data.
    """
    register, _, _ = open_register(config, db)
    with register:
        receipt = register.erase(who, at=now(), event=event, dry_run=not yes)
    shown = asdict(receipt)
    numbers = shown.pop("numbers")
    if not yes:
        click.echo(f"Would erase messages {', '.join(map(str, numbers)) or 'none'}; --yes does it.", err=True)
    write_line(json.dumps({"erased": yes, **shown}, default=str, indent=1))
    if yes and not receipt.clean:
        raise RegisterBusyError(
            "Erased, but remains lie in the file while it is being read. Stop the service and erase again."
        )


@click.command(epilog="Example: intake backup --config config --db ghent.db ghent-2024-04-01.db")
@config_option
@db_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(config: Path, db: Path | None, target: Path) -> None:
    """Copy the register into the new file TARGET while it is in use, and verify the copy."""
    register, _, _ = open_register(config, db)
    with register:
        messages = register.backup(target, at=now())
    click.echo(f"{target}: {messages} messages, verified.", err=True)


@click.command(epilog="Example: intake restore --config config --db ghent.db ghent-2024-04-01.db --yes")
@config_option
@db_option
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_YES
def restore(config: Path, db: Path | None, source: Path, yes: bool) -> None:
    """Put the backup SOURCE in the place of the register. The service has to be stopped."""
    settings, _ = configured(config, db)
    if settings.database.exists() and not yes:
        raise click.UsageError(f"{settings.database} would be replaced; back it up, then say --yes.")
    try:
        with RegisterLock(settings.database):
            messages = put_back(source, settings.database)
    except AlreadyRunningError as error:
        raise RegisterBusyError(str(error)) from error
    click.echo(f"{settings.database}: {messages} messages.", err=True)


@click.command(
    epilog="Example: intake datasette --db ghent.db --output metadata.json && datasette ghent.db -m metadata.json"
)
@config_option
@db_option
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default="metadata.json", show_default=True)
def datasette(config: Path, db: Path | None, output: Path) -> None:
    """Write the metadata with which Datasette shows the register's views with their columns explained.

    The register holds the mails too: let Datasette listen on this machine only.
    """
    settings, _ = configured(config, db)
    Register.open(settings.database, create=False, read_only=True).close()  # that there is one, and of this version
    output.write_text(json.dumps(metadata(settings.database.stem), ensure_ascii=False, indent=1) + "\n", "utf-8")
    click.echo(f"{output}; now: datasette {settings.database} --metadata {output}", err=True)
