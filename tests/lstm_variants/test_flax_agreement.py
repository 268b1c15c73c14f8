"""Flax's own cells compute what ours compute, where they are meant to."""

import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, put, randomised, run

from lstm_variants import GRU, LSTM, GRUAfter, VanillaRNN

pytestmark = pytest.mark.slow

N, H = 3, 8
XS = normal(1, 8, 2, N)


def pair(spec, flax_cell):
    """Our cell and Flax's, random in every parameter."""
    ours = randomised(abstract(spec, N))
    theirs = randomised(nnx.eval_shape(lambda: flax_cell(N, H, rngs=nnx.Rngs(0))), seed=1)
    return ours, theirs


def assert_same_run(ours, theirs):
    (state, y), (their_state, their_y) = run(ours, XS), run(theirs, XS)
    np.testing.assert_allclose(y, their_y, rtol=1e-5, atol=2e-6)
    their_state = their_state if isinstance(their_state, tuple) else (their_state,)
    for a, b in zip(state, their_state, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)


def test_lstm_agrees_with_flax_lstm_cell():
    ours, theirs = pair(LSTM(hidden=H), nnx.LSTMCell)
    for k, gate in enumerate("gifo"):  # Flax's g is our z
        at = slice(k * H, (k + 1) * H)
        put(getattr(theirs, {"f": "if_"}.get(gate, f"i{gate}")), kernel=np.asarray(ours.W[...])[:, at])
        put(
            getattr(theirs, f"h{gate}"),
            kernel=np.asarray(ours.R[...])[:, at],
            bias=np.asarray(ours.b[...])[at],
        )
    assert_same_run(ours, theirs)


def test_lstm_agrees_with_flax_optimized_lstm_cell():
    ours, theirs = pair(LSTM(hidden=H), nnx.OptimizedLSTMCell)

    def order(array):  # z i f o -> i f g o
        z, i, f, o = np.split(np.asarray(array), 4, axis=-1)
        return np.concatenate([i, f, z, o], axis=-1)

    put(theirs.dense_i, kernel=order(ours.W[...]))
    put(theirs.dense_h, kernel=order(ours.R[...]), bias=order(ours.b[...]))
    assert_same_run(ours, theirs)


def test_vanilla_rnn_agrees_with_flax_simple_cell():
    ours, theirs = pair(VanillaRNN(hidden=H), nnx.SimpleCell)
    put(theirs.dense_i, kernel=ours.W[...], bias=ours.b[...])
    put(theirs.dense_h, kernel=ours.R[...])
    assert_same_run(ours, theirs)


def put_gru(theirs, ours):
    """Ours into Flax's: z r, candidate -> r, -z, candidate."""

    def order(array, candidate):
        z, r = np.split(np.asarray(array), 2, axis=-1)
        return np.concatenate([r, -z, candidate], axis=-1)

    put(theirs.dense_i, kernel=order(ours.W[...], ours.W_h[...]), bias=order(ours.b[...], ours.b_h[...]))
    put(theirs.dense_h, kernel=order(ours.R[...], ours.R_h[...]))


@pytest.mark.parametrize("reset_open", [True, False])
def test_gru_agrees_with_flax_gru_cell_only_where_nothing_is_reset(reset_open):
    """Flax resets after the product and lets z keep the old state: equal for r = 1 and z negated."""
    ours, theirs = pair(GRU(hidden=H), nnx.GRUCell)
    if reset_open:
        put(ours, b=np.where(np.arange(2 * H) < H, ours.b[...], 1e9))
    put_gru(theirs, ours)
    if reset_open:
        assert_same_run(ours, theirs)
    else:
        assert np.abs(np.subtract(run(ours, XS)[1], run(theirs, XS)[1])).max() > 1e-2


@pytest.mark.parametrize("inner_bias", [0, 1])
def test_gru_after_agrees_with_flax_gru_cell_only_without_its_inner_bias(inner_bias):
    ours, theirs = pair(GRUAfter(hidden=H), nnx.GRUCell)
    put(ours, b_R=inner_bias)
    put_gru(theirs, ours)
    if inner_bias == 0:
        assert_same_run(ours, theirs)
    else:
        assert np.abs(np.subtract(run(ours, XS)[1], run(theirs, XS)[1])).max() > 1e-2


def test_flax_gru_cell_lacks_the_recurrent_bias_of_its_documented_candidate():
    """Its docstring has n = tanh(W_in x + b_in + r (W_hn h + b_hn)); the code has no b_hn (Flax 0.12.8).

    If this fails, Flax mended it: drop the note in `gru.py`.
    """
    assert "b_{hn}" in nnx.GRUCell.__doc__
    cell = nnx.eval_shape(lambda: nnx.GRUCell(N, H, rngs=nnx.Rngs(0)))
    assert cell.dense_h.bias is None
