"""The languages of tasks whose networks can be left to write: which symbols may come, and where a string ends.

A text is a row of symbols by number. `allowed(text)` says at each place which symbols are legal after what stands
before it; `strings(text)` where strings are, and whether they came to an end; what the text's end cuts off is none.

    Xml              an illegal symbol makes those after it illegal, up to the next <; but a closing tag of another
                     name closes, too. A string is a tag opened at depth 0, with all that is in it
    Dyck             an illegal symbol makes the rest of its word illegal; a string is a word with its T
    ContinualReber   an illegal symbol makes the rest of its string illegal; B after E begins another
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from experiments.tasks.continual_reber import ContinualReber
from experiments.tasks.contract import Batch
from experiments.tasks.dyck import Dyck
from experiments.tasks.embedded_reber import END, LEGAL, READ, SYMBOLS
from experiments.tasks.xml import CLOSE, LETTER, OPEN, SLASH, Xml

Span = tuple[int, int, bool]  # first and last place that are judged, and whether the string is whole


class Language(Protocol):
    """Of a task. words: what the numbers of a text stand for. string: what strings are called. start: how every text
    begins. lead: what is heard before a text, None for nothing; at it the network begins anew."""

    words: Sequence[str]
    string: str
    start: tuple[int, ...]
    lead: int | None

    def allowed(self, text: np.ndarray) -> np.ndarray:
        """(length, symbols) bool."""
        ...

    def strings(self, text: np.ndarray) -> list[Span]: ...


class Reber:
    """Strings of the embedded Reber grammar, one after the other. The B with which a string begins is not judged."""

    string: str = "Reber strings"
    words: Sequence[str] = tuple(SYMBOLS)
    begin, end = SYMBOLS.index("B"), SYMBOLS.index("E")
    start: tuple[int, ...] = (begin,)
    lead: int | None = None

    def read(self, text: np.ndarray) -> tuple[np.ndarray, list[Span]]:
        found, spans = np.zeros((len(text), len(SYMBOLS)), bool), list[Span]()
        node: int | None = 0  # None: lost; 0: a string begins
        first = 0
        for t, symbol in enumerate(map(int, text)):
            ended = t > 0 and text[t - 1] == self.end
            if node is not None:
                found[t] = LEGAL[node]
            elif ended:
                found[t, self.begin] = True
            if symbol == self.begin and ended:
                spans.append((first + 1, t - 1, node == 0))
                node, first = 1, t
            elif node is not None and LEGAL[node, symbol]:
                following = int(READ[node, symbol])
                node = 0 if following == END else following
            else:
                node = None
        return found, spans

    def allowed(self, text: np.ndarray) -> np.ndarray:
        return self.read(text)[0]

    def strings(self, text: np.ndarray) -> list[Span]:
        return self.read(text)[1]


class Words:
    """Dyck words, each with its T."""

    string = "balanced words"

    def __init__(self, task: Dyck):
        self.pairs, self.depth = task.pairs, task.depth
        self.words: Sequence[str] = task.answers
        self.end = 2 * task.pairs
        self.start: tuple[int, ...] = ()
        self.lead: int | None = self.end  # T is heard as S, which begins the next word

    def allowed(self, text: np.ndarray) -> np.ndarray:
        found = np.zeros((len(text), 2 * self.pairs + 1), bool)
        stack: list[int] | None = []
        for t, symbol in enumerate(text):
            if stack is not None:
                found[t, : self.pairs] = len(stack) < self.depth
                found[t, self.pairs + stack[-1] if stack else self.end] = True
            if symbol == self.end:
                stack = []
            elif stack is not None and not found[t, symbol]:
                stack = None
            elif stack is not None and symbol < self.pairs:
                stack.append(int(symbol))
            elif stack is not None:
                stack.pop()
        return found

    def strings(self, text: np.ndarray) -> list[Span]:
        ends = np.flatnonzero(np.asarray(text) == self.end)
        return [(int(a), int(b), True) for a, b in zip([0, *(ends + 1)], ends, strict=False)]


class Tags:
    """Nested tags; closing tags are named as they were opened."""

    string = "balanced elements"

    def __init__(self, task: Xml):
        self.name, self.depth, self.letters = task.name, task.depth, task.letters
        self.words: Sequence[str] = task.symbols
        self.start: tuple[int, ...] = (OPEN,)
        self.lead: int | None = None

    def read(self, text: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
        """What is allowed, and (place, depth) where a slot ends."""
        found = np.zeros((len(text), LETTER + self.letters), bool)
        ends: list[tuple[int, int]] = []
        stack: list[tuple[int, ...]] = []
        slot: list[int] | None = []  # what of it has come; None: lost
        for t, symbol in enumerate(map(int, text)):
            found[t] = self.next(slot, stack)
            if symbol == OPEN and not found[t, symbol]:
                slot = [OPEN]  # begins anew
                continue
            misnamed = (
                slot is not None and SLASH in slot[1:2] and len(slot) < self.name + 2 and symbol >= LETTER
            )
            if slot is None or not (found[t, symbol] or misnamed):
                slot = [OPEN] if symbol == OPEN else None
                continue
            slot.append(symbol)
            if len(slot) == self.name + 3:
                if slot[1] == SLASH:
                    stack.pop()
                else:
                    stack.append(tuple(slot[1 : 1 + self.name]))
                ends.append((t, len(stack)))
                slot = []
        return found, ends

    def next(self, slot: list[int] | None, stack: list[tuple[int, ...]]) -> np.ndarray:
        legal = np.zeros(LETTER + self.letters, bool)
        if slot is None or not slot:
            legal[OPEN] = True
            return legal
        place, closing = len(slot), len(slot) > 1 and slot[1] == SLASH
        if place == 1:
            legal[LETTER:] = len(stack) < self.depth
            legal[SLASH] = bool(stack)
        elif closing:
            legal[CLOSE if place == self.name + 2 else stack[-1][place - 2]] = True
        elif place == self.name + 1:
            legal[CLOSE] = True
        else:
            legal[LETTER:] = True
        return legal

    def allowed(self, text: np.ndarray) -> np.ndarray:
        return self.read(text)[0]

    def strings(self, text: np.ndarray) -> list[Span]:
        _, ends = self.read(text)
        closed = [t for t, depth in ends if depth == 0]
        return [(a, b, True) for a, b in zip([0, *(t + 1 for t in closed)], closed, strict=False)]


def language_of(task: Any) -> Language | None:
    """The language of a task, None for one of which nothing is written."""
    if isinstance(task, ContinualReber):
        return Reber()
    if isinstance(task, Dyck):
        return Words(task)
    if isinstance(task, Xml):
        return Tags(task)
    return None


class Shares(NamedTuple):
    """Of one text. legal: symbols that are legal after what stands before them, out of `symbols`. right: strings that
    are whole and legal throughout, out of `strings`."""

    legal: int
    symbols: int
    right: int
    strings: int


def shares(language: Language, text: np.ndarray, written: np.ndarray, begin: int) -> Shares:
    """Of what was written from place `begin` on: `written[t]` stands after `text[:t]`. Left to itself the network has
    written the text; taught, it is asked at each step of a text that is right. A string that the text's end cuts off
    counts where it is wrong already: else those would be left out that never find an end."""
    legal = language.allowed(text)[np.arange(len(text)), written]
    spans = [(a, b, whole) for a, b, whole in language.strings(text) if b >= begin]
    rest = max([begin, *(b + 1 for _, b, _ in spans)])
    return Shares(
        int(legal[begin:].sum()),
        len(text) - begin,
        sum(bool(whole and legal[a : b + 1].all()) for a, b, whole in spans),
        len(spans) + bool((~legal[rest:]).any()),
    )


def texts_of(task: Any, batch: Batch) -> list[np.ndarray]:
    """The texts of a batch of test sequences, in symbols of its language."""
    inputs = np.asarray(batch.inputs).argmax(-1)
    mask = np.ones(inputs.shape, bool) if batch.mask is None else np.asarray(batch.mask)
    if isinstance(task, Dyck):  # S is no symbol of the language, and T none of the inputs
        return [np.append(inputs[m, b][1:], 2 * task.pairs) for b, m in enumerate(mask.T)]
    last = np.asarray(batch.targets)[-1]
    return [np.append(inputs[m, b], last[b]) for b, m in enumerate(mask.T)]
