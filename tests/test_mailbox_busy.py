"""Another client appends, flags, moves and deletes thousands of messages while the service reads, and disks fill up:
the ledger agrees at the end, and what was recorded stays recorded."""

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imap_dovecot import Dovecot, available
from ledger_check import counted, disagreements, whole

from intake.clock import SystemClock
from intake.mailbox.doors import source_of
from intake.mailbox.faults import MailboxError
from intake.mailbox.watch import Watch
from intake.register import Register

pytestmark = [pytest.mark.dovecot, pytest.mark.skipif(not available(), reason="Dovecot is not installed")]

MESSAGES = 5_000


def mail(number: int) -> bytes:
    return b"Message-ID: <%d@host.example>\r\nSubject: n%d\r\n\r\n%s\r\n" % (number, number, b"x" * (number % 900))


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot("sdbox") as server:
        yield server


class OtherClient:
    """Does to a mailbox what colleagues do, only faster. `appended` is everything that ever lay there."""

    def __init__(self, dovecot: Dovecot, user: str, number: int) -> None:
        self._dovecot = dovecot
        self._user = user
        self._number = number
        self._random = random.Random(7)
        self.appended: set[str] = set()
        self.failed: list[BaseException] = []
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.failed.append(error)
        finally:
            self.done.set()

    def _work(self) -> None:
        with self._dovecot.client(self._user) as client:
            client.create_folder("Answers")
            client.select_folder("INBOX")
            number = 0
            while number < self._number:
                for _ in range(self._random.randint(1, 80)):
                    number += 1
                    client.append("INBOX", mail(number))
                    self.appended.add(hashlib.sha256(mail(number)).hexdigest())
                uids = client.search("ALL")
                client.add_flags(self._some(uids), [self._random.choice(["\\Seen", "\\Flagged", "$Colleague"])])
                client.move(self._some(uids), "Answers")
                if self._random.random() < 0.3:
                    client.delete_messages(self._some(client.search("ALL")))
                    client.expunge()

    def _some(self, uids: list[int]) -> list[int]:
        return self._random.sample(uids, max(1, min(len(uids) // 10, 20))) if uids else [1]


def test_another_client_at_full_speed(dovecot: Dovecot, tmp_path: Path) -> None:
    other = OtherClient(dovecot, "anna", MESSAGES)
    dovecot.append("anna", [mail(0)])
    other.appended.add(hashlib.sha256(mail(0)).hexdigest())
    thread = threading.Thread(target=other.run)
    database = tmp_path / "r.db"
    clock = SystemClock()
    account = dovecot.account("anna", archive=("Answers",))
    looks = 0
    with Register.open(database) as register:
        watch = Watch(account, source_of(account, clock), register, "e", clock)
        thread.start()
        while not other.done.is_set():
            try:
                watch.look()
                looks += 1
            except MailboxError:  # the folder is not made yet
                time.sleep(0.05)
        thread.join()
        assert other.failed == []
        report = watch.look()
        watch.close()
        again = Watch(account, source_of(account, clock), register, "e", clock)
        assert again.look().words == report.words == ""
        again.close()
        rounds = {row.folder: row for row in register.rounds("e")}
        assert all(row.holds == row.knows for row in rounds.values())
    found: dict[tuple[str, int, int], bytes] = {}
    with dovecot.client("anna") as client:
        for folder in ("INBOX", "Answers"):
            validity = int(client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])
            uids = client.search("ALL")
            for start in range(0, len(uids), 500):
                for uid, values in client.fetch(uids[start : start + 500], ["BODY.PEEK[]"]).items():
                    found[folder, validity, uid] = values[b"BODY[]"]
    assert disagreements(database, found) == []
    kept = counted(database)
    assert set(kept.values()) == {1}
    assert kept.keys() <= other.appended, "nothing was made up"
    assert {hashlib.sha256(raw).hexdigest() for raw in found.values()} <= kept.keys(), "nothing is missing"
    assert looks > 5
    assert whole(database)


FILLING = """
import resource, sys
from datetime import UTC, datetime
from intake.clock import SystemClock
from intake.mailbox.doors import source_of
from intake.mailbox.watch import Watch
from intake.register import Register, RegisterError
from intake.settings import Account

port, database, limit = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
account = Account(host="127.0.0.1", port=port, tls="none", user="full", password="secret")
clock = SystemClock()
register = Register.open(database)
watch = Watch(account, source_of(account, clock), register, "e", clock)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
failures = 0
for _ in range(3):
    try:
        watch.look()
    except RegisterError as error:
        failures += 1
        words = str(error)
print(failures, words)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(watch.look().outcomes["INBOX"].holds, len(register.unread("e")))
"""


@pytest.mark.parametrize("limit", [400_000, 1_000_000, 2_500_000])
def test_a_disk_that_fills_up_in_mid_write(dovecot: Dovecot, tmp_path: Path, limit: int) -> None:
    big = [
        b"Message-ID: <%d@host.example>\r\n\r\n" % number + os.urandom(40_000).hex().encode() for number in range(60)
    ]
    dovecot.append("full", big)
    database = tmp_path / "r.db"
    run = subprocess.run(
        [sys.executable, "-c", FILLING, str(dovecot.port), str(database), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    full, after = run.stdout.splitlines()
    assert full.startswith("3 "), "every look fails while the disk is full"
    assert "disk is full" in full
    assert after == "60 60", "nothing is lost and nothing double once there is space"
    assert whole(database)
    assert set(counted(database).values()) == {1}


def test_a_register_that_another_process_holds(dovecot: Dovecot, tmp_path: Path) -> None:
    import sqlite3

    dovecot.append("held", [mail(1)])
    database = tmp_path / "r.db"
    with Register.open(database) as register:
        register.connection.execute("PRAGMA busy_timeout = 50")
        clock = SystemClock()
        account = dovecot.account("held")
        watch = Watch(account, source_of(account, clock), register, "e", clock)
        holder = sqlite3.connect(database, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        from intake.register import RegisterError

        with pytest.raises(RegisterError, match="another program"):
            watch.look()
        holder.execute("ROLLBACK")
        holder.close()
        assert watch.look().outcomes["INBOX"].new == 1
        watch.close()
        assert register.received_at(register.unread("e")[0]) <= datetime.now(UTC)
