"""How many boards a second, against a bare handler that returns the same bytes; and how long during an import.

    python tests/bench_page.py [--seconds 4] [--messages 5000]

Prints its figures; asserts nothing. Server, clients and import are processes of their own, as in use. Fifty clients ask
again as soon as they have their answer, so a latency is also fifty over the rate; `paced` clients ask twice a second.
The longest turn of the event loop while a board is made anew is what everybody else then waits; it is told in processor
time, so that it is the same on a busy machine.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from aiohttp import web
from page_samples import CONFERENCE, EVENT, MAILS, NOW, fill, moment, reading_of, settings

from intake.page.app import build_app
from intake.page.house import HOUSE
from intake.register import Register
from intake.serve import spare_the_collector
from intake.status import ServiceStatus

CLIENTS = 50
ROUNDS = 3


class Client(asyncio.Protocol):
    """One connection that asks for one address over and over, and notes how long each answer took."""

    def __init__(self, port: int, until: float, pause: float, ended: asyncio.Future[None]) -> None:
        self.request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Language: en\r\n\r\n".encode()
        self.until, self.pause, self.ended = until, pause, ended
        self.took: list[float] = []
        self.missing = -1
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.begun = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self.missing < 0:
            self.head += data
            head, blank, body = self.head.partition(b"\r\n\r\n")
            if not blank:
                return
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            self.missing, self.head, data = length, b"", body
        self.missing -= len(data)
        if self.missing == 0:
            self.missing = -1
            now = time.perf_counter()
            self.took.append(now - self.begun)
            if now >= self.until:
                self.transport.close()
                self.ended.set_result(None)
            elif self.pause:
                asyncio.get_running_loop().call_later(self.pause, self.ask)
            else:
                self.ask()


async def ask(port: int, seconds: float, pause: float = 0.0) -> tuple[float, list[float]]:
    """Answers a second, and all latencies in seconds, sorted."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    clients = []
    for _ in range(CLIENTS):
        ended = loop.create_future()
        _, client = await loop.create_connection(
            lambda ended=ended: Client(port, begun + seconds, pause, ended), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*(client.ended for client in clients))
    took = sorted(one for client in clients for one in client.took)
    return len(took) / (time.perf_counter() - begun), took


def serve(directory: Path, port: Connection, body: bytes | None) -> None:
    """The page, or a bare handler that answers with `body`."""

    async def run() -> None:
        if body is None:
            status = ServiceStatus(NOW)
            given = settings(directory)
            app = build_app(given, CONFERENCE, given.database, status, lambda: NOW)
        else:
            app = web.Application()

            async def bare(_: web.Request) -> web.Response:
                return web.Response(body=body, content_type="text/html", charset="utf-8")

            app.router.add_get("/", bare)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        asyncio.get_running_loop().call_later(2.0, spare_the_collector)
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def put_more(path: Path, first: int, count: int, done: Connection) -> None:
    """Imports messages one by one, as fast as the register takes them."""
    with Register.open(path) as register:
        begun = time.perf_counter()
        put_many(register, first, count)
    done.send(time.perf_counter() - begun)


def put_many(register: Register, first: int, count: int) -> None:
    for number in range(first, first + count):
        mail = MAILS[number % len(MAILS)]
        at = moment(mail.day) + timedelta(seconds=number)
        raw = f"Message-ID: <{number}@bench.example>\r\n\r\n{number}".encode()
        kept = register.keep(EVENT, raw, None, received_at=at, fetched_at=at)
        base = reading_of(mail, number)
        envelope = replace(base.envelope, message_id=f"{number}@bench.example", sent=at)
        register.record(kept.id, replace(base, envelope=envelope), at=at)


def started(context: multiprocessing.context.SpawnContext, directory: Path, body: bytes | None) -> tuple[object, int]:
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(directory, theirs, body), daemon=True)
    process.start()
    return process, ours.recv()


def percentile(took: list[float], share: float) -> float:
    return took[min(len(took) - 1, int(len(took) * share))] * 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=4.0)
    arguments.add_argument("--messages", type=int, default=5000)
    asked = arguments.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        path = settings(directory).database
        fill(path)
        with Register.open(path) as register, register.change():
            put_many(register, 10_000, asked.messages - len(MAILS))
        _, port = started(context, directory, None)
        body = asyncio.run(first_body(port))
        _, bare = started(context, directory, body)
        print(f"{asked.messages} messages, board of {len(body)} bytes, {CLIENTS} clients")
        shares = []
        for _ in range(ROUNDS):
            plain, _ = asyncio.run(ask(bare, asked.seconds))
            rate, took = asyncio.run(ask(port, asked.seconds))
            shares.append(rate / plain)
            print(
                f"  bare {plain:6.0f}/s   board {rate:6.0f}/s   share {rate / plain:.2f}   "
                f"p50 {percentile(took, 0.5):.1f} ms   p99 {percentile(took, 0.99):.1f} ms"
            )
        longest = asyncio.run(turns(directory))
        print(
            f"longest turn of the loop while a board is made anew, processor time: "
            f"p50 {percentile(longest, 0.5):.1f} ms, p99 {percentile(longest, 0.99):.1f} ms"
        )
        print(f"share, median of {ROUNDS}: {statistics.median(shares):.2f}")
        for words, pause in (("all they can", 0.0), ("paced, two a second each", 0.5)):
            ours, theirs = context.Pipe()
            first = 100_000 if pause else 200_000
            importing = context.Process(target=put_more, args=(path, first, 1000, theirs))
            importing.start()
            took: list[float] = []
            while not ours.poll():
                took += asyncio.run(ask(port, 1.0, pause))[1]
            took.sort()
            print(
                f"while 1,000 messages are imported ({ours.recv():.1f} s), clients asking {words}: {len(took)} boards, "
                f"p50 {percentile(took, 0.5):.1f} ms, p99 {percentile(took, 0.99):.1f} ms, "
                f"longest {took[-1] * 1000:.0f} ms"
            )
            importing.join()


async def turns(directory: Path, count: int = 200) -> list[float]:
    """For each of so many boards made anew the longest turn of the event loop, in seconds of processor time, sorted."""
    given = settings(directory)
    app = build_app(given, CONFERENCE, given.database, ServiceStatus(NOW), lambda: NOW)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    await first_body(port)
    spare_the_collector()
    took: list[float] = []
    whole = asyncio.events.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        whole(handle)
        took.append(time.thread_time() - begun)

    asyncio.events.Handle._run = timed
    longest = []
    try:
        for number in range(count):
            with Register.open(given.database) as register:
                put_many(register, 300_000 + number, 1)
            await app[HOUSE].pulse.look()
            took.clear()
            await first_body(port, "Live: 1\r\n")  # waits for the new board instead of taking the last one
            longest.append(max(took))
    finally:
        asyncio.events.Handle._run = whole
        await runner.cleanup()
    return sorted(longest)


async def first_body(port: int, field: str = "") -> bytes:
    """The board as the page answers it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n{field}\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


if __name__ == "__main__":
    main()
