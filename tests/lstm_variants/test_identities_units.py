"""Where the gated units and the grids must agree with other cells, whatever the parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, parameters, put, quickly, randomised, run, step

from lstm_variants import (
    GRU,
    LSTM,
    MUT1,
    MUT2,
    MUT3,
    DepthGridLSTM,
    GridLSTM,
    GRUAfter,
    MinGRU,
    MinLSTM,
    state_size,
)

pytestmark = pytest.mark.slow

T, B, N, H = 8, 2, 3, 8
OPEN, SHUT = 1e9, -1e9  # as a bias: σ is 1 or 0 exactly, in float32
XS, WIDE = normal(1, T, B, N), normal(1, T, B, H)
z, r = slice(0, H), slice(H, 2 * H)
u, f, o, c = (slice(k * H, (k + 1) * H) for k in range(4))  # gates of the grids


def random_cell(spec, seed=0, inputs=N):
    return randomised(abstract(spec, inputs), seed)


def outputs(cell, xs=XS, carry=None):
    return np.asarray(run(cell, xs, carry)[1])


def assert_same(a, b):
    # The same sums in another order: float32 rounding over eight steps.
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)


def assert_different(a, b):
    assert np.abs(a - b).max() > 1e-2


def biased(cell, *gates):
    """The biases of `cell` with gates overwritten, `(gate, number), ...`."""
    b = np.array(cell.b[...])
    for gate, number in gates:
        b[gate] = number
    return put(cell, b=b)


# Where the reset gate acts.


def before_and_after():
    """A GRU with the same weights as a GRUAfter, whose two biases of the candidate are one there."""
    after, before = random_cell(GRUAfter(hidden=H)), random_cell(GRU(hidden=H), 1)
    put(before, W=after.W[...], R=after.R[...], b=after.b[...], W_h=after.W_h[...], R_h=after.R_h[...])
    return put(before, b_h=after.b_h[...] + after.b_R[...]), after


def test_reset_before_and_after_are_the_same_where_nothing_is_reset():
    before, after = before_and_after()
    assert_different(outputs(before), outputs(after))
    assert_same(outputs(biased(before, (r, OPEN))), outputs(biased(after, (r, OPEN))))


def test_reset_before_and_after_are_the_same_for_diagonal_recurrence_without_inner_bias():
    before, after = before_and_after()
    diagonal = np.diag(normal(5, H))
    put(before, R_h=diagonal, b_h=after.b_h[...])
    put(after, R_h=diagonal, b_R=0)
    assert_same(outputs(before), outputs(after))


def test_shut_reset_gate_hides_recurrence_and_inner_bias():
    _, after = before_and_after()
    biased(after, (r, SHUT))
    reset = outputs(after)
    assert np.array_equal(reset, outputs(put(after, R_h=0, b_R=0)))


# MUT1, MUT2, MUT3 beside the GRU.


def as_gru(mutant, **changes):
    """A GRU on inputs `(H,)` with the weights of a mutant on such inputs; `changes` for what it lacks."""
    p = {"R_z": np.zeros((H, H)), **parameters(mutant), **changes}
    return put(
        random_cell(GRU(hidden=H), inputs=len(p["W_h"])),
        **{"W_h": p["W_h"], "R_h": p["R_h"], "b_h": p["b_h"]},
        **{name: np.concatenate([p[f"{name}_z"], p[f"{name}_r"]], -1) for name in "WRb"},
    )


def test_mut1_is_a_gru_with_a_blind_update_gate_that_is_shown_the_squashed_input_too():
    mutant = random_cell(MUT1(hidden=H), inputs=H)
    p, nothing = parameters(mutant), np.zeros((H, H))
    gru = as_gru(
        mutant,
        W_z=np.vstack([p["W_z"], nothing]),
        W_r=np.vstack([p["W_r"], nothing]),
        W_h=np.vstack([nothing, np.eye(H)]),
    )
    assert_same(outputs(mutant, WIDE), outputs(gru, jnp.concatenate([WIDE, jnp.tanh(WIDE)], -1)))


def test_mut2_is_a_gru_whose_reset_gate_has_the_identity_as_input_weights():
    mutant = random_cell(MUT2(hidden=H), inputs=H)
    assert_same(outputs(mutant, WIDE), outputs(as_gru(mutant, W_r=np.eye(H)), WIDE))


@pytest.mark.parametrize("spec", [MUT1(hidden=H), MUT2(hidden=H)], ids=["mut1", "mut2"])
def test_inputs_of_another_size_are_embedded_and_the_rest_is_the_published_cell(spec):
    embedding, published = random_cell(spec), random_cell(spec, inputs=H)
    put(published, **{name: array for name, array in parameters(embedding).items() if name != "P"})
    assert not hasattr(published, "P")
    assert_same(outputs(embedding), outputs(published, XS @ embedding.P[...]))


def test_mut3_whose_update_gate_is_blind_to_the_state_is_the_gru():
    mutant = random_cell(MUT3(hidden=H))
    assert_different(outputs(mutant), outputs(as_gru(mutant)))
    assert_same(outputs(put(mutant, R_z=0)), outputs(as_gru(mutant)))


def test_mut3_is_the_gru_for_small_states():
    """tanh(h) = h - h³/3: a candidate below 1e-3 keeps every state there."""
    mutant = random_cell(MUT3(hidden=H))
    for name in ("W_h", "R_h", "b_h"):
        put(mutant, **{name: 1e-4 * parameters(mutant)[name]})
    small = outputs(mutant)
    assert 1e-5 < np.abs(small).max() < 1e-3
    np.testing.assert_allclose(small, outputs(as_gru(mutant)), rtol=1e-5, atol=1e-9)


# minGRU and minLSTM.


def test_min_gru_is_the_gru_without_recurrence_for_small_candidates():
    """tanh(a) = a - a³/3 is the identity of float32 for a of some 1e-4."""
    gru, minimal = random_cell(GRU(hidden=H)), random_cell(MinGRU(hidden=H), 1)
    put(gru, R=0, R_h=0)
    biased(gru, (r, SHUT))
    for size, same in [(1, assert_different), (1e-4, assert_same)]:
        put(gru, W_h=size * parameters(gru)["W_h"], b_h=size * parameters(gru)["b_h"])
        W = np.concatenate([parameters(gru)["W"][:, z], parameters(gru)["W_h"]], -1)
        put(minimal, W=W, b=np.concatenate([parameters(gru)["b"][z], parameters(gru)["b_h"]]))
        same(outputs(gru) / size, outputs(minimal) / size)


@pytest.mark.parametrize("spec", [MinGRU(hidden=H), MinLSTM(hidden=H)], ids=["min_gru", "min_lstm"])
def test_minimal_cells_are_linear_in_their_candidate(spec):
    cell, twice = random_cell(spec), random_cell(spec)
    candidate = (np.arange(len(cell.b[...])) >= len(cell.b[...]) - H) + 1  # the last gate: times 2
    put(twice, W=parameters(cell)["W"] * candidate, b=parameters(cell)["b"] * candidate)
    assert np.array_equal(2 * outputs(cell), outputs(twice))


def test_min_lstm_with_opposite_gates_is_min_gru():
    """σ(a) + σ(-a) = 1: then f' = f, which is 1 - z of the update gate with opposite weights."""
    lstm, gru = random_cell(MinLSTM(hidden=H)), random_cell(MinGRU(hidden=H), 1)
    for name, array in parameters(gru).items():
        update, candidate = np.split(array, 2, -1)
        put(lstm, **{name: np.concatenate([-update, update, candidate], -1)})
    assert_same(outputs(lstm), outputs(gru))


def test_min_lstm_with_equal_gates_takes_the_mean():
    lstm = random_cell(MinLSTM(hidden=H))
    for name, array in parameters(lstm).items():
        forget, _, candidate = np.split(array, 3, -1)
        put(lstm, **{name: np.concatenate([forget, forget, candidate], -1)})
    h, p = np.zeros((B, H)), parameters(lstm)
    for x, y in zip(np.asarray(XS), outputs(lstm), strict=True):
        h = (h + x @ p["W"][:, 2 * H :] + p["b"][2 * H :]) / 2
        assert_same(y, h)


def test_min_lstm_shares_are_exact_where_both_gates_underflow():
    """σ(-200) is 0 in float32 and the printed quotient 0 / 0; the shares there are e : 1."""
    lstm = put(random_cell(MinLSTM(hidden=H)), W=0)
    put(lstm, b=np.repeat([-200.0, -201.0, 0.0], H))
    after, _ = step(lstm, jax.tree.map(jnp.ones_like, lstm.initialize_carry((N,))), XS[0, 0])
    np.testing.assert_allclose(after.h, 1 / (1 + np.exp(-1)), rtol=1e-6)
    slope = quickly(jax.grad(lambda cell, x: cell(cell.initialize_carry((N,)), x)[1].sum()))(lstm, XS[0, 0])
    assert all(np.isfinite(array).all() for array in parameters(slope).values())


# Grids.


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("spec", [GridLSTM, DepthGridLSTM])
def test_depth_transform_that_forgets_nothing_passes_the_memory_unchanged(spec, layers):
    cell = random_cell(spec(hidden=H, layers=layers))
    for transform in cell.depth:
        biased(transform, (u, SHUT), (f, OPEN), (o, OPEN))
    W_m = parameters(cell)["W"][:, :H]
    assert_same(outputs(cell), np.tanh(np.asarray(XS) @ W_m))


def put_lstm(lstm, transform, project=None):
    """Weights of a grid transform, u f o c, into an LSTM, z i f o; its W behind a projection."""
    for name, array in parameters(transform).items():
        u, f, o, c = np.split(array, 4, -1)
        array = np.concatenate([c, u, f, o], -1)
        put(lstm, **{name: project @ array if name == "W" and project is not None else array})
    return lstm


def test_time_of_the_first_layer_is_an_lstm_on_the_projected_input():
    grid = random_cell(GridLSTM(hidden=H))
    lstm = put_lstm(random_cell(LSTM(hidden=H)), grid.time[0], parameters(grid)["W"][:, H:])
    ours, theirs = run(grid, XS)[0], run(lstm, XS)[0]
    assert_same(ours.m[0], theirs.c)
    assert_same(ours.h[0], theirs.y)


def test_time_of_every_layer_is_an_lstm_where_depth_only_passes_on():
    grid = random_cell(GridLSTM(hidden=H, layers=3))
    for transform in grid.depth:
        biased(transform, (u, SHUT), (f, OPEN), (o, OPEN))
    carries, _ = run(grid, XS)
    seen = jnp.tanh(XS @ grid.W[...][:, :H])  # by each layer above the first
    for layer in (1, 2):
        lstm = put_lstm(random_cell(LSTM(hidden=H), inputs=H), grid.time[layer])
        theirs = run(lstm, seen)[0]
        assert_same(carries.m[layer], theirs.c)
        assert_same(carries.h[layer], theirs.y)


@pytest.mark.parametrize("tied", [False, True])
def test_grid_whose_depth_does_not_hear_time_is_the_grid_of_depth_alone(tied):
    grid = random_cell(GridLSTM(hidden=H, layers=3, tied=tied))
    alone = random_cell(DepthGridLSTM(hidden=H, layers=3, tied=tied), 1)
    put(alone, W=grid.W[...])
    for transform, lonely in zip(grid.depth, alone.depth, strict=True):
        put(lonely, R=transform.R[...], b=transform.b[...])
    assert_different(outputs(grid), outputs(alone))
    for transform in grid.depth:
        put(transform, W=0)
    assert_same(outputs(grid), outputs(alone))


@pytest.mark.parametrize("spec", [GridLSTM, DepthGridLSTM])
def test_tied_layers_are_layers_with_the_same_weights(spec):
    tied, free = (random_cell(spec(hidden=H, layers=3, tied=tied)) for tied in (True, False))
    for name, array in parameters(tied).items():
        if ".0." not in name:
            put(free, **{name: array})
            continue
        dimension, _, parameter = name.split(".")
        for transform in getattr(free, dimension):
            put(transform, **{parameter: array})
    assert_same(outputs(tied), outputs(free))


def test_tied_grid_of_depth_is_an_lstm_that_runs_along_depth_without_inputs():
    grid = random_cell(DepthGridLSTM(hidden=H, layers=5, tied=True))
    lstm = put_lstm(put(random_cell(LSTM(hidden=H)), W=0), grid.depth[0])
    m, h = jnp.split(XS[0] @ grid.W[...], 2, -1)
    start = lstm.initialize_carry((B, N))._replace(c=m, y=h)
    assert_same(outputs(grid)[0], outputs(lstm, XS[:5], start)[-1])


def test_grid_of_depth_remembers_nothing():
    cell = random_cell(DepthGridLSTM(hidden=H))
    assert jax.tree.leaves(cell.initialize_carry((B, N))) == []
    assert state_size(cell, N) == 0
    order = np.random.default_rng(0).permutation(T)
    assert np.array_equal(outputs(cell, XS[order]), outputs(cell)[order])


def test_empty_carry_passes_through_flax_rnn_with_lengths_and_both_directions():
    cell = random_cell(DepthGridLSTM(hidden=H))
    rnn = nnx.RNN(cell, time_major=True, return_carry=True, reverse=True, keep_order=True)
    carry, ys = rnn(XS, seq_lengths=jnp.array([T, T - 3]))
    assert carry == cell.initialize_carry((B, N))
    assert_same(ys[: T - 3], outputs(cell)[: T - 3])
