"""`intake read` and `intake import`: message files, read with and without the register."""

import sys
from pathlib import Path

import click

from intake.commands import config_option, configured, db_option, now, open_register, write_json
from intake.export.lines import reading_line, unread_line
from intake.message_files import MessageFile, found_in
from intake.process import read_kept
from intake.reading_process import ReaderProcess, ReadingFaultError
from intake.register import Bucket


@click.command(
    short_help="Read message files and print what they say.",
    epilog="Example: intake read --config config reply.eml note-verbale.eml",
)
@config_option
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def read(config: Path, files: tuple[Path, ...]) -> None:
    """Read message FILES and print what each says, one JSON object a line, in the order given.

    Nothing is kept. A message that cannot be read has its line too, with the reason under `review`.
    """
    settings, conference = configured(config, None)
    reader = ReaderProcess(conference, settings.reader)
    try:
        reader.wait_warm()  # that it does not start is no fault of the first message
        for path in files:
            raw = path.read_bytes()
            try:
                reading = reader.read(raw, MessageFile(str(path), raw, path.stat().st_mtime).arrived_at(now()))
            except ReadingFaultError as error:
                write_json(unread_line(str(path), str(error)))
            else:
                write_json(reading_line(str(path), reading, conference, trusted=settings.authserv_id))
    finally:
        reader.stop()


@click.command(
    "import",
    short_help="Put message files into the register.",
    epilog="Example: intake import --config config --db ghent.db replies/ archive.mbox export.zip",
)
@config_option
@db_option
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def import_(config: Path, db: Path | None, paths: tuple[Path, ...]) -> None:
    """Put the messages in PATHS (.eml, mbox, Maildir, folders and zip files of them) into the register, and read them.

    In any order, and as often as you like: a message that is there already is not taken twice. Stopped half-way, it
    goes on where it stopped when you start it again.
    """
    settings, conference = configured(config, db)
    register, _, event = open_register(config, db, create=True)
    reader = ReaderProcess(conference, settings.reader)
    try:
        reader.start()
        new = known = 0
        for message in found_in(paths):
            kept = register.keep(event, message.raw, None, received_at=message.arrived_at(now()), fetched_at=now())
            new, known = new + kept.new, known + (not kept.new)
        waiting = register.unread(event)
        reader.wait_warm()  # that it does not start is no fault of the first message; all of them wait then
        with click.progressbar(waiting, label="Reading", file=sys.stderr) as bar:
            for number in bar:
                while not read_kept(register, reader, number, now=now):
                    pass  # the reader's process ended over it; a second try tells whether the message is to blame
        counts = register.counts(event)
        click.echo(
            f"{new} new, {known} known already; {len(waiting)} read, "
            f"{counts.by.get(Bucket.REVIEW, 0)} wait for review, "
            f"{counts.by.get(Bucket.QUARANTINED, 0)} cannot be read.",
            err=True,
        )
    finally:
        reader.stop()
        register.close()
