"""What may not matter to a trial: how its cohort is laid out, gathered, stopped and taken up again."""

import dataclasses
import functools
import math
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.monitoring
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import SGD, Adam, Adding, Cohort, Trial
from experiments import engine as engine_module
from experiments.cohort import make_advance, make_init
from experiments.compiler import compile_with, training_options
from experiments.engine import Engine, fitting_size
from experiments.layout import Layout
from experiments.memory import cohort_bytes, most_members
from experiments.program import cohort_shapes
from experiments.specs import replace, structure
from experiments.state import NEVER
from experiments.tasks.contract import Batch
from lstm_variants import CELLS, GRU, LSTM, VanillaRNN

pytestmark = pytest.mark.slow

LOOP, SIDE_BY_SIDE = Layout(members="loop"), Layout(members="vmap")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Won(Adding):
    """Counts as solved at the first evaluation, so that `stop_after` says when a trial ends."""

    def measure(self, outputs, batch):
        return super().measure(outputs, batch)._replace(error=jnp.zeros(()))


BASE = Trial(
    cell=LSTM(hidden=4),
    task=Won(length=4),
    optimizer=Adam(learning_rate=0.01, clip=math.inf),
    seed=0,
    steps=40,
    batch=2,
    evaluate_every=10,
    validation_batches=1,
    test_batches=2,
)


def ending(*stops):
    """Trials that stop after these numbers of updates beyond the tenth; None: it diverges at once."""
    trials = [replace(BASE, "seed", i) for i in range(len(stops))]
    return tuple(
        replace(t, "optimizer.learning_rate", 1e38) if stop is None else replace(t, "stop_after", stop)
        for t, stop in zip(trials, stops, strict=True)
    )


def train(run):
    """The final state and, by member, its fresh reports as rows of numbers."""
    seen = [[] for _ in range(run.size)]
    while run.running.any():
        report = run.advance()
        for i in np.flatnonzero(report.fresh):
            seen[i].append(np.array([leaf[i] for leaf in jax.tree.leaves(report)]))
    return run.state, seen


def bits(tree):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


@pytest.fixture(scope="module")
def engines():
    """An engine of either layout, so that the tests here share their programs."""
    return {layout: Engine(layout) for layout in (LOOP, SIDE_BY_SIDE)}


STOPS = (0, None, math.inf, 0, 10, None, math.inf, 0)


@pytest.fixture(scope="module")
def ungathered(engines):
    return train(engines[SIDE_BY_SIDE].start(Cohort(ending(*STOPS), 8)))


@pytest.fixture
def eager(monkeypatch):
    """Gathering is worth it however few updates are left."""
    monkeypatch.setattr(engine_module, "WORTH", 0)


def agree(one, other):
    """Final states and curves are equal to rounding, member by member."""
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5), one, other)


def test_gathering_the_running_members_changes_no_member_and_completes_every_curve(
    engines, ungathered, eager
):
    run = engines[SIDE_BY_SIDE].start(Cohort(ending(*STOPS), 8))
    assert len(run.places) == 8
    state, seen = train(run)
    assert set(run.places) <= {2, 6}
    assert run.part.step.shape == (2,)
    agree((state, seen), ungathered)
    assert state.step.tolist()[2:5] == [40, 10, 20]
    assert state.solved_step.tolist() == [10, NEVER, 10, 10, 10, NEVER, 10, 10]
    assert [len(rows) for rows in seen] == [1, 1, 4, 1, 2, 1, 4, 1]


def test_nothing_is_gathered_where_little_is_left_to_do(engines, ungathered):
    run = engines[SIDE_BY_SIDE].start(Cohort(ending(*STOPS), 8))
    assert bits(train(run)) == bits(ungathered)
    assert run.part.step.shape == (8,)


def test_a_leftover_cohort_is_gathered_at_once_and_its_program_is_kept(engines, eager):
    engine = engines[SIDE_BY_SIDE]
    trials = ending(math.inf, 0)
    before = train(engine.start(Cohort(trials, 8)))
    compilations = engine.compilations
    state, seen = train(engine.start(Cohort(trials, 8)))
    assert engine.compilations == compilations
    assert [len(rows) for rows in seen] == [4, 1, 0, 0, 0, 0, 0, 0]
    agree((state, seen), before)


def test_a_spare_lane_repeats_a_member_that_has_ended_and_changes_nothing(engines, monkeypatch):
    trials = ending(*(math.inf if i in (5, 10) else 0 for i in range(12)))
    before = train(engines[SIDE_BY_SIDE].start(Cohort(trials, 12)))
    monkeypatch.setattr(engine_module, "WORTH", 0)
    run = engines[SIDE_BY_SIDE].start(Cohort(trials, 12))
    state, seen = train(run)
    assert run.places.tolist() == [5, 10, 0]
    agree((state, seen), before)
    assert [len(rows) for rows in seen] == [4 if i in (5, 10) else 1 for i in range(12)]


def test_the_sizes_are_few():
    sizes = [fitting_size(SIDE_BY_SIDE, 64, running) for running in range(1, 65)]
    assert sizes == [1] + [4] * 3 + [16] * 12 + [64] * 48


def test_a_run_goes_on_from_its_state_as_if_it_had_not_stopped(engines, eager):
    for layout, engine in engines.items():
        cohort = Cohort(ending(*STOPS), 8)
        whole, seen = train(engine.start(cohort))
        run = engine.start(cohort)
        for _ in range(3):
            run.advance()
        kept = run.state
        before = bits(kept)
        run.advance()
        assert bits(kept) == before
        state, rest = train(engine.start(cohort, kept))
        agree((state, rest[2]), (whole, seen[2][3:]))
        if layout == LOOP:
            assert bits((state, rest[2])) == bits((whole, seen[2][3:]))


def test_a_gathered_run_goes_on_gathered_with_the_same_bits(engines, eager, monkeypatch):
    engine, cohort = engines[SIDE_BY_SIDE], Cohort(ending(*STOPS), 8)
    whole, seen = train(engine.start(cohort))
    run = engine.start(cohort)
    for _ in range(3):
        run.advance()
    kept, places = run.state, run.places
    assert len(places) == 2
    monkeypatch.setattr(engine_module, "WORTH", 1000)  # so that it would not gather of itself
    again = engine.start(cohort, kept, places)
    assert bits(again.state) == bits(kept)
    state, rest = train(again)
    assert bits((state, rest[2])) == bits((whole, seen[2][3:]))


@pytest.mark.parametrize("layout", [LOOP, SIDE_BY_SIDE], ids=["loop", "vmap"])
def test_a_diverging_member_changes_no_bit_of_its_neighbours(engines, layout):
    calm = ending(*[math.inf] * 8)
    wild = tuple(ending(*[None] * 8)[i] if i % 2 else trial for i, trial in enumerate(calm))
    (state, seen), (same, as_before) = (
        train(engines[layout].start(Cohort(trials, 8))) for trials in (wild, calm)
    )
    assert np.isfinite(state.params).all()
    assert (state.diverged_step != NEVER).tolist() == [False, True] * 4
    for i in range(0, 8, 2):
        assert bits(seen[i]) == bits(as_before[i])
        assert state.params[i].tobytes() == same.params[i].tobytes()


def test_the_order_of_trials_does_not_matter(engines):
    trials, order = ending(*STOPS), (3, 1, 4, 0, 7, 5, 2, 6)
    state, seen = train(engines[LOOP].start(Cohort(trials, 8)))
    permuted, other = train(engines[LOOP].start(Cohort(tuple(trials[i] for i in order), 8)))
    for place, i in enumerate(order):
        assert bits(other[place]) == bits(seen[i])
        assert bits(jax.tree.map(lambda leaf, p=place: leaf[p], permuted)) == bits(
            jax.tree.map(lambda leaf, i=i: leaf[i], state)
        )


def test_how_often_a_trial_is_evaluated_does_not_change_what_it_learns(engines):
    trials = ending(math.inf, math.inf)
    state, _ = train(engines[LOOP].start(Cohort(trials, 8)))
    seldom = tuple(replace(trial, "evaluate_every", 40) for trial in trials)
    other, seen = train(engines[LOOP].start(Cohort(seldom, 8)))
    assert [len(rows) for rows in seen[:2]] == [1, 1]
    assert bits(other._replace(solved_step=0)) == bits(state._replace(solved_step=0))


def test_a_structure_compiles_once_however_its_trials_are_cut():
    compiled = []
    listener = lambda name, *_, **__: compiled.append(name) if "backend_compile" in name else None  # noqa: E731
    engine, trials = Engine(LOOP), ending(*[0] * 10)
    jax.monitoring.register_event_duration_secs_listener(listener)
    for cut in (trials[:4], trials[4:8], trials[8:]):
        _, seen = train(engine.start(Cohort(cut, 4)))
        assert [len(rows) for rows in seen] == [1] * len(cut) + [0] * (4 - len(cut))
    assert engine.compilations == 1
    assert len(compiled) == 2  # init and advance


def test_a_layout_is_refused_in_words():
    with pytest.raises(ValueError, match=r"loop \| vmap; got members='map'"):
        Layout(members="map")
    with pytest.raises(ValueError, match="devices=0"):
        Layout(devices=0)
    with pytest.raises(ValueError, match="over 99 devices; this process has"):
        Layout(devices=99).padded(4)


def two_devices():
    """Run with two devices, below: members laid over both have the bits that they have on one."""
    from test_engine import LOOP, SIDE_BY_SIDE, bits, ending, train

    assert jax.local_device_count() == 2
    trials = ending(0, None, math.inf)
    for layout in (LOOP, SIDE_BY_SIDE):
        one, both = (Engine(dataclasses.replace(layout, devices=n)) for n in (1, None))
        state, seen = train(one.start(Cohort(trials, 4)))
        run = both.start(Cohort(trials, 3))
        assert run.size == 4
        assert len(run.part.params.sharding.device_set) == 2
        spread, other = train(run)
        assert bits((spread, other)) == bits((state, seen))


def test_members_laid_over_two_devices_have_the_bits_that_they_have_on_one():
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    program = "import test_engine; test_engine.two_devices()"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def compiled(bare, size, layout=LOOP):
    """`advance` for a cohort of this size, as sweeps compile it."""
    state = jax.eval_shape(make_init(bare, layout), *cohort_shapes(bare, size))
    traced = jax.jit(make_advance(bare, layout), donate_argnums=0).trace(state)
    return compile_with(traced.lower(), training_options(traced.jaxpr.jaxpr))


def lanes(advance, state):
    """All numbers of each member of a cohort whose trials have two evaluations."""
    state, first = advance(state)
    state, second = advance(state)
    tree = first, second, state
    return [bits(jax.tree.map(lambda leaf, i=i: leaf[i], tree)) for i in range(len(state.step))]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waves(Adding):
    """Data that cost little to compile, which is most of what the next test does."""

    def sample(self, key, batch):
        phase = jax.random.key_data(key).astype(jnp.float32).sum() % 100
        numbers = jnp.sin(phase + jnp.arange(self.length * batch * 2, dtype=jnp.float32))
        inputs = numbers.reshape(self.length, batch, 2)
        return Batch(inputs, inputs.sum(axis=(0, 2))[None, :, None], None, None)


SMALL = (4, 2, 5, SGD(learning_rate=0.1))  # all numbers of a unit fit into one instruction
LARGER = (12, 8, 9, Adam(learning_rate=0.01))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [*((name, LARGER) for name in CELLS), *((name, SMALL) for name in ("rnn", "lstm", "clockwork", "grid"))],
)
def test_every_cell_has_the_same_bits_alone_and_in_a_cohort(name, size):
    """Alone in a program for one, and alone among frozen members."""
    hidden, batch, length, optimizer = size
    base = replace(replace(BASE, "cell", CELLS[name](hidden=hidden)), "task", Waves(length=length))
    base = dataclasses.replace(base, steps=4, batch=batch, evaluate_every=2, test_batches=1)
    trials = [replace(base, "seed", i) for i in range(2)]
    start = jax.jit(make_init(structure(base), LOOP))(*Cohort(tuple(trials), 2).stack())
    cohort = Cohort(tuple(replace(trial, "optimizer", optimizer) for trial in trials), 2)
    moments = jax.vmap(optimizer.build(base.steps).init)(start.params)
    both = start._replace(optimizer=moments, knobs=cohort.stack()[0])
    both = jax.tree.map(np.array, both)  # each call uses up what it is given
    advance = compiled(cohort.structure, 2)
    one = jax.tree.map(lambda leaf: leaf[:1].copy(), both)
    other = jax.tree.map(lambda leaf: leaf[::-1].copy(), both)
    together = lanes(advance, both)
    assert together[0] != together[1]
    assert lanes(compiled(cohort.structure, 1), one)[0] == together[0]
    frozen = other._replace(running=np.array([True, False]))
    assert lanes(advance, frozen)[0] == together[1]


MEMORABLE = {
    "long": (LSTM(hidden=16), Adding(length=60), 16),
    "wide": (GRU(hidden=64), Adding(length=4), 2),
    "plain": (VanillaRNN(hidden=16), Adding(length=30), 32),
}


@pytest.mark.parametrize("name", MEMORABLE)
def test_the_memory_of_a_member_is_what_the_compiler_says(name):
    cell, task, batch = MEMORABLE[name]
    bare = structure(dataclasses.replace(BASE, cell=cell, task=task, batch=batch))

    def measured(size):
        found = compiled(bare, size, SIDE_BY_SIDE).memory_analysis()
        held = found.argument_size_in_bytes + found.output_size_in_bytes - found.alias_size_in_bytes
        return held + found.temp_size_in_bytes

    slope = (measured(6) - measured(2)) / 4
    ours = (cohort_bytes(bare, 6, SIDE_BY_SIDE) - cohort_bytes(bare, 2, SIDE_BY_SIDE)) / 4
    assert slope / 1.1 < ours < 1.3 * slope


def test_in_a_loop_only_states_grow_with_the_cohort():
    bare = structure(dataclasses.replace(BASE, task=Adding(length=200), batch=32))
    one, many = (cohort_bytes(bare, size, LOOP) for size in (1, 101))
    state = jax.eval_shape(make_init(bare, LOOP), *cohort_shapes(bare, 1))
    held = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(state))
    assert 2 * held <= (many - one) / 100 <= 3 * held  # in and out, and a report
    assert (many - one) / 100 < one / 20


@pytest.mark.parametrize("layout", [LOOP, SIDE_BY_SIDE], ids=["loop", "vmap"])
def test_the_largest_cohort_is_the_last_one_that_fits_with_some_room(layout):
    bare = structure(BASE)
    memory = 1e6
    most = most_members(bare, memory, layout)
    assert cohort_bytes(bare, most, layout) <= 0.7 * memory < cohort_bytes(bare, most + 1, layout)
    assert most_members(bare, 1000, layout) == 0
