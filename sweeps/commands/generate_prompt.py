"""Texts as people write them, as numbers of symbols and back."""

import re
from typing import Any, NamedTuple

import numpy as np

from experiments.inside.languages import Language
from experiments.specs import unknown
from sweeps.errors import InputError

NONE = -1


class Written(NamedTuple):
    """A text, and a line below it with ^ where a symbol is not legal."""

    text: str
    marks: str


def spelled(words: list[str], wrong: np.ndarray) -> Written:
    """Symbols of one letter side by side, others with a space between."""
    gap = " " if max(map(len, words), default=1) > 1 else ""
    marks = gap.join(("^" if bad else " ") * len(word) for word, bad in zip(words, wrong, strict=True))
    return Written(gap.join(words), marks)


def numbers_of(language: Language, given: str | None) -> np.ndarray:
    """The symbols with which every text begins; without a prompt those with which all of the task's do. Raises
    InputError for a symbol that the language does not have, and for a text that begins with another."""
    if given is None:
        return np.array(language.start, int)
    long = max(map(len, language.words)) > 1
    pieces = re.findall(
        "|".join(re.escape(w) for w in sorted(language.words, key=len, reverse=True)) + r"|\S", given
    )
    words = given.split() if long and " " in given.strip() else pieces
    for word in words:
        if word not in language.words:
            raise InputError(unknown("symbol in --prompt", word, language.words))
    numbers = [list(language.words).index(word) for word in words]
    start = list(language.start)
    if numbers[: len(start)] != start:
        begins = "".join(language.words[i] for i in start)
        raise InputError(
            f"Every text of this task begins with {begins}, and so must --prompt; got '{given}'."
        )
    return np.array(numbers, int)


def read_sentence(task: Any, given: str) -> np.ndarray:
    """Words of a task as numbers. Raises InputError for one that it does not have, and for none at all."""
    words = re.findall(r"\w+|\.", given)
    known = list(task.symbols)
    for word in words:
        if word not in known:
            raise InputError(unknown("word in --prompt", word, known))
    if not words:
        raise InputError("--prompt needs at least one word.")
    return np.array([known.index(word) for word in words], int)


def language_due(task: Any, prompt: np.ndarray) -> int:
    """The language with which a text must end: of the first country after the opening's verb, `NONE` without one."""
    words = [task.symbols[i] for i in prompt]
    verbs = [t for t, word in enumerate(words) if word in ("grew", "born", "raised")]
    named = [int(i) for i in prompt[verbs[0] :] if i < task.countries] if verbs else []
    return named[0] if named else NONE
