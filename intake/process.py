"""One message through every stage, in order. Read this first.

    bytes and place kept -> read in the child process -> reading recorded

The bytes are in the register before anybody looks into them, so a message that cannot be read is a row with a reason.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from intake.reading_process import ReaderProcess, ReaderRaisedError, ReadingFaultError
from intake.register import Location, Register, RegisterError

log = logging.getLogger(__name__)

TRIES = 2
"""How often a message may end or overrun the reader's process: once may be the machine's fault."""

UNRECORDED = "the program failed while it recorded what the message says"
IN_JUNK = "It lay in the junk folder"
IN_PART = "Not all of this message was fetched. Open it in the mailbox to see the rest"


def process(
    register: Register,
    reader: ReaderProcess,
    event: str,
    raw: bytes,
    where: Location | None,
    *,
    received_at: datetime,
    now: Callable[[], datetime],
) -> int:
    """A message that has just arrived; its number in the register. The same mail is read once, often as it may come."""
    kept = register.keep(event, raw, where, received_at=received_at, fetched_at=now())
    if kept.new:
        read_kept(register, reader, kept.id, now=now)
    return kept.id


def read_kept(
    register: Register,
    reader: ReaderProcess,
    number: int,
    *,
    now: Callable[[], datetime],
    in_junk: Callable[[Location], bool] = lambda _: False,
) -> bool:
    """A message that is kept and waits; False where it still waits, since it may yet be read at a second try.

    Raises `ReaderStoppedError` and `ReaderUnavailableError`, which are not the message's fault, and `RegisterError`.
    """
    attempt = register.note_attempt(number, at=now())
    try:
        reading = reader.read(register.raw(number), register.received_at(number))
    except ReadingFaultError as error:
        if attempt < TRIES and not isinstance(error, ReaderRaisedError):
            return False
        register.quarantine(number, at=now(), why=str(error))
        return True
    places = register.places(number)
    if places and all(in_junk(place) for place in places):
        reading = replace(reading, review=(*reading.review, IN_JUNK))
    if register.lacking([number]):
        # What it says may stand in the part that is missing.
        reading = replace(reading, review=(*reading.review, IN_PART))
    try:
        register.record(number, reading, at=now())
    except RegisterError:
        raise
    except Exception:  # a fault of this program over one message must not hold up the others
        log.exception("Message %d was read but could not be recorded", number)
        if attempt < TRIES:
            return False
        register.quarantine(number, at=now(), why=UNRECORDED)
    return True
