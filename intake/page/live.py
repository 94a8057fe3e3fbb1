"""Server-sent events (WHATWG HTML, 9.2): tells open pages that something changed; they fetch themselves anew.

One short line a change, so that a burst of mail costs a browser nothing but the page it is looking at.
"""

import asyncio
import contextlib

from aiohttp import web

from intake.page.house import HOUSE
from intake.page.security import HEADERS

TICK_SECONDS = 15.0
"""A line at least this often: a browser that hears nothing for long knows that the line is dead."""

MOST_LISTENERS = 400
LISTENERS: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("listeners", set)


async def live(request: web.Request) -> web.StreamResponse:
    """`GET /live`. Ends when the browser goes or the service stops."""
    listeners = request.app[LISTENERS]
    if len(listeners) >= MOST_LISTENERS:
        raise web.HTTPServiceUnavailable(text="live")
    pulse = request.app[HOUSE].pulse
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    response.headers.update(HEADERS)  # the guard comes too late for an answer that has begun
    await response.prepare(request)
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  a handler always runs in a task
    listeners.add(task)
    try:
        with contextlib.suppress(ConnectionResetError):
            await response.write(b"retry: 2000\n\n")
            told = ""
            while not pulse.closing:
                stamp = pulse.beat.stamp
                kind = "tick" if stamp == told else "changed"
                await response.write(f"event: {kind}\ndata: {stamp}\n\n".encode())
                told = stamp
                await pulse.beyond(stamp, TICK_SECONDS)
    finally:
        listeners.discard(task)
    return response
