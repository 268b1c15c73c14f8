"""Where two cells must agree: limits and identities that hold whatever the parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles.modules import abstract, normal, numpy, put, randomised, run

from lstm_variants import (
    GRU,
    LSTM,
    ClockworkRNN,
    CoupledLSTM,
    DepthGatedLSTM,
    NoForgetLSTM,
    NoOutputActivationLSTM,
    PeepholeLSTM,
    Stacked,
    VanillaRNN,
)

T, B, N, H = 8, 2, 3, 8
OPEN, SHUT = 1e9, -1e9  # as a bias: σ is 1 or 0 exactly, in float32
z, i, f, o = (slice(k * H, (k + 1) * H) for k in range(4))
XS = normal(1, T, B, N)


def random_cell(spec, seed=0):
    return randomised(abstract(spec, N), seed)


def weights(cell, *gates):
    """W, R, b of `cell` with these gates only, in this order."""
    return {
        name: np.concatenate([np.asarray(getattr(cell, name)[...])[..., gate] for gate in gates], -1)
        for name in ("W", "R", "b")
    }


def biased(cell, biases):
    """The biases of `cell` with gates overwritten: `[(gate, number), ...]`."""
    b = np.array(cell.b[...])
    for gate, number in biases:
        b[gate] = number
    return put(cell, b=b)


def assert_same_outputs(a, b):
    # The same sums in another order: float32 rounding over eight steps.
    np.testing.assert_allclose(run(a, XS)[1], run(b, XS)[1], rtol=1e-5, atol=2e-6)


def test_peepholes_of_zero_leave_the_lstm():
    lstm, peephole = random_cell(LSTM(hidden=H)), random_cell(PeepholeLSTM(hidden=H), 1)
    put(peephole, p_i=0, p_f=0, p_o=0, **weights(lstm, z, i, f, o))
    assert_same_outputs(peephole, lstm)


@pytest.mark.parametrize("peep", ["p_i", "p_f", "p_o"])
def test_each_peephole_matters(peep):
    with_it, without = (random_cell(PeepholeLSTM(hidden=H)) for _ in range(2))
    put(without, **{peep: 0})
    assert np.abs(np.subtract(run(with_it, XS)[1], run(without, XS)[1])).max() > 1e-2


def test_no_forget_gate_is_the_lstm_whose_forget_gate_stays_open():
    lstm, no_forget = random_cell(LSTM(hidden=H)), random_cell(NoForgetLSTM(hidden=H), 1)
    put(no_forget, **weights(lstm, z, i, o))
    assert_same_outputs(no_forget, biased(lstm, [(f, OPEN)]))


def test_coupled_gates_are_the_lstm_whose_forget_gate_mirrors_its_input_gate():
    lstm, coupled = random_cell(LSTM(hidden=H)), random_cell(CoupledLSTM(hidden=H), 1)
    kept = weights(coupled, z, i, f)  # z i o in this cell
    for name, array in kept.items():
        block_input, input_gate, output_gate = np.split(array, 3, axis=-1)
        kept[name] = np.concatenate([block_input, input_gate, -input_gate, output_gate], -1)
    assert_same_outputs(coupled, put(lstm, **kept))


def test_lstm_with_all_gates_fixed_is_a_vanilla_rnn():
    """f = 0, i = 1, o = 1 leave y' = H(tanh(...)); without H that is the vanilla RNN."""
    lstm, rnn = random_cell(NoOutputActivationLSTM(hidden=H)), random_cell(VanillaRNN(hidden=H))
    put(rnn, **weights(lstm, z))
    assert_same_outputs(biased(lstm, [(i, OPEN), (f, SHUT), (o, OPEN)]), rnn)


def test_no_output_activation_is_the_lstm_for_small_cells():
    """tanh(c) = c - c³/3: with a nearly shut input gate both give the same, otherwise not."""
    lstm, linear = random_cell(LSTM(hidden=H)), random_cell(NoOutputActivationLSTM(hidden=H), 1)
    put(linear, **weights(lstm, z, i, f, o))
    assert np.abs(np.subtract(run(lstm, XS)[1], run(linear, XS)[1])).max() > 1e-2
    for cell in (lstm, linear):
        biased(cell, [(i, -12.0)])
    (_, y), (_, small) = run(lstm, XS), run(linear, XS)
    assert np.abs(small).max() > 1e-7
    np.testing.assert_allclose(y, small, rtol=1e-5, atol=1e-9)


def test_gru_with_open_gates_is_a_vanilla_rnn():
    gru, rnn = random_cell(GRU(hidden=H)), random_cell(VanillaRNN(hidden=H))
    put(rnn, W=gru.W_h[...], R=gru.R_h[...], b=gru.b_h[...])
    assert_same_outputs(put(gru, b=OPEN), rnn)


def test_gru_with_shut_update_gate_keeps_its_state():
    gru = random_cell(GRU(hidden=H))
    biased(gru, [(slice(0, H), SHUT)])
    start = jax.tree.map(lambda a: normal(2, *a.shape), gru.initialize_carry((2, N)))
    _, ys = run(gru, XS, start)
    assert np.array_equal(ys, np.broadcast_to(start.h, ys.shape))


@pytest.mark.parametrize("layers", [2, 3])
def test_shut_depth_gate_leaves_the_stacked_lstm(layers):
    depth_gated = random_cell(DepthGatedLSTM(hidden=H, layers=layers))
    stacked = random_cell(Stacked(cell=LSTM(hidden=H), layers=layers), 1)
    for layer, cell in zip(depth_gated.layers, stacked.cells, strict=True):
        put(layer, b_d=SHUT)
        put(cell, W=layer.W[...], R=layer.R[...], b=layer.b[...])
    assert_same_outputs(depth_gated, stacked)
    put(depth_gated, W_k=normal(3, N, H))  # the projection of the observation is cut off as well
    assert_same_outputs(depth_gated, stacked)


def test_open_depth_gate_is_a_linear_path_from_the_input_to_the_top_cell():
    """All gates fixed (i = f = 0, d = 1): every cell is the projected observation, unsquashed."""
    cell = random_cell(DepthGatedLSTM(hidden=H, layers=3))
    for layer in cell.layers:
        biased(put(layer, b_d=OPEN), [(i, SHUT), (f, SHUT)])
    carries, _ = run(cell, 10 * XS)
    for c in carries.c:
        np.testing.assert_allclose(c, 10 * np.asarray(XS) @ np.asarray(cell.W_k[...]), rtol=1e-5, atol=1e-5)


def test_one_clock_of_period_one_is_the_vanilla_rnn():
    clockwork, rnn = random_cell(ClockworkRNN(hidden=H, periods=(1,))), random_cell(VanillaRNN(hidden=H))
    put(rnn, W=clockwork.W[...], R=clockwork.R[0][...], b=clockwork.b[...])
    assert_same_outputs(clockwork, rnn)


def test_only_modules_whose_time_has_come_change_and_the_rest_hold_bit_for_bit():
    periods = (1, 2, 3, 8)
    cell = random_cell(ClockworkRNN(hidden=2 * len(periods), periods=periods))
    carries, ys = numpy(run(cell, normal(1, 25, B, N)))
    assert np.array_equal(carries.t[:, 0, 0], np.arange(1, 26))
    before = np.concatenate([np.zeros_like(ys[:1]), ys[:-1]]).reshape(25, 2, len(periods), 2)
    after = ys.reshape(before.shape)
    for t in range(25):
        for module, period in enumerate(periods):
            if t % period:
                assert np.array_equal(before[t, :, module], after[t, :, module])
            else:  # at t = 0 every module ticks
                assert (before[t, :, module] != after[t, :, module]).all()


def test_slow_modules_never_hear_fast_ones():
    cell = random_cell(ClockworkRNN(hidden=8, periods=(1, 2, 4, 8)))
    start = cell.initialize_carry((N,))

    @jax.jit
    @jax.jacobian
    def jacobian(h):  # t = 0: all modules tick
        return cell(start._replace(h=h), XS[0, 0])[1]

    hears = np.asarray(jacobian(normal(2, 8))).reshape(4, 2, 4, 2).any(axis=(1, 3))
    assert np.array_equal(hears, np.triu(np.ones((4, 4), bool)))


def test_gradient_passes_a_module_at_rest_unchanged():
    cell = random_cell(ClockworkRNN(hidden=8, periods=(1, 2, 4, 8)))

    @jax.jit
    @jax.jacobian
    def jacobian(h):  # t = 1, 2, 3 in turn: the two slow modules rest
        carry = cell.initialize_carry((N,))._replace(h=h, t=jnp.array([1]))
        return run(cell, XS[:3, 0], carry)[1][-1]

    assert np.array_equal(np.asarray(jacobian(normal(2, 8)))[4:, 4:], np.eye(4))
