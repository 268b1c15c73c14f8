"""Every cell computes the equations of its paper: outputs, carries and gradients."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.catalogue import ORACLES
from oracles.modules import abstract, arrays, normal, over_time, quickly, randomised, run

from lstm_variants import CELLS

pytestmark = pytest.mark.slow

T, B, N, H = 12, 3, 2, 4

# Structures beside the default that deserve the same proof.
STRUCTURES = {
    "transformer": [{"context": 5, "heads": 1, "expansion": 2}, {"context": 3, "hidden": 6, "heads": 3}],
    "rnn": [{"activation": "relu"}],
    "lstm1997": [{"size": 2}, {"size": 2, "biases": "gates"}, {"size": 4, "biases": "none"}],
    "lstm2000": [{"size": 2}],
    "clockwork": [{"periods": (2, 5)}, {"periods": (1, 3), "hidden": 6}],
    "depth_gated": [{"layers": 3}],
    "mut1": [{"hidden": N}],
    "mut2": [{"hidden": N}],
    "grid": [{"layers": 3}, {"tied": True}],
    "grid_depth": [{"layers": 3}, {"tied": True}],
}
CASES = {
    "-".join([name, *map(str, more.values())]): (name, {"hidden": H} | more)
    for name in CELLS
    for more in [{}, *STRUCTURES.get(name, [])]
}
each_case = pytest.mark.parametrize("case", CASES)


class Setting(NamedTuple):
    """What went in, and what our cell makes of it, in float64 and by name."""

    oracle: object
    values: dict  # parameters, "xs" (T, B, n) and first carry ("carry 0", ...), all random and non-zero
    carries: object
    ys: np.ndarray
    weights: np.ndarray  # of the functional: the sum of weights (T, h) times outputs of sequence 0
    gradients: dict  # of the functional, by the same names as `values`; empty if they were not asked for


@lru_cache
def setting(case):
    name, structure = CASES[case]
    return measured(name, CELLS[name](**structure))


def measured(name, spec, gradients=True):
    """The setting of `spec`, to be held against the oracle of `name`."""
    # With relu the smaller scale keeps the state within an order of magnitude over the steps.
    relu = getattr(spec, "activation", None) == "relu"
    cell = randomised(abstract(spec, N), seed=1, scale=0.4 if relu else 0.7)
    graph, params = nnx.split(cell)
    xs = normal(2, T, B, N)
    first, tree = jax.tree.flatten(cell.initialize_carry((B, N)))
    floating = [k for k, leaf in enumerate(first) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    clocks = {k: leaf + 1 for k, leaf in enumerate(first) if k not in floating}  # not at the start: t = 1
    start = {k: normal(3 + k, *first[k].shape) for k in floating}
    weights = normal(99, *jax.eval_shape(run, cell, xs)[1].shape[::2])

    def functional(params, xs, start):
        carries, ys = (over_time if gradients else run)(
            nnx.merge(graph, params), xs, tree.unflatten([v for _, v in sorted((clocks | start).items())])
        )
        return jnp.sum(weights * ys[:, 0]), (carries, ys)

    slopes = None
    if gradients:
        both = quickly(jax.value_and_grad(functional, argnums=(0, 1, 2), has_aux=True))
        (_, (carries, ys)), slopes = both(params, xs, start)
    else:
        _, (carries, ys) = functional(params, xs, start)

    def named(params, xs, start):
        carry = {f"carry {k}": np.asarray(a, float) for k, a in start.items()}
        return arrays(params) | {"xs": np.asarray(xs, float)} | carry

    def oracle(values, b):
        leaves = {k: np.asarray(a) for k, a in clocks.items()} | {k: values[f"carry {k}"] for k in floating}
        carry = tree.unflatten([a[b] for _, a in sorted(leaves.items())])
        return ORACLES[name](values, carry._asdict(), values["xs"][:, b], spec)

    return Setting(
        oracle,
        named(params, xs, start),
        carries,
        np.asarray(ys),
        np.asarray(weights, float),
        named(*slopes) if slopes else {},
    )


def test_every_cell_of_the_catalogue_has_an_oracle():
    assert sorted(ORACLES) == sorted(CELLS)


@each_case
def test_outputs_and_carries_follow_the_paper(case):
    compare_values(setting(case))


def compare_values(ours):
    for b in range(B):
        ys, carries = ours.oracle(ours.values, b)
        # float32 keeps 6e-8 of each of some ten terms of order 1, and an error lives on in the cell for a
        # few steps: 5e-6 is ten times what is seen, and far below any wrong term.
        np.testing.assert_allclose(ours.ys[:, b], ys, rtol=5e-6, atol=5e-6)
        assert set(carries) == set(ours.carries._fields)
        for field, want in carries.items():
            got = jax.tree.leaves(getattr(ours.carries, field))
            for g, w in zip(got, want if isinstance(want, tuple) else [want], strict=True):
                np.testing.assert_allclose(g[:, b], w, rtol=5e-6, atol=5e-6, err_msg=field)


@each_case
def test_gradients_follow_the_paper(case):
    """`jax.grad` of a random functional of the outputs against differences of the float64 oracle."""
    compare_gradients(setting(case))


def compare_gradients(ours):
    generator = np.random.default_rng(4)

    def functional(values):
        return np.sum(ours.weights * ours.oracle(values, 0)[0])

    assert ours.gradients.keys() == ours.values.keys()
    for path, array in ours.values.items():
        gradient = ours.gradients[path]
        assert np.any(gradient != 0), f"no gradient reaches {path}"
        for k in generator.permutation(array.size)[:8]:
            bump = np.zeros(array.size)
            bump[k] = 1e-5
            bump = bump.reshape(array.shape)
            up, down = (
                functional(ours.values | {path: array + bump}),
                functional(ours.values | {path: array - bump}),
            )
            # Differences in float64 are good to 1e-9 here; float32 over the steps adds 2e-6 at most.
            np.testing.assert_allclose(
                gradient.ravel()[k], (up - down) / 2e-5, rtol=2e-5, atol=2e-5, err_msg=f"{path}[{k}]"
            )
