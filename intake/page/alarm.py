"""What is wrong with the service, for the banner on every page: in words, since when, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.page.marks import N_
from intake.register import Round
from intake.settings import Settings
from intake.status import INTERVALS_UNTIL_STALE, ServiceStatus


@dataclass(frozen=True, slots=True)
class Alarm:
    """`serious` alarms are red. `title` is one of the page's own messages, filled with `values`; the rest is told."""

    serious: bool
    title: str
    values: tuple[tuple[str, str], ...] = ()
    words: str = ""
    advice: str = ""
    since: datetime | None = None


STALE = N_("The mailbox %(mailbox)s has not been looked at in full for too long")
FAILED = N_("The mailbox %(mailbox)s does not answer")
DIFFER = N_("The folder %(folder)s holds %(holds)s messages, the register knows %(knows)s")
READER = N_("The reader is getting ready; what arrives is kept and read in a moment")
REGISTER = N_("The register cannot be read or written")
WARNING = N_("The mailbox %(mailbox)s will need attention")
DO_STALE = N_("Nothing is lost: mail waits in the mailbox. Ask whoever runs the service to look at its log.")
DO_DIFFER = N_("Another look follows by itself. If this stays, run “intake check” and compare the folder by hand.")


def alarms_of(
    settings: Settings, status: ServiceStatus, rounds: Sequence[Round], now: datetime, *, register_fault: str = ""
) -> tuple[Alarm, ...]:
    """The alarms that stand now, the gravest first."""
    found: list[Alarm] = []
    trouble = register_fault or status.register_words
    if trouble:
        found.append(Alarm(True, REGISTER, words=trouble))
    for state in status.mailboxes:
        mailbox = (("mailbox", state.account),)
        if state.stale(now) and (state.last_good or _waited(state.since, state.poll_seconds, now)):
            words, advice = (
                ("", DO_STALE) if state.ok else (_sentence(state.words), _sentence(state.advice) or DO_STALE)
            )
            found.append(Alarm(True, STALE, mailbox, words, advice, state.last_good))
        elif not state.ok and state.fault:
            found.append(Alarm(False, FAILED, mailbox, _sentence(state.words), _sentence(state.advice), state.since))
        found += [Alarm(False, WARNING, mailbox, _sentence(warning)) for warning in state.warnings]
    if not status.mailboxes:
        found += _without_worker(settings, rounds, now)
    found += [_differs(one) for one in rounds if one.ok and one.holds is not None and one.holds != one.knows]
    if not status.reader_warm:
        found.append(Alarm(False, READER))
    return tuple(sorted(found, key=lambda alarm: not alarm.serious))


def _sentence(words: str) -> str:
    """With a full stop, for the next sentence to follow; nothing stays nothing."""
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."


def _differs(one: Round) -> Alarm:
    values = (("folder", one.folder), ("holds", str(one.holds)), ("knows", str(one.knows)))
    return Alarm(True, DIFFER, values, _sentence(one.words), DO_DIFFER, one.at)


def _waited(since: datetime | None, poll_seconds: int, now: datetime) -> bool:
    """Whether a mailbox that never was seen has had its time."""
    return since is not None and now - since > timedelta(seconds=INTERVALS_UNTIL_STALE * poll_seconds)


def _without_worker(settings: Settings, rounds: Sequence[Round], now: datetime) -> list[Alarm]:
    """Where no worker reports, the register's last rounds tell."""
    polls = {account.name: account.poll_seconds for account in settings.mailboxes}
    found = []
    for one in rounds:
        limit = timedelta(seconds=INTERVALS_UNTIL_STALE * polls.get(one.account, 300))
        if one.good_at is None or now - one.good_at > limit:
            found.append(Alarm(True, STALE, (("mailbox", one.account),), _sentence(one.words), DO_STALE, one.good_at))
    return found
