"""The committee read as one network gives the numbers of its members one by one."""

import numpy as np
import pytest
from reading_samples import reader

from parsers.committee import Committee
from parsers.corpus_format import read_corpus
from parsers.examples import pairs
from parsers.marked import features

ENTRIES = [entry for number, entry in enumerate(read_corpus()) if number % 700 == 0]


@pytest.mark.parametrize("name", ["attendance", "asks", "sort"])
def test_same_logits_as_the_members(name: str) -> None:
    committee = reader().nlp.get_pipe(name)
    assert isinstance(committee, Committee)
    arrays = [
        features(pair.passage, pair.target if name == "attendance" else None)
        for entry in ENTRIES
        for pair in pairs(entry)
    ]
    apart = np.mean([member.predict(arrays) for member in committee.members], axis=0)
    assert len(arrays) > 60
    np.testing.assert_allclose(committee.scores(arrays), apart, atol=1e-4)


def test_a_passage_is_judged_alike_alone_and_among_others() -> None:
    committee = reader().nlp.get_pipe("attendance")
    assert isinstance(committee, Committee)
    arrays = [features(pair.passage, pair.target) for entry in ENTRIES for pair in pairs(entry)]
    alone = np.vstack([committee.scores([array]) for array in arrays])
    np.testing.assert_allclose(committee.scores(arrays), alone, atol=1e-4)


def test_nothing_to_judge() -> None:
    committee = reader().nlp.get_pipe("attendance")
    assert isinstance(committee, Committee)
    assert committee.scores([]).shape == (0, 8)
