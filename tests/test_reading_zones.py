"""Whose words each line is: clients, languages, forwards, inline answers, signatures, the organisers' own letter."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from reading_samples import LETTER, MAILBOX, MAILS, mail, shown, zone_text

from parsers.html import Line
from parsers.reading import ZoneKind
from parsers.zones import zones

ZONES = MAILS / "zones"
ANSWER = {
    "bg": "Министърът ще участва само на първия ден.", "cs": "Pan ministr přijede jen první den.",
    "da": "Ministeren kommer kun den første dag.", "de": "Die Ministerin kommt nur am ersten Tag.",
    "el": "Ο Υπουργός θα έρθει μόνο την πρώτη ημέρα.", "en": "The Minister comes on the first day only.",
    "es": "La ministra vendrá solo el primer día.", "et": "Minister tuleb ainult esimesel päeval.",
    "fi": "Ministeri tulee vain ensimmäisenä päivänä.", "fr": "Le ministre ne viendra que le premier jour.",
    "ga": "Ní thiocfaidh an tAire ach an chéad lá.", "hr": "Ministar dolazi samo prvi dan.",
    "hu": "A miniszter csak az első napon jön.", "is": "Ráðherrann kemur aðeins fyrri daginn.",
    "it": "Il Ministro verrà solo il primo giorno.", "lt": "Ministrė atvyks tik pirmąją dieną.",
    "lv": "Ministrs ieradīsies tikai pirmajā dienā.", "mt": "Il-Ministru jiġi biss fl-ewwel jum.",
    "nb": "Statsråden kommer bare den første dagen.", "nn": "Statsråden kjem berre den første dagen.",
    "nl": "De minister komt alleen de eerste dag.", "pl": "Pani Minister przyjedzie tylko pierwszego dnia.",
    "pt": "O ministro virá apenas no primeiro dia.", "ro": "Ministrul va veni doar în prima zi.",
    "sk": "Pán minister príde iba prvý deň.", "sl": "Minister pride samo prvi dan.",
    "sv": "Statsrådet kommer bara den första dagen.",
}  # fmt: skip
OLD = "Last week the Minister still meant to come on both days, as I told you."
NAME, ADDRESS = "Ilse Vandamme", "ilse.vandamme@secretariat.example"


def table(name: str) -> list[list[str]]:
    rows = (ZONES / name).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in row.split("|")] for row in rows if row.strip() and not row.startswith("#")]


@dataclass(frozen=True)
class Block:
    """One row of labels.txt as a header block."""

    language: str
    lines: tuple[str, ...]
    separator: str


def block(row: list[str]) -> Block:
    language, sender, sent, to, cc, subject, original, when = row
    colon = " :" if language == "fr" else ":"
    lines = (
        f"{sender}{colon} {NAME} <{ADDRESS}>",
        f"{sent}{colon} {when}",
        f"{to}{colon} Vera Lindqvist <vera.lindqvist@inneres.example>",
        f"{cc}{colon} Paul Achleitner <paul.achleitner@inneres.example>",
        f"{subject}{colon} Ministerial Conference",
    )
    return Block(language, lines, f"-----{original}-----")


ATTRIBUTIONS = table("attributions.txt")
BLOCKS = [block(row) for row in table("labels.txt")]


def check(raw: bytes, answer: str, *above: str) -> None:
    """The answer is new, the older statement is not, what stands between them is an attribution."""
    result = shown(raw)
    assert answer in zone_text(result, ZoneKind.NEW)
    assert OLD not in result.read
    assert OLD in zone_text(result, ZoneKind.QUOTED)
    for line in above:
        assert line in zone_text(result, ZoneKind.ATTRIBUTION)
        assert line not in result.read


@pytest.mark.parametrize("row", ATTRIBUTIONS, ids=lambda row: f"{row[0]}-{row[1]}")
class TestAttribution:
    def line(self, row: list[str]) -> str:
        return row[2].format(name=NAME, address=ADDRESS)

    def test_above_quote_marks(self, row: list[str]) -> None:
        line, answer = self.line(row), ANSWER[row[0]]
        check(mail(f"{answer}\n\n{line}\n\n> {OLD}\n").as_bytes(), answer, line)

    def test_without_quote_marks(self, row: list[str]) -> None:
        line, answer = self.line(row), ANSWER[row[0]]
        check(mail(f"{answer}\n\n{line}\n\n{OLD}\n").as_bytes(), answer, line)

    def test_folded_over_two_lines(self, row: list[str]) -> None:
        line, answer = self.line(row), ANSWER[row[0]]
        middle = line.rfind(" ", 0, 2 * len(line) // 3)
        first, second = line[:middle], line[middle + 1 :]
        check(mail(f"{answer}\n\n{first}\n{second}\n\n> {OLD}\n").as_bytes(), answer, second)

    def test_gmail_html(self, row: list[str]) -> None:
        line, answer = self.line(row), ANSWER[row[0]]
        shape = (
            f'<div dir="ltr">{answer}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
            f"{_escaped(line)}<br></div><blockquote class='gmail_quote'>{OLD}</blockquote></div>"
        )
        result = shown(mail(html=shape).as_bytes())
        assert answer in zone_text(result, ZoneKind.NEW)
        assert OLD not in result.read
        assert line not in result.read

    def test_apple_html(self, row: list[str]) -> None:
        line, answer = self.line(row), ANSWER[row[0]]
        shape = (
            f'<body>{answer}<div><br><blockquote type="cite"><div>{_escaped(line)}</div><br>'
            f"<div>{OLD}</div></blockquote></div></body>"
        )
        result = shown(mail(html=shape).as_bytes())
        assert answer in zone_text(result, ZoneKind.NEW)
        assert OLD not in result.read
        assert line not in result.read

    def test_thunderbird_html(self, row: list[str]) -> None:
        line, answer = self.line(row), ANSWER[row[0]]
        shape = (
            f'<p>{answer}</p><div class="moz-cite-prefix">{_escaped(line)}<br></div>'
            f'<blockquote type="cite" cite="mid:1">{OLD}</blockquote>'
        )
        result = shown(mail(html=shape).as_bytes())
        assert answer in zone_text(result, ZoneKind.NEW)
        assert OLD not in result.read
        assert line not in result.read


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _html_lines(lines: tuple[str, ...]) -> str:
    return "<br>".join(f"<b>{_escaped(line)}</b>" for line in lines)


SHAPES: dict[str, Callable[[str, Block], dict[str, str]]] = {
    "plain": lambda answer, b: {"text": "\n".join([answer, "", *b.lines, "", OLD])},
    "plain without cc": lambda answer, b: {"text": "\n".join([answer, "", *b.lines[:3], b.lines[4], "", OLD])},
    "rule above": lambda answer, b: {"text": "\n".join([answer, "", "_" * 32, *b.lines, "", OLD])},
    "separator above": lambda answer, b: {"text": "\n".join([answer, "", b.separator, *b.lines, "", OLD])},
    "stars": lambda answer, b: {
        "text": "\n".join([answer, "", *(re.sub(r"^(.*?) ?:", r"*\1:*", line, count=1) for line in b.lines), "", OLD])
    },
    "quoted": lambda answer, b: {"text": "\n".join([answer, "", *(f"> {line}" for line in b.lines), ">", f"> {OLD}"])},
    "Outlook desktop": lambda answer, b: {
        "html": f"<p class=MsoNormal>{answer}</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;"
        f"padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>{_html_lines(b.lines)}</p></div></div><p>{OLD}</p>"
    },
    "Outlook on the web": lambda answer, b: {
        "html": f'<div>{answer}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">'
        f"{_html_lines(b.lines)}</div><div>{OLD}</div>"
    },
    "Outlook mobile": lambda answer, b: {
        "html": f'<div>{answer}</div><div id="ms-outlook-mobile-body-separator-line"><br></div>'
        f'<div class="ms-outlook-mobile-reference-message">{_html_lines(b.lines)}</div><div>{OLD}</div>'
    },
    "HTML without a mark": lambda answer, b: {"html": f"<p>{answer}</p><p>{_html_lines(b.lines)}</p><p>{OLD}</p>"},
}


@pytest.mark.parametrize("b", BLOCKS, ids=lambda b: b.language)
@pytest.mark.parametrize("shape", SHAPES)
def test_header_block(b: Block, shape: str) -> None:
    answer = ANSWER[b.language]
    result = shown(mail(**SHAPES[shape](answer, b)).as_bytes())
    assert answer in zone_text(result, ZoneKind.NEW)
    assert OLD in result.text
    assert OLD not in result.read
    assert not any(line in result.read for line in b.lines)


@pytest.mark.parametrize("b", BLOCKS, ids=lambda b: b.language)
def test_separator_alone(b: Block) -> None:
    answer = ANSWER[b.language]
    check(mail(f"{answer}\n\n{b.separator}\n\n{OLD}\n").as_bytes(), answer, b.separator)


def cases() -> list[object]:
    found: list[object] = []
    for chunk in re.split(r"(?m)^== ", (ZONES / "lines.txt").read_text(encoding="utf-8"))[1:]:
        head, *rows = chunk.splitlines()
        name, subject, sender = (part.strip() for part in head.split("|"))
        marks = [pytest.mark.xfail(strict=True)] if name.startswith("x ") else []
        lines = [row for row in rows if row.strip()]
        found.append(pytest.param(subject, sender, lines, id=name.removeprefix("x "), marks=marks))
    return found


@pytest.mark.parametrize(("subject", "sender", "rows"), cases())
def test_lines(subject: str, sender: str, rows: list[str]) -> None:
    texts = [row[2:] for row in rows]
    found = zones([Line(text) for text in texts], subject=subject, sender_name=sender, mailbox=MAILBOX, letter=LETTER)
    shown_as = [f"{kind.value[0].upper()} {text}" for kind, text in zip(found.kinds, texts, strict=True)]
    assert shown_as == rows


def test_the_inner_author_of_a_forward() -> None:
    text = """For your information.

---------- Forwarded message ---------
From: Paul Achleitner <Paul.Achleitner@inneres.example>
Date: Mon, 26 Feb 2024 at 10:14
Subject: Conference
To: Vera Lindqvist <vera.lindqvist@inneres.example>

The Minister will attend on both days.
"""
    result = shown(mail(text, subject="Fwd: Conference").as_bytes())
    assert result.zoned.inner_from == "paul.achleitner@inneres.example"
    assert "The Minister will attend on both days." in result.read


def test_a_forward_of_the_own_letter_is_no_statement() -> None:
    block_lines = ["From: " + MAILBOX, "Sent: Friday, 23 February 2024 09:14", "To: x@inneres.example", "Subject: Conf"]
    text = "\n".join(["Please see below.", "", *block_lines, "", LETTER])
    result = shown(mail(text, subject="FW: Conf").as_bytes())
    assert result.zoned.inner_from == ""
    assert "which members of your delegation" not in result.read


def test_a_forward_as_attachment_is_read() -> None:
    outer = mail("Please find attached what the cabinet wrote.", subject="Fwd: Conference")
    outer.add_attachment(mail("The Minister will attend on both days.", sender="P A <p.a@inneres.example>"))
    result = shown(outer.as_bytes())
    assert "The Minister will attend on both days." in result.read
    assert "The Minister will attend on both days." in zone_text(result, ZoneKind.ATTACHMENT)


def test_zones_cover_the_text_without_gap() -> None:
    text = f"{ANSWER['en']}\n\nKind regards\nVera Lindqvist\n\nOn 2024-02-26 09:14, {NAME} wrote:\n> {OLD}\n"
    result = shown(mail(text).as_bytes())
    assert result.zones[0].start == 0
    assert result.zones[-1].end == len(result.text)
    assert all(a.end == b.start for a, b in zip(result.zones, result.zones[1:], strict=False))


LETTERHEAD = """PERMANENT REPRESENTATION
OF THE REPUBLIC OF SOMEWHERE TO THE EUROPEAN UNION
No 112
NOTE VERBALE
The Permanent Representation presents its compliments to the Presidency of the Council and has
the honour to inform it that the Minister will take part on the first day of the Conference in
Ghent only, and that the delegation will then be led by the Secretary General of the Ministry
"""


def test_a_letterhead_with_the_senders_name_cuts_nothing() -> None:
    lines = [Line(text) for text in LETTERHEAD.splitlines()]
    sender = "Permanent Representation of the Republic of Somewhere"
    found = zones(lines, subject="", sender_name=sender, mailbox=MAILBOX, letter=LETTER)
    assert set(found.kinds) == {ZoneKind.NEW}


def test_running_text_below_a_rule_is_no_signature() -> None:
    text = "Dear all,\n-----\n" + LETTERHEAD.split("VERBALE\n")[1]
    found = zones(
        [Line(line) for line in text.splitlines()], subject="", sender_name="", mailbox=MAILBOX, letter=LETTER
    )
    assert found.kinds[2:] == (ZoneKind.NEW,) * 3


def test_a_valediction_that_is_all_there_is_was_written() -> None:
    lines = [Line(text) for text in ("Many thanks, received!", "", "Kind regards", "Dace")]
    found = zones(lines, subject="", sender_name="Dace Liepa", mailbox=MAILBOX, letter=LETTER)
    assert found.kinds[0] is ZoneKind.NEW
    assert found.kinds[2:] == (ZoneKind.SIGNATURE,) * 2


@pytest.mark.parametrize(
    "plea",
    [
        "Do you really need to print this e-mail?",
        "Muss diese E-Mail wirklich ausgedruckt werden?",
        "Avez-vous vraiment besoin d'imprimer ce courriel ?",
        "Czy musisz drukować tę wiadomość e-mail?",
    ],
)
def test_a_plea_not_to_print_asks_nothing(plea: str) -> None:
    lines = [Line(text) for text in ("The Minister comes on both days.", "", plea)]
    found = zones(lines, subject="", sender_name="", mailbox=MAILBOX, letter=LETTER)
    assert (found.kinds[0], found.kinds[2]) == (ZoneKind.NEW, ZoneKind.DISCLAIMER)


def test_a_request_to_print_badges_is_no_plea() -> None:
    lines = [Line("Could you print the badges before we arrive?")]
    assert zones(lines, subject="", sender_name="", mailbox=MAILBOX, letter=LETTER).kinds == (ZoneKind.NEW,)


def test_the_senders_name_signs_with_its_titles_too() -> None:
    lines = [Line(text) for text in ("Pan ministr přijede jen první den.", "", "Mgr. Karel Dvorský", "ředitel odboru")]
    found = zones(lines, subject="", sender_name="Dvorský Karel", mailbox=MAILBOX, letter=LETTER)
    assert found.kinds[2:] == (ZoneKind.SIGNATURE,) * 2
