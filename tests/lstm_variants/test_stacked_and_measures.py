"""Stacked and the measures work for any cell, ours or not."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, randomised, run

from lstm_variants import (
    LSTM,
    ClockworkRNN,
    DepthGatedLSTM,
    Stacked,
    output_size,
    parameter_count,
    state_size,
)

pytestmark = pytest.mark.slow

N = 3
XS = normal(1, 8, 2, N)


class Projected(nnx.RNNCellBase):
    """A cell from elsewhere: Flax's LSTM with an output of another size than its state."""

    def __init__(self, inputs, hidden, outputs, rngs):
        self.cell = nnx.OptimizedLSTMCell(inputs, hidden, rngs=rngs)
        self.readout = nnx.Linear(hidden, outputs, use_bias=False, rngs=rngs)

    def __call__(self, carry, inputs):
        carry, y = self.cell(carry, inputs)
        return carry, self.readout(y)

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        return self.cell.initialize_carry(input_shape, rngs)

    @property
    def num_feature_axes(self):
        return 1


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Its spec: no `hidden`, no `reference`, only what Stacked needs."""

    units: int = 5
    outputs: int = 2

    def build(self, inputs, rngs):
        return Projected(inputs, self.units, self.outputs, rngs)


def test_layers_feed_each_other():
    cell = randomised(abstract(Stacked(cell=LSTM(hidden=8), layers=3), N))
    ys, every = XS, []
    for layer in cell.cells:
        carries, ys = run(layer, ys)
        every.append(carries)
    carries, outputs = run(cell, XS)
    np.testing.assert_allclose(outputs, ys, rtol=1e-5, atol=2e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6), carries, tuple(every))


def test_layers_have_weights_of_their_own():
    first, second, third = Stacked(cell=LSTM(hidden=8), layers=3).build(8, nnx.Rngs(0)).cells
    assert not np.array_equal(first.R[...], second.R[...])
    assert not np.array_equal(second.R[...], third.R[...])


def test_one_layer_is_the_cell_alone():
    alone, stacked = LSTM(hidden=8).build(N, nnx.Rngs(0)), Stacked(cell=LSTM(hidden=8), layers=1)
    outputs = run(stacked.build(N, nnx.Rngs(0)), XS)[1]
    assert np.array_equal(outputs, run(alone, XS)[1])


@pytest.mark.parametrize("cell", [Elsewhere(), ClockworkRNN(hidden=8), DepthGatedLSTM(hidden=8)], ids=str)
def test_any_cell_can_be_stacked(cell):
    spec = Stacked(cell=cell, layers=2)
    built = randomised(abstract(spec, N))
    bottom, top = built.cells
    _, ys = run(built, XS)
    assert ys.shape == (8, 2, output_size(built, N))
    assert parameter_count(built) == parameter_count(bottom) + parameter_count(top)
    assert state_size(built, N) == state_size(bottom, N) + state_size(top, output_size(bottom, N))
    outputs = nnx.RNN(built, time_major=True)(XS)
    np.testing.assert_allclose(outputs, ys, rtol=1e-5, atol=2e-6)


def test_stacked_spec_is_a_value_and_its_floats_are_traced():
    assert hash(Stacked(cell=LSTM(hidden=8))) == hash(Stacked(cell=LSTM(hidden=8)))

    @jax.jit
    def biases(forget_bias):
        cell = Stacked(cell=LSTM(hidden=8, forget_bias=forget_bias), layers=2).build(N, nnx.Rngs(0))
        return [layer.b[...] for layer in cell.cells]

    for b in biases(3.0):
        assert np.array_equal(np.asarray(b).reshape(4, 8)[2], np.full(8, 3.0))


THIRD_PARTY = {
    "LSTMCell": (nnx.LSTMCell, 4 * 5 * (N + 5 + 1), 2 * 5),
    "OptimizedLSTMCell": (nnx.OptimizedLSTMCell, 4 * 5 * (N + 5 + 1), 2 * 5),
    "GRUCell": (nnx.GRUCell, 3 * 5 * (N + 5 + 1), 5),
    "SimpleCell": (nnx.SimpleCell, 5 * (N + 5 + 1), 5),
}


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_flax_cells_are_measured(name):
    make, parameters, states = THIRD_PARTY[name]
    cell = nnx.eval_shape(lambda: make(N, 5, rngs=nnx.Rngs(0)))
    assert (parameter_count(cell), state_size(cell, N), output_size(cell, N)) == (parameters, states, 5)


def test_output_need_not_have_the_size_of_the_state():
    cell = abstract(Elsewhere(units=5, outputs=2), N)
    assert (state_size(cell, N), output_size(cell, N)) == (10, 2)
    assert parameter_count(cell) == 4 * 5 * (N + 5 + 1) + 5 * 2


def test_clock_is_not_counted_as_state():
    assert state_size(abstract(ClockworkRNN(hidden=8), N), N) == 8


@pytest.mark.parametrize("spec", [LSTM(hidden=8), Elsewhere(), Stacked(cell=Elsewhere())], ids=str)
def test_measures_work_inside_jit(spec):
    sizes = []

    @jax.jit
    def traced(key):
        cell = spec.build(N, nnx.Rngs(key))
        sizes.append((parameter_count(cell), state_size(cell, N), output_size(cell, N)))
        return jnp.zeros(())

    traced.trace(jax.random.key(0))  # no need to compile
    cell = abstract(spec, N)
    assert sizes == [(parameter_count(cell), state_size(cell, N), output_size(cell, N))]
    assert all(type(size) is int for size in sizes[0])


def test_measuring_leaves_a_cell_with_generators_as_it_was():
    """A cell with noise of its own would advance its generator, were it not measured on a copy."""

    class Noisy(nnx.RNNCellBase):
        def __init__(self):
            self.noise = nnx.Dropout(0.5, rngs=nnx.Rngs(0))

        def __call__(self, carry, inputs):
            carry = carry + self.noise(inputs)
            return carry, carry

        def initialize_carry(self, input_shape, rngs=None, carry_init=None):
            return jnp.zeros(input_shape)

    cell = Noisy()
    before = cell.noise.rngs.count[...]
    assert (state_size(cell, N), output_size(cell, N)) == (N, N)
    assert cell.noise.rngs.count[...] == before
    assert parameter_count(cell) == 0  # a key is no parameter
