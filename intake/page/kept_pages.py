"""Pages kept as bytes between two changes: the same for everybody who sees the same, made once however many ask."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

MOST = 256
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page, good as long as its `stamp` is the current one. `cookie` is the Set-Cookie field that goes with it."""

    stamp: str
    body: bytes
    etag: str
    cookie: str = ""

    @classmethod
    def of(cls, stamp: str, body: bytes, cookie: str) -> "KeptPage":
        """The page with the mark by which a browser asks whether it is still the same (RFC 9110, 8.8.3)."""
        return cls(stamp, body, f'"{sha256(body).hexdigest()[:20]}"', cookie)


class KeptPages:
    """By visitor the page last answered, by what it shows the bytes; the longest unused go first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[object, KeptPage] = OrderedDict()
        self._bodies: OrderedDict[object, tuple[str, asyncio.Future[bytes]]] = OrderedDict()
        self._making: dict[object, asyncio.Task[KeptPage]] = {}

    def get(self, key: object) -> KeptPage | None:
        """The page last made for that visitor, current or not."""
        return self._pages.get(key)

    async def make(self, key: object, make: Callable[[], Awaitable[KeptPage]], *, patient: bool) -> KeptPage:
        """A current page for that visitor. Whoever is not `patient` takes the last one while the new one is made."""
        task = self._making.get(key)
        if task is None:
            task = asyncio.ensure_future(self._put(key, make))
            self._making[key] = task
            task.add_done_callback(lambda done: self._made(key, done))
        last = self._pages.get(key)
        if last is not None and not patient:
            return last
        return await asyncio.shield(task)

    def _made(self, key: object, task: asyncio.Task[KeptPage]) -> None:
        self._making.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits raises it; the next to ask tries again

    async def _put(self, key: object, make: Callable[[], Awaitable[KeptPage]]) -> KeptPage:
        page = await make()
        self._pages[key] = page
        _keep_few(self._pages, key)
        return page

    async def body(self, key: object, stamp: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The bytes for everybody who sees the same: made once for each stamp."""
        known = self._bodies.get(key)
        if known is None or known[0] != stamp or (known[1].done() and known[1].exception()):
            known = (stamp, asyncio.ensure_future(make()))
            self._bodies[key] = known
            _keep_few(self._bodies, key)
        return await asyncio.shield(known[1])


def _keep_few(kept: OrderedDict[object, Kept], key: object) -> None:
    kept.move_to_end(key)
    while len(kept) > MOST:
        kept.popitem(last=False)
