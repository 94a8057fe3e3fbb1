"""A scripted IMAP server for what no real one does on request. Every line that it is sent is kept in `lines`."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from intake.settings import Account

Script = Callable[["Conversation", bytes, bytes], None]


class Conversation:
    """One connection, as the script sees it."""

    def __init__(self, server: "FakeServer", connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.file = connection.makefile("rb")
        self.folder = ""

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def read(self) -> bytes:
        line = self.file.readline()
        if not line:
            raise EOFError
        self.server.lines.append(line.rstrip(b"\r\n"))
        return line.rstrip(b"\r\n")

    def hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        raise EOFError


class FakeServer:
    """`with FakeServer({1: mail, 2: mail}) as server`. `scripts[command]` takes the place of the usual answer.

    A command is named as it is sent: LOGIN, EXAMINE, UID SEARCH, UID FETCH, IDLE ...
    """

    def __init__(
        self,
        mails: dict[int, bytes] | None = None,
        *,
        uidvalidity: int = 7,
        capabilities: bytes = b"IMAP4rev1 IDLE AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR",
        greeting: bytes = b"* OK hello\r\n",
    ) -> None:
        self.mails = dict(mails or {})
        self.uidvalidity = uidvalidity
        self.capabilities = capabilities
        self.greeting = greeting
        self.listing = [b'* LIST (\\HasNoChildren) "/" INBOX']
        self.scripts: dict[str, Script] = {}
        self.lines: list[bytes] = []
        self.logins = 0
        self.wrap: Callable[[socket.socket], socket.socket] | None = None
        self.open_connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._conversations: list[Conversation] = []

    def __enter__(self) -> "FakeServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for conversation in self._conversations:
            with suppress(OSError, EOFError):
                conversation.hang_up()

    def account(self, **settings: object) -> Account:
        values = {"host": "127.0.0.1", "port": self.port, "tls": "none", "user": "desk", "password": "secret"}
        return Account(**{**values, **settings})  # type: ignore[arg-type]

    def commands(self) -> list[str]:
        """The commands that were sent, in order, without their arguments."""
        return [_command(line)[1] for line in self.lines if b" " in line]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.wrap is not None:
                try:
                    connection = self.wrap(connection)
                except OSError:
                    connection.close()
                    continue
            conversation = Conversation(self, connection)
            self._conversations.append(conversation)
            threading.Thread(target=self._talk, args=(conversation,), daemon=True).start()

    def _talk(self, conversation: Conversation) -> None:
        self.open_connections += 1
        with suppress(OSError, EOFError, ValueError):
            conversation.send(self.greeting)
            while True:
                line = conversation.read()
                tag, command, arguments = _command(line)
                script = self.scripts.get(command)
                if script is not None:
                    script(conversation, tag, arguments)
                else:
                    self.answer(conversation, tag, command, arguments)
        self.open_connections -= 1
        with suppress(OSError):
            conversation.connection.close()

    def answer(self, conversation: Conversation, tag: bytes, command: str, arguments: bytes) -> None:
        """What a server with nothing odd about it would say."""
        send = conversation.send
        if command == "CAPABILITY":
            send(b"* CAPABILITY " + self.capabilities + b"\r\n")
        elif command == "LOGIN":
            self.logins += 1
        elif command == "AUTHENTICATE":
            self.logins += 1
            if len(arguments.split()) == 1:
                send(b"+ \r\n")
                conversation.read()
        elif command == "LIST":
            send(b"".join(line + b"\r\n" for line in self.listing))
        elif command in ("EXAMINE", "SELECT"):
            conversation.folder = arguments.decode()
            send(b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n" % (len(self.mails), self.uidvalidity))
            send(b"* OK [UIDNEXT %d] x\r\n" % (max(self.mails, default=0) + 1))
        elif command == "UID SEARCH":
            found = sorted(_among(self.mails, arguments.split()[-1]))
            send(b"* SEARCH" + b"".join(b" %d" % uid for uid in found) + b"\r\n")
        elif command == "UID FETCH":
            self.fetch(conversation, arguments)
        elif command == "IDLE":
            send(b"+ idling\r\n")
            conversation.read()
        elif command == "LOGOUT":
            send(b"* BYE see you\r\n")
        send(tag + b" OK done\r\n")

    def fetch(self, conversation: Conversation, arguments: bytes, *, leave_out: tuple[int, ...] = ()) -> None:
        """The untagged part of an answer to UID FETCH."""
        numbers, _, items = arguments.partition(b" ")
        wanted = _among(self.mails, numbers) - set(leave_out)
        for place, uid in enumerate(sorted(self.mails), 1):
            if uid not in wanted:
                continue
            mail = self.mails[uid]
            part = re.search(rb"<0\.(\d+)>", items)
            if b"RFC822.SIZE" in items:
                conversation.send(b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (place, uid, len(mail)))
                continue
            name = b"BODY[]<0>" if part else b"BODY[]"
            mail = mail[: int(part[1])] if part else mail
            date = b'"01-Mar-2024 10:00:00 +0100"'
            head = b"* %d FETCH (UID %d INTERNALDATE %s %s {%d}\r\n" % (place, uid, date, name, len(mail))
            conversation.send(head + mail + b")\r\n")


def _command(line: bytes) -> tuple[bytes, str, bytes]:
    tag, _, rest = line.partition(b" ")
    word, _, arguments = rest.partition(b" ")
    if word.upper() == b"UID":
        second, _, arguments = arguments.partition(b" ")
        word += b" " + second
    return tag, word.upper().decode("ascii", "replace"), arguments


def _among(mails: dict[int, bytes], numbers: bytes) -> set[int]:
    """The UIDs of a set as it is written (RFC 9051, 9): n:* holds the highest, also where n lies beyond it."""
    found: set[int] = set()
    highest = max(mails, default=0)
    for part in numbers.split(b","):
        first, _, last = part.partition(b":")
        low, high = int(first), highest if last == b"*" else int(last or first)
        if low == high:
            found |= {low} & mails.keys()
        else:
            found |= {uid for uid in mails if min(low, high) <= uid <= max(low, high)}
    return found
