"""What every task promises, and the exact facts of each."""

import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import experiments.tasks
from experiments.streams import STREAMS, stream
from experiments.tasks import TASKS, Adding, CopyMemory, TemporalOrder, Waveform
from experiments.tasks.contract import TaskSpec, whole

SMALL = {
    "adding": Adding(length=12),
    "temporal_order": TemporalOrder(length=20),
    "copy_memory": CopyMemory(delay=6, recall=3, symbols=4),
    "waveform": Waveform(length=40, periods=(4, 10)),
}
EVERY = pytest.mark.parametrize("task", SMALL.values(), ids=SMALL)
N = 20_000


def test_every_task_file_is_in_the_catalogue_and_in_this_test():
    files = {path.stem for path in Path(experiments.tasks.__file__).parent.glob("*.py")}
    assert files - {"__init__", "contract"} == set(TASKS) == set(SMALL)


@EVERY
def test_shapes_are_as_declared(task):
    batch = task.sample(stream(0, "data"), 5)
    assert isinstance(task, TaskSpec)
    assert batch.inputs.shape == (task.steps, 5, task.inputs)
    assert batch.targets.shape[:2] == (task.scored, 5)
    measured = task.measure(jnp.zeros((task.scored, 5, task.outputs)), batch)
    assert all(m.shape == () and np.isfinite(m) for m in measured)


@EVERY
def test_the_same_key_gives_the_same_sequences(task):
    first, second = (task.sample(stream(1, "data", 7), 4) for _ in range(2))
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), first, second))


@EVERY
def test_measures_of_equal_batches_average_to_the_measure_of_all(task):
    batch = task.sample(stream(0, "test"), 8)
    outputs = jax.random.normal(jax.random.key(0), (task.scored, 8, task.outputs))
    halves = [
        task.measure(outputs[:, part], jax.tree.map(lambda a, part=part: a[:, part], batch))
        for part in (slice(0, 4), slice(4, 8))
    ]
    mean = jax.tree.map(lambda a, b: (a + b) / 2, *halves)
    np.testing.assert_allclose(np.array(mean), np.array(task.measure(outputs, batch)), rtol=1e-5, atol=1e-6)


def naive_outputs(name, task, batch):
    """The best predictor that ignores the past of every step, written down by hand."""
    B = batch.targets.shape[1]
    if name == "adding":
        return jnp.ones((1, B, 1))
    if name == "temporal_order":
        return jnp.zeros((1, B, task.outputs))
    if name == "waveform":
        return jnp.broadcast_to(batch.targets.mean(), batch.targets.shape)
    blank = jnp.full((task.steps - task.recall, B, task.outputs), -1e9).at[..., 0].set(0.0)
    guess = jnp.zeros((task.recall, B, task.outputs)).at[..., 0].set(-1e9)
    return jnp.concatenate([blank, guess])


@EVERY
def test_the_naive_predictor_has_the_declared_loss_and_scores_zero(task):
    name = next(n for n, t in SMALL.items() if t is task)
    batch = task.sample(stream(2, "test"), N)
    measured = task.measure(naive_outputs(name, task, batch), batch)
    assert float(measured.loss) == pytest.approx(task.baseline, rel=0.03)
    if name in ("adding", "waveform"):
        assert float(measured.score) == pytest.approx(0.0, abs=0.03)
    else:  # ties between equal logits all go to one class: its share is what chance gives
        assert float(measured.score) == pytest.approx(0.0, abs=4 * math.sqrt(0.25 / N) * 8 / 7)
    assert float(measured.error) > 0.1


@EVERY
def test_the_perfect_predictor_scores_one_and_is_never_wrong(task):
    batch = task.sample(stream(3, "test"), 50)
    integers = jnp.issubdtype(batch.targets.dtype, jnp.integer)
    outputs = 50.0 * jax.nn.one_hot(batch.targets, task.outputs) if integers else batch.targets
    measured = task.measure(outputs, batch)
    assert float(measured.score) == pytest.approx(1.0)
    assert float(measured.error) == 0.0
    assert float(measured.loss) == pytest.approx(0.0, abs=1e-6)


def test_adding_target_has_mean_one_and_variance_one_sixth():
    batch = Adding(length=10).sample(stream(0, "data"), N)
    target = np.asarray(batch.targets).ravel()
    assert target.mean() == pytest.approx(1.0, abs=4 * math.sqrt(1 / 6 / N))
    assert target.var() == pytest.approx(1 / 6, rel=0.03)


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum():
    values, markers = np.moveaxis(np.asarray(Adding(length=9).sample(stream(0, "data"), 200).inputs), -1, 0)
    assert (markers[:4].sum(0) == 1).all()
    assert (markers[4:].sum(0) == 1).all()
    assert set(np.argwhere(markers[:4] == 1)[:, 0]) == set(range(4))
    target = Adding(length=9).sample(stream(0, "data"), 200).targets[0, :, 0]
    np.testing.assert_allclose((values * markers).sum(0), target, rtol=1e-6)


def test_temporal_order_has_its_symbols_in_their_windows_and_the_class_they_spell():
    task = TemporalOrder(length=100)
    batch = task.sample(stream(0, "data"), 2000)
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
    batch = task.sample(stream(0, "data"), 500)
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
        (lambda: CopyMemory(symbols=1), "symbols >= 2"),
        (lambda: Waveform(periods=()), "periods"),
    ],
)
def test_a_task_that_can_not_exist_says_what_it_needs(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_streams_never_share_a_key():
    keys = {
        tuple(np.asarray(jax.random.key_data(stream(seed, name, index))))
        for seed in (0, 1, 2**32 - 1)
        for name in STREAMS
        for index in (0, 1, len(STREAMS[name]) - 1)
    }
    assert len(keys) == 3 * len(STREAMS) * 3


def test_whole_numbers_are_uniform_and_never_reach_the_end():
    u = np.nextafter(np.float32(1), np.float32(0))
    assert all(
        int(whole(jnp.float32(1 - 2**-23), 0, n)) == n - 1 for n in (*range(1, 2000), 2**20, 2**20 + 7)
    )
    assert u > 1 - 2**-23  # uniform draws have 23 bits: the largest is 1 - 2**-23
    counts = np.bincount(np.asarray(whole(jax.random.uniform(jax.random.key(1), (60_000,)), 0, 6)))
    assert (np.abs(counts - 10_000) < 5 * math.sqrt(60_000 * 5 / 36)).all()
