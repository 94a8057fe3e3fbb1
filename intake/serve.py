"""`intake serve` and `intake healthcheck`: the page, the worker and the reader's process, started and stopped together.

The page listens first, before the reader is warm and before the mailbox has answered, and says so.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intake.clock import Clock, SystemClock
from intake.commands import config_option, db_option
from intake.config import check_config, load_settings
from intake.settings import Settings
from parsers.conference import Conference

if TYPE_CHECKING:
    from aiohttp import web

    from intake.mailbox.source import Source
    from intake.settings import Account
    from intake.status import ServiceStatus

log = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""How long the message in hand may take after SIGTERM."""


class PortError(Exception):
    """The page cannot listen; the text says where and what to do."""


SETTLED_SECONDS = 20.0
"""When templates are compiled and catalogues read, whatever the machine."""


def spare_the_collector() -> None:
    """Takes what the start has made out of the garbage collector's rounds.

    It lives as long as the service; going through it stopped every answer for 40 milliseconds and more.
    """
    gc.collect()
    gc.freeze()


@click.command(
    short_help="Watch the mailbox and serve the page.",
    epilog="Example: intake serve --config config",
)
@config_option
@db_option
@click.option("--address", help="Where the page listens, as 127.0.0.1:8080. Default: what service.toml says.")
@click.option(
    "--log-level", default="INFO", type=click.Choice(["DEBUG", "INFO", "WARNING"]), help="What the log tells."
)
def serve(config: Path, db: Path | None, address: str | None, log_level: str) -> None:
    """Watch the mailbox, read what arrives, and serve the page until SIGTERM or Ctrl-C.

    Exit code 0 after a clean stop, 1 where another service works on the register or the port is taken, 2 where the
    configuration is wrong.
    """
    from intake.lock import AlreadyRunningError, RegisterLock

    given = {"register.database": str(db)} if db else {}
    if address:
        given["page.address"] = address
    settings, conference = check_config(config, given=given)
    start_log(log_level)
    try:
        with RegisterLock(settings.database):
            asyncio.run(run(settings, conference, say=click.echo, patience=STOP_SECONDS))
    except (AlreadyRunningError, PortError) as error:
        click.echo(f"intake: {error}", err=True)
        sys.exit(1)


async def run(
    settings: Settings,
    conference: Conference,
    *,
    say: Callable[[str], None],
    patience: float,
    clock: Clock | None = None,
    open_source: "Callable[[Account, Clock], Source] | None" = None,
    until: asyncio.Event | None = None,
) -> None:
    """Serves until a signal, or `until` is set. Raises `PortError` and `RegisterError` before anything is started.

    `open_source` opens another kind of mailbox than the settings name; `patience` is for the message in hand.
    """
    clock = clock or SystemClock()
    from intake.register import Register

    with Register.open(settings.database) as register:  # its faults are told before the page listens
        register.enter(conference, settings.event, trusted=settings.authserv_id, retention_days=settings.retention_days)
    ending = until or asyncio.Event()
    _end_on_signals(ending)
    from intake.reading_process import ReaderProcess
    from intake.status import ServiceStatus

    reader = ReaderProcess(conference, settings.reader)
    status = ServiceStatus(clock.now(), reader.warm.is_set)
    runner = await _listen(settings, conference, status, clock, say)
    try:
        from intake.mailbox.doors import source_of
        from intake.worker import Worker

        asyncio.get_running_loop().call_later(SETTLED_SECONDS, spare_the_collector)
        reader.start()
        worker = Worker(settings, reader, status, clock, open_source=open_source or source_of)
        running = asyncio.create_task(worker.run())
        stop = asyncio.create_task(ending.wait())
        await asyncio.wait({running, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        await worker.stop(patience)
        if running.done() and not running.cancelled():
            running.result()
    finally:
        reader.stop()
        await runner.cleanup()


async def _listen(
    settings: Settings, conference: Conference, status: "ServiceStatus", clock: Clock, say: Callable[[str], None]
) -> "web.AppRunner":
    from aiohttp import web

    from intake.page.app import build_app

    app = build_app(settings, conference, settings.database, status, clock.now)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.3)
    await runner.setup()
    site = web.TCPSite(runner, settings.page_host, settings.page_port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        place = f"{settings.page_host}:{settings.page_port}"
        raise PortError(
            f"The page cannot listen on {place} ({os.strerror(error.errno or 0)}). Stop what listens there, or choose"
            " another address (--address, page.address)."
        ) from error
    host, port = runner.addresses[0][:2]
    say(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    return runner


def _end_on_signals(ending: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    asked_at = 0.0

    def end() -> None:
        nonlocal asked_at
        if not ending.is_set():
            asked_at = loop.time()
            ending.set()
        elif loop.time() - asked_at > 1:  # some shells and wrappers send the first one twice
            os._exit(130)  # somebody does not want to wait

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)


def start_log(level: str) -> None:
    """Lines on standard error. They carry numbers and steps, never what a mail says."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("imapclient").setLevel(logging.WARNING)  # its debug lines hold whole mails
    logging.getLogger("msal").setLevel(logging.WARNING)


@click.command(
    short_help="Ask a running service whether it is well.",
    epilog="Example: intake healthcheck --config config",
)
@config_option
@click.option("--address", help="Where the page listens. Default: what service.toml says.")
@click.option(
    "--ready", is_flag=True, help="Also ask whether it is ready: mailbox seen, register writable, reader warm."
)
def healthcheck(config: Path, address: str | None, ready: bool) -> None:
    """Ask the running service; exit code 0 where it is well, 1 where it is not or does not answer."""
    settings = load_settings(config, given={"page.address": address} if address else {})
    host = f"[{settings.page_host}]" if ":" in settings.page_host else settings.page_host
    url = f"http://{host}:{settings.page_port}/{'readyz' if ready else 'healthz'}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            click.echo(answer.read(10_000).decode("utf-8", "replace").strip())
    except urllib.error.HTTPError as error:
        click.echo(error.read(10_000).decode("utf-8", "replace").strip(), err=True)
        sys.exit(1)
    except OSError as error:
        reason = getattr(error, "reason", error)
        click.echo(f"intake: no service answers at {url} ({reason}). Start it with `intake serve`.", err=True)
        sys.exit(1)
