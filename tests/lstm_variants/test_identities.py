"""Where two cells must agree: limits and identities that hold whatever the parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles.modules import abstract, normal, numpy, over_time, parameters, put, randomised, run

from lstm_variants import (
    CIFG,
    FGR,
    GRU,
    LSTM,
    LSTM1997,
    LSTM2000,
    NFG,
    NIAF,
    NIG,
    NOAF,
    NOG,
    ClockworkRNN,
    CoupledLSTM,
    DepthGatedLSTM,
    FullPeepholeLSTM,
    PeepholeLSTM,
    Stacked,
    VanillaRNN,
)

pytestmark = pytest.mark.slow

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


def peepholes(cell, *gates):
    """The peepholes of these gates, such as "i" and "o"."""
    return {f"p_{gate}": getattr(cell, f"p_{gate}")[...] for gate in gates}


def biased(cell, biases):
    """The biases of `cell` with gates overwritten: `[(gate, number), ...]`."""
    b = np.array(cell.b[...])
    for gate, number in biases:
        b[gate] = number
    return put(cell, b=b)


def difference(a, b):
    """Largest difference of the outputs."""
    return np.abs(np.subtract(run(a, XS)[1], run(b, XS)[1])).max()


def assert_same_outputs(a, b):
    # The same sums in another order: float32 rounding over eight steps.
    np.testing.assert_allclose(run(a, XS)[1], run(b, XS)[1], rtol=1e-5, atol=2e-6)


# Peepholes.


def test_peepholes_of_zero_leave_the_lstm():
    lstm, peephole = random_cell(LSTM(hidden=H)), random_cell(PeepholeLSTM(hidden=H), 1)
    put(peephole, p_i=0, p_f=0, p_o=0, **weights(lstm, z, i, f, o))
    assert_same_outputs(peephole, lstm)


@pytest.mark.parametrize("peep", ["p_i", "p_f", "p_o"])
def test_each_peephole_matters(peep):
    with_it, without = (random_cell(PeepholeLSTM(hidden=H)) for _ in range(2))
    put(without, **{peep: 0})
    assert difference(with_it, without) > 1e-2


def test_full_peepholes_that_are_diagonal_are_peepholes():
    full, peephole = random_cell(FullPeepholeLSTM(hidden=H)), random_cell(PeepholeLSTM(hidden=H), 1)
    assert difference(full, put(peephole, **weights(full, z, i, f, o))) > 1e-2
    put(full, **{f"P_{gate}": np.diag(np.asarray(getattr(peephole, f"p_{gate}")[...])) for gate in "ifo"})
    assert_same_outputs(full, peephole)


# The variants of Greff et al., each against V.


@pytest.mark.parametrize(
    ("spec", "gone", "gates", "kept"),
    [(NIG, i, (z, f, o), "fo"), (NFG, f, (z, i, o), "io"), (NOG, o, (z, i, f), "if")],
    ids=["NIG", "NFG", "NOG"],
)
def test_a_missing_gate_is_a_gate_that_stays_open(spec, gone, gates, kept):
    vanilla, without = random_cell(PeepholeLSTM(hidden=H)), random_cell(spec(hidden=H), 1)
    put(without, **weights(vanilla, *gates), **peepholes(vanilla, *kept))
    assert difference(without, vanilla) > 1e-2
    assert_same_outputs(without, biased(vanilla, [(gone, OPEN)]))


def test_no_input_activation_is_the_lstm_for_small_block_inputs():
    """tanh(a) = a - a³/3: with block inputs of 1e-3 both give the same, otherwise not."""
    vanilla, linear = random_cell(PeepholeLSTM(hidden=H)), random_cell(NIAF(hidden=H), 1)
    put(linear, **weights(vanilla, z, i, f, o), **peepholes(vanilla, *"ifo"))
    assert difference(vanilla, linear) > 1e-2
    for cell in (vanilla, linear):
        for name, array in weights(cell, z, i, f, o).items():
            array[..., z] *= 1e-3
            put(cell, **{name: array})
    (_, y), (_, small) = run(vanilla, XS), run(linear, XS)
    assert np.abs(small).max() > 1e-4
    np.testing.assert_allclose(y, small, rtol=1e-4, atol=1e-8)


def test_no_output_activation_is_the_lstm_for_small_cells():
    """tanh(c) = c - c³/3: with a nearly shut input gate both give the same, otherwise not."""
    vanilla, linear = random_cell(PeepholeLSTM(hidden=H)), random_cell(NOAF(hidden=H), 1)
    put(linear, **weights(vanilla, z, i, f, o), **peepholes(vanilla, *"ifo"))
    assert difference(vanilla, linear) > 1e-2
    for cell in (vanilla, linear):
        biased(cell, [(i, -12.0)])
    (_, y), (_, small) = run(vanilla, XS), run(linear, XS)
    assert np.abs(small).max() > 1e-7
    np.testing.assert_allclose(y, small, rtol=1e-5, atol=1e-9)


def test_lstm_with_all_gates_fixed_is_a_vanilla_rnn():
    """f = 0, i = 1, o = 1 leave y' = H(tanh(...)); without H that is the vanilla RNN."""
    lstm, rnn = random_cell(NOAF(hidden=H)), random_cell(VanillaRNN(hidden=H))
    put(lstm, p_i=0, p_f=0, p_o=0)
    put(rnn, **weights(lstm, z))
    assert_same_outputs(biased(lstm, [(i, OPEN), (f, SHUT), (o, OPEN)]), rnn)


def test_cifg_is_the_lstm_whose_forget_gate_mirrors_its_input_gate():
    """1 - σ(a) = σ(-a): V whose forget gate has the input gate's weights, peephole and bias negated."""
    vanilla, cifg = random_cell(PeepholeLSTM(hidden=H)), random_cell(CIFG(hidden=H), 1)
    three = weights(cifg, z, i, f)  # z i o in that cell
    for name, array in three.items():
        block_input, input_gate, output_gate = np.split(array, 3, axis=-1)
        three[name] = np.concatenate([block_input, input_gate, -input_gate, output_gate], -1)
    put(vanilla, **three, **peepholes(cifg, *"io"), p_f=-cifg.p_i[...])
    assert_same_outputs(cifg, vanilla)


def test_coupled_is_cifg_without_peepholes_and_with_the_gate_negated():
    coupled, cifg = random_cell(CoupledLSTM(hidden=H)), random_cell(CIFG(hidden=H), 1)
    three = weights(coupled, z, i, f)  # z f o in that cell
    for array in three.values():
        array[..., i] *= -1
    put(cifg, p_i=0, p_o=0, **three)
    assert_same_outputs(coupled, cifg)


def test_coupled_is_the_lstm_whose_input_gate_mirrors_its_forget_gate():
    lstm, coupled = random_cell(LSTM(hidden=H)), random_cell(CoupledLSTM(hidden=H), 1)
    three = weights(coupled, z, i, f)  # z f o in that cell
    for name, array in three.items():
        block_input, forget_gate, output_gate = np.split(array, 3, axis=-1)
        three[name] = np.concatenate([block_input, -forget_gate, forget_gate, output_gate], -1)
    assert_same_outputs(coupled, put(lstm, **three))


def test_full_gate_recurrence_of_zero_leaves_the_peephole_lstm():
    fgr, vanilla = random_cell(FGR(hidden=H)), random_cell(PeepholeLSTM(hidden=H), 1)
    put(vanilla, **weights(fgr, z, i, f, o), **peepholes(fgr, *"ifo"))
    assert difference(fgr, vanilla) > 1e-2
    assert_same_outputs(put(fgr, R_from_i=0, R_from_f=0, R_from_o=0), vanilla)


def test_full_gate_recurrence_hears_no_gate_before_the_first_step():
    """The carry of gates starts at 0, so that the nine matrices say nothing in the first step."""
    fgr, vanilla = random_cell(FGR(hidden=H)), random_cell(PeepholeLSTM(hidden=H), 1)
    put(vanilla, **weights(fgr, z, i, f, o), **peepholes(fgr, *"ifo"))
    (_, ours), (_, theirs) = run(fgr, XS), run(vanilla, XS)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5, atol=2e-6)
    assert np.abs(np.subtract(ours[1], theirs[1])).max() > 1e-3


# 1997 and 2000: g(a) = 4σ(a) - 2 = 2 tanh(a/2) and H(a) = 2σ(a) - 1 = tanh(a/2). So a cell of theirs is twice a
# cell with tanh whose block input has half the weights.


def halved(array):
    """The array with half the block input."""
    return np.concatenate([array[..., z] / 2, array[..., H:]], -1)


def test_lstm_of_1997_without_gate_recurrence_is_the_lstm_without_forget_gate():
    old, nfg = random_cell(LSTM1997(hidden=H)), random_cell(NFG(hidden=H), 1)
    p = parameters(old)
    put(nfg, p_i=0, p_o=0, W=halved(p["W"]), R=halved(p["R"][:H]))
    put(nfg, b=halved(np.concatenate([p["b_z"], p["b_i"], p["b_o"]])))
    assert difference(old, nfg) > 1e-2
    cells_only = np.where(np.arange(3 * H)[:, None] < H, p["R"], 0)
    assert_same_outputs(put(old, R=cells_only), nfg)
    (carries, _), (same, _) = run(old, XS), run(nfg, XS)
    np.testing.assert_allclose(carries.c, 2 * same.c, rtol=1e-5, atol=5e-6)


def test_lstm_of_2000_is_the_lstm_up_to_its_scales():
    old, lstm = random_cell(LSTM2000(hidden=H)), random_cell(LSTM(hidden=H), 1)
    p = parameters(old)
    put(lstm, W=halved(p["W"]), R=halved(p["R"]), b=np.concatenate([np.zeros(H), p["b"]]))
    assert_same_outputs(old, lstm)
    (carries, _), (same, _) = run(old, XS), run(lstm, XS)
    np.testing.assert_allclose(carries.c, 2 * same.c, rtol=1e-5, atol=5e-6)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_lstm_of_2000_with_open_forget_gates_is_that_of_1997_without_gate_recurrence(size):
    k = H // size
    new = random_cell(LSTM2000(hidden=H, size=size))
    old = random_cell(LSTM1997(hidden=H, size=size, biases="gates"), 1)
    p = parameters(new)
    put(new, b=np.concatenate([p["b"][:k], np.full(k, OPEN), p["b"][2 * k :]]))
    kept = np.r_[0 : H + k, H + 2 * k : H + 3 * k]  # z i o
    R = np.concatenate([p["R"][:, kept], np.zeros((2 * k, H + 2 * k))])
    put(old, W=p["W"][:, kept], R=R, b_i=p["b"][:k], b_o=p["b"][2 * k :])
    assert_same_outputs(old, new)


@pytest.mark.parametrize("size", [2, 4])
def test_a_block_of_2000_is_that_many_cells_with_the_same_gates(size):
    blocks, single = random_cell(LSTM2000(hidden=H, size=size)), random_cell(LSTM2000(hidden=H), 1)
    p = parameters(blocks)
    columns = np.r_[0:H, H + np.repeat(np.arange(3 * H // size), size)]
    put(single, W=p["W"][:, columns], R=p["R"][:, columns], b=np.repeat(p["b"], size))
    assert_same_outputs(blocks, single)


@pytest.mark.parametrize("size", [2, 4])
def test_a_block_of_1997_is_that_many_cells_whose_gates_speak_with_one_voice(size):
    """Copies of a gate are heard as one when each has its share of the weight."""
    blocks, single = random_cell(LSTM1997(hidden=H, size=size)), random_cell(LSTM1997(hidden=H), 1)
    p = parameters(blocks)
    units = np.r_[0:H, H + np.repeat(np.arange(2 * H // size), size)]
    share = np.where(np.arange(3 * H) < H, 1, 1 / size)[:, None]
    put(single, W=p["W"][:, units], R=(p["R"][:, units])[units] * share)
    put(single, b_z=p["b_z"], b_i=np.repeat(p["b_i"], size), b_o=np.repeat(p["b_o"], size))
    assert_same_outputs(blocks, single)


@pytest.mark.parametrize(("biases", "missing"), [("gates", ("b_z",)), ("none", ("b_z", "b_i", "b_o"))])
def test_biases_that_are_missing_in_1997_are_zeros(biases, missing):
    fewer, all_units = random_cell(LSTM1997(hidden=H, biases=biases)), random_cell(LSTM1997(hidden=H), 1)
    put(all_units, **dict.fromkeys(missing, 0.0), **parameters(fewer))
    assert_same_outputs(fewer, all_units)


# Other cells.


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
        return over_time(cell, XS[:3, 0], carry)[1][-1]

    assert np.array_equal(np.asarray(jacobian(normal(2, 8)))[4:, 4:], np.eye(4))
