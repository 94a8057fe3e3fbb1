"""What a look at an IMAP mailbox does besides fetching: see which mails staff have answered, and mark or move what is
recorded where the settings ask for it.

Marking and moving come last and rest on nothing remembered: each look compares the folder with the register and does
what is still undone. So it is repeated until it is true, whatever ended an earlier try.
"""

import re
from datetime import datetime
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from typing import Protocol

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.folders import Wanted
from intake.mailbox.moving import Moving, portions
from intake.mailbox.session import Session
from intake.register import Location, Register
from intake.settings import Account

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")


class Step(Protocol):
    """Something that is done after the rounds; `generations` are the folders that were looked at."""

    def run(self, generations: dict[str, int]) -> None:
        """May raise `MailboxError` and `RegisterError`."""
        ...


class Answers:
    """Questions that staff have answered: by a mail in the Sent folder that refers to them, or marked \\Answered."""

    def __init__(self, session: Session, account: Account, register: Register, event: str, clock: Clock) -> None:
        self._session = session
        self._account = account
        self._register = register
        self._event = event
        self._clock = clock
        self._sent: tuple[int, int] = (0, 0)  # UIDVALIDITY and highest UID of the Sent folder as far as it was read

    def run(self, generations: dict[str, int]) -> None:
        """Reads on in the Sent folder, then asks which of the messages with open questions are answered."""
        self._read_sent()
        for folder, generation in generations.items():
            asking = self._register.asking_uids(self._event, self._account.name, folder, generation)
            if not asking or self._session.open_folder(folder).generation != generation:
                continue
            for uid in self._session.answered(asking):
                where = Location(self._account.name, folder, generation, uid)
                self._register.note_answered(self._event, where, at=self._clock.now())

    def _read_sent(self) -> None:
        try:
            folder = self._session.find(self._account.sent or Wanted.SENT)
        except MailboxError as error:
            if error.fault is Fault.FOLDER and not self._account.sent:
                return  # a mailbox without a Sent folder
            raise
        generation = self._session.open_folder(folder).generation
        highest = self._sent[1] if self._sent[0] == generation else 0
        uids = self._session.uids(highest + 1)
        for portion in portions(uids):
            for head, arrived in self._session.heads(portion):
                self._note(head, arrived)
            self._sent = (generation, portion[-1])

    def _note(self, head: bytes, arrived: datetime | None) -> None:
        fields = BytesHeaderParser().parsebytes(head)
        told = f"{fields.get('in-reply-to', '')} {fields.get('references', '')}"
        refers_to = list(dict.fromkeys(_MESSAGE_ID.findall(told)))[-50:]
        if not refers_to:
            return
        at = arrived or _date(str(fields.get("date", ""))) or self._clock.now()
        by = parseaddr(str(fields.get("from", "")))[1]
        self._register.note_reply(self._event, refers_to, at=at, by=by)


class Marking:
    """Marks or moves what is recorded, where `mailbox.after` asks for it. Off by default: staff share the mailbox."""

    def __init__(self, session: Session, account: Account, register: Register, event: str) -> None:
        self._session = session
        self._account = account
        self._register = register
        self._event = event
        self._moving = Moving(session)

    def run(self, generations: dict[str, int]) -> None:
        """Does what is undone in the folders that answers arrive in; a folder of the archive is left alone."""
        for wanted in self._account.folders:
            folder = self._session.find(wanted)
            if folder in generations:
                self._finish(folder, generations[folder])

    def _finish(self, folder: str, generation: int) -> None:
        settled = self._register.present_uids(self._event, self._account.name, folder, generation, settled=True)
        if not settled:
            return
        if self._session.open_folder(folder, writable=True).generation != generation:
            return
        if self._account.after == "flag":
            undone = settled & set(self._session.without(self._account.after_flag))
            for portion in portions(undone):
                self._session.mark(portion, self._account.after_flag)
        elif self._account.after == "move":
            target = self._session.find(self._account.after_folder)
            undone = settled & set(self._session.uids())
            self._moving.move(undone, folder, target)


def steps_of(session: Session, account: Account, register: Register, event: str, clock: Clock) -> list[Step]:
    """What the settings ask for."""
    steps: list[Step] = [Answers(session, account, register, event, clock)]
    if account.after != "nothing":
        steps.append(Marking(session, account, register, event))
    return steps


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
