"""aⁿbⁿ and aⁿbⁿcⁿ: count the a's, to know when the b's (and the c's) must end.

In the spirit of Gers & Schmidhuber 2001, who trained on n = 1 ... 10 (and up to 30, 40, 50) and tested up to n =
1000: a context-free language (`blocks=2`) and a context-sensitive one (`blocks=3`). A start symbol S, then the word.
At each step the set of the symbols that may come next is asked for, T being the end of the word, which is only
predicted: after S the a; after an a both a and b; after a b the b, or if it was the last one T (with c's: c), and so
on. n is uniform in `smallest` to `largest`; what is legal is the language's matter and not that of these bounds.

    >>> print(show(AnBn(largest=4)))
    input   S  a  a b b
    target  a ab ab b T

    >>> print(show(AnBn(blocks=3, largest=4)))
    input   S  a  a b b c c
    target  a ab ab b c c T

The loss is the cross-entropy summed over the bits of the set. The naive predictor sees the current symbol alone and
misses only the block's last symbol: after a b it predicts b with 1 - p and T with p = 1 / mean n, and so loses 2 H(p)
nats where H is the entropy of a coin: 0.4346 a step at n = 1 ... 10 (0.5961 with c's). The score is the skill of the
probabilities; a word is wrong if at any of its steps another set than the legal one has probabilities over 1/2. Always
going on with the block is right at all but `blocks - 1` steps a word, and accepts none. Shorter words are padded at
their end.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, Quantity, draws, whole
from experiments.tasks.legal import Naive, judge, naive


@dataclass(frozen=True, kw_only=True)
class AnBn:
    """blocks: 2 for aⁿbⁿ, 3 for aⁿbⁿcⁿ. smallest, largest: n is uniform between them, these included."""

    reference: ClassVar[str] = "Gers & Schmidhuber 2001"
    axes: ClassVar[tuple[str, ...]] = ("blocks", "largest")
    objective: ClassVar[str] = (
        "binary cross-entropy of the legal next symbols, summed over them, mean over steps"
    )
    naive: ClassVar[str] = "knows only the current symbol, and how often its block ends with it"
    wrong: ClassVar[str] = "at any step the symbols with probability over 1/2 are not the legal ones"
    best: ClassVar[float] = 0.0

    blocks: int = 2
    smallest: int = 1
    largest: int = 10

    def __post_init__(self) -> None:
        if self.blocks not in (2, 3) or not 1 <= self.smallest <= self.largest or self.largest < 2:
            raise ValueError(
                "AnBn needs blocks = 2 or 3, 1 <= smallest <= largest and largest >= 2 (there is nothing to count "
                f"in ab); got blocks={self.blocks}, smallest={self.smallest}, largest={self.largest}."
            )

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple("Sabc"[: self.blocks + 1])

    @property
    def answers(self) -> tuple[str, ...]:
        return (*"abc"[: self.blocks], "T")

    @property
    def inputs(self) -> int:
        return self.blocks + 1

    @property
    def outputs(self) -> int:
        return self.blocks + 1

    @property
    def steps(self) -> int:
        return 1 + self.blocks * self.largest

    @property
    def scored(self) -> int:
        return self.steps

    def expected(self) -> Naive:
        """After each of the mean n symbols of every block but the first, two bits: it goes on, it ends."""
        mean = (self.smallest + self.largest) / 2
        return naive(1 + self.blocks * mean, [(2 * (self.blocks - 1) * mean, 1 / mean)])

    @property
    def baseline(self) -> float:
        return self.expected().entropy / self.expected().steps

    def sample(self, key: jax.Array, batch: int) -> Batch:
        n = whole(draws(key, 1, batch), self.smallest, self.largest + 1)
        t = jnp.arange(self.steps)[:, None]
        symbols = jnp.where(t > 0, (t - 1) // n + 1, 0)  # S 0, a 1, b 2, c 3
        ends = t % n == 0  # of a block; S is one, too, and a comes after it
        bits = jnp.arange(self.outputs)  # a 0, b 1, c 2, T last: the symbol after s has bit s
        goes_on = (bits == symbols[..., None] - 1) & ~(ends & (symbols != 1))[..., None]
        goes_over = (bits == symbols[..., None]) & (ends | (symbols == 1))[..., None]
        targets = (goes_on | goes_over).astype(jnp.float32)
        mask = (t <= self.blocks * n) if self.smallest < self.largest else None
        return Batch(jax.nn.one_hot(symbols, self.inputs), targets, mask, mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge(outputs, batch, self.expected())

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        symbols = batch.inputs.argmax(-1)
        counts = [(symbols == k + 1).cumsum(0) for k in range(self.blocks)]
        before = zip(counts, counts[1:], "abc"[1:], strict=False)
        left = {
            f"{letter} still to come": Quantity((a - b).astype(jnp.float32), symbols >= k)
            for k, (a, b, letter) in enumerate(before, 2)
        }
        return {"a so far": Quantity(counts[0].astype(jnp.float32), symbols == 1)} | left

    def longer(self, factor: int) -> Self:
        """n in the last `largest` numbers up to factor · largest: from 10, 11 to 20 by 2, 991 to 1000 by 100."""
        return replace(self, smallest=self.largest * (factor - 1) + 1, largest=self.largest * factor)
