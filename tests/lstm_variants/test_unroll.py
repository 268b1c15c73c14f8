"""unroll is the Python loop over time, in values and gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, quickly, randomised

from lstm_variants import LSTM, ClockworkRNN, unroll

pytestmark = pytest.mark.slow

T, N, H = 5, 3, 4
XS = normal(1, T, 2, N)
KEEP = normal(2, T, 2, 1) > 0  # steps at which a sequence is not padded
GRAPH, PARAMS = nnx.split(randomised(abstract(ClockworkRNN(hidden=H), N)))


def looped(step, carry, xs):
    ys = []
    for t in range(T):
        carry, y = step(carry, jax.tree.map(lambda x, t=t: x[t], xs))
        ys.append(y)
    return carry, jax.tree.map(lambda *y: jnp.stack(y), *ys)


def slopes(loop):
    """`(params, xs, weights) -> gradients, carry, ys` of a functional of the final carry and the outputs.

    The step has all that a harness may ask for: a mask beside the input, several outputs, a clock.
    """

    def step(cell, carry, x):
        x, keep = x
        after, y = cell(carry, x)
        return jax.tree.map(lambda a, b: jnp.where(keep, a, b), after, carry), {"y": y, "sum": x.sum(-1)}

    def functional(params, xs, weights):
        cell = nnx.merge(GRAPH, params)
        carry, ys = loop(partial(step, cell), cell.initialize_carry((2, N)), (xs, KEEP))
        return jnp.sum(weights * ys["y"]) + carry.h.sum(), (carry, ys)

    return quickly(jax.grad(functional, argnums=(0, 1), has_aux=True))


@pytest.fixture(scope="module")
def python_loop():
    return slopes(looped)


@pytest.mark.parametrize("last", [1, 3, T])
def test_unroll_is_the_loop(last, python_loop):
    weights = np.asarray(normal(3, T, 2, H))
    got = slopes(partial(unroll, last=last))(PARAMS, XS, weights[-last:])
    gradients, (carry, ys) = python_loop(PARAMS, XS, np.where(np.arange(T) < T - last, 0, weights.T).T)
    want = gradients, (carry, jax.tree.map(lambda y: np.asarray(y)[-last:], ys))
    assert jax.tree.structure(got) == jax.tree.structure(want)
    # The same float32 operations, fused in another way.
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=5e-6), got, want)


@pytest.mark.parametrize("last", [0, T + 1, -1])
def test_unroll_refuses_to_keep_outputs_that_do_not_exist(last):
    with pytest.raises(ValueError, match=f"1 to T={T} outputs; got last={last}"):
        unroll(lambda carry, x: (carry, x), 0.0, XS, last)


def test_unroll_keeps_no_output_of_the_first_steps():
    """No array of the traced program has the size of all outputs when one is kept."""
    cell = randomised(abstract(LSTM(hidden=H), N))

    def last_output(xs):
        return unroll(lambda carry, x: cell(carry, x), cell.initialize_carry((2, N)), xs, 1)[1]

    text = str(jax.make_jaxpr(last_output)(XS))
    assert f"f32[{T - 1},2,{H}]" not in text
    assert f"f32[{T},2,{H}]" not in text
