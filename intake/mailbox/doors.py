"""Which kind of mailbox the settings name, and what opens it."""

from intake.clock import Clock
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.source import Source
from intake.settings import Account


def source_of(account: Account, clock: Clock) -> Source:
    """A closed mailbox of the kind that the settings name."""
    return Session(account, Password(), clock=clock)
