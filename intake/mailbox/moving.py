"""Moving messages: by MOVE (RFC 6851), else by COPY and an EXPUNGE of just these (UIDPLUS, RFC 4315).

What ends the second way half-way leaves a message in both folders. So at the start, and after every failure, the target
is looked at first: what lies there with the very same bytes is not copied again, only taken out of the folder.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.session import Session
from intake.mailbox.source import FIRST_PART, OVERSIZE

PORTION = 500


class Moving:
    """Moves messages of one mailbox. Use it with the session that it was made with."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._complete = False  # whether nothing may lie in both folders

    def move(self, uids: Collection[int], folder: str, target: str) -> None:
        """Moves messages of `folder`, which is open for writing. Raises `MailboxError`; then it can be called again."""
        session = self._session
        if session.can("MOVE"):
            for portion in portions(uids):
                session.move(portion, target)
            return
        if not session.can("UIDPLUS"):
            advice = 'Write after = "flag" instead.'
            raise MailboxError(Fault.REFUSED, "The server cannot move single messages", advice=advice)
        left = set(uids)
        if left and not self._complete:
            there = self._already_there(left, folder, target)
            for portion in portions(there):
                session.expunge(portion)
            left -= there
        for portion in portions(left):
            self._complete = False
            session.copy(portion, target)
            session.expunge(portion)
            self._complete = True

    def _already_there(self, uids: Collection[int], folder: str, target: str) -> set[int]:
        """Those whose bytes lie in the target. Told apart by size, and only then by what they hold."""
        session = self._session
        generation = session.generation
        here = session.sizes(uids)
        session.open_folder(target)
        sizes = set(here.values())
        there = {uid: size for uid, size in session.sizes(session.uids()).items() if size in sizes}
        copies = Counter(digest for _, digest in self._digests(there))
        if session.open_folder(folder, writable=True).generation != generation:
            raise MailboxError(Fault.LOST, "The folder was renumbered while messages were moved")
        found = set()
        for uid, digest in self._digests({uid: here[uid] for uid in here if here[uid] in set(there.values())}):
            if copies[digest] > 0:
                copies[digest] -= 1
                found.add(uid)
        return found

    def _digests(self, sizes: Mapping[int, int]) -> Iterator[tuple[int, tuple[int, bytes]]]:
        for uid, size in sorted(sizes.items()):
            for message in self._session.fetch([uid], part=FIRST_PART if size > OVERSIZE else None):
                yield uid, (size, hashlib.sha256(message.raw).digest())


def portions(uids: Iterable[int]) -> Iterator[list[int]]:
    """Ascending, and no more than a command takes."""
    ordered = sorted(uids)
    for start in range(0, len(ordered), PORTION):
        yield ordered[start : start + PORTION]
