"""Every message that put nothing on the board, with its reason, and the line that reconciles all with the mailbox."""

from datetime import datetime

from aiohttp import web

from intake.page.asked import asked
from intake.page.board_query import moment_from
from intake.page.deciding import just_done
from intake.page.reasons import reason
from intake.page.render import render
from intake.register import Bucket, Location, MessageRow, Register
from intake.register.messages import NOT_COUNTED

A_PAGE = 60
LINE = (
    Bucket.ANSWER,
    Bucket.QUESTION,
    Bucket.ACKNOWLEDGEMENT,
    Bucket.AUTO_REPLY,
    Bucket.BOUNCE,
    Bucket.UNRELATED,
    Bucket.REVIEW,
    Bucket.QUARANTINED,
    Bucket.WAITING,
    Bucket.COPY,
    Bucket.ERASED,
)
Aside = tuple[list[int], dict[int, str]]
"""For each message its mark, and of those of which a part is missing what that is."""

CAN_COUNT = (Bucket.ACKNOWLEDGEMENT, Bucket.AUTO_REPLY, Bucket.BOUNCE, Bucket.UNRELATED)


async def not_counted(request: web.Request) -> web.Response:
    """`GET /not-counted?bucket=bounce&before=2024-03-20T17:00`."""
    now = asked(request)
    house = now.house
    wish = request.query.get("bucket", "")
    buckets = tuple(one for one in NOT_COUNTED if one.value == wish) or NOT_COUNTED
    before = moment_from(request.query.get("before", ""))

    def look(register: Register) -> tuple[list[MessageRow], list[tuple[Location, datetime, str, int]], Aside]:
        rows = register.messages(house.event, buckets=buckets, before=before, limit=A_PAGE + 1)
        numbers = [row.id for row in rows]
        aside = [register.mark_of_message(number) for number in numbers], register.lacking(numbers)
        return rows, register.undeliverable(house.event)[:50], aside

    rows, undeliverable, (marks, lacking) = await house.desk.ask(look)
    overview = await house.pulse.overview()
    counts = overview.counts
    rounds = house.pulse.beat.rounds
    return await render(
        request,
        "not_counted.html",
        form=True,
        rows=list(zip(rows[:A_PAGE], marks, strict=False)),
        reason=lambda text: reason(now.words, text),
        bucket=buckets[0] if len(buckets) == 1 else None,
        choices=[one for one in NOT_COUNTED if counts.by.get(one)],
        line=[(one, counts.by[one]) for one in LINE if counts.by.get(one)],
        counts=counts,
        holds=sum(one.holds for one in rounds if one.holds is not None) if rounds else None,
        knows=sum(one.knows for one in rounds if one.holds is not None),
        undeliverable=undeliverable,
        lacking=lacking,
        older=rows[A_PAGE - 1].said_at.isoformat() if len(rows) > A_PAGE else "",
        before=before,
        can_count=CAN_COUNT,
        done=await just_done(request),
    )
