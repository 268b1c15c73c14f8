"""Exact facts of the tasks of Hochreiter & Schmidhuber 1997 and of the continual Reber grammar."""

import dataclasses
import math
import re

import numpy as np
import pytest
from task_cases.case import judged, sampled, sure
from task_cases.early import LETTERS, spell, spelled

from experiments import (
    Adding1997,
    ContinualReber,
    EmbeddedReber,
    Multiplication,
    NoiseFreeLag,
    TwoSequence,
)

pytestmark = pytest.mark.slow

N = 20_000
LOOP = "(XT*VP)*(S|XT*VV)"  # from node 4 of Reber's grammar to its last E
STRING = re.compile(rf"B([TP])B(TS*X{LOOP}|PT*V(V|P{LOOP}))E\1E")


def texts(batch):
    """The strings, without the padding."""
    there = np.ones(batch.inputs.shape[:2], bool) if batch.mask is None else batch.mask
    symbols = batch.inputs.argmax(-1)
    return ["".join(LETTERS[s] for s in symbols[there[:, b], b]) for b in range(symbols.shape[1])]


def test_reber_strings_are_those_of_the_grammar_and_all_lengths_occur():
    batch = sampled(EmbeddedReber(shortest=9, longest=14), 0, size=4000)
    strings = texts(batch)
    assert all(STRING.fullmatch(text) for text in strings)
    assert set(map(len, strings)) == set(range(9, 15))
    lengths = np.array(list(map(len, strings)))
    np.testing.assert_array_equal(batch.counts.sum(0), lengths - 1)
    for b, text in enumerate(strings[:50]):
        said = "".join(LETTERS[s] for s in batch.targets[batch.counts[:, b], b])
        assert said == text[1:]


def test_reber_strings_have_the_frequencies_of_the_grammar_within_the_limits():
    strings = texts(sampled(EmbeddedReber(shortest=10, longest=12), 1, size=N))
    chances = {text: chance for text, chance in spelled(12, False) if len(text) >= 10}
    total = sum(chances.values())
    assert set(strings) == set(chances)
    for text, chance in chances.items():
        p = chance / total
        assert strings.count(text) / N == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / N))


def test_reber_strings_without_limits_have_twelve_symbols_and_seven_choices_on_average():
    task = EmbeddedReber(longest=200)
    assert task.predicted == pytest.approx(11, abs=1e-9)
    assert task.best * task.predicted == pytest.approx(7 * math.log(2), abs=1e-9)
    assert 7 * math.log(2) == pytest.approx(4.852, abs=5e-4)
    lengths = sampled(task, 2, size=4000).mask.sum(0)
    assert lengths.min() == 9
    assert lengths.mean() == pytest.approx(12, abs=4.5 * lengths.std() / math.sqrt(4000))


def test_reber_figures_in_the_docstring_are_those_of_the_defaults():
    task = EmbeddedReber()
    assert (round(task.baseline, 3), round(task.best, 3)) == (1.271, 0.440)
    task = ContinualReber()
    assert (round(task.baseline, 3), round(task.best, 3)) == (1.280, 0.410)


def test_reber_strings_of_thousands_of_symbols_do_not_underflow():
    task = EmbeddedReber(shortest=5000, longest=5010)
    assert 0.3 < task.best < task.baseline < 0.5
    assert 4999 <= task.predicted <= 5009


def forgetful(task, batch):
    """Knows all but the outer letter: says T and P equally likely (T a very little more)."""
    said = spell(task, batch.inputs, batch.mask)
    outer = ((said > -59).sum(-1) == 1) & np.isin(said.argmax(-1), (1, 2))  # nothing but T or P is legal
    said[outer] = np.where(np.isin(np.arange(7), (1, 2)), math.log(0.5), -60)
    said[outer, 1] += 1e-4
    return said


@pytest.mark.parametrize(
    ("task", "score", "tolerance", "wrong"),
    # strings have one outer letter each; streams of 100 have 8.1 on average, with a standard deviation below 1.5
    [(EmbeddedReber(), 0.924, 6e-4, 0.5), (ContinualReber(), 0.936, 5e-4 + 4.5 * 0.0081 * 1.5 / 20, 0.995)],
)
def test_who_forgets_the_outer_letter_scores_what_the_docstring_says(task, score, tolerance, wrong):
    batch = sampled(task, 3)
    perfect = judged(task, spell(task, batch.inputs, batch.mask), batch)
    forgot = judged(task, forgetful(task, batch), batch)
    assert 1 - (perfect.score - forgot.score) == pytest.approx(score, abs=tolerance)
    assert forgot.error == pytest.approx(wrong, abs=4.5 * math.sqrt(wrong * (1 - wrong) / 400))


def test_outer_letters_alone_are_one_for_memory_zero_without_it_and_less_for_who_does_not_know_where_they_are():
    task = ContinualReber(outer=True)
    batch = sampled(task, 3)
    said = spell(task, batch.inputs, batch.mask)
    assert judged(task, said, batch).score == pytest.approx(1.0, abs=1e-6)
    assert judged(task, forgetful(task, batch), batch).score == pytest.approx(0.0, abs=1e-3)
    half_b = np.log(
        np.tile([0.5, 0.25, 0.25, *[1e-9] * 4], (100, 400, 1))
    )  # what follows an E, whichever it is
    assert judged(task, half_b, batch).score == pytest.approx(-1.0, abs=1e-6)
    whole = dataclasses.replace(task, outer=False)
    ours, theirs = judged(task, said, batch), judged(whole, said, batch)
    assert (ours.loss, ours.error) == (theirs.loss, theirs.error)


def test_who_forgets_in_a_few_streams_loses_that_share_of_the_outer_letters():
    task = ContinualReber(outer=True)
    batch = sampled(task, 3)
    said = spell(task, batch.inputs, batch.mask)
    said[:, :100] = forgetful(task, batch)[:, :100]
    assert judged(task, said, batch).score == pytest.approx(0.75, abs=0.02)


def test_a_reber_string_is_right_only_if_every_legal_symbol_beats_every_illegal_one():
    task = EmbeddedReber(
        shortest=9, longest=9
    )  # length 9 leaves no choice but the outer letter and BTXSE or BPVVE
    batch = sampled(task, 4)
    assert set(texts(batch)) == {"BTBTXSETE", "BPBTXSEPE", "BTBPVVETE", "BPBPVVEPE"}
    assert (
        judged(task, sure(batch.targets, 7), batch).error == 1.0
    )  # the other symbol of a fork is legal, too
    assert judged(task, np.zeros((9, 400, 7)), batch).error == 1.0  # ties are wrong
    said = spell(task, batch.inputs, batch.mask)
    assert judged(task, said, batch).error == 0.0
    said[3, :200, 0] = 60.0  # B is not legal there
    assert judged(task, said, batch).error == 0.5


def test_a_continual_stream_is_one_string_after_the_other():
    task = ContinualReber(length=80)
    batch = sampled(task, 5)
    assert batch.mask is None
    np.testing.assert_array_equal(batch.targets[:-1], batch.inputs.argmax(-1)[1:])
    beginnings = {text for text, _ in spelled(9, True)}
    strings = []
    for text in texts(batch):
        while found := STRING.match(text):
            strings.append(found.group())
            text = text[found.end() :]
        assert any(text.startswith(b) or b.startswith(text) for b in beginnings)
    assert len(strings) > 400 * 4
    outer = np.mean([text[1] == "T" for text in strings])
    assert outer == pytest.approx(0.5, abs=4.5 * 0.5 / math.sqrt(len(strings)))


def test_a_continual_stream_is_judged_to_its_end():
    task = ContinualReber(length=60)
    batch = sampled(task, 6)
    said = spell(task, batch.inputs, None)
    assert judged(task, said, batch).error == 0
    legal = said[-1].argmax(-1)
    said[-1, np.arange(400), legal] = -70
    assert judged(task, said, batch).error == 1


def test_a_continual_stream_has_seven_choices_in_twelve_symbols_in_the_long_run():
    short, long = ContinualReber(length=600), ContinualReber(length=1200)
    assert long.best * 1200 - short.best * 600 == pytest.approx(600 * 7 / 12 * math.log(2), rel=1e-6)
    assert long.baseline == pytest.approx(short.baseline, rel=1e-3)


def test_noise_free_lag_a_has_two_sequences_that_end_as_they_begin():
    task = NoiseFreeLag()
    batch = sampled(task, 0)
    assert (task.steps + 1, task.inputs, task.outputs) == (101, 101, 101)
    symbols = np.concatenate([batch.inputs.argmax(-1), batch.targets[-1:]])
    np.testing.assert_array_equal(batch.targets, symbols[1:])
    assert {tuple(column) for column in symbols.T} == {(x, *range(99), x) for x in (99, 100)}
    assert (symbols[0] == 99).mean() == pytest.approx(0.5, abs=4.5 * 0.5 / 20)
    assert task.baseline == pytest.approx(math.log(2) / 100)
    assert task.best == 0


def test_noise_free_lag_b_has_any_symbols_between_the_two():
    task = NoiseFreeLag(variant="b", alphabet=10)
    batch = sampled(task, 0, size=2000)
    symbols = np.concatenate([batch.inputs.argmax(-1), batch.targets[-1:]])
    assert symbols.shape == (11, 2000)
    np.testing.assert_array_equal(symbols[0], symbols[-1])
    assert set(symbols[0]) == {9, 10}
    counts = np.bincount(symbols[1:-1].ravel())
    assert len(counts) == 9
    assert (np.abs(counts - 2000) < 5 * math.sqrt(2000)).all()
    assert task.best == pytest.approx(9 * math.log(9) / 10)
    assert task.baseline - task.best == pytest.approx(math.log(2) / 10)


def test_noise_free_lag_c_has_a_suffix_of_geometric_length_and_asks_for_the_second_symbol():
    p, q, limit = 50, 20, 15
    task = NoiseFreeLag(variant="c", alphabet=p, lag=q, suffix=limit)
    batch = sampled(task, 0, size=N)
    assert (task.inputs, task.outputs, task.scored) == (p + 4, 2, 1)
    lengths = batch.mask.sum(0)
    assert lengths.min() + 1 == q + 4
    shares = np.bincount(lengths - q - 3) / N
    expected = 0.1 * 0.9 ** np.arange(limit + 1) / (1 - 0.9 ** (limit + 1))
    assert len(shares) == limit + 1
    assert (np.abs(shares - expected) < 5 * np.sqrt(expected / N)).all()
    names = np.array(task.symbols)[batch.inputs.argmax(-1)]
    first = batch.inputs.shape[0] - lengths
    here = np.arange(N)
    assert (names[first, here] == "b").all()
    assert (names[-1] == "e").all()
    np.testing.assert_array_equal(names[first + 1, here], np.array(task.answers)[batch.targets[0]])
    step = np.arange(len(names))[:, None]
    distractors = batch.inputs.argmax(-1)[(step >= first + 2) & (step < len(names) - 1)]
    counts = np.bincount(distractors)
    assert len(counts) == p
    assert (np.abs(counts - len(distractors) / p) < 5 * math.sqrt(len(distractors) / p)).all()


def test_noise_free_lag_c_without_a_limit_has_q_plus_13_symbols_on_average():
    task = NoiseFreeLag(variant="c", alphabet=5, lag=10, suffix=200)
    symbols = sampled(task, 0, size=4000).mask.sum(0) + 1
    assert symbols.mean() == pytest.approx(10 + 13, abs=4.5 * math.sqrt(90 / 4000))


def test_noise_free_lags_grow_as_published_or_as_told():
    for variant, lag in (("a", 99), ("b", 99), ("c", 100)):
        assert NoiseFreeLag(variant=variant).between == lag
        assert NoiseFreeLag(variant=variant, lag=500).between == 500
    longer = NoiseFreeLag(alphabet=5).longer(3)
    symbols = sampled(longer, 0).inputs.argmax(-1)
    assert (symbols[1:] == np.tile(np.arange(4), 3)[:, None]).all()
    c = NoiseFreeLag(variant="c", alphabet=5)
    assert c.longer(2).steps == 2 * c.steps


def test_noise_free_lag_scores_minus_one_where_neither_x_nor_y_is_said():
    task = NoiseFreeLag(alphabet=5)
    batch = sampled(task, 0)
    measures = judged(task, sure(np.zeros_like(batch.targets), 6), batch)
    assert measures.score == -1
    assert measures.error == 1
    mostly = sure(batch.targets, 6)
    mostly[:-1] = 0
    assert judged(task, mostly, batch).error == 0  # the last symbol decides


def told(task, batch):
    """The first numbers (B, N), and all others."""
    T = len(batch.inputs)
    first = T - batch.mask.sum(0)
    step = np.arange(T)[:, None] - first
    values = batch.inputs[..., 0]
    begin = np.stack([values[first + i, np.arange(values.shape[1])] for i in range(task.informative)], 1)
    return begin, values[step >= task.informative]


def test_two_sequences_begin_with_their_class_and_go_on_with_noise_of_variance_one_fifth():
    task = TwoSequence()
    batch = sampled(task, 0, size=2000)
    lengths = batch.mask.sum(0)
    assert set(lengths) == set(range(100, 111))
    assert lengths.mean() == pytest.approx(105, abs=4.5 * math.sqrt(10 / 2000))
    begin, rest = told(task, batch)
    target = batch.targets[0]
    np.testing.assert_array_equal(begin, np.repeat(2 * target - 1, 3, 1))
    assert target.mean() == pytest.approx(0.5, abs=4.5 * 0.5 / math.sqrt(2000))
    assert rest.mean() == pytest.approx(0, abs=4.5 * math.sqrt(0.2 / rest.size))
    assert rest.var() == pytest.approx(0.2, abs=4.5 * 0.2 * math.sqrt(2 / rest.size))


@pytest.mark.parametrize("informative", [1, 3])
def test_two_sequences_of_b_can_not_all_be_told_apart(informative):
    task = TwoSequence(length=12, informative=informative, variant="b")
    batch = sampled(task, 1, size=N)
    begin, _ = told(task, batch)
    target = batch.targets[0, :, 0]
    noise = begin - (2 * target - 1)[:, None]
    assert noise.var() == pytest.approx(0.2, abs=4.5 * 0.2 * math.sqrt(2 / noise.size))
    total = begin.sum(1)
    flipped = math.erfc(math.sqrt(informative / 0.2) / math.sqrt(2)) / 2
    assert round(flipped, 5) == {1: 0.01267, 3: 0.00005}[informative]
    wrong = judged(task, (total > 0)[None, :, None], batch).error
    assert wrong == pytest.approx(flipped, abs=4.5 * math.sqrt(flipped / N))
    sums = np.linspace(-20, 20, 40_001)  # exactly: the squared error of the posterior, given class 1
    density = np.exp(-((sums - informative) ** 2) / (0.4 * informative)) / math.sqrt(
        0.4 * math.pi * informative
    )
    exact = (density / (1 + np.exp(2 * sums / 0.2)) ** 2).sum() * 0.001
    assert task.best == pytest.approx(exact, rel=1e-9)
    posterior = 1 / (1 + np.exp(-2 * total / 0.2))
    square = (posterior - target) ** 2
    loss, _, score = judged(task, posterior[None, :, None], batch)
    error = float(square.std()) / math.sqrt(N)
    assert loss == pytest.approx(task.best, abs=4.5 * error)
    assert score == pytest.approx(1, abs=4.5 * error / 0.24)
    assert error < 0.15 * task.best + 1e-4


def test_two_sequences_of_c_have_noise_on_the_target_alone():
    task = TwoSequence(length=12, informative=1, variant="c")
    batch = sampled(task, 2, size=N)
    clean, noisy = batch.targets[..., 0]
    np.testing.assert_allclose(clean, np.where(told(task, batch)[0][:, 0] == 1, 0.2, 0.8), rtol=1e-6)
    assert set(np.abs(told(task, batch)[0]).ravel()) == {1.0}
    noise = noisy - clean
    assert noise.mean() == pytest.approx(0, abs=4.5 * math.sqrt(0.1 / N))
    assert noise.var() == pytest.approx(0.1, abs=4.5 * 0.1 * math.sqrt(2 / N))
    assert abs(np.corrcoef(noise, clean)[0, 1]) < 4.5 / math.sqrt(N)
    assert (task.baseline, task.best) == pytest.approx((0.19, 0.1))
    off = np.stack([np.zeros(N), clean + 0.09])[..., None]
    assert judged(task, off, batch).error == 0
    assert judged(task, off + 0.02, batch).error == 1


@pytest.mark.parametrize(("make", "neutral"), [(Adding1997, 0.0), (Multiplication, 1.0)])
def test_marks_are_in_the_published_windows_and_hidden_on_the_first_pair(make, neutral):
    task, n = make(length=100), 10_000
    batch = sampled(task, 0, size=n)
    lengths = batch.mask.sum(0)
    assert set(lengths) == set(range(100, 111))
    assert lengths.mean() == pytest.approx(105, abs=4.5 * math.sqrt(10 / n))
    first, here = 110 - lengths, np.arange(n)
    values, markers = (
        np.stack([np.roll(column, -f) for column, f in zip(rows.T, first, strict=True)], 1)
        for rows in np.moveaxis(batch.inputs, -1, 0)
    )
    assert (markers[0] == -1).all()
    assert (markers[lengths - 1, here] == -1).all()
    ones = markers == 1
    assert ((markers != 0).sum(0) == 2 + ones.sum(0)).all()
    hidden = values[0] == neutral
    np.testing.assert_array_equal(ones.sum(0), np.where(hidden, 1, 2))
    # uniform windows: the first among ten pairs, the second among the first T/2 - 1 that are left
    expected = np.zeros(110)
    expected[:10] = 1 / 10 + 9 / 10 / 49
    expected[10:50] = 1 / 49
    observed = ones.mean(1)
    observed[0] = hidden.mean()
    assert (observed[50:] == 0).all()
    assert (np.abs(observed - expected) <= 5 * np.sqrt(expected / n)).all()
    assert (ones[:10].any(0) | hidden).all()
    last = 109 - ones[::-1].argmax(0)
    assert (lengths - 1 - last).min() == 50  # the published minimal lag, T/2


def test_adding_1997_has_the_published_target_and_its_mean_is_right_for_15_percent():
    task = Adding1997()
    batch = sampled(task, 1, size=N)
    value, marker = np.moveaxis(batch.inputs, -1, 0)
    target = batch.targets[0, :, 0]
    np.testing.assert_allclose(target, 0.5 + np.where(marker == 1, value, 0).sum(0) / 4, atol=1e-6)
    assert value[batch.mask].min() < -0.99
    both = (marker == 1).sum(0) == 2
    assert target[both].var() == pytest.approx(1 / 24, rel=4.5 * 1.2 / math.sqrt(both.sum()))
    assert (np.abs(target[both] - 0.5) <= 0.04).mean() == pytest.approx(
        0.1536, abs=4.5 * math.sqrt(0.13 / both.sum())
    )
    hidden = 0.1 + 0.9 / 49
    right = (1 - hidden) * 0.1536 + hidden * 0.16
    wrong = judged(task, np.full((1, N, 1), 0.5), batch).error
    assert 1 - wrong == pytest.approx(right, abs=4.5 * math.sqrt(0.13 / N))
    assert task.baseline == pytest.approx(((1 - hidden) * 2 / 3 + hidden / 3) / 16)


def test_multiplication_has_the_published_target_and_baseline():
    task = Multiplication()
    batch = sampled(task, 2, size=N)
    value, marker = np.moveaxis(batch.inputs, -1, 0)
    target = batch.targets[0, :, 0]
    np.testing.assert_allclose(target, np.where(marker == 1, value, 1).prod(0), rtol=1e-5)
    assert value[batch.mask].min() >= 0
    both = (marker == 1).sum(0) == 2
    square = (target[both] - 0.25) ** 2
    assert square.mean() == pytest.approx(7 / 144, abs=4.5 * float(square.std()) / math.sqrt(both.sum()))
    alone = target[~both]
    assert alone.mean() == pytest.approx(0.5, abs=4.5 / math.sqrt(12 * alone.size))
    assert round(task.baseline, 4) == 0.0592


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EmbeddedReber(shortest=8), "got shortest=8, longest=30"),
        (lambda: EmbeddedReber(shortest=20, longest=19), "shortest <= longest"),
        (lambda: ContinualReber(length=8), "length >= 9"),
        (lambda: NoiseFreeLag(variant="d"), "variant a, b or c"),
        (lambda: NoiseFreeLag(alphabet=2), "alphabet >= 3"),
        (lambda: NoiseFreeLag(lag=-1), "lag >= 0"),
        (lambda: NoiseFreeLag(variant="c", suffix=-1), "suffix >= 0"),
        (lambda: TwoSequence(length=3), "informative < length"),
        (lambda: TwoSequence(informative=0), "1 <= informative"),
        (lambda: TwoSequence(variant="x"), "variant a, b or c"),
        (lambda: Adding1997(length=19), "Adding1997 needs length >= 20"),
        (lambda: Multiplication(length=10), "Multiplication needs length >= 20"),
    ],
)
def test_an_early_task_that_can_not_exist_says_what_it_needs(make, message):
    with pytest.raises(ValueError, match=message):
        make()
