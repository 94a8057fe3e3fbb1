"""IDLE (RFC 2177) on the bare connection. IMAPClient's own has four traps, each closed here by reading whole lines:

an EXISTS in the same segment as `+ idling` is seen at once; a line over two segments is put together; a closed
connection is an error, not an endless row of empty answers; untagged lines before `+` are taken like those after it.
"""

import re
from collections import deque

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError, from_answer
from intake.mailbox.link import Link

_TAG = b"IDLE1"
_NEWS = re.compile(rb"\* (?:(\d+) EXISTS|\d+ EXPUNGE|VANISHED)\b", re.IGNORECASE)
_LITERAL = re.compile(rb"\{\d+\+?\}$")
_LONGEST_LINE = 1 << 20


def idle(link: Link, clock: Clock, wake: int, seconds: float, answer_seconds: float, *, holds: int) -> bool:
    """True as soon as the server tells of a change; False once `wake` can be read or the seconds have passed.

    That the folder holds `holds` messages is no news: some servers say it at the start of every IDLE.

    Raises `MailboxError` where the server refuses, says BYE, goes away or leaves DONE without an answer.
    """
    exchange = _Exchange(link, clock, holds)
    try:
        link.send(_TAG + b" IDLE\r\n", answer_seconds)
        exchange.read_until(b"+", clock.monotonic() + answer_seconds)
        exchange.wait_for_news(wake, clock.monotonic() + seconds)
        if not exchange.over:
            link.send(b"DONE\r\n", answer_seconds)
            exchange.read_until(_TAG, clock.monotonic() + answer_seconds)
        exchange.read_rest()
        return exchange.news
    finally:
        link.restore(answer_seconds)


class _Exchange:
    """What the server says during one IDLE, line by line. `over` once the command has its tagged answer."""

    def __init__(self, link: Link, clock: Clock, holds: int) -> None:
        self.news = False
        self.over = False
        self._link = link
        self._clock = clock
        self._holds = holds
        self._rest = b""
        self._lines: deque[bytes] = deque()

    def read_until(self, start: bytes, deadline: float) -> None:
        """Reads up to and with the line that starts so, or to the tagged answer. Raises `MailboxError` when late."""
        while True:
            while self._lines:
                line = self._lines.popleft()
                self._judge(line)
                if line.startswith(start) or self.over:
                    return
            if not self._read():
                left = deadline - self._clock.monotonic()
                if left <= 0 or not self._clock.wait([self._link.fileno()], left):
                    raise MailboxError(Fault.LOST, "The server does not answer any more")

    def wait_for_news(self, wake: int, deadline: float) -> None:
        """Waits for a line with news, the server ending the IDLE, `wake`, or the deadline."""
        while True:
            while self._lines:
                self._judge(self._lines.popleft())
            left = deadline - self._clock.monotonic()
            if self.news or self.over or left <= 0:
                return
            if not self._read():
                ready = self._clock.wait([self._link.fileno(), wake], left)
                if wake in ready:
                    return

    def read_rest(self) -> None:
        """What came right behind the tagged answer: imaplib must neither miss it nor find half a line."""
        self._read()
        while self._rest:
            if not self._clock.wait([self._link.fileno()], 1.0) or not self._read():
                raise MailboxError(Fault.LOST, "The server stopped in the middle of a line")
        while self._lines:
            self._judge(self._lines.popleft())

    def _read(self) -> bool:
        data = self._link.available()
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        self._lines.extend(lines)
        if len(self._rest) > _LONGEST_LINE:
            raise MailboxError(Fault.UNREADABLE, "The server sends a line without an end")
        return bool(data)

    def _judge(self, line: bytes) -> None:
        if line.upper().startswith(b"* BYE"):
            raise from_answer(line[2:].decode("utf-8", "replace"), Fault.LOST)
        if line.startswith(_TAG + b" "):
            self.over = True
            if not line[len(_TAG) + 1 :].upper().startswith(b"OK"):
                raise from_answer(line.decode("utf-8", "replace"), Fault.REFUSED)
        if _LITERAL.search(line):
            raise MailboxError(Fault.UNREADABLE, "The server sends a literal while it idles")
        if (match := _NEWS.match(line)) and (match[1] is None or int(match[1]) != self._holds):
            self.news = True
