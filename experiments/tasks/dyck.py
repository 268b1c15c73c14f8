"""Dyck words: brackets of k kinds, nested up to m deep; say which symbols may come next.

Dyck-(k, m) in the spirit of Suzgun, Belinkov, Shieber & Gehrmann 2019 (there words of 2 to 50 brackets, tests on 52 to
100, and no bound on the depth, which takes `depth=50` in both: with a bound the language is regular). A start symbol
S, then a word; at each step the set of the symbols that may come next: all openers, unless the depth is m; the closer
of the innermost open bracket; T, the end of the word, which is only predicted, if all are closed. What is legal is the
language's matter and not that of the words' length.

    >>> print(show(Dyck(depth=2, shortest=12, length=12)))
    input     S   [   ]   (   )   (   )   ( (   ) [   ]   )
    target  ([T ([] ([T ([) ([T ([) ([T ([) ) ([) ] ([) ([T

Lengths are even and uniform in `shortest` to `length`. A bracket opens with probability 1/2, except that it must at
depth 0, and cannot at depth m nor when all that remains is needed for closing; kinds are uniform. The loss is the
cross-entropy summed over the bits of the set: 1.1491 a step at the defaults for the naive predictor, who sees the
current symbol alone: after an opener it does not know whether the depth is m, after a closer neither what encloses it
nor whether anything does. A predictor that counts the depth but has no stack is left with the kind of what encloses:
0.3437, at a score of 0.6713; with `pairs=1` counting is all there is. The score is the skill of the probabilities; a
word is wrong if at any of its steps another set than the legal one has probabilities over 1/2. Shorter words are
padded at their end.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, Quantity, draws, whole
from experiments.tasks.legal import Naive, judge, naive

OPENERS, CLOSERS = "([{<", ")]}>"


@functools.cache
def expected(pairs: int, depth: int, shortest: int, length: int) -> Naive:
    """Exact expectations, from the words' depths: `words[d]` at depth d with `remaining` brackets to come.

    How a word goes on depends on the two alone, so that words of all lengths are walked together, each from where
    its own length remains. As many brackets open as close, and each pair's kind is uniform whatever encloses it.
    """
    lengths = range(shortest, length + 1, 2)
    mean = sum(lengths) / len(lengths)
    words, deep, enclosed = np.zeros(depth + 1), 0.0, 0.0
    d = np.arange(depth + 1)
    for remaining in range(length, 0, -1):
        if remaining in lengths:
            words[0] += 1 / len(lengths)
        opens = np.where(d == 0, 1.0, np.where((d == depth) | (d == remaining), 0.0, 0.5))
        opening, closing = words * opens, words * (1 - opens)
        deep += opening[-2]
        enclosed += closing[2:].sum()
        words = np.concatenate([[0.0], opening[:-1]]) + np.concatenate([closing[1:], [0.0]])
    half = mean / 2
    return naive(
        1 + mean,
        [
            (half * pairs, 1 - deep / half),  # the openers, after an opener
            (half * pairs, enclosed / half / pairs),  # the closers, after a closer
            (half, 1 - enclosed / half),  # the end, after a closer
        ],
    )


@dataclass(frozen=True, kw_only=True)
class Dyck:
    """pairs: k kinds of brackets. depth: m, at least 2. shortest, length: of the words in brackets, both even."""

    reference: ClassVar[str] = "Suzgun, Belinkov, Shieber & Gehrmann 2019; depth m as in Hewitt et al. 2020"
    axes: ClassVar[tuple[str, ...]] = ("pairs", "depth", "length")
    objective: ClassVar[str] = (
        "binary cross-entropy of the legal next symbols, summed over them, mean over steps"
    )
    naive: ClassVar[str] = "knows only the current symbol, and how often what is legal after it"
    wrong: ClassVar[str] = "at any step the symbols with probability over 1/2 are not the legal ones"
    best: ClassVar[float] = 0.0

    pairs: int = 2
    depth: int = 4
    length: int = 20
    shortest: int = 2

    def __post_init__(self) -> None:
        even = self.length % 2 == self.shortest % 2 == 0
        if self.pairs < 1 or self.depth < 2 or not (even and 2 <= self.shortest <= self.length >= 4):
            raise ValueError(
                "Dyck needs pairs >= 1, depth >= 2 (at depth 1 the last symbol tells all), and even lengths with "
                f"2 <= shortest <= length and length >= 4; got pairs={self.pairs}, depth={self.depth}, "
                f"length={self.length}, shortest={self.shortest}."
            )

    @property
    def brackets(self) -> tuple[str, ...]:
        """The openers, then the closers: ( [ { <, and from the fifth kind on (5 (6 ..."""
        return tuple(
            marks[i] if i < len(marks) else f"{marks[0]}{i + 1}"
            for marks in (OPENERS, CLOSERS)
            for i in range(self.pairs)
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*self.brackets, "S")

    @property
    def answers(self) -> tuple[str, ...]:
        return (*self.brackets, "T")

    @property
    def inputs(self) -> int:
        return 2 * self.pairs + 1

    @property
    def outputs(self) -> int:
        return 2 * self.pairs + 1

    @property
    def steps(self) -> int:
        return 1 + self.length

    @property
    def scored(self) -> int:
        return self.steps

    def expected(self) -> Naive:
        return expected(self.pairs, self.depth, self.shortest, self.length)

    @property
    def baseline(self) -> float:
        return self.expected().entropy / self.expected().steps

    def sample(self, key: jax.Array, batch: int) -> Batch:
        k, m = self.pairs, self.depth
        u = draws(key, self.length + 1, batch)
        lengths = 2 * whole(u[-1], self.shortest // 2, self.length // 2 + 1)
        choices = whole(u[:-1], 0, 2 * k)  # to open or to close, and a kind
        levels = jnp.arange(m)[:, None]

        def top(stack: jax.Array, depth: jax.Array) -> jax.Array:
            return (stack * (levels == depth - 1)).sum(0)

        def step(state: tuple[jax.Array, jax.Array], now: tuple[jax.Array, jax.Array]):
            (depth, stack), (choice, remaining) = state, now
            opens = (depth == 0) | ((choice < k) & (depth < m) & (depth < remaining))
            kind = jnp.where(opens, choice % k, top(stack, depth))
            stack = jnp.where(opens & (levels == depth), kind, stack)
            depth = depth + jnp.where(opens, 1, -1)
            return (depth, stack), (jnp.where(opens, kind, k + kind), depth, top(stack, depth))

        remaining = lengths - jnp.arange(self.length)[:, None]
        nothing = jnp.zeros((m + 1, batch), jnp.int32)
        _, walked = jax.lax.scan(step, (nothing[0], nothing[1:]), (choices, remaining))
        first = (jnp.full((1, batch), 2 * k), nothing[:1], nothing[:1])  # S, at depth 0
        symbols, depth, inner = (jnp.concatenate(pair) for pair in zip(first, walked, strict=True))
        openers = jnp.broadcast_to(depth[..., None] < m, (*depth.shape, k))
        closers = (depth[..., None] > 0) & (inner[..., None] == jnp.arange(k))
        targets = jnp.concatenate([openers, closers, depth[..., None] == 0], axis=-1).astype(jnp.float32)
        mask = (jnp.arange(self.steps)[:, None] <= lengths) if self.shortest < self.length else None
        return Batch(jax.nn.one_hot(symbols, self.inputs), targets, mask, mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge(outputs, batch, self.expected())

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        k, levels = self.pairs, jnp.arange(self.depth)[:, None]

        def step(state: tuple[jax.Array, jax.Array], symbol: jax.Array):
            depth, stack = state
            opens, closes = symbol < k, (symbol >= k) & (symbol < 2 * k)
            stack = jnp.where(opens & (levels == depth), symbol, stack)
            depth = depth + opens - closes
            tops = [(stack * (levels == depth - place)).sum(0) for place in (1, 2)]
            return (depth, stack), (depth, *tops)

        symbols = batch.inputs.argmax(-1)
        nothing = jnp.zeros((self.depth + 1, symbols.shape[1]), jnp.int32)
        _, (depth, inner, outer) = jax.lax.scan(step, (nothing[0], nothing[1:]), symbols)
        found = {"depth": Quantity(depth.astype(jnp.float32))}
        if k > 1:
            found["innermost bracket"] = Quantity(inner, depth > 0)
            found["bracket around it"] = Quantity(outer, depth > 1)
        return found

    def longer(self, factor: int) -> Self:
        """Longer words of the same depth: 52 to 100 brackets for twice 50."""
        return replace(self, shortest=self.length * (factor - 1) + 2, length=self.length * factor)
