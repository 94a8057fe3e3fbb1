"""Questions alike: what they are about, in which language ever, and which of them lie side by side."""

import pytest

from intake.register.likeness import groups, topic_of

TOPICS = {
    "parking": [
        "Where may our driver park the car?",
        "Wo können wir unser Fahrzeug parken?",
        "Où notre chauffeur peut-il garer la voiture ?",
        "Gdzie możemy zaparkować samochód? Czy jest parking?",
        "Missä voimme pysäköidä?",
    ],
    "visa": ["Do our colleagues need a visa?", "Braucht unsere Delegation ein Visum?", "Χρειαζόμαστε βίζα;"],
    "interpretation": [
        "Will there be interpretation into Maltese?",
        "Wird es Verdolmetschung geben, oder Simultanübersetzung?",
        "Y aura-t-il une interprétation en français ?",
        "Ще има ли превод на български?",
        "Θα υπάρχει διερμηνεία;",
    ],
    "accreditation": [
        "When do we receive our badges?",
        "Do kiedy trzeba zgłosić akredytacje?",
        "Wanneer kunnen wij de badges ophalen?",
    ],
    "bilateral": ["Would a bilateral be possible?", "Je možné dvoustranné jednání?"],
    "": ["Could you please let us know?", "Was meinen Sie damit?", "Pouvez-vous nous aider ?"],
}


@pytest.mark.parametrize(
    ("topic", "text"),
    [(topic, text) for topic, texts in TOPICS.items() for text in texts],
    ids=lambda value: value[:40],
)
def test_what_a_question_is_about(topic: str, text: str) -> None:
    assert topic_of(text) == topic


def grouped(*questions: tuple[str, str]) -> list[int]:
    rows = [(number, text, topic_of(text), language) for number, (text, language) in enumerate(questions, start=1)]
    found = groups(rows)
    return [found[number] for number, *_ in rows]


def test_the_same_in_other_words_lies_together() -> None:
    assert grouped(
        ("Where may our driver park the car?", "en"),
        ("Until when can we register our delegation?", "en"),
        ("Could you tell us where the driver may park his car?", "en"),
    ) == [1, 2, 1]


def test_the_same_in_other_languages_lies_together() -> None:
    assert grouped(
        ("Will there be interpretation into Greek?", "en"),
        ("Θα υπάρχει διερμηνεία στα ελληνικά;", "el"),
        ("Wo kann unser Fahrer parken?", "de"),
        ("Y aura-t-il une interprétation ?", "fr"),
    ) == [1, 1, 3, 1]


def test_one_topic_is_not_one_question() -> None:
    assert grouped(
        ("Is the dinner in the abbey for heads of delegation alone?", "en"),
        ("May a vegetarian meal be ordered for lunch on Tuesday in the hall upstairs?", "en"),
    ) == [1, 2]


def test_nothing_in_common_is_nothing_alike() -> None:
    assert grouped(("Could you help us?", "en"), ("Is it true?", "en"), ("Pouvez-vous nous aider ?", "fr")) == [1, 2, 3]


def test_by_when_is_another_question_than_what() -> None:
    assert grouped(
        ("Do you need a copy of her passport for the accreditation?", "en"),
        ("Bis wann müssen die Angaben für die Akkreditierung bei Ihnen sein?", "de"),
        ("Do kiedy trzeba zgłosić akredytacje?", "pl"),
    ) == [1, 2, 2]


def test_a_word_of_many_meanings_does_not_keep_them_apart() -> None:
    assert grouped(
        ("¿Podrían informarnos de los hoteles recomendados cerca del lugar de la reunión?", "es"),
        ("Czy mogliby Państwo przesłać listę hoteli?", "pl"),
        ("Merci de nous faire parvenir le guide pratique.", "fr"),
        ("Bitte senden Sie uns die praktischen Hinweise und die praktische Information.", "de"),
    ) == [1, 1, 3, 3]
