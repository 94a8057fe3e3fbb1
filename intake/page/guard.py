"""What every request passes: the right host, no foreign form, the strict headers, and an answer whatever goes wrong.

The page has no log-in, so a name that a foreign site points at this machine must not open it (DNS rebinding), and no
site but this one may send a form (Fetch Metadata, W3C; Origin, RFC 6454).
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from intake.page.access import is_genuine
from intake.page.asked import asked
from intake.page.render import error_page, render
from intake.page.security import HEADERS
from intake.register import RegisterBusyError, RegisterError
from intake.settings import is_loopback

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_FORM = 256 * 1024


class NameNeededError(Exception):
    """Somebody decides who has not said yet under which name; `fields` are what they sent."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__("a decision needs a name")
        self.fields = fields


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one middleware."""
    try:
        _refuse_strangers(request)
        response = await handler(request)
    except web.HTTPException as stop:
        if stop.status < 400:
            stop.headers.update(HEADERS)
            raise
        response = error_page(request, stop.status, stop.text or "")
    except NameNeededError as need:
        fields = [(name, value) for name, values in need.fields.items() for value in values if name != "by"]
        response = await render(request, "name.html", form=True, fields=fields)
    except RegisterBusyError as error:
        response = error_page(request, 503, str(error))
    except RegisterError as error:
        response = error_page(request, 409, str(error))
    except ConnectionResetError:
        raise
    except Exception:  # the last line of defence: the visitor gets an answer, the log the details
        number = secrets.token_hex(4)
        log.exception("Fault %s while answering %s %s", number, request.method, request.match_info.route.name)
        response = error_page(request, 500, number)
    if not response.prepared and "Permissions-Policy" not in response.headers:
        response.headers.update({name: value for name, value in HEADERS.items() if name not in response.headers})
    return response


def _refuse_strangers(request: web.Request) -> None:
    if not is_known_host(request.host):
        raise web.HTTPMisdirectedRequest(text=request.host)
    if request.method in ("GET", "HEAD"):
        return
    if request.method != "POST":
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD", "POST"])
    if (request.content_length or 0) > LARGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(LARGEST_FORM, request.content_length or 0)
    if not comes_from_here(request):
        raise web.HTTPForbidden(text="foreign")


def is_known_host(host: str) -> bool:
    """Whether a Host field names this machine, and not a name that somebody else made point at it."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def comes_from_here(request: web.Request) -> bool:
    """Whether a form was sent from a page of ours: by Sec-Fetch-Site, else by Origin; with neither it is refused."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin == f"{request.scheme}://{request.host}"


async def form_of(request: web.Request) -> dict[str, list[str]]:
    """The fields of a form that decides something, after its token was checked. Raises `HTTPForbidden`."""
    fields: dict[str, list[str]] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    if not is_genuine(asked(request).person, one(fields, "token")):
        raise web.HTTPForbidden(text="token")
    return fields


def one(fields: dict[str, list[str]], name: str) -> str:
    """The first value of a field, trimmed; empty where it is missing."""
    return fields.get(name, [""])[0].strip()
