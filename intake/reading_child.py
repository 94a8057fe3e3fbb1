"""The child process that reads: spaCy lives here and nowhere else. Speaks frames on standard input and output.

In: one JSON frame with the conference and the limits; then, for each message, a frame with the time of its arrival (ISO
8601, with offset) and one with its bytes. Out: an empty frame once the reader is warm; then one frame for each message,
`R` and the reading as JSON, or `E` and the name of what the reader raised.
"""

import os
import signal
from contextlib import suppress
from datetime import datetime
from importlib import import_module

from pydantic import BaseModel

from intake.frames import FramePipe, PipeClosedError
from parsers.conference import Conference
from parsers.reading import to_json

OUT_OF_MEMORY = 86
"""The exit code after a `MemoryError`: what has been allocated cannot be given back, so the process ends."""


class Task(BaseModel):
    """The first frame. `loader` names the function that makes a reader, as `module:function`."""

    conference: Conference
    loader: str
    seconds: int
    memory_mb: int


def main() -> None:
    """Reads until the other end closes."""
    pipe = FramePipe(os.dup(0), os.dup(1))
    os.dup2(2, 1)  # a library that prints must not write into the frames
    with suppress(PipeClosedError):
        task = Task.model_validate_json(pipe.receive())
        _limit(task.memory_mb)
        module, _, function = task.loader.partition(":")
        reader = getattr(import_module(module), function)(task.conference)
        pipe.send(b"")
        while True:
            received_at = datetime.fromisoformat(pipe.receive().decode())
            raw = pipe.receive()
            # Should the parent be killed meanwhile, nobody else would end a reading that never ends.
            signal.alarm(task.seconds + 5)
            try:
                answer = b"R" + to_json(reader.read(raw, received_at=received_at)).encode()
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            except Exception as error:  # whatever it was: a person sees it, the next is read
                answer = b"E" + type(error).__name__.encode()
            signal.alarm(0)
            pipe.send(answer)


def _limit(memory_mb: int) -> None:
    try:
        import resource  # not on every platform
    except ImportError:
        return
    size = memory_mb * 1024 * 1024
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
