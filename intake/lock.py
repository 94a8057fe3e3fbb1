"""One service a register: a second one would fetch and read everything at the same time."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyRunningError(Exception):
    """Another service works on this register; the text says so for the person at the keyboard."""


class RegisterLock:
    """Held while the service runs; the system gives it back however the process ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._descriptor = -1

    def __enter__(self) -> Self:
        import fcntl  # not on every platform, and needed by a service only

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            process = f" (process {holder})" if holder.isdecimal() else ""
            raise AlreadyRunningError(
                f"{self._path.with_suffix('')}: another service{process} works on this register. Stop it first, or name"
                " another register with --db."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: taking it away would let a third service lock another file of that name.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
