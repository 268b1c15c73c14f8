"""Embedded Reber grammar: predict the next symbol; the last but one repeats the second.

Hochreiter & Schmidhuber 1997, experiment 1. Reber's grammar, both edges of a node equally likely:

    0 B→1    1 T→2 P→3    2 S→2 X→4    3 T→3 V→5    4 X→3 S→6    5 P→4 V→6    6 E→end

A string is B, then T or P (the outer letter), one of Reber's strings, the outer letter again, E:

    >>> print(show(EmbeddedReber(longest=14)))
    input   B T B T X S E T E
    target  T B T X S E T E ·

Strings are drawn from the grammar on condition that their length is in [shortest, longest]: an edge is taken
with probability h(t + 1, its end) / (sum over both edges), h(t, node) being the chance to end in range from
there. The loss is the cross-entropy per predicted symbol, which all are but the first. Without limits strings
have 12 symbols and seven fair choices on average: at best 7 ln 2 / 11 = 0.441 nats. All figures are exact, by
dynamic programming over the grammar. With lengths 9 to 30, the best predictor that sees the current symbol
alone pays 1.271, one that knows node, outer letter and step 0.440, and one that follows the inner grammar but
forgets the outer letter ln 2 more a string: it stays at score 0.924, with half of its strings wrong.

That is why the criterion, which is the paper's, matters more than the score: a string is wrong if at any step an
illegal symbol is as active as a legal one. Legal is what the grammar allows, also where the limits of the length leave
only one way (at the defaults 0.07 % of strings have such a node; with limits as narrow as 12 to 15 most do). Longer
strings are rare ones, in which loops are taken far more often than in training: to know the grammar is no longer best
for the loss there (score 0.64 twice as long), but still never wrong. The paper learnt from 256 strings and tested on
256 others; here all are fresh. Padding comes last.
"""

import functools
import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import (
    Batch,
    Measures,
    Quantity,
    all_right,
    cross_entropy,
    draws,
    mean_counted,
)

SYMBOLS = "BTPSXVE"
REBER = ("B1", "T2 P3", "S2 X4", "T3 V5", "X3 S6", "P4 V6", "E7")
LAST, END = 18, 19


def embedded_edges() -> list[list[tuple[str, int]]]:
    """Edges (symbol, next node) of each node: 0, 1, a copy of Reber's for each outer letter, the last."""
    nodes = [[("B", 1)], [("T", 2), ("P", 10)]]
    for letter, start in (("T", 2), ("P", 10)):
        nodes += [[(edge[0], start + int(edge[1])) for edge in node.split()] for node in REBER]
        nodes += [[(letter, LAST)]]
    return [*nodes, [("E", END)]]


EDGES = embedded_edges()
SYMBOL = np.array([[SYMBOLS.index(s) for s, _ in (node[0], node[-1])] for node in EDGES] + [[0, 0]])
FOLLOWING = np.array([[n for _, n in (node[0], node[-1])] for node in EDGES] + [[END, END]])
FORKS = np.array([len(node) == 2 for node in EDGES] + [False])
LEGAL = np.array([[s in dict(node) for s in SYMBOLS] for node in EDGES] + [[False] * len(SYMBOLS)])
READ = np.array([[dict(node).get(s, END) for s in SYMBOLS] for node in EDGES] + [[END] * len(SYMBOLS)])
OUTER = np.array([node[0][1] == LAST for node in EDGES] + [False])  # nodes at which the outer letter is due


@functools.cache
def conditioned(shortest: int, longest: int) -> np.ndarray:
    """Chance (longest, nodes) to take a node's second edge after t symbols, if the length is to be in range."""
    ahead = np.zeros((longest + 1, END + 1))  # h(t, node), up to a factor that depends on t alone
    ahead[shortest:, END] = 1.0
    for t in reversed(range(longest)):
        ahead[t, :END] = ahead[t + 1][FOLLOWING[:END]].mean(1)
        if t < shortest:
            ahead[t] /= ahead[t].max()  # or very long strings underflow
    both = ahead[1:, FOLLOWING]
    return np.divide(
        both[..., 1], both.sum(-1), out=np.zeros_like(both[..., 1]), where=FORKS & (both.sum(-1) > 0)
    )


def figures(chance: np.ndarray, following: np.ndarray) -> tuple[float, float, float]:
    """Expected nats a string under the best predictor that sees one symbol, and under the one that knows all,
    and the expected number of predicted symbols; `chance` (T, nodes) is that of the second edge after t symbols.
    """
    edges = np.stack([1 - chance, chance], -1)
    visits = np.eye(END + 1)[0]
    came = np.zeros((END + 1, len(SYMBOLS)))  # probability to be at a node and to have come there by a symbol
    pairs, known, count = np.zeros((len(SYMBOLS), len(SYMBOLS))), 0.0, 0.0
    for p in edges:
        p = np.where(np.arange(END + 1)[:, None] == END, 0.0, p)
        flow = visits[:, None] * p
        if came.any():  # nothing predicts the first symbol
            for node, edge in np.argwhere(flow):
                pairs[:, SYMBOL[node, edge]] += came[node] * p[node, edge]
                known -= flow[node, edge] * math.log(p[node, edge])
            count += flow.sum()
        visits, came = np.zeros(END + 1), np.zeros_like(came)
        np.add.at(visits, following, flow)
        np.add.at(came, (following, SYMBOL), flow)
    n, total = pairs[pairs > 0], pairs.sum(1)[pairs.any(1)]
    seen = (total * np.log(total)).sum() - (n * np.log(n)).sum()
    return float(seen), float(known), float(count)


@functools.cache
def string_figures(shortest: int, longest: int) -> tuple[float, float, float]:
    return figures(conditioned(shortest, longest), FOLLOWING)


def walk(u: jax.Array, chance: np.ndarray, following: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """Symbols and the nodes that they leave, (T, B) each, from uniform draws (T, B)."""

    def step(
        node: jax.Array, drawn: tuple[jax.Array, jax.Array]
    ) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        number, second = drawn
        edge = (number < second[node]).astype(jnp.int32)
        return jnp.asarray(following)[node, edge], (jnp.asarray(SYMBOL)[node, edge], node)

    start = jnp.zeros(u.shape[1], jnp.int32)
    return jax.lax.scan(step, start, (u, jnp.asarray(chance, u.dtype)))[1]


def nodes_after(inputs: jax.Array, read: np.ndarray) -> jax.Array:
    """The nodes (T, B) to which the symbols of strings (T, B, 7) lead."""

    def step(node: jax.Array, symbol: jax.Array) -> tuple[jax.Array, jax.Array]:
        node = jnp.asarray(read)[node, symbol]
        return node, node

    start = jnp.zeros(inputs.shape[1], jnp.int32)
    return jax.lax.scan(step, start, inputs.argmax(-1))[1]


def remembered(inputs: jax.Array, read: np.ndarray) -> dict[str, Quantity]:
    """The outer letter while it is to be kept, and the node of the inner grammar, after strings (T, B, 7)."""
    nodes = nodes_after(inputs, read)
    inside = (nodes >= 2) & (nodes < LAST)
    return {
        "outer letter": Quantity((nodes >= 10).astype(jnp.int32), inside),
        "inner node": Quantity((nodes - 2) % 8, inside),
    }


def legal_first(outputs: jax.Array, inputs: jax.Array, read: np.ndarray) -> jax.Array:
    """Whether all legal next symbols are more active than all others, (T, B), after strings (T, B, 7)."""
    legal = jnp.asarray(LEGAL)[nodes_after(inputs, read)]
    return jnp.where(legal, outputs, jnp.inf).min(-1) > jnp.where(legal, -jnp.inf, outputs).max(-1)


@dataclass(frozen=True, kw_only=True)
class EmbeddedReber:
    """shortest, longest: limits of a string's length, 9 <= shortest <= longest. Lags grow with both."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 1"
    axes: ClassVar[tuple[str, ...]] = ("shortest", "longest")
    objective: ClassVar[str] = "cross-entropy per predicted symbol"
    naive: ClassVar[str] = "knows how often each symbol follows the current one"
    wrong: ClassVar[str] = "at any step an illegal symbol is as active as a legal one"
    symbols: ClassVar[tuple[str, ...]] = tuple(SYMBOLS)
    answers: ClassVar[tuple[str, ...]] = tuple(SYMBOLS)
    inputs: ClassVar[int] = len(SYMBOLS)
    outputs: ClassVar[int] = len(SYMBOLS)

    shortest: int = 9
    longest: int = 30

    def __post_init__(self) -> None:
        if not 9 <= self.shortest <= self.longest:
            raise ValueError(
                "EmbeddedReber needs 9 <= shortest <= longest, since no string has fewer than 9 symbols; got "
                f"shortest={self.shortest}, longest={self.longest}."
            )

    @property
    def steps(self) -> int:
        return self.longest

    @property
    def scored(self) -> int:
        return self.longest

    @property
    def predicted(self) -> float:
        """Expected number of predicted symbols a string."""
        return string_figures(self.shortest, self.longest)[2]

    @property
    def baseline(self) -> float:
        return string_figures(self.shortest, self.longest)[0] / self.predicted

    @property
    def best(self) -> float:
        return string_figures(self.shortest, self.longest)[1] / self.predicted

    def sample(self, key: jax.Array, batch: int) -> Batch:
        u = draws(key, self.longest, batch)
        symbols, nodes = walk(u, conditioned(self.shortest, self.longest), FOLLOWING)
        there = nodes != END
        inputs = jax.nn.one_hot(symbols, self.inputs) * there[..., None]
        counts = jnp.roll(there, -1, axis=0).at[-1].set(False)
        mask = there if self.shortest < self.longest else None
        return Batch(inputs, jnp.roll(symbols, -1, axis=0), mask, counts)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        loss = mean_counted(cross_entropy(outputs, batch.targets), batch.counts, self.predicted)
        right = all_right(legal_first(outputs, batch.inputs, READ), batch.counts)
        return Measures(loss, 1 - right, (self.baseline - loss) / (self.baseline - self.best))

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        return remembered(batch.inputs, READ)

    def longer(self, factor: int) -> Self:
        return replace(self, shortest=self.longest * (factor - 1) + 1, longest=self.longest * factor)
