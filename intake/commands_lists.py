"""The commands that only look: the tray, messages, what is not counted, questions, decisions, search."""

import json
from pathlib import Path

import click

from intake.commands import columns, config_option, db_option, json_option, open_register, write_json, write_line
from intake.export.lines import counts_line, decision_line, message_line, message_lines, question_line
from intake.register import Bucket, MessageRow
from intake.register.corrections import refuse_unknown

_LIMIT = click.option(
    "--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many, the newest."
)
_DELEGATION = click.option("--delegation", metavar="CODE", help="Only of this delegation.")


@click.command(epilog="Example: intake tray --config config --db ghent.db")
@config_option
@db_option
@json_option
def tray(config: Path, db: Path | None, as_json: bool) -> None:
    """List the messages that wait for a person, oldest first, with the reason."""
    register, _, event = open_register(config, db)
    with register:
        _print(register.tray(event), as_json)


@click.command(epilog="Example: intake messages --config config --db ghent.db --delegation AT")
@config_option
@db_option
@json_option
@_DELEGATION
@_LIMIT
@click.argument("number", type=int, required=False)
def messages(
    config: Path, db: Path | None, as_json: bool, delegation: str | None, limit: int, number: int | None
) -> None:
    """List messages, the newest first; or show message NUMBER with its text, what it was read as, and why."""
    register, conference, event = open_register(config, db)
    refuse_unknown(conference, delegation)
    with register:
        if number is None:
            _print(register.messages(event, delegation=delegation, limit=limit), as_json)
            return
        message = register.message(number)
        if as_json:
            write_json(message_lines(message))
        else:
            write_line(json.dumps(message_lines(message), ensure_ascii=False, indent=1, default=str))


@click.command("not-counted", epilog="Example: intake not-counted --config config --db ghent.db")
@config_option
@db_option
@json_option
@_LIMIT
def not_counted(config: Path, db: Path | None, as_json: bool, limit: int) -> None:
    """List what puts nothing on the board, each message with its reason, and the line that reconciles all messages.

    `intake count NUMBER` overrules one of them.
    """
    register, _, event = open_register(config, db)
    with register:
        _print(register.not_counted(event, limit=limit), as_json)
        counts = register.counts(event)
    if as_json:
        write_json(counts_line(counts))
        return
    parts = " + ".join(f"{counts.by.get(bucket, 0)} {bucket.value.replace('_', ' ')}" for bucket in Bucket)
    write_line(f"{counts.total} messages = {parts}")
    if counts.undeliverable:
        write_line(f"and {counts.undeliverable} that the server lists and does not hand over")


@click.command(epilog="Example: intake questions --config config --db ghent.db --all")
@config_option
@db_option
@json_option
@_DELEGATION
@click.option("--all", "every", is_flag=True, help="The answered and the dropped ones too.")
def questions(config: Path, db: Path | None, as_json: bool, delegation: str | None, every: bool) -> None:
    """List what delegations ask, questions alike one after the other."""
    register, conference, event = open_register(config, db)
    refuse_unknown(conference, delegation)
    with register:
        found = register.questions(event, state=None if every else "open", delegation=delegation)
    found.sort(key=lambda one: (one.group, one.id))
    if as_json:
        for one in found:
            write_json(question_line(one))
        return
    rows = [
        [str(one.id), str(one.group), one.delegation or "?", one.state, one.topic, " ".join(one.text.split())]
        for one in found
    ]
    columns(rows, head=["id", "alike", "from", "state", "topic", "question"])


@click.command(epilog="Example: intake search --config config --db ghent.db embargo badges")
@config_option
@db_option
@json_option
@click.argument("words", nargs=-1, required=True)
def search(config: Path, db: Path | None, as_json: bool, words: tuple[str, ...]) -> None:
    """Find messages in which all WORDS occur: in the text, the people, the subject or the sender; marks are ignored."""
    register, _, event = open_register(config, db)
    with register:
        _print(register.search(event, " ".join(words)), as_json)


@click.command(epilog="Example: intake decisions --config config --db ghent.db --delegation AT")
@config_option
@db_option
@json_option
@_DELEGATION
@click.option("--message", type=int, help="Only about this message.")
def decisions(config: Path, db: Path | None, as_json: bool, delegation: str | None, message: int | None) -> None:
    """List what people decided, the newest first."""
    register, conference, event = open_register(config, db)
    refuse_unknown(conference, delegation)
    with register:
        if message is not None:
            register.message(message)  # that there is none is an answer, and not the same as an empty list
        found = register.decisions(event, delegation=delegation, message=message)
    if as_json:
        for one in found:
            write_json(decision_line(one))
        return
    rows = [
        [
            str(one.id),
            one.at.astimezone().strftime("%d.%m.%Y %H:%M"),
            one.by,
            one.act + (" (taken back)" if one.taken_back else ""),
            one.delegation or "",
            str(one.message_id or one.question_id or ""),
            one.why,
        ]
        for one in found
    ]
    columns(rows, head=["id", "when", "who", "act", "delegation", "about", "why"])


def _print(found: list[MessageRow], as_json: bool) -> None:
    if as_json:
        for one in found:
            write_json(message_line(one))
        return
    rows = [
        [
            str(one.id),
            one.said_at.astimezone().strftime("%d.%m.%Y %H:%M"),
            one.delegation or "?",
            one.bucket.value.replace("_", " "),
            one.from_address,
            one.why,
        ]
        for one in found
    ]
    columns(rows, head=["id", "written", "from", "counted as", "address", "why"])
