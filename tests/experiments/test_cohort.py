"""What may not matter to a trial: its company, its place, the length of a chunk, a restart."""

import dataclasses
import math
from typing import ClassVar

import jax
import jax.monitoring
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from experiments import SGD, Adam, Adding, Cohort, CopyMemory, Program, Trial, evaluation
from experiments import cohort as engine
from experiments.cohort import make_advance, make_init, network_of, structure
from experiments.compiler import lines
from experiments.layout import MEMBERS, Layout
from experiments.specs import replace
from experiments.state import NEVER
from experiments.streams import stream
from lstm_variants import CELLS, GRU, LSTM, Layers

pytestmark = pytest.mark.slow

BASE = Trial(
    cell=LSTM(hidden=6),
    task=Adding(length=8),
    optimizer=Adam(learning_rate=0.01),
    seed=0,
    steps=30,
    batch=4,
    evaluate_every=10,
    validation_batches=2,
    test_batches=3,
)


def varied(base, n):
    rates = (3e-3, 1e-2, 3e-2, 1e-1)
    return tuple(replace(replace(base, "optimizer.learning_rate", rates[i % 4]), "seed", i) for i in range(n))


def train(program, cohort):
    """The final state and, by member, the list of its fresh reports as numbers."""
    state, seen = program.start(cohort), [[] for _ in range(cohort.size)]
    for _ in range(1000):
        state, report = program.advance(state)
        for i in range(cohort.size):
            if report.fresh[i]:
                seen[i].append(np.array([leaf[i] for leaf in jax.tree.leaves(report)]))
        if not np.asarray(state.running).any():
            return jax.tree.map(np.asarray, state._replace(optimizer=None)), seen
    raise AssertionError("never ended")


def bits(seen):
    return [row.tobytes() for row in seen]


@pytest.mark.parametrize(
    "base",
    [
        BASE,
        replace(replace(BASE, "optimizer", SGD(learning_rate=0.1)), "cell", GRU(hidden=5)),
        replace(BASE, "cell", Layers(cell=GRU(hidden=3), attend=True)),
    ],
    ids=["adam", "sgd", "attend"],
)
def test_a_trial_has_the_same_bits_alone_and_in_any_company_at_any_position(base):
    trials = varied(base, 4)
    together, alone = Program(Cohort(trials, 4).structure, 4), Program(Cohort(trials, 4).structure, 1)
    state, seen = train(together, Cohort(trials, 4))
    _, reverse = train(together, Cohort(trials[::-1], 4))
    for i, trial in enumerate(trials):
        solo_state, solo = train(alone, Cohort((trial,), 1))
        assert bits(solo[0]) == bits(seen[i]) == bits(reverse[3 - i])
        assert solo_state.params[0].tobytes() == state.params[i].tobytes()
        assert len(solo[0]) == 3


NOISY = replace(
    BASE, "cell", Layers(cell=LSTM(hidden=4), layers=2, noise=0.3, input_dropout=0.2, dropout=0.4)
)


@pytest.fixture(scope="module")
def noisy_pair():
    """The program of pairs of noisy trials, and how many programs were compiled since it was made."""
    compiled = []
    listener = lambda name, *_, **__: compiled.append(name) if "backend_compile" in name else None  # noqa: E731
    program = Program(Cohort((NOISY,), 2).structure, 2)
    jax.monitoring.register_event_duration_secs_listener(listener)
    return program, compiled


def test_training_with_noise_and_dropout_is_the_same_again_alone_and_in_any_company(noisy_pair):
    program, _ = noisy_pair
    trials = varied(NOISY, 2)
    state, seen = train(program, Cohort(trials, 2))
    _, reverse = train(program, Cohort(trials[::-1], 2))
    _, alone = train(program, Cohort(trials[:1], 2))
    assert [bits(s) for s in seen] == [bits(s) for s in reverse[::-1]]
    assert bits(alone[0]) == bits(seen[0])
    assert np.isfinite(state.params).all()


def test_noise_and_dropout_are_in_training_alone(noisy_pair):
    """Where nothing is learned, trials that differ in them are judged alike."""
    program, _ = noisy_pair
    still = replace(NOISY, "optimizer.learning_rate", 1e-30)
    for path in ("cell.noise", "cell.input_dropout", "cell.dropout"):
        _, seen = train(program, Cohort((still, replace(still, path, 0.9)), 2))
        one, other = (seen[i][-1] for i in range(2))
        assert one[1] != other[1]  # training loss
        assert one[3:].tobytes() == other[3:].tobytes()  # validation and test


def test_noise_and_dropout_are_knobs_that_compile_nothing(noisy_pair):
    program, compiled = noisy_pair
    before, results = len(compiled), {}
    for path in ("cell.noise", "cell.input_dropout", "cell.dropout", "cell.cell.forget_bias"):
        trials = (NOISY, replace(NOISY, path, 0.0))
        assert Cohort(trials, 2).structure == Cohort((NOISY,), 2).structure
        state, _ = program.advance(program.start(Cohort(trials, 2)))
        params = np.asarray(state.params)
        results[path] = not np.array_equal(params[0], params[1])
    assert results == dict.fromkeys(results, True)
    assert len(compiled) == before


@pytest.mark.parametrize("cell", [LSTM(hidden=3), Layers(cell=LSTM(hidden=3))], ids=["cell", "layers"])
def test_noise_has_a_stream_of_its_own_that_only_layers_draw_from(monkeypatch, cell):
    drawn = {}

    def watched(seed, name, index=0):
        drawn[name] = index
        return stream(seed, name, index)

    for module in (engine, evaluation):
        monkeypatch.setattr(module, "stream", watched)
    bare = Cohort((replace(BASE, "cell", cell),), 1).structure
    state = jax.eval_shape(engine.make_init(bare), *Cohort((bare,), 1).stack())
    jax.eval_shape(engine.make_advance(bare), state)
    noise = {"noise"} if isinstance(cell, Layers) else set()
    assert set(drawn) == {"init", "data", "validation", "test"} | noise
    assert all(isinstance(drawn[name], jax.core.Tracer) for name in {"data"} | noise)  # another at every step


def test_layers_without_extras_train_as_the_cell_alone():
    params = []
    for cell in (LSTM(hidden=4), Layers(cell=LSTM(hidden=4))):
        cohort = Cohort((replace(BASE, "cell", cell),), 1)
        params.append(train(Program(cohort.structure, 1), cohort)[0].params)
    # The same bits here; another compiler may fuse the two programs in another way.
    np.testing.assert_allclose(*params, rtol=1e-4, atol=1e-5)


def test_padding_members_never_run():
    program = Program(Cohort((BASE,), 3).structure, 3)
    _, seen = train(program, Cohort((BASE,), 3))
    assert [len(s) for s in seen] == [3, 0, 0]


def test_a_diverging_member_is_frozen_where_it_was_sound_and_leaves_its_neighbours_alone():
    base = replace(BASE, "optimizer.clip", math.inf)
    wild = replace(replace(base, "optimizer.learning_rate", 1e38), "seed", 1)
    program = Program(Cohort((base,), 2).structure, 2)
    state, seen = train(program, Cohort((base, wild), 2))
    _, calm = train(program, Cohort((base,), 2))
    assert bits(seen[0]) == bits(calm[0])
    assert state.diverged_step[0] == NEVER
    assert 0 < state.diverged_step[1] <= 30
    assert np.isfinite(state.params).all()
    assert state.step[1] == state.diverged_step[1] - 1


def test_stopping_costs_no_compilation_and_stops_right_after_solving():
    easy = replace(replace(BASE, "optimizer.learning_rate", 0.02), "steps", 3000)
    easy = dataclasses.replace(easy, batch=32, evaluate_every=100)
    stopped = replace(easy, "stop_after", 0.0)
    program = Program(Cohort((easy,), 2).structure, 2)
    state, seen = train(program, Cohort((easy, stopped), 2))
    assert state.solved_step[0] == state.solved_step[1] != NEVER
    assert state.step.tolist() == [3000, state.solved_step[1]]
    assert len(seen[1]) == state.solved_step[1] // 100


def test_no_float_and_no_seed_ever_compiles_again():
    compiled = []
    listener = lambda name, *_, **__: compiled.append(name) if "backend_compile" in name else None  # noqa: E731
    jax.monitoring.register_event_duration_secs_listener(listener)
    program = Program(Cohort((BASE,), 2).structure, 2)
    assert len(compiled) == 2  # init and advance
    changes = {
        "optimizer.learning_rate": 0.3,
        "optimizer.clip": 5.0,
        "cell.forget_bias": 3.0,
        "stop_after": 7.0,
    }
    changes |= {"optimizer.weight_decay": 0.1, "optimizer.b1": 0.5, "optimizer.cooldown": 1.0, "seed": 77}
    results = []
    for path, value in changes.items():
        trials = (BASE, replace(BASE, path, value))
        assert Cohort(trials, 2).structure == Cohort((BASE,), 2).structure
        state, _ = program.advance(program.start(Cohort(trials, 2)))
        results.append(np.asarray(state.params))
    assert len(compiled) == 2
    changed = {path: not np.array_equal(r[0], r[1]) for path, r in zip(changes, results, strict=True)}
    assert changed == dict.fromkeys(changes, True) | {"stop_after": False}  # each knob does something


def plain_training(trial, optimizer):
    """The same run as a Python loop over jitted-nothing optax, with the optimiser's floats as constants."""
    params, network = network_of(trial, stream(trial.seed, "init"))
    state = optimizer.init(params)

    def loss(p, step):
        batch = trial.task.sample(stream(trial.seed, "data", step), trial.batch)
        return trial.task.measure(network(p)(batch.inputs), batch).loss

    @jax.jit
    def update(params, state, step):
        updates, state = optimizer.update(jax.grad(loss)(params, step), state, params)
        return optax.apply_updates(params, updates), state

    for step in range(trial.steps):
        params, state = update(params, state, step)
    return params


@pytest.mark.parametrize(
    ("spec", "plain"),
    [
        (
            Adam(learning_rate=0.02, clip=0.1, weight_decay=0.01, b1=0.8),
            optax.chain(optax.clip_by_global_norm(0.1), optax.adamw(0.02, b1=0.8, weight_decay=0.01)),
        ),
        (Adam(learning_rate=0.02, clip=math.inf), optax.adam(0.02)),
        (
            Adam(learning_rate=0.02, clip=math.inf, cooldown=0.5),
            optax.adam(optax.linear_schedule(0.02, 0.0, transition_steps=10, transition_begin=10)),
        ),
        (SGD(learning_rate=0.05, momentum=0.7), optax.sgd(0.05, momentum=0.7, nesterov=True)),
        (SGD(learning_rate=0.05, momentum=0.0, nesterov=False), optax.sgd(0.05)),
    ],
    ids=["adamw", "adam", "cooldown", "nesterov", "sgd"],
)
def test_the_engine_computes_what_a_plain_loop_with_optax_computes(spec, plain):
    trial = replace(replace(BASE, "optimizer", spec), "steps", 20)
    program = Program(Cohort((trial,), 1).structure, 1)
    state, _ = train(program, Cohort((trial,), 1))
    # Adam divides by roots of small numbers: rounding of the last bit grows over 20 steps, not beyond 1e-4.
    np.testing.assert_allclose(state.params[0], plain_training(trial, plain), rtol=1e-3, atol=1e-4)


def test_trials_with_the_same_task_and_seed_see_the_same_data_whatever_their_cell():
    seen = []

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Watched(Adding):
        def sample(self, key, batch):
            made = super().sample(key, batch)
            jax.debug.callback(lambda x: seen.append(np.asarray(x)), made.inputs, ordered=False)
            return made

    for cell in (LSTM(hidden=3), GRU(hidden=4)):
        trial = replace(replace(BASE, "task", Watched(length=8)), "cell", cell)
        train(Program(Cohort((trial,), 1).structure, 1), Cohort((trial,), 1))
        jax.effects_barrier()
    half = len(seen) // 2
    assert half >= 30 + 3 * 2 + 3
    assert sorted(x.tobytes() for x in seen[:half]) == sorted(x.tobytes() for x in seen[half:])
    assert len({x.tobytes() for x in seen[:half]}) > 30  # training batches are fresh


def test_the_accelerators_form_agrees_with_the_cpus():
    trials = varied(BASE, 3)
    cohort = Cohort(trials, 3)
    state = Program(cohort.structure, 3).start(cohort)
    looped, _ = jax.jit(make_advance(cohort.structure))(state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jax, "default_backend", lambda: "gpu")
        mapped, _ = jax.jit(make_advance(cohort.structure))(state)
    # Another order of sums: equal to rounding, which ten steps of Adam keep small.
    np.testing.assert_allclose(mapped.params, looped.params, rtol=1e-3, atol=1e-4)
    assert mapped.step.tolist() == looped.step.tolist()


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlaxLSTM:
    reference: ClassVar[str] = "flax.nnx.LSTMCell"
    parameters: ClassVar[str] = "4*h*(n + h + 1)"
    hidden: int = 4

    def build(self, inputs, rngs):
        return nnx.LSTMCell(inputs, self.hidden, rngs=rngs)


def test_a_cell_of_flax_drops_into_the_harness():
    trial = replace(BASE, "cell", FlaxLSTM())
    state, seen = train(Program(Cohort((trial,), 1).structure, 1), Cohort((trial,), 1))
    assert len(seen[0]) == 3
    assert state.params.shape == (1, 4 * 4 * (2 + 4 + 1) + 4 + 1)


def test_tasks_that_score_every_step_train_too():
    trial = replace(BASE, "task", CopyMemory(delay=3, recall=2, alphabet=2))
    state, seen = train(Program(Cohort((trial,), 1).structure, 1), Cohort((trial,), 1))
    losses = [row[1] for row in seen[0]]
    assert losses[-1] < losses[0]
    assert jnp.isfinite(state.params).all()


def test_a_cohort_of_unequal_structures_is_refused():
    with pytest.raises(ValueError, match="equal up to floats and seed"):
        Cohort((BASE, replace(BASE, "cell.hidden", 7)), 2)


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("name", CELLS)
def test_no_program_decomposes_a_stack_of_matrices_which_can_stop_all_threads_of_a_cpu_for_ever(
    name, members
):
    """jaxlib's `qr` of a stack waits, on a thread of the pool, for other threads of the pool: several at once, and none
    is left. So each stands alone."""
    bare = structure(replace(BASE, "cell", CELLS[name](hidden=4)))
    cohort = Cohort((bare, replace(bare, "seed", 1)), 2)
    traced = jax.make_jaxpr(make_init(bare, Layout(members=members)))(*cohort.stack())
    shapes = {line.invars[0].aval.shape for line in lines(traced.jaxpr) if line.primitive.name == "qr"}
    assert all(len(shape) == 2 for shape in shapes)
    assert bool(shapes) == (name not in ("min_gru", "min_lstm"))
