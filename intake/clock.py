"""Time as an argument: what the service asks of a clock, and the machine's own."""

import select
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Everything that the service ever asks about time, so that a test can move it on."""

    def now(self) -> datetime:
        """This moment, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def wait(self, descriptors: Sequence[int], seconds: float) -> list[int]:
        """Those of the file descriptors that can be read, as soon as one can; empty once the seconds have passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, descriptors: Sequence[int], seconds: float) -> list[int]:
        # By poll: select knows no descriptor above 1023.
        poller = select.poll()
        for descriptor in descriptors:
            poller.register(descriptor, select.POLLIN)
        return [descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)]
