"""Memorisation, random permutation, exclusive or, languages of Delétang et al., arithmetic, XML."""

import functools
import itertools

import jax.numpy as jnp
import numpy as np

from experiments import (
    Arithmetic,
    CycleNavigation,
    EvenPairs,
    Memorisation,
    ModularArithmetic,
    Parity,
    RandomPermutation,
    StringTransduction,
    Xml,
    Xor,
)
from task_cases.case import Case, constant, sure


def texts(task, inputs):
    """Every sequence as a string, one character a step."""
    names = np.array(task.symbols)
    return ["".join(row) for row in names[inputs.argmax(-1)].T]


def logs(frequency):
    return np.log(np.maximum(frequency, 1e-9))


def recite(task, inputs, mask):
    """Blank until the trigger has come; then what stood at the beginning."""
    symbols, said = inputs.argmax(-1), np.full(inputs.shape[:2], task.values)
    said[-task.places :] = symbols[: task.places]
    return sure(said, task.outputs)


def recite_naively(task, batch):
    B = batch.targets.shape[1]
    blank = np.full((task.steps - task.places, B), task.values)
    guess = np.where(np.arange(task.outputs) == task.values, -1e9, 0.0)
    return np.concatenate([sure(blank, task.outputs), np.broadcast_to(guess, (task.places, B, task.outputs))])


def one_or_two(task, batch):
    return constant(np.where(np.arange(task.outputs) < 2, 0.0, -1e9))(task, batch)


def exclude(task, inputs, mask):
    """An automaton: a bit that flips at every marked 1."""
    state = np.zeros(inputs.shape[1], bool)
    for bit, marker in np.moveaxis(inputs, -1, 1):
        state ^= (bit == 1) & (marker == 1)
    return sure(state[None].astype(int), 2)


def count(task, inputs, mask):
    there = np.ones(inputs.shape[:2], bool) if mask is None else mask
    return sure(((inputs[..., 0] > 0) & there).sum(0)[None] % 2, 2)


def strings(task, inputs, mask):
    """Every sequence as a string without its padding."""
    there = np.ones(inputs.shape[:2], bool) if mask is None else mask
    return ["".join(np.array([*text])[here]) for text, here in zip(texts(task, inputs), there.T, strict=True)]


def count_pairs(task, inputs, mask):
    """Pairs ab and ba, one after the other."""
    pairs = [sum(a != b for a, b in itertools.pairwise(text)) for text in strings(task, inputs, mask)]
    return sure([[n % 2 for n in pairs]], 2)


def walk(task, inputs, mask):
    steps = [text.count("+") - text.count("-") for text in strings(task, inputs, mask)]
    return sure([[n % task.places for n in steps]], task.outputs)


@functools.cache
def places_by_last_move(places, lengths):
    """Log-frequencies `(move, place)` over all walks that there are, each number of moves counting the same."""
    table = np.zeros((3, places))
    for length in lengths:
        for moves in itertools.product((1, -1, 0), repeat=length):
            table[(1, -1, 0).index(moves[-1]), sum(moves) % places] += 3.0**-length
    return logs(table / table.sum(1, keepdims=True))


def walk_naively(task, batch):
    table = places_by_last_move(task.places, tuple(range(task.shortest, task.length + 1)))
    return table[batch.inputs[-1].argmax(-1)][None]


def write(task, inputs, mask):
    """With Python's lists, from what stands before the first blank."""
    answers = np.zeros((task.scored, inputs.shape[1]), int)
    for b, text in enumerate(strings(task, inputs, mask)):
        string = [*text.partition("-")[0]]
        answer = {
            "reverse": string[::-1],
            "duplicate": string + string,
            "odds_first": string[::2] + string[1::2],
            "sort": sorted(string),
        }[task.rule]
        answers[task.scored - len(answer) :, b] = answer
    return sure(answers, task.outputs)


def calculate(task, inputs, mask):
    """Python itself."""
    return sure([[eval(text) % task.modulus for text in strings(task, inputs, mask)]], task.outputs)


@functools.cache
def values_by_last_digit(modulus, lengths):
    """Log-frequencies `(digit, value)` over all expressions that there are, each length counting the same."""
    table = np.zeros((modulus, modulus))
    for length in lengths:
        parts = [map(str, range(modulus)) if k % 2 == 0 else "+-*" for k in range(length)]
        every = list(itertools.product(*parts))
        for characters in every:
            table[int(characters[-1]), eval("".join(characters)) % modulus] += 1 / len(every)
    return logs(table / table.sum(1, keepdims=True))


def calculate_naively(task, batch):
    table = values_by_last_digit(task.modulus, tuple(range(task.shortest, task.steps + 1, 2)))
    return table[batch.inputs[-1].argmax(-1)][None]


def result(task, a, b, operator):
    """The answer's characters, as their classes."""
    value = a + b if operator == "+" else a - b
    return ["0123456789+-".index(c) for c in f"{value:+0{task.digits + 2}d}"]


def reckon(task, inputs, mask):
    """The question without its letters, cut at the operator."""
    rows = []
    for text in texts(task, inputs):
        question = "".join(c for c in text.partition("=")[0] if c not in "abcd")
        operator = question[task.digits]
        a, b = question.split(operator)
        rows.append(result(task, int(a), int(b), operator))
    return sure(np.array(rows).T, task.outputs)


@functools.cache
def characters_by_place(task):
    n = 10**task.digits
    every = np.array([result(task, a, b, o) for a in range(n) for b in range(n) for o in "+-"])
    return logs(np.array([np.bincount(place, minlength=12) / len(every) for place in every.T]))


def reckon_naively(task, batch):
    B = batch.targets.shape[1]
    return np.broadcast_to(characters_by_place(task)[:, None], (task.scored, B, task.outputs))


def spell(task, inputs, mask):
    """A parser with a stack. A step's row holds the chances of what may come next."""
    k, width = task.letters, task.name + 3
    every_letter = np.array([0, 0, 0] + [1 / k] * k)
    sign = dict(zip(task.symbols, np.eye(task.outputs), strict=True))
    chances = np.zeros((*inputs.shape[:2], task.outputs))
    for b, text in enumerate(texts(task, inputs)):
        stack: list[str] = []
        for t in range(len(text)):
            tag = text[t - t % width : t + 1]
            if tag == "<":
                free = 0 < len(stack) < task.depth
                close = 0.5 if free else float(len(stack) > 0)
                coming = close * sign["/"] + (1 - close) * every_letter
            elif tag.startswith("</"):
                rest = (stack[-1] + ">")[len(tag) - 2 :]
                coming = sign[rest[0]] if rest else sign["<"]
                if not rest:
                    stack.pop()
            elif ">" not in tag:
                coming = every_letter if len(tag) <= task.name else sign[">"]
            elif tag.endswith(">"):
                coming = every_letter
            else:
                coming = sign["<"]
                stack.append(tag[1:-2])
            chances[t, b] = coming
    return logs(chances)


@functools.cache
def bigrams(task):
    """Log-frequencies `(character, next)` over all streams that there are, with x for every letter."""
    k, n = task.letters, task.name
    table = np.zeros((task.outputs, task.outputs))

    def walk(text, depth, left, chance):
        if left == 0:
            for pair in itertools.pairwise(text):
                rows, columns = ([3 + i for i in range(k)] if c == "x" else ["<>/".index(c)] for c in pair)
                table[np.ix_(rows, columns)] += chance / len(rows) / len(columns)
            return
        ways = [step for step, here in ((1, depth < task.depth), (-1, depth > 0)) if here]
        for way in ways:
            tag = f"<{'x' * n}>x" if way > 0 else f"</{'x' * n}>"
            walk(text + tag, depth + way, left - 1, chance / len(ways))

    walk("", 0, task.tags, 1.0)
    return logs(table / table.sum(1, keepdims=True))


def spell_naively(task, batch):
    return jnp.asarray(bigrams(task))[batch.inputs.argmax(-1)]


CASES = {
    "memorisation": Case(Memorisation(length=6, places=3, values=3), recite, recite_naively),
    "memorisation-on": Case(Memorisation(length=4, places=5, values=2, trigger="on"), recite, recite_naively),
    "random_permutation": Case(
        RandomPermutation(length=12, alphabet=20),
        lambda task, x, mask: sure(x[:1].argmax(-1), 20),
        one_or_two,
    ),
    "xor": Case(Xor(length=20), exclude, constant(0.0)),
    "even_pairs": Case(EvenPairs(length=9), count_pairs, constant(0.0)),
    "even_pairs-fixed": Case(EvenPairs(length=8, shortest=8), count_pairs, constant(0.0)),
    "cycle_navigation": Case(CycleNavigation(length=8, shortest=4), walk, walk_naively),
    "cycle_navigation-fixed": Case(CycleNavigation(length=6, shortest=6, places=3), walk, walk_naively),
    "string_transduction": Case(StringTransduction(length=9), write, constant(0.0)),
    "string_transduction-duplicate": Case(
        StringTransduction(length=6, rule="duplicate", alphabet=3), write, constant(0.0)
    ),
    "string_transduction-odds": Case(
        StringTransduction(length=7, shortest=1, rule="odds_first"), write, constant(0.0)
    ),
    "string_transduction-sort": Case(
        StringTransduction(length=8, shortest=8, rule="sort", alphabet=5), write, constant(0.0)
    ),
    "parity": Case(Parity(length=9), count, constant(0.0)),
    "parity-fixed": Case(Parity(length=8, shortest=8), count, constant(0.0)),
    "modular_arithmetic": Case(ModularArithmetic(length=7, modulus=3), calculate, calculate_naively),
    "modular_arithmetic-fixed": Case(
        ModularArithmetic(length=5, shortest=5, modulus=4), calculate, calculate_naively
    ),
    "arithmetic": Case(Arithmetic(digits=2, noise=3), reckon, reckon_naively),
    "arithmetic-silent": Case(Arithmetic(digits=1, noise=0), reckon, reckon_naively),
    "xml": Case(Xml(tags=6, depth=2, name=2, letters=3), spell, spell_naively),
}
