"""How the service is: written by the worker's threads, read by the page, in words with times."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

INTERVALS_UNTIL_STALE = 3


@dataclass(frozen=True, slots=True)
class MailboxState:
    """One mailbox. `words` say what is wrong and `advice` what to do; both are empty while all is well.

    `since` is when it became so, `last_good` when every folder was last looked at in full, `next_try` when it is tried
    again. `warnings` are what will go wrong, such as a secret that expires.
    """

    account: str
    poll_seconds: int
    ok: bool = False
    fault: str = ""
    words: str = "It has not been looked at yet"
    advice: str = ""
    since: datetime | None = None
    last_good: datetime | None = None
    next_try: datetime | None = None
    warnings: tuple[str, ...] = ()

    def stale(self, now: datetime) -> bool:
        """Whether the last good look is older than three intervals, or there never was one."""
        limit = timedelta(seconds=INTERVALS_UNTIL_STALE * self.poll_seconds)
        return self.last_good is None or now - self.last_good > limit


class ServiceStatus:
    """Everything that the page shows of the service itself. Its methods may be called from any thread."""

    def __init__(self, started_at: datetime, reader_warm: Callable[[], bool] = lambda: True) -> None:
        self.started_at = started_at
        self._lock = threading.Lock()
        self._reader_warm = reader_warm
        self._mailboxes: dict[str, MailboxState] = {}
        self._register_words = ""
        self._reader_words = ""
        self._stopping = False
        self._watchers: list[Callable[[], None]] = []

    @property
    def mailboxes(self) -> tuple[MailboxState, ...]:
        """Every mailbox, in the order of the settings."""
        with self._lock:
            return tuple(self._mailboxes.values())

    @property
    def reader_warm(self) -> bool:
        """Whether a message that arrives now is read at once."""
        return self._reader_warm()

    @property
    def reader_words(self) -> str:
        """Why the reader does not get ready; empty while it does."""
        return self._reader_words

    @property
    def last_good(self) -> datetime | None:
        """When all mailboxes were last seen in full: the oldest of their last good looks, None if one has none."""
        times = [state.last_good for state in self.mailboxes]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    @property
    def register_words(self) -> str:
        """Why the register cannot be written; empty while it can."""
        return self._register_words

    def problems(self, now: datetime) -> tuple[str, ...]:
        """Why the service is not ready, in words; empty where it is."""
        found = []
        if self._stopping:
            found.append("The service is stopping.")
        if not self.reader_warm:
            found.append(self._reader_words or "The reader is getting ready; messages are kept and read in a moment.")
        if self._register_words:
            found.append(f"The register cannot be written. {self._register_words}")
        for state in self.mailboxes:
            if not state.ok:
                found.append(" ".join(part for part in (f"{state.account}: {state.words}.", state.advice) if part))
            elif state.stale(now):
                found.append(f"{state.account}: the mailbox was last looked at in full at {state.last_good}.")
        return tuple(found)

    def watch(self, changed: Callable[[], None]) -> None:
        """Calls `changed` after every change, in the thread that made it."""
        self._watchers.append(changed)

    def add_mailbox(self, account: str, poll_seconds: int, at: datetime) -> None:
        """A mailbox that is going to be looked at."""
        self._put(MailboxState(account, poll_seconds, since=at))

    def mailbox_good(self, account: str, at: datetime, *, words: str = "", warnings: tuple[str, ...] = ()) -> None:
        """Every folder was looked at; `words` say where folder and register disagree."""
        state = self._mailboxes[account]
        since = state.since if state.ok else at
        self._put(
            replace(
                state,
                ok=True,
                fault="",
                words=words,
                advice="",
                since=since,
                last_good=at,
                next_try=None,
                warnings=warnings,
            )
        )

    def mailbox_bad(
        self, account: str, at: datetime, *, fault: str, words: str, advice: str, next_try: datetime | None
    ) -> None:
        """It failed, and is tried again at `next_try`."""
        state = self._mailboxes[account]
        since = at if state.ok or state.since is None else state.since
        self._put(replace(state, ok=False, fault=fault, words=words, advice=advice, since=since, next_try=next_try))

    def register_is(self, words: str) -> None:
        """Why the register cannot be written, or empty."""
        if words != self._register_words:
            self._register_words = words
            self._changed()

    def reader_is(self, words: str) -> None:
        """Why the reader does not get ready, or empty."""
        if words != self._reader_words:
            self._reader_words = words
            self._changed()

    def stopping(self) -> None:
        """The service ends soon."""
        self._stopping = True
        self._changed()

    def _put(self, state: MailboxState) -> None:
        with self._lock:
            self._mailboxes[state.account] = state
        self._changed()

    def _changed(self) -> None:
        for changed in self._watchers:
            changed()
