"""A mail on its way to a browser: Dovecot, `intake serve` as a process of its own, Chromium with the board open."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from imap_dovecot import PASSWORD, Dovecot, free_port
from imapclient import IMAPClient

import intake.demo
from intake.config import load_conference

CONFIG = Path(intake.demo.__file__).parent / "config"
READY_SECONDS = 60


@contextmanager
def served(directory: Path, mailbox: Dovecot, user: str) -> Iterator[str]:
    """The demo's event served on a mailbox of Dovecot, once it is ready; the page's address."""
    config, port = directory / "config", free_port()
    config.mkdir()
    for file in CONFIG.iterdir():
        (config / file.name).write_bytes(file.read_bytes())
    (config / "password").write_text(PASSWORD)
    (config / "service.toml").write_text(
        f'[mailbox]\nhost = "127.0.0.1"\nport = {mailbox.port}\ntls = "none"\nuser = "{user}"\n'
        f'password_file = "password"\n[page]\naddress = "127.0.0.1:{port}"\n[register]\ndatabase = "../intake.db"\n'
    )
    command = [sys.executable, "-m", "intake.cli", "serve", "--config", str(config), "--log-level", "WARNING"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, address)
        yield address
    finally:
        process.terminate()
        process.wait(15)


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.05)  # a process that starts has nothing else to wait on
    raise RuntimeError("intake serve does not get ready")


def deliveries(count: int) -> Iterator[tuple[str, str, bytes]]:
    """Each a delegation, the colour that its first day turns to, and the mail that makes it so."""
    delegations = [one for one in load_conference(CONFIG).delegations if one.kind == "member-state"]
    for number in range(count):
        one = delegations[number % len(delegations)]
        comes = (number // len(delegations)) % 2 == 0
        words = "will attend on both days" if comes else "will not be able to attend"
        now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
        text = (
            f"From: Private Office <cabinet@{one.domains[0]}>\r\nTo: conference@presidency.example\r\n"
            f"Subject: Conference in Ghent\r\nDate: {now}\r\nMessage-ID: <{number}@{one.domains[0]}>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            f"Dear colleagues,\r\n\r\nI can inform you that Minister {one.minister} {words}.\r\n\r\nKind regards\r\n"
        )
        yield one.code, "minister" if comes else "no", text.encode()


def seconds_to_the_cell(page: Any, client: IMAPClient, code: str, colour: str, raw: bytes) -> float:
    """From APPEND to the changed cell of the open page."""
    begun = time.perf_counter()
    client.append("INBOX", raw)
    page.wait_for_selector(f"#d-{code} td.{colour}[data-k='{code}-0']", timeout=20_000)
    return time.perf_counter() - begun
