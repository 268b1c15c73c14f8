"""Flax's own cells compute what ours compute, where they are meant to."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, put, randomised, run

from lstm_variants import GRU, LSTM, VanillaRNN

N, H = 3, 4
XS = normal(1, 10, 2, N)


def assert_same_run(ours, theirs):
    (state, y), (their_state, their_y) = run(ours, XS), run(theirs, XS)
    np.testing.assert_allclose(y, their_y, rtol=1e-5, atol=2e-6)
    their_state = their_state if isinstance(their_state, tuple) else (their_state,)
    for a, b in zip(state, their_state, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)


def test_lstm_agrees_with_flax_lstm_cell():
    ours, theirs = randomised(abstract(LSTM(hidden=H), N)), nnx.LSTMCell(N, H, rngs=nnx.Rngs(0))
    for k, gate in enumerate("gifo"):  # Flax's g is our z
        at = slice(k * H, (k + 1) * H)
        getattr(theirs, {"f": "if_"}.get(gate, f"i{gate}")).kernel[...] = ours.W[...][:, at]
        getattr(theirs, f"h{gate}").kernel[...] = ours.R[...][:, at]
        getattr(theirs, f"h{gate}").bias[...] = ours.b[...][at]
    assert_same_run(ours, theirs)


def test_lstm_agrees_with_flax_optimized_lstm_cell():
    ours, theirs = randomised(abstract(LSTM(hidden=H), N)), nnx.OptimizedLSTMCell(N, H, rngs=nnx.Rngs(0))

    def order(array):  # z i f o -> i f g o
        z, i, f, o = jnp.split(array, 4, axis=-1)
        return jnp.concatenate([i, f, z, o], axis=-1)

    theirs.dense_i.kernel[...] = order(ours.W[...])
    theirs.dense_h.kernel[...] = order(ours.R[...])
    theirs.dense_h.bias[...] = order(ours.b[...])
    assert_same_run(ours, theirs)


def test_vanilla_rnn_agrees_with_flax_simple_cell():
    ours, theirs = randomised(abstract(VanillaRNN(hidden=H), N)), nnx.SimpleCell(N, H, rngs=nnx.Rngs(0))
    theirs.dense_i.kernel[...] = ours.W[...]
    theirs.dense_i.bias[...] = ours.b[...]
    theirs.dense_h.kernel[...] = ours.R[...]
    assert_same_run(ours, theirs)


@pytest.mark.parametrize("reset_open", [True, False])
def test_gru_agrees_with_flax_gru_cell_only_where_nothing_is_reset(reset_open):
    """Flax resets after the product and lets z keep the old state: equal for r = 1 and z negated."""
    ours, theirs = randomised(abstract(GRU(hidden=H), N)), nnx.GRUCell(N, H, rngs=nnx.Rngs(0))
    if reset_open:
        put(ours, b=ours.b[...].at[H:].set(1e9))
    (W_z, W_r), (R_z, R_r), (b_z, b_r) = (jnp.split(p[...], 2, axis=-1) for p in (ours.W, ours.R, ours.b))
    theirs.dense_i.kernel[...] = jnp.concatenate([W_r, -W_z, ours.W_h[...]], -1)
    theirs.dense_i.bias[...] = jnp.concatenate([b_r, -b_z, ours.b_h[...]], -1)
    theirs.dense_h.kernel[...] = jnp.concatenate([R_r, -R_z, ours.R_h[...]], -1)
    if reset_open:
        assert_same_run(ours, theirs)
    else:
        assert np.abs(run(ours, XS)[1] - run(theirs, XS)[1]).max() > 1e-2


def test_flax_gru_cell_lacks_the_recurrent_bias_of_its_documented_candidate():
    """Its docstring has n = tanh(W_in x + b_in + r (W_hn h + b_hn)); the code has no b_hn (Flax 0.12.8).

    If this fails, Flax mended it: drop the note in the documentation of the GRU.
    """
    assert "b_{hn}" in nnx.GRUCell.__doc__
    cell = nnx.GRUCell(N, H, rngs=nnx.Rngs(0))
    assert cell.dense_h.bias is None
