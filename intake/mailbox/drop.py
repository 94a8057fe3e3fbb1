"""A folder into which others put mails: .eml, .msg, mbox, Maildir and zip files of them, at any depth.

Nothing in it is changed. A message's number is a digest of where it lies and how the file looked, so a file that is
written again is looked into again; what it holds is recognised by its content and counted once.
"""

import hashlib
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError, tame
from intake.mailbox.source import FIRST_PART, OVERSIZE, Fetched, FolderState
from intake.message_files import MessageFile, found_in
from intake.settings import Account

SETTLED_SECONDS = 2.0
"""A file that was written to a moment ago may still be on its way in."""

_MANY = {".mbox", ".mbx", ".zip"}
_TAKEN = {".eml", ".mime", ".msg822", ".msg", *_MANY}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message lies: the file, and which of its messages."""

    path: Path
    index: int


class DropFolder:
    """A directory as a mailbox with the one folder INBOX."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._path = Path(account.path)
        self._clock = clock
        self._places: dict[int, _Place] = {}
        self._counts: dict[str, int] = {}
        self._passed_over: list[str] = []
        self._reading: tuple[Path, int, Iterator[MessageFile]] = (Path(), 0, iter(()))

    def open(self) -> None:
        """Checks that the directory is there: one that is not mounted is a fault, and not an empty mailbox."""
        self._require()

    def warnings(self) -> tuple[str, ...]:
        """Files that are passed over: one of them may be a mail that was saved under another name."""
        if not self._passed_over:
            return ()
        number, shown = len(self._passed_over), ", ".join(tame(name, 60) for name in self._passed_over[:5])
        more = " and more" if number > 5 else ""
        words = f"{number} file{'s' if number > 1 else ''} in {tame(str(self._path))} cannot be mails by their names:"
        return (f"{words} {shown}{more}. Rename them to .eml, .msg, .mbox or .zip, or take them away.",)

    def find(self, wanted: str) -> str:
        if wanted.upper() != "INBOX":
            raise MailboxError(Fault.FOLDER, f"There is no folder {tame(wanted)} in a directory of files")
        return "INBOX"

    def open_folder(self, folder: str) -> FolderState:  # noqa: ARG002 - there is only one
        """Looks through the directory."""
        self._require()
        places: dict[int, _Place] = {}
        self._passed_over = []
        try:
            for path, mark in self._files():
                for index in range(self._count(path, mark)):
                    places[_number(mark, index)] = _Place(path, index)
        except OSError as error:
            raise MailboxError(Fault.LOST, f"{self._path} cannot be read ({error.strerror})") from error
        self._places = places
        self._reading = (Path(), 0, iter(()))  # a file may have changed
        return FolderState(generation=1, holds=len(places))

    def uids(self, since: int = 1) -> list[int]:  # noqa: ARG002 - these numbers do not grow with time
        return sorted(self._places)

    def present(self, uids: Collection[int]) -> set[int]:
        return {uid for uid in uids if uid in self._places and self._places[uid].path.exists()}

    def sizes(self, uids: Collection[int]) -> dict[int, int]:
        """Of single files; of a message within a larger file nothing is told."""
        found = {}
        for uid in uids:
            place = self._places.get(uid)
            if place is not None and place.path.suffix.lower() not in _MANY:
                try:
                    found[uid] = min(place.path.stat().st_size, OVERSIZE)  # `fetch` cuts by itself
                except OSError:
                    continue
        return found

    def fetch(self, uids: Collection[int], *, part: int | None = None) -> list[Fetched]:
        """What can be read; a file that is no mail, or may not be read, is left out."""
        found = []
        for uid in uids:
            place = self._places.get(uid)
            message = self._message(place) if place is not None else None
            if message is not None:
                found.append(self._fetched(uid, message, part))
        return found

    def wait(self, wake: int, seconds: float) -> bool:
        self._clock.wait([wake], seconds)
        return False

    def reopen(self) -> FolderState | None:
        return self.open_folder("INBOX")

    def close(self) -> None:
        """Nothing is open."""

    def interrupt(self) -> None:
        """Nothing here waits for long."""

    def _require(self) -> None:
        if not self._path.is_dir():
            raise MailboxError(Fault.FOLDER, f"{self._path} is no directory", advice="Check mailbox.path.")

    def _files(self) -> Iterator[tuple[Path, str]]:
        """Every settled file, with a mark that changes when it does. In a Maildir a flag in the name is no change."""
        now = self._clock.now().timestamp()
        for path in sorted(self._path.rglob("*")):
            below = path.relative_to(self._path)
            if any(part.startswith(".") or part == "tmp" for part in below.parts):
                continue
            maildir = path.parent.name in ("cur", "new") and (path.parent.parent / "tmp").is_dir()
            try:
                told = path.stat()
            except FileNotFoundError:
                continue
            if not maildir and path.suffix.lower() not in _TAKEN:
                if stat.S_ISREG(told.st_mode) and not (path.parent / "cur").is_dir():  # beside one lie a server's notes
                    self._passed_over.append(str(below))
                continue
            if not stat.S_ISREG(told.st_mode) or 0 <= now - told.st_mtime < SETTLED_SECONDS:
                continue
            name = f"{path.parent.parent}/{path.name.split(':2,')[0]}" if maildir else str(path)
            yield path, f"{name}\0{told.st_size}\0{told.st_mtime_ns}"

    def _count(self, path: Path, mark: str) -> int:
        """How many messages a file holds. A file of several is read once for that, and again when it changes.

        What of it cannot be read counts as one message, which is then shown as one that cannot be had.
        """
        if path.suffix.lower() not in _MANY:
            return 1
        if mark not in self._counts:
            refused: list[OSError] = []
            self._counts[mark] = sum(1 for _ in found_in([path], refused.append)) + bool(refused)
        return self._counts[mark]

    def _message(self, place: _Place) -> MessageFile | None:
        """Goes on where the last message was found, since those of a file are asked for in order."""
        path, index, messages = self._reading
        if path != place.path or index > place.index:
            index, messages = 0, found_in([place.path], lambda _: None)
        message = None
        for _ in range(place.index - index + 1):
            message = next(messages, None)
        self._reading = (place.path, place.index + 1, messages)
        return message

    def _fetched(self, uid: int, message: MessageFile, part: int | None) -> Fetched:
        received_at = message.arrived_at(self._clock.now())
        if len(message.raw) > OVERSIZE:
            note = f"over {OVERSIZE // 1024 // 1024} MB: only the first {FIRST_PART // 1024 // 1024} MB was kept"
            return Fetched(uid, message.raw[:FIRST_PART], received_at, note)
        return Fetched(uid, message.raw[:part], received_at)


def _number(mark: str, index: int) -> int:
    """Of 63 bits; the messages of one file follow one another, up to a million of them."""
    digest = int.from_bytes(hashlib.sha256(mark.encode("utf-8", "surrogateescape")).digest()[:8], "big") >> 1
    return (digest & ~0xFFFFF) + index
