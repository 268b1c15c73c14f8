"""Exact facts of the languages of Delétang et al.: even pairs, cycle navigation, string transduction."""

import math

import numpy as np
import pytest
from task_cases.case import judged, sampled, sure
from task_cases.symbols import strings, write

from experiments import CycleNavigation, EvenPairs, StringTransduction
from experiments.tasks.string_transduction import PLACES

pytestmark = pytest.mark.slow

N = 20_000


def even(counts):
    """Whether counts of independent draws are alike within 5 standard errors each."""
    counts = np.asarray(counts)
    return (np.abs(counts - counts.mean()) < 5 * np.sqrt(counts.mean())).all()


@pytest.mark.parametrize(
    ("task", "shortest"),
    [
        (EvenPairs(), 2),
        (CycleNavigation(shortest=1), 1),
        (StringTransduction(length=20), 2),
        (StringTransduction(length=20, shortest=3, rule="duplicate"), 3),
    ],
)
def test_lengths_and_symbols_are_uniform_and_strings_end_where_they_are_asked_for(task, shortest):
    batch = sampled(task, 0, size=N)
    assert batch.mask[-1].all()
    writes = isinstance(task, StringTransduction)
    texts = [text.partition("-")[0] if writes else text for text in strings(task, batch.inputs, batch.mask)]
    lengths = np.bincount([*map(len, texts)], minlength=21)
    assert len(lengths) == 21
    assert not lengths[:shortest].any()
    assert even(lengths[shortest:])
    if writes:
        assert even([sum(text.count(s) for text in texts) for s in task.symbols[:-1]])
        np.testing.assert_array_equal(batch.counts.sum(0), [task.times * len(text) for text in texts])


def test_even_pairs_says_nothing_to_those_who_see_the_last_symbol_alone_and_all_to_those_who_hold_the_first():
    batch = sampled(EvenPairs(length=7), 1, size=N)
    symbols = batch.inputs.argmax(-1)
    for last in (0, 1):
        odd = batch.targets[0][symbols[-1] == last]
        assert odd.mean() == pytest.approx(1 / 2, abs=4.5 * math.sqrt(1 / 4 / len(odd)))
    held = np.asarray(EvenPairs(length=7).quantities(batch)["first symbol"].values)
    np.testing.assert_array_equal(batch.targets[0], held[-1] ^ symbols[-1])


def test_two_moves_on_a_circle_have_the_baseline_found_by_hand():
    """Of the last move the answer is one of three places; and over many moves it is any place."""
    task = CycleNavigation(length=2, shortest=2)
    assert task.baseline == pytest.approx(math.log(3))
    assert task.naive_accuracy == pytest.approx(1 / 3)
    far = CycleNavigation(length=400, shortest=390)
    assert far.baseline == pytest.approx(math.log(5))
    assert far.naive_accuracy == pytest.approx(1 / 5)


def test_the_place_so_far_is_the_answer_at_the_last_move():
    task = CycleNavigation(places=7)
    batch = sampled(task, 2)
    so_far = np.asarray(task.quantities(batch)["place so far"].values)
    np.testing.assert_array_equal(so_far[-1], batch.targets[0])
    assert set(np.unique((so_far[1:] - so_far[:-1]) % 7)) == {0, 1, 6}


@pytest.mark.parametrize("n", [1, 2, 5, 6])
@pytest.mark.parametrize("rule", PLACES)
def test_every_rule_writes_each_place_as_often_as_it_has_to(rule, n):
    task = StringTransduction(length=max(n, 2), rule=rule)
    places = [int(PLACES[rule](np.int32(k), np.int32(n))) for k in range(task.times * n)]
    assert sorted(places) == sorted([*range(n)] * task.times)


def test_a_transduction_is_scored_by_symbols_and_wrong_by_strings():
    task = StringTransduction(length=8, shortest=8)
    batch = sampled(task, 3)
    written = write(task, batch.inputs, batch.mask)
    written[0] = sure(1 - batch.targets[0], 2)
    measures = judged(task, written, batch)
    assert measures.error == 1
    assert measures.score == pytest.approx(1 - 2 / 8)


def test_nobody_scores_more_than_one_however_much_a_batch_happens_to_write():
    task = StringTransduction(length=8, shortest=1)
    scores = [
        judged(task, write(task, batch.inputs, batch.mask), batch).score
        for batch in (sampled(task, 5, index=k) for k in range(8))
    ]
    assert scores == [1.0] * 8


@pytest.mark.parametrize("task", [EvenPairs(), CycleNavigation(), StringTransduction()])
@pytest.mark.parametrize("factor", [2, 12])
def test_they_are_tested_on_lengths_that_were_never_trained_on(task, factor):
    longer = task.longer(factor)
    assert (longer.shortest, longer.length) == (task.length * (factor - 1) + 1, task.length * factor)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EvenPairs(shortest=1), "shortest in 2 to length .* got shortest=1, length=20"),
        (lambda: EvenPairs(length=1), "got shortest=2, length=1"),
        (lambda: CycleNavigation(places=2), "places >= 3; got length=20, shortest=5, places=2"),
        (lambda: CycleNavigation(length=1, shortest=1), "length >= 2"),
        (lambda: CycleNavigation(shortest=21), "shortest in 1 to length"),
        (
            lambda: StringTransduction(rule="mirror"),
            "one of reverse, duplicate, odds_first, sort; got 'mirror'",
        ),
        (lambda: StringTransduction(alphabet=1), "alphabet >= 2; got length=10, shortest=2, alphabet=1"),
        (lambda: StringTransduction(shortest=11), "shortest in 1 to length"),
    ],
)
def test_a_language_that_can_not_exist_says_what_it_needs(make, message):
    with pytest.raises(ValueError, match=message):
        make()
