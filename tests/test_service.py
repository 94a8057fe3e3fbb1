"""`serve`, `demo`, `check` and `healthcheck` as a person starts them: programs of their own, looked at from outside."""

import json
import os
import queue
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from imap_dovecot import PASSWORD, Dovecot, available
from imap_fake import Conversation, FakeServer
from ledger_check import buckets, counted

from intake.demo.command import sample_mails

DEMO = Path(__file__).parent.parent / "intake" / "demo" / "config"
SAMPLES = sample_mails()
(CALENDAR_REPLY,) = [raw for raw in SAMPLES if b"es-calendar-accept@" in raw]
"""Read by an exact rule (iTIP, RFC 5546), so that what comes of it does not depend on the trained model."""


class Program:
    """`intake …` running; its lines of output can be waited for."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "intake.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self.out: queue.Queue[str] = queue.Queue()
        self.errors: list[str] = []
        threading.Thread(target=self._read_out, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def line(self, patience: float = 30.0) -> str:
        return self.out.get(timeout=patience)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """The exit code after a signal, and how long the program took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - began

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _read_out(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.out.put(line.rstrip())

    def _read_errors(self) -> None:
        assert self.process.stderr
        self.errors.extend(self.process.stderr)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(true: Callable[[], bool], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def run(*arguments: str, env: dict[str, str] | None = None) -> Program:
        programs.append(Program(*arguments, env=env))
        return programs[-1]

    yield run
    for program in programs:
        program.kill()


def directory(path: Path, port: int, user: str = "desk") -> Path:
    """The demo's event with a mailbox on that port."""
    config = path / "config"
    shutil.copytree(DEMO, config)
    (config / "service.toml").write_text(
        f'[mailbox]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nuser = "{user}"\n'
        f'[page]\naddress = "127.0.0.1:0"\n[register]\ndatabase = "{path}/register.db"\n'
    )
    return config


ENV = {"INTAKE_MAILBOX_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    if not available():
        pytest.skip("Dovecot is not installed")
    with Dovecot() as server:
        yield server


@pytest.mark.dovecot
def test_from_the_mailbox_to_the_row_on_the_page(
    tmp_path: Path, dovecot: Dovecot, start: Callable[..., Program]
) -> None:
    config = directory(tmp_path, dovecot.port, "row")
    began = time.monotonic()
    program = start("serve", "--config", str(config), env=ENV)
    url = program.line()
    listening = time.monotonic() - began
    status, words = get(url + "readyz")
    if status != 200:
        assert "reader" in words or "looked at" in words, "it says what it is waiting for"
    assert get(url + "healthz")[0] == 200
    assert "Valdepeñas" not in get(url)[1]
    until(lambda: get(url + "readyz")[0] == 200)
    dovecot.append("row", [CALENDAR_REPLY])
    until(lambda: "Valdepeñas" in get(url)[1])
    print(f"listening after {listening:.2f} s")
    code, _ = program.end()
    assert code == 0
    assert buckets(tmp_path / "register.db") == {"answer": 1}


@pytest.mark.dovecot
def test_ended_in_the_middle_and_started_again(tmp_path: Path, dovecot: Dovecot, start: Callable[..., Program]) -> None:
    config = directory(tmp_path, dovecot.port, "middle")
    dovecot.append("middle", SAMPLES)
    database = tmp_path / "register.db"
    program = start("serve", "--config", str(config), env=ENV)
    program.line()
    until(lambda: database.exists() and sum(buckets(database).values()) > len(SAMPLES) // 2)
    program.kill()
    program = start("serve", "--config", str(config), env=ENV)
    program.line()
    until(lambda: sum(buckets(database).values()) == len(SAMPLES) and "waiting" not in buckets(database), 120)
    assert program.end(signal.SIGINT)[0] == 0
    assert set(counted(database).values()) == {1}
    assert len(counted(database)) == len(SAMPLES)


HOSTILE = [
    b"",
    b"\x00" * 100,
    bytes(range(256)) * 20,
    b"Subject: " + b"=?utf-8?q?" * 3000 + b"\r\n\r\nx",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 300,
    b"From: " + b"(" * 2000 + b"\r\n\r\nx",
    b"Content-Type: text/plain; charset=\x00\r\n\r\nx",
    b"Subject: x\r\n\r\n" + b"=" * 20_000,
]


def test_bytes_of_any_kind_are_counted_and_stop_nothing(tmp_path: Path, start: Callable[..., Program]) -> None:
    mails = dict(enumerate([*HOSTILE, CALENDAR_REPLY], 1))
    with FakeServer(mails) as server:
        config = directory(tmp_path, server.port)
        program = start("serve", "--config", str(config), env=ENV)
        program.line()
        database = tmp_path / "register.db"
        until(lambda: database.exists() and sum(buckets(database).values()) == len(mails), 60)
        until(lambda: "waiting" not in buckets(database), 120)
        counts = buckets(database)
        assert counts["answer"] == 1
        assert program.end()[0] == 0
    assert "Traceback" not in "".join(program.errors)


def test_a_second_service_on_the_same_register_is_refused(tmp_path: Path, start: Callable[..., Program]) -> None:
    with FakeServer() as server:
        config = directory(tmp_path, server.port)
        first = start("serve", "--config", str(config), env=ENV)
        first.line()
        second = start("serve", "--config", str(config), env=ENV)
        assert second.process.wait(30) == 1
        until(lambda: bool(second.errors))
        assert "another service" in second.errors[-1]
        assert first.end()[0] == 0
        third = start("serve", "--config", str(config), env=ENV)
        third.line()
        assert third.end()[0] == 0


def refused(start: Callable[..., Program], *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    program = start(*arguments, env=env)
    code = program.process.wait(30)
    until(lambda: bool(program.errors), 5)
    words = "".join(program.errors)
    assert "Traceback" not in words
    return code, words


def test_a_port_that_is_taken(tmp_path: Path, start: Callable[..., Program]) -> None:
    config = directory(tmp_path, 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, words = refused(start, "serve", "--config", str(config), "--address", address, env=ENV)
    assert code == 1
    assert address in words


def test_an_address_that_others_could_reach(tmp_path: Path, start: Callable[..., Program]) -> None:
    config = directory(tmp_path, 1)
    code, words = refused(start, "serve", "--config", str(config), "--address", "0.0.0.0:8080", env=ENV)
    assert code == 2
    assert "access" in words


def test_a_configuration_with_mistakes(tmp_path: Path, start: Callable[..., Program]) -> None:
    config = directory(tmp_path, 1)
    (config / "conference.toml").write_text('name = ""\n')
    code, words = refused(start, "serve", "--config", str(config))
    assert code == 2
    assert "conference.toml, days" in words
    assert "service.toml, mailbox.password_file" in words


def test_a_register_of_a_newer_version(tmp_path: Path, start: Callable[..., Program]) -> None:
    config = directory(tmp_path, 1)
    from intake.register import Register

    Register.open(tmp_path / "register.db").close()
    with closing(sqlite3.connect(tmp_path / "register.db")) as db:
        (table,) = db.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migrations%'").fetchone()
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        row = dict(zip(columns, db.execute(f"SELECT * FROM {table}").fetchone(), strict=True))
        row.update({"name": "from_the_future"} | ({"id": 999} if "id" in row else {}))
        db.execute(f"INSERT INTO {table} ({','.join(row)}) VALUES ({','.join('?' * len(row))})", list(row.values()))
        db.commit()
    code, words = refused(start, "serve", "--config", str(config), env=ENV)
    assert code == 2
    assert "newer version" in words


def test_healthcheck(tmp_path: Path, start: Callable[..., Program]) -> None:
    with FakeServer() as server:
        config = directory(tmp_path, server.port)
        program = start("serve", "--config", str(config), env=ENV)
        address = program.line().split("/")[2]

        def health(*more: str) -> int:
            return subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "intake.cli",
                    "healthcheck",
                    "--config",
                    str(config),
                    "--address",
                    address,
                    *more,
                ],
                capture_output=True,
                check=False,
            ).returncode

        assert health() == 0
        until(lambda: get(f"http://{address}/readyz")[0] == 200)
        assert health("--ready") == 0
        program.kill()
        assert health() == 1


def test_no_secret_leaves_the_process(tmp_path: Path, start: Callable[..., Program]) -> None:
    def refuse(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(tag + b" NO [AUTHENTICATIONFAILED] no\r\n")

    with FakeServer() as server:
        server.scripts["LOGIN"] = refuse
        config = directory(tmp_path, server.port)
        env = {"INTAKE_MAILBOX_PASSWORD": "kanarienvogel"}
        program = start("serve", "--config", str(config), "--log-level", "DEBUG", env=env)
        url = program.line()
        until(lambda: "wrong user or secret" in "".join(program.errors))
        pages = "".join(get(url + path)[1] for path in ("", "readyz", "healthz"))
        program.end()
    assert "kanarienvogel" not in pages + "".join(program.errors)
    assert b"kanarienvogel" not in (tmp_path / "register.db").read_bytes()


def check(config: Path, *more: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-m", "intake.cli", "check", "--config", str(config), *more],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    assert "Traceback" not in run.stderr
    return run.returncode, run.stdout + run.stderr


def test_check_goes_through_every_step(tmp_path: Path) -> None:
    with FakeServer({1: b"Subject: a\r\n\r\n"}) as server:
        code, words = check(directory(tmp_path, server.port), env=ENV)
        assert code == 0
        for step in ("event", "list", "register", "name look-up", "connection", "encryption", "log-in"):
            assert f"well   {step}" in words
        assert "folder INBOX: 1 messages" in words
        assert not any(line.startswith(b"UID FETCH") or b"SELECT" in line for line in server.lines)


@pytest.mark.parametrize(
    ("command", "answer", "code", "wrong"),
    [
        ("LOGIN", b"NO [AUTHENTICATIONFAILED] no", 2, "log-in"),
        ("LOGIN", b"NO [UNAVAILABLE] later", 1, "log-in"),
        ("LOGIN", b"NO [LIMIT] too many", 1, "log-in"),
        ("EXAMINE", b"NO [NONEXISTENT] no such folder", 2, "folders"),
    ],
)
def test_check_names_the_step_that_fails(tmp_path: Path, command: str, answer: bytes, code: int, wrong: str) -> None:
    def refuse(conversation: Conversation, tag: bytes, _: bytes) -> None:
        conversation.send(tag + b" " + answer + b"\r\n")

    with FakeServer() as server:
        server.scripts[command] = refuse
        found, words = check(directory(tmp_path, server.port), env=ENV)
    assert f"wrong  {wrong}:" in words
    assert found == code


def test_check_when_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, words = check(directory(tmp_path, port), env=ENV)
    assert code == 1
    assert "well   name look-up" in words
    assert "wrong  connection:" in words


def test_check_tells_all_mistakes(tmp_path: Path) -> None:
    config = directory(tmp_path, 1)
    (config / "delegations.toml").write_text("[[delegation]]\ncode = 7\n")
    code, words = check(config)
    assert code == 2
    assert "delegations.toml, delegation 1 (7).code" in words
    assert "mailbox.password_file" in words
    assert check(config, "--offline")[1].count("mailbox.") == 0


def test_the_demo(tmp_path: Path, start: Callable[..., Program]) -> None:
    env = {"TMPDIR": str(tmp_path)}
    for _ in range(2):
        program = start("demo", "--every", "0.1", env=env)
        url = program.line()
        assert get(url + "healthz")[0] == 200
        answered = {"AT", "FR", "NL", "DE"}
        database = next(tmp_path.glob("intake-demo-*/demo.db"))
        until(lambda: _read(database) > 20, 120)  # noqa: B023 - asked within this turn
        until(lambda: get(url + "readyz")[0] == 200, 60)  # noqa: B023 - the same
        with closing(sqlite3.connect(database)) as db:
            rows = {code: json.loads(row) for code, row in db.execute("SELECT delegation, row FROM standing")}
        assert all(rows[code]["state"] == "answered" for code in answered)
        code, seconds = program.end(signal.SIGINT)
        assert code == 0
        assert seconds < 2
        assert list(tmp_path.glob("intake-demo-*")) == []
        assert "Traceback" not in "".join(program.errors)


def _read(database: Path) -> int:
    return sum(number for bucket, number in buckets(database).items() if bucket != "waiting")


def test_the_samples_are_what_the_demo_needs() -> None:
    assert len(SAMPLES) >= 64
    assert all(raw.count(b"\r\n") == raw.count(b"\n") for raw in SAMPLES)
    assert not any(b"\r" in raw.replace(b"\r\n", b"") for raw in SAMPLES)
    text = b"".join(SAMPLES)
    for needed in (
        b"METHOD:REPLY",
        b"multipart/report",
        b"application/pdf",
        b"Auto-Submitted",
        b"text/html",
        b"base64",
    ):
        assert needed in text or needed == b"METHOD:REPLY"
    addresses = {
        part.split(b">")[0].split(b"@")[1] for raw in SAMPLES for part in raw.split(b"<")[1:] if b"@" in part[:80]
    }
    assert all(domain.split(b" ")[0].endswith(b".example") for domain in addresses), addresses
