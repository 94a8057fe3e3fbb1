"""Answers over time: how many delegations had answered by each day since the letter, as the points of a drawing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

WIDTH, HEIGHT = 400, 132
LEFT, RIGHT, TOP, BOTTOM = 6, 394, 16, 108


@dataclass(frozen=True, slots=True)
class Tick:
    """A day under the axis; `anchor` keeps its label inside the drawing."""

    x: float
    day: date
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths and places in units of the drawing; `table` is the same in figures: a day and how many by its end."""

    line: str
    area: str
    now_x: float
    now_y: float
    days_x: tuple[float, float]
    ticks: tuple[Tick, ...]
    answered: int
    invited: int
    table: tuple[tuple[date, int], ...]


def chart_of(answers: Iterable[datetime], invited: int, sent: date, days: Sequence[date], now: datetime) -> Chart:
    """The drawing from the day of the letter to the last day of the event."""
    start = datetime(sent.year, sent.month, sent.day, tzinfo=UTC)
    last = max(days, default=sent) + timedelta(days=1)
    end = max(datetime(last.year, last.month, last.day, tzinfo=UTC), start + timedelta(days=1))
    now = min(max(now, start), end)
    moments = sorted(min(max(moment, start), now) for moment in answers)

    def x(moment: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((moment - start) / (end - start)), 1)

    def y(count: int) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (count / max(invited, 1)), 1)

    path = [f"M{x(start):g} {y(0):g}"]
    for count, moment in enumerate(moments, 1):
        path.append(f"H{x(moment):g}V{y(count):g}")
    line = "".join([*path, f"H{x(now):g}"])
    return Chart(
        line=line,
        area=f"{line}V{BOTTOM}H{x(start):g}Z",
        now_x=x(now),
        now_y=y(len(moments)),
        days_x=(x(_midnight(days[0])), x(end)) if days else (RIGHT, RIGHT),
        ticks=_ticks(sent, days[0] if days else sent, x),
        answered=len(moments),
        invited=invited,
        table=_table(moments),
    )


def _ticks(sent: date, first: date, x: Callable[[datetime], float]) -> tuple[Tick, ...]:
    middle = sent + (first - sent) / 2
    wanted = dict.fromkeys((sent, middle, first))
    return tuple(
        Tick(x(_midnight(day)), day, "start" if day == sent else "end" if day == first else "middle") for day in wanted
    )


def _table(moments: Sequence[datetime]) -> tuple[tuple[date, int], ...]:
    by_day: dict[date, int] = {}
    for count, moment in enumerate(moments, 1):
        by_day[moment.astimezone().date()] = count
    return tuple(by_day.items())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
