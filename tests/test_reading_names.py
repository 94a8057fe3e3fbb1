"""Names: case forms, spellings, scripts; the invitation list; who is named without attending."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_samples import CONFERENCE, mail, read

from parsers.names import latin, parts, same_person, same_word, skeleton, tidy
from parsers.people import Mention, Roster, Token, gather, strip_titles
from parsers.sentences import words

ROWS = [
    [cell.strip() for cell in line.split("|")]
    for line in (Path(__file__).parent / "phrases" / "names.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def rows(kind: str) -> list[object]:
    return [
        pytest.param(
            verdict == "same",
            first,
            second,
            id=f"{first} / {second}",
            marks=[pytest.mark.xfail(strict=True)] if what.startswith("x ") else [],
        )
        for what, verdict, first, second in ROWS
        if what.removeprefix("x ") == kind
    ]


@pytest.mark.parametrize(("same", "first", "second"), rows("word"))
def test_words(same: bool, first: str, second: str) -> None:
    assert same_word(first, second) is same
    assert same_word(second, first) is same


@pytest.mark.parametrize(("same", "first", "second"), rows("person"))
def test_persons(same: bool, first: str, second: str) -> None:
    assert same_person(first, second) is same
    assert same_person(second, first) is same


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("  LEOPOLD   GRÜNWALD, ", "Leopold Grünwald"),
        ("Leopold GRÜNWALD", "Leopold Grünwald"),
        ("MARCHAND-DUVAL", "Marchand-Duval"),
        ("O'BRIEN", "O'Brien"),
        ("McCarthy", "McCarthy"),
        ("MacDonald", "MacDonald"),
        ("van der Berg", "van der Berg"),
        ("Ó Súilleabháin", "Ó Súilleabháin"),
        ("ΠΑΠΑΔΗΜΗΤΡΙΟΥ", "Παπαδημητριου"),
        ("ЖЕЛЯЗКОВ", "Желязков"),
        ("- Eva Brandstetter (", "Eva Brandstetter"),
        ("J. P. Maes", "J. P. Maes"),
        ("*Eva*", "Eva"),
        ("", ""),
    ],
)
def test_tidy(written: str, shown: str) -> None:
    assert tidy(written) == shown
    assert tidy(shown) == shown


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("Παπαδημητρίου", "papadimitriou"),
        ("Желязков", "zheliazkov"),
        ("Kjærgaard", "kjaergaard"),
        ("Straße", "strasse"),
    ],
)
def test_latin(word: str, form: str) -> None:
    assert latin(word).replace("ya", "ia") == form


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zhelyazkov", "Желязков"), ("Christos", "Χρίστος"), ("Yordan", "Jordan")],
)
def test_skeletons(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other) != ""


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_compares_both_ways(first: str, second: str) -> None:
    assert same_word(first, second) == same_word(second, first)
    assert same_person(first, second) == same_person(second, first)
    tidy(first)


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll"]), min_size=3, max_size=40))
def test_a_word_is_itself(word: str) -> None:
    assert same_word(word, word)
    assert same_word(word, word.upper()) or word.upper().casefold() != word.casefold()


def test_parts() -> None:
    assert parts("Hélène Marchand-Duval") == ["Hélène", "Marchand", "Duval"]
    assert parts("Grünwald, L.") == ["Grünwald", "L"]


ROSTER = Roster(CONFERENCE)


def found(text: str, own: str | None = "AT", banned: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    tokens = [Token(i, word, 0) for i, word in enumerate(words(text)[0]) if not word.isspace()]
    every = words(text)[0]
    return [(code, "".join(every[m.start : m.end])) for code, m in ROSTER.find(tokens, own, banned)]


@pytest.mark.parametrize(
    ("own", "text", "code"),
    [
        ("AT", "Minister Grünwald kommt.", "AT"),
        ("AT", "Herr GRÜNWALD kommt.", "AT"),
        ("AT", "Leopold Grünwald", "AT"),
        ("AT", "GRÜNWALD, Leopold", "AT"),
        ("AT", "L. Grünwald kommt.", "AT"),
        ("AT", "Leopold Gruenwald kommt.", "AT"),
        ("CZ", "s panem ministrem Žitavským", "CZ"),
        ("CZ", "účast Bořivoje Žitavského", "CZ"),
        ("CZ", "Mr Zitavsky will come.", "CZ"),
        ("EL", "ο κ. Παπαδημητρίου", "EL"),
        ("EL", "Mr Papadimitriou", "EL"),
        ("EL", "Mr Stavros Papadimitriou", "EL"),
        ("BG", "г-н Желязков ще участва", "BG"),
        ("BG", "Minister Jeliazkov", "BG"),
        ("FR", "Mme Marchand-Duval", "FR"),
        ("FR", "Mme Hélène MARCHAND-DUVAL", "FR"),
        ("DK", "Jørgen Kjærgaard Holm", "DK"),
        ("IE", "Minister O'Brien", "IE"),
        ("PL", "z Panią Minister Wróblewską", "PL"),
        ("AT", "together with Stavros Papadimitriou", "EL"),
        ("AT", "met Yordan Zhelyazkov of Bulgaria", "BG"),
        (None, "Leopold Grünwald", "AT"),
    ],
)
def test_the_list_finds(own: str | None, text: str, code: str) -> None:
    assert {hit for hit, _ in found(text, own)} == {code}


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("AT", "Mr Papadimitriou"),
        ("AT", "Holm and Marchand"),
        ("CZ", "Minister Grünwald"),
        (None, "Grünwald"),
        ("AT", "the grünwald forest"),
        ("AT", "Leo comes."),
        ("AT", "We will attend on both days."),
        ("AT", "Grünberg kommt."),
    ],
)
def test_the_list_does_not_find(own: str | None, text: str) -> None:
    assert found(text, own) == []


def test_the_senders_own_name_never_counts_alone() -> None:
    assert found("Eva Grünwald", banned=frozenset({"grunwald"})) == []
    assert found("Grünwald", banned=frozenset({"grunwald"})) == []
    assert found("Leopold Grünwald", banned=frozenset({"grunwald"})) != []


def test_signs() -> None:
    assert ROSTER.signs("Leopold Grünwald")
    assert ROSTER.signs("Minister Leopold Grünwald")
    assert not ROSTER.signs("Vera Lindqvist, Office of Minister Leopold Grünwald")
    assert not ROSTER.signs("Vera Lindqvist")


def test_mentions_of_one_person_are_gathered() -> None:
    mentions = [Mention(0, 2, "Eva Brandstetter"), Mention(5, 6, "BRANDSTETTER"), Mention(9, 11, "Paul Achleitner")]
    people = gather(mentions, [], ROSTER)
    assert [(person.name, len(person.mentions)) for person in people] == [
        ("Eva Brandstetter", 2),
        ("Paul Achleitner", 1),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dr. Eva Brandstetter", "Eva Brandstetter"),
        ("Mr Paul Achleitner", "Paul Achleitner"),
        ("Mag. Dr. Eva Brandstetter, PhD", "Eva Brandstetter"),
        ("Frau Eva Brandstetter", "Eva Brandstetter"),
        ("Eva Brandstetter", "Eva Brandstetter"),
        ("Dr.", "Dr."),
    ],
)
def test_titles_are_no_part_of_a_name(text: str, name: str) -> None:
    assert strip_titles(text) == name


LETTERS = [
    "Dear Ms Vandamme,\n\nthe Minister will attend on both days.\n\nKind regards\nVera Lindqvist\nAdviser",
    "Sehr geehrte Frau Vandamme,\n\nder Minister nimmt an beiden Tagen teil.\n\nMit besten Grüßen\nVera Lindqvist",
    "Chère Madame Vandamme,\n\nle ministre viendra les deux jours.\n\nBien cordialement,\nVera Lindqvist",
]


@pytest.mark.parametrize("text", LETTERS)
def test_who_is_greeted_and_who_signs_attends_nothing(text: str) -> None:
    names = {statement.name for statement in read(mail(text).as_bytes()).statements}
    assert not any("Vandamme" in name or "Lindqvist" in name for name in names)


def test_who_is_quoted_or_in_copy_attends_nothing() -> None:
    text = (
        "The Minister will attend on both days.\n\n"
        "On 26 Feb 2024, at 09:14, Ilse Vandamme <i@secretariat.example> wrote:\n"
        "> Will Paul Achleitner attend on 29 April?\n"
    )
    raw = mail(text, headers={"Cc": "Rosa Albers <rosa.albers@inneres.example>"}).as_bytes()
    names = {statement.name for statement in read(raw).statements}
    assert names <= {"Leopold Grünwald"}
