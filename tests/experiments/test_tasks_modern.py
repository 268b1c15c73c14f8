"""Exact facts of adding, copy memory, temporal order and waveform."""

import math

import numpy as np
import pytest
from task_cases.case import sampled

from experiments import Adding, CopyMemory, TemporalOrder, Waveform

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
