"""No text from a mail reaches an IMAP command, and no clock but the one that is handed in is asked.

Mails whose every field tries to be a command pass through all that the service does with a mailbox, and a recording
server holds each line that it is sent against a closed grammar.
"""

import ast
from email.header import Header
from pathlib import Path

import pytest
from imap_fake import Conversation, FakeServer
from imap_grammar import allowed
from moved_clock import MovedClock

from intake.mailbox.doors import steps_of
from intake.mailbox.passwords import Password
from intake.mailbox.session import Session
from intake.mailbox.watch import Watch
from intake.process import read_kept
from intake.register import Register
from parsers.reading import Envelope, Evidence, Kind, Question, Reading

COMMANDS = [
    "\r\nZZ1 DELETE Victim",
    "\r\nZZ1 DELETE Victim\r\nZZ2 NOOP",
    '" "x"\r\nZZ1 STORE 1:* +FLAGS (\\Deleted)',
    "{5}\r\nhello",
    "\n* BYE",
    "\x00\r\n",
    ")\r\nZZ1 LOGOUT",
    '\\"\r\nZZ1 EXPUNGE',
    "INBOX\r\nZZ1 CREATE x",
    "1:*\r\nZZ1 UID STORE 1:* +FLAGS.SILENT (\\Deleted)",
]
CAPABILITIES = b"IMAP4rev1 IDLE MOVE UIDPLUS"
FIELDS = ["Message-ID", "In-Reply-To", "References", "Subject", "From", "To", "Date", "X-Keywords", "Content-Type"]


def hostile(number: int) -> bytes:
    """A mail that has a command in every field, plain or encoded so that it only appears when it is decoded."""
    lines = []
    for place, name in enumerate(FIELDS):
        command = COMMANDS[(number + place) % len(COMMANDS)]
        if (number // len(COMMANDS) + place) % 2:
            encoded = "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in f"<{number}@x{command}>".encode()) + "?="
            lines.append(f"{name}: {encoded}")
        else:
            text = command.replace("\r", " ").replace("\n", " ").replace("\x00", "")
            lines.append(f"{name}: <{number}@x> {text}")
    raw = "\r\n".join(lines) + "\r\n\r\n" + COMMANDS[number % len(COMMANDS)] + f"\r\n{number}\r\n"
    return raw.encode("utf-8", "surrogateescape")


class Asking:
    """Finds an open question in every mail, so that the server is asked whether it was answered."""

    def read(self, raw: bytes, received_at: object) -> Reading:  # noqa: ARG002 - as a reader is called
        text = raw.decode("latin-1")
        question = Question(text[:20], Evidence(0, 20, text[:20], "test"))
        return Reading(text=text, envelope=Envelope(subject=text), kinds=(Kind.QUESTION,), questions=(question,))


def test_the_samples_do_hold_what_they_should() -> None:
    from email import message_from_bytes, policy

    decoded = [str(message_from_bytes(hostile(number), policy=policy.default)["subject"]) for number in range(40)]
    assert any("\n" in text or "DELETE" in text for text in decoded)
    assert Header  # the encoded form is written by hand above, since Header would refuse to


@pytest.mark.parametrize(
    "settings",
    [{}, {"after": "move", "after_folder": "Recorded"}, {"after": "flag", "after_flag": "\\Flagged"}],
)
def test_every_line_fits_the_closed_grammar(tmp_path: Path, settings: dict[str, str]) -> None:
    mails = {uid: hostile(uid) for uid in range(1, (2_000 if settings else 10_000) + 1)}
    with FakeServer(mails, capabilities=CAPABILITIES) as server, Register.open(tmp_path / "r.db") as register:
        server.listing += [
            b'* LIST () "/" Recorded',
            b'* LIST (\\Sent) "/" Sent',
            b'* LIST () "/" "a\\"b\\\\ZZ1 DELETE"',
        ]

        def fetch(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
            if b"HEADER" in arguments:
                for place, uid in enumerate(sorted(mails)[:200], 1):
                    head = mails[uid].split(b"\r\n\r\n")[0] + b"\r\n\r\n"
                    name = b"BODY[HEADER.FIELDS (DATE FROM IN-REPLY-TO REFERENCES)]"
                    conversation.send(b"* %d FETCH (UID %d %s {%d}\r\n%s)\r\n" % (place, uid, name, len(head), head))
                conversation.send(tag + b" OK done\r\n")
            else:
                server.answer(conversation, tag, "UID FETCH", arguments)

        def select(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
            conversation.send(b"* OK [PERMANENTFLAGS (\\Flagged \\*)] x\r\n")
            server.answer(conversation, tag, "SELECT", arguments)

        def search(conversation: Conversation, tag: bytes, arguments: bytes) -> None:
            if arguments.startswith(b"UN") or arguments.endswith(b"ANSWERED"):
                conversation.send(b"* SEARCH 1 2 3\r\n" + tag + b" OK done\r\n")
            else:
                server.answer(conversation, tag, "UID SEARCH", arguments)

        server.scripts.update({"UID FETCH": fetch, "SELECT": select, "UID SEARCH": search})
        clock = MovedClock()
        account = server.account(archive=('a"b\\ZZ1 DELETE',), **settings)
        session = Session(account, Password(), clock=clock)
        steps = steps_of(session, account, register, "e", clock)
        watch = Watch(account, session, register, "e", clock, steps=steps)
        watch.look()
        for number in register.unread("e")[:50]:
            read_kept(register, Asking(), number, now=clock.now)  # type: ignore[arg-type]
        watch.look()
        watch.close()
        assert len(register.unread("e")) >= len(mails) - 100
        assert len(server.lines) > 20
        assert [line for line in server.lines if not allowed(line)] == []
        if settings:
            assert any(b"UID MOVE" in line or b"UID STORE" in line or b"COPY" in line for line in server.lines)


@pytest.mark.parametrize(
    "line",
    [
        b'A1 UID SEARCH HEADER Message-ID "x"',
        b"A1 DELETE Victim",
        b"A1 UID STORE 1 +FLAGS.SILENT (\\Seen) A2",
        b"A1 UID FETCH 1 (BODY[])",
        b"A1 UID FETCH 1 (ENVELOPE)",
        b"A1 UID FETCH 1 (BODYSTRUCTURE)",
        b'A1 EXAMINE "a" "b"',
        b"A1 NOOP x",
    ],
)
def test_the_grammar_is_closed(line: bytes) -> None:
    assert not allowed(line)


CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "localtime", "gmtime"}
MAY_ASK = {"clock.py", "commands.py", "frames.py", "reading_process.py"}
"""The clock itself, the commands at the terminal, and the deadlines of the child process."""


def test_nobody_else_asks_the_machine_for_the_time() -> None:
    asked: list[str] = []
    root = Path(__file__).parent.parent / "intake"
    for path in sorted(root.rglob("*.py")):
        if path.name in MAY_ASK or path.name.startswith("commands_"):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        asked += [f"{path.relative_to(root)}:{call.lineno}" for call in calls if _asks(call.func)]
    assert asked == []


def _asks(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in CLOCKS
        and isinstance(function.value, ast.Name)
        and function.value.id in ("datetime", "date", "time")
    )
