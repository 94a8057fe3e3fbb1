"""The one small network that the trained components share: hashed features, convolutions, attention, one or more answers.

Written with thinc alone, so that it trains and runs on a CPU core and saves to a few megabytes.
"""

from typing import Any

import numpy as np
from thinc.api import (
    Adam,
    Dropout,
    HashEmbed,
    LayerNorm,
    Linear,
    Maxout,
    Model,
    ParametricAttention,
    chain,
    clone,
    concatenate,
    expand_window,
    list2ragged,
    reduce_max,
    reduce_sum,
    residual,
    with_array,
)

from parsers.marked import COLUMNS

Features = list[np.ndarray]


def build(
    answers: int, *, width: int = 64, depth: int = 3, rows: int = 6000, dropout: float = 0.25
) -> Model[Features, Any]:
    """Feature arrays `(tokens, COLUMNS)` to logits `(passages, answers)`. `rows` is the size of the largest hash table."""
    sizes = [rows, rows // 2, rows // 4, rows, 600, 200, 60, 80, 160]
    widths = [48, 32, 24, 48, 48, 24, 12, 16, 24]
    tables = [
        HashEmbed(nO=breadth, nV=size, column=column, seed=7 + column, dropout=0.0)
        for column, (size, breadth) in enumerate(zip(sizes, widths, strict=True))
    ]
    if len(tables) != COLUMNS:
        raise ValueError("one table a feature column")
    embed = chain(
        concatenate(*tables),
        Dropout(dropout),
        Maxout(nO=width, nI=sum(widths), nP=3, normalize=True),
    )
    step = residual(
        chain(expand_window(window_size=1), Maxout(nO=width, nI=width * 3, nP=3, normalize=True, dropout=dropout / 2))
    )
    encode = chain(embed, clone(step, depth))
    pooled = concatenate(chain(ParametricAttention(nO=width), reduce_sum()), reduce_max())
    return chain(
        list2ragged(),
        with_array(encode),
        pooled,
        Dropout(dropout),
        Maxout(nO=width, nI=width * 2, nP=2),
        LayerNorm(nI=width),
        Linear(nO=answers, nI=width),
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(shifted)
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def train_step(
    model: Model[Features, Any], optimizer: Adam, batch: Features, targets: list[tuple[slice, np.ndarray, np.ndarray]]
) -> float:
    """One update. Each target is `(columns, one-hot or soft rows, weights a row)`; the loss is summed cross-entropy."""
    logits, backprop = model.begin_update(batch)
    gradient = np.zeros_like(logits)
    loss = 0.0
    for columns, gold, weights in targets:
        probabilities = softmax(logits[:, columns])
        gradient[:, columns] = (probabilities - gold) * weights[:, None] / len(batch)
        loss -= float((np.log(probabilities + 1e-9) * gold).sum(axis=1) @ weights)
    backprop(gradient)
    model.finish_update(optimizer)
    return loss / len(batch)
