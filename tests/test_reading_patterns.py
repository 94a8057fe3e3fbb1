"""Every regular expression of the reader against bait: none may take time that grows with the square of the length."""

import importlib
import pkgutil
import re
import time

import pytest

import parsers

SKIPPED = {"parsers.train", "parsers.train_names", "parsers.evaluate", "parsers.corpus_format", "parsers.examples"}
"""Modules that never see mail."""
BAIT = [
    " ", "\t", "\n", " \n", "a", "A", "1", ".", "-", "_", "*", ">", "> ", ":", "a:", "a: ", "@", "a@", "a.", "a@b.",
    "1 ", "<", "<a", ">>>a<", ";", ";a=", ';a="', "=?", "=?a?q?", '"', "'", "(", "[", "[cid:", "{", "\\", "/", "http://",
    "(0", "final-recipient:", "action:", "dmarc=", "spf=fail ", "confiden", "border-top:", "display:", "Aa ", "é", "1.",
    "+1 ", "a-",
]  # fmt: skip
SIZE = 4_000


def patterns() -> list[object]:
    found: list[object] = []
    for module in pkgutil.iter_modules(parsers.__path__, "parsers."):
        if module.name in SKIPPED:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                found.append(pytest.param(value, id=f"{module.name}.{name}"))
    return found


def seconds(pattern: "re.Pattern[str] | re.Pattern[bytes]", text: str) -> float:
    subject: str | bytes = text if isinstance(pattern.pattern, str) else text.encode()
    started = time.process_time()
    for _ in pattern.finditer(subject):  # type: ignore[arg-type]  # text and pattern are of one kind
        pass
    return time.process_time() - started


@pytest.mark.parametrize("pattern", patterns())
def test_no_pattern_is_quadratic(pattern: "re.Pattern[str] | re.Pattern[bytes]") -> None:
    peer = re.compile(r"\w+|\W")
    for bait in BAIT:
        text = bait * (4 * SIZE // len(bait))
        taken = seconds(pattern, text)
        if taken < max(0.02, 20 * seconds(peer, text)):
            continue
        # Slow for its length: then the growth decides, past every bounded repetition, against a peer that is linear.
        short = min(seconds(pattern, bait * (SIZE // len(bait))) for _ in range(2))
        longer = min(seconds(pattern, text) for _ in range(2))
        assert longer < 10 * max(short, 0.001), f"{pattern.pattern!r} on {bait!r}: {short:.4f} s, then {longer:.4f} s"
