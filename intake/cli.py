"""The `intake` command. Every subcommand is imported only when it is used, so that `intake --help` is quick.

Exit codes: 0 done; 1 it failed for now and may pass (locked register, full disk, a mailbox that does not answer);
2 the command, the configuration or a file is wrong. Errors go to standard error, with what to do.
"""

import sys
from importlib import import_module
from typing import NoReturn

import click

DONE, MAY_PASS, WRONG = 0, 1, 2

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("intake.demo.command:demo", "Show the whole service with sample mail; needs no account."),
    "serve": ("intake.serve:serve", "Watch the mailbox and serve the page."),
    "check": ("intake.check:check", "Check the configuration, the register and the mailbox."),
    "healthcheck": ("intake.serve:healthcheck", "Ask a running service whether it is well."),
    "read": ("intake.commands_reading:read", "Read message files and print what they say, one JSON object a line."),
    "import": ("intake.commands_reading:import_", "Put message files, folders and archives into the register."),
    "reread": ("intake.commands_reread:reread", "Read everything again and show what would change on the board."),
    "board": ("intake.commands_board:board", "Print the board, now or as it stood."),
    "export": ("intake.commands_board:export", "Write the board or a list as CSV, JSON, XLSX or ICS."),
    "tray": ("intake.commands_lists:tray", "List the messages that wait for a person."),
    "messages": ("intake.commands_lists:messages", "List messages, or show one with its evidence."),
    "not-counted": ("intake.commands_lists:not_counted", "List what is no answer, why, and the reconciling line."),
    "questions": ("intake.commands_lists:questions", "List what delegations ask, alike questions together."),
    "search": ("intake.commands_lists:search", "Find messages by their words, people, subject or sender."),
    "decisions": ("intake.commands_lists:decisions", "List what people decided: who, when, before, after, why."),
    "accept": ("intake.commands_staff:accept", "Accept what a message in review was read as."),
    "reject": ("intake.commands_staff:reject", "Say that a message is no answer and no question."),
    "correct": ("intake.commands_staff:correct", "Correct what a message was read as."),
    "count": ("intake.commands_staff:count", "Put a message that was not counted before a person again."),
    "enter": ("intake.commands_staff:enter", "Enter an answer that came by phone or letter, or decide a conflict."),
    "move": ("intake.commands_staff:move", "Give a message to another event of the same register."),
    "assign": ("intake.commands_staff:assign", "Say whose delegation an address belongs to, for now and later."),
    "merge": ("intake.commands_staff:merge", "Say that two spellings are one person."),
    "answer": ("intake.commands_staff:answer", "Close, drop, reopen or hand over questions."),
    "take-back": ("intake.commands_staff:take_back", "Undo a decision."),
    "cases": ("intake.commands_staff:cases", "Write corrected messages as test cases for the reader."),
    "purge": ("intake.commands_keeping:purge", "Delete events whose time of keeping is over."),
    "erase": ("intake.commands_keeping:erase", "Erase a person from the register, with a receipt."),
    "backup": ("intake.commands_keeping:backup", "Copy the register while it is in use, and verify the copy."),
    "restore": ("intake.commands_keeping:restore", "Put a backup in the place of the register."),
    "datasette": ("intake.commands_keeping:datasette", "Write the metadata file for Datasette."),
}  # fmt: skip


class Lazy(click.Group):
    """A group that knows its commands by name and line of help, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  the signature is click's
        """In the order of the table above, which is the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        """The command itself, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101  the table above is wrong otherwise
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """The lines of help from the table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 done, 1 failed for now and may pass, 2 the command, configuration or a file is wrong.",
)
@click.version_option(package_name="availability-intake")
def intake() -> None:
    """Watches a conference mailbox, reads who comes on which day, and keeps the table true.

    \b
    To see it at work:            intake demo
    To run it:                    intake check --config config && intake serve --config config
    To read files without it:     intake read --config config reply.eml
    """


def main() -> NoReturn:
    """The console script: runs the command, and turns what can go wrong into one sentence and an exit code."""
    try:
        code = intake.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = WRONG
    except click.Abort:
        click.echo("Stopped.", err=True)
        code = MAY_PASS
    except BrokenPipeError:
        sys.stdout = None  # whoever read it went away; nothing more can be written
        code = DONE
    except Exception as error:  # the last line of defence; what is no known mistake is raised again below
        code = explain(error)
    sys.exit(code if isinstance(code, int) else DONE)


def explain(error: Exception) -> int:
    """Writes a known mistake to standard error; the exit code for it. Raises any other error again."""
    from intake.mistakes import ConfigError  # here, because --help needs none of it
    from intake.reading_process import ReaderUnavailableError, ReadingFaultError
    from intake.register import RegisterBusyError, RegisterError

    if not isinstance(error, ConfigError | RegisterError | ReadingFaultError | ReaderUnavailableError | OSError):
        raise error
    words = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    click.echo(f"intake: {words}", err=True)
    return MAY_PASS if isinstance(error, RegisterBusyError) else WRONG


if __name__ == "__main__":
    main()
