"""Associative recall, MQAR, selective copying, induction heads, early mention, digits."""

import functools

import numpy as np
from sklearn.datasets import load_digits

from experiments import AssociativeRecall, Digits, EarlyMention, InductionHeads, Mqar, SelectiveCopying
from task_cases.case import Case, constant, sure

# Images of each class in the part to train with, of 1,097.
TRAINING = (108, 112, 108, 111, 111, 111, 111, 109, 106, 110)


def look_up(task, inputs, mask):
    """The digit after the first step that holds the last letter."""
    text = inputs.argmax(-1)
    place = (text == text[-1]).argmax(0)
    value = np.take_along_axis(text, place[None] + 1, 0) - task.keys
    return sure(value, task.outputs)


def look_up_all(task, inputs, mask):
    """At every step, the value of the key that is the input there; 0 where the input is no key."""
    text, D = inputs.argmax(-1), task.pairs
    keys, values = text[: 2 * D : 2], text[1 : 2 * D : 2]
    said = ((text[2 * D :, None] == keys) * values).sum(1)
    return sure(said, task.outputs)


def some_value(task, batch):
    logits = np.where(np.arange(task.vocabulary) < task.vocabulary // 2, -1e9, 0.0)
    return constant(logits)(task, batch)


def pick(task, inputs, mask):
    """The lines of the data symbols alone, in the order in which they come."""
    text = inputs.argmax(-1).T
    data = text[text < task.alphabet].reshape(-1, task.tokens).T
    return sure(data, task.outputs)


def what_followed(task, inputs, mask):
    text = inputs.argmax(-1)
    place = (text == text[-1]).argmax(0)
    return sure(np.take_along_axis(text, place[None] + 1, 0), task.outputs)


def read(task, inputs, mask):
    """The word after "in", where "up", "born" or "me" stands before it."""
    words = np.array([*task.symbols, ""])[np.where(inputs.any(-1), inputs.argmax(-1), -1)]
    words = np.where(mask, words, "")
    named = np.isin(words[:-2], ["up", "born", "me"]) & (words[1:-1] == "in")
    assert (named.sum(0) == 1).all()
    return sure(inputs.argmax(-1)[2:].T[named.T][None], task.outputs)


@functools.cache
def labels():
    """The class of each image of scikit-learn's, by its pixels."""
    pixels, classes = load_digits(return_X_y=True)
    known = {tuple(image): c for image, c in zip(pixels.astype(int).tolist(), classes, strict=True)}
    assert len(known) == 1797
    return known


def recognise(task, inputs, mask):
    seen = np.rint(16 * inputs[:64, :, 0]).astype(int)
    if task.permuted:
        seen = seen[np.argsort(np.random.default_rng(0).permutation(64))]
    return sure([[labels()[tuple(image)] for image in seen.T.tolist()]], 10)


CASES = {
    "associative_recall": Case(AssociativeRecall(), look_up, constant(0.0)),
    "associative_recall-few": Case(
        AssociativeRecall(pairs=3, keys=3, values=4, marks=1), look_up, constant(0.0)
    ),
    "mqar": Case(Mqar(length=16, pairs=3, vocabulary=16), look_up_all, some_value),
    "mqar-random_filler": Case(
        Mqar(length=18, pairs=2, vocabulary=10, random_filler=True), look_up_all, some_value
    ),
    "selective_copying": Case(SelectiveCopying(length=12, tokens=3, alphabet=5), pick, constant(0.0)),
    "induction_heads": Case(InductionHeads(length=10, vocabulary=6), what_followed, constant(0.0)),
    "early_mention": Case(EarlyMention(countries=4, distance=23, distractors=1), read, constant(0.0)),
    "early_mention-no_distractors": Case(
        EarlyMention(countries=3, distance=11, distractors=0, vary=1), read, constant(0.0)
    ),
    "digits": Case(Digits(), recognise, constant(np.log(np.array(TRAINING) / 1097))),
    "digits-permuted": Case(
        Digits(permuted=True, blank=3), recognise, constant(np.log(np.array(TRAINING) / 1097))
    ),
}
