"""A thread of its own for calls that block: in order, one at a time, and never in the way of ending the program."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class OneThread:
    """Runs calls in one thread. The thread is a daemon: a call that hangs in the network does not hold up the exit."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def call(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """What the function returns or raises, run in the thread. Cancelling the wait does not stop the function."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._calls.put((lambda: function(*arguments), future))
        return await future

    def end(self) -> None:
        """No more calls; the thread ends after the one in hand."""
        self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            function, future = item
            try:
                result = function()
            except BaseException as error:  # handed to whoever waits
                self._report(future, error=error)
            else:
                self._report(future, result=result)

    def _report(self, future: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
        def report() -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(report)
