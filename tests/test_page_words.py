"""What the page makes of words: its own in four languages, those of mails made safe, those of prepared letters."""

import ast
import re
import tomllib
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, unquote

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from page_samples import CONFERENCE

import intake.page
from intake.mailbox.faults import Fault, MailboxError
from intake.page.alarm import FROM_MAILBOX
from intake.page.chart import chart_of
from intake.page.forms import Draft, DraftPerson, FormError, people_of
from intake.page.letters import Letter, language_for, letters, mailto, reminder, reply
from intake.page.marked import SHOWN, blocks_of, excerpt_of
from intake.page.phrases import TOPICS
from intake.page.reasons import reason
from intake.page.tiles import PLACES
from intake.page.told import plain, shown, told
from intake.page.words import LANGUAGES, accepted, words_in
from parsers.reading import Attendance, Envelope, Evidence, Question, Reading, Role, Statement, Zone, ZoneKind

PAGE = Path(intake.page.__file__).parent
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "NN_": (1, 2), "count": (1, 2)}
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def _extracted() -> set[object]:
    options = {"**/templates/**.html": {"newstyle_gettext": "true"}}
    method = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(str(PAGE), method, options, KEYWORDS)
    return {tuple(message) if isinstance(message, tuple) else message for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_page_is_translated_with_its_placeholders(language: str) -> None:
    with (PAGE / "locale" / language / "LC_MESSAGES" / "page.po").open("rb") as file:
        catalogue = read_po(file)
    known = {message.id[0] if isinstance(message.id, tuple) else message.id for message in catalogue if message.id}
    wanted = {message[0] if isinstance(message, tuple) else message for message in _extracted()}

    assert wanted - known == set()
    assert known - wanted == set(), "texts that the page no longer has"
    for message in catalogue:
        pairs = (
            zip(message.id, message.string, strict=True)
            if isinstance(message.id, tuple)
            else [(message.id, message.string)]
        )
        for text, translation in pairs:
            assert not message.fuzzy
            assert bool(text) is False or translation, text
            if text and "%(n)s" not in text:
                marks = re.compile(r"%\(\w+\)s|\{\w+\}")
                assert sorted(marks.findall(text)) == sorted(marks.findall(translation)), text


def test_plurals_follow_the_language() -> None:
    french, german = words_in("fr"), words_in("de")
    forms = ("one message", "%(n)s messages")

    assert [french.count(*forms, n) for n in (0, 1, 2)] == ["un message", "un message", "2 messages"]
    assert [german.count(*forms, n) for n in (1, 2000)] == ["eine Nachricht", "2.000 Nachrichten"]


def test_days_stand_before_months() -> None:
    days = CONFERENCE.days

    assert [words_in(code).days(days) for code in LANGUAGES] == [
        "29–30 April 2024", "29–30 avril 2024", "29–30 april 2024", "29.–30. April 2024",
    ]  # fmt: skip
    assert words_in("en").day(days[0]) == "Mon 29 Apr"
    assert words_in("de").long_day(days[0]) == "Montag, 29. April"
    assert words_in("nl").delegation_name("AT", "Austria") == "Oostenrijk"
    assert words_in("nl").delegation_name("EL", "Greece") == "Griekenland"
    assert words_in("nl").delegation_name("EUAA", "European Union Agency for Asylum").startswith("European")


@pytest.mark.parametrize(
    ("header", "language"),
    [("fr-BE,fr;q=0.9,en;q=0.8", "fr"), ("de;q=0.1,nl;q=0.2", "nl"), ("pl,de;q=0.5", "de"), ("fr;q=0", "en"),
     ("", "en"), ("*;q=x,,;;;", "en"), ("," * 10_000, "en")],
)  # fmt: skip
def test_the_language_a_browser_likes_best(header: str, language: str) -> None:
    assert accepted(header) == language


def test_reasons_are_told_in_the_language_of_the_page() -> None:
    german = words_in("de")

    assert reason(german, "passed on by somebody else") == "von jemand anderem weitergeleitet"
    assert "2024-05-02" in reason(german, "speaks about 2024-05-02, which is no day of the event")
    assert reason(german, "a new reason; passed on by somebody else").startswith("a new reason; von")
    assert reason(german, "") == ""


def _reasons_in(module: str) -> list[str]:
    """Every sentence that a module puts into a list of reasons, with a letter for each value in it."""
    found = []
    for node in ast.walk(ast.parse((PAGE.parent.parent / module).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found.append(text.value)
            elif isinstance(text, ast.JoinedStr):
                parts = [str(one.value) if isinstance(one, ast.Constant) else "X" for one in text.values]
                found.append("".join(parts))
    return [text for text in found if text.count(" ") > 2]


@pytest.mark.parametrize(
    "module", ["parsers/review.py", "parsers/mime.py", "intake/register/checks.py", "intake/register/sender.py"]
)
def test_no_reason_stays_in_english(module: str) -> None:
    found = _reasons_in(module)

    assert len(found) > 1
    for language in TRANSLATED:
        words = words_in(language)
        for text in found:
            assert reason(words, text) != text, text
            assert reason(words, f"says who comes; {text}").endswith(reason(words, text)), text


def test_what_the_mailbox_advises_is_told_in_the_language_of_the_page() -> None:
    advised = {MailboxError(fault, "x").advice for fault in Fault}

    assert len(advised) > 10
    assert advised <= set(FROM_MAILBOX)


def test_what_a_delegation_was_guessed_from_is_told_too() -> None:
    text = "the delegation is only guessed, from the sender's domain"

    assert reason(words_in("fr"), text) == "la délégation n'est que devinée (domaine de l'expéditeur)"


@given(st.text())
def test_told_text_is_escaped_and_has_no_hidden_mark(text: str) -> None:
    markup = str(told(text))

    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u200b]", markup)
    inner = markup.removeprefix("<bdi>").removesuffix("</bdi>")
    assert "<" not in inner.replace('<span class="mark-hidden">', "").replace("</span>", "")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x1f]", plain(text))


def test_a_mark_that_turns_text_is_named() -> None:
    assert 'class="mark-hidden">RLO<' in str(shown("abc\u202edef"))
    assert "U+E0041" in str(shown("a\U000e0041b"))
    assert shown("plain & simple") == escape("plain & simple")
    assert len(re.sub("<[^>]+>", "", told("x" * 500, 60))) == 60


def _reading(text: str, spans: list[tuple[int, int]], zones: list[tuple[ZoneKind, int, int]]) -> Reading:
    day = CONFERENCE.days[0]
    return Reading(
        text=text,
        envelope=Envelope(),
        zones=tuple(Zone(*zone) for zone in zones),
        statements=tuple(
            Statement(f"Person {number}", Role.DELEGATE, day, Attendance.YES, 1.0, (Evidence(a, b, text[a:b], "test"),))
            for number, (a, b) in enumerate(spans)
        ),
        questions=tuple(Question(text[a:b], Evidence(a, b, text[a:b], "test")) for a, b in spans[:1]),
    )


_PLACE = st.integers(-5, 130)


@given(
    st.text("ab \n", max_size=120),
    st.lists(st.tuples(_PLACE, _PLACE), max_size=6),
    st.lists(st.tuples(st.sampled_from(ZoneKind), _PLACE, _PLACE), max_size=5),
)
def test_the_marked_text_is_the_whole_text_whatever_the_spans(
    text: str, spans: list[tuple[int, int]], zones: list[tuple[ZoneKind, int, int]]
) -> None:
    blocks = blocks_of(_reading(text, spans, zones))

    assert "".join(piece.text for block in blocks for piece in block.pieces) == text
    firsts = [key for block in blocks for piece in block.pieces for key in piece.first]
    assert len(firsts) == len(set(firsts))
    excerpt_of(_reading(text, spans, zones))


def test_a_mark_covers_exactly_its_evidence() -> None:
    text = "Minister Berger comes. When does it begin?"
    reading = _reading(text, [(0, 21), (9, 15)], [])
    pieces = [piece for block in blocks_of(reading) for piece in block.pieces]

    assert "".join(piece.text for piece in pieces if "p0" in piece.keys) == "Minister Berger comes"
    assert "".join(piece.text for piece in pieces if "p1" in piece.keys) == "Berger"


def test_five_million_characters_are_cut_and_counted() -> None:
    blocks = blocks_of(_reading("x" * 5_000_000, [(4_999_990, 4_999_995)], []))

    assert sum(len(piece.text) for block in blocks for piece in block.pieces) == SHOWN
    assert sum(block.left_out for block in blocks) == 5_000_000 - SHOWN


def test_the_chart_rises_with_each_answer_and_stays_in_its_frame() -> None:
    now = datetime(2024, 3, 22, tzinfo=UTC)
    moments = [datetime(2024, 2, 24, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]
    chart = chart_of(moments, 37, CONFERENCE.invitation_sent, CONFERENCE.days, now)
    places = [float(place) for place in re.findall(r"[VH]([\d.]+)", chart.line)]

    assert chart.answered == 3
    assert chart.table[-1][1] == 3
    assert all(0 <= place <= 400 for place in places)
    assert chart_of([], 0, date(2024, 1, 1), (), now).answered == 0


def test_no_two_countries_share_a_tile() -> None:
    assert len(set(PLACES.values())) == len(PLACES)
    assert {one.code for one in CONFERENCE.delegations if len(one.code) == 2} <= set(PLACES)


def test_letters_stand_in_every_language_of_the_union() -> None:
    spoken = [
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "ga",
        "hr",
        "hu",
        "is",
        "it",
        "lt",
        "lv",
        "mt",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "sk",
        "sl",
        "sv",
    ]

    assert sorted(letters()) == sorted(spoken)
    for code in spoken:
        letter = reminder(CONFERENCE, "office@interior.example", code)
        address = letter.address
        fields = parse_qs(address.partition("?")[2])
        assert CONFERENCE.name in fields["body"][0]
        assert "2024" in fields["subject"][0]
        assert "%(" not in unquote(address)
        assert len(address) <= 2000
        assert address.isascii()
        draft = message_from_bytes(letter.draft(), policy=default)
        assert draft["X-Unsent"] == "1"
        assert draft["To"] == "office@interior.example"
        assert draft["Subject"].split() == letter.subject.split()
        assert draft.get_content().split() == letter.body.split()
    assert language_for(CONFERENCE.delegation("LU")) == "fr"
    assert language_for(None, "lb") == "en"


def test_no_mail_writes_a_header_into_a_prepared_reply() -> None:
    evil = "x\r\nBcc: all@world.example&cc=everybody@world.example?body=gone"
    letter = reply("who@x.example?cc=a@b.example", evil, evil, "1@x.example>&bcc=z", "en")
    address = letter.address

    assert address.startswith("mailto:who@x.example%3Fcc%3Da@b.example?")
    fields = parse_qs(address.partition("?")[2])
    assert set(fields) == {"subject", "body"}
    assert "\n" not in fields["subject"][0]
    draft = message_from_bytes(letter.draft(), policy=default)
    assert set(draft.keys()) == {"Subject", "X-Unsent", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert parse_qs(mailto("a@b.example", "s", "b", "1@x.example").partition("?")[2])["In-Reply-To"] == [
        "<1@x.example>"
    ]


def test_a_draft_stands_in_the_thread_of_what_it_answers() -> None:
    draft = message_from_bytes(reply("a@b.example", "Visa", "When?", "1@x.example", "fr").draft(), policy=default)

    assert draft["In-Reply-To"] == draft["References"] == "<1@x.example>"
    assert draft["Subject"] == "Re: Visa"
    assert "> When?" in draft.get_content()


@pytest.mark.parametrize("to", ["", "nobody", "a@b.example, c@d.example", "a@b.example;c@d.example", "<a@b.example>"])
def test_what_is_not_one_address_is_left_to_be_filled_in(to: str) -> None:
    assert message_from_bytes(Letter(to, "s", "b").draft(), policy=default)["To"] is None


def test_a_long_question_in_another_script_leaves_room_for_the_rest() -> None:
    letter = reply("office@interior.example", "Ερώτηση", "Θα υπάρχει διερμηνεία; " * 100, "1@x.example", "el")
    fields = parse_qs(letter.address.partition("?")[2])

    assert len(letter.address) <= 2000
    assert "Θα υπάρχει διερμηνεία" in fields["body"][0]
    assert fields["In-Reply-To"] == ["<1@x.example>"]


def test_every_topic_has_a_name_on_the_page() -> None:
    known = tomllib.loads((files("intake.register") / "topics.toml").read_text("utf-8"))

    assert set(TOPICS) == set(known)


def test_a_line_without_a_name_or_a_day_is_refused() -> None:
    with pytest.raises(FormError):
        people_of(Draft("AT", (DraftPerson("", "minister", {"2024-04-29": "yes"}),)))
    with pytest.raises(FormError):
        people_of(Draft("AT", (DraftPerson("Anna Berger", "minister", {}),)))
    assert people_of(Draft("AT", (DraftPerson("Anna Berger", "minister", {"2024-04-29": "no"}),))) == [
        ("Anna Berger", Role.MINISTER, date(2024, 4, 29), Attendance.NO)
    ]
