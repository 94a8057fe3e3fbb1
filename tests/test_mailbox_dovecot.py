"""A real server's faults, each brought about on purpose: the register agrees with the mailbox after every one."""

import dataclasses
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imap_dovecot import Dovecot, available
from introspection import AUTH, Introspection
from ledger_check import counted, disagreements
from moved_clock import MovedClock

from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.source import Fetched
from intake.mailbox.tokens import FileTokens, TokenLogin
from intake.mailbox.watch import Report, Watch
from intake.register import Register
from intake.settings import Account

pytestmark = [pytest.mark.dovecot, pytest.mark.skipif(not available(), reason="Dovecot is not installed")]


def mail(number: int) -> bytes:
    return b"Message-ID: <%d@host.example>\r\nSubject: n%d\r\n\r\nbody %d\r\n" % (number, number, number)


class Desk:
    """A watch over one mailbox, and a look at both sides by other means."""

    def __init__(self, dovecot: Dovecot, account: Account, register: Register) -> None:
        self.dovecot = dovecot
        self.account = account
        self.user = account.user
        self.register = register
        self.clock = MovedClock(datetime(2030, 1, 1, tzinfo=UTC))
        self.session = Session(account, Password(), clock=self.clock, answer_seconds=10)
        self.watch = Watch(account, self.session, register, "e", self.clock)

    def look(self) -> Report:
        return self.watch.look()

    def recover(self) -> Report:
        """What the worker does: again, after a wait, until it works."""
        for _ in range(10):
            try:
                return self.look()
            except MailboxError:
                self.clock.advance(600)
        raise AssertionError("it does not recover")

    def mailbox(self, *folders: str) -> dict[tuple[str, int, int], bytes]:
        """What FETCH gives for everything in the folders, by a plain client."""
        found = {}
        with self.dovecot.client(self.user) as client:
            for folder in folders or ("INBOX",):
                validity = int(client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])
                for uid in client.search("ALL"):
                    found[folder, validity, uid] = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
        return found

    def agrees(self, *folders: str) -> bool:
        assert disagreements(self.register.path, self.mailbox(*folders)) == []
        return True


Make = Callable[..., Desk]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def own_dovecot() -> Iterator[Dovecot]:
    """For tests that stop it."""
    with Dovecot() as server:
        yield server


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    with Register.open(tmp_path / "r.db") as register:
        desks: list[Desk] = []

        def desk(server: Dovecot, number: int = 6, **settings: object) -> Desk:
            user = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60]
            made = Desk(server, server.account(user, **settings), register)
            server.append(user, [mail(one) for one in range(1, number + 1)])
            desks.append(made)
            return made

        yield desk
        for one in desks:
            one.watch.close()


@pytest.mark.parametrize("layout", ["maildir", "sdbox", "mdbox"])
def test_every_layout(layout: str, make: Make) -> None:
    with Dovecot(layout) as server:
        desk = make(server)
        desk.look()
        desk.look()
        assert desk.agrees()


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: nul\r\n\r\na\x00b\r\n",
        b"Subject: bare cr\r\n\r\na\rb\r\n",
        b"Subject: bare lf\n\na\nb\n",
        b"no header at all",
        b"\r\n",
        b"Subject: 8bit \xff\xfe\r\n\r\n" + bytes(range(256)),
        b"Subject: long\r\n\r\n" + b"x" * 70_000 + b"\r\n",
        b"Subject: a line like an answer\r\n\r\nA1 OK done\r\n* BYE\r\n)\r\n",
    ],
)
def test_bytes_are_kept_as_fetch_gives_them(dovecot: Dovecot, make: Make, raw: bytes) -> None:
    desk = make(dovecot, 1)
    dovecot.append(desk.user, [raw])
    desk.look()
    assert desk.agrees()


def test_a_uidvalidity_that_changes_and_comes_back(own_dovecot: Dovecot, make: Make) -> None:
    desk = make(own_dovecot)
    desk.look()
    before = counted(desk.register.path)
    desk.watch.close()
    (_, validity, _), *_ = desk.mailbox()
    changed = own_dovecot.doveadm("mailbox", "update", "-u", desk.user, "--uid-validity", str(validity + 1000), "INBOX")
    assert changed.returncode == 0, changed.stderr
    own_dovecot.append(desk.user, [mail(7)])
    report = desk.look()
    assert report.outcomes["INBOX"].new == 1
    assert desk.agrees()
    # The index is lost, and with it the change: the old value is back.
    desk.watch.close()
    own_dovecot.stop()
    for path in own_dovecot.store(desk.user).glob("dovecot*"):
        path.unlink()
    own_dovecot.start()
    desk.look()
    assert desk.agrees()
    assert before.keys() <= counted(desk.register.path).keys()
    assert len(desk.register.unread("e")) == 7, "nothing is read twice"


def test_a_lost_index(own_dovecot: Dovecot, make: Make) -> None:
    desk = make(own_dovecot)
    with own_dovecot.client(desk.user) as client:
        client.select_folder("INBOX")
        client.delete_messages([2, 4])
        client.expunge()
    desk.look()
    desk.watch.close()
    own_dovecot.stop()
    for path in own_dovecot.store(desk.user).glob("dovecot*"):
        path.unlink()
    own_dovecot.start()
    own_dovecot.append(desk.user, [mail(9)])
    desk.look()
    assert desk.agrees()
    assert len(counted(desk.register.path)) == 5


def test_a_truncated_file_is_set_aside_and_the_rest_is_fetched(own_dovecot: Dovecot, make: Make) -> None:
    desk = make(own_dovecot, 30)
    victim = sorted((own_dovecot.store(desk.user) / "new").iterdir())[10]
    whole = victim.read_bytes()
    victim.write_bytes(whole[:3])
    report = desk.recover()
    assert len(report.outcomes["INBOX"].missing) == 1
    assert "does not hand over" in report.words
    assert len(counted(desk.register.path)) == 29
    (place,) = [where for where, *_ in desk.register.undeliverable("e")]
    # An administrator puts the file back.
    moved = next(path for path in own_dovecot.store(desk.user).rglob(f"*{victim.name.split(':')[0]}*"))
    moved.write_bytes(whole)
    moved.chmod(0o666)
    desk.clock.advance(86_401)
    desk.recover()
    assert desk.register.undeliverable("e") == [], place
    assert desk.agrees()


class Interfering(Session):
    """Lets another client do something right before the messages are fetched."""

    before_fetch: Callable[[], None] = staticmethod(lambda: None)

    def fetch(self, uids: Collection[int], *, part: int | None = None) -> list[Fetched]:
        self.before_fetch()
        return super().fetch(uids, part=part)


def test_expunged_between_search_and_fetch(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot)
    session = Interfering(desk.account, Password(), clock=desk.clock)

    def expunge() -> None:
        with dovecot.client(desk.user) as client:
            client.select_folder("INBOX")
            client.delete_messages([1, 3])
            client.expunge()

    session.before_fetch = expunge  # type: ignore[method-assign]
    watch = Watch(desk.account, session, desk.register, "e", desk.clock)
    report = watch.look()
    watch.close()
    assert report.outcomes["INBOX"].missing == ()
    assert desk.register.undeliverable("e") == []
    assert desk.agrees()


class Idling:
    """A desk that idles in a thread, from the moment on when it waits for the server."""

    def __init__(self, desk: Desk) -> None:
        self._fault: Fault | None = None
        self._watch = desk.watch
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        desk.clock.wait_for_waiter(290)

    def fault(self, patience: float) -> Fault | None:
        """What ended it; None where nothing was wrong."""
        self._thread.join(patience)
        assert not self._thread.is_alive(), "it idles still"
        return self._fault

    def _run(self) -> None:
        try:
            self._watch.wait(300)
        except MailboxError as error:
            self._fault = error.fault


def test_kicked_while_it_idles(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot)
    desk.look()
    idling = Idling(desk)
    assert dovecot.doveadm("kick", desk.user).returncode == 0
    assert idling.fault(10) is Fault.LOST
    dovecot.append(desk.user, [mail(7)])
    desk.look()
    assert desk.agrees()


def test_the_server_stops_while_it_idles_and_comes_back(own_dovecot: Dovecot, make: Make) -> None:
    desk = make(own_dovecot)
    desk.look()
    idling = Idling(desk)
    own_dovecot.stop()
    assert idling.fault(30) in (Fault.LOST, Fault.UNAVAILABLE)  # Dovecot tells it up to ten seconds later
    with pytest.raises(MailboxError) as caught:
        desk.look()
    assert caught.value.fault is Fault.UNREACHABLE
    (row,) = desk.register.rounds("e")
    assert not row.ok
    assert row.good_at is not None
    assert "cannot be reached" in row.words
    own_dovecot.start()
    own_dovecot.append(desk.user, [mail(7)])
    desk.look()
    assert desk.agrees()
    assert desk.register.rounds("e")[0].words == ""


def test_the_eleventh_connection(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot)
    others = [dovecot.client(desk.user) for _ in range(10)]
    with pytest.raises(MailboxError) as caught:
        desk.look()
    assert caught.value.fault is Fault.LIMIT
    for other in others:
        other.logout()
    desk.look()
    assert desk.agrees()


def test_a_wrong_password(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot, 0, password="kanarie")
    with pytest.raises(MailboxError) as caught:
        desk.look()
    assert caught.value.fault is Fault.WRONG_SECRET
    assert "kanarie" not in caught.value.words


def test_passwords_of_any_letters() -> None:
    passwords = {"anna": "pässwörd ✓", "bert": 'quo"te\\d', "carl": "plain"}
    extra = "passdb {\n  driver = passwd-file\n  args = @DIR@/users\n}\n"
    users = "".join(f"{user}:{{PLAIN}}{password}\n" for user, password in passwords.items())
    with Dovecot(extra=extra, files={"users": users}) as server:
        for user, password in passwords.items():
            session = Session(server.account(user, password=password), Password())
            session.open()
            assert session.open_folder("INBOX").holds == 0
            session.close()


NAMES = ("Bearbeitet/Außenamt Ωü & Co", "2024", "Отговори", "with space", "&")


@pytest.mark.parametrize(("separator", "prefix"), [("/", ""), (".", ""), (".", "INBOX."), ("/", "INBOX/")])
def test_folders_of_any_name(separator: str, prefix: str, tmp_path: Path) -> None:
    with Dovecot(separator=separator, prefix=prefix) as server, Register.open(tmp_path / "r.db") as register:
        on_server = [prefix + name.replace("/", separator) for name in NAMES]
        for number, name in enumerate(on_server):
            with server.client("anna") as client:
                client.create_folder(name)
            server.append("anna", [mail(number)], name)
        desk = Desk(server, server.account("anna", archive=NAMES), register)
        report = desk.look()
        assert report.words == ""
        assert {name: report.outcomes[name].holds for name in on_server} == dict.fromkeys(on_server, 1)
        desk.watch.close()
        assert desk.agrees("INBOX", *on_server)


def test_a_folder_that_disappears_does_not_hold_up_the_others(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot, archive=("Answers",))
    with dovecot.client(desk.user) as client:
        client.create_folder("Answers")
    assert desk.look().good
    with dovecot.client(desk.user) as client:
        client.delete_folder("Answers")
    dovecot.append(desk.user, [mail(7)])
    report = desk.look()
    assert not report.good
    assert "Answers" in report.words
    assert not report.words.endswith("."), "the page ends the sentence"
    assert report.outcomes["INBOX"].holds == 7
    with dovecot.client(desk.user) as client:
        client.create_folder("Answers")
    assert desk.look().good, "it is looked for again, without a restart"


def test_the_same_mail_in_two_folders_counts_once(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot, archive=("Answers",))
    with dovecot.client(desk.user) as client:
        client.create_folder("Answers")
        client.select_folder("INBOX")
        client.copy([1, 2], "Answers")
    desk.look()
    assert len(desk.register.unread("e")) == 6
    assert desk.agrees("INBOX", "Answers")
    with dovecot.client(desk.user) as client:
        client.select_folder("INBOX")
        client.move([3], "Answers")
    desk.look()
    assert len(desk.register.unread("e")) == 6
    assert desk.agrees("INBOX", "Answers")


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Europe/Brussels", "UTC"])
def test_arrival_does_not_depend_on_this_machines_zone(
    dovecot: Dovecot, make: Make, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        desk = make(dovecot, 0)
        moments = [
            datetime(2024, 3, 31, 0, 30, tzinfo=UTC),  # an hour in which Brussels' clocks change
            datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
            datetime(2024, 10, 27, 1, 30, tzinfo=UTC),
        ]
        with dovecot.client(desk.user) as client:
            for number, moment in enumerate(moments):
                client.append("INBOX", mail(number), msg_time=moment)
        desk.look()
        assert [desk.register.received_at(number) for number in desk.register.unread("e")] == moments
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.fixture
def identity() -> Iterator[Introspection]:
    with Introspection() as provider:
        yield provider


@pytest.fixture
def token_dovecot(identity: Introspection) -> Iterator[Dovecot]:
    with Dovecot(extra=AUTH, files={"oauth2.conf": identity.dovecot_settings()}) as server:
        yield server


@pytest.mark.parametrize("login", ["xoauth2", "oauthbearer"])
def test_tokens(token_dovecot: Dovecot, identity: Introspection, tmp_path: Path, login: str) -> None:
    identity.tokens["good"] = "anna"
    token_dovecot.append("anna", [mail(1)])
    file = tmp_path / "token"
    account = dataclasses.replace(token_dovecot.account("anna"), login=login, password="")

    def attempt(token: str) -> Session:
        file.write_text(token)
        session = Session(account, TokenLogin(FileTokens(file)), answer_seconds=10)
        session.open()
        return session

    session = attempt("good")
    assert session.open_folder("INBOX").holds == 1
    identity.tokens.clear()
    assert session.uids() == [1], "the server keeps a session whose token has ended"
    session.close()
    for token in ("good", "never was"):
        with pytest.raises(MailboxError) as caught:
            attempt(token)
        assert caught.value.fault is Fault.NO_ACCESS
        assert token not in caught.value.words
    identity.tokens["good"] = "anna"
    identity.down = True
    with pytest.raises(MailboxError) as caught:
        attempt("good")
    assert caught.value.fault is Fault.UNAVAILABLE, "a provider that is down is nobody's wrong secret"
    identity.down = False
    attempt("good").close()


def test_no_connection_is_left_open(dovecot: Dovecot, make: Make) -> None:
    desk = make(dovecot)
    for _ in range(30):
        desk.look()
        desk.watch.close()
    with pytest.raises(MailboxError):
        Session(dataclasses.replace(desk.account, password="wrong"), Password()).open()
    connections = subprocess.run(
        ["sh", "-c", f"cat /proc/net/tcp | grep -c ' 0100007F:{dovecot.port:04X} 01 '"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    assert connections in ("", "0")
