"""Ends the service's work at a chosen step, by SIGKILL, and starts it again: a program of its own, run by the tests.

A step is every line to the IMAP server and every transaction of the register, each before and after, and each
transaction once more just before its commit. `python kill_points.py PORT DIRECTORY FIRST STRIDE` prints one JSON object
a kill point. Each point gets a mailbox of its own: the user `kNNN`, whose mail the caller has put there.
"""

import imaplib
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from ledger_check import buckets, disagreements, whole

from intake.clock import SystemClock
from intake.mailbox.doors import source_of, steps_of
from intake.mailbox.watch import Watch
from intake.process import read_kept
from intake.register import Register
from intake.register.file import File
from intake.settings import Account
from parsers.reading import Envelope, Neither, Reading

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Steps:
    """Counts steps, and ends the process at one of them."""

    def __init__(self, end_at: int | None) -> None:
        self.end_at = end_at
        self.count = 0
        self.names: list[str] = []

    def step(self, name: str) -> None:
        self.count += 1
        self.names.append(name)
        if self.count == self.end_at:
            os.kill(os.getpid(), signal.SIGKILL)


def watched(steps: Steps) -> None:
    """Puts a step around every line that is sent and every transaction."""
    send, change = imaplib.IMAP4.send, File.change

    def sending(self: Any, data: bytes) -> None:
        steps.step(f"before {data[:40]!r}")
        send(self, data)
        steps.step(f"after {data[:40]!r}")

    @contextmanager
    def changing(self: File) -> Iterator[None]:
        outermost = not self.connection.in_transaction
        if outermost:
            steps.step("before a transaction")
        with change(self):
            yield
            if outermost:
                steps.step("before a commit")
        if outermost:
            steps.step("after a commit")

    imaplib.IMAP4.send = sending  # type: ignore[method-assign]
    File.change = changing  # type: ignore[method-assign]


class Reader:
    """Reads in this process: what is under test is what surrounds it."""

    def read(self, raw: bytes, received_at: datetime) -> Reading:
        return Reading(
            text=raw.decode("ascii", "replace"), envelope=Envelope(sent=received_at), neither=Neither.UNRELATED
        )


def work(account: Account, database: Path) -> None:
    """What the service does with a mailbox until nothing is left to do."""
    clock = SystemClock()
    with Register.open(database) as register:
        source = source_of(account, clock)
        watch = Watch(account, source, register, "e", clock, steps=steps_of(source, account, register, "e", clock))
        for _ in range(2):
            watch.look()
            for number in register.unread("e"):
                read_kept(register, Reader(), number, now=lambda: NOW)  # type: ignore[arg-type]
        watch.look()
        watch.close()


def run(account: Account, database: Path, end_at: int | None) -> tuple[bool, int]:
    """One life of the service, in a process of its own: whether it was killed, and how many steps it had if not."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            steps = Steps(end_at)
            watched(steps)
            work(account, database)
            os.write(writer, str(steps.count).encode())
            os._exit(0)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    told = os.read(reader, 20)
    os.close(reader)
    if os.WIFSIGNALED(status):
        return True, 0
    if os.WEXITSTATUS(status):
        raise SystemExit(f"the run with kill point {end_at} failed by itself")
    return False, int(told)


def mailbox(port: int, user: str, folders: tuple[str, ...]) -> dict[tuple[str, int, int], bytes]:
    """Every message in the folders, by a plain client."""
    found = {}
    with IMAPClient("127.0.0.1", port, ssl=False) as client:
        client.login(user, "secret")
        for folder in folders:
            validity = int(client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])
            uids = client.search("ALL")
            for uid, values in (client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}).items():
                found[folder, validity, uid] = values[b"BODY[]"]
    return found


def main() -> None:
    port, directory, first, stride = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    point = first
    while True:
        user = f"k{point:03d}"
        account = Account(
            host="127.0.0.1", port=port, tls="none", user=user, password="secret", after="move", after_folder="Recorded"
        )
        database = directory / f"{user}.db"
        killed, count = run(account, database, point)
        lives = 1
        if killed:
            again, count = run(account, database, None)
            lives += 1
            assert not again
        inbox = mailbox(port, user, ("INBOX",))
        recorded = mailbox(port, user, ("Recorded",))
        result = {
            "point": point,
            "killed": killed,
            "lives": lives,
            "steps": count,
            "disagreements": disagreements(database, inbox),
            "buckets": buckets(database),
            "whole": whole(database),
            "inbox": len(inbox),
            "recorded": len(recorded),
            "different": len(set(recorded.values())),
        }
        print(json.dumps(result), flush=True)
        for path in directory.glob(f"{user}.db*"):
            path.unlink()
        if not killed:
            return
        point += stride


if __name__ == "__main__":
    main()
