"""Persons in the light of each other: small tables by hand, exact sums, and what the corpus counts."""

import numpy as np
import pytest
from reading_samples import reader

from parsers.together import DELEGATE, DEPUTY, MAYBE, NO, NONE, YES, Judgement, count, reconcile

NEUTRAL = np.zeros((4, 2, 2))


def judgement(*days: tuple[float, float, float, float], role: int = DELEGATE, sure: float = 0.9) -> Judgement:
    roles = np.full(4, (1 - sure) / 3)
    roles[role] = sure
    return Judgement(np.array(days), roles)


DOUBT = (0.02, 0.44, 0.52, 0.02)
COMES = (0.01, 0.97, 0.01, 0.01)


def corpus_table() -> np.ndarray:
    """As counted at the last training."""
    table: np.ndarray = reader().nlp.get_pipe("attendance").table  # type: ignore[attr-defined]  # own component
    return table


def test_counting_gives_how_much_likelier_than_apart() -> None:
    table = count([(YES, False, True)] * 400 + [(NO, True, True)] * 400)
    assert table[YES, 0, 1] > 0.5 > 0 > table[YES, 1, 1]
    assert table[NO, 1, 1] > 0.5 > 0 > table[NO, 0, 1]


def test_a_neutral_table_changes_nothing() -> None:
    minister, (other,) = reconcile(judgement(DOUBT, COMES), [judgement(COMES, DOUBT)], NEUTRAL)
    assert minister is not None
    np.testing.assert_allclose(minister.days, [DOUBT, COMES], atol=1e-9)
    np.testing.assert_allclose(other.days, [COMES, DOUBT], atol=1e-9)


def test_companions_without_a_head_speak_for_the_minister() -> None:
    minister, _ = reconcile(judgement(DOUBT, DOUBT), [judgement(COMES, COMES, sure=0.97)] * 2, corpus_table())
    assert minister is not None
    assert list(minister.days.argmax(axis=1)) == [YES, YES]


def test_a_deputy_at_the_head_speaks_against_the_minister_on_that_day_only() -> None:
    away = (0.01, 0.01, 0.97, 0.01)
    deputy = judgement(COMES, away, role=DEPUTY, sure=0.97)
    minister, _ = reconcile(judgement((0.02, 0.52, 0.44, 0.02), (0.02, 0.52, 0.44, 0.02)), [deputy], corpus_table())
    assert minister is not None
    assert list(minister.days.argmax(axis=1)) == [NO, YES]


@pytest.mark.parametrize("days", [1, 2])
def test_the_sums_are_those_of_all_combinations(days: int) -> None:
    rng = np.random.default_rng(5)

    def some() -> Judgement:
        return Judgement(rng.dirichlet(np.ones(4), days), rng.dirichlet(np.ones(4)))

    table = rng.normal(0, 1, (4, 2, 2))
    minister, others = some(), [some(), some()]
    expected = _by_hand(minister, others, table, days)
    found, _ = reconcile(minister, others, table, 1.0)
    assert found is not None
    np.testing.assert_allclose(found.days, expected, atol=1e-6)


def _by_hand(minister: Judgement, others: list[Judgement], table: np.ndarray, days: int) -> np.ndarray:
    out = np.zeros((days, 4))
    grid = np.indices((4,) * days).reshape(days, -1).T
    for own in grid:
        for roles in np.indices((4,) * len(others)).reshape(len(others), -1).T:
            for said in np.indices((4,) * (days * len(others))).reshape(days * len(others), -1).T:
                theirs = said.reshape(len(others), days)
                weight = float(np.prod([minister.days[d, own[d]] for d in range(days)]))
                for one, role, when in zip(others, roles, theirs, strict=True):
                    weight *= one.roles[role] * float(np.prod([one.days[d, when[d]] for d in range(days)]))
                for d in range(days):
                    coming = [r for r, when in zip(roles, theirs, strict=True) if when[d] in {YES, MAYBE}]
                    weight *= float(np.exp(table[own[d], int(DEPUTY in coming), int(DELEGATE in coming)]))
                for d in range(days):
                    out[d, own[d]] += weight
    return out / out.sum(axis=1, keepdims=True)


def test_nobody_speaks_of_the_minister() -> None:
    minister, (other,) = reconcile(None, [judgement(COMES, COMES)], corpus_table())
    assert minister is None
    assert list(other.days.argmax(axis=1)) == [YES, YES]
    assert NONE == 0


def test_a_long_conference_is_left_as_it_is() -> None:
    long = judgement(*[DOUBT] * 4)
    assert reconcile(long, [long], corpus_table()) == (long, [long])
