"""Sequences of pairs (value, marker) of which two are marked: the data of `adding_1997` and `multiplication`.

Hochreiter & Schmidhuber 1997, experiments 4 and 5. Lengths are uniform in T to 1.1 T. One of the first 10 pairs
gets marked, then one of the first T/2 - 1 that are still unmarked, so that the lag is at least T/2. Markers are 1
at these two, -1 at the first and the last pair, else 0. A mark on the very first pair cannot be seen, where its
marker is -1; there the value is set to the one that makes no difference to the target. The paper says so of the
first mark; we do the same for the second, which may fall there when the first did not.
"""

import jax
import jax.numpy as jnp

from experiments.tasks.contract import draws, whole

FIRST = 10  # pairs among which the first mark is
WRONG = 0.04  # largest error that counts as right


def check_length(name: str, length: int) -> None:
    """Raises ValueError unless the sequence has room for both marks."""
    if length < 2 * FIRST:
        raise ValueError(
            f"{name} needs length >= {2 * FIRST} for its first {FIRST} pairs to lie in the first half; "
            f"got length={length}."
        )


def longest(length: int) -> int:
    return 11 * length // 10


def hidden(length: int) -> float:
    """Probability that one of the two marks is on the very first pair."""
    return 1 / FIRST + (1 - 1 / FIRST) / (length // 2 - 1)


def marked_pairs(
    key: jax.Array, batch: int, length: int, low: float, neutral: float
) -> tuple[jax.Array, jax.Array, jax.Array | None]:
    """Inputs (T, B, 2) with values uniform in [low, 1) and markers; which pairs are marked (T, B); the mask.

    neutral: value of the very first pair when it is marked.
    """
    T = longest(length)
    u = draws(key, T + 3, batch)
    padding = whole(u[T], 0, T - length + 1)
    one = whole(u[T + 1], 0, FIRST)
    two = whole(u[T + 2], 0, length // 2 - 1)
    two += two >= one  # the next one, from the first mark on
    pair = jnp.arange(T)[:, None] - padding
    marked = (pair == one) | (pair == two)
    end = (pair == 0) | (pair == pair[-1])
    values = jnp.where((pair == 0) & marked, neutral, low + (1 - low) * u[:T])
    markers = jnp.where(end, -1.0, marked)
    inputs = jnp.stack([values, markers], -1) * (pair >= 0)[..., None]
    return inputs, marked, pair >= 0 if length < T else None
