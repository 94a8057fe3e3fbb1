"""The language of a text, of the 27 that occur, with names, addresses and digits masked before guessing."""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # no types

from parsers.lexicon import LANGUAGES

_SAME = {"nb": "no", "nn": "no"}
_NOISE = re.compile(r"\S{0,80}@\S{0,80}|https?://\S{0,200}|www\.\S{0,200}|\d+|\b[A-ZÀ-ÞΑ-ΩА-Я]{2,}\b|[_*|>#=-]{2,}")
_LONGEST = 3000


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.nb_classes if _SAME.get(code, code) in LANGUAGES])
    return identifier


def language_of(text: str) -> tuple[str, float]:
    """ISO 639-1 of the text (`no` for both forms of Norwegian) and how sure; `("", 0.0)` where there are no words."""
    masked = _NOISE.sub(" ", text[:_LONGEST])
    masked = re.sub(r"(?<=[a-zà-ÿ,] )[A-ZÀ-ÞΑ-ΩА-Я]\w+(?: [A-ZÀ-Þ]\w+)+", " ", masked)
    if len(re.sub(r"\W", "", masked)) < 3:
        masked = text[:_LONGEST]
    if len(re.sub(r"[\W\d]", "", masked)) < 2:
        return "", 0.0
    code, sure = _identifier().classify(masked)
    return _SAME.get(code, code), float(sure)


def languages_of(text: str, spans: list[tuple[int, int]]) -> tuple[str, list[str]]:
    """The language most of the text is in, and one for each span; a short or doubtful span follows the whole."""
    whole, _ = language_of(text)
    each: list[str] = []
    for start, end in spans:
        part = text[start:end]
        code, sure = language_of(part) if len(re.sub(r"\W", "", part)) >= 25 else ("", 0.0)
        each.append(code if sure > 0.9 else whole)
    weights: dict[str, int] = {}
    for (start, end), code in zip(spans, each, strict=True):
        weights[code] = weights.get(code, 0) + end - start
    main = max(weights, key=lambda code: weights[code]) if weights else whole
    return main or whole, each
