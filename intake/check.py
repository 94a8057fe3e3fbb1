"""`intake check`: every mistake of the configuration at once, then the register, then the mailbox, step by step."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from intake.clock import Clock, SystemClock
from intake.commands import config_option, db_option
from intake.config import ConfigError, check_config
from intake.mailbox.faults import Fault, MailboxError
from intake.settings import Account, Settings
from parsers.conference import Conference

STEPS = (
    (Fault.NAME, "name look-up"),
    (Fault.UNREACHABLE, "connection"),
    (Fault.TLS, "encryption"),
    (Fault.WRONG_SECRET, "log-in"),
    (Fault.FOLDER, "folders"),
)
"""In the order in which they are taken, each with the fault that ends it."""

_AT_LOG_IN = {
    Fault.TOKEN, Fault.NO_ACCESS, Fault.LIMIT, Fault.THROTTLED, Fault.UNAVAILABLE, Fault.REFUSED, Fault.LOST,
    Fault.SLOW,
}  # fmt: skip


@click.command(
    short_help="Check the configuration, the register and the mailbox.",
    epilog="Example: intake check --config config",
)
@config_option
@db_option
@click.option("--offline", is_flag=True, help="Do not try the mailbox.")
@click.option("--sign-in", is_flag=True, help="Sign in to Microsoft with a code on another device (oauth device-code).")
def check(config: Path, db: Path | None, offline: bool, sign_in: bool) -> None:
    """Check everything that `intake serve` needs, change nothing, and say what to do where something is wrong.

    Exit code 0 where all is well, 1 where the mailbox does not answer now, 2 where something has to be mended.
    """
    given = {"register.database": str(db)} if db else {}
    try:
        settings, conference = check_config(config, given=given, for_mailbox=not offline)
    except ConfigError as error:
        for mistake in error.mistakes:
            click.echo(f"wrong  {mistake}", err=True)
        number = len(error.mistakes)
        click.echo(f"{number} mistake{'s' if number > 1 else ''} to mend in {config}.", err=True)
        sys.exit(2)
    _event(conference)
    well = _register(settings)
    if sign_in and not _sign_in(settings):
        sys.exit(2)
    faults = [] if offline else [_mailbox(account, SystemClock(), click.echo) for account in settings.mailboxes]
    wrong = [fault for fault in faults if fault is not None]
    if not well or any(not _may_pass(fault) for fault in wrong):
        sys.exit(2)
    sys.exit(1 if wrong else 0)


def _sign_in(settings: Settings) -> bool:
    from intake.mailbox.tokens import MicrosoftTokens

    accounts = [account for account in settings.mailboxes if account.oauth == "device-code"]
    if not accounts:
        click.echo("wrong  no mailbox is set to oauth = device-code, so there is nothing to sign in to.", err=True)
        return False
    for account in accounts:
        try:
            MicrosoftTokens(account, SystemClock()).sign_in(click.echo)
        except MailboxError as error:
            click.echo(f"wrong  sign-in: {error.words}. {error.advice}", err=True)
            return False
        click.echo(f"well   signed in for {account.name}; {account.token_file} keeps it")
    return True


def _event(conference: Conference) -> None:
    days = ", ".join(f"{day:%-d %B %Y}" for day in conference.days)
    click.echo(f"well   event: {conference.name}, {days}, {conference.place}")
    letter = f"a letter of {len(conference.letter):,} characters" if conference.letter else "no letter (invitation.txt)"
    click.echo(f"well   list: {len(conference.delegations)} delegations, {letter}")


def _register(settings: Settings) -> bool:
    from intake.register import Register, RegisterError

    if not settings.database.exists():
        click.echo(f"well   register: {settings.database} will be made at the first start")
        return True
    try:
        with Register.open(settings.database, create=False) as register:
            events = register.events()
            faults = register.faults()
    except RegisterError as error:
        click.echo(f"wrong  register: {error}", err=True)
        return False
    for fault in faults:
        click.echo(f"wrong  register: {settings.database}: {fault}", err=True)
    if faults:
        click.echo("       Stop the service, and put the last backup back with intake restore.", err=True)
        return False
    click.echo(f"well   register: {settings.database}, every page looked at, events: {', '.join(events) or 'none yet'}")
    return True


def _mailbox(account: Account, clock: Clock, say: Callable[[str], None]) -> Fault | None:
    """Opens one mailbox and looks into its folders; None where that works, else the fault, after telling it."""
    from intake.mailbox.doors import source_of

    source = source_of(account, clock)
    say(f"       mailbox {account.name}:")
    try:
        source.open()
        _tell_steps(len(STEPS) - 1, say)
        for warning in source.warnings():
            say(f"soon   {warning}")
        for folder in (*account.folders, *account.archive, *account.junk):
            state = source.open_folder(source.find(folder))
            say(f"well   folder {folder}: {state.holds:,} messages")
    except MailboxError as error:
        place = next((place for place, (fault, _) in enumerate(STEPS) if fault is error.fault), None)
        if place is None:
            place = 3 if error.fault in _AT_LOG_IN else 4
        if error.fault is not Fault.FOLDER:
            _tell_steps(place, say)
        click.echo(f"wrong  {STEPS[place][1]}: {error.words}. {error.advice}", err=True)
        return error.fault
    finally:
        source.close()
    return None


def _tell_steps(number: int, say: Callable[[str], None]) -> None:
    for _, step in STEPS[:number]:
        say(f"well   {step}")


def _may_pass(fault: Fault) -> bool:
    return fault in (Fault.UNREACHABLE, Fault.UNAVAILABLE, Fault.LIMIT, Fault.THROTTLED, Fault.LOST, Fault.SLOW)
