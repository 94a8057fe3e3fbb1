"""What the reader knows of the event: its days, the list of the invited and the letter that was sent."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Delegation:
    """One row of the invitation list (`delegations.toml`)."""

    code: str
    name: str
    kind: str
    ministry: str
    minister: str
    title: str
    minister_also: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conference:
    """One event. `days` are in order; `companions` is n of the format 1+n; `letter` is the text as it was sent."""

    name: str
    place: str
    days: tuple[date, ...]
    mailbox: str
    invitation_sent: date
    delegations: tuple[Delegation, ...]
    companions: int = 2
    letter: str = ""
    threshold: float = 0.85

    def delegation(self, code: str) -> Delegation | None:
        """The row with that code, or None."""
        return next((row for row in self.delegations if row.code == code), None)
