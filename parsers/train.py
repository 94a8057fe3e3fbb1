"""`python -m parsers.train`: rebuilds the model in `parsers/model` from the corpus, the same from the same seed."""

import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
import numpy as np
import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam, Config, fix_random_seed

from parsers.corpus_format import Entry, read_corpus
from parsers.examples import ATTENDANCE, ROLES, add_sentence, attending, one_hot, pairs, passage_of
from parsers.lexicon import every
from parsers.marked import Passage, features
from parsers.network import train_step
from parsers.neural import SORTS, AsksModel, AttendanceModel, SortModel, _Component
from parsers.text import fold
from parsers.together import count

HERE = Path(__file__).parent
SEED = 20240429
MAYBE_WEIGHT = 1.7
SHAPE = {"width": 64, "depth": 3, "rows": 6000}
SMALL = {"width": 48, "depth": 2, "rows": 4000}
Item = tuple[Passage, Any, list[int]]
Log = Callable[[str], None]


def fit(
    component: _Component,
    items: Callable[[random.Random], list[Item]],
    heads: list[tuple[slice, int, float]],
    *,
    epochs: int,
    shape: dict[str, int],
    log: Log,
    blank: float = 0.2,
    rate: float = 0.002,
) -> None:
    """Trains a component. `items` makes the examples of one epoch; `heads` are `(columns, size, weight)` of each
    answer.
    """
    rng = random.Random(SEED)  # noqa: S311 - repeatable training, no secret
    fix_random_seed(SEED)
    model = component.prepare(**shape)
    first = items(rng)[:64]
    model.initialize(
        X=[features(p, t) for p, t, _ in first], Y=np.zeros((len(first), component.answers), dtype=np.float32)
    )
    optimizer = Adam(rate, L2=1e-4, L2_is_weight_decay=True, use_averages=True)
    for epoch in range(epochs):
        begun = time.perf_counter()
        optimizer.learn_rate = rate * (1 - epoch / epochs) + rate * 0.08
        losses = [train_step(model, optimizer, *_batch(chunk, heads, rng, blank)) for chunk in _chunks(items(rng), rng)]
        log(f"  epoch {epoch + 1}/{epochs}  loss {sum(losses) / len(losses):.3f}  {time.perf_counter() - begun:.0f} s")
    # The running average of the weights generalises better than the last ones.
    with model.use_params(optimizer.averages):
        averaged = model.to_bytes()
    model.from_bytes(averaged)


def _batch(
    chunk: list[Item], heads: list[tuple[slice, int, float]], rng: random.Random, blank: float
) -> tuple[list[np.ndarray], Any]:
    arrays = [features(p, t, [k for k in range(len(p.words)) if rng.random() < blank]) for p, t, _ in chunk]
    targets = [
        (
            columns,
            one_hot([labels[i] for _, _, labels in chunk], size),
            np.array([weight * _stress(i, size, labels[i]) for _, _, labels in chunk], dtype=np.float32),
        )
        for i, (columns, size, weight) in enumerate(heads)
    ]
    return arrays, targets


def _stress(head: int, size: int, label: int) -> float:
    """ "Maybe" is rarer than yes and no, and the costliest to overlook."""
    return MAYBE_WEIGHT if head == 0 and size == len(ATTENDANCE) and ATTENDANCE[label] == "maybe" else 1.0


def _chunks(items: list[Item], rng: random.Random, size: int = 32) -> list[list[Item]]:
    """Batches of like length, in random order."""
    rng.shuffle(items)
    chunks: list[list[Item]] = []
    for start in range(0, len(items), 512):
        block = sorted(items[start : start + 512], key=lambda item: len(item[0].words))
        chunks.extend(block[i : i + size] for i in range(0, len(block), size))
    rng.shuffle(chunks)
    return chunks


def train_attendance(entries: list[Entry], log: Log, epochs: int = 9) -> AttendanceModel:
    """The pair component from entries."""
    fillers: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if not entry.people:
            fillers[entry.language].append(entry)

    def items(rng: random.Random) -> list[Item]:
        return [
            (p.passage, p.target, [p.attendance, p.role])
            for entry in entries
            for p in pairs(entry, rng, fillers[entry.language])
        ]

    component = AttendanceModel()
    size = len(ATTENDANCE)
    heads = [(slice(0, size), size, 1.0), (slice(size, size + len(ROLES)), len(ROLES), 0.5)]
    fit(component, items, heads, epochs=epochs, shape=SHAPE, log=log)
    component.table = count(day for entry in entries for day in attending(entry))
    return component


def asks_items(entries: list[Entry]) -> list[Item]:
    """Every sentence with whether it asks."""
    ready: list[Item] = []
    for entry in entries:
        for sentence in entry.sentences:
            passage = Passage(language=entry.language)
            add_sentence(passage, sentence, 0, {})
            ready.append((passage, None, [int(sentence.asks)]))
    return ready


def train_asks(entries: list[Entry], log: Log, epochs: int = 6) -> AsksModel:
    """The question component from sentences."""
    ready = asks_items(entries)
    component = AsksModel()
    fit(component, lambda _: list(ready), [(slice(0, 2), 2, 1.0)], epochs=epochs, shape=SMALL, log=log)
    return component


def sort_label(entry: Entry) -> int:
    """The index in `SORTS` of an entry."""
    if entry.kind:
        return SORTS.index({"K": "acknowledgement", "U": "unrelated", "O": "auto_reply"}[entry.kind])
    return int(any(set(days) - {"-"} for days in entry.people.values()))


def sort_items(entries: list[Entry]) -> list[Item]:
    """Every entry with its sort."""
    return [(passage_of(entry)[0], None, [sort_label(entry)]) for entry in entries]


def train_sort(entries: list[Entry], log: Log, epochs: int = 6) -> SortModel:
    """The component for the whole message from entries."""
    ready = sort_items(entries)
    component = SortModel()
    fit(
        component, lambda _: list(ready), [(slice(0, len(SORTS)), len(SORTS), 1.0)], epochs=epochs, shape=SMALL, log=log
    )
    return component


def is_name(text: str) -> bool:
    """Whether a marked person is a name and not a bare title."""
    folded = fold(text)
    titles = every("people", "principal") | every("people", "deputy") | every("people", "other")
    return not (folded in titles or text[:1].islower())


def train_names(nlp: Language, entries: list[Entry], log: Log, epochs: int = 8) -> None:
    """The finder of names and bare titles (spaCy's own `ner`), names exchanged within a language as it learns."""
    rng = random.Random(SEED)  # noqa: S311 - repeatable training, no secret
    fix_random_seed(SEED)
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


def build_pipeline() -> Language:
    """The pipeline of `pipeline.cfg`, untrained."""
    import parsers.components  # noqa: F401 - registers the factories that the configuration names

    return spacy.util.load_model_from_config(Config().from_disk(HERE / "pipeline.cfg"), auto_fill=True)


def _say(line: str) -> None:
    click.echo(f"attendance{line}")


def _attendance_in_child(entries: list[Entry], epochs: int, folder: str) -> None:
    train_attendance(entries, _say, epochs).to_disk(Path(folder))


def train(entries: Iterable[Entry], log: Log, *, epochs: float = 1.0) -> Language:
    """A trained pipeline from these entries; `epochs` scales the passes of every component.

    The largest component learns in a process of its own beside the others, so that two cores are used.
    """
    ready = list(entries)
    nlp = build_pipeline()
    log(f"{len(ready)} entries")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        largest = pool.submit(_attendance_in_child, ready, max(1, round(9 * epochs)), folder)
        for name, trainer in (("asks", train_asks), ("sort", train_sort)):
            log(name)
            trained = trainer(ready, log, max(1, round(6 * epochs)))
            pipe = nlp.get_pipe(name)
            pipe.shape, pipe.model = trained.shape, trained.model  # type: ignore[attr-defined]  # own components
        log("ner")
        train_names(nlp, ready, log, max(1, round(8 * epochs)))
        largest.result()
        nlp.get_pipe("attendance").from_disk(Path(folder))  # type: ignore[attr-defined]  # own component
    return nlp


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=HERE / "model", show_default=True, help="Where the model goes."
)
@click.option("--epochs", type=float, default=1.0, show_default=True, help="Scales the passes over the corpus.")
def main(out: Path, epochs: float) -> None:
    """Rebuild the model from the corpus."""
    begun = time.perf_counter()
    nlp = train(read_corpus(), click.echo, epochs=epochs)
    if out.exists():
        shutil.rmtree(out)
    nlp.to_disk(out)
    click.echo(f"wrote {out.name} in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
