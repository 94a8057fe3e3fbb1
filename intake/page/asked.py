"""One request with what follows from it: who asks, in which language, at what moment."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from intake.page.access import Person, person_of
from intake.page.house import HOUSE, House
from intake.page.words import Words, words_in

_ASKED: web.RequestKey["Asked"] = web.RequestKey("asked", object)  # type: ignore[arg-type]  # the class stands below


@dataclass(slots=True)
class Asked:
    """`person` is replaced where the answer gives the browser a secret."""

    house: House
    person: Person
    words: Words
    now: datetime
    overview: object | None = None


def asked(request: web.Request) -> Asked:
    """The same value for the whole request."""
    found = request.get(_ASKED)
    if found is None:
        house = request.app[HOUSE]
        now = house.now()
        person = person_of(request, now)
        found = Asked(house, person, words_in(person.language), now)
        request[_ASKED] = found
    return found
