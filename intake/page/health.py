"""`/healthz`: the page answers. `/readyz`: the mailbox was seen, the register can be written, the reader is warm."""

from aiohttp import web

from intake.page.house import HOUSE
from intake.register import Register, RegisterError


async def healthz(_: web.Request) -> web.Response:
    """Alive, whatever else may be wrong."""
    return web.json_response({"healthy": True})


async def readyz(request: web.Request) -> web.Response:
    """200 where all is well, 503 with the reasons where not; the time of the last good round either way."""
    house = request.app[HOUSE]
    issues = list(house.status.problems(house.now()))
    try:
        await house.desk.change(_try_to_write)
    except RegisterError as error:
        issues.append(str(error))
    if not house.status.mailboxes:
        issues += [alarm.title % dict(alarm.values) for alarm in house.pulse.beat.alarms if alarm.serious]
    good = house.pulse.beat.last_good
    answer = {
        "healthy": not issues,
        "message": "ready" if not issues else "not ready",
        "issues": list(dict.fromkeys(issues)),
        "last_good_round": good.isoformat() if good else None,
        "reader_warm": house.status.reader_warm,
    }
    return web.json_response(answer, status=200 if not issues else 503)


def _try_to_write(register: Register) -> None:
    """Takes and gives back the lock that every change needs."""
    with register.change():
        pass
