"""Early mention: "I grew up in France ... I speak fluent", and the next word has to be the language.

The example with which Olah 2015 explains long-term dependencies, as a task: one word a step; an opening that names
the country, then `distance` words at most, the question "I speak fluent" included. Some of the sentences name another
country, which decides nothing:

    >>> print(show(EarlyMention(distance=10, distractors=1, vary=0), seed=1))
    input   I grew up in Italy . our car was from Spain . I speak  fluent
    target  ·    ·  ·  ·     · ·   ·   ·   ·    ·     · · ·     · Italian

In every second text one more of these stands before the opening, so that neither the first country nor the second is
always the right one, and up to `vary` other sentences are left out, so that the country does not always stand at the
same distance (with `vary=0` it does, and a delay line needs no reading): what is said about a country decides. All are
drawn independently (a text may name one twice), so that the others tell nothing.

Guessing: loss ln countries = 2.079, 1 of 8 right. Saying the country named last scores 0, the one named first 1/2, any
one of the text, with d distractors, (1/(d + 1) + 1/(d + 2))/2 (0.292 for d = 2), the one that stands the most frequent
number of words back 1/(vary + 1). Shorter texts are padded at their beginning.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, Quantity, draws, judge_symbols, whole

LANGUAGES = {
    "France": "French",
    "Spain": "Spanish",
    "Italy": "Italian",
    "Germany": "German",
    "Japan": "Japanese",
    "China": "Chinese",
    "Russia": "Russian",
    "Greece": "Greek",
    "Poland": "Polish",
    "Sweden": "Swedish",
    "Norway": "Norwegian",
    "Denmark": "Danish",
    "Finland": "Finnish",
    "Portugal": "Portuguese",
    "Turkey": "Turkish",
    "Hungary": "Hungarian",
    "Romania": "Romanian",
    "Thailand": "Thai",
    "Vietnam": "Vietnamese",
    "Iceland": "Icelandic",
}
OPENINGS = ("I grew up in X .", "I was born in X .", "my parents raised me in X .")
FILLERS = (  # six words each, like those that follow
    "the winters were very cold .",
    "the school was far away .",
    "we had a small garden .",
    "our dog loved the snow .",
    "my sister played the piano .",
    "in summer we baked bread .",
    "my father read many books .",
    "every night the moon rose .",
)
DISTRACTORS = (
    "my friend comes from X .",
    "my aunt lives in X .",
    "we once travelled to X .",
    "our car was from X .",
)
ENDINGS = ("", "now ", "even now ", "to this day ", "after all these years ", "even after all these years ")
QUESTION = "I speak fluent"
TEXT = " ".join((*OPENINGS, *FILLERS, *DISTRACTORS, *ENDINGS, QUESTION)).split()
WORDS = tuple(dict.fromkeys(word for word in TEXT if word != "X"))
SENTENCE, HEAD, AFTER = 6, 7, 4  # words: of a sentence, of the longest opening, of ". I speak fluent"
COUNTRY, EMPTY = -1, -2  # what stands in a table for a country still to be drawn, and for no word


def table(sentences: tuple[str, ...], countries: int) -> np.ndarray:
    """Numbers of the words, one sentence a row, empty at the front where a sentence is short."""
    rows = [[COUNTRY if w == "X" else countries + WORDS.index(w) for w in s.split()] for s in sentences]
    longest = max(map(len, rows))
    return np.array([[EMPTY] * (longest - len(row)) + row for row in rows], np.int32)


@dataclass(frozen=True, kw_only=True)
class EarlyMention:
    """distance: words between the country and its language, at most. distractors: sentences of six words among
    them that name a country. vary: up to so many of the other sentences are left out. countries: 2 to 20.

    4 + 6 (distractors + vary) words are needed.
    """

    reference: ClassVar[str] = "Olah 2015, the example of long-term dependencies"
    axes: ClassVar[tuple[str, ...]] = ("distance", "distractors", "countries")
    objective: ClassVar[str] = "cross-entropy of the language"
    naive: ClassVar[str] = "guesses one of the languages"
    wrong: ClassVar[str] = "another language"
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    countries: int = 8
    distance: int = 30
    distractors: int = 2
    vary: int = 2

    def __post_init__(self) -> None:
        fits = self.distractors + self.vary <= self.sentences
        if not (2 <= self.countries <= len(LANGUAGES) and min(self.distractors, self.vary) >= 0 and fits):
            raise ValueError(
                f"EarlyMention needs 2 <= countries <= {len(LANGUAGES)}, distractors >= 0, vary >= 0 and distance >= "
                f"4 + 6 (distractors + vary); got countries={self.countries}, distance={self.distance}, "
                f"distractors={self.distractors}, vary={self.vary}."
            )

    @property
    def sentences(self) -> int:
        """Between the opening and the question."""
        return (self.distance - AFTER) // SENTENCE

    @property
    def inputs(self) -> int:
        return self.countries + len(WORDS)

    @property
    def outputs(self) -> int:
        return self.countries

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*list(LANGUAGES)[: self.countries], *WORDS)

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(LANGUAGES.values())[: self.countries]

    @property
    def baseline(self) -> float:
        return math.log(self.countries)

    @property
    def steps(self) -> int:
        return (SENTENCE if self.distractors else 0) + HEAD - 1 + self.distance

    def sample(self, key: jax.Array, batch: int) -> Batch:
        C, n, d = self.countries, self.sentences, self.distractors
        u = draws(key, 3 * (n + 2) + 2, batch)
        places, kinds, countries = u[:n], u[n : 2 * n + 2], whole(u[2 * n + 2 : 3 * n + 4], 0, C)
        openings, fillers, distractors = (
            jnp.asarray(table(sentences, C)) for sentences in (OPENINGS, FILLERS, DISTRACTORS)
        )

        def written(rows: jax.Array, kinds: jax.Array, countries: jax.Array) -> jax.Array:
            """Sentences (S, B) as words (S, words, B)."""
            words = jnp.moveaxis(rows[whole(kinds, 0, len(rows))], -1, 1)
            return jnp.where(words == COUNTRY, countries[:, None], words)

        rank = jnp.argsort(
            jnp.argsort(places, axis=0), axis=0
        )  # the first are distractors, the last left out
        left_out = rank >= n - whole(u[-2], 0, self.vary + 1)
        rest = kinds[:n], countries[:n]
        body = jnp.where((rank < d)[:, None], written(distractors, *rest), written(fillers, *rest))
        body = jnp.where(left_out[:, None], EMPTY, body)
        head = written(openings, kinds[n : n + 1], countries[n : n + 1])[0]
        if d:
            lead = written(distractors, kinds[n + 1 :], countries[n + 1 :])[0]
            head = jnp.concatenate([jnp.where(u[-1] < 0.5, lead, EMPTY), head])
        ending = table((ENDINGS[(self.distance - AFTER) % SENTENCE] + QUESTION,), C)[0]
        tail = jnp.broadcast_to(ending[:, None], (len(ending), batch))
        text = jnp.concatenate([head, body.reshape(n * SENTENCE, batch), tail])
        text = jnp.take_along_axis(text, jnp.argsort(text != EMPTY, axis=0, stable=True), axis=0)
        return Batch(jax.nn.one_hot(text, self.inputs), countries[n : n + 1], text != EMPTY)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / self.countries)

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        words, C = batch.inputs.argmax(-1), self.countries
        there = jnp.ones(words.shape, bool) if batch.mask is None else batch.mask
        opening = jnp.isin(words, jnp.asarray([C + WORDS.index(w) for w in ("grew", "born", "raised")]))
        country = (words < C) & there
        own = country & ((opening & there).cumsum(0) > 0)
        own = own & (own.cumsum(0) == 1)  # the first after the opening's verb
        named = jax.lax.associative_scan(jnp.maximum, jnp.where(country, jnp.arange(len(words))[:, None], -1))
        latest = jnp.take_along_axis(words, jnp.maximum(named, 0), axis=0)
        return {
            "country of the opening": Quantity(
                jnp.broadcast_to(batch.targets[0], words.shape), own.cumsum(0) > 0
            ),
            "country named last": Quantity(latest, named >= 0),
        }

    def longer(self, factor: int) -> Self:
        more = -(
            -self.distance * (factor - 1) // SENTENCE
        )  # whole sentences: the question is led to by the same words
        return replace(self, distance=self.distance + SENTENCE * more)
