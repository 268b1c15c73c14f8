"""XML: predict the next character of nested tags; what a closing tag is called was said when it was opened.

In the spirit of Jozefowicz, Zaremba & Sutskever 2015, with tags that all are of the same width. A stream is a row of
`tags` slots: an opening tag and one letter of text, as <abc>d, or a closing tag, as </abc>. At depth 0 a tag must be
opened, at the greatest depth one must be closed; in between both have probability 1/2. Letters of names and text are
uniform. The stream is cut after the last slot, balanced or not.

    >>> print(show(Xml(tags=5, depth=2, name=2), seed=3))
    input   < c a > c < d b > c < / d b > < / c a > < d b >
    target  c a > c < d b > c < / d b > < / c a > < d b > d

The loss is averaged over all characters but the first. Nobody can know the letters of names and text nor the free
choices: the perfect predictor pays 0.594. The naive predictor knows the last character alone (a bigram over all
positions) and pays 1.632; who knows all but the names of closing tags pays 0.907.

The score judges what the past decides: the letters of the names of closing tags, at each of which the letter that is
thought likeliest is the answer (whether a letter comes at all is for the loss). All letters being alike, the naive
predictor is right at 1 of `letters` of them, for score 0; a stream is wrong when any is. Partial credit: of several
closing tags in a row, the first closes the tag opened last; the others take a stack, of up to `depth` names.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import (
    Array,
    Batch,
    Measures,
    Quantity,
    above,
    all_right,
    cross_entropy,
    draws,
    mean_counted,
    whole,
)

OPEN, CLOSE, SLASH, LETTER = range(4)
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def nats(*masses: float) -> float:
    """Cost of saying to which of several masses each unit of their sum belongs, added up over the sum."""
    total = math.fsum(masses)
    return sum(m * math.log(total / m) for m in masses if m > 0)


@dataclass(frozen=True, kw_only=True)
class Xml:
    """tags: slots, at least 2. depth: tags open at once at most. name: letters of a name. letters: of the alphabet,
    2 to 26."""

    reference: ClassVar[str] = "Jozefowicz et al. 2015, XML modelling (tags of fixed width)"
    axes: ClassVar[tuple[str, ...]] = ("tags", "depth", "name", "letters")
    objective: ClassVar[str] = "cross-entropy of the next character, mean over all steps"
    naive: ClassVar[str] = "knows only the last character"
    wrong: ClassVar[str] = "any letter of a closing tag wrong"

    tags: int = 12
    depth: int = 3
    name: int = 3
    letters: int = 4

    def __post_init__(self) -> None:
        if self.tags < 2 or self.depth < 1 or self.name < 1 or not 2 <= self.letters <= len(ALPHABET):
            raise ValueError(
                "Xml needs tags >= 2 for one to be closed, depth >= 1, name >= 1 and letters in 2 to 26; got "
                f"tags={self.tags}, depth={self.depth}, name={self.name}, letters={self.letters}."
            )

    @property
    def inputs(self) -> int:
        return LETTER + self.letters

    @property
    def outputs(self) -> int:
        return LETTER + self.letters

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple("<>/" + ALPHABET[: self.letters])

    @property
    def answers(self) -> tuple[str, ...]:
        return self.symbols

    @property
    def steps(self) -> int:
        return self.tags * (self.name + 3) - 1

    @property
    def scored(self) -> int:
        return self.steps

    @property
    def opens(self) -> np.ndarray:
        """Chance that a tag is opened, for every depth from 0."""
        return np.array([1.0] + [0.5] * (self.depth - 1) + [0.0])

    @property
    def depths(self) -> np.ndarray:
        """Chance of every depth before every slot, `(tags, depth + 1)`."""
        rows, opens = [np.eye(self.depth + 1)[0]], self.opens
        for _ in range(self.tags - 1):
            up, down = rows[-1] * opens, rows[-1] * (1 - opens)
            rows.append(np.append(0, up[:-1]) + np.append(down[1:], 0))
        return np.array(rows)

    @property
    def closed(self) -> np.ndarray:
        """Chance of every slot that it closes a tag."""
        return self.depths @ (1 - self.opens)

    @property
    def best(self) -> float:
        opened = self.tags - self.closed.sum()
        free = self.depths[:, 1:-1].sum()
        return float(free * math.log(2) + opened * (self.name + 1) * math.log(self.letters)) / self.steps

    @property
    def baseline(self) -> float:
        k, n = self.letters, self.name
        closed, opened = self.closed, 1 - self.closed
        C, O = float(closed.sum()), float(opened.sum())
        C_next, O_next = float(closed[:-1].sum()), float(opened[:-1].sum())  # those that another slot follows
        after_open = nats(C, *[O / k] * k)  # a slash, or a letter
        after_slash = C * math.log(k)
        after_close = nats(C_next, *[O / k] * k)  # the next slot, or text
        after_letter = nats(
            self.tags, O_next, *[(n - 1) * self.tags / k] * k
        )  # > or, after text, <, or a letter
        return (after_open + after_slash + after_close + after_letter) / self.steps

    def sample(self, key: Array, batch: int) -> Batch:
        K, n = self.tags, self.name
        u = draws(key, K * (n + 2), batch)
        names = whole(u[: K * n], LETTER, LETTER + self.letters).reshape(K, n, batch)
        text = whole(u[K * n : K * (n + 1)], LETTER, LETTER + self.letters)[:, None]
        slot, here, chance = jnp.arange(K), jnp.arange(batch), jnp.asarray(self.opens, u.dtype)

        def step(state: tuple[Array, Array], now: tuple[Array, Array]) -> tuple[tuple[Array, Array], Array]:
            """`stack[d, b]`: the slot at which the tag at depth d was opened. Gives the slot of this one's name."""
            (depth, stack), (k, u) = state, now
            opens = u < chance[depth]
            place = jnp.where(opens, depth, depth - 1)
            stack = stack.at[place, here].set(jnp.where(opens, k, stack[place, here]))
            return (place + opens, stack), stack[place, here]

        start = jnp.zeros(batch, jnp.int32), jnp.zeros((self.depth, batch), jnp.int32)
        _, origin = jax.lax.scan(step, start, (slot, u[K * (n + 1) :]))
        names = names[origin, :, here].swapaxes(1, 2)

        def all_slots(symbol: int) -> Array:
            return jnp.full((K, 1, batch), symbol, names.dtype)

        opening = jnp.concatenate([all_slots(OPEN), names, all_slots(CLOSE), text], axis=1)
        closing = jnp.concatenate([all_slots(OPEN), all_slots(SLASH), names, all_slots(CLOSE)], axis=1)
        opens = (origin == slot[:, None])[:, None]
        characters = jnp.where(opens, opening, closing).reshape(-1, batch)
        return Batch(jax.nn.one_hot(characters[:-1], self.inputs), characters[1:])

    def measure(self, outputs: Array, batch: Batch) -> Measures:
        slashes = batch.inputs[..., SLASH].cumsum(0)
        judged = (
            slashes > jnp.pad(slashes, ((self.name, 0), (0, 0)))[: -self.name]
        )  # a slash at most `name` ago
        right = LETTER + outputs[..., LETTER:].argmax(-1) == batch.targets
        mistakes = mean_counted(~right, judged, self.name * float(self.closed.sum()))
        return Measures(
            cross_entropy(outputs, batch.targets).mean(),
            1 - all_right(right, judged),
            above(1 - mistakes, 1 / self.letters),
        )

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        characters, n = batch.inputs.argmax(-1), self.name
        T, B = characters.shape
        width, levels = n + 3, jnp.arange(self.depth)[:, None]
        place = jnp.arange(T) % width
        padded = jnp.pad(characters, ((0, width), (0, 0)))
        slots = jnp.arange(T) - place
        opens = padded[slots + 1] != SLASH
        first = padded[slots + 1]  # the first letter of the name, of an opening tag

        def step(state: tuple[Array, Array], at: tuple[Array, Array, Array]):
            (depth, stack), (place, opens, first) = state, at
            done = place == width - 2  # an opening tag is whole at its >, a closing one a character later
            closed = place == width - 1
            stack = jnp.where(done & opens & (levels == depth), first, stack)
            depth = depth + (done & opens) - (closed & ~opens)
            tops = [(stack * (levels == depth - k)).sum(0) for k in (1, 2)]
            return (depth, stack), (depth, *tops)

        nothing = jnp.zeros((self.depth + 1, B), jnp.int32)
        _, (depth, inner, outer) = jax.lax.scan(step, (nothing[0], nothing[1:]), (place, opens, first))
        return {
            "depth": Quantity(depth.astype(jnp.float32)),
            "innermost tag's first letter": Quantity(inner, depth > 0),
            "first letter of the tag around it": Quantity(outer, depth > 1),
        }

    def longer(self, factor: int) -> Self:
        return replace(self, tags=self.tags * factor)
