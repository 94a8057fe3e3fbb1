"""The register as the page sees it: questions and changes are handed to threads that hold one connection each.

SQLite connections belong to their thread; the event loop never waits for the disk.
"""

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from intake.register import Register

Answer = TypeVar("Answer")
_READERS = 2


class Clerk:
    """One thread with one connection of its own, opened when it is first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="page")
        self._register: Register | None = None

    async def ask(self, work: Callable[[Register], Answer]) -> Answer:
        """What `work` gives for the register. Raises what it raises, `RegisterError` where the file does not open."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    def _do(self, work: Callable[[Register], Answer]) -> Answer:
        if self._register is None:
            self._register = Register.open(self._path, create=False)
        return work(self._register)

    def close(self) -> None:
        """Ends the thread once its work is done, and closes the connection."""
        self._thread.submit(self._shut)
        self._thread.shutdown(wait=True)

    def _shut(self) -> None:
        if self._register is not None:
            self._register.close()
            self._register = None


class Desk:
    """Two clerks who look things up and one who writes, so that nobody waits behind a change."""

    def __init__(self, path: Path) -> None:
        self._readers = [Clerk(path) for _ in range(_READERS)]
        self._next = itertools.cycle(self._readers)
        self._writer = Clerk(path)

    async def ask(self, work: Callable[[Register], Answer]) -> Answer:
        """Looks something up, all of it at one moment of the register."""

        def at_one_moment(register: Register) -> Answer:
            with register.one_view():
                return work(register)

        return await next(self._next).ask(at_one_moment)

    async def change(self, work: Callable[[Register], Answer]) -> Answer:
        """Changes something; each function of the register is a transaction of its own."""
        return await self._writer.ask(work)

    def close(self) -> None:
        """Lets every clerk finish and closes their connections."""
        for clerk in (*self._readers, self._writer):
            clerk.close()
