"""The page as a running service for tests: real sockets, a real register, and Chromium to look at it."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from page_samples import CONFERENCE, EVENT, MAILS, NOW, Mail, fill, put, settings

from intake.page.app import build_app
from intake.register import Register
from intake.status import ServiceStatus

CHROMIUM = Path("/usr/bin/chromium")


class PageService:
    """The page of the sample event at a free port, with a clock that stands until it is set."""

    def __init__(self, directory: Path, mails: tuple[Mail, ...] = MAILS, now: datetime = NOW) -> None:
        self.now = now
        self.settings = settings(directory)
        self.settings.database.write_bytes(_filled(mails))
        self.register = Register.open(self.settings.database)
        self.warm = True
        self.status = ServiceStatus(now, lambda: self.warm)
        self.status.add_mailbox("bridges@host.example", 300, now)
        self.status.mailbox_good("bridges@host.example", now - timedelta(minutes=1))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runner: web.AppRunner | None = None
        self.port = 0
        self._number = 5000
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, port: int = 0) -> None:
        """Listens, at the port it had before where that is given."""

        async def listen() -> None:
            app = build_app(self.settings, CONFERENCE, self.settings.database, self.status, lambda: self.now)
            self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.3)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", port).start()
            self.port = self._runner.addresses[0][1]

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result(20)

    def stop(self) -> None:
        """Stops listening; `start` may follow."""
        assert self._runner is not None
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(20)

    def arrives(self, mail: Mail) -> int:
        """Puts one more message into the register, as the worker would; its number."""
        self._number += 1
        return put(self.register, mail, self._number)

    def close(self) -> None:
        self.stop()
        self.register.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@lru_cache(maxsize=4)
def _filled(mails: tuple[Mail, ...]) -> bytes:
    """The register of those messages as a file, made once."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "filled.db"
        fill(path, mails)
        return path.read_bytes()


@pytest.fixture
def page_service(tmp_path: Path) -> Iterator[PageService]:
    """The sample event, served."""
    service = PageService(tmp_path)
    yield service
    service.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium; the tests of a module share it, each with a context of its own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(
    browser: Any,
    service: PageService,
    path: str = "/",
    *,
    width: int = 1440,
    scripts: bool = True,
    theme: str = "light",
    language: str = "en-GB",
    name: str = "Lotte Peeters",
    welcomed: bool = True,
) -> Any:
    """A page in a fresh browser context. A fault on its console fails the test that looks for it in `page.faults`."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts, color_scheme=theme, locale=language
    )
    context.set_default_timeout(8000)
    cookies = [("who", quote(name))] if name else []
    cookies += [("welcomed", "1")] if welcomed else []
    if cookies:
        context.add_cookies([{"name": key, "value": value, "url": service.address} for key, value in cookies])
    page = context.new_page()
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(service.address + path)
    return page


__all__ = ["CONFERENCE", "EVENT", "PageService", "chromium", "open_page", "page_service"]
