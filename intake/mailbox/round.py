"""One round over one folder: what lies there, what of it is not in the register yet, fetch that, and count both again.

The order of writes: a message's bytes and its place are committed before anything else is done with it. So whatever
ends this process, the next round finds what is missing by subtracting the register from the folder.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.source import FIRST_PART, OVERSIZE, Fetched, Source
from intake.register import Kept, Location, Register

BATCH_BYTES = 2 * 1024 * 1024
BATCH_MESSAGES = 200
TRIES = 3
"""How often a message is asked for before it is set aside; after that once a day."""

AGAIN_AFTER = timedelta(days=1)
WHOLE_LISTING_SECONDS = 3600.0
"""A round asks only for what is new; this often it compares everything even where the counts agree."""

_OF_ONE_MESSAGE = (Fault.LOST, Fault.SLOW, Fault.UNREADABLE, Fault.REFUSED, Fault.UNAVAILABLE)
"""What a single message may bring about; other faults are never a message's."""

_STAND_IN = b"retrieval using the imap4 protocol failed for the following message"


class FolderChangedError(Exception):
    """The folder got another UIDVALIDITY in mid-round; the round has to start anew."""


@dataclass
class Memory:
    """What this process knows of a folder between two rounds: UIDs, all of one generation.

    `known` are in the register, `present` in the folder, `missing` in the folder only; `highest` was ever seen.
    """

    generation: int
    known: set[int]
    present: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    highest: int = 0
    listed_at: float | None = None

    def see(self, uids: Sequence[int]) -> None:
        """More messages lie there."""
        self.present.update(uids)
        self.missing.update(uid for uid in uids if uid not in self.known)
        self.highest = max(self.highest, max(uids, default=0))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round found. `holds` is the folder's count, `missing` the UIDs that the register has not got."""

    holds: int
    new: int
    missing: tuple[int, ...]

    @property
    def words(self) -> str:
        """Empty where folder and register agree, else which messages are missing."""
        if not self.missing:
            return ""
        shown = ", ".join(str(uid) for uid in self.missing[:10]) + (" and more" if len(self.missing) > 10 else "")
        count = f"{self.holds:,} messages in the folder, {self.holds - len(self.missing):,} of them in the register"
        return f"{count}. The server does not hand over UID {shown}; it is asked again every day"


class Round:
    """Rounds over one folder of one mailbox, with what is remembered between them."""

    def __init__(
        self,
        register: Register,
        event: str,
        account: str,
        folder: str,
        clock: Clock,
        kept: Callable[[Kept], None] = lambda _: None,
    ) -> None:
        self._register = register
        self._event = event
        self._account = account
        self._folder = folder
        self._clock = clock
        self._kept = kept
        self._memory: Memory | None = None
        self._one_by_one = False  # after an answer that did not end: halving would take its time again and again

    @property
    def generation(self) -> int | None:
        """The UIDVALIDITY of the last round."""
        return self._memory.generation if self._memory is not None else None

    def run(self, source: Source) -> Outcome:
        """One round. Raises `MailboxError` and `RegisterError`; what was kept until then stays kept."""
        while True:
            try:
                return self._run(source)
            except FolderChangedError:
                self._memory = None

    def _run(self, source: Source) -> Outcome:
        state = source.open_folder(self._folder)
        memory = self._remember(state.generation)
        listed_before = memory.listed_at
        self._list(source, memory, state.holds)
        wanted = sorted(memory.missing - self._resting(memory))
        new = 0
        for uids in _portions(wanted, 5000):
            sizes = source.sizes(uids)
            batches = list(batches_of(uids, sizes))
            new += self._fetch_all(source, memory, _singles(batches) if self._one_by_one else batches)
        self._one_by_one = False
        outcome = Outcome(holds=len(memory.present), new=new, missing=tuple(sorted(memory.missing)))
        self._register.note_round(
            self._event,
            self._account,
            self._folder,
            at=self._clock.now(),
            ok=True,
            holds=outcome.holds,
            words=outcome.words,
            # Counted anew by the register itself after every whole listing; in between this process keeps count.
            knows=len(memory.known) + len(memory.missing) if memory.listed_at == listed_before else None,
        )
        return outcome

    def _remember(self, generation: int) -> Memory:
        if self._memory is not None and self._memory.generation == generation:
            return self._memory
        place = (self._event, self._account, self._folder)
        if self._register.generation(*place) != generation:
            self._register.begin_generation(*place, generation, at=self._clock.now())
        self._memory = Memory(generation, known=self._register.present_uids(*place, generation))
        return self._memory

    def _list(self, source: Source, memory: Memory, holds: int) -> None:
        """Asks for what is new only; for everything where the counts differ, at the start, and now and then."""
        now = self._clock.monotonic()
        if memory.listed_at is not None and now - memory.listed_at < WHOLE_LISTING_SECONDS:
            fresh = [uid for uid in source.uids(memory.highest + 1) if uid not in memory.present]
            if len(memory.present) + len(fresh) == holds:
                memory.see(fresh)
                return
        everything = source.uids()
        failed = self._register.undelivered(self._event, self._account, self._folder, memory.generation)
        gone = (memory.present | memory.known | set(failed)) - set(everything)
        if gone:
            self._register.note_gone(self._event, (self._place(memory, uid) for uid in gone), at=self._clock.now())
        memory.known -= gone
        memory.present = set()
        memory.missing = set()
        memory.see(everything)
        memory.listed_at = now

    def _resting(self, memory: Memory) -> set[int]:
        """Those that the server did not hand over often enough, until their day is round."""
        if not memory.missing:
            return set()
        failed = self._register.undelivered(self._event, self._account, self._folder, memory.generation)
        now = self._clock.now()
        return {uid for uid, (last, tries) in failed.items() if tries >= TRIES and now - last < AGAIN_AFTER}

    def _fetch_all(self, source: Source, memory: Memory, batches: list["Batch"]) -> int:
        batches.reverse()
        failures: dict[int, int] = {}  # of single messages, since one last arrived
        new = 0
        while batches:
            batch = batches.pop()
            try:
                fetched = source.fetch(batch.uids, part=batch.part)
            except MailboxError as error:
                if error.fault not in _OF_ONE_MESSAGE:
                    raise
                if error.fault is Fault.SLOW and len(batch.uids) > 1:
                    self._one_by_one = True
                    raise  # said at once; the next round finds out whether one message is to blame
                self._reopen(source, memory)
                if len(batch.uids) > 1:
                    batches.extend(reversed(batch.halves()))
                    continue
                # A fresh connection works, so it may be this message that ends it.
                (uid,) = batch.uids
                self._set_aside(memory, uid, f"The server failed over this message. {error.words}")
                failures[uid] = failures.get(uid, 0) + 1
                if len(failures) >= TRIES:
                    raise  # not one message is to be had: it is no message's fault
                if failures[uid] < TRIES and error.fault not in (Fault.UNAVAILABLE, Fault.SLOW):
                    batches.append(batch)
                continue
            failures.clear()
            new += self._keep(memory, fetched, batch)
            lacking = set(batch.uids) - {message.uid for message in fetched}
            if lacking:
                self._explain(source, memory, lacking)
        return new

    def _reopen(self, source: Source, memory: Memory) -> None:
        state = source.reopen()
        if state is None or state.generation != memory.generation:
            raise FolderChangedError

    def _keep(self, memory: Memory, fetched: Sequence[Fetched], batch: "Batch") -> int:
        """A batch in one transaction: all of it is in the register, or none, and then it is fetched again."""
        kept: list[Kept] = []
        taken: list[int] = []
        now = self._clock.now()
        with self._register.change():
            for message in fetched:
                if is_stand_in(message.raw):
                    self._set_aside(memory, message.uid, "The server sent its own notice in place of the message")
                    continue
                kept.append(
                    self._register.keep(
                        self._event,
                        message.raw,
                        self._place(memory, message.uid),
                        received_at=message.received_at or now,
                        fetched_at=now,
                        note=message.note or batch.note,
                    )
                )
                taken.append(message.uid)
        # Only what is committed is known.
        memory.known.update(taken)
        memory.missing.difference_update(taken)
        new = [one for one in kept if one.new]
        for one in new:
            self._kept(one)
        return len(new)

    def _explain(self, source: Source, memory: Memory, lacking: set[int]) -> None:
        """OK from the server, and nothing for these: deleted meanwhile, or listed and not to be had."""
        there = source.present(lacking)
        gone = lacking - there
        memory.present -= gone
        memory.missing -= gone
        if gone:
            self._register.note_gone(self._event, (self._place(memory, uid) for uid in gone), at=self._clock.now())
        for uid in sorted(there):
            self._set_aside(memory, uid, "The server lists this message and hands nothing over")

    def _set_aside(self, memory: Memory, uid: int, why: str) -> None:
        self._register.note_undeliverable(self._event, self._place(memory, uid), at=self._clock.now(), why=why)

    def _place(self, memory: Memory, uid: int) -> Location:
        return Location(self._account, self._folder, memory.generation, uid)


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that are fetched in one command; `part` where only the first bytes of one are wanted."""

    uids: tuple[int, ...]
    part: int | None = None
    note: str = ""

    def halves(self) -> tuple["Batch", "Batch"]:
        """Two batches in place of one that failed."""
        middle = len(self.uids) // 2
        return Batch(self.uids[:middle]), Batch(self.uids[middle:])


def is_stand_in(raw: bytes) -> bool:
    """Whether this is the notice that Exchange hands over in place of a message it cannot convert.

    Only the Subject counts: somebody may forward or quote such a notice.
    """
    head = raw[:65536].split(b"\r\n\r\n", 1)[0].lower()
    return any(line.startswith(b"subject:") and line[8:].strip().startswith(_STAND_IN) for line in head.split(b"\r\n"))


def _portions(uids: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(uids), size):
        yield uids[start : start + size]


def _singles(batches: list[Batch]) -> list[Batch]:
    return [Batch((uid,), batch.part, batch.note) for batch in batches for uid in batch.uids]


def batches_of(uids: Sequence[int], sizes: dict[int, int]) -> Iterator[Batch]:
    """Bounded by bytes as well as by number; a message whose size is unknown, or huge, stands alone."""
    batch: list[int] = []
    held = 0
    for uid in uids:
        size = sizes.get(uid)
        if size is None or size > BATCH_BYTES:
            note = ""
            if size is not None and size > OVERSIZE:
                note = f"{size / 1024 / 1024:,.0f} MB: only the first {FIRST_PART // 1024 // 1024} MB was fetched"
            yield Batch((uid,), FIRST_PART if note else None, note)
            continue
        if batch and (held + size > BATCH_BYTES or len(batch) >= BATCH_MESSAGES):
            yield Batch(tuple(batch))
            batch, held = [], 0
        batch.append(uid)
        held += size
    if batch:
        yield Batch(tuple(batch))
