"""A mailbox by Microsoft Graph, for tenants that switch IMAP off: delta query for what there is, `$value` for MIME.

Source: Microsoft's public documentation of message: delta, Get MIME content, List mailFolders, immutable ids and
throttling (Microsoft Graph REST API v1.0). Nothing is changed in the mailbox; Mail.Read is enough.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError, tame
from intake.mailbox.folders import Folder, Wanted, find
from intake.mailbox.source import FIRST_PART, OVERSIZE, Fetched, FolderState
from intake.mailbox.tokens import TokenSource
from intake.settings import Account

CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 30.0

# Ids that stay when a colleague moves a message within the mailbox.
_PREFER = 'IdType="ImmutableId", odata.maxpagesize=200'
_WELL_KNOWN = {
    "inbox": "INBOX",
    "sentitems": Wanted.SENT,
    "drafts": Wanted.DRAFTS,
    "junkemail": Wanted.JUNK,
    "archive": Wanted.ARCHIVE,
}
_RESYNC = {"syncstatenotfound", "syncstateinvalid", "resyncrequired"}
_BY_STATUS = {
    401: Fault.TOKEN,
    403: Fault.NO_ACCESS,
    404: Fault.NO_ACCESS,
    429: Fault.THROTTLED,
    500: Fault.UNAVAILABLE,
    502: Fault.UNAVAILABLE,
    503: Fault.UNAVAILABLE,
    504: Fault.UNAVAILABLE,
}


@dataclass
class _Known:
    """What the delta query has told of one folder: number to id and arrival, and where it goes on."""

    ids: dict[int, tuple[str, datetime | None]] = field(default_factory=dict)
    link: str = ""


class GraphMailbox:
    """A mailbox of Microsoft 365. Use it in one thread; `interrupt` may be called from another."""

    def __init__(self, account: Account, tokens: TokenSource, clock: Clock) -> None:
        self._account = account
        self._tokens = tokens
        self._clock = clock
        self._http: requests.Session | None = None
        self._folders: dict[str, str] = {}
        self._listing: tuple[Folder, ...] = ()
        self._known: dict[str, _Known] = {}
        self._open = ""
        self._closing = False

    @property
    def _root(self) -> str:
        return f"{self._account.graph}/users/{quote(self._account.name, safe='@')}"

    def open(self) -> None:
        """Asks for the folders, which needs a token that the mailbox accepts."""
        self.close()
        if self._closing:
            raise MailboxError(Fault.LOST, "The service is stopping")
        self._http = requests.Session()
        self._folders = {}
        listing = []
        for name, identity, flags in self._all_folders("", f"{self._root}/mailFolders"):
            self._folders[name] = identity
            listing.append(Folder(name, "/", flags))
        self._listing = tuple(listing)

    def warnings(self) -> tuple[str, ...]:
        return self._tokens.warnings()

    def find(self, wanted: str) -> str:
        return find(self._listing, wanted)

    def open_folder(self, folder: str) -> FolderState:
        """The folder's own id is its generation: a folder that was made anew has another."""
        identity = self._folders.get(folder)
        if identity is None:
            raise MailboxError(Fault.FOLDER, f"There is no folder {tame(folder)}")
        response = self._get(
            f"{self._root}/mailFolders/{quote(identity, safe='')}?$select=id,totalItemCount", missing=True
        )
        if response is None:
            raise MailboxError(Fault.FOLDER, f"There is no folder {tame(folder)} any more")
        answer = _parsed(response)
        self._open = identity
        self._catch_up()
        return FolderState(generation=_number(identity), holds=int(answer.get("totalItemCount") or 0))

    def uids(self, since: int = 1) -> list[int]:  # noqa: ARG002 - these numbers do not grow with time
        return sorted(self._here().ids)

    def present(self, uids: Collection[int]) -> set[int]:
        self._catch_up()
        return set(uids) & self._here().ids.keys()

    def sizes(self, uids: Collection[int]) -> dict[int, int]:  # noqa: ARG002 - Graph tells no size
        return {}

    def fetch(self, uids: Collection[int], *, part: int | None = None) -> list[Fetched]:
        """The MIME content; a message that is gone is left out."""
        found = []
        for uid in uids:
            identity, received_at = self._here().ids.get(uid, ("", None))
            if not identity:
                continue
            response = self._get(f"{self._root}/messages/{quote(identity, safe='')}/$value", stream=True, missing=True)
            if response is not None:
                raw, note = self._content(response, part)
                found.append(Fetched(uid, raw, received_at, note))
        return found

    def wait(self, wake: int, seconds: float) -> bool:
        """Graph tells of changes only to a public address, so this waits for the time."""
        self._clock.wait([wake], seconds)
        return False

    def reopen(self) -> FolderState | None:
        folder = next((name for name, identity in self._folders.items() if identity == self._open), None)
        self.open()
        return None if folder is None else self.open_folder(folder)

    def close(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def interrupt(self) -> None:
        self._closing = True
        self.close()

    def _here(self) -> _Known:
        return self._known.setdefault(self._open, _Known())

    def _catch_up(self) -> None:
        """Runs the delta query on from where it ended; from the start where Graph has forgotten that (410 Gone)."""
        known = self._here()
        first = f"{self._root}/mailFolders/{quote(self._open, safe='')}/messages/delta?$select=id,receivedDateTime"
        url = known.link or first
        anew = False
        while url:
            response = self._get(url, gone=not anew)
            if response is None:
                known.ids, known.link, url, anew = {}, "", first, True
                continue
            page = _parsed(response)
            for item in page.get("value", []):
                self._note(known, item)
            known.link = str(page.get("@odata.deltaLink") or known.link)
            url = str(page.get("@odata.nextLink") or "")

    def _note(self, known: _Known, item: Any) -> None:
        identity = item.get("id") if isinstance(item, dict) else None
        if not isinstance(identity, str):
            raise MailboxError(Fault.UNREADABLE, "Graph's answer cannot be read (a message without an id)")
        if "@removed" in item:
            known.ids.pop(_number(identity), None)
        else:
            # A change is told with what changed; when it arrived was told before.
            _, before = known.ids.get(_number(identity), ("", None))
            known.ids[_number(identity)] = (identity, _moment(item.get("receivedDateTime")) or before)

    def _all_folders(self, above: str, url: str) -> Iterator[tuple[str, str, frozenset[str]]]:
        special = self._special() if not above else {}
        page_url, query = url, {"$select": "id,displayName,childFolderCount", "$top": "100"}
        while page_url:
            page = self._json(page_url, query)
            for item in page.get("value", []):
                identity, use = str(item["id"]), special.get(str(item["id"]))
                name = "INBOX" if use == "INBOX" else f"{above}{item.get('displayName', '')}"
                yield name, identity, frozenset({use.lower()} if use and use != "INBOX" else ())
                if item.get("childFolderCount"):
                    children = f"{self._root}/mailFolders/{quote(identity, safe='')}/childFolders"
                    yield from self._all_folders(f"{name}/", children)
            page_url, query = str(page.get("@odata.nextLink") or ""), {}

    def _special(self) -> dict[str, str]:
        """The ids of the well-known folders: their display names are in the mailbox's language."""
        found = {}
        for name, use in _WELL_KNOWN.items():
            response = self._get(f"{self._root}/mailFolders/{name}?$select=id", missing=name != "inbox")
            if response is not None:
                found[str(_parsed(response).get("id"))] = str(use)
        return found

    def _json(self, url: str, query: dict[str, str]) -> dict[str, Any]:
        if query:
            url += ("&" if "?" in url else "?") + "&".join(f"{key}={value}" for key, value in query.items())
        response = self._get(url)
        assert response is not None  # noqa: S101 - neither gone nor missing was allowed
        return _parsed(response)

    def _get(
        self, url: str, *, stream: bool = False, missing: bool = False, gone: bool = False
    ) -> requests.Response | None:
        """One request. None where `missing` allows a 404, or `gone` a 410; anything else but 200 is a fault."""
        if _origin(url) != _origin(self._account.graph):
            # The links come from the answer, and the token goes with the request.
            raise MailboxError(Fault.UNREADABLE, "Graph's answer points to another server; the link was not followed")
        response = self._send(url, stream=stream)
        if response.status_code == 401:
            self._tokens.forget()  # it may have been withdrawn before its time
            response = self._send(url, stream=stream)
        if response.status_code == 200:
            return response
        if (missing and response.status_code == 404) or (gone and _forgotten(response)):
            response.close()
            return None
        raise _fault(response)

    def _send(self, url: str, *, stream: bool) -> requests.Response:
        if self._http is None:
            raise MailboxError(Fault.LOST, "There is no connection to the mailbox")
        headers = {"Authorization": f"Bearer {self._tokens.token()}", "Prefer": _PREFER, "Accept": "*/*"}
        timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
        try:
            return self._http.get(url, headers=headers, timeout=timeout, stream=stream, allow_redirects=False)
        except requests.exceptions.SSLError as error:
            raise MailboxError(Fault.TLS, "No encrypted connection to Graph") from error
        except requests.exceptions.RequestException as error:
            raise MailboxError(Fault.UNREACHABLE, f"Graph does not answer ({type(error).__name__})") from error

    def _content(self, response: requests.Response, part: int | None) -> tuple[bytes, str]:
        held = bytearray()
        try:
            for chunk in response.iter_content(1 << 16):
                held += chunk
                if part is not None and len(held) >= part:
                    return bytes(held[:part]), ""
                if len(held) > OVERSIZE:
                    note = (
                        f"over {OVERSIZE // 1024 // 1024} MB: only the first {FIRST_PART // 1024 // 1024} MB was kept"
                    )
                    return bytes(held[:FIRST_PART]), note
        except requests.exceptions.RequestException as error:
            raise MailboxError(Fault.LOST, f"The connection broke ({type(error).__name__})") from error
        finally:
            response.close()
        return bytes(held), ""


def _forgotten(response: requests.Response) -> bool:
    """Whether Graph knows a delta link no longer: 410 as documented for mail; another answer that asks for a resync
    counts as the same, as a precaution.
    """
    return response.status_code == 410 or _error(response)[0].lower() in _RESYNC


def _error(response: requests.Response) -> tuple[str, str]:
    """Code and message of an error, empty where the answer is of another form."""
    try:
        error = response.json().get("error", {})
        return str(error.get("code", "")), str(error.get("message", ""))
    except (ValueError, AttributeError, requests.exceptions.RequestException):
        return "", ""


def _fault(response: requests.Response) -> MailboxError:
    fault = _BY_STATUS.get(response.status_code, Fault.REFUSED)
    code, message = _error(response)
    said = f"{code}: {message}" if code or message else f"status {response.status_code}"
    response.close()
    wait = response.headers.get("Retry-After", "")
    seconds = min(float(wait), 86_400.0) if wait.isdecimal() else None
    return MailboxError(fault, f"Graph says: {tame(said)}", wait=seconds)


def _parsed(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError as error:
        raise MailboxError(Fault.UNREADABLE, "Graph's answer cannot be read (no JSON)") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("value", []), list):
        raise MailboxError(Fault.UNREADABLE, "Graph's answer cannot be read (another form than documented)")
    return answer


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _number(identity: str) -> int:
    """63 bits of a digest: the register names a message by a number, Graph by a long id."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") >> 1


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
