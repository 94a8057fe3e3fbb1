"""The disk is full in the middle of everything: what was acknowledged is there, the rest is not, and it goes on."""

import os
import resource
import signal
from pathlib import Path

import pytest
from register_samples import CONFERENCE, both, on, raw_mail, reading

from intake.register import Location, Register, RegisterBusyError

LIMIT = 1_500_000


def fill_until_full(path: Path) -> int:
    """In a process of its own, whose files may not grow further; its exit code tells where it failed."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    register = Register.open(path)
    register.enter(CONFERENCE, "bridges")
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
    acknowledged = []
    refused = 0
    for number in range(1, 400):
        where = Location("box", "INBOX", 7, number)
        raw = raw_mail(number, body="x" * 20_000)
        try:
            kept = register.keep("bridges", raw, where, received_at=on(1), fetched_at=on(1))
            acknowledged.append(number)
            register.record(kept.id, reading(both("Anna Berger"), text="y" * 20_000), at=on(1))
        except RegisterBusyError as error:
            if "disk is full" not in str(error):
                return 5
            refused += 1
            if refused > 3:
                break
    if not refused or not acknowledged:
        return 2
    if register.known_uids("bridges", "box", "INBOX", 7) != set(acknowledged):
        return 3
    # Space again: the same connection goes on, from the place where the cursor stands.
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for number in range(1, 60):
        if number not in register.known_uids("bridges", "box", "INBOX", 7):
            where = Location("box", "INBOX", 7, number)
            raw = raw_mail(number, body="x" * 20_000)
            register.keep("bridges", raw, where, received_at=on(1), fetched_at=on(1))
    for number in register.unread("bridges"):
        register.record(number, reading(both("Anna Berger"), text="y" * 20_000), at=on(1))
    whole = register.counts("bridges").total == len(register.known_uids("bridges", "box", "INBOX", 7)) >= 59
    return 0 if whole and register.faults() == [] else 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process of its own, by fork")
def test_nothing_is_lost_and_nothing_half_done_when_the_disk_is_full(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = fill_until_full(tmp_path / "register.db")
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
