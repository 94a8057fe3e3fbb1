"""How the page works, for whoever sees it for the first time."""

from aiohttp import web

from intake.page.phrases import FLAG_HELP, FLAGS
from intake.page.render import render


async def help_(request: web.Request) -> web.Response:
    """`GET /help`."""
    return await render(request, "help.html", flags=FLAGS, flag_help=FLAG_HELP)
