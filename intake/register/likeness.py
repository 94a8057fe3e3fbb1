"""Which questions ask the same: within a language by the words that they share, across languages by what they name."""

import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import fuzz

from intake.register.people import fold

ALIKE = 72.0
"""From this much of 100 on two questions count as one (token set ratio of the folded words)."""

ALIKE_WITHIN_TOPIC = 55.0
"""The same where both have the same topic."""

SHARED = 0.6
"""Two questions of different languages count as one where they share their topic and this much of all they name."""

_SHORT = 4


def topic_of(text: str) -> str:
    """The most telling topic that a question names, as a short key; empty where none is known."""
    named = _named(text)
    return next((topic for topic in _topics() if topic in named), "")


def groups(questions: Sequence[tuple[int, str, str, str]]) -> dict[int, int]:
    """For each question (id, text, topic, language) the smallest id among those like it, itself included.

    First within each language; then groups of different languages come together, never two of one language by way of a
    third that is between them.
    """
    by_topic: dict[str, list[tuple[int, str, str]]] = {}
    for number, text, topic, language in questions:
        by_topic.setdefault(topic, []).append((number, text, language))
    found: dict[int, int] = {}
    for topic, asked in by_topic.items():
        clusters = _within_languages(asked, ALIKE_WITHIN_TOPIC if topic else ALIKE)
        for cluster in _across_languages(clusters) if topic else clusters:
            first = min(number for number, _, _ in cluster)
            found |= dict.fromkeys((number for number, _, _ in cluster), first)
    return found


_Cluster = list[tuple[int, str, str]]


def _within_languages(asked: _Cluster, least: float) -> list[_Cluster]:
    clusters: list[_Cluster] = []
    folded = {number: " ".join(fold(text).split()) for number, text, _ in asked}
    for one in asked:
        like = [
            cluster
            for cluster in clusters
            if cluster[0][2] == one[2]
            and any(fuzz.token_set_ratio(folded[one[0]], folded[two], score_cutoff=least) for two, _, _ in cluster)
        ]
        clusters = [cluster for cluster in clusters if cluster not in like]
        clusters.append([*(two for cluster in like for two in cluster), one])
    return clusters


def _across_languages(clusters: list[_Cluster]) -> list[_Cluster]:
    joined: list[_Cluster] = []
    for cluster in sorted(clusters, key=lambda cluster: min(number for number, _, _ in cluster)):
        named = [_named(text) for _, text, _ in cluster]
        languages = {language for _, _, language in cluster}
        for other in joined:
            apart = languages.isdisjoint(language for _, _, language in other)
            if apart and any(_overlap(one, _named(text)) >= SHARED for one in named for _, text, _ in other):
                other += cluster
                break
        else:
            joined.append(list(cluster))
    return joined


def _overlap(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / len(one | two)


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[str]:
    words = fold(text).replace("-", " ").split()
    joined = " ".join(word.strip(".,;:?!()\"'«»„“”’") for word in words)
    starts = {joined[at : at + length] for at in _word_starts(joined) for length in _lengths()}
    whole = set(joined.split())
    return frozenset(
        topic
        for topic, (beginnings, words_whole) in _topics().items()
        if not beginnings.isdisjoint(starts) or not words_whole.isdisjoint(whole)
    )


def _word_starts(joined: str) -> list[int]:
    return [0, *(at + 1 for at, letter in enumerate(joined) if letter == " ")]


@cache
def _lengths() -> frozenset[int]:
    return frozenset(len(word) for beginnings, _ in _topics().values() for word in beginnings)


@cache
def _topics() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """For each topic the beginnings of its words, and the short words that have to stand alone, folded."""
    table = tomllib.loads((files("intake.register") / "topics.toml").read_text("utf-8"))
    found = {}
    for topic, values in table.items():
        words = {fold(word).replace("-", " ").strip() for word in values["words"].split()}
        short = frozenset(word for word in words if len(word) < _SHORT)
        found[topic] = (frozenset(words) - short, short)
    return found
