"""Length-prefixed frames on a pipe: four bytes, big-endian, then as many bytes as they say."""

import os
import select
import struct
import time

LONGEST = 64 * 1024 * 1024


class PipeClosedError(Exception):
    """The other end is gone."""


class DeadlineError(Exception):
    """The other end did not take or give a frame in time."""


class FramePipe:
    """Both directions of a pipe to another process. `read_fd` and `write_fd` are owned and closed by this object.

    Every wait ends at `deadline`, a value of `time.monotonic()`; None waits for ever.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._received = bytearray()
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def send(self, payload: bytes, *, deadline: float | None = None) -> None:
        """Sends one frame. Raises `PipeClosedError` or `DeadlineError`."""
        left = memoryview(struct.pack(">I", len(payload)) + payload)
        while left:
            _wait(self._write_fd, select.POLLOUT, deadline)
            try:
                left = left[os.write(self._write_fd, left) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise PipeClosedError from error

    def receive(self, *, deadline: float | None = None) -> bytes:
        """The next frame. Raises `PipeClosedError` or `DeadlineError`."""
        while (frame := self._whole()) is None:
            _wait(self._read_fd, select.POLLIN, deadline)
            self._take()
        return frame

    def ready(self) -> bytes | None:
        """The next frame if it is there in full, without waiting. Raises `PipeClosedError`."""
        frame = self._whole()
        while frame is None and _possible(self._read_fd, select.POLLIN, 0):
            self._take()
            frame = self._whole()
        return frame

    def close(self) -> None:
        """Closes both directions; a second time does nothing."""
        for name in ("_read_fd", "_write_fd"):
            number = getattr(self, name)
            if number >= 0:
                os.close(number)
                setattr(self, name, -1)

    def _take(self) -> None:
        try:
            data = os.read(self._read_fd, 1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            raise PipeClosedError from error
        if not data:
            raise PipeClosedError
        self._received += data

    def _whole(self) -> bytes | None:
        if len(self._received) < 4:
            return None
        (length,) = struct.unpack(">I", self._received[:4])
        if length > LONGEST:
            raise PipeClosedError
        if len(self._received) < 4 + length:
            return None
        frame = bytes(self._received[4 : 4 + length])
        del self._received[: 4 + length]
        return frame


def _wait(descriptor: int, event: int, deadline: float | None) -> None:
    timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
    if not _possible(descriptor, event, timeout):
        raise DeadlineError


def _possible(descriptor: int, event: int, timeout: float | None) -> bool:
    """Whether a descriptor is ready within `timeout` seconds. By poll: select knows no descriptor above 1023."""
    poller = select.poll()
    poller.register(descriptor, event)
    return bool(poller.poll(None if timeout is None else timeout * 1000))
