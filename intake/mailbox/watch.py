"""One mailbox, watched: rounds over all its folders, and the wait between them. Everything here runs in one thread."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from intake.clock import Clock
from intake.mailbox.afterwards import Step
from intake.mailbox.faults import Fault, MailboxError, tame
from intake.mailbox.round import Outcome, Round
from intake.mailbox.source import Source
from intake.register import Kept, Register
from intake.settings import Account


@dataclass(frozen=True, slots=True)
class Report:
    """A look at every folder. `words` say which folder could not be seen or disagrees with the register."""

    outcomes: Mapping[str, Outcome]
    words: str
    good: bool
    warnings: tuple[str, ...] = ()


class Watch:
    """Opens the mailbox when it has to and looks at its folders; `wake` and `interrupt` may come from other threads."""

    def __init__(
        self,
        account: Account,
        source: Source,
        register: Register,
        event: str,
        clock: Clock,
        kept: Callable[[Kept], None] = lambda _: None,
        steps: Sequence[Step] = (),
    ) -> None:
        self._account = account
        self._source = source
        self._register = register
        self._event = event
        self._clock = clock
        self._kept = kept
        self._steps = steps
        self._open = False
        self._incomplete = False  # a folder of the settings was not found
        self._rounds: dict[str, Round] = {}
        self._wake_reader, self._wake_writer = os.pipe()
        self.junk: frozenset[str] = frozenset()

    def look(self) -> Report:
        """A round over every folder. Raises `MailboxError` where the mailbox as a whole cannot be seen."""
        try:
            return self._look()
        except MailboxError as error:
            self.close()
            self._note_failure(error)
            raise
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> bool:
        """Waits for news, at most so long. Raises `MailboxError` where the connection is lost meanwhile."""
        try:
            return self._source.wait(self._wake_reader, seconds)
        except BaseException:
            self.close()
            raise

    def rest(self, seconds: float) -> None:
        """Waits without a connection."""
        self._clock.wait([self._wake_reader], seconds)

    def wake(self) -> None:
        """Ends a wait at once, this one and any later one."""
        os.write(self._wake_writer, b"w")

    def interrupt(self) -> None:
        """Ends also what hangs in the network."""
        self.wake()
        self._source.interrupt()

    def close(self) -> None:
        """Gives the connection back."""
        self._open = False
        self._source.close()

    def _look(self) -> Report:
        if not self._open or self._incomplete:
            self._source.open()  # which lists the folders anew: the one that was missing may be there now
            self._open = True
        outcomes: dict[str, Outcome] = {}
        trouble: list[str] = []
        good = True
        self.junk = frozenset(self._names(self._account.junk, trouble))
        names = self._names(self._account.folders, trouble)
        others = [*self._names(self._account.archive, trouble), *self.junk]
        good = not trouble
        self._incomplete = not good
        order = list(dict.fromkeys([*names, *others]))
        for name in order:
            good = self._visit(name, outcomes, trouble) and good
        if outcomes and self._steps:
            self._go_on(outcomes, trouble)
        if order and (len(order) > 1 or self._steps):
            # The first folder is the one that is waited on, so it is turned to again at the end.
            good = self._visit(order[0], outcomes, trouble) and good
        trouble += [f"{tame(name, 60)}: {outcome.words}" for name, outcome in outcomes.items() if outcome.words]
        if not outcomes:
            raise MailboxError(Fault.FOLDER, "; ".join(trouble) or "No folder is named")
        return Report(outcomes, "; ".join(trouble), good, self._source.warnings())

    def _visit(self, name: str, outcomes: dict[str, Outcome], trouble: list[str]) -> bool:
        with self._told(name, trouble):
            outcome = self._round(name).run(self._source)
            before = outcomes[name].new if name in outcomes else 0
            outcomes[name] = replace(outcome, new=before + outcome.new)
            return True
        self._incomplete = True
        return False

    def _go_on(self, outcomes: Mapping[str, Outcome], trouble: list[str]) -> None:
        """The steps after the rounds; what they are refused is said, and everything else goes on."""
        generations = {name: self._round(name).generation for name in outcomes}
        known = {name: generation for name, generation in generations.items() if generation is not None}
        for step in self._steps:
            try:
                step.run(known)
            except MailboxError as error:
                if error.fault not in (Fault.FOLDER, Fault.REFUSED):
                    raise
                trouble.append(_both(error))

    def _names(self, wanted: tuple[str, ...], trouble: list[str]) -> list[str]:
        found = []
        for folder in wanted:
            with self._told(folder, trouble):
                found.append(self._source.find(folder))
        return found

    @contextmanager
    def _told(self, folder: str, trouble: list[str]) -> Iterator[None]:
        """A folder that is not there is said and holds up no other; any other fault is the whole mailbox's."""
        try:
            yield
        except MailboxError as error:
            if error.fault is not Fault.FOLDER:
                raise
            trouble.append(f"{tame(folder, 60)}: {_both(error)}")
            self._note(folder, error.words)

    def _round(self, name: str) -> Round:
        if name not in self._rounds:
            self._rounds[name] = Round(self._register, self._event, self._account.name, name, self._clock, self._kept)
        return self._rounds[name]

    def _note_failure(self, error: MailboxError) -> None:
        for name in self._rounds or self._account.folders:
            self._note(name, error.words)

    def _note(self, folder: str, words: str) -> None:
        self._register.note_round(
            self._event, self._account.name, folder, at=self._clock.now(), ok=False, holds=None, words=words
        )


def _both(error: MailboxError) -> str:
    """What is wrong and what to do, without the last full stop: more may follow."""
    return f"{error.words}. {error.advice}".rstrip(".")
