"""Reading in a child process, with limits on time and memory: hostile mail can hold a reader for ever.

The service process stays free for its page and never imports spaCy. A child that overruns is killed and replaced; after
some thousand messages a fresh one takes over, since spaCy's vocabulary grows with every new word.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime

from intake.frames import DeadlineError, FramePipe, PipeClosedError
from intake.reading_child import OUT_OF_MEMORY, Task
from intake.settings import Reader as Limits
from parsers.conference import Conference
from parsers.reading import Reading, from_json

START_SECONDS = 60.0
"""How long a child may take until it is warm; a cold disk makes this long."""


class ReadingFaultError(Exception):
    """A message that could not be read. The text says why, in words for the secretariat."""


class ReaderUnavailableError(Exception):
    """No child can be made ready; no message is to blame for it. Tried again at the next `read`."""


class ReaderDiedError(ReadingFaultError):
    """The child ended over this message."""


class TimedOutError(ReadingFaultError):
    """The child took too long over this message and was ended."""


class ReaderRaisedError(ReadingFaultError):
    """The reader raised over this message; the child goes on."""


class ReaderStoppedError(Exception):
    """`stop` was called; the message in hand was not read and stays unread."""


class ReaderProcess:
    """Reads one message at a time; call `read` from one thread. `warm` is set while a child is ready to read."""

    def __init__(
        self,
        conference: Conference,
        limits: Limits | None = None,
        *,
        loader: str = "parsers:load",
    ) -> None:
        self._limits = limits = limits or Limits()
        task = Task(conference=conference, loader=loader, seconds=limits.seconds, memory_mb=limits.memory_mb)
        self._task = task.model_dump_json().encode()
        self._child: _Child | None = None
        self._successor: _Child | None = None
        self._stopped = False
        self.warm = threading.Event()

    def start(self) -> None:
        """Starts the child and returns at once; the first `read` waits until it is warm."""
        if self._child is None and not self._stopped:
            self._child = _Child(self._task)

    def wait_warm(self, seconds: float = START_SECONDS) -> None:
        """Waits until a child is ready. Raises `ReaderUnavailableError` where it cannot be made ready."""
        self.start()
        child = self._child
        if child is None:
            raise ReaderStoppedError
        if child.warm:
            return
        try:
            child.wait_warm(time.monotonic() + seconds)
        except (PipeClosedError, DeadlineError) as error:
            self._drop()
            self._raise_if_stopped()
            raise ReaderUnavailableError("The reader does not start; its reason is in the log") from error
        self.warm.set()

    def read(self, raw: bytes, received_at: datetime) -> Reading:
        """One message. Raises a `ReadingFaultError`; the next message is read by a fresh child where this one ended.

        Raises `ReaderUnavailableError` where no child starts, and `ReaderStoppedError` after `stop`.
        """
        self._hand_over()
        self.wait_warm()
        child = self._child
        if child is None:
            raise ReaderStoppedError
        try:
            answer = child.ask(raw, received_at, time.monotonic() + self._limits.seconds)
        except DeadlineError as error:
            self._drop()
            self.start()  # it gets warm while the next message is looked for
            raise TimedOutError(f"Reading took longer than {self._limits.seconds} seconds and was stopped") from error
        except PipeClosedError as error:
            code = child.ended()
            self._drop()
            self._raise_if_stopped()
            self.start()
            if code == OUT_OF_MEMORY:
                raise ReaderDiedError(f"Reading needed more than {self._limits.memory_mb} MB") from error
            raise ReaderDiedError("The reader's process ended over this message") from error
        if answer[:1] == b"R":
            return from_json(answer[1:])
        raise ReaderRaisedError(f"The reader failed over this message ({answer[1:].decode('ascii', 'replace')})")

    def stop(self) -> None:
        """Ends the child at once, whatever it does; may be called from another thread."""
        self._stopped = True
        for child in (self._child, self._successor):
            if child is not None:
                child.kill()
        self.warm.clear()

    @property
    def pid(self) -> int | None:
        """The child's process number, for those who want to look at it."""
        return self._child.process.pid if self._child else None

    def _hand_over(self) -> None:
        """Starts a successor when the child has read its share, and lets it take over once it is warm."""
        child = self._child
        if child is None or child.asked < self._limits.messages:
            return
        if self._successor is None:
            self._successor = _Child(self._task)
            return
        try:
            ready = self._successor.is_warm()
        except PipeClosedError:
            self._successor.close()
            self._successor = None
            return
        if ready:
            self._child, self._successor = self._successor, None
            child.close()

    def _drop(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child, self._successor = self._successor, None
        self.warm.clear()

    def _raise_if_stopped(self) -> None:
        if self._stopped:
            raise ReaderStoppedError


class _Child:
    """One process and the pipes to it."""

    def __init__(self, task: bytes) -> None:
        child_in, our_out = os.pipe()
        our_in, child_out = os.pipe()
        # Secrets stay here, and one thread is all that the child's arithmetic can use.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("INTAKE_")}
        environment.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"})
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "intake.reading_child"],
            stdin=child_in,
            stdout=child_out,
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is for the service, which then ends this one
        )
        os.close(child_in)
        os.close(child_out)
        self.pipe = FramePipe(our_in, our_out)
        self.asked = 0
        self.warm = False
        with suppress(PipeClosedError):  # it has ended already; whoever waits for it learns so
            self.pipe.send(task)

    def wait_warm(self, deadline: float) -> None:
        self.pipe.receive(deadline=deadline)
        self.warm = True

    def is_warm(self) -> bool:
        if not self.warm:
            self.warm = self.pipe.ready() is not None
        return self.warm

    def ask(self, raw: bytes, received_at: datetime, deadline: float) -> bytes:
        self.asked += 1
        self.pipe.send(received_at.isoformat().encode(), deadline=deadline)
        self.pipe.send(raw, deadline=deadline)
        return self.pipe.receive(deadline=deadline)

    def ended(self) -> int | None:
        """The exit code of a child whose pipe is closed; None where it does not end."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(2)
        return None

    def kill(self) -> None:
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.pipe.close()
