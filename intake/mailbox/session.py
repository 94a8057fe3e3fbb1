"""One IMAP connection (RFC 9051, RFC 3501): the only module that knows imapclient.

No text from a mail ever enters a command: folders come from the settings, messages are named by UID.
"""

import imaplib
import ssl
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError
from imapclient.imap_utf7 import decode as decode_utf7

from intake.clock import Clock, SystemClock
from intake.mailbox.faults import Fault, MailboxError, from_answer, from_network, tame
from intake.mailbox.folders import Folder, Wanted, find
from intake.mailbox.idle import idle
from intake.mailbox.link import Link, harden
from intake.mailbox.source import Fetched, FolderState
from intake.settings import Account

CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 30.0

# A UID list of a large folder is one line; imaplib gives up on a line of 1,000,000 bytes, some 150,000 UIDs.
imaplib._MAXLINE = 20_000_000  # type: ignore[attr-defined]  # no public way to set it


class Credential(Protocol):
    """How to log in."""

    def log_in(self, client: IMAPClient, account: Account) -> None:
        """Logs in, or raises what IMAPClient raises or a `MailboxError`."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """What will go wrong soon."""
        ...


class Session:
    """A connection that is logged in. Use it in one thread; `interrupt` may be called from another."""

    def __init__(
        self,
        account: Account,
        credential: Credential,
        *,
        clock: Clock | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._account = account
        self._credential = credential
        self._clock = clock or SystemClock()
        self._answer_seconds = answer_seconds
        self._context = context
        self._client: IMAPClient | None = None
        self._folder: str | None = None
        self._holds = 0
        self._listing: tuple[Folder, ...] = ()
        self._closing = threading.Event()
        self._idles = True
        self._broken = False

    def open(self) -> None:
        """Connects and logs in. Raises `MailboxError` naming the step that failed; nothing stays open then."""
        self.close()
        self._idles = True
        self._broken = False
        try:
            self._connect()
            if self._closing.is_set():
                raise MailboxError(Fault.LOST, "The service is stopping")
            with self._command(Fault.WRONG_SECRET):
                self._credential.log_in(self.client, self._account)
            self._listing = self._list()
        except BaseException:
            self.close()
            raise

    @property
    def client(self) -> IMAPClient:
        """The connection underneath, for the modules of this room."""
        if self._client is None:
            raise MailboxError(Fault.LOST, "There is no connection to the mailbox")
        return self._client

    def warnings(self) -> tuple[str, ...]:
        """What the way of logging in warns of."""
        return self._credential.warnings()

    def folders(self) -> tuple[Folder, ...]:
        """Every folder that can hold messages."""
        return self._listing

    def find(self, wanted: Wanted | str) -> str:
        """The server's name of a folder named in the settings. Raises `MailboxError` with the names that are near."""
        return find(self._listing, wanted)

    def open_folder(self, folder: str, *, writable: bool = False) -> FolderState:
        """EXAMINE, so that nothing is changed, not even \\Recent; SELECT only where something is to be changed."""
        with self._command(Fault.FOLDER):
            self._folder = None
            answer = self.client.select_folder(folder, readonly=not writable)
            self._folder = folder
            self._holds = _number(answer.get(b"EXISTS"))
            return FolderState(generation=_number(answer.get(b"UIDVALIDITY")), holds=self._holds)

    def uids(self, since: int = 1) -> list[int]:
        """`n:*` gives the last message even where n lies beyond it (RFC 9051, 9), so what is below is dropped."""
        with self._command(Fault.REFUSED):
            found = self.client.search(["UID", f"{since}:*"])
        return sorted({uid for uid in found if uid >= since})

    def sizes(self, uids: Collection[int]) -> dict[int, int]:
        """RFC822.SIZE; what the server leaves out is missing here."""
        if not uids:
            return {}
        with self._command(Fault.REFUSED):
            answer = self.client.fetch(sorted(uids), [b"RFC822.SIZE"])
        asked = set(uids)
        return {
            uid: values[b"RFC822.SIZE"]
            for uid, values in answer.items()
            if uid in asked and isinstance(values.get(b"RFC822.SIZE"), int)
        }

    def fetch(self, uids: Collection[int], *, part: int | None = None) -> list[Fetched]:
        """BODY.PEEK[] never sets \\Seen. A missing body or one that is NIL is left out: the caller asks why."""
        item = b"BODY.PEEK[]" if part is None else b"BODY.PEEK[]<0.%d>" % part
        with self._command(Fault.REFUSED):
            answer = self.client.fetch(sorted(uids), [item, b"INTERNALDATE"])
        fetched = []
        for uid in uids:
            values: dict[bytes, Any] = answer.get(uid, {})
            body = next((value for key, value in values.items() if key.startswith(b"BODY[]")), None)
            if isinstance(body, bytes):
                when = values.get(b"INTERNALDATE")
                aware = when if isinstance(when, datetime) and when.tzinfo is not None else None
                fetched.append(Fetched(uid, body, aware))
        return fetched

    def wait(self, wake: int, seconds: float) -> bool:
        """Waits until the server tells of a change, the descriptor `wake` can be read or the seconds have passed.

        True where there may be something new. Without IDLE on the server (RFC 2177) only the time ends it.
        """
        if self._idles and self.client.has_capability("IDLE"):
            try:
                with self._command(Fault.LOST):
                    # Some servers tell only of what changes while they idle, and nothing of the moment before.
                    _, changes = self.client.noop()
                    if any(self._is_news(change) for change in changes):
                        return True
                    link = Link(self.client)
                    return idle(link, self._clock, wake, seconds, self._answer_seconds, holds=self._holds)
            except MailboxError as error:
                if error.fault is not Fault.REFUSED:
                    raise
                self._idles = False  # the server offers it and then does not want it
        self._clock.wait([wake], seconds)
        return False

    def present(self, uids: Collection[int]) -> set[int]:
        """NOOP first, so that the server tells what was expunged meanwhile."""
        with self._command(Fault.REFUSED):
            self.client.noop()
            return set(uids) & set(self.client.search(["UID", ",".join(map(str, sorted(uids)))]))

    def reopen(self) -> FolderState | None:
        """The same folder on a fresh connection."""
        folder = self._folder
        self.open()
        return None if folder is None else self.open_folder(folder)

    def close(self) -> None:
        """LOGOUT as far as the server listens; the socket is closed whatever happens."""
        client, self._client = self._client, None
        if client is None:
            return
        sock = client.socket()
        with suppress(Exception):  # whatever a dying connection raises, it is closed below
            sock.settimeout(2.0)
            if not self._broken and not self._closing.is_set():
                client.logout()
        with suppress(Exception):
            client.shutdown()
        with suppress(OSError):
            sock.close()

    def interrupt(self) -> None:
        """Ends whatever waits on this connection, at once, from another thread; the session is then lost."""
        self._closing.set()
        client = self._client
        if client is not None:
            with suppress(Exception):
                Link(client).cut()

    def _is_news(self, change: Any) -> bool:
        """EXISTS with the number that is known already is none: some servers repeat it at every command."""
        if not isinstance(change, tuple) or len(change) < 2:
            return False
        return bool(change[1] == b"EXPUNGE" or (change[1] == b"EXISTS" and change[0] != self._holds))

    def _connect(self) -> None:
        account = self._account
        context = self._context or ssl.create_default_context()
        try:
            client = IMAPClient(
                account.host,
                account.port,
                ssl=account.tls == "implicit",
                ssl_context=context if account.tls == "implicit" else None,
                timeout=SocketTimeout(connect=CONNECT_SECONDS, read=self._answer_seconds),
            )
        except OSError as error:
            raise from_network(error, account.host, account.port) from error
        except IMAPClientError as error:
            raise from_answer(str(error), Fault.UNAVAILABLE) from error
        self._client = client
        client.normalise_times = False  # otherwise times come back naive, in this machine's zone
        harden(client)
        if account.tls == "starttls":
            with self._command(Fault.TLS):
                try:
                    client.starttls(context)
                except OSError as error:
                    raise from_network(error, account.host, account.port) from error
                except (IMAPClientError, ProtocolError) as error:
                    raise MailboxError(Fault.TLS, f"The server does not offer STARTTLS ({tame(str(error))})") from error
                harden(client)

    def _list(self) -> tuple[Folder, ...]:
        with self._command(Fault.REFUSED):
            self.client.folder_encode = False
            try:
                listing = self.client.list_folders()
            finally:
                self.client.folder_encode = True
        return tuple(_folder(flags, delimiter, name) for flags, delimiter, name in listing)

    @contextmanager
    def _command(self, otherwise: Fault) -> Iterator[None]:
        """Turns whatever imapclient, imaplib and the network raise into a `MailboxError`."""
        try:
            with self._in_words(otherwise):
                yield
        except MailboxError as error:
            self._broken = self._broken or error.fault in (Fault.LOST, Fault.UNREADABLE)
            raise

    @contextmanager
    def _in_words(self, otherwise: Fault) -> Iterator[None]:
        try:
            yield
        except MailboxError:
            raise
        except LoginError as error:
            raise from_answer(str(error), Fault.WRONG_SECRET) from error
        except IMAPClientAbortError as error:
            raise from_answer(str(error), Fault.LOST) from error
        except ProtocolError as error:
            raise MailboxError(Fault.UNREADABLE, f"The server's answer cannot be read ({tame(str(error))})") from error
        except IMAPClientError as error:
            raise from_answer(str(error), otherwise) from error
        except TimeoutError as error:
            raise MailboxError(Fault.LOST, "The server does not answer any more") from error
        except (OSError, EOFError) as error:
            raise MailboxError(Fault.LOST, f"The connection broke ({tame(str(error))})") from error
        except (ValueError, TypeError, KeyError, IndexError, AssertionError, UnicodeError) as error:
            # imaplib and imapclient meet an answer they did not expect in many ways.
            words = f"The server's answer cannot be read ({type(error).__name__})"
            raise MailboxError(Fault.UNREADABLE, words) from error


def _folder(flags: Iterable[Any], delimiter: Any, name: Any) -> Folder:
    """One line of LIST. A name that is no modified UTF-7 (RFC 3501, 5.1.3) is taken as it stands."""
    raw = name if isinstance(name, bytes) else str(name).encode("utf-8", "surrogateescape")
    try:
        text = decode_utf7(raw)
    except (ValueError, LookupError):
        text = raw.decode("utf-8", "replace")
    separator = delimiter.decode("ascii", "replace") if isinstance(delimiter, bytes) else ""
    return Folder(text, separator, frozenset(flag.decode("ascii", "replace").lower() for flag in flags))


def _number(value: Any) -> int:
    if isinstance(value, list):
        value = value[-1] if value else 0
    return int(value or 0)
