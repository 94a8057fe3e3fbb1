"""Training of the name finder: spaCy's own `ner`, on the persons and bare titles that the corpus marks."""

import random
import time
from collections import defaultdict
from collections.abc import Callable

from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from parsers.corpus_format import Entry
from parsers.lexicon import every
from parsers.text import fold

Log = Callable[[str], None]


def is_name(text: str) -> bool:
    """Whether a marked person is a name and not a bare title."""
    folded = fold(text)
    titles = every("people", "principal") | every("people", "deputy") | every("people", "other")
    return not (folded in titles or text[:1].islower())


def train_names(nlp: Language, entries: list[Entry], log: Log, epochs: int, seed: int) -> None:
    """The finder of names and bare titles (spaCy's own `ner`), names exchanged within a language as it learns."""
    rng = random.Random(seed)  # noqa: S311 - repeatable training, no secret
    fix_random_seed(seed)
    pool: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for sentence in entry.sentences:
            pool[entry.language].extend(
                sentence.text[m.start : m.end]
                for m in sentence.marks
                if not m.is_day and is_name(sentence.text[m.start : m.end])
            )
    ner = nlp.get_pipe("ner")
    plain = [_name_example(nlp, entry, pool, None) for entry in entries]
    ner.initialize(lambda: iter(plain), nlp=nlp)  # type: ignore[attr-defined]  # a trainable pipe, which get_pipe does not say
    optimizer = Adam(0.001, L2=1e-5, L2_is_weight_decay=True)
    for epoch in range(epochs):
        begun = time.perf_counter()
        optimizer.learn_rate = 0.001 * (1 - epoch / epochs) + 0.0001
        examples = [_name_example(nlp, entry, pool, rng) for entry in entries]
        rng.shuffle(examples)
        losses: dict[str, float] = {}
        for batch in (examples[i : i + 32] for i in range(0, len(examples), 32)):
            ner.update(batch, sgd=optimizer, drop=0.25, losses=losses)  # type: ignore[attr-defined]  # as above
        log(f"  epoch {epoch + 1}/{epochs}  loss {losses['ner']:.0f}  {time.perf_counter() - begun:.0f} s")


def _name_example(nlp: Language, entry: Entry, pool: dict[str, list[str]], rng: random.Random | None) -> Example:
    out: list[str] = []
    length = 0
    ents: list[tuple[int, int, str]] = []
    for sentence in entry.sentences:
        position = 0
        for mark in (m for m in sentence.marks if not m.is_day):
            word = sentence.text[mark.start : mark.end]
            label = "PERSON" if is_name(word) else "TITLE"
            if rng is not None and label == "PERSON":
                word = rng.choice(pool[entry.language]) if rng.random() < 0.35 else word
                word = word.upper() if rng.random() < 0.06 else word
            before = sentence.text[position : mark.start]
            out += [before, word]
            length += len(before)
            ents.append((length, length + len(word), label))
            length += len(word)
            position = mark.end
        rest = sentence.text[position:] + "\n"
        out.append(rest)
        length += len(rest)
    doc = nlp.make_doc("".join(out))
    return Example.from_dict(doc, {"entities": [e for e in ents if doc.char_span(e[0], e[1]) is not None]})
