"""How the register behaves with a million messages of 500 events in one file.

    python tests/bench_register.py [--messages 1000000] [--events 500] [--db FILE]

Fills one event by the same calls that the service uses and lays it out for all events (module `bench_register_fill`),
measures what one more message costs on the way, with its own fully synchronised transactions and in turns with the
same in a small file, and then asks for boards, searches, lists. Prints medians and 95th percentiles in milliseconds,
and what of the median this process used itself, for machines that do other work too; fails where a goal is missed. A
file that is there already is filled further.
"""

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench_register_fill import lay_out

from intake.register import Register
from parsers.conference import Conference, Delegation
from parsers.reading import Attendance, Envelope, Evidence, Kind, Neither, Question, Reading, Role, Statement

DAYS = (date(2024, 4, 29), date(2024, 4, 30))
LETTER = datetime(2024, 2, 23, tzinfo=UTC)
DELEGATIONS = 40
WORDS = [
    "minister",
    "delegation",
    "arrives",
    "badge",
    "hotel",
    "parking",
    "interpretation",
    "programme",
    "dinner",
    "visa",
    "confirm",
    "attend",
    "conference",
    "Monday",
    "Tuesday",
    "regret",
    "deputy",
    "secretary",
    "embassy",
    "flight",
]
SMALL = re.compile(r"SCAN ((event|d|v|standing|told|n)\b|.* VIRTUAL TABLE)")
"""Steps over tables with a row an event, over the rows of one board, and over what a part of the query has found."""
GOALS_MS = {"board": 50.0, "board after a change": 50.0, "board as it stood": 50.0, "search": 100.0}


def conference(number: int) -> Conference:
    return Conference(
        name=f"Conference {number}",
        place="Ghent",
        days=DAYS,
        mailbox=f"conference{number}@host.example",
        invitation_sent=LETTER.date(),
        delegations=tuple(
            Delegation(f"D{n:02}", f"Country {n}", "member-state", "Ministry", f"Given{n} Family{n}", "Minister",
                       domains=(f"ministry{n}.example",))
            for n in range(DELEGATIONS)
        ),
    )  # fmt: skip


def mail(dice: random.Random, number: int) -> tuple[bytes, Reading, datetime]:
    """A message as an event has them: half answers, some questions, the rest neither."""
    place = dice.randrange(DELEGATIONS)
    arrived = LETTER + timedelta(minutes=dice.randrange(60 * 24 * 60))
    text = " ".join(dice.choices(WORDS, k=60)) + f" reference{number}"
    identifier = f"{number}@bench.example"
    address = f"desk{dice.randrange(3)}@ministry{place}.example"
    raw = f"From: {address}\r\nMessage-ID: <{identifier}>\r\nSubject: Ghent\r\n\r\n{text}\r\n".encode()
    sort = dice.random()
    evidence = (Evidence(0, 8, text[:8], "bench", 0.9),)
    said = tuple(
        Statement(name, role, day, dice.choice(list(Attendance)), 0.9, evidence)
        for name, role in (
            (f"Given{place} Family{place}", Role.MINISTER),
            (f"Deputy{dice.randrange(3)} Kern", Role.DELEGATE),
        )
        for day in DAYS
    )
    base = Reading(
        text=text,
        envelope=Envelope(message_id=identifier, from_name="Desk", from_address=address, subject="Ghent", sent=arrived),
        language="en",
        delegation=f"D{place:02}",
        office=address.partition("@")[2],
        sureness=0.9,
    )
    if sort < 0.5:
        return raw, replace(base, kinds=(Kind.AVAILABILITY,), statements=said), arrived
    if sort < 0.65:
        asked = Question(text[:40], Evidence(0, 40, text[:40], "bench"))
        return raw, replace(base, kinds=(Kind.QUESTION,), questions=(asked,)), arrived
    return raw, replace(base, neither=dice.choice(list(Neither))), arrived


def put(register: Register, event: str, dice: random.Random, number: int) -> None:
    raw, reading, arrived = mail(dice, number)
    kept = register.keep(event, raw, None, received_at=arrived, fetched_at=arrived)
    register.record(kept.id, reading, at=arrived)


def new_small_file(template: Path, one: Conference, messages: int) -> Register:
    """The template with one event, filled by the program's own calls; and a copy of it, to compare with."""
    copy = template.with_name("small.db")
    for path in (template, copy):
        for ending in ("", "-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
    with Register.open(template) as filled:
        filled.enter(one, "small")
        dice = random.Random(7)
        for start in range(0, messages, 500):
            with filled.change():
                for number in range(start, min(start + 500, messages)):
                    put(filled, "small", dice, number)
        filled.backup(copy, at=LETTER)
    return Register.open(copy)


Times = list[tuple[float, float]]
"""In milliseconds by the clock, and of it in this process; the rest is the disk, and other programs."""


def timed(times: int, act: Callable[[int], object]) -> Times:
    found = []
    for turn in range(times):
        begin, begin_here = time.perf_counter(), time.process_time()
        act(turn)
        found.append(((time.perf_counter() - begin) * 1000, (time.process_time() - begin_here) * 1000))
    return found


def tell(name: str, found: Times) -> bool:
    by_clock = sorted(wall for wall, _ in found)
    median, slow = statistics.median(by_clock), by_clock[int(len(found) * 0.95)]
    here = statistics.median(own for _, own in found)
    goal = GOALS_MS.get(name)
    print(
        f"{name:28} median {median:8.2f} ms ({here:6.2f} of it here)   95 % {slow:8.2f} ms"
        + (f"   goal {goal:.0f}" if goal else ""),
        flush=True,
    )
    return goal is None or median < goal


def scans(register: Register, act: Callable[[], object]) -> list[str]:
    """The steps of the plans that look at a whole large table."""
    asked: list[str] = []
    register.connection.set_trace_callback(asked.append)
    act()
    register.connection.set_trace_callback(None)
    steps = [
        row["detail"]
        for sql in dict.fromkeys(asked)
        if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)\b", sql)
        for row in register.rows(f"EXPLAIN QUERY PLAN {sql}")
    ]
    return [step for step in steps if re.match(r"SCAN (?!\(subquery)", step) and not SMALL.match(step)]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=1_000_000)
    arguments.add_argument("--events", type=int, default=500)
    arguments.add_argument("--db", type=Path)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        return measure(asked.db or Path(directory) / "bench.db", asked.messages, asked.events)


def measure(path: Path, messages: int, events: int) -> int:
    dice = random.Random(7)
    conferences = [conference(number) for number in range(events)]
    register = Register.open(path)
    keys = [register.enter(one, f"event-{number}") for number, one in enumerate(conferences)]
    template = path.with_name(path.stem + "-template.db")
    small = new_small_file(template, conferences[0], messages // events)
    number = register.rows("SELECT count(*) AS n FROM message")[0]["n"] // events * events
    met = True
    for step in sorted({messages // 100, messages // 10, messages // 2, messages}):
        if (step < number and step != messages) or step < events:
            continue
        begin, before = time.perf_counter(), number
        if step > number:
            lay_out(register, template, before // events, step // events)
            number = step // events * events
        rate = (number - before) / (time.perf_counter() - begin)
        register.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = path.stat().st_size / 2**20
        print(f"{number:9,} messages, {size:8,.0f} MiB, filled at {rate:6,.0f} a second", flush=True)
        here: Times = []
        control: Times = []
        for turn in range(300):
            # In turns, so that whatever else the machine does falls on both.
            here += timed(1, lambda _, at=number + turn: put(register, keys[at % events], dice, 10**9 + at))  # type: ignore[misc]
            control += timed(1, lambda _, at=number + turn: put(small, "small", dice, 10**9 + at))  # type: ignore[misc]
        tell("one more message", here)
        tell("the same in a small file", control)
    event, one = keys[events // 2], conferences[events // 2]
    met &= tell("board", timed(50, lambda turn: register.board(conferences[turn % events], event=keys[turn % events])))

    def changed(turn: int) -> None:
        put(register, event, dice, 2 * 10**9 + turn)
        register.board(one, event=event)

    met &= tell("board after a change", timed(50, changed))
    stood = LETTER + timedelta(days=30)
    met &= tell(
        "board as it stood",
        timed(30, lambda turn: register.board(conferences[turn % events], event=keys[turn % events], as_of=stood)),
    )
    for words in ("minister", "parking visa", "reference123", "ministry17", "nothing-like-it"):
        met &= tell("search", timed(30, lambda turn, w=words: register.search(keys[turn % events], w)))  # type: ignore[misc]
    tell("messages of a delegation", timed(30, lambda turn: register.messages(keys[turn % events], delegation="D07")))
    tell("tray", timed(30, lambda turn: register.tray(keys[turn % events])))
    tell("reconciling line", timed(30, lambda turn: register.counts(keys[turn % events])))
    tell("questions, grouped", timed(5, lambda turn: register.questions(keys[turn % events], state="open")))
    bad = [
        step
        for act in (
            lambda: register.board(one, event=event),
            lambda: register.board(one, event=event, as_of=stood),
            lambda: register.search(event, "minister"),
            lambda: put(register, event, dice, 3 * 10**9),
        )
        for step in scans(register, act)
    ]
    print(f"full scans: {bad or 'none'}")
    register.close()
    small.close()
    return 0 if met and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
