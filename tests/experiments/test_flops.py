"""Operations of an update: the closed forms, and what the traced program tells beyond them."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

from experiments import Adam, Adding, TemporalOrder
from experiments.flops import operations, step_flops
from experiments.specs import structure
from experiments.trial import Trial
from lstm_variants import GRU, LSTM, Layers, VanillaRNN
from sweeps.bench.rate import INPUTS
from sweeps.bench.rate import operations as of_the_benchmark

pytestmark = pytest.mark.slow

B, h, T = 5, 6, 9


def flops(cell, task=None, **values):
    task = task or Adding(length=T)
    return step_flops(
        structure(Trial(cell=cell, task=task, optimizer=Adam(learning_rate=0.01), seed=0, batch=B, **values))
    )


def recurrent(n, gates, steps, hidden=h):
    """Products of one layer on data, forward and backward."""
    return 2 * B * gates * hidden * steps * (2 * (n + hidden) + hidden)


@pytest.mark.parametrize(("cell", "gates"), [(LSTM, 4), (GRU, 3), (VanillaRNN, 1)])
def test_a_cell_on_data_costs_three_products_of_its_state_and_two_of_its_inputs(cell, gates):
    assert flops(cell(hidden=h)) == recurrent(2, gates, T) + 3 * 2 * B * h


def test_the_benchmarks_formula_counts_the_inputs_gradient_too_which_nobody_computes():
    case = {"what": "step", "batch": B, "hidden": h, "length": T}
    assert flops(LSTM(hidden=h)) == of_the_benchmark(case) - 2 * B * INPUTS * 4 * h * T


def test_a_layer_on_a_layer_passes_its_gradient_down():
    two = flops(Layers(cell=LSTM(hidden=h), layers=2))
    assert two == recurrent(2, 4, T) + 3 * 2 * B * (h + h) * 4 * h * T + 3 * 2 * B * h


def test_every_scored_step_is_read_out():
    task = TemporalOrder(length=12)
    readout = 3 * 2 * B * h * task.outputs * task.scored
    assert flops(LSTM(hidden=h), task) == recurrent(task.inputs, 4, task.steps) + readout


def test_neither_knobs_nor_noise_nor_rounded_products_nor_evaluations_change_the_count():
    plain = flops(Layers(cell=LSTM(hidden=h)))
    assert plain == flops(LSTM(hidden=h))
    assert flops(Layers(cell=LSTM(hidden=h, forget_bias=3.0), noise=0.3)) == plain
    assert flops(LSTM(hidden=h), precision="bfloat16", test_batches=3, steps=500) == plain


def count(function, *shapes):
    return operations(jax.make_jaxpr(function)(*(jnp.zeros(shape) for shape in shapes)).jaxpr)


def test_batched_products_and_convolutions_count_their_terms():
    assert count(lambda a, b: jnp.einsum("bij,bjk->bik", a, b), (7, 2, 3), (7, 3, 4)) == 7 * 2 * 2 * 3 * 4
    kernel, image = (5, 3, 2, 2), (1, 3, 8, 8)  # 5 channels out of 3, 2 x 2
    assert count(lambda x, w: jax.lax.conv(x, w, (1, 1), "VALID"), image, kernel) == 2 * (5 * 7 * 7) * (3 * 4)


def test_of_two_branches_the_larger_counts_and_a_loop_of_unknown_length_is_unknown():
    def branch(a):
        return jax.lax.cond(a.sum() > 0, lambda: a @ a @ a, lambda: a @ a)

    def until(a):
        return jax.lax.while_loop(lambda a: a.sum() < 1, lambda a: a @ a, a)

    assert count(branch, (3, 3)) == 2 * 2 * 27
    assert count(until, (3, 3)) == float("inf")
    assert count(lambda a: jax.lax.while_loop(lambda a: a.sum() < 1, lambda a: a + 1, a), (3, 3)) == 0


class Thinker(nnx.RNNCellBase):
    """A cell whose step takes as many rounds as its state asks for; forward alone, as no derivative goes through."""

    def __init__(self, inputs, hidden, rngs):
        self.hidden = hidden
        self.weights = nnx.Param(rngs.params.normal((inputs + hidden, hidden)))

    num_feature_axes = 1

    def initialize_carry(self, input_shape, rngs):
        return jnp.zeros((*input_shape[:-1], self.hidden))

    def __call__(self, carry, x):
        w = jax.lax.stop_gradient(self.weights[...])
        rounds = jax.lax.while_loop(
            lambda s: jnp.abs(s).sum() > 1,
            lambda s: 0.5 * s @ w[-self.hidden :],
            jax.lax.stop_gradient(carry),
        )
        carry = jnp.tanh(jnp.concatenate([x, rounds], -1) @ self.weights)
        return carry, carry


@dataclass(frozen=True, kw_only=True)
class ThinkerSpec:
    hidden: int = h
    reference: ClassVar[str] = "none"

    def build(self, inputs, rngs):
        return Thinker(inputs, self.hidden, rngs)


def test_a_network_that_loops_as_long_as_it_likes_has_no_count():
    trial = Trial(
        cell=ThinkerSpec(), task=Adding(length=T), optimizer=Adam(learning_rate=0.01), seed=0, batch=B
    )
    assert step_flops(trial) is None
