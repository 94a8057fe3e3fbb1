"""The loop: look at every mailbox in a thread of its own, read what was kept in another, back off, stop cleanly."""

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from intake.clock import Clock
from intake.mailbox.doors import source_of, steps_of
from intake.mailbox.faults import BackOff, Fault, MailboxError
from intake.mailbox.source import Source
from intake.mailbox.watch import Watch
from intake.one_thread import OneThread
from intake.process import read_kept
from intake.reading_process import ReaderProcess, ReaderStoppedError, ReaderUnavailableError
from intake.register import Kept, Location, Register, RegisterError
from intake.settings import Account, Settings
from intake.status import ServiceStatus

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
"""IDLE is given up and asked for anew this often: middle boxes forget quiet connections."""

REGISTER_WAIT = 5.0
GRACE_SECONDS = 0.6
"""How long a thread may take to notice that the service stops, before its connection is cut under it."""


class Worker:
    """Runs until `stop`. One thread a mailbox, one thread that reads; each with its own connection to the register."""

    def __init__(
        self,
        settings: Settings,
        reader: ReaderProcess,
        status: ServiceStatus,
        clock: Clock,
        *,
        open_source: Callable[[Account, Clock], Source] = source_of,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._status = status
        self._clock = clock
        self._open_source = open_source
        self._spread = spread
        self._watches: dict[str, Watch] = {}
        self._registers: dict[str, Register] = {}
        self._stopping = threading.Event()
        self._arrived = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None
        for account in settings.mailboxes:
            status.add_mailbox(account.name, account.poll_seconds, clock.now())

    async def run(self) -> None:
        """Watches and reads until `stop` is called. A fault of one mailbox never ends the others."""
        self._loop = asyncio.get_running_loop()
        self._running = asyncio.current_task()
        self._arrived.set()  # what an earlier run has left unread
        async with asyncio.TaskGroup() as tasks:
            for account in self._settings.mailboxes:
                tasks.create_task(self._watch(account))
            tasks.create_task(self._read())

    async def stop(self, patience: float) -> None:
        """Ends `run`. The message in hand may be read to its end within `patience` seconds; else it stays unread."""
        self._status.stopping()
        self._stopping.set()
        self._arrived.set()
        for watch in self._watches.values():
            watch.wake()
        if await self._ended(min(GRACE_SECONDS, patience)):
            return
        for watch in self._watches.values():
            watch.interrupt()
        if await self._ended(patience - GRACE_SECONDS):
            return
        self._reader.stop()
        if not await self._ended(GRACE_SECONDS / 2) and self._running is not None:
            self._running.cancel()  # its threads are daemons

    async def _ended(self, seconds: float) -> bool:
        running = self._running
        if running is None or running.done():
            return True
        return bool((await asyncio.wait({running}, timeout=max(0.0, seconds)))[0])

    async def _watch(self, account: Account) -> None:
        thread = OneThread(f"mailbox {account.name}")
        back_off = BackOff()
        try:
            while not self._stopping.is_set():
                try:
                    watch = await thread.call(self._watch_of, account)
                    report = await thread.call(watch.look)
                    now = self._clock.now()
                    self._status.register_is("")
                    if report.good:
                        back_off.reset()
                        self._status.mailbox_good(account.name, now, words=report.words, warnings=report.warnings)
                    else:
                        error = MailboxError(Fault.FOLDER, report.words)
                        wait = timedelta(seconds=account.poll_seconds)
                        self._say(account, error, wait.total_seconds())
                    if not self._stopping.is_set():
                        await thread.call(watch.wait, min(account.poll_seconds, IDLE_SECONDS))
                except MailboxError as error:
                    await self._rest(account, thread, error, back_off.after(error, self._spread()))
                except RegisterError as error:
                    log.warning("The register cannot be written: %s", error)
                    self._status.register_is(str(error))
                    await self._rest(account, thread, None, REGISTER_WAIT)
                except Exception as error:  # nothing may end the watch over a mailbox
                    log.exception("Unexpected fault while looking at a mailbox")
                    fault = MailboxError(Fault.UNREADABLE, f"Something unexpected happened ({type(error).__name__})")
                    await self._rest(account, thread, fault, back_off.after(fault, self._spread()))
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(thread.call(self._close, account), GRACE_SECONDS / 2)
            thread.end()

    def _watch_of(self, account: Account) -> Watch:
        """In the mailbox's thread: the register's connection belongs to the thread that opened it."""
        watch = self._watches.get(account.name)
        if watch is None:
            register = self._registers[account.name] = Register.open(self._settings.database)
            source = self._open_source(account, self._clock)
            steps = steps_of(source, account, register, self._settings.event, self._clock)
            watch = Watch(account, source, register, self._settings.event, self._clock, self._kept, steps)
            self._watches[account.name] = watch
            if self._stopping.is_set():
                watch.wake()
        return watch

    def _close(self, account: Account) -> None:
        """In the mailbox's thread too."""
        if account.name in self._watches:
            self._watches[account.name].close()
        if account.name in self._registers:
            self._registers.pop(account.name).close()

    async def _rest(self, account: Account, thread: OneThread, error: MailboxError | None, seconds: float) -> None:
        if self._stopping.is_set():
            return
        if error is not None:
            self._say(account, error, seconds)
        watch = self._watches.get(account.name)
        rest = watch.rest if watch is not None else self._rest_without_watch
        await thread.call(rest, seconds)

    def _rest_without_watch(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _say(self, account: Account, error: MailboxError, seconds: float) -> None:
        now = self._clock.now()
        log.warning("Mailbox %s: %s; next try in %.0f s", account.name, error.fault, seconds)
        self._status.mailbox_bad(
            account.name,
            now,
            fault=error.fault,
            words=error.words,
            advice=error.advice,
            next_try=now + timedelta(seconds=seconds),
        )

    def _kept(self, _: Kept) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._arrived.set)

    async def _read(self) -> None:
        thread = OneThread("reader")
        register: Register | None = None
        try:
            while not self._stopping.is_set():
                try:
                    if register is None:
                        register = await thread.call(Register.open, self._settings.database)
                    await thread.call(self._reader.wait_warm)
                    self._status.reader_is("")
                    await self._arrived.wait()
                    self._arrived.clear()
                    await thread.call(self._read_waiting, register)
                except ReaderStoppedError:
                    return
                except ReaderUnavailableError as error:
                    log.warning("%s", error)
                    self._status.reader_is(f"{error}.")
                    await self._pause()
                except RegisterError as error:
                    log.warning("The register cannot be written: %s", error)
                    self._status.register_is(str(error))
                    await self._pause()
                except Exception:  # nothing may end the reading
                    log.exception("Unexpected fault while reading")
                    await self._pause()
        finally:
            thread.end()

    async def _pause(self) -> None:
        self._arrived.set()
        for _ in range(int(REGISTER_WAIT * 10)):
            if self._stopping.is_set():
                return
            await asyncio.sleep(0.1)

    def _read_waiting(self, register: Register) -> None:
        """Everything that waits, until nothing does; what may be read at a second try comes after the rest."""
        while not self._stopping.is_set() and (waiting := register.unread(self._settings.event)):
            for number in waiting:
                if self._stopping.is_set():
                    return
                read_kept(register, self._reader, number, now=self._clock.now, in_junk=self._in_junk)

    def _in_junk(self, where: Location) -> bool:
        watch = self._watches.get(where.account)
        return watch is not None and where.folder in watch.junk
