"""A visitor of the page without a browser: plain HTTP, cookies, the hidden fields of forms."""

import re
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from time import monotonic
from urllib.parse import urlencode

from page_service import PageService


class Visitor:
    """A browser without the browser: keeps cookies, follows nothing by itself."""

    def __init__(self, service: PageService) -> None:
        self.service = service
        self.cookies: dict[str, str] = {"who": "Lotte"}
        self.headers: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        return self._send("GET", path, None, headers)

    def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> tuple[int, dict[str, str], str]:
        """A form as this page's own would be sent, unless `headers` say otherwise."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", **headers}
        return self._send("POST", path, urlencode(fields), sent)

    def form(self, path: str, act: str) -> list[tuple[str, str]]:
        """The hidden fields of the first form on a page, with the act of one of its buttons."""
        _, _, body = self.get(path)
        found = re.search(r'<form method="post"[^>]*>(?:(?!</form>).)*?name="token".*?</form>', body, re.DOTALL)
        assert found, f"no form on {path}"
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0])
        return [*hidden, ("act", act)]

    def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {"Cookie": cookie, "Accept-Language": "en", **self.headers, **headers})
        response: HTTPResponse = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for name, value in response.getheaders():
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        connection.close()
        return response.status, dict(response.getheaders()), text


def words_of(body: str) -> str:
    """The words of a page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def eventually(holds: Callable[[], object]) -> bool:
    """Whether it becomes true while the page looks at the register, which it does ten times a second."""
    until = monotonic() + 5
    while monotonic() < until:
        if holds():
            return True
    return False
