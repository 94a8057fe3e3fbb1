"""What people have decided, newest first; each can be taken back, and the taking back stands there too."""

from aiohttp import web

from intake.page.asked import asked
from intake.page.deciding import confirmed, decided, just_done, signer
from intake.page.guard import form_of, one
from intake.page.render import render

SHOWN = 300


async def decisions(request: web.Request) -> web.Response:
    """`GET /decisions`."""
    house = asked(request).house
    found = await house.desk.ask(lambda register: register.decisions(house.event, limit=SHOWN))
    return await render(request, "decisions.html", form=True, decisions=found, done=await just_done(request))


async def take_back(request: web.Request) -> web.Response:
    """`POST /decisions/{id}/take-back`."""
    fields = await form_of(request)
    now = asked(request)
    text = request.match_info["number"]
    if not text.isdecimal() or len(text) > 15:
        raise web.HTTPNotFound
    by = signer(request, fields)
    why, token = one(fields, "why"), one(fields, "token")
    number = await decided(
        request, lambda register: register.take_back(int(text), by=by, at=now.now, why=why, token=token)
    )
    return confirmed(fields, number, "/decisions")
