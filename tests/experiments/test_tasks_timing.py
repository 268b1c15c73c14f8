"""Exact facts of spike delays, timed spikes, periodic functions, aⁿbⁿ(cⁿ) and Dyck words."""

import dataclasses
import math
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from task_cases.case import judged, sampled
from task_cases.timing import chances, legal, logits, shapes

from experiments import AnBn, Dyck, Periodic, SpikeDelays, TimedSpikes

pytestmark = pytest.mark.slow

N = 10_000


def uniform(values, among):
    """Every value is one of `among`, each as often as chance has it."""
    count, p = Counter(np.ravel(values).tolist()), 1 / len(among)
    n = sum(count.values())
    assert set(count) <= set(among)
    return all(abs(count[a] - n * p) < 5 * math.sqrt(n * p * (1 - p)) for a in among)


def words(task, batch):
    """The input symbols of each sequence, and the sets asked for at each of its steps."""
    for b in range(batch.inputs.shape[1]):
        there = slice(None) if batch.mask is None else batch.mask[:, b]
        symbols = [task.symbols[x] for x in batch.inputs[there, b].argmax(-1)]
        yield symbols, [{task.answers[i] for i in np.flatnonzero(x)} for x in batch.targets[there, b]]


# Spike delays


def test_spikes_come_after_the_fixed_time_and_a_uniform_delay_which_is_what_is_asked_for():
    task = SpikeDelays(fixed=5, spread=3, intervals=4)
    batch = sampled(task, 0, size=N)
    delays = []
    for b in range(N):
        spikes = np.flatnonzero(batch.inputs[:, b, 0] * batch.mask[:, b])
        assert set(batch.inputs[:, b, 0]) == {0, 1}
        assert len(spikes) == 5
        assert spikes[0] == batch.mask[:, b].argmax()  # a spike at the first step that exists
        assert spikes[-1] == task.steps - 1
        asked = np.flatnonzero(batch.counts[:, b]) + task.steps - task.scored
        np.testing.assert_array_equal(asked, spikes[1:])
        delays.append(np.diff(spikes) - 5)
        np.testing.assert_array_equal(batch.targets[asked - asked[-1] - 1, b, 0], delays[-1])
    delays = np.array(delays)
    assert all(uniform(delays[:, n], range(4)) for n in range(4))
    assert uniform(4 * delays[:, 0] + delays[:, 1], range(16))


def test_spike_delays_tell_fifty_steps_from_forty_nine():
    task = SpikeDelays(fixed=49, spread=1, intervals=1)
    batch = sampled(task, 0, size=N)
    gaps = np.diff([np.flatnonzero(x * m) for x, m in zip(batch.inputs[..., 0].T, batch.mask.T, strict=True)])
    assert uniform(gaps, (49, 50))
    assert (task.steps, task.scored) == (51, 1)
    np.testing.assert_array_equal(batch.targets[0], gaps - 49)


def test_spike_delays_go_on_when_longer():
    task = SpikeDelays(fixed=10, spread=1, intervals=100).longer(
        10
    )  # Gers et al. 2002: 100 intervals, then 1000
    assert task == SpikeDelays(fixed=10, spread=1, intervals=1000)
    assert sampled(SpikeDelays(intervals=2).longer(3), 0, size=50).counts.sum(0).tolist() == [6] * 50


@pytest.mark.parametrize(("spread", "baseline"), [(1, 0.25), (2, 2 / 3), (10, 10.0)])
def test_the_mean_delay_loses_the_variance_of_the_delays(spread, baseline):
    assert SpikeDelays(spread=spread).baseline == pytest.approx(np.var(np.arange(spread + 1)))
    assert SpikeDelays(spread=spread).baseline == pytest.approx(baseline)


@pytest.mark.parametrize(("off", "error"), [(0.48, 0.0), (0.5, 1.0)])
def test_a_delay_is_right_to_less_than_half_a_step(off, error):
    task = SpikeDelays(fixed=3, intervals=2)
    batch = sampled(task, 0, size=100)
    outputs = batch.targets.copy()
    outputs[-1] -= off  # the last spike alone
    assert judged(task, outputs, batch).error == error


# Timed spikes


def test_an_interval_is_given_a_step_after_a_spike_and_the_next_spike_keeps_to_it():
    task = TimedSpikes(fixed=3, spread=2, intervals=6)
    batch = sampled(task, 0, size=N)
    assert batch.inputs.shape == (30, N, 1)
    for x, y in zip(batch.inputs[..., 0].T, batch.targets[..., 0].T, strict=True):
        spikes = [-1, *np.flatnonzero(y)]
        for last, now in pairwise(spikes):
            assert now - last == 3 + x[last + 1]
        assert 30 - spikes[-1] <= 5 + 1  # the stream ends before the next can come
        assert not x[np.setdiff1d(np.arange(30), np.array(spikes) + 1)].any()
    assert uniform(batch.inputs[0], range(3))
    first = batch.targets[..., 0].argmax(0)
    assert uniform(first, (2, 3, 4))
    second = np.array([np.flatnonzero(y)[1] for y in batch.targets[..., 0].T])
    assert uniform(3 * (first - 2) + second - first - 3, range(9))


def test_timed_spikes_are_as_frequent_as_renewal_theory_says():
    task = TimedSpikes(fixed=3, spread=2, intervals=6)
    batch, expected = sampled(task, 1, size=N), chances(task)[1:]
    assert (
        abs(batch.targets[..., 0].sum(1) - N * expected) <= 5 * np.sqrt(N * expected * (1 - expected))
    ).all()
    assert (expected[:2] == 0).all()
    assert expected[2:5] == pytest.approx(1 / 3)
    assert expected[-1] == pytest.approx(1 / 4, abs=0.01)  # a spike every F + spread/2 steps


def test_the_naive_loss_of_an_endless_stream_of_timed_spikes_is_that_of_its_rates():
    rate = 1 / 10.5
    silent = 1 - rate / 2
    endless = TimedSpikes(intervals=2000).baseline
    assert endless == pytest.approx(rate * (1 - rate / silent), rel=5e-4)  # the start is forgotten
    assert TimedSpikes().baseline == pytest.approx(0.0822, abs=5e-5)


def test_the_naive_loss_of_the_shortest_stream_of_timed_spikes_can_be_worked_out_by_hand():
    # T = 3, I in {0, 1}: a spike at 1 (half of the streams) or at 2; the input is I at 0, and at 2 after a spike at 1.
    # Inputs of 0: half of step 0, all of step 1, step 2 but for a quarter. Spikes: 1 in each stream, all at input 0.
    p = 1 / 2.25
    assert TimedSpikes(fixed=2, spread=1, intervals=1).baseline == pytest.approx(2.25 * p * (1 - p) / 3)


def test_one_spike_a_step_late_spoils_the_stream():
    task = TimedSpikes(fixed=4, intervals=3)
    batch = sampled(task, 0, size=100)
    late = batch.targets.copy()
    for b in range(50):
        first = late[:, b, 0].argmax()
        late[first : first + 2, b, 0] = 0, 1
    assert judged(task, late, batch).error == 0.5
    assert judged(task, 0.52 * batch.targets + 0.25, batch).error == 0.0


# Periodic functions


@pytest.mark.parametrize(
    ("shape", "period", "wave"),
    [
        ("cos", 4, [0, 0.5, 1, 0.5]),
        ("cos", 3, [0, 0.75, 0.75]),
        ("triangle", 4, [0, 0.5, 1, 0.5]),
        ("triangle", 5, [0, 0.4, 0.8, 0.8, 0.4]),
        ("square", 4, [0, 0, 0, 1]),
        ("square", 5, [0, 0, 0, 1, 1]),
    ],
)
def test_periodic_functions_have_these_shapes_at_each_of_their_periods(shape, period, wave):
    batch = sampled(Periodic(shape=shape, period=period, periods=3), 0, size=2)
    np.testing.assert_allclose(batch.targets[:, 1, 0], wave * 3, atol=1e-6)
    assert not batch.inputs.any()


@pytest.mark.parametrize(("shape", "variance"), [("cos", 1 / 8), ("triangle", 1 / 12), ("square", 1 / 4)])
def test_the_mean_of_a_periodic_function_loses_its_variance(shape, variance):
    assert Periodic(shape=shape, period=1000).baseline == pytest.approx(variance, rel=1e-4)
    assert Periodic(shape="cos", period=10).baseline == pytest.approx(1 / 8)
    assert Periodic(shape="triangle", period=10).baseline == pytest.approx(0.09)
    assert Periodic(shape="square", period=10).baseline == pytest.approx(0.24)


@pytest.mark.parametrize(("off", "error"), [(0.29, 0.0), (-0.29, 0.0), (0.31, 1.0), (-0.31, 1.0)])
def test_one_sample_out_of_tolerance_spoils_the_periodic_function(off, error):
    task = Periodic(periods=2)
    batch = sampled(task, 0, size=4)
    outputs = batch.targets.copy()
    outputs[13] += off
    assert judged(task, outputs, batch).error == error


def test_a_copy_with_a_random_phase_has_twice_the_loss_of_the_mean():
    task = Periodic(period=10, periods=4)
    batch = sampled(task, 0, size=10)
    shifted = np.stack([np.roll(batch.targets[:, b], b, axis=0) for b in range(10)], axis=1)
    measures = judged(task, shifted, batch)
    assert measures.loss == pytest.approx(2 * task.baseline, rel=1e-5)
    assert measures.score == pytest.approx(-1.0, abs=1e-5)


# aⁿbⁿ and aⁿbⁿcⁿ


@pytest.mark.parametrize("blocks", [2, 3])
def test_words_are_blocks_of_the_same_uniform_length_and_the_legal_symbols_follow_from_it(blocks):
    task = AnBn(blocks=blocks, smallest=1, largest=4)
    letters = "abc"[:blocks]
    lengths = []
    for symbols, sets in words(task, sampled(task, 0, size=N)):
        word, n = "".join(symbols), (len(symbols) - 1) // blocks
        assert word == "S" + "".join(x * n for x in letters)
        lengths.append(n)
        assert sets[: n + 1] == [{"a"}] + [{"a", "b"}] * n
        for x, now, after in zip(word[n + 1 :], sets[n + 1 :], (word + "T")[n + 2 :], strict=True):
            assert now == {after}
            assert x in "bc"
    assert uniform(lengths, range(1, 5))


def test_a_hundred_times_longer_words_are_those_of_the_paper():
    assert AnBn(largest=10).longer(100) == AnBn(smallest=991, largest=1000)
    assert AnBn(blocks=3, largest=50).longer(10) == AnBn(blocks=3, smallest=451, largest=500)
    lengths = sampled(AnBn(largest=3).longer(4), 0, size=500).mask.sum(0)
    assert uniform(lengths, (21, 23, 25))


def coin(p):
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def test_an_bn_has_these_baselines():
    # n = 1 ... 10: 12 steps on average, of which 5.5 are b's, one of them the last
    assert AnBn().baseline == pytest.approx(5.5 * 2 * coin(1 / 5.5) / 12)
    assert AnBn().baseline == pytest.approx(0.4346, abs=5e-5)
    assert AnBn(blocks=3).baseline == pytest.approx(11 * 2 * coin(1 / 5.5) / 17.5)
    assert AnBn(smallest=4, largest=4).baseline == pytest.approx(8 * coin(0.25) / 9)


@pytest.mark.parametrize("bit", range(3))
def test_a_word_is_wrong_if_one_symbol_at_one_step_is(bit):
    task = AnBn(smallest=3, largest=4)
    batch = sampled(task, 0, size=400)
    outputs = np.where(batch.targets > 0, 0.1, -0.1)
    assert judged(task, outputs, batch).error == 0.0
    outputs[7, :, bit] *= -1  # of words with n = 4 alone
    assert judged(task, outputs, batch).error == pytest.approx(batch.counts[7].mean())


def test_going_on_for_ever_accepts_no_word():
    task = AnBn(blocks=3, largest=3)
    batch = sampled(task, 0, size=100)
    going_on = {"S": "a", "a": "ab", "b": "b", "c": "c"}
    always = [[going_on[task.symbols[x]] for x in row] for row in batch.inputs.argmax(-1)]
    measures = judged(task, legal(task, always), batch)
    assert measures.error == 1.0
    assert measures.score < 0.6


# Dyck words


def read(symbols, k, openers):
    """Depths and the kinds of what is open, by removing pairs: an independent reading of a word."""
    stack = []
    for x in symbols:
        stack = [*stack, x]
        if len(stack) > 1 and stack[-1] not in openers and openers[stack[-2]] == stack[-1]:
            stack = stack[:-2]
        yield stack


def test_dyck_words_are_balanced_and_no_deeper_than_allowed_and_legal_symbols_are_the_languages():
    task = Dyck(pairs=3, depth=3, length=10)
    openers = {"(": ")", "[": "]", "{": "}"}
    lengths, deepest = [], 0
    for symbols, sets in words(task, sampled(task, 0, size=4000)):
        assert symbols[0] == "S"
        stacks = [[], *read(symbols[1:], 3, openers)]
        assert stacks[-1] == []
        assert all(set(stack) <= set(openers) for stack in stacks)  # no closer without its opener
        deepest = max(deepest, *map(len, stacks))
        lengths.append(len(symbols) - 1)
        for stack, now in zip(stacks, sets, strict=True):
            assert now & set(openers) == (set(openers) if len(stack) < 3 else set())
            assert now & set(")]}") == ({openers[stack[-1]]} if stack else set())
            assert ("T" in now) == (not stack)
    assert deepest == 3
    assert uniform(lengths, range(2, 11, 2))


@pytest.mark.parametrize("depth", [2, 3, 9])
def test_dyck_words_have_the_probabilities_of_their_generator(depth):
    task = Dyck(depth=depth, length=8, shortest=8)
    batch = sampled(task, 0, size=N)
    symbols = batch.inputs.argmax(-1)[1:]
    count = Counter(map(tuple, np.where(symbols < 2, 1, -1).T.tolist()))
    expected = shapes(8, depth)
    assert sum(expected.values()) == pytest.approx(1)
    assert set(count) <= set(expected)
    assert all(abs(count[w] - N * p) < 5 * math.sqrt(N * p * (1 - p)) for w, p in expected.items())
    kinds = np.array([row[row < 2][:4] for row in symbols.T])
    assert uniform(kinds @ [8, 4, 2, 1], range(16))


def test_words_of_eight_brackets_are_as_many_as_catalans_number():
    assert [len(shapes(length, 9)) for length in (2, 4, 6, 8)] == [1, 2, 5, 14]
    assert len(shapes(8, 2)) == 8


def test_dyck_lengths_are_those_of_suzgun_et_al():
    assert Dyck(length=50).longer(2) == Dyck(shortest=52, length=100)
    lengths = sampled(Dyck(length=6).longer(2), 0, size=1000).mask.sum(0) - 1
    assert uniform(lengths, (8, 10, 12))


def count_without_stack(task, batch):
    """Knows the depth and the current symbol; of what encloses a closed pair it knows only that it is there."""
    k = task.pairs
    symbols = batch.inputs.argmax(-1)
    depth = np.cumsum(np.where(symbols < k, 1, np.where(symbols < 2 * k, -1, 0)), axis=0)
    p = np.zeros(batch.targets.shape)
    p[..., :k] = (depth < task.depth)[..., None]
    p[..., k : 2 * k] = (depth > 0)[..., None] / k
    opened = symbols < k
    p[opened, k : 2 * k] = np.eye(2 * k)[symbols[opened], :k]
    p[..., -1] = depth == 0
    return logits(p)


def test_counting_without_a_stack_leaves_the_kind_of_what_encloses():
    task = Dyck()
    batch = sampled(task, 0, size=N)
    outputs = count_without_stack(task, batch)
    measures = judged(task, outputs, batch)
    assert measures.loss == pytest.approx(0.3437, rel=0.03)
    assert measures.score == pytest.approx(0.6713, abs=0.01)
    assert measures.error > 0.5


def test_one_kind_of_brackets_needs_a_counter_alone():
    task = Dyck(pairs=1)
    batch = sampled(task, 0, size=400)
    measures = judged(task, count_without_stack(task, batch), batch)
    assert measures.loss < 1e-6
    assert measures.error == 0.0


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
def test_dyck_baselines_are_those_of_all_words_written_down(depth):
    task = Dyck(pairs=2, depth=depth, length=10, shortest=6)
    opened = deep = enclosed = 0.0
    for length in (6, 8, 10):
        for word, p in shapes(length, depth).items():
            heights = np.cumsum(word)
            opened += p * length / 2 / 3
            deep += p * sum(h == depth for h, s in zip(heights, word, strict=True) if s > 0) / 3
            enclosed += p * sum(h > 0 for h, s in zip(heights, word, strict=True) if s < 0) / 3
    within = enclosed / opened
    after_opener = 2 * coin(deep / opened) if deep else 0.0
    after_closer = 2 * coin(within / 2) + coin(within)
    assert opened == pytest.approx(4)
    assert task.baseline == pytest.approx(opened * (after_opener + after_closer) / 9)


def test_every_kind_of_bracket_has_a_name_of_its_own():
    task = Dyck(pairs=7)
    assert len(set(task.symbols)) == len(task.symbols) == 15
    assert len(set(task.answers)) == 15
    assert all(re.fullmatch(r"[(\[{<]\d?", name) for name in task.symbols[:7])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpikeDelays(fixed=0), "fixed >= 1.*got fixed=0"),
        (lambda: SpikeDelays(spread=0), "nothing to measure"),
        (lambda: SpikeDelays(intervals=0), "intervals >= 1"),
        (lambda: TimedSpikes(fixed=1), "fixed >= 2.*got fixed=1"),
        (lambda: TimedSpikes(spread=0), "spread >= 1"),
        (lambda: TimedSpikes(intervals=0), "intervals >= 1"),
        (lambda: Periodic(shape="saw"), "'triangle'.*got shape='saw'"),
        (lambda: Periodic(period=2), "period >= 3"),
        (lambda: Periodic(periods=0), "periods >= 1"),
        (lambda: AnBn(blocks=4), "blocks = 2 or 3.*got blocks=4"),
        (lambda: AnBn(smallest=0), "1 <= smallest"),
        (lambda: AnBn(smallest=5, largest=4), "smallest <= largest"),
        (lambda: AnBn(largest=1), "nothing to count"),
        (lambda: Dyck(pairs=0), "pairs >= 1"),
        (lambda: Dyck(depth=1), "depth >= 2"),
        (lambda: Dyck(length=7), "even lengths.*length=7"),
        (lambda: Dyck(shortest=3), "even lengths"),
        (lambda: Dyck(shortest=0), "2 <= shortest"),
        (lambda: Dyck(shortest=22), "shortest <= length"),
        (lambda: Dyck(length=2), "length >= 4"),
    ],
)
def test_a_task_that_can_not_exist_says_what_it_needs(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("task", [AnBn(), Dyck()], ids=["an_bn", "dyck"])
def test_where_no_length_varies_there_is_no_padding(task):
    same = {"smallest": 10} if isinstance(task, AnBn) else {"shortest": 20}
    batch = sampled(dataclasses.replace(task, **same), 0, size=8)
    assert batch.mask is batch.counts is None
