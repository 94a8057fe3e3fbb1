"""What can be wrong with a mailbox, told apart, in words and with what to do about it."""

import re
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """At which step, and whose fault it is: a wrong secret is the operator's, an outage the provider's."""

    NAME = "name look-up"
    UNREACHABLE = "connection"
    TLS = "encryption"
    WRONG_SECRET = "wrong user or secret"  # noqa: S105 - names a fault, is no secret
    TOKEN = "token"  # noqa: S105 - the same
    NO_ACCESS = "no access to the mailbox"
    UNAVAILABLE = "provider down"
    LIMIT = "too many connections"
    THROTTLED = "throttled"
    FOLDER = "folder"
    LOST = "connection lost"
    SLOW = "too slow"
    REFUSED = "refused by the server"
    UNREADABLE = "unreadable answer"


@dataclass(frozen=True, slots=True)
class _Manner:
    advice: str
    first_wait: float
    longest_wait: float


MANNERS = {
    Fault.NAME: _Manner("Check mailbox.host, and that this machine can look up names.", 5, 300),
    Fault.UNREACHABLE: _Manner("Check mailbox.host and mailbox.port, and the firewall between.", 5, 300),
    Fault.TLS: _Manner("Check mailbox.tls and that the certificate is valid for mailbox.host.", 30, 300),
    # A wrong secret tried too often locks the account.
    Fault.WRONG_SECRET: _Manner("Check mailbox.user and the password or secret; nothing else helps.", 300, 3600),
    Fault.TOKEN: _Manner(
        "Check the application's registration, or sign in again with `intake check --sign-in`.", 60, 1800
    ),
    Fault.NO_ACCESS: _Manner("Ask the provider to let this user or application read the mailbox.", 300, 3600),
    Fault.UNAVAILABLE: _Manner("The provider has an outage; it is tried again by itself.", 10, 300),
    Fault.LIMIT: _Manner("Close other programs that use this mailbox; it is tried again by itself.", 60, 600),
    Fault.THROTTLED: _Manner("The provider asks for patience; it is tried again by itself.", 60, 900),
    Fault.FOLDER: _Manner("Check mailbox.folders; `intake check` lists the folders there are.", 60, 600),
    Fault.LOST: _Manner("It is tried again by itself.", 1, 300),
    Fault.SLOW: _Manner("It is tried again by itself; if it stays, look at the network, or ask the provider.", 5, 300),
    Fault.REFUSED: _Manner("It is tried again by itself; if it stays, ask the provider.", 30, 300),
    Fault.UNREADABLE: _Manner("It is tried again by itself; if it stays, report what the server said.", 30, 300),
}


class MailboxError(Exception):
    """The mailbox cannot be used now. `words` say what happened, `wait` is what the server asked for, in seconds."""

    def __init__(self, fault: Fault, words: str, *, wait: float | None = None, advice: str | None = None) -> None:
        super().__init__(words)
        self.fault = fault
        self.words = words
        self.wait = wait
        self.advice = MANNERS[fault].advice if advice is None else advice


_CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)\b[^\]]*\]")
_BACK_OFF = re.compile(r"back-?off time:?\s*(\d+)\s*(milliseconds|ms|seconds|s)?", re.IGNORECASE)
_BY_CODE = {
    "AUTHENTICATIONFAILED": Fault.WRONG_SECRET,
    "EXPIRED": Fault.WRONG_SECRET,
    "AUTHORIZATIONFAILED": Fault.NO_ACCESS,
    "PRIVACYREQUIRED": Fault.TLS,
    "UNAVAILABLE": Fault.UNAVAILABLE,
    "SERVERBUG": Fault.UNAVAILABLE,
    "INUSE": Fault.UNAVAILABLE,
    "CONTACTADMIN": Fault.NO_ACCESS,
    "LIMIT": Fault.LIMIT,
    "THROTTLED": Fault.THROTTLED,
    "NONEXISTENT": Fault.FOLDER,
    "TRYCREATE": Fault.FOLDER,
}
_BY_WORDS = (
    (re.compile(r"throttl|backoff time|over bandwidth", re.IGNORECASE), Fault.THROTTLED),
    (re.compile(r"too many (simultaneous )?connections|maximum number of connections", re.IGNORECASE), Fault.LIMIT),
    (re.compile(r"access ?token ?expired|session invalidated", re.IGNORECASE), Fault.LOST),
    (re.compile(r"authenticated but not connected", re.IGNORECASE), Fault.NO_ACCESS),
    (re.compile(r"unavailable|internal (server )?error|temporar|try (again )?later", re.IGNORECASE), Fault.UNAVAILABLE),
)


def from_answer(answer: str, otherwise: Fault) -> MailboxError:
    """What a server's NO, BAD or BYE means: by its response code (RFC 9051, 7.1), else by well-known words."""
    answer = tame(answer)
    fault = next((_BY_CODE[code] for code in _CODE.findall(answer) if code in _BY_CODE), None)
    if fault is None:
        fault = next((fault for pattern, fault in _BY_WORDS if pattern.search(answer)), otherwise)
    return MailboxError(fault, f"The server says: {answer}", wait=stated_wait(answer))


def stated_wait(answer: str) -> float | None:
    """The seconds that a server asks for in its answer, at most a day; Exchange states them in milliseconds."""
    match = _BACK_OFF.search(answer)
    if match is None:
        return None
    seconds = float(match[1]) / (1 if (match[2] or "ms").startswith("s") else 1000)
    return min(seconds, 86_400.0)


def from_network(error: OSError, host: str, port: int) -> MailboxError:
    """What an error of the network or of TLS means."""
    place = f"{tame(host)}, port {port}"
    if isinstance(error, socket.gaierror):
        return MailboxError(Fault.NAME, f"No address is known for {tame(host)} ({tame(error.strerror or '')})")
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailboxError(Fault.TLS, f"The certificate of {place} is not valid ({tame(error.verify_message)})")
    if isinstance(error, ssl.SSLError):
        return MailboxError(Fault.TLS, f"No encrypted connection to {place} ({tame(error.reason or str(error))})")
    if isinstance(error, TimeoutError):
        return MailboxError(Fault.UNREACHABLE, f"{place} does not answer in time")
    return MailboxError(Fault.UNREACHABLE, f"{place} cannot be reached ({tame(error.strerror or str(error))})")


def tame(text: str, limit: int = 300) -> str:
    """Foreign text for a log or a page: one line, no control characters, at most `limit` characters."""
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


class BackOff:
    """How long to wait before the next try: doubled at each failure, the server's own figure obeyed, always spread.

    `spread` gives a number from 0 to 1, so that many clients of one server do not return at the same moment.
    """

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._failures = 0

    def after(self, error: MailboxError, spread: float) -> float:
        """Seconds to wait after this failure."""
        self._failures = self._failures + 1 if error.fault is self._fault else 1
        self._fault = error.fault
        manner = MANNERS[error.fault]
        wait: float = min(manner.first_wait * 2 ** min(self._failures - 1, 20), manner.longest_wait)
        if error.wait is not None:
            return max(error.wait, manner.first_wait) * (1 + 0.2 * spread)  # never earlier than the server asked
        return wait * (0.75 + 0.5 * spread)

    def reset(self) -> None:
        """Everything is well again."""
        self._fault = None
        self._failures = 0
