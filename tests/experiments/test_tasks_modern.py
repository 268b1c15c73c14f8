"""Exact facts of adding, copy memory, temporal order and waveform."""

import math

import numpy as np
import pytest
from task_cases.case import judged, sampled

from experiments import Adding, CopyMemory, TemporalOrder, Waveform

pytestmark = pytest.mark.slow

N = 20_000


def test_adding_target_has_mean_one_and_variance_one_sixth():
    batch = sampled(Adding(length=10), 0, size=N)
    target = np.asarray(batch.targets).ravel()
    assert target.mean() == pytest.approx(1.0, abs=4 * math.sqrt(1 / 6 / N))
    assert target.var() == pytest.approx(1 / 6, rel=0.03)


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum():
    values, markers = np.moveaxis(np.asarray(sampled(Adding(length=9), 0, size=200).inputs), -1, 0)
    assert (markers[:4].sum(0) == 1).all()
    assert (markers[4:].sum(0) == 1).all()
    assert set(np.argwhere(markers[:4] == 1)[:, 0]) == set(range(4))
    target = sampled(Adding(length=9), 0, size=200).targets[0, :, 0]
    np.testing.assert_allclose((values * markers).sum(0), target, rtol=1e-6)


def test_temporal_order_has_its_symbols_in_their_windows_and_the_class_they_spell():
    task = TemporalOrder(length=100)
    batch = sampled(task, 0, size=2000)
    symbols = np.asarray(batch.inputs).argmax(-1)
    assert (symbols[0] == 6).all()
    assert (symbols[-1] == 7).all()
    special = (symbols == 4) | (symbols == 5)
    assert (special.sum(0) == 3).all()
    places = np.argwhere(special.T)[:, 1].reshape(-1, 3)
    for column, (low, high) in enumerate(((10, 20), (33, 43), (66, 76))):  # Hochreiter & Schmidhuber, T = 100
        assert set(places[:, column]) == set(range(low, high + 1))
    bits = np.take_along_axis(symbols.T, places, 1) - 4
    np.testing.assert_array_equal(bits @ [4, 2, 1], np.asarray(batch.targets)[0])
    assert set(np.asarray(batch.targets)[0]) == set(range(8))


@pytest.mark.parametrize(
    ("delay", "baseline"), [(100, 0.1733), (200, 0.0945), (300, 0.0650), (500, 0.0400), (1000, 0.0204)]
)
def test_copy_memory_has_the_published_baselines(delay, baseline):
    assert CopyMemory(delay=delay).baseline == pytest.approx(baseline, abs=5e-5)


def test_copy_memory_looks_like_the_example_in_its_docstring():
    task = CopyMemory(delay=4, recall=3)
    batch = sampled(task, 0, size=500)
    symbols, targets = np.asarray(batch.inputs).argmax(-1), np.asarray(batch.targets)
    data = symbols[:3]
    assert set(data.ravel()) == set(range(1, 9))
    assert (symbols[3:6] == 0).all()
    assert (symbols[6] == 9).all()
    assert (symbols[7:] == 0).all()
    assert (targets[:7] == 0).all()
    np.testing.assert_array_equal(targets[7:], data)


def test_waveforms_differ_by_signal_and_have_the_declared_periods():
    one, two = Waveform(signal=0).target(), Waveform(signal=1).target()
    assert np.abs(one - two).max() > 0.1
    spectrum = np.abs(np.fft.rfft(one))
    assert set(np.argsort(spectrum)[-4:]) == {320 // p for p in (8, 32, 80, 160)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adding(length=-1), "length >= 4"),
        (lambda: TemporalOrder(length=5), "length >= 10"),
        (lambda: CopyMemory(alphabet=1), "alphabet >= 2"),
        (lambda: Waveform(periods=()), "periods"),
    ],
)
def test_a_task_that_can_not_exist_says_what_it_needs(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("length", [8, 9])
def test_adding_marks_every_step_of_a_half_alike(length):
    markers = sampled(Adding(length=length), 0, size=N).inputs[..., 1].mean(1)
    half = length // 2
    expected = np.repeat([1 / half, 1 / (length - half)], [half, length - half])
    assert (np.abs(markers - expected) < 4.5 * np.sqrt(expected / N)).all()


def test_adding_anywhere_marks_all_pairs_of_steps_alike():
    markers = sampled(Adding(length=5, halves=False), 0, size=N).inputs[..., 1]
    assert (markers.sum(0) == 2).all()
    together = markers @ markers.T / N
    expected = np.where(np.eye(5, dtype=bool), 2 / 5, 1 / 10)
    assert (np.abs(together - expected) < 4.5 * np.sqrt(expected / N)).all()


def test_temporal_order_draws_lengths_places_and_distractors_uniformly():
    batch = sampled(TemporalOrder(length=100, vary=10, informative=2), 0, size=N)
    lengths = np.bincount(batch.mask.sum(0), minlength=111)[100:]
    assert (np.abs(lengths / N - 1 / 11) < 4.5 * math.sqrt(1 / 11 / N)).all()
    symbols = batch.inputs.argmax(-1)
    from_start = [s[m] for s, m in zip(symbols.T, batch.mask.T, strict=True)]
    places = np.array([np.flatnonzero((s == 4) | (s == 5)) for s in from_start])
    for column, low in ((0, 10), (1, 50)):
        shares = np.bincount(places[:, column] - low) / N
        assert len(shares) == 11
        assert (np.abs(shares - 1 / 11) < 4.5 * math.sqrt(1 / 11 / N)).all()
    others = np.concatenate([s[s < 4] for s in from_start])
    shares = np.bincount(others) / len(others)
    assert (np.abs(shares - 1 / 4) < 4.5 * math.sqrt(1 / 4 / len(others))).all()


@pytest.mark.parametrize("k", range(4))
def test_no_sine_of_a_waveform_can_be_left_out(k):
    task = Waveform()
    t, n = np.arange(320), np.arange(1, 5)
    phase = 2 * np.pi * np.modf(n * (np.sqrt(5) - 1) / 2)[0]
    sines = np.sin(2 * np.pi * t[:, None] / np.array(task.periods) + phase) / 4
    batch = sampled(task, 0, size=2)
    without = np.broadcast_to(np.delete(sines, k, 1).sum(1)[:, None, None], (320, 2, 1))
    measured = judged(task, without, batch)
    assert measured.score == pytest.approx(0.75, abs=0.01)
    assert measured.error > 0.4
    assert judged(task, np.broadcast_to(sines.sum(1)[:, None, None], (320, 2, 1)), batch).error == 0.0
