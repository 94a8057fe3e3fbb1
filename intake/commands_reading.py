"""`intake read` and `intake import`: message files, read with and without the register."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from intake.commands import config_option, configured, db_option, now, open_register, write_json
from intake.export.lines import reading_line, unread_line
from intake.message_files import MessageFile, as_mime, found_in
from intake.process import read_kept
from intake.reading_process import ReaderProcess, ReadingFaultError
from intake.register import Bucket, Register
from intake.register.routing import belongs


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
            try:
                raw = as_mime(path.read_bytes(), str(path))
            except OSError as error:
                write_json(unread_line(str(path), error.strerror or "cannot be read"))
                continue
            try:
                reading = reader.read(raw, MessageFile(str(path), raw, path.stat().st_mtime).arrived_at(now()))
            except ReadingFaultError as error:
                write_json(unread_line(str(path), str(error)))
            else:
                write_json(reading_line(str(path), reading, conference, trusted=settings.authserv_id, raw=raw))
    finally:
        reader.stop()


@click.command(
    "import",
    short_help="Put message files into the register.",
    epilog="Example: intake import --config config --db ghent.db replies/ archive.mbox export.zip",
)
@config_option
@db_option
@click.option(
    "--also",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Configuration directory of another event of the same register; a message goes to the event that it names.",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def import_(config: Path, db: Path | None, also: tuple[Path, ...], paths: tuple[Path, ...]) -> None:
    """Put the messages in PATHS into the register, and read them: .eml, .msg, mbox, Maildir, folders and zip files.

    In any order, and as often as you like: a message that is there already is not taken twice. Stopped half-way, it
    goes on where it stopped when you start it again. A file that cannot be read is named at the end, and holds up no
    other; exit code 2 then.
    """
    with ExitStack() as opened:
        settings, conference = configured(config, db)
        register, _, event = open_register(config, db, create=True)
        opened.callback(register.close)
        readers = {event: ReaderProcess(conference, settings.reader)}
        events = {event: conference}
        for directory in also:
            other_settings, other = configured(directory, settings.database)
            key = register.enter(other, other_settings.event, trusted=other_settings.authserv_id)
            readers[key], events[key] = ReaderProcess(other, other_settings.reader), other
        for reader in readers.values():
            opened.callback(reader.stop)
            reader.start()
        new = known = 0
        refused: list[OSError] = []
        for message in found_in(paths, refused.append):
            chosen = belongs(message.raw, events, event)
            kept = register.keep(chosen, message.raw, None, received_at=message.arrived_at(now()), fetched_at=now())
            new, known = new + kept.new, known + (not kept.new)
        click.echo(f"{new} new, {known} known already.", err=True)
        for key, reader in readers.items():
            _read_waiting(register, reader, key)
    for error in refused:
        click.echo(f"Not taken: {error.filename}: {error.strerror or error}", err=True)
    if refused:
        sys.exit(2)


def _read_waiting(register: Register, reader: ReaderProcess, event: str) -> None:
    waiting = register.unread(event)
    reader.wait_warm()  # that it does not start is no fault of the first message; all of them wait then
    with click.progressbar(waiting, label=f"Reading {event}", file=sys.stderr) as bar:
        for number in bar:
            while not read_kept(register, reader, number, now=now):
                pass  # the reader's process ended over it; a second try tells whether the message is to blame
    counts = register.counts(event).by
    click.echo(
        f"{event}: {len(waiting)} read, {counts.get(Bucket.REVIEW, 0)} wait for review,"
        f" {counts.get(Bucket.QUARANTINED, 0)} cannot be read.",
        err=True,
    )
