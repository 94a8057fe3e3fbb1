"""Connecting and logging in: each step that can fail told apart, and the connection closed whatever happens."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imap_fake import Conversation, FakeServer
from imap_grammar import allowed
from moved_clock import MovedClock

from intake.mailbox.faults import MANNERS, BackOff, Fault, MailboxError, from_answer, stated_wait, tame
from intake.mailbox.folders import NAMES, Folder, Wanted, find
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.settings import Account


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


def opened(account: Account, **more: object) -> Session:
    session = Session(account, Password(), connect_seconds=0.5, answer_seconds=2, **more)  # type: ignore[arg-type]
    session.open()
    return session


def failing(account: Account) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        opened(account)
    return caught.value


def no(answer: bytes) -> object:
    def run(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(answer.replace(b"TAG", tag) + b"\r\n")

    return run


@pytest.mark.parametrize(
    ("user", "password", "line"),
    [
        ("desk@host.example", "secret", b'LOGIN desk@host.example "secret"'),
        ("desk", 'a "b" \\c', b'LOGIN desk "a \\"b\\" \\\\c"'),
        ("the desk", "x", b'LOGIN "the desk" "x"'),
        ('d"esk\\', "x", b'LOGIN "d\\"esk\\\\" "x"'),
    ],
)
def test_login_quotes_what_needs_it(server: FakeServer, user: str, password: str, line: bytes) -> None:
    opened(server.account(user=user, password=password)).close()
    assert line in [sent.split(b" ", 1)[1] for sent in server.lines if b" " in sent]
    assert [sent for sent in server.lines if not allowed(sent)] == []


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"password": "pässwörd"}, "\0desk\0pässwörd"),
        ({"user": "bürgermeister"}, "\0bürgermeister\0secret"),
        ({"login": "plain"}, "\0desk\0secret"),
        ({"mailbox": "shared@host.example"}, "shared@host.example\0desk\0secret"),
        ({"mailbox": "desk", "login": "plain"}, "\0desk\0secret"),
        ({"password": "two\nlines"}, "\0desk\0two\nlines"),
    ],
)
def test_what_login_cannot_say_goes_by_auth_plain(server: FakeServer, settings: dict[str, str], sent: str) -> None:
    opened(server.account(**settings)).close()
    answer = server.lines[1 + next(place for place, line in enumerate(server.lines) if b"AUTHENTICATE PLAIN" in line)]
    assert base64.b64decode(answer).decode() == sent
    assert "LOGIN" not in server.commands()
    assert [line for line in server.lines if not allowed(line)] == []


def test_logindisabled_leaves_auth_plain() -> None:
    with FakeServer(capabilities=b"IMAP4rev1 LOGINDISABLED AUTH=PLAIN") as server:
        opened(server.account()).close()
        assert "AUTHENTICATE" in server.commands()


def test_no_auth_plain_where_it_is_needed() -> None:
    with FakeServer(capabilities=b"IMAP4rev1") as server:
        error = failing(server.account(password="pässwörd"))
        assert error.fault is Fault.REFUSED
        assert "AUTH=PLAIN" in error.words
        assert server.open_connections == 0 or not server.lines[-1].startswith(b"p")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] Invalid credentials", Fault.WRONG_SECRET),
        (b"TAG NO LOGIN failed.", Fault.WRONG_SECRET),
        (b"TAG NO [UNAVAILABLE] Temporary authentication failure", Fault.UNAVAILABLE),
        (b"TAG NO [LIMIT] Maximum number of connections from user+IP exceeded", Fault.LIMIT),
        (b"TAG NO Too many simultaneous connections", Fault.LIMIT),
        (b"TAG NO [EXPIRED] password expired", Fault.WRONG_SECRET),
        (b"TAG NO [PRIVACYREQUIRED] use TLS", Fault.TLS),
        (b"TAG NO [CONTACTADMIN] disabled", Fault.NO_ACCESS),
        (b"TAG NO [AUTHORIZATIONFAILED] not this mailbox", Fault.NO_ACCESS),
        (b"TAG BAD Request is throttled. Suggested Backoff Time: 12345 milliseconds", Fault.THROTTLED),
        (b"* BYE Server shutting down", Fault.LOST),
    ],
)
def test_what_a_refusal_means(server: FakeServer, answer: bytes, fault: Fault) -> None:
    server.scripts["LOGIN"] = no(answer)  # type: ignore[assignment]
    error = failing(server.account())
    assert error.fault is fault
    assert error.advice
    assert "secret" not in error.words


def test_logged_in_and_yet_not_connected(server: FakeServer) -> None:
    server.scripts["LIST"] = no(b"TAG BAD User is authenticated but not connected.")  # type: ignore[assignment]
    assert failing(server.account()).fault is Fault.NO_ACCESS


def test_every_failure_closes_the_connection(server: FakeServer) -> None:
    for command in ("CAPABILITY", "LOGIN", "LIST"):
        server.scripts = {command: no(b"TAG NO no")}  # type: ignore[dict-item]
        for _ in range(5):
            failing(server.account())
    done = threading.Event()

    def watch() -> None:
        while server.open_connections:
            pass
        done.set()

    threading.Thread(target=watch, daemon=True).start()
    assert done.wait(5), f"{server.open_connections} connections are open still"


@pytest.mark.parametrize("greeting", [b"* BYE [UNAVAILABLE] maintenance\r\n", b"* BYE Too many connections\r\n"])
def test_a_server_that_says_bye_at_once(greeting: bytes) -> None:
    with FakeServer(greeting=greeting) as server:
        assert failing(server.account()).fault in (Fault.UNAVAILABLE, Fault.LIMIT)


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH\r\n", b"\x15\x03\x01\x00\x02\x02P"])
def test_something_else_listens_there(greeting: bytes) -> None:
    with FakeServer(greeting=greeting) as server:
        assert failing(server.account()).fault in (Fault.UNREACHABLE, Fault.UNAVAILABLE, Fault.LOST)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failing(Account(host="127.0.0.1", port=port, tls="none", user="u", password="p"))
    assert error.fault is Fault.UNREACHABLE
    assert f"port {port}" in error.words


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failing(Account(host="imap.nowhere.example", user="u", password="p")).fault is Fault.NAME


def self_signed(directory: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / "cert.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def encrypted(server: FakeServer, tmp_path: Path) -> tuple[FakeServer, ssl.SSLContext]:
    """The same server behind TLS, and a client's context that trusts it."""
    path = self_signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.wrap = lambda connection: context.wrap_socket(connection, server_side=True)
    return server, ssl.create_default_context(cafile=str(path))


def test_tls(encrypted: tuple[FakeServer, ssl.SSLContext]) -> None:
    server, context = encrypted
    account = server.account(host="localhost", tls="implicit")
    session = opened(account, context=context)
    assert session.open_folder("INBOX").generation == 7
    session.close()


def test_a_certificate_that_nobody_vouches_for(encrypted: tuple[FakeServer, ssl.SSLContext]) -> None:
    server, _ = encrypted
    error = failing(server.account(host="localhost", tls="implicit"))
    assert error.fault is Fault.TLS
    assert "certificate" in error.words


def test_tls_where_there_is_none(server: FakeServer) -> None:
    assert failing(server.account(host="localhost", tls="implicit")).fault is Fault.TLS


def offer_starttls(server: FakeServer) -> None:
    """From the command on it speaks TLS, as `wrap` would have it speak from the start."""
    wrap, server.wrap = server.wrap, None

    def start(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(tag + b" OK begin\r\n")
        assert wrap is not None
        conversation.connection = wrap(conversation.connection)
        conversation.file = conversation.connection.makefile("rb")

    server.scripts["STARTTLS"] = start
    server.capabilities += b" STARTTLS"


def test_starttls(encrypted: tuple[FakeServer, ssl.SSLContext]) -> None:
    server, context = encrypted
    offer_starttls(server)
    session = opened(server.account(host="localhost", tls="starttls"), context=context)
    assert session.open_folder("INBOX").generation == 7
    assert server.commands().index("STARTTLS") < server.commands().index("LOGIN")
    assert [line for line in server.lines if not allowed(line)] == []
    session.close()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_an_answer_that_never_ends_within_tls(encrypted: tuple[FakeServer, ssl.SSLContext], tls: str) -> None:
    server, context = encrypted
    if tls == "starttls":
        offer_starttls(server)
    clock = MovedClock()

    def drips(conversation: Conversation, _: bytes, __: bytes) -> None:
        while True:
            clock.advance(4)
            conversation.send(b"x")

    server.scripts["EXAMINE"] = drips
    account = server.account(host="localhost", tls=tls)
    session = Session(account, Password(), clock=clock, answer_seconds=5, context=context)
    session.open()
    with pytest.raises(MailboxError) as caught:
        session.open_folder("INBOX")
    assert caught.value.fault is Fault.SLOW
    session.close()


def test_starttls_that_the_server_does_not_offer(server: FakeServer) -> None:
    server.scripts["STARTTLS"] = no(b"TAG BAD unknown command")  # type: ignore[assignment]
    error = failing(server.account(host="localhost", tls="starttls"))
    assert error.fault is Fault.TLS
    assert "LOGIN" not in server.commands(), "no password in the clear"


def test_options_of_the_socket(server: FakeServer) -> None:
    session = opened(server.account())
    sock = session._connection.client.socket()
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    session.close()


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        ("suggested backoff time: 30 seconds", 30.0),
        ("Backoff Time 5 s", 5.0),
        ("Suggested Backoff Time: 99999999999 milliseconds", 86_400.0),
        ("no such thing", None),
    ],
)
def test_a_stated_wait(answer: str, seconds: float | None) -> None:
    assert stated_wait(answer) == seconds


def test_the_stated_wait_is_obeyed_and_spread() -> None:
    error = from_answer("Request is throttled. Suggested Backoff Time: 299961 milliseconds", Fault.REFUSED)
    waits = [BackOff().after(error, spread) for spread in (0.0, 0.5, 1.0)]
    assert waits[0] >= 299.961
    assert waits == sorted(waits)
    assert waits[-1] < 600


@pytest.mark.parametrize("fault", list(Fault))
def test_waits_grow_up_to_a_limit_and_start_anew(fault: Fault) -> None:
    back_off = BackOff()
    error = MailboxError(fault, "x")
    waits = [back_off.after(error, 0.5) for _ in range(30)]
    assert waits == sorted(waits)
    assert waits[0] == MANNERS[fault].first_wait
    assert waits[-1] == MANNERS[fault].longest_wait
    back_off.reset()
    assert back_off.after(error, 0.5) == waits[0]


def test_only_a_wrong_secret_alarms_the_password() -> None:
    assert "password" in MANNERS[Fault.WRONG_SECRET].advice
    assert not any("password" in MANNERS[fault].advice for fault in (Fault.UNAVAILABLE, Fault.LIMIT, Fault.THROTTLED))


def test_foreign_text_is_tamed() -> None:
    assert tame("a\r\nb\x1b[31m\u202ec" + "x" * 500) == "a b [31m c" + "x" * 289 + "…"


LISTING = {
    "dovecot": ("/", ["INBOX", "Sent", "Drafts", "Processed", "Answers/2024"]),
    "courier": (".", ["INBOX", "INBOX.Sent", "INBOX.Drafts", "INBOX.Answers.2024"]),
    "exchange": ("/", ["INBOX", "Gesendete Elemente", "Entwürfe", "Junk-E-Mail", "Bearbeitet/Außenamt Ωü & Co"]),
    "backslash": ("\\", ["INBOX", "Answers\\2024", "Sent Items"]),
}


def listing(kind: str) -> list[Folder]:
    delimiter, names = LISTING[kind]
    return [Folder(name, delimiter, frozenset()) for name in names]


@pytest.mark.parametrize(
    ("kind", "wanted", "found"),
    [
        ("dovecot", "inbox", "INBOX"),
        ("dovecot", "Answers/2024", "Answers/2024"),
        ("dovecot", "processed", "Processed"),
        ("courier", "Answers/2024", "INBOX.Answers.2024"),
        ("courier", "INBOX.Answers.2024", "INBOX.Answers.2024"),
        ("courier", "Sent", "INBOX.Sent"),
        ("backslash", "Answers/2024", "Answers\\2024"),
        ("exchange", "Bearbeitet/Außenamt Ωü & Co", "Bearbeitet/Außenamt Ωü & Co"),
        ("exchange", "\\Junk", "Junk-E-Mail"),
        ("exchange", "\\Sent", "Gesendete Elemente"),
        ("exchange", "\\Drafts", "Entwürfe"),
        ("courier", "\\sent", "INBOX.Sent"),
    ],
)
def test_folders_of_any_name_separator_and_prefix(kind: str, wanted: str, found: str) -> None:
    assert find(listing(kind), wanted) == found


def test_special_use_before_the_name() -> None:
    folders = [Folder("Sent", "/", frozenset()), Folder("Out", "/", frozenset({"\\sent"}))]
    assert find(folders, Wanted.SENT) == "Out"


def test_the_sent_folder_at_the_top_before_one_in_an_archive() -> None:
    folders = [Folder("Archive/2019/Sent", "/", frozenset()), Folder("Envoyés", "/", frozenset())]
    assert find(folders, Wanted.SENT) == "Envoyés"


def test_a_folder_that_is_not_there_names_its_neighbours() -> None:
    with pytest.raises(MailboxError) as caught:
        find(listing("dovecot"), "Procesed")
    assert caught.value.fault is Fault.FOLDER
    assert "Processed" in caught.value.advice


def test_a_folder_that_cannot_hold_messages_is_none() -> None:
    with pytest.raises(MailboxError):
        find([Folder("Public", "/", frozenset({"\\noselect"}))], "Public")


def test_names_in_many_languages() -> None:
    assert len(NAMES[Wanted.SENT]) > 40
    assert all(len(set(names)) == len(names) for names in NAMES.values())


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'* LIST () "/" "Bearbeitet/Au&AN8-enamt &A6kA,A- &- Co"', "Bearbeitet/Außenamt Ωü & Co"),
        (b'* LIST () "/" 2024', "2024"),
        (b'* LIST () "/" "&broken"', "&broken"),
        (b'* LIST () NIL "flat"', "flat"),
        (b'* LIST () "/" {4}\r\nodd"', 'odd"'),
    ],
)
def test_names_on_the_wire(server: FakeServer, line: bytes, name: str) -> None:
    server.listing = [line]
    session = opened(server.account())
    assert session.folders()[0].name == name
    session.close()
