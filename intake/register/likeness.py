"""Which questions ask the same: by their topic, and by the words that they share."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from intake.register.people import fold

ALIKE = 72.0
"""From this much of 100 on two questions of any topic count as one (token set ratio of the folded words)."""

ALIKE_WITHIN_TOPIC = 55.0
"""The same where both have the same topic."""


def groups(questions: Sequence[tuple[int, str, str]]) -> dict[int, int]:
    """For each question (id, text, topic) the smallest id among those like it, itself included."""
    folded = {number: fold(text) for number, text, _ in questions}
    leader = {number: number for number, _, _ in questions}

    def find(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    for place, (one, _, topic) in enumerate(questions):
        for two, _, other_topic in questions[:place]:
            same_topic = bool(topic) and topic == other_topic
            if topic and other_topic and not same_topic:
                continue
            if fuzz.token_set_ratio(folded[one], folded[two]) >= (ALIKE_WITHIN_TOPIC if same_topic else ALIKE):
                first, second = sorted((find(one), find(two)))
                leader[second] = first
    return {number: find(number) for number in leader}
