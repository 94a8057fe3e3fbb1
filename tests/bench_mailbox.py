"""How fast the mailbox is, each figure against the bare stage in one run.

`python tests/bench_mailbox.py [--quick] [--only round]`. Needs Dovecot.
Figures of one run may be compared with each other, and with those of another machine not at all.
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from imap_dovecot import PASSWORD, Dovecot
from imap_proxy import Proxy
from imapclient import IMAPClient

from intake.clock import SystemClock
from intake.mailbox.doors import source_of
from intake.mailbox.round import Round, batches_of
from intake.mailbox.watch import Watch
from intake.register import Register
from intake.settings import Account

ROUND_TRIP = 0.030
PARTS = ("fetch", "delay", "memory", "round", "idle")


def mails(number: int) -> list[bytes]:
    """Synthetic replies of 3 to 26 KB, half of them below 8 KB."""
    chance = random.Random(5)
    found = []
    for one in range(number):
        size = int(min(26_000, max(2_900, chance.lognormvariate(9.0, 0.55))))
        head = f"Message-ID: <{one}@host.example>\r\nFrom: a{one}@host.example\r\nSubject: reply {one}\r\n\r\n"
        found.append((head + "The Minister will attend. " * (size // 26)).encode())
    return found


def fill(dovecot: Dovecot, user: str, messages: list[bytes], folder: str = "INBOX") -> None:
    with dovecot.client(user) as client:
        for start in range(0, len(messages), 500):
            client.multiappend(folder, messages[start : start + 500])


def bare(account: Account, port: int, *, quiet: bool = False) -> float:
    """A loop that fetches batches of 50 with IMAPClient and does nothing with them; messages a second.

    `quiet` spares it the debug lines that IMAPClient has imaplib format, whoever listens.
    """
    client = IMAPClient(account.host, port, ssl=False, timeout=60)
    if quiet:
        client._imap.debug = 0
    client.login(account.user, PASSWORD)
    client.select_folder("INBOX", readonly=True)
    began = time.perf_counter()
    uids = client.search("ALL")
    for start in range(0, len(uids), 50):
        client.fetch(uids[start : start + 50], ["BODY.PEEK[]"])
    seconds = time.perf_counter() - began
    client.logout()
    return len(uids) / seconds


def ours(account: Account, port: int) -> float:
    """What a round does to fetch: list, sizes, batches bounded by bytes, arrival times; messages a second."""
    import dataclasses

    source = source_of(dataclasses.replace(account, port=port), SystemClock())
    source.open()
    source.open_folder("INBOX")
    began = time.perf_counter()
    uids = source.uids()
    sizes = source.sizes(uids)
    count = sum(len(source.fetch(batch.uids, part=batch.part)) for batch in batches_of(uids, sizes))
    seconds = time.perf_counter() - began
    source.close()
    return count / seconds


def in_turns(first: Callable[[], float], second: Callable[[], float], turns: int) -> tuple[float, float, float]:
    """Medians of both, and of their ratios turn by turn (second to first)."""
    pairs = [(first(), second()) for _ in range(turns)]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(two for _, two in pairs),
        statistics.median(two / one for one, two in pairs),
    )


MEMORY = """
import resource, sys, tempfile
from pathlib import Path
from intake.clock import SystemClock
from intake.mailbox.doors import source_of
from intake.mailbox.watch import Watch
from intake.register import Register
from intake.settings import Account

def peak():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024

account = Account(host="127.0.0.1", port=int(sys.argv[1]), tls="none", user=sys.argv[2], password=sys.argv[3])
with tempfile.TemporaryDirectory() as directory, Register.open(Path(directory) / "r.db") as register:
    source = source_of(account, SystemClock())
    source.open()
    source.open_folder("INBOX")
    source.close()
    before = peak()
    watch = Watch(account, source_of(account, SystemClock()), register, "e", SystemClock())
    held = watch.look().outcomes["INBOX"].holds
    watch.close()
    print(held, before, peak() - before)
"""


def memory(dovecot: Dovecot, user: str) -> tuple[float, float]:
    """MiB of an idle process that has opened the mailbox, and how many more a first look takes."""
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(dovecot.port), user, PASSWORD], capture_output=True, text=True, check=True
    )
    _, before, more = run.stdout.split()
    return float(before), float(more)


def one_new(dovecot: Dovecot, folders: dict[str, int], turns: int) -> list[list[float]]:
    """Milliseconds of rounds that find one new message, for each user's folder that holds so many: taken in turns."""
    clock = SystemClock()
    times: list[list[float]] = [[] for _ in folders]
    with ExitStack() as opened:
        desks = []
        for user, number in folders.items():
            fill(dovecot, user, [b"Message-ID: <%d@host.example>\r\n\r\nx\r\n" % one for one in range(number)])
            directory = opened.enter_context(tempfile.TemporaryDirectory())
            register = opened.enter_context(Register.open(Path(directory) / "r.db"))
            source = source_of(dovecot.account(user), clock)
            source.open()
            opened.callback(source.close)
            looking = Round(register, "e", user, "INBOX", clock)
            looking.run(source)
            desks.append((opened.enter_context(dovecot.client(user)), looking, source))
        for turn in range(turns):
            for place, (client, looking, source) in enumerate(desks):
                client.append("INBOX", b"Message-ID: <new%d@host.example>\r\n\r\nx\r\n" % turn)
                began = time.perf_counter()
                assert looking.run(source).new == 1
                times[place].append((time.perf_counter() - began) * 1000)
    return times


def latency(dovecot: Dovecot, user: str, turns: int) -> float:
    """Median milliseconds from the end of APPEND to the message being in the register, over IDLE."""
    import threading

    account = dovecot.account(user)
    clock = SystemClock()
    arrived = threading.Event()
    ready = threading.Event()
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as directory:
        watches: list[Watch] = []

        def work() -> None:
            with Register.open(Path(directory) / "r.db") as register:
                source = source_of(account, clock)
                watch = Watch(account, source, register, "e", clock, lambda _: arrived.set())
                watches.append(watch)
                while not stop.is_set():
                    watch.look()
                    ready.set()
                    watch.wait(60)
                watch.close()

        thread = threading.Thread(target=work)
        thread.start()
        ready.wait()
        times = []
        with dovecot.client(user) as client:
            for turn in range(turns):
                time.sleep(0.3)
                arrived.clear()
                client.append("INBOX", b"Message-ID: <idle%d@host.example>\r\n\r\nx\r\n" % turn)
                began = time.perf_counter()
                arrived.wait(20)
                times.append((time.perf_counter() - began) * 1000)
        stop.set()
        watches[0].wake()
        thread.join()
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--only", choices=PARTS, help="one of the figures")
    chosen = parser.parse_args()
    few = 10 if chosen.quick else 1
    parts = PARTS if chosen.only is None else (chosen.only,)
    number, turns = 5_000 // few, 3

    def say(what: str, figure: str, goal: str) -> None:
        print(f"{what:<66}{figure:>34}   {goal}", flush=True)

    with Dovecot("sdbox") as dovecot:
        account = dovecot.account("fetch")
        if {"fetch", "delay", "memory"} & set(parts):
            fill(dovecot, "fetch", mails(number))
        if "fetch" in parts:
            base, own, ratio = in_turns(lambda: bare(account, dovecot.port), lambda: ours(account, dovecot.port), turns)
            figure = f"{base:,.0f}  {own:,.0f}  {ratio:.2f}"
            say(f"fetch {number:,}, loopback: bare, ours (messages/s), ratio", figure, ">= 0.80")
            quiet = lambda: bare(account, dovecot.port, quiet=True)  # noqa: E731 - a name for the loop
            base, own, ratio = in_turns(quiet, lambda: ours(account, dovecot.port), turns)
            figure = f"{base:,.0f}  {own:,.0f}  {ratio:.2f}"
            say("the same against a bare loop without debug lines", figure, "")
        if "delay" in parts:
            with Proxy(dovecot.port, delay=ROUND_TRIP / 2) as proxy:
                base, own, ratio = in_turns(lambda: bare(account, proxy.port), lambda: ours(account, proxy.port), turns)
            figure = f"{base:,.0f}  {own:,.0f}  {ratio:.2f}"
            say(f"fetch {number:,}, 30 ms round trip: the same", figure, ">= 0.80")
        if "memory" in parts:
            before, more = memory(dovecot, "fetch")
            figure = f"{before:.0f}  +{more:.1f}"
            say(f"memory: idle process, a first look at {number:,} (MiB more)", figure, "<= 40")
        if "round" in parts:
            short, long = one_new(dovecot, {"hundred": 100, "many": 100_000 // few}, 40)
            ratio = statistics.median(two / one for one, two in zip(short, long, strict=True))
            figure = f"{statistics.median(short):.1f}  {statistics.median(long):.1f}  {ratio:.2f}"
            say(f"one new in a folder of 100, of {100_000 // few:,} (ms), ratio", figure, "< 3")
        if "idle" in parts:
            figure = f"{latency(dovecot, 'idle', 30 // few + 3):.0f}"
            say("APPEND to register over IDLE, median (ms)", figure, "< 1000")
    print(f"peak of this program {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
