"""Tokens from a stand-in for Microsoft's identity platform: how often it is asked, what is kept, what a code means."""

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from identity_fake import FakeIdentity, wrong
from imap_fake import Conversation, FakeServer
from imap_grammar import allowed
from moved_clock import MovedClock

from intake.mailbox.aadsts import MEANINGS, explained
from intake.mailbox.faults import Fault, MailboxError
from intake.mailbox.session import Session
from intake.mailbox.tokens import FileTokens, MicrosoftTokens, TokenLogin, write_private
from intake.settings import Account


@pytest.fixture
def identity() -> FakeIdentity:
    return FakeIdentity()


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(
        user="desk@ministry.example",
        login="xoauth2",
        tenant=FakeIdentity.TENANT,
        client_id=FakeIdentity.CLIENT,
        client_secret=FakeIdentity.SECRET,
        authority="https://login.example",
        token_file=str(tmp_path / "token.json"),
    )


Make = Callable[..., MicrosoftTokens]


@pytest.fixture
def make(identity: FakeIdentity, account: Account) -> Make:
    def tokens(**settings: object) -> MicrosoftTokens:
        import dataclasses

        changed = dataclasses.replace(account, **settings)  # type: ignore[arg-type]
        return MicrosoftTokens(changed, MovedClock(datetime.now(UTC)), http_client=identity)

    return tokens


def fault(tokens: MicrosoftTokens) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        tokens.token()
    return caught.value


def test_with_a_client_secret(make: Make, identity: FakeIdentity) -> None:
    assert make().token() == "token-1"
    assert identity.requests[0]["scope"] == "https://outlook.office365.com/.default"


def test_the_token_is_asked_for_once_however_often_the_mailbox_is_opened(make: Make, identity: FakeIdentity) -> None:
    tokens = make()
    assert {tokens.token() for _ in range(20)} == {"token-1"}
    assert len(identity.requests) == 1


def test_a_token_that_has_expired_is_replaced(make: Make, identity: FakeIdentity) -> None:
    identity.lifetime = 1
    tokens = make()
    assert tokens.token() == "token-1"
    assert tokens.token() == "token-2"


def test_a_token_that_was_refused_is_not_used_again(make: Make) -> None:
    tokens = make()
    tokens.token()
    tokens.forget()
    assert tokens.token() == "token-2"


def test_graph_has_a_scope_of_its_own(make: Make, identity: FakeIdentity) -> None:
    make(kind="graph").token()
    assert identity.requests[0]["scope"] == "https://graph.microsoft.com/.default"


def certificate(path: Path, days: int) -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "intake")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return str(path), private.decode()


def test_with_a_certificate(make: Make, identity: FakeIdentity, tmp_path: Path) -> None:
    path, key = certificate(tmp_path / "cert.pem", days=300)
    tokens = make(oauth="certificate", certificate=path, certificate_key=key, client_secret="")
    identity.certificate = certificate(tmp_path / "other.pem", days=300)[0]
    assert "AADSTS700027" in fault(tokens).words, "registered is another one"
    identity.certificate = path
    identity.requests.clear()
    assert tokens.token() == "token-1"
    assert "client_secret" not in identity.requests[0]
    assert identity.requests[0]["client_assertion"]
    assert tokens.warnings() == ()


def test_what_expires_soon_is_said(make: Make, tmp_path: Path) -> None:
    path, key = certificate(tmp_path / "cert.pem", days=20)
    (warning,) = make(oauth="certificate", certificate=path, certificate_key=key).warnings()
    assert "certificate" in warning
    soon = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    (warning,) = make(client_secret_expires=soon).warnings()
    assert "client secret" in warning
    assert make(client_secret_expires="2199-01-01").warnings() == ()


def test_a_certificate_that_is_none(make: Make, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    error = fault(make(oauth="certificate", certificate=str(tmp_path / "cert.pem"), certificate_key="x"))
    assert error.fault is Fault.TOKEN
    assert error.advice == "Check mailbox.certificate."


def test_with_a_code_on_another_device(make: Make, identity: FakeIdentity, account: Account) -> None:
    tokens = make(oauth="device-code")
    assert "Nobody has signed in" in fault(tokens).words
    identity.signed_in = True
    shown: list[str] = []
    tokens.sign_in(shown.append)
    assert "CODE123" in shown[0]
    kept = Path(account.token_file)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    fresh = make(oauth="device-code")
    assert fresh.token() == "token-1", "another process finds what was kept"
    fresh.forget()
    assert fresh.token() == "token-2"
    assert "refresh-2" in kept.read_text(), "the new refresh token is kept, since the old one is used up"
    assert make(oauth="device-code").token() == "token-2"


def test_a_token_file_that_cannot_be_written_ends_nothing_and_is_said(
    make: Make, identity: FakeIdentity, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.signed_in = True
    make(oauth="device-code").sign_in(lambda _: None)
    before = Path(account.token_file).read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    tokens = make(oauth="device-code")
    tokens.forget()
    assert tokens.token() == "token-2"
    assert "cannot be written (No space left on device)" in tokens.warnings()[0]
    assert Path(account.token_file).read_text() == before
    monkeypatch.undo()
    assert tokens.token() == "token-2"
    assert tokens.warnings() == ()
    assert "refresh-2" in Path(account.token_file).read_text()


def test_a_sign_in_that_cannot_be_kept_is_none(make: Make, identity: FakeIdentity, tmp_path: Path) -> None:
    identity.signed_in = True
    with pytest.raises(MailboxError, match="cannot be written"):
        make(oauth="device-code", token_file=str(tmp_path / "nowhere" / "token.json")).sign_in(lambda _: None)


def test_a_token_file_that_holds_something_else(make: Make, account: Account) -> None:
    Path(account.token_file).write_text("not what msal writes")
    error = fault(make(oauth="device-code"))
    assert error.fault is Fault.TOKEN
    assert account.token_file in error.words
    assert "sign in again" in error.advice


def test_a_sign_in_that_was_not_used_for_long(make: Make, identity: FakeIdentity, account: Account) -> None:
    identity.signed_in = True
    tokens = make(oauth="device-code")
    tokens.sign_in(lambda _: None)
    assert tokens.warnings() == ()
    long_ago = (datetime.now(UTC) - timedelta(days=70)).timestamp()
    os.utime(account.token_file, (long_ago, long_ago))
    assert "Sign in" in tokens.warnings()[0]


def test_the_token_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token.json"
    write_private(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new and longer")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "other"}, "AADSTS700016"),
        ({"tenant": "nobody.example"}, "AADSTS90002"),
    ],
)
def test_what_the_codes_mean(make: Make, settings: dict[str, str], words: str) -> None:
    error = fault(make(**settings))
    assert error.fault is Fault.TOKEN
    assert words in error.words
    assert error.advice


def test_a_platform_that_does_not_answer_is_an_outage(make: Make, identity: FakeIdentity) -> None:
    identity.down = True
    assert fault(make()).fault is Fault.UNAVAILABLE


def test_a_passing_fault_is_an_outage(make: Make, identity: FakeIdentity) -> None:
    identity.fail = lambda _: wrong(90033, "A transient error has occurred. Please try again.")
    assert fault(make()).fault is Fault.UNAVAILABLE


def test_every_code_is_explained_in_words() -> None:
    for code, (_, meaning, advice) in MEANINGS.items():
        error = explained("invalid_grant", f"AADSTS{code}: Something. Trace ID: 1\r\n")
        assert meaning in error.words
        assert error.advice == advice
        assert advice.endswith(".")
    unknown = explained("invalid_grant", "AADSTS99999: Something new. Trace ID: 123\r\nTimestamp: x")
    assert unknown.words == "Microsoft gives no token: AADSTS99999: Something new."


def test_no_secret_is_in_what_is_said(make: Make, identity: FakeIdentity) -> None:
    identity.fail = lambda _: wrong(50126, "Error validating.")
    error = fault(make(client_secret="kanarie"))
    assert "kanarie" not in str(error) + error.words + error.advice


def test_a_token_from_a_file(tmp_path: Path) -> None:
    source = FileTokens(tmp_path / "token")
    with pytest.raises(MailboxError, match="holds no token"):
        source.token()
    (tmp_path / "token").write_text("\n")
    with pytest.raises(MailboxError, match="is empty"):
        source.token()
    (tmp_path / "token").write_text("abc\n")
    assert source.token() == "abc"


class OneToken:
    def __init__(self) -> None:
        self.forgotten = 0

    def token(self) -> str:
        return "tok"

    def forget(self) -> None:
        self.forgotten += 1

    def warnings(self) -> tuple[str, ...]:
        return ("soon",)


@pytest.mark.parametrize(
    ("login", "whose", "sent"),
    [
        ("xoauth2", "", b"user=desk\x01auth=Bearer tok\x01\x01"),
        ("xoauth2", "shared@host.example", b"user=shared@host.example\x01auth=Bearer tok\x01\x01"),
        ("oauthbearer", "", b"n,a=desk,\x01auth=Bearer tok\x01\x01"),
    ],
)
def test_how_a_token_is_sent(login: str, whose: str, sent: bytes) -> None:
    import base64

    with FakeServer() as server:
        session = Session(server.account(login=login, mailbox=whose), TokenLogin(OneToken()))
        session.open()
        session.close()
    assert [line for line in server.lines if not allowed(line)] == []
    answers = [line.split()[-1] for line in server.lines if b"AUTHENTICATE" in line and len(line.split()) == 4]
    answers += [
        server.lines[place + 1]
        for place, line in enumerate(server.lines)
        if len(line.split()) == 3 and b"AUTHENTICATE" in line
    ]
    assert base64.b64decode(answers[0]) == sent


def test_a_token_that_the_mailbox_refuses_is_a_question_of_permission() -> None:
    def refuse(conversation: Conversation, tag: bytes, _: bytes) -> None:
        challenge = json.dumps({"status": "400", "schemes": "bearer"}).encode()
        import base64

        conversation.send(b"+ " + base64.b64encode(challenge) + b"\r\n")
        conversation.read()
        conversation.send(tag + b" NO AUTHENTICATE failed.\r\n")

    source = OneToken()
    with FakeServer() as server:
        server.scripts["AUTHENTICATE"] = refuse
        session = Session(server.account(login="xoauth2"), TokenLogin(source))
        with pytest.raises(MailboxError) as caught:
            session.open()
    assert caught.value.fault is Fault.NO_ACCESS
    assert "Add-MailboxPermission" in caught.value.advice
    assert source.forgotten == 1
    assert session.warnings() == ("soon",)
