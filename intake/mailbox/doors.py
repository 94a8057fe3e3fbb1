"""Which kind of mailbox the settings name, and what opens it."""

from pathlib import Path

from intake.clock import Clock
from intake.mailbox.connection import Credential
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.source import Source
from intake.settings import Account


def source_of(account: Account, clock: Clock) -> Source:
    """A closed mailbox of the kind that the settings name."""
    return Session(account, _credential(account, clock), clock=clock)


def _credential(account: Account, clock: Clock) -> Credential:
    if account.login in ("password", "plain"):
        return Password()
    from intake.mailbox.tokens import FileTokens, MicrosoftTokens, TokenLogin  # msal takes its time to import

    if account.oauth == "file":
        return TokenLogin(FileTokens(Path(account.token_file)))
    return TokenLogin(MicrosoftTokens(account, clock))
