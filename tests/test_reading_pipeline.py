"""The pipeline as a spaCy user sees it, the package as a program sees it, and what the corpus must not hold."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from reading_samples import CONFERENCE, RECEIVED, mail, read, reader
from spacy import displacy

from parsers import load
from parsers.context import context
from parsers.corpus_format import FOLDER, parse_line, read_corpus
from parsers.lexicon import LANGUAGES, every, starts_with
from parsers.reading import from_json, to_json
from parsers.text import fold

ROOT = Path(__file__).parent.parent
DEMO = sorted((ROOT / "intake" / "demo" / "mails").glob("*.eml"))
GOLD = Path(os.environ.get("INTAKE_GOLD", ROOT.parent / "shared" / "gold"))
FACTORIES = {
    "intake_lines": [],
    "intake_tongue": ["token.is_sent_start"],
    "intake_days": ["token.is_sent_start"],
    "intake_people": ["doc.ents", "doc.spans"],
    "intake_asks": ["doc.spans"],
    "intake_sort": ["doc.spans"],
    "intake_attendance": ["doc.spans"],
}
TEXT = "Minister Leopold Grünwald will attend on 29 April. Could you tell us where the hotel is?"


def test_every_component_has_what_it_requires() -> None:
    assert reader().nlp.analyze_pipes()["problems"] == {name: [] for name in reader().nlp.pipe_names}


def test_the_components() -> None:
    metas = [reader().nlp.get_pipe_meta(name) for name in reader().nlp.pipe_names]
    own = {meta.factory: meta for meta in metas if meta.factory.startswith("intake_")}
    found = {meta.factory: sorted(map(str, meta.requires)) for meta in own.values()}
    assert found == FACTORIES


def test_what_a_spacy_user_sees() -> None:
    doc = reader().document(TEXT)
    assert doc.text == TEXT
    assert {"sentences", "days", "people", "questions"} <= set(doc.spans)
    assert [span.text for span in doc.spans["days"]] == ["29 April"]
    assert "Leopold Grünwald" in [span.text for span in doc.spans["people"]]
    assert [sentence.text for sentence in doc.sents] == [span.text for span in doc.spans["sentences"]]
    for key in ("days", "people"):
        assert "<mark" in displacy.render(doc, style="span", options={"spans_key": key}) or doc.spans[key]
    displacy.render(doc, style="ent")


def test_importing_the_package_does_not_import_spacy() -> None:
    code = "import sys, parsers; print(sorted({'spacy', 'thinc', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_two_readers_read_alike() -> None:
    raw = mail(TEXT).as_bytes()
    assert load(CONFERENCE).read(raw, received_at=RECEIVED) == read(raw)


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_demo_mails(path: Path) -> None:
    reading = read(path.read_bytes())
    assert from_json(to_json(reading)) == reading
    for statement in reading.statements:
        for proof in statement.evidence:
            assert reading.text[proof.start : proof.end] == proof.text
            assert proof.rule
        assert statement.day in CONFERENCE.days
        assert 0 <= statement.sureness <= 1
    for question in reading.questions:
        proof = question.evidence
        assert reading.text[proof.start : proof.end] == proof.text
        assert question.text in " ".join(proof.text.lstrip("-*•·–— \t").split())
    assert "".join(reading.text[zone.start : zone.end] for zone in reading.zones) == reading.text


def test_from_json_refuses_what_is_no_reading() -> None:
    for text in ("", "{}", "[]", '{"text": 1}'):
        with pytest.raises(ValueError, match=r"\S"):
            from_json(text)


def test_every_line_of_the_corpus_parses() -> None:
    entries = list(read_corpus())
    assert {entry.language for entry in entries} == set(LANGUAGES)
    for entry in entries:
        for sentence in entry.sentences:
            assert all(0 <= m.start < m.end <= len(sentence.text) for m in sentence.marks), (
                entry.language,
                entry.number,
            )


@pytest.mark.parametrize(
    "line", ["no bar", "M:yn | no mark", "Q:yy | [A]M", "M:y | [A]M", "M:yn | [A]M and [b", "| {x}9"]
)
def test_lines_that_do_not_fit_the_format(line: str) -> None:
    with pytest.raises(ValueError, match="en:7"):
        parse_line("en", 7, line)


def _runs(text: str) -> set[str]:
    """The sentences of a text with five words or more, folded to bare words; salutations are everybody's, and a row of
    figures is no sentence."""
    found = (" ".join(re.findall(r"\w+", fold(piece))) for piece in re.split(r"[.!?:\n]|//", text))
    return {
        words
        for words in found
        if words.count(" ") >= 4
        and re.search(r"[^\W\d_]{3}", words)
        and not starts_with(words, every("mail", "greetings"))
    }


def test_no_sentence_of_the_sample_replies_is_in_the_corpus() -> None:
    replies = sorted(GOLD.glob("dev/**/*.eml"))
    if not replies:
        pytest.skip("the sample replies are not here (INTAKE_GOLD or ../shared/gold)")
    samples: set[str] = set()
    for path in replies:
        reading = read(path.read_bytes())
        for zone in reading.zones:
            if zone.kind.value in {"new", "attachment"}:
                samples |= _runs(reading.text[zone.start : zone.end])
    corpus: set[str] = set()
    for path in FOLDER.glob("*.txt"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            text = re.sub(r"\[([^\[\]]+)\](?:M\d?|S\d?|C\d+|X\d?)", r"\1", line.partition("|")[2])
            corpus |= _runs(re.sub(r"\{([^{}]+)\}(?:12|1|2|0)", r"\1", text))
    shared = samples & corpus
    assert not shared, f"{len(shared)} sentences of the samples stand in the corpus"


ELSEWHERE = [
    tuple(cell.strip() for cell in line.split("|"))
    for line in (Path(__file__).parent / "phrases" / "days-elsewhere.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize(("expected", "text"), ELSEWHERE)
def test_days_of_another_month_stay_of_that_month(expected: str, text: str) -> None:
    doc = reader().document(text.replace(" // ", "\n"))
    numbers = {day: str(number) for number, day in enumerate(CONFERENCE.days, 1)}
    found = ["".join(numbers[day] for day in mention.days) or "0" for mention in context(doc).day_mentions]
    assert " ".join(found) == expected
