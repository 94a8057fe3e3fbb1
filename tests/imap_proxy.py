"""A proxy on loopback that does to a connection what networks do: delay, slice, swallow, reset."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress


class Proxy:
    """`with Proxy(port) as proxy`: connect to `proxy.port`.

    `delay` is one way, in seconds. `slice` is how many bytes a segment may have. `swallow` lets nothing through any
    more, in silence. `reset()` ends every connection at once; `cut_after` each after so many bytes from the server.
    """

    def __init__(self, target: int, *, delay: float = 0.0, slice: int = 0, cut_after: int = 0) -> None:  # noqa: A002
        self.target = target
        self.delay = delay
        self.slice = slice
        self.cut_after = cut_after
        self.swallow = False
        self.port = 0
        self.connections = 0
        self.sent: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()

    def __enter__(self) -> "Proxy":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def reset(self) -> None:
        done = threading.Event()

        def close() -> None:
            for writer in self._writers:
                with suppress(Exception):
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    writer.transport.abort()
            self._writers.clear()
            done.set()

        self._loop.call_soon_threadsafe(close)
        assert done.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        for one in (writer, far_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._writers += [writer, far_writer]
        with suppress(asyncio.CancelledError):  # the proxy ends
            await asyncio.gather(
                self._pump(reader, far_writer, from_server=False),
                self._pump(far_reader, writer, from_server=True),
                return_exceptions=True,
            )

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def let_out() -> None:
            while True:
                at, data = await queue.get()
                if (wait := at - self._loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    writer.close()
                    return
                for start in range(0, len(data), self.slice or len(data)):
                    writer.write(data[start : start + (self.slice or len(data))])
                    await writer.drain()
                    if self.slice:
                        await asyncio.sleep(0)

        out = asyncio.create_task(let_out())
        seen = 0
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if not from_server:
                    self.sent.append(data)
                if self.swallow:
                    continue
                seen += len(data)
                if from_server and self.cut_after and seen > self.cut_after:
                    queue.put_nowait((self._loop.time(), data[: max(0, len(data) - (seen - self.cut_after))]))
                    break
                queue.put_nowait((self._loop.time() + self.delay, data))
        if not self.swallow:
            queue.put_nowait((self._loop.time() + self.delay, b""))
        await out
