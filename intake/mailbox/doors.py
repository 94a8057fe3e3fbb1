"""Which kind of mailbox the settings name, and what opens it."""

from collections.abc import Sequence
from pathlib import Path

from intake.clock import Clock
from intake.mailbox.afterwards import Step
from intake.mailbox.afterwards import steps_of as imap_steps
from intake.mailbox.connection import Credential
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.source import Source
from intake.register import Register
from intake.settings import Account


def source_of(account: Account, clock: Clock) -> Source:
    """A closed mailbox of the kind that the settings name."""
    return Session(account, _credential(account, clock), clock=clock)


def steps_of(source: Source, account: Account, register: Register, event: str, clock: Clock) -> Sequence[Step]:
    """What is done after each look; only IMAP tells what was answered and lets mails be marked."""
    return imap_steps(source, account, register, event, clock) if isinstance(source, Session) else ()


def _credential(account: Account, clock: Clock) -> Credential:
    if account.login in ("password", "plain"):
        return Password()
    from intake.mailbox.tokens import FileTokens, MicrosoftTokens, TokenLogin  # msal takes its time to import

    if account.oauth == "file":
        return TokenLogin(FileTokens(Path(account.token_file)))
    return TokenLogin(MicrosoftTokens(account, clock))
