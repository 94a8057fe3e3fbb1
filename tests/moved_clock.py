"""A clock that a test moves on: who waits for time waits for the test, who waits for bytes gets them for real."""

import os
import select
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta


class MovedClock:
    """Starts at a fixed moment. `advance` lets time pass; `wait_for_waiter` blocks until somebody waits long enough."""

    def __init__(self, start: datetime = datetime(2024, 3, 1, 12, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = 0.0
        self._change = threading.Condition()
        self._waiting: dict[int, float] = {}
        self._next = 0

    def now(self) -> datetime:
        with self._change:
            return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        with self._change:
            return self._passed

    def advance(self, seconds: float) -> None:
        with self._change:
            self._passed += seconds
            self._change.notify_all()

    def wait(self, descriptors: Sequence[int], seconds: float) -> list[int]:
        with self._change:
            deadline = self._passed + seconds
            number = self._next = self._next + 1
            self._waiting[number] = deadline
            self._change.notify_all()
        moved, mover = os.pipe()
        watcher = threading.Thread(target=self._tell, args=(deadline, mover, number), daemon=True)
        watcher.start()
        try:
            poller = select.poll()
            for descriptor in (*descriptors, moved):
                poller.register(descriptor, select.POLLIN)
            ready = [descriptor for descriptor, _ in poller.poll()]
            return [descriptor for descriptor in ready if descriptor != moved]
        finally:
            with self._change:
                self._waiting.pop(number, None)
                self._change.notify_all()
            watcher.join(5)
            os.close(moved)

    def wait_for_waiter(self, at_least: float, patience: float = 20.0) -> None:
        """Until somebody waits for a moment at least so many seconds away."""
        end = time.monotonic() + patience
        with self._change:
            while not any(deadline - self._passed >= at_least for deadline in self._waiting.values()):
                if not self._change.wait(max(0.0, end - time.monotonic())):
                    raise AssertionError(f"nobody waits for {at_least} seconds or more: {self._waiting}")

    def _tell(self, deadline: float, mover: int, number: int) -> None:
        with self._change:
            while self._passed < deadline and number in self._waiting:
                self._change.wait()
        os.write(mover, b"x")
        os.close(mover)
