"""What a person sets for their own browser: language, theme, name, and that they have read the introduction."""

from aiohttp import web

from intake.page.access import LANGUAGE, NAME, THEME, THEMES, WELCOMED, caught_up, name_from, remember
from intake.page.house import HOUSE
from intake.page.words import LANGUAGES


async def preferences(request: web.Request) -> web.Response:
    """`POST /preferences`. Changes nothing but the sender's own cookies, so it needs no token."""
    form = await request.post()
    response = web.Response(status=303, headers={"Location": back_to(str(form.get("back", "/")))})
    if form.get("language") in LANGUAGES:
        remember(response, LANGUAGE, str(form["language"]))
    if "theme" in form:
        remember(response, THEME, str(form["theme"]) if form["theme"] in THEMES else "")
    if "name" in form:
        remember(response, NAME, name_from(str(form["name"])))
    if "welcomed" in form:
        remember(response, WELCOMED, "1")
    if "caught_up" in form:
        caught_up(response, request.app[HOUSE].now())
    return response


def back_to(address: str) -> str:
    """An address on this page to return to; home for anything that leads elsewhere or is no address."""
    fits = address.startswith("/") and not address.startswith(("//", "/\\")) and len(address) < 2000
    return address if fits and address.isprintable() and address.isascii() else "/"
