"""A stand-in for Microsoft Graph's mail, written from its public documentation and strict about it.

A request without a token, without the preference for immutable ids, with an unknown path or a parameter that is not
documented gets the error that the documentation tells.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class FakeGraph:
    """`with FakeGraph() as graph`: `folders` are (id, name, well-known name, parent); `put` lets a mail arrive.

    `answer` may take the place of the next answers: it gets the path and returns (status, headers, body) or None.
    """

    TOKEN = "good-token"
    USER = "desk@ministry.example"
    PAGE = 3

    def __init__(self) -> None:
        self.folders = [
            ("id-inbox", "Posteingang", "inbox", ""),
            ("id-sent", "Gesendete Elemente", "sentitems", ""),
            ("id-junk", "Junk-E-Mail", "junkemail", ""),
            ("id-work", "Bearbeitet", "", ""),
            ("id-answers", "Außenamt", "", "id-work"),
        ]
        self.mails: dict[str, tuple[str, bytes]] = {}
        self.changes: list[tuple[str, str, bool]] = []
        self.requests: list[str] = []
        self.answer: Callable[[str], tuple[int, dict[str, str], bytes] | None] = lambda _: None
        self.valid = {self.TOKEN}
        self.forgets_before = 0
        self.forgets_with = (410, "SyncStateNotFound")
        self.read: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.requests.append(self.path)
                status, headers, body = outer.answer(self.path) or outer._answer(self.path, dict(self.headers))
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1.0"

    def __enter__(self) -> "FakeGraph":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, identity: str, raw: bytes, folder: str = "id-inbox") -> None:
        self.mails[identity] = (folder, raw)
        self.changes.append((folder, identity, True))

    def move(self, identity: str, folder: str) -> None:
        before, raw = self.mails[identity]
        self.changes.append((before, identity, False))
        self.put(identity, raw, folder)

    def mark(self, identity: str) -> None:
        """A colleague reads it: delta tells of it again, and only with what has changed."""
        self.read.add(identity)
        self.changes.append((self.mails[identity][0], identity, True))

    def remove(self, identity: str) -> None:
        folder, _ = self.mails.pop(identity)
        self.changes.append((folder, identity, False))

    def _answer(self, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid:
            return error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        if 'IdType="ImmutableId"' not in headers.get("Prefer", ""):
            return error(400, "ErrorInvalidRequest", "This client has to ask for immutable ids.")
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        steps = [unquote(step) for step in parts.path.split("/")[1:]]
        if steps[:2] != ["v1.0", "users"]:
            return error(400, "BadRequest", f"Resource not found for the segment '{steps[-1]}'.")
        if steps[2] != self.USER:
            return error(404, "ErrorInvalidUser", f"The requested user '{steps[2]}' is invalid.")
        return self._resource(steps[3:], query)

    def _resource(self, steps: list[str], query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        match steps:
            case ["mailFolders"]:
                return self._listing("", query)
            case ["mailFolders", parent, "childFolders"]:
                return self._listing(parent, query)
            case ["mailFolders", folder] if self._folder(folder):
                identity = self._folder(folder)
                held = sum(1 for where, _ in self.mails.values() if where == identity)
                return ok({"id": identity, "totalItemCount": held})
            case ["mailFolders", folder, "messages", "delta"] if self._folder(folder):
                return self._delta(self._folder(folder), query)
            case ["messages", identity, "$value"] if identity in self.mails:
                return 200, {"Content-Type": "text/plain"}, self.mails[identity][1]
        return error(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    def _folder(self, name: str) -> str:
        return next((row[0] for row in self.folders if name in (row[0], row[2]) and name), "")

    def _listing(self, parent: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if set(query) - {"$select", "$top", "$skip"}:
            return error(400, "BadRequest", "The query parameter is not supported.")
        rows = [row for row in self.folders if row[3] == parent]
        skip = int(query.get("$skip", 0))
        value = [
            {
                "id": row[0],
                "displayName": row[1],
                "childFolderCount": sum(1 for one in self.folders if one[3] == row[0]),
            }
            for row in rows[skip : skip + 2]
        ]
        page: dict[str, Any] = {"value": value}
        if skip + 2 < len(rows):
            place = f"mailFolders/{parent}/childFolders" if parent else "mailFolders"
            page["@odata.nextLink"] = f"{self.url}/users/{self.USER}/{place}?$skip={skip + 2}"
        return ok(page)

    def _delta(self, folder: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if set(query) - {"$select", "$deltatoken", "$skiptoken"}:
            return error(400, "BadRequest", "The query parameter is not supported with delta.")
        base = f"{self.url}/users/{self.USER}/mailFolders/{folder}/messages/delta"
        since = int(query.get("$deltatoken", -1))
        if 0 <= since < self.forgets_before:
            return error(*self.forgets_with, "The sync state generation is not found.")
        token = query.get("$skiptoken", f"{max(since, 0)}-0")
        began, _, done = token.partition("-")
        latest = {identity: there for where, identity, there in self.changes[int(began) :] if where == folder}
        items = [
            {"id": identity, **({} if identity in self.read else {"receivedDateTime": "2024-03-01T09:00:00Z"})}
            if there
            else {"id": identity, "@removed": {"reason": "deleted"}}
            for identity, there in latest.items()
            if there or since >= 0
        ]
        if done.endswith("e"):  # a page with nothing in it, which has a next one all the same
            return ok({"value": [], "@odata.nextLink": f"{base}?$skiptoken={began}-{done[:-1]}"})
        page: dict[str, Any] = {"value": items[int(done) : int(done) + self.PAGE]}
        if int(done) + self.PAGE < len(items):
            page["@odata.nextLink"] = f"{base}?$skiptoken={began}-{int(done) + self.PAGE}e"
        else:
            page["@odata.deltaLink"] = f"{base}?$deltatoken={len(self.changes)}"
        return ok(page)


def ok(body: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps(body).encode()


def error(status: int, code: str, message: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, names, json.dumps({"error": {"code": code, "message": message}}).encode()
