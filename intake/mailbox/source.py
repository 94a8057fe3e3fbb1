"""What every kind of mailbox offers to a round: folders with numbered messages, and their bytes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

OVERSIZE = 25 * 1024 * 1024
"""Of a larger message only the first part is fetched."""

FIRST_PART = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as it was opened: `generation` is its UIDVALIDITY, `holds` the number of its messages (EXISTS)."""

    generation: int
    holds: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message as the server gave it, and when it arrived there (aware) if it says; `note` is what is missing."""

    uid: int
    raw: bytes
    received_at: datetime | None
    note: str = ""


class Source(Protocol):
    """One mailbox. Every method may raise `MailboxError`; after `Fault.LOST` only `open`, `reopen` and `close` help.

    Use it in one thread; only `interrupt` may be called from another.
    """

    def open(self) -> None:
        """Connects and logs in, anew where it was open before."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """What will go wrong soon, such as a secret that expires."""
        ...

    def find(self, wanted: str) -> str:
        """The server's own name of a folder that the settings name."""
        ...

    def wait(self, wake: int, seconds: float) -> bool:
        """Waits for news in the open folder (True), for the descriptor `wake`, or until the seconds have passed."""
        ...

    def interrupt(self) -> None:
        """Ends whatever waits in the network, for good."""
        ...

    def open_folder(self, folder: str) -> FolderState:
        """Turns to a folder, changing nothing in it."""
        ...

    def uids(self, since: int = 1) -> list[int]:
        """The numbers of the messages in the open folder, ascending.

        Where later messages have higher numbers, none below `since`; where they do not, all of them.
        """
        ...

    def sizes(self, uids: Collection[int]) -> dict[int, int]:
        """Sizes in bytes as far as the server tells them."""
        ...

    def fetch(self, uids: Collection[int], *, part: int | None = None) -> list[Fetched]:
        """Those messages that the server hands over, in full or only their first `part` bytes."""
        ...

    def present(self, uids: Collection[int]) -> set[int]:
        """Those of the UIDs that lie in the open folder now."""
        ...

    def reopen(self) -> FolderState | None:
        """A fresh connection with the same folder open, after the last one was lost; None where none was open."""
        ...

    def close(self) -> None:
        """Gives the connection back; never raises."""
        ...
