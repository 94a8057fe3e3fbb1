"""Which kind of mailbox the settings name, and what opens it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from intake.clock import Clock
from intake.mailbox.afterwards import Step
from intake.mailbox.afterwards import steps_of as imap_steps
from intake.mailbox.connection import Credential
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.source import Source
from intake.register import Register
from intake.settings import Account

if TYPE_CHECKING:
    from intake.mailbox.tokens import TokenSource


def source_of(account: Account, clock: Clock) -> Source:
    """A closed mailbox of the kind that the settings name."""
    if account.kind == "graph":
        from intake.mailbox.graph import GraphMailbox  # it and msal take their time to import

        return GraphMailbox(account, _tokens(account, clock), clock)
    if account.kind == "folder":
        from intake.mailbox.drop import DropFolder

        return DropFolder(account, clock)
    return Session(account, _credential(account, clock), clock=clock)


def steps_of(source: Source, account: Account, register: Register, event: str, clock: Clock) -> Sequence[Step]:
    """What is done after each look; only IMAP tells what was answered and lets mails be marked."""
    return imap_steps(source, account, register, event, clock) if isinstance(source, Session) else ()


def _credential(account: Account, clock: Clock) -> Credential:
    if account.login in ("password", "plain"):
        return Password()
    from intake.mailbox.tokens import TokenLogin

    return TokenLogin(_tokens(account, clock))


def _tokens(account: Account, clock: Clock) -> "TokenSource":
    from intake.mailbox.tokens import FileTokens, MicrosoftTokens

    return FileTokens(Path(account.token_file)) if account.oauth == "file" else MicrosoftTokens(account, clock)
