"""bfloat16 products: exactly the operands are rounded, in every cell and in both directions."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from experiments import Adam, Adding, Trial
from experiments.cohort import Cohort
from experiments.precision import with_products_in
from experiments.program import Program
from experiments.specs import canonical, flatten, structure, trial_id
from lstm_variants import CELLS, LSTM, run_sequence

pytestmark = pytest.mark.slow


def rounded(array):
    return np.asarray(jnp.asarray(array, jnp.bfloat16).astype(jnp.float32), np.float64)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_operands_are_rounded_and_sums_are_not():
    a, b = numbers(40, 300), numbers(300, 20, seed=1)
    seen = jax.jit(with_products_in("bfloat16", jnp.matmul))(a, b)
    # 300 terms of size 1 sum to an error of some 1e-5 in float32, of 0.1 and more in bfloat16.
    np.testing.assert_allclose(seen, rounded(a) @ rounded(b), atol=1e-4)
    assert np.abs(np.asarray(seen) - np.float64(a) @ np.float64(b)).max() > 0.01


def test_both_derivatives_of_a_product_are_products_of_rounded_operands():
    a, b = numbers(8, 50), numbers(50, 4, seed=1)
    weights = numbers(8, 4, seed=2)
    derivative = jax.grad(lambda a, b: (weights * (a @ b)).sum(), argnums=(0, 1))
    da, db = jax.jit(with_products_in("bfloat16", derivative))(a, b)
    np.testing.assert_allclose(da, rounded(weights) @ rounded(b).T, atol=1e-4)
    np.testing.assert_allclose(db, rounded(a).T @ rounded(weights), atol=1e-4)


def test_what_is_no_product_keeps_its_bits():
    a = numbers(1000)
    function = lambda a: jnp.tanh(a) * a + jnp.cumsum(a)  # noqa: E731
    np.testing.assert_array_equal(jax.jit(with_products_in("bfloat16", function))(a), jax.jit(function)(a))


def products(traced):
    """Every `dot_general` of a traced program, those inside its loops too, with the origin of its operands."""
    for equation in traced.eqns:
        if equation.primitive.name == "dot_general":
            made_by = {v: e.primitive.name for e in traced.eqns for v in e.outvars}
            yield [made_by.get(v) for v in equation.invars]
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    yield from products(inner)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_every_product_of_every_cell_is_rounded_forward_and_backward(name):
    graph, state = nnx.split(CELLS[name](hidden=4).build(2, nnx.Rngs(0)))
    x = numbers(3, 2, 2)

    def loss(state):
        return (run_sequence(nnx.merge(graph, state), x)[1] ** 2).sum()

    traced = jax.make_jaxpr(with_products_in("bfloat16", jax.value_and_grad(loss)))(state)
    seen = list(products(traced.jaxpr))
    assert len(seen) >= 2  # forward and backward
    assert all(origin == ["reduce_precision"] * 2 for origin in seen)


def test_a_trial_trains_in_bfloat16_and_stays_near_float32():
    base = Trial(
        cell=LSTM(hidden=6),
        task=Adding(length=8),
        optimizer=Adam(learning_rate=0.01),
        seed=1,
        steps=30,
        evaluate_every=30,
        validation_batches=1,
        test_batches=1,
    )
    losses = {}
    for precision in ("float32", "bfloat16"):
        trial = dataclasses.replace(base, precision=precision)
        program = Program(structure(trial), 1)
        state, report = program.advance(program.start(Cohort((trial,), 1)))
        assert state.params.dtype == jnp.float32
        losses[precision] = float(report.test.loss[0])
    assert losses["float32"] != losses["bfloat16"]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)


def test_precision_is_structure_and_leaves_the_ids_from_before_it_as_they_are():
    trial = Trial(cell=LSTM(), task=Adding(), optimizer=Adam(learning_rate=0.01), seed=1)
    other = dataclasses.replace(trial, precision="bfloat16")
    assert structure(trial) != structure(other)
    assert "precision" not in canonical(trial)
    assert '"precision":"bfloat16"' in canonical(other)
    assert trial_id(trial) != trial_id(other)
    assert flatten(trial)["precision"] == "float32"


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match=r"precision = float32 \| bfloat16; got precision='float16'"):
        Trial(cell=LSTM(), task=Adding(), optimizer=Adam(learning_rate=0.01), seed=1, precision="float16")
