"""The commands of a round, spoken over one IMAP connection (RFC 9051, RFC 3501).

No text from a mail ever enters a command: folders come from the settings, messages are named by UID.
"""

import ssl
from collections.abc import Collection
from datetime import datetime
from typing import Any

from intake.clock import Clock, SystemClock
from intake.mailbox.connection import ANSWER_SECONDS, CONNECT_SECONDS, Connection, Credential
from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.folders import Folder, Wanted, find
from intake.mailbox.idle import idle
from intake.mailbox.link import Link
from intake.mailbox.source import Fetched, FolderState
from intake.settings import Account

_HEAD = b"BODY.PEEK[HEADER.FIELDS (DATE FROM IN-REPLY-TO REFERENCES)]"


class Session:
    """A mailbox by IMAP. Use it in one thread; `interrupt` may be called from another."""

    def __init__(
        self,
        account: Account,
        credential: Credential,
        *,
        clock: Clock | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._account = account
        self._credential = credential
        self._clock = clock or SystemClock()
        self._connection = Connection(
            account,
            credential,
            self._clock,
            connect_seconds=connect_seconds,
            answer_seconds=answer_seconds,
            context=context,
        )
        self._answer_seconds = answer_seconds
        self._folder: str | None = None
        self._holds = 0
        self._listing: tuple[Folder, ...] = ()
        self._idles = True
        self._lasting: frozenset[bytes] = frozenset()
        self.generation = 0
        """The UIDVALIDITY of the folder that was opened last."""

    def open(self) -> None:
        """Connects, logs in and lists the folders. Raises `MailboxError`; nothing stays open then."""
        self._connection.connect()
        self._idles = True
        try:
            self._listing = self._connection.listing()
        except BaseException:
            self.close()
            raise

    def warnings(self) -> tuple[str, ...]:
        """What the way of logging in warns of."""
        return self._credential.warnings()

    def folders(self) -> tuple[Folder, ...]:
        """Every folder as it was listed when the session was opened."""
        return self._listing

    def find(self, wanted: Wanted | str) -> str:
        """The server's name of a folder named in the settings. Raises `MailboxError` with the names that are near."""
        return find(self._listing, wanted)

    def open_folder(self, folder: str, *, writable: bool = False) -> FolderState:
        """EXAMINE, so that nothing is changed, not even \\Recent; SELECT only where something is to be changed."""
        with self._connection.command(Fault.FOLDER):
            self._folder = None
            answer = self._connection.client.select_folder(folder, readonly=not writable)
            self._folder = folder
            self._holds = _number(answer.get(b"EXISTS"))
            self._lasting = frozenset(answer.get(b"PERMANENTFLAGS", ()))
            self.generation = _number(answer.get(b"UIDVALIDITY"))
            return FolderState(generation=self.generation, holds=self._holds)

    def uids(self, since: int = 1) -> list[int]:
        """`n:*` gives the last message even where n lies beyond it (RFC 9051, 9), so what is below is dropped."""
        with self._connection.command(Fault.REFUSED):
            found = self._connection.client.search(["UID", f"{since}:*"])
        return sorted({uid for uid in found if uid >= since})

    def present(self, uids: Collection[int]) -> set[int]:
        """NOOP first, so that the server tells what was expunged meanwhile."""
        with self._connection.command(Fault.REFUSED):
            self._connection.client.noop()
            return set(uids) & set(self._connection.client.search(["UID", _set(uids)]))

    def sizes(self, uids: Collection[int]) -> dict[int, int]:
        """RFC822.SIZE; what the server leaves out is missing here."""
        if not uids:
            return {}
        with self._connection.command(Fault.REFUSED):
            answer = self._connection.client.fetch(sorted(uids), [b"RFC822.SIZE"])
        asked = set(uids)
        return {
            uid: values[b"RFC822.SIZE"]
            for uid, values in answer.items()
            if uid in asked and isinstance(values.get(b"RFC822.SIZE"), int)
        }

    def fetch(self, uids: Collection[int], *, part: int | None = None) -> list[Fetched]:
        """BODY.PEEK[] never sets \\Seen. A missing body or one that is NIL is left out: the caller asks why."""
        item = b"BODY.PEEK[]" if part is None else b"BODY.PEEK[]<0.%d>" % part
        with self._connection.command(Fault.REFUSED):
            answer = self._connection.client.fetch(sorted(uids), [item, b"INTERNALDATE"])
        fetched = []
        for uid in uids:
            values: dict[bytes, Any] = answer.get(uid, {})
            body = next((value for key, value in values.items() if key.startswith(b"BODY[]")), None)
            if isinstance(body, bytes):
                fetched.append(Fetched(uid, body, _aware(values.get(b"INTERNALDATE"))))
        return fetched

    def heads(self, uids: Collection[int]) -> list[tuple[bytes, datetime | None]]:
        """The header fields that tell what a message replies to, and when it was filed."""
        with self._connection.command(Fault.REFUSED):
            answer = self._connection.client.fetch(sorted(uids), [_HEAD, b"INTERNALDATE"])
        found = []
        for values in answer.values():
            head = next((value for key, value in values.items() if key.startswith(b"BODY[HEADER")), None)
            if isinstance(head, bytes):
                found.append((head, _aware(values.get(b"INTERNALDATE"))))
        return found

    def answered(self, uids: Collection[int]) -> list[int]:
        r"""Those of the messages that are marked \Answered."""
        with self._connection.command(Fault.REFUSED):
            return list(self._connection.client.search(["UID", _set(uids), "ANSWERED"]))

    def without(self, flag: str) -> list[int]:
        r"""The messages of the open folder that lack a keyword, or \Flagged."""
        with self._connection.command(Fault.REFUSED):
            if flag.lower() == "\\flagged":
                return list(self._connection.client.search(["UNFLAGGED"]))
            return list(self._connection.client.search(["UNKEYWORD", flag]))

    def mark(self, uids: Collection[int], flag: str) -> None:
        """Adds a flag. Some servers take an unknown keyword without keeping it, so what they keep is asked first."""
        kept = {one.lower() for one in self._lasting}
        if b"\\*" not in kept and flag.lower().encode() not in kept:
            advice = 'Write after_flag = "\\\\Flagged", which every server keeps, or use a folder.'
            raise MailboxError(Fault.REFUSED, f"The server does not keep the flag {flag}", advice=advice)
        with self._connection.command(Fault.REFUSED):
            self._connection.client.add_flags(sorted(uids), [flag], silent=True)

    def can(self, capability: str) -> bool:
        """Whether the server offers something, such as MOVE."""
        with self._connection.command(Fault.REFUSED):
            return bool(self._connection.client.has_capability(capability))

    def move(self, uids: Collection[int], folder: str) -> None:
        """MOVE (RFC 6851)."""
        with self._connection.command(Fault.REFUSED):
            self._connection.client.move(sorted(uids), folder)

    def copy(self, uids: Collection[int], folder: str) -> None:
        """COPY: all of them, or none."""
        with self._connection.command(Fault.REFUSED):
            self._connection.client.copy(sorted(uids), folder)

    def expunge(self, uids: Collection[int]) -> None:
        """Takes just these out of the open folder (UIDPLUS, RFC 4315)."""
        with self._connection.command(Fault.REFUSED):
            self._connection.client.add_flags(sorted(uids), ["\\Deleted"], silent=True)
            self._connection.client.uid_expunge(sorted(uids))

    def append_draft(self, raw: bytes) -> str:
        """Puts a message into the Drafts folder, for a person to look at and send; the folder's name."""
        folder = self.find(self._account.drafts or Wanted.DRAFTS)
        with self._connection.command(Fault.FOLDER):
            self._connection.client.append(folder, raw, ["\\Draft"])
        return folder

    def wait(self, wake: int, seconds: float) -> bool:
        """Waits until the server tells of a change, the descriptor `wake` can be read or the seconds have passed.

        True where there may be something new. Without IDLE on the server (RFC 2177) only the time ends it.
        """
        client = self._connection.client
        if self._idles and client.has_capability("IDLE"):
            try:
                with self._connection.command(Fault.LOST):
                    # Some servers tell only of what changes while they idle, and nothing of the moment before.
                    _, changes = client.noop()
                    if any(self._is_news(change) for change in changes):
                        return True
                    return idle(Link(client), self._clock, wake, seconds, self._answer_seconds, holds=self._holds)
            except MailboxError as error:
                if error.fault is not Fault.REFUSED:
                    raise
                self._idles = False  # the server offers it and then does not want it
        self._clock.wait([wake], seconds)
        return False

    def reopen(self) -> FolderState | None:
        """The same folder on a fresh connection."""
        folder = self._folder
        self.open()
        return None if folder is None else self.open_folder(folder)

    def close(self) -> None:
        """Gives the connection back."""
        self._connection.close()

    def interrupt(self) -> None:
        """Ends whatever waits in the network, for good."""
        self._connection.interrupt()

    def _is_news(self, change: Any) -> bool:
        """EXISTS with the number that is known already is none: some servers repeat it at every command."""
        if not isinstance(change, tuple) or len(change) < 2:
            return False
        return bool(change[1] == b"EXPUNGE" or (change[1] == b"EXISTS" and change[0] != self._holds))


def _set(uids: Collection[int]) -> str:
    return ",".join(map(str, sorted(uids)))


def _aware(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _number(value: Any) -> int:
    if isinstance(value, list):
        value = value[-1] if value else 0
    return int(value or 0)
