"""All steps at once are one step after the other, for every cell that offers it; a newcomer is covered."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, quickly, randomised

from lstm_variants import CELLS
from lstm_variants.linear_scan import linear_scan

pytestmark = pytest.mark.slow

T, B, N, H = 7, 3, 3, 8  # T is no power of two
PARALLEL = [name for name in CELLS if hasattr(abstract(CELLS[name](hidden=H), N), "parallel")]
each_cell = pytest.mark.parametrize("name", PARALLEL)


def flags_of(names, T, *batch):
    """Random flags by name. In sequence 0 the first step is padded and reset, in the last one all are padded."""
    generator = np.random.default_rng(5)
    mask, reset = generator.random((T, *batch)) < 0.7, generator.random((T, *batch)) < 0.3
    first = (0, *[0] * len(batch))
    mask[first], reset[first] = False, True
    if batch:
        mask[:, -1] = False
    return {name: jnp.asarray({"mask": mask, "reset": reset}[name]) for name in names.split()}


def choose(flags, new, old):
    """`new` where the flags `(...)` hold, else `old`, leaf by leaf `(..., features)`."""
    return jax.tree.map(
        lambda a, b: jnp.where(jnp.expand_dims(flags, range(flags.ndim, a.ndim)), a, b), new, old
    )


@quickly
def stepped(cell, carry, xs, mask=None, reset=None):
    """The meaning of `parallel`."""
    zero = cell.initialize_carry(xs.shape[1:])
    mask = jnp.ones(xs.shape[:-1], bool) if mask is None else mask
    reset = jnp.zeros(xs.shape[:-1], bool) if reset is None else reset

    def body(carry, at):
        x, counts, new = at
        carry = choose(new, zero, carry)
        after, y = cell(carry, x)
        return choose(counts, after, carry), choose(counts, y, jnp.zeros_like(y))

    return jax.lax.scan(body, carry, (xs, mask, reset))


@quickly
def at_once(cell, carry, xs, mask=None, reset=None):
    return cell.parallel(carry, xs, mask=mask, reset=reset)


@functools.cache
def program(name, loop):
    """`(parameters, carry, xs, **flags) -> (carry, ys), gradients` of a functional of both, compiled."""
    graph, _ = nnx.split(cell_of(name))

    def functional(params, carry, xs, flags):
        carry, ys = loop.__wrapped__(nnx.merge(graph, params), carry, xs, **flags)
        real = [a for a in jax.tree.leaves(carry) if jnp.issubdtype(a.dtype, jnp.floating)]
        return sum(jnp.sum(normal(k, *a.shape) * a) for k, a in enumerate([ys, *real])), (carry, ys)

    gradient = quickly(jax.value_and_grad(functional, argnums=(0, 1, 2), has_aux=True, allow_int=True))

    def run(carry, xs, **flags):
        (_, results), slopes = gradient(nnx.split(cell_of(name))[1], carry, xs, flags)
        floats = [a for a in jax.tree.leaves(slopes) if jnp.issubdtype(a.dtype, jnp.floating)]
        return results, floats

    return run


def cell_of(name):
    return randomised(abstract(CELLS[name](hidden=H), N))


def carry_of(name, *batch):
    """A carry such as occurs: after five steps."""
    cell = cell_of(name)
    return stepped(cell, cell.initialize_carry((*batch, N)), normal(7, 5, *batch, N))[0]


def assert_close(got, want):
    """Sums and products of T terms in another order, in float32: exact to the scale of each array."""

    def close(a, b):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=5e-6 * max(1, np.abs(b).max()))

    jax.tree.map(close, got, want)


def test_some_cells_are_parallel():
    assert {"min_gru", "min_lstm"} <= set(PARALLEL)


@each_cell
@pytest.mark.parametrize("flags", ["", "mask reset"])
def test_parallel_is_stepping_in_values_and_gradients(name, flags):
    carry, xs, flags = carry_of(name, B), normal(1, T, B, N), flags_of(flags, T, B)
    want, got = (program(name, loop)(carry, xs, **flags) for loop in (stepped, at_once))
    assert type(got[0][0]) is type(want[0][0])
    assert_close(got, want)
    assert any(np.any(slope) for slope in got[1])


@each_cell
@pytest.mark.parametrize(("steps", "batch"), [(1, (B,)), (2, ()), (5, (2, 3))])
def test_parallel_takes_any_number_of_steps_and_batch_dimensions(name, steps, batch):
    cell, carry, xs = cell_of(name), carry_of(name, *batch), normal(1, steps, *batch, N)
    flags = flags_of("mask reset", steps, *batch)
    assert_close(at_once(cell, carry, xs, **flags), stepped(cell, carry, xs, **flags))


@each_cell
def test_parallel_in_two_parts_is_parallel(name):
    cell, carry, xs = cell_of(name), carry_of(name, B), normal(1, T, B, N)
    flags = flags_of("mask reset", T, B)
    whole, ys = at_once(cell, carry, xs, **flags)
    for part in (slice(0, 3), slice(3, None)):
        carry, some = at_once(cell, carry, xs[part], **{k: v[part] for k, v in flags.items()})
        assert_close(some, ys[part])
    assert_close(carry, whole)


@each_cell
def test_padding_may_hold_anything_and_gives_zeros_and_holds_the_carry(name):
    cell, carry, xs = cell_of(name), carry_of(name, B), normal(1, T, B, N)
    mask = flags_of("mask", T, B)["mask"]
    after, ys = at_once(cell, carry, xs, mask=mask)
    other, same = at_once(cell, carry, jnp.where(mask[..., None], xs, 1e6), mask=mask)
    assert_close((other, same), (after, ys))
    assert not np.any(np.asarray(ys)[~np.asarray(mask)])
    assert jax.tree.all(jax.tree.map(lambda a, b: np.array_equal(a[-1], b[-1]), after, carry))


@each_cell
def test_nothing_passes_a_reset(name):
    cell, xs = cell_of(name), normal(1, T, B, N)
    reset = jnp.arange(T)[:, None] == jnp.full(B, 4)
    _, ys = at_once(cell, carry_of(name, B), xs.at[:4].multiply(3), reset=reset)
    _, alone = at_once(cell, cell.initialize_carry((B, N)), xs[4:])
    assert_close(ys[4:], alone)


def test_linear_scan_stays_exact_over_thousands_of_steps():
    """Products of a thousand factors leave float32's range, from below: no NaN, no drift."""
    generator = np.random.default_rng(0)
    a = generator.choice([0.0, 1e-30, 0.5, 0.999, 1.0], (4096, 4), p=[0.01, 0.01, 0.18, 0.4, 0.4])
    b, h, want = generator.normal(size=a.shape), np.ones(4), []
    for a_t, b_t in zip(a, b, strict=True):
        want.append(a_t * (want[-1] if want else h) + b_t)
    _, hs = quickly(linear_scan)(*(jnp.asarray(v, jnp.float32) for v in (a, b, h)))
    np.testing.assert_allclose(hs, want, atol=1e-6 * np.abs(want).max())


def test_linear_scan_of_ones_is_a_running_sum():
    ones, h = jnp.ones((T, 2)), jnp.array([5.0, -3.0])
    last, hs = linear_scan(ones, ones, h)
    assert np.array_equal(hs, h + jnp.arange(1, T + 1)[:, None])
    assert np.array_equal(last, h + T)
