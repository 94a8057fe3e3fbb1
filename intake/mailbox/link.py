"""The socket under an IMAPClient (`client` here): its options, its limits, and its bytes while the server idles."""

import socket
import ssl
from contextlib import suppress
from typing import Any, cast

from intake.mailbox.faults import Fault, MailboxError

LONGEST_LITERAL = 64 * 1024 * 1024
"""imaplib would allocate whatever size a server announces."""

_CHUNK = 1 << 16


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
