"""Operations are counted by one rule, whatever a step is built of. `test_contract.py` counts the catalogue."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx
from oracles.modules import abstract

from lstm_variants import LSTM, GRUAfter, Stacked
from lstm_variants.measure import flops

pytestmark = pytest.mark.slow

N = 3
A = jnp.ones((N, N))
MATRIX, VECTOR = 2 * N * N, N


class Step(nnx.RNNCellBase):
    """A cell from a function `(carry (n,), x (n,)) -> carry`."""

    def __init__(self, function):
        self.function = function

    def __call__(self, carry, inputs):
        carry = self.function(carry, inputs)
        return carry, carry

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        return jnp.zeros(input_shape)

    @property
    def num_feature_axes(self):
        return 1


@jax.custom_jvp
def with_jvp(a):
    return jnp.tanh(a) * 2.0


with_jvp.defjvp(lambda primals, tangents: (with_jvp(*primals), tangents[0]))


@jax.custom_vjp
def with_vjp(a):
    return jnp.tanh(a) * 2.0


with_vjp.defvjp(lambda a: (with_vjp(a), a), lambda a, slope: (slope,))


def three_times(c, x):
    return jax.lax.scan(lambda c, _: (jnp.tanh(c @ A + x), None), c, None, length=3)[0]


COUNTS = {
    "product of matrices": (lambda c, x: c @ A, MATRIX),
    "outer product": (lambda c, x: jnp.outer(c, x)[0], N * N),
    "batched product": (
        lambda c, x: jnp.einsum("hij,hj->hi", jnp.ones((2, N, N)), jnp.stack([c, x]))[0],
        2 * MATRIX,
    ),
    "functions": (lambda c, x: jnp.tanh(c) + jax.nn.sigmoid(x), 3 * VECTOR),
    "a scalar beside an array": (lambda c, x: 1 - c, VECTOR),
    "relu": (lambda c, x: jax.nn.relu(c), VECTOR),
    "power": (lambda c, x: c**2, VECTOR),
    "sum": (lambda c, x: jnp.broadcast_to(c.sum(), N), VECTOR),
    "softmax": (lambda c, x: jnp.exp(c - c.max()) / jnp.exp(c - c.max()).sum(), (3 + 4 + 1) * VECTOR),
    "comparison and choice": (lambda c, x: jnp.where(c > x, c, x), 0),
    "moving": (lambda c, x: jnp.concatenate([jnp.pad(c[:1], (1, 0)), x[::-1][:1]]).astype(jnp.float32), 0),
    "window": (lambda c, x: c.at[1].set(x[0]), 0),
    "clock": (lambda c, x: jnp.where(jnp.arange(N) % 2 + 1 == 0, c, x), 0),
    "jit": (lambda c, x: jax.jit(jnp.tanh)(c), VECTOR),
    "custom_jvp": (lambda c, x: with_jvp(c), 2 * VECTOR),
    "custom_vjp": (lambda c, x: with_vjp(c), 2 * VECTOR),
    "checkpoint": (lambda c, x: jax.checkpoint(with_jvp)(c), 2 * VECTOR),
    "scan": (three_times, 3 * (MATRIX + 2 * VECTOR)),
    "fori_loop": (lambda c, x: jax.lax.fori_loop(0, 4, lambda _, c: c * x, c), 4 * VECTOR),
    "cond": (lambda c, x: jax.lax.cond(c[0] > 0, jnp.tanh, lambda c: c @ A + c, c), MATRIX + VECTOR),
}


@pytest.mark.parametrize("what", COUNTS)
def test_rule(what):
    function, count = COUNTS[what]
    assert flops(Step(function), N) == count


def test_loops_of_unknown_length_are_refused():
    def step(c, x):
        return jax.lax.while_loop(lambda k: k[1][0] < 1, lambda k: (k[0] + 1, k[1] + 1), (0, c))[1]

    with pytest.raises(ValueError, match=r"no rule for the operation 'while' .*known only at run time"):
        flops(Step(step), N)


def test_operations_without_a_rule_are_refused_by_name():
    for name, function in {
        "conv_general_dilated": lambda c, x: jnp.convolve(c, x, mode="same"),
        "scatter-add": lambda c, x: c.at[jnp.array([0, 1, 1])].add(x),
        "fft": lambda c, x: jnp.fft.irfft(c.astype(complex), N),
    }.items():
        with pytest.raises(ValueError, match=f"no rule for the operation '{name}'"):
            flops(Step(function), N)


THIRD_PARTY = {
    "SimpleCell": (nnx.SimpleCell, 2 * 5 * (N + 5) + 3 * 5),  # an addition more than ours, of two products
    "OptimizedLSTMCell": (nnx.OptimizedLSTMCell, 8 * 5 * (N + 5) + 17 * 5),
    "LSTMCell": (nnx.LSTMCell, 8 * 5 * (N + 5) + 17 * 5),
    "GRUCell": (nnx.GRUCell, 6 * 5 * (N + 5) + 14 * 5),
}


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_flax_cells_are_counted(name):
    make, count = THIRD_PARTY[name]
    assert flops(nnx.eval_shape(lambda: make(N, 5, rngs=nnx.Rngs(0))), N) == count


def test_layers_add_up():
    stacked = abstract(Stacked(cell=GRUAfter(hidden=8), layers=2), N)
    bottom, top = stacked.cells
    assert flops(stacked, N) == flops(bottom, N) + flops(top, 8)


def test_counting_works_inside_jit_and_computes_nothing():
    counts = []

    @jax.jit
    def traced(key):
        counts.append(flops(LSTM(hidden=8).build(N, nnx.Rngs(key)), N))
        return jnp.zeros(())

    program = traced.trace(jax.random.key(0))
    assert counts == [flops(abstract(LSTM(hidden=8), N), N)] == [8 * 8 * (N + 8) + 13 * 8]
    assert "tanh" not in str(program.jaxpr)


def test_the_first_carry_is_not_counted():
    class Drawn(Step):
        def initialize_carry(self, input_shape, rngs=None, carry_init=None):
            return jnp.tanh(jax.random.normal(rngs.carry(), input_shape))

    assert flops(Drawn(lambda c, x: c + x), N) == VECTOR


def test_a_cell_with_generators_of_its_own_is_left_as_it_was():
    class Noisy(Step):
        def __init__(self):
            self.noise = nnx.Dropout(0.5, rngs=nnx.Rngs(0))

        def __call__(self, carry, inputs):
            return carry, self.noise(inputs)

    cell = Noisy()
    before = cell.noise.rngs.count[...]
    flops(cell, N)
    assert cell.noise.rngs.count[...] == before
