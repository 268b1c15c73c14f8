"""unroll is the Python loop over time, in values and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, randomised

from lstm_variants import GRU, ClockworkRNN, unroll

T, N, H = 6, 3, 4
XS = normal(1, T, 2, N)
KEEP = normal(2, T, 2, 1) > 0  # steps at which a sequence is not padded


def looped(step, carry, xs, last):
    step, ys = jax.jit(step), []
    for t in range(T):
        carry, y = step(carry, jax.tree.map(lambda x, t=t: x[t], xs))
        ys.append(y)
    return carry, jax.tree.map(lambda *y: jnp.stack(y), *ys[-last:])


def step_of(cell):
    """A step with all that a harness may ask for: inputs with a mask, several outputs, an integer carry."""

    def step(carry, x):
        x, keep = x
        after, y = cell(carry, x)
        return jax.tree.map(lambda a, b: jnp.where(keep, a, b), after, carry), {"y": y, "sum": x.sum(-1)}

    return step


@pytest.mark.parametrize("spec", [ClockworkRNN(hidden=H), GRU(hidden=H)], ids=["clockwork", "gru"])
@pytest.mark.parametrize("last", [1, 3, T])
def test_unroll_is_the_loop(spec, last):
    graph, params = nnx.split(randomised(abstract(spec, N)))
    weights = normal(3, T, 2, H)[-last:]

    def slopes(loop):
        def value(params, xs):
            cell = nnx.merge(graph, params)
            carry, ys = loop(step_of(cell), cell.initialize_carry((2, N)), (xs, KEEP), last)
            floats = [a for a in jax.tree.leaves(carry) if jnp.issubdtype(a.dtype, jnp.floating)]
            return jnp.sum(weights * ys["y"]) + sum(a.sum() for a in floats), (carry, ys)

        return jax.value_and_grad(value, argnums=(0, 1), has_aux=True)

    got, want = jax.jit(slopes(unroll))(params, XS), slopes(looped)(params, XS)
    assert jax.tree.structure(got) == jax.tree.structure(want)
    # The same float32 operations, fused in another way.
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=5e-6), got, want)


@pytest.mark.parametrize("last", [0, T + 1, -1])
def test_unroll_refuses_to_keep_outputs_that_do_not_exist(last):
    with pytest.raises(ValueError, match=f"1 to T={T} outputs; got last={last}"):
        unroll(lambda carry, x: (carry, x), 0.0, XS, last)


def test_unroll_keeps_no_output_of_the_first_steps():
    """No array of the traced program has the size of all outputs when one is kept."""
    cell = randomised(abstract(GRU(hidden=H), N))

    def last_output(xs):
        return unroll(lambda carry, x: cell(carry, x), cell.initialize_carry((2, N)), xs, 1)[1]

    text = str(jax.make_jaxpr(last_output)(XS))
    assert f"f32[{T - 1},2,{H}]" not in text
    assert f"f32[{T},2,{H}]" not in text
