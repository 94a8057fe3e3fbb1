"""What is wrong with the service, for the banner on every page: in words, since when, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.page.marks import N_
from intake.register import Round
from intake.register.page_queries import Unread
from intake.settings import Settings
from intake.status import INTERVALS_UNTIL_STALE, ServiceStatus

NOTHING = Unread()


@dataclass(frozen=True, slots=True)
class Alarm:
    """`serious` alarms are red. `title` is one of the page's own messages, filled with `values`; the rest is told.

    `looked` is when all was last seen to be well, `since` when it became as it is.
    """

    serious: bool
    title: str
    values: tuple[tuple[str, str], ...] = ()
    words: str = ""
    advice: str = ""
    since: datetime | None = None
    looked: datetime | None = None


STALE = N_("The mailbox %(mailbox)s has not been looked at in full for too long")
FAILED = N_("The mailbox %(mailbox)s does not answer")
DIFFER = N_("The folder %(folder)s holds %(holds)s messages, the register knows %(knows)s")
READER = N_("The reader is getting ready; what arrives is kept and read in a moment")
NO_READER = N_("The reader does not start: what arrives is kept, but not read")
UNREAD = N_("Messages that have arrived and are not on the board yet, because they have not been read: %(count)s")
REGISTER = N_("The register cannot be read or written")
WARNING = N_("The mailbox %(mailbox)s will need attention")
DO_READER = N_("Nothing is lost: it is tried again by itself. Ask whoever runs the service to look at its log.")
DO_UNREAD = N_(
    "The board does not show them. If the number does not fall, ask whoever runs the service to look at its log."
)
DO_STALE = N_("Nothing is lost: mail waits in the mailbox. Ask whoever runs the service to look at its log.")
DO_DIFFER = N_("Another look follows by itself. If this stays, run “intake check” and compare the folder by hand.")

FROM_MAILBOX = (
    N_("Check mailbox.host, and that this machine can look up names."),
    N_("Check mailbox.host and mailbox.port, and the firewall between."),
    N_("Check mailbox.tls and that the certificate is valid for mailbox.host."),
    N_("Check mailbox.user and the password or secret; nothing else helps."),
    N_("Check the application's registration, or sign in again with `intake check --sign-in`."),
    N_("Ask the provider to let this user or application read the mailbox."),
    N_("The provider has an outage; it is tried again by itself."),
    N_("Close other programs that use this mailbox; it is tried again by itself."),
    N_("The provider asks for patience; it is tried again by itself."),
    N_("Check mailbox.folders; `intake check` lists the folders there are."),
    N_("It is tried again by itself."),
    N_("It is tried again by itself; if it stays, look at the network, or ask the provider."),
    N_("It is tried again by itself; if it stays, ask the provider."),
    N_("It is tried again by itself; if it stays, report what the server said."),
    N_("It has not been looked at yet."),
)
"""What the mailbox advises (`intake/mailbox/faults.py`); told as it is where it is not among these."""

NOTICED, GRAVE = timedelta(seconds=20), timedelta(minutes=5)
"""How long a message may wait for the reader before the page says so, and before it says so in red."""


def alarms_of(
    settings: Settings,
    status: ServiceStatus,
    rounds: Sequence[Round],
    now: datetime,
    *,
    register_fault: str = "",
    waiting: Unread = NOTHING,
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
            found.append(Alarm(True, STALE, mailbox, words, advice, looked=state.last_good))
        elif not state.ok and state.fault:
            found.append(Alarm(False, FAILED, mailbox, _sentence(state.words), _sentence(state.advice), state.since))
        found += [Alarm(False, WARNING, mailbox, _sentence(warning)) for warning in state.warnings]
    if not status.mailboxes:
        found += _without_worker(settings, rounds, now)
    found += [_differs(one) for one in rounds if one.ok and one.holds is not None and one.holds != one.knows]
    found += _reader(status, waiting, now)
    return tuple(sorted(found, key=lambda alarm: not alarm.serious))


def _reader(status: ServiceStatus, waiting: Unread, now: datetime) -> list[Alarm]:
    """A reader that cannot start, and messages that wait for it: they may be answers, so nobody must overlook them."""
    found = []
    if status.reader_words and not status.reader_warm:
        found.append(Alarm(True, NO_READER, words=status.reader_words, advice=DO_READER))
    elif not status.reader_warm:
        found.append(Alarm(False, READER))
    if waiting.since is not None and now - waiting.since > NOTICED:
        grave = now - waiting.since > GRAVE
        found.append(Alarm(grave, UNREAD, (("count", str(waiting.count)),), advice=DO_UNREAD, since=waiting.since))
    return found


def _sentence(words: str) -> str:
    """With a full stop, for the next sentence to follow; nothing stays nothing."""
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."


def _differs(one: Round) -> Alarm:
    values = (("folder", one.folder), ("holds", str(one.holds)), ("knows", str(one.knows)))
    return Alarm(True, DIFFER, values, _sentence(one.words), DO_DIFFER, looked=one.at)


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
            mailbox = (("mailbox", one.account),)
            found.append(Alarm(True, STALE, mailbox, _sentence(one.words), DO_STALE, looked=one.good_at))
    return found
