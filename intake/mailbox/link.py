"""The socket under an IMAPClient (`client` here): its options, its limits, and its bytes while the server idles."""

import socket
import ssl
from contextlib import suppress
from typing import Any, cast

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError

LONGEST_LITERAL = 64 * 1024 * 1024
"""imaplib would allocate whatever size a server announces."""

_CHUNK = 1 << 16


SLOWEST = 2048
"""Bytes a second, at least, that an answer has to bring; a line of 64 kbit/s brings four times as many."""

MOST_AT_ONCE = 2 * LONGEST_LITERAL
"""Bytes of one answer; no command asks for so much."""


class Pace:
    """Ends an answer that never ends. Each piece of it may come in time, one byte every half minute, for ever."""

    def __init__(self, imap: Any, clock: Clock, patience: float) -> None:
        self._sock = cast(socket.socket, imap.sock)
        self._clock = clock
        self._patience = patience
        self._began = clock.monotonic()
        self._received = 0
        # The file keeps what it has read ahead; only what it reads from the socket goes through here.
        file = getattr(imap, "_file", None) or imap.file
        raw = getattr(file, "raw", file)
        self._read = raw.readinto
        raw.readinto = self.readinto

    def begin(self) -> None:
        """A command is sent."""
        self._began, self._received = self._clock.monotonic(), 0

    def readinto(self, buffer: Any) -> Any:
        """In place of the file's own. Raises `MailboxError` where the answer takes too long for what has come of it."""
        if self._sock.gettimeout() != 0.0:  # else nobody waits: IDLE may be silent
            seconds = self._clock.monotonic() - self._began
            if seconds > self._patience + self._received / SLOWEST:
                words = f"The server is too slow: {self._received:,} bytes of its answer in {seconds:,.0f} seconds"
                raise MailboxError(Fault.SLOW, words)
            if self._received > MOST_AT_ONCE:
                raise MailboxError(Fault.SLOW, f"The server's answer does not end after {self._received:,} bytes")
        count = self._read(buffer)
        self._received += count or 0
        return count


def harden(client: Any) -> None:
    """TCP_NODELAY (else each command waits 40 ms for an acknowledgement), keep-alive, and a limit for literals."""
    sock = client.socket()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    imap = client._imap
    imap.debug = 0  # imapclient sets 5, and imaplib then formats every message for a log that nobody keeps
    if not hasattr(imap, "unbounded_read"):
        imap.unbounded_read = imap.read
        imap.read = lambda size: _bounded(imap.unbounded_read, size)
        imap.sent = imap.send

        def send(data: bytes) -> None:
            imap.pace.begin()
            imap.sent(data)

        imap.send = send


def _bounded(read: Any, size: int) -> bytes:
    if size > LONGEST_LITERAL:
        raise MailboxError(Fault.LOST, f"The server announces a message of {size:,} bytes, more than is ever fetched")
    parts = []
    while size > 0:
        part = read(min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class Link:
    """Raw bytes to and from the server, for the one exchange that imaplib cannot hold: IDLE."""

    def __init__(self, client: Any) -> None:
        self._sock = cast(socket.socket, client.socket())
        imap = client._imap
        # What imaplib has read ahead lies in its file; the property `file` goes away in newer Pythons.
        self._file = getattr(imap, "_file", None) or imap.file

    def fileno(self) -> int:
        """For waiting."""
        return self._sock.fileno()

    def send(self, data: bytes, seconds: float) -> None:
        """Sends all of it. Raises OSError."""
        self._sock.settimeout(seconds)
        self._sock.sendall(data)

    def available(self) -> bytes:
        """What can be read without waiting, what imaplib had read ahead first. Raises EOFError at the end."""
        self._sock.settimeout(0.0)
        try:
            # Only the file's own buffer is wanted; where that is empty this tries the socket, which does not block.
            ahead = cast(bytes, self._file.read1(_CHUNK) or b"")
        except (BlockingIOError, ssl.SSLWantReadError):
            ahead = b""
        parts = [ahead] if ahead else []
        with suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while not parts or self._decrypted():
                parts.append(self._sock.recv(_CHUNK))
                if not parts[-1]:
                    raise EOFError("the server has closed the connection")
        return b"".join(parts)

    def _decrypted(self) -> int:
        """Bytes that TLS has taken from the socket already: waiting on the socket would not tell of them."""
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    def restore(self, seconds: float) -> None:
        """Back to blocking reads with a limit, as imaplib wants them."""
        self._sock.settimeout(seconds)

    def cut(self) -> None:
        """Ends the connection under whoever waits for it."""
        self._sock.shutdown(socket.SHUT_RDWR)
