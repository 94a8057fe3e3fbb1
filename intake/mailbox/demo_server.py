"""An IMAP server inside this process: pymap with its mail in memory, on loopback, for the demo and for fast tests.

Two faults of pymap 0.36.7 are closed here. Its own way of serving forgets the task of a connection, which newer Pythons
then collect in mid-connection; here asyncio itself awaits it. And it writes an untagged line in pieces, which an idling
IMAPClient cannot put together; here everything up to `drain` leaves in one piece.
"""

import argparse
import asyncio
import socket
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from proxyprotocol.result import ProxyResultUnknown
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pysasl.hashing import BuiltinHash


class DemoServer:
    """`async with DemoServer() as server`: listens on `server.port`; the mail is gone at the end of the block."""

    def __init__(self, user: str = "demo", password: str = "demo", *, host: str = "127.0.0.1", port: int = 0) -> None:  # noqa: S107 - sample mail on loopback
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._mailboxes: MailboxSet | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "DemoServer":
        arguments = argparse.Namespace(
            host=[self.host],
            port=str(self.port),
            cert=None,
            key=None,
            tls=False,
            proxy_protocol=None,
            inherited_sockets=None,
            debug=False,
            demo_data=False,
            demo_user=self.user,
            demo_password=self.password,
            skip_services=[],
            passlib_cfg=None,
        )
        # The password stands in the source, so its hash may be cheap; the default takes a tenth of a second a log-in.
        backend, config = await DictBackend.init(arguments, hash_context=BuiltinHash(rounds=1))
        config.apply_context()
        self._mailboxes = MailboxSet()
        config.set_cache[self.user] = (self._mailboxes, FilterSet())
        imap = IMAPServer(backend.login, config)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            try:
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                info = SocketInfo.get(writer, ProxyResultUnknown(), unique_id=uuid4().bytes)
                await imap(reader, cast(asyncio.StreamWriter, _WholeLines(writer)), info)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the client went away
            finally:
                self._writers.discard(writer)

        self._server = await asyncio.start_server(connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

    async def deliver(self, raw: bytes, received_at: datetime, folder: str = "INBOX") -> None:
        """A message arrives; who idles in the folder is told."""
        if self._mailboxes is None:
            raise RuntimeError("the server is not running")
        mailbox = await self._mailboxes.get_mailbox(folder)
        await mailbox.append(AppendMessage(raw, received_at, frozenset()))

    async def add_folders(self, names: Iterable[str]) -> None:
        """More folders than INBOX."""
        if self._mailboxes is None:
            raise RuntimeError("the server is not running")
        for name in names:
            await self._mailboxes.add_mailbox(name)


class _WholeLines:
    """A StreamWriter that lets nothing out before `drain`, so that no line is split over two segments."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._held = bytearray()

    def write(self, data: bytes) -> None:
        self._held += data

    def writelines(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            self._held += part

    async def drain(self) -> None:
        self._let_out()
        await self._writer.drain()

    def close(self) -> None:
        self._let_out()
        self._writer.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def _let_out(self) -> None:
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            self._writer.write(held)
