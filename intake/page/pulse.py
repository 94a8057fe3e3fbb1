"""Notices when something that the page shows has changed: in the register, with the mailbox, or by time passing."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from intake.page.alarm import NOTHING, Alarm, alarms_of
from intake.page.desk import Desk
from intake.page.overview import Overview, overview_of
from intake.register import Register, RegisterError, Round
from intake.register.page_queries import Unread, unread
from intake.settings import Settings
from intake.status import ServiceStatus
from parsers.conference import Conference

log = logging.getLogger(__name__)

LOOK_EVERY = 0.1
"""Seconds between two looks at the register's counter; a look costs a tenth of a millisecond."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Beat:
    """What stood at one look. `stamp` differs whenever a page made from it would."""

    version: int = -1
    rounds: tuple[Round, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    last_good: datetime | None = None
    stamp: str = ""


class Pulse:
    """The current beat, and who waits for the next."""

    def __init__(
        self, desk: Desk, settings: Settings, conference: Conference, status: ServiceStatus, now: Callable[[], datetime]
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._conference = conference
        self._status = status
        self._now = now
        self.beat = Beat()
        self.closing = False
        self._woken = asyncio.Event()
        self._next: asyncio.Future[None] | None = None
        self._overview: tuple[int, asyncio.Future[Overview]] | None = None

    async def run(self) -> None:
        """Looks until cancelled. A register that cannot be read is an alarm, not an end."""
        loop = asyncio.get_running_loop()
        self._status.watch(lambda: _nudge(loop, self._woken))
        while True:
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)
            self._woken.clear()

    async def look(self) -> Beat:
        """Looks now, so that whoever has changed something sees it."""
        event = self._settings.event

        def counter(register: Register) -> tuple[int, tuple[Round, ...], Unread]:
            return register.version(event), tuple(register.rounds(event)), unread(register, event)

        try:
            version, rounds, waiting = await self._desk.ask(counter)
            fault = ""
        except RegisterError as error:
            version, rounds, waiting, fault = self.beat.version, self.beat.rounds, NOTHING, str(error)
        now = self._now()
        alarms = alarms_of(self._settings, self._status, rounds, now, register_fault=fault, waiting=waiting)
        last_good = _last_good(self._status, rounds)
        stamp = _stamp(version, alarms, last_good)
        if stamp != self.beat.stamp:
            self.beat = Beat(version, rounds, alarms, last_good, stamp)
            self._tell()
        return self.beat

    async def beyond(self, stamp: str, seconds: float) -> Beat:
        """The beat as soon as its stamp is another, or after that many seconds, or when the service stops."""
        if self.beat.stamp == stamp and not self.closing:
            if self._next is None or self._next.done():
                self._next = asyncio.get_running_loop().create_future()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._next), seconds)
        return self.beat

    async def overview(self) -> Overview:
        """The figures of the event as it stands, counted once for each version however many ask."""
        version = self.beat.version
        if self._overview is None or self._overview[0] != version:
            asking = self._desk.ask(lambda register: overview_of(register, self._conference, self._settings.event))
            self._overview = (version, asyncio.ensure_future(asking))
        counting = self._overview[1]
        try:
            return await asyncio.shield(counting)
        except RegisterError:
            self._overview = None
            raise

    def close(self) -> None:
        """Wakes everybody who waits, for the last time."""
        self.closing = True
        self._tell()

    def _tell(self) -> None:
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None


def _nudge(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)


def _last_good(status: ServiceStatus, rounds: tuple[Round, ...]) -> datetime | None:
    if status.mailboxes:
        return status.last_good
    good = [one.good_at for one in rounds if one.good_at is not None]
    return min(good) if good and len(good) == len(rounds) else None


def _stamp(version: int, alarms: tuple[Alarm, ...], last_good: datetime | None) -> str:
    minute = last_good.strftime("%Y%m%d%H%M") if last_good else ""
    told = hashlib.sha256(repr((alarms, minute)).encode()).hexdigest()[:8]
    return f"{version}.{told}"
