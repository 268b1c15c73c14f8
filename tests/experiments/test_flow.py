"""What flows through a carry, against values that are known."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from experiments import Adam, Adding, CopyMemory, EarlyMention, Trial
from experiments.flow import flows, horizon, influence
from experiments.flow.exponent import exponent
from experiments.flow.gates import watched
from experiments.flow.measure import make_measure, said
from lstm_variants import CELLS, GRU, LSTM, ClockworkRNN, Layers, LSTMState, VanillaRNN

pytestmark = pytest.mark.slow
T, B, H, N = 30, 3, 5, 2


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def orthogonal(seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))[0].astype(np.float32)


def linear(A):
    """A recurrent network without a function: h' = A h + W x, in rows."""
    W = normal(1, N, H)

    def step(h, x):
        h = h @ A + x @ W
        return h, h

    return step, jnp.zeros((B, H)), jnp.asarray(normal(2, T, B, N))


@pytest.mark.parametrize("gamma", [1.0, 0.8, 1.3])
def test_in_a_linear_network_influence_grows_and_falls_by_the_power_of_the_matrix(gamma):
    """Orthogonal: all lags count alike; contracting: gamma^k; expanding: explosion."""
    step, first, inputs = linear(gamma * orthogonal(0))
    w = normal(3, H)
    norms = influence(step, first, inputs, lambda ys: ys[-1] @ w)
    wanted = np.linalg.norm(w) * gamma ** np.arange(1, T + 1)
    np.testing.assert_allclose(norms, np.broadcast_to(wanted[:, None], (T, B)), rtol=1e-4)


@pytest.mark.parametrize("gamma", [1.0, 0.8, 1.3])
def test_the_lyapunov_exponent_of_a_linear_network_is_the_logarithm_of_its_factor(gamma):
    step, first, inputs = linear(gamma * orthogonal(0))
    found = exponent(step, first, inputs, jax.random.key(0))
    np.testing.assert_allclose(found, np.log(gamma) * np.ones(B), atol=1e-5)


def test_the_lyapunov_exponent_is_that_of_the_direction_that_grows_fastest():
    step, first, inputs = linear(np.diag(np.array([0.5, 0.9, 0.2, 0.1, 0.3], np.float32)))
    inputs = jnp.concatenate([inputs] * 8)
    np.testing.assert_allclose(
        exponent(step, first, inputs, jax.random.key(0)), np.log(0.9) * np.ones(B), atol=1e-3
    )


def test_of_a_change_that_is_gone_the_exponent_is_minus_infinity():
    step, first, inputs = linear(np.zeros((H, H), np.float32))
    assert np.isneginf(exponent(step, first, inputs, jax.random.key(0))).all()


def held_lstm(f):
    """An LSTM whose forget gate is f whatever comes, with no recurrent weights, and its step."""
    cell = LSTM(hidden=H).build(N, nnx.Rngs(0))
    cell.R[...] = jnp.zeros_like(cell.R[...])
    cell.W[...] = cell.W[...].at[:, 2 * H : 3 * H].set(0.0)
    cell.b[...] = cell.b[...].at[2 * H : 3 * H].set(np.log(f / (1 - f)))
    first = cell.initialize_carry((B, N), nnx.Rngs(0))
    return (lambda carry, x: cell(carry, x)), first, jnp.asarray(normal(2, T, B, N))


@pytest.mark.parametrize("f", [0.5, 0.9, 0.99])
def test_with_the_forget_gate_held_influence_along_the_belt_is_its_power(f):
    step, first, inputs = held_lstm(f)
    norms = np.asarray(influence(step, first, inputs, lambda ys: ys[-1].sum(-1)))
    np.testing.assert_allclose(
        norms / norms[0], np.broadcast_to(f ** np.arange(T)[:, None], (T, B)), rtol=1e-4
    )


@pytest.mark.parametrize("f", [0.5, 0.9, 0.99])
def test_with_the_forget_gate_held_what_is_kept_is_its_power(f):
    kept, shut, opened = said(*held_lstm(f), None)
    np.testing.assert_allclose(kept, f ** np.arange(1, T + 1), rtol=1e-4)
    assert opened >= (1 / 3 if f > 0.9 else 0)
    assert shut < 0.5


@pytest.mark.parametrize("name", ["lstm", "gru", "depth_gated", "rnn"])
def test_influence_is_what_finite_differences_say_in_float64(name):
    with jax.enable_x64(True):
        cell = CELLS[name](hidden=H).build(N, nnx.Rngs(0))
        graph, state = nnx.split(cell)
        state = jax.tree.map(lambda a: a.astype(jnp.float64), state)
        cell = nnx.merge(graph, state)
        first = cell.initialize_carry((1, N), nnx.Rngs(0))
        inputs = jnp.asarray(normal(2, 6, 1, N), jnp.float64)
        w = jnp.asarray(normal(3, H), jnp.float64)

        def step(carry, x):
            return nnx.merge(graph, state)(carry, x)

        def loss_from(carry, t):
            for x in inputs[t:]:
                carry, y = step(carry, x)
            return float((y @ w)[0])

        norms = np.asarray(influence(step, first, inputs, lambda ys: ys[-1] @ w))
        carry, wanted = first, []
        for t in range(len(inputs)):
            leaves, tree = jax.tree.flatten(carry)
            slopes = []
            for k, leaf in enumerate(leaves):
                for j in range(leaf.size):
                    moved = [
                        loss_from(
                            tree.unflatten([*leaves[:k], leaf.at[0, j].add(change), *leaves[k + 1 :]]), t
                        )
                        for change in (1e-5, -1e-5)
                    ]
                    slopes.append((moved[0] - moved[1]) / 2e-5)
            wanted.append(np.linalg.norm(slopes))
            carry, _ = step(carry, inputs[t])
    np.testing.assert_allclose(norms[::-1, 0], wanted, rtol=1e-7, atol=1e-10)


def test_what_the_clock_counts_is_no_part_of_what_flows():
    cell = ClockworkRNN(hidden=4).build(N, nnx.Rngs(0))
    first = cell.initialize_carry((B, N), nnx.Rngs(0))
    norms = influence(
        lambda c, x: cell(c, x), first, jnp.asarray(normal(2, T, B, N)), lambda ys: ys[-1].sum(-1)
    )
    assert norms.shape == (T, B)
    assert np.isfinite(norms).all()


def test_steps_that_do_not_count_let_everything_pass():
    step, first, inputs = linear(0.8 * orthogonal(0))
    mask = jnp.ones((T, B), bool).at[:10, 0].set(False)
    norms = influence(step, first, inputs, lambda ys: ys[-1].sum(-1), mask)
    np.testing.assert_allclose(norms[19:, 0], norms[19, 0], rtol=1e-5)
    np.testing.assert_allclose(norms[1:, 1] / norms[:-1, 1], 0.8, rtol=1e-4)
    np.testing.assert_allclose(
        exponent(step, first, inputs, jax.random.key(0), mask), np.log(0.8) * np.ones(B), atol=1e-5
    )


# Gates, seen from outside.


SIZES = {"clockwork": {"hidden": 8}, "transformer": {"hidden": 8, "context": 4}}


def seen(name, seed=4):
    spec = CELLS[name](**SIZES.get(name, {"hidden": H}))
    cell = spec.build(N, nnx.Rngs(seed))
    zero = cell.initialize_carry((B, N), nnx.Rngs(0))
    carry = jax.tree.map(lambda a: jnp.asarray(normal(5, *a.shape)) if a.dtype == jnp.float32 else a, zero)
    x = jnp.asarray(normal(6, B, N))
    after, gates, kept = watched(lambda c, x: cell(c, x), carry, x)(carry, x)
    return cell, carry, x, after, gates, kept


@pytest.mark.parametrize("name", CELLS)
def test_a_step_that_is_watched_is_the_same_step(name):
    cell, carry, x, after, _, _ = seen(name)
    for a, b in zip(jax.tree.leaves(after), jax.tree.leaves(cell(carry, x)[0]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_the_gates_of_an_lstm_are_seen():
    cell, carry, x, _, gates, kept = seen("lstm")
    a = x @ cell.W[...] + carry.y @ cell.R[...] + cell.b[...]
    _, i, f, o = jnp.split(jax.nn.sigmoid(a), 4, axis=-1)
    for found, wanted in zip(gates, (i, f, o), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(kept, f, rtol=1e-5)


@pytest.mark.parametrize("name", ["lstm", "coupled", "lstm2000", "niaf", "cifg", "peephole", "nig", "fgr"])
def test_what_is_kept_of_the_cell_is_the_factor_on_it(name):
    """Where the gates hear c by peepholes, these are taken away first: then the slope of c' by c is that factor."""
    cell, carry, x, *_ = seen(name)
    for letter in ("p_i", "p_f", "p_if", "p", "p_o"):
        if hasattr(cell, letter):
            getattr(cell, letter)[...] = jnp.zeros_like(getattr(cell, letter)[...])
    _, _, kept = watched(lambda c, x: cell(c, x), carry, x)(carry, x)
    ones = jax.tree.map(jnp.zeros_like, carry)._replace(c=jnp.ones_like(carry.c))
    _, slope = jax.jvp(lambda c: cell(c, x)[0].c, (carry,), (ones,))
    np.testing.assert_allclose(kept, slope, rtol=1e-4, atol=1e-6)


def test_without_a_forget_gate_all_is_kept_and_without_a_cell_nothing_is_said():
    assert (seen("nfg")[5] == 1).all()
    assert (seen("lstm1997")[5] == 1).all()
    assert seen("gru")[5] is None
    assert seen("rnn")[4] == []


# Of trials.


def trial(**changes):
    plain = Trial(
        cell=LSTM(hidden=6),
        task=Adding(length=20),
        optimizer=Adam(learning_rate=0.02),
        seed=3,
        steps=40,
        evaluate_every=20,
        validation_batches=1,
        test_batches=1,
        batch=8,
    )
    return dataclasses.replace(plain, **changes)


def test_a_networks_flow_does_not_depend_on_its_company():
    alone = flows([trial()], 4)
    company = flows([trial(seed=8), trial()], 4)
    for a, b in zip(alone, company, strict=True):
        assert (a.name, a.step) == (b.name, b.step)
        for one, two in zip(a.measured, b.measured, strict=True):
            np.testing.assert_allclose(one[0], two[1], rtol=1e-5)


def test_the_moments_are_before_between_and_after():
    moments = flows([trial()], 4)
    assert [(m.name, m.step) for m in moments] == [("start", 0), ("halfway", 20), ("end", 40)]
    assert moments[0].measured.norms.shape == (1, 20)
    assert not np.allclose(moments[0].measured.norms, moments[2].measured.norms)


@pytest.mark.parametrize(("every", "steps"), [(10, [0, 20, 40]), (15, [0, 30, 40]), (40, [0, 40])])
def test_halfway_is_the_first_evaluation_after_half_of_the_updates(every, steps):
    small = trial(cell=VanillaRNN(hidden=2), task=Adding(length=4), evaluate_every=every)
    assert [m.step for m in flows([small], 2)] == steps


def test_a_network_that_attends_is_refused():
    with pytest.raises(ValueError, match="can not be measured on a network that attends"):
        flows([trial(cell=Layers(cell=VanillaRNN(hidden=3), attend=True))], 4)


@pytest.mark.parametrize("task", [EarlyMention(distance=16, distractors=1, vary=1), CopyMemory(delay=10)])
def test_tasks_with_padding_and_with_many_scored_steps_are_measured(task):
    found = make_measure(trial(task=task, cell=GRU(hidden=6)), 4)
    vector = jnp.asarray(flow_parameters(task))
    measured = jax.jit(found)(vector, jnp.uint32(0))
    assert measured.norms.shape == (task.steps,)
    assert np.isfinite(measured.norms).all()
    assert measured.norms[0] > 0
    assert np.isnan(measured.kept).all()


def flow_parameters(task):
    from experiments.cohort import network_of
    from experiments.streams import stream

    return network_of(trial(task=task, cell=GRU(hidden=6)), stream(0, "init"))[0]


def test_the_horizon_is_the_last_lag_with_a_hundredth_of_the_first():
    assert horizon(np.array([2.0, 1.0, 0.5, 0.021, 0.019, 0.001])) == 4
    assert horizon(np.array([1.0, 0.001, 0.5, 0.001])) == 3
    assert horizon(np.zeros(4)) == 0


@pytest.mark.parametrize("norm", [np.nan, np.inf])
def test_of_a_network_that_diverged_the_horizon_is_nothing(norm):
    assert horizon(np.full(4, norm)) == 0


def test_the_state_of_an_lstm_is_what_the_tests_take_it_for():
    assert LSTMState._fields == ("c", "y")
