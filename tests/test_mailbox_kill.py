"""The process is killed at every step of its work on a real mailbox, started again, and compared with one left alone.

Every step is some 500 lives of the service, a minute or two; with KILL_POINTS_STRIDE=7 it takes every seventh.
"""

import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from imap_dovecot import Dovecot, available

pytestmark = [pytest.mark.dovecot, pytest.mark.skipif(not available(), reason="Dovecot is not installed")]

MESSAGES = 20
MOST_POINTS = 700


def mailboxes(dovecot: Dovecot, number: int) -> None:
    """`number` users with the same twenty messages and a folder for what is recorded, straight into their maildirs."""
    for point in range(number):
        store = dovecot.directory / "mail" / f"k{point:03d}" / "maildir"
        for folder in (store, store / ".Recorded"):
            for name in ("cur", "new", "tmp"):
                (folder / name).mkdir(parents=True)
        for uid in range(1, MESSAGES + 1):
            raw = f"Message-ID: <{uid}@host.example>\nSubject: n{uid}\n\nbody {uid}\n"
            (store / "new" / f"17{uid:08d}.M{uid}P1.host").write_text(raw)
    if not os.getuid():
        owner = pwd.getpwnam("nobody")
        subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", str(dovecot.directory / "mail")], check=True)


@pytest.fixture
def fast_directory() -> Iterator[str]:
    """In memory where that is possible: a killed process loses nothing that the system has taken, on whatever disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        yield name


WITHOUT_MOVE = "protocol imap {\n  imap_capability = IMAP4rev1 ID ENABLE IDLE UIDPLUS LITERAL+\n}\n"


@pytest.mark.parametrize("extra", [pytest.param("", id="MOVE"), pytest.param(WITHOUT_MOVE, id="COPY and EXPUNGE")])
def test_killed_at_every_step(fast_directory: str, extra: str) -> None:
    stride = int(os.environ.get("KILL_POINTS_STRIDE", "1"))
    with Dovecot(extra=extra) as dovecot:
        mailboxes(dovecot, MOST_POINTS)
        program = str(Path(__file__).parent / "kill_points.py")
        runs = [
            subprocess.Popen(
                [sys.executable, program, str(dovecot.port), fast_directory, str(1 + half * stride), str(2 * stride)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for half in (0, 1)
        ]
        results = []
        for run in runs:
            out, errors = run.communicate(timeout=1800)
            assert run.returncode == 0, errors[-2000:]
            results += [json.loads(line) for line in out.splitlines()]
    killed = [result for result in results if result["killed"]]
    assert len(results) - len(killed) == 2, "each half ends with a run that was left alone"
    assert len(killed) * stride >= 150
    print(f"{len(killed)} kill points, every {stride}.")
    wanted = {"buckets": {"unrelated": MESSAGES}, "inbox": 0, "recorded": MESSAGES, "different": MESSAGES}
    for result in results:
        assert result["disagreements"] == [], result
        assert result["whole"], result
        assert {key: result[key] for key in wanted} == wanted, result
