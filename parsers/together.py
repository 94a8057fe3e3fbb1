"""What the persons of one message tell about each other.

The network judges every person and day by itself. But a deputy at the head on Monday means that the minister is not
there on Monday, and companions without anybody to lead them mean that the minister is. How strongly, is counted in the
corpus; the sums over all combinations are exact, since the minister alone is tied to the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

NONE, YES, NO, MAYBE = range(4)
DEPUTY, DELEGATE = 2, 3
MOST_DAYS = 3
"""The sums grow with the power of the days; a longer conference is judged person by person."""
SMOOTHING = 8.0
WEIGHT = 0.6
"""How far the counted ties are trusted; the network has seen some of them in the words already."""
Table = np.ndarray


@dataclass(frozen=True, slots=True)
class Judgement:
    """Probabilities of one person: `days` of shape `(days, 4)` over `ATTENDANCE`, `roles` of shape `(4,)`."""

    days: np.ndarray
    roles: np.ndarray


def count(observed: Iterable[tuple[int, bool, bool]]) -> Table:
    """From `(attendance of the minister, a deputy comes, a delegate comes)` of many days the table of shape `(4, 2, 2)`
    of log ratios: how much likelier they stand together than if they knew nothing of each other."""
    table = np.zeros((4, 2, 2))
    for minister, deputy, delegate in observed:
        table[minister, int(deputy), int(delegate)] += 1
    total = max(1.0, table.sum())
    apart = table.sum(axis=(1, 2))[:, None, None] * table.sum(axis=0)[None] / total
    return np.asarray(np.log((table + SMOOTHING) / (apart + SMOOTHING)))


@lru_cache(maxsize=4)
def _options(days: int) -> tuple[np.ndarray, np.ndarray]:
    """All attendances over the days, shape `(4**days, days)`, and for each role the state that each makes: two bits a
    day, a deputy comes and a delegate comes; shape `(4, 4**days)`."""
    combos = np.array(list(product(range(4), repeat=days)))
    comes = (combos == YES) | (combos == MAYBE)
    weights = 4 ** np.arange(days)
    states = np.zeros((4, len(combos)), dtype=int)
    states[DEPUTY] = comes @ (2 * weights)
    states[DELEGATE] = comes @ weights
    return combos, states


def _joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The distribution of the union of two independent sets of bits."""
    size = len(left)
    out = np.zeros(size)
    np.add.at(out, np.arange(size)[:, None] | np.arange(size)[None, :], left[:, None] * right[None, :])
    return out


def reconcile(
    minister: Judgement | None, others: Sequence[Judgement], table: Table, weight: float = WEIGHT
) -> tuple[Judgement | None, list[Judgement]]:
    """The same judgements, each in the light of the others. `minister` is None where nobody speaks of the principal."""
    days = len((minister or others[0]).days) if minister or others else 0
    if not others or not 0 < days <= MOST_DAYS:
        return minister, list(others)
    combos, states = _options(days)
    size = 4**days
    own = _product(minister.days, combos) if minister is not None else (combos == NONE).all(axis=1).astype(float)
    bits = np.arange(size)
    fit = np.zeros((size, size))
    for day in range(days):
        deputy, delegate = bits >> (2 * day + 1) & 1, bits >> (2 * day) & 1
        fit += table[combos[:, day][:, None], deputy[None], delegate[None]]
    fit = np.exp(weight * fit)
    spread = [one.roles[:, None] * _product(one.days, combos)[None] for one in others]
    masses = [np.bincount(states.ravel(), grid.ravel(), size) for grid in spread]
    ahead = [np.eye(1, size)[0]]
    for mass in masses:
        ahead.append(_joined(ahead[-1], mass))
    behind = np.eye(1, size)[0]
    favour = own @ fit
    revised: list[Judgement] = []
    for number in range(len(others) - 1, -1, -1):
        rest = _joined(ahead[number], behind)
        gain = np.array([rest @ favour[bits | state] for state in range(size)])
        grid = spread[number] * gain[states]
        revised.append(_judgement(grid.sum(axis=0), grid.sum(axis=1), combos))
        behind = _joined(behind, masses[number])
    revised.reverse()
    if minister is None:
        return None, revised
    return _judgement(own * (fit @ ahead[-1]), minister.roles, combos), revised


def _product(days: np.ndarray, combos: np.ndarray) -> np.ndarray:
    return np.asarray(np.prod([days[d][combos[:, d]] for d in range(len(days))], axis=0))


def _judgement(weights: np.ndarray, roles: np.ndarray, combos: np.ndarray) -> Judgement:
    weights = weights / weights.sum()
    days = np.array([np.bincount(combos[:, d], weights, 4) for d in range(combos.shape[1])])
    return Judgement(days, roles / roles.sum())
