"""`intake demo`: sample replies arrive in an embedded mailbox every few seconds, and the service does the rest."""

import asyncio
import sys
import tempfile
from datetime import datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intake.config import load_conference
from intake.serve import PortError, run, start_log
from intake.settings import Account, Settings

if TYPE_CHECKING:
    from intake.mailbox.demo_server import DemoServer

HERE = Path(__file__).parent
AT_ONCE = 10
"""So many lie in the mailbox when it is opened."""

STOP_SECONDS = 0.9


@click.command(
    short_help="Show the whole service with sample mail.",
    epilog="Example: intake demo --every 2",
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Where the page listens. Default: a free port.")
@click.option("--every", default=4.0, show_default=True, type=click.FloatRange(min=0.05), help="Seconds between mails.")
@click.option("--imap-port", default=0, type=click.IntRange(0, 65535), help="The sample mailbox. Default: a free port.")
def demo(port: int, every: float, imap_port: int) -> None:
    """Show the whole service with sample mail. Nothing is asked, nothing leaves this machine, nothing stays behind.

    Prints the address of the page to open. Ctrl-C ends it.
    """
    start_log("WARNING")
    with tempfile.TemporaryDirectory(prefix="intake-demo-") as directory:
        try:
            asyncio.run(_demo(Path(directory), port, every, imap_port))
        except PortError as error:
            click.echo(f"intake: {error}", err=True)
            sys.exit(1)


async def _demo(directory: Path, port: int, every: float, imap_port: int) -> None:
    from intake.mailbox.demo_server import DemoServer

    conference = load_conference(HERE / "config")
    mails = sample_mails()
    async with DemoServer(port=imap_port) as server:
        for raw in mails[:AT_ONCE]:
            await server.deliver(raw, arrival(raw))
        account = Account(host=server.host, port=server.port, tls="none", user=server.user, password=server.password)
        settings = Settings(
            directory=HERE / "config",
            event="demo",
            mailboxes=(account,),
            page_port=port,
            database=directory / "demo.db",
        )
        delivery = asyncio.create_task(_deliver(server, mails[AT_ONCE:], every))
        try:
            await run(settings, conference, say=lambda url: _say(url, server, every), patience=STOP_SECONDS)
        finally:
            delivery.cancel()


async def _deliver(server: "DemoServer", mails: list[bytes], every: float) -> None:
    for raw in mails:
        await asyncio.sleep(every)
        await server.deliver(raw, arrival(raw))


def _say(url: str, server: "DemoServer", every: float) -> None:
    click.echo(url)
    click.echo(
        f"Open this address. A sample mail arrives every {every:g} seconds; Ctrl-C ends the demo.\n"
        f"To send your own: IMAP APPEND to {server.host}, port {server.port}, user {server.user}, password"
        f" {server.password}.",
        err=True,
    )
    sys.stdout.flush()


def sample_mails() -> list[bytes]:
    """The sample replies in the order in which they came."""
    return [path.read_bytes() for path in sorted((HERE / "mails").glob("*.eml"))]


def arrival(raw: bytes) -> datetime:
    """When a sample reached the mailbox: its own Date."""
    return parsedate_to_datetime(str(message_from_bytes(raw)["date"]))
