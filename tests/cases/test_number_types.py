"""Cells in float64, float32 and bfloat16, with x64 on and off, in both modes of differentiation."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.catalogue import ORACLES
from oracles.modules import abstract, arrays

from experiments import Adam, Adding, Trial
from experiments.cohort import Cohort
from experiments.compiler import QUICK, lines, product_of
from experiments.program import Program
from lstm_variants import CELLS, LSTM, Initial, run_sequence
from lstm_variants.products import affine, product, split

pytestmark = pytest.mark.slow

T, B, N, H = 6, 2, 3, 4
f64, f32, bf16, f16 = map(np.dtype, (jnp.float64, jnp.float32, jnp.bfloat16, jnp.float16))
each_cell = pytest.mark.parametrize("name", CELLS)


def small(name):
    return CELLS[name](hidden=H, **({"context": 4} if name == "transformer" else {}))


def floating(a):
    return jnp.issubdtype(a.dtype, jnp.floating)


def drawn(seed, shape):
    return np.random.default_rng(seed).normal(0, 0.7, shape)


# Against the oracle, in float64.


@each_cell
@jax.enable_x64(True)
def test_float64_values_and_both_modes_of_derivative_agree_with_the_oracle_to_twelve_digits(name):
    """The oracle's derivative is by a complex step: Im f(v + iεd) / ε, exact to rounding."""
    spec = small(name)
    cell = abstract(spec, N)
    graph, shapes = nnx.split(cell)
    both = jax.tree.flatten(shapes)
    leaves, tree = both
    params = tree.unflatten([jnp.asarray(drawn(k, a.shape)) for k, a in enumerate(leaves)])
    first, carry_tree = jax.tree.flatten(nnx.merge(graph, params).initialize_carry((B, N)))
    start = [jnp.asarray(drawn(50 + k, a.shape)) if floating(a) else a + 1 for k, a in enumerate(first)]
    clocks, start = [None if floating(a) else a for a in start], [a for a in start if floating(a)]
    xs, weights = jnp.asarray(drawn(90, (T, B, N))), jnp.asarray(drawn(91, (T, H)))

    def functional(values):
        params, start, xs = values
        moving = iter(start)
        carry = carry_tree.unflatten([next(moving) if c is None else c for c in clocks])
        carry, ys = run_sequence(nnx.merge(graph, params), xs, carry=carry)
        return jnp.sum(weights * ys[:, 0]), (carry, ys)

    def all_of_it(values, direction):
        (_, (carry, ys)), slopes = jax.value_and_grad(functional, has_aux=True)(values)
        ahead = jax.jvp(lambda v: functional(v)[0], (values,), (direction,))[1]
        return carry, ys, slopes, ahead

    values = params, start, xs
    direction = jax.tree.map(lambda a: jnp.asarray(drawn(a.size, a.shape)), values)
    carry, ys, slopes, ahead = jax.jit(all_of_it, compiler_options=QUICK)(values, direction)
    assert {a.dtype for a in jax.tree.leaves((carry, ys, slopes)) if floating(a)} == {np.dtype("float64")}

    def named(values):
        params, start, xs = values
        return (
            arrays(params)
            | {f"carry {k}": np.asarray(a) for k, a in enumerate(start)}
            | {"xs": np.asarray(xs)}
        )

    def oracle(values):
        moving = (values[f"carry {k}"][0] for k in range(len(start)))
        carry = carry_tree.unflatten([next(moving) if c is None else np.asarray(c)[0] for c in clocks])
        return ORACLES[name](values, carry._asdict(), values["xs"][:, 0], spec)

    def step(values, directions):
        return {
            key: np.asarray(a, complex) + 1e-30j * np.asarray(directions.get(key, np.zeros(a.shape)))
            for key, a in values.items()
        }

    names, gradient = named(values), named(slopes)
    want, carries = oracle(names)
    np.testing.assert_allclose(ys[:, 0], want, rtol=1e-12, atol=1e-12)
    for field, states in carries.items():
        got = jax.tree.leaves(getattr(carry, field))
        for g, w in zip(got, states if isinstance(states, tuple) else [states], strict=True):
            np.testing.assert_allclose(g[0], w[-1], rtol=1e-12, atol=1e-12, err_msg=field)

    def slope_along(direction):
        return np.sum(np.asarray(weights) * oracle(step(names, direction))[0].imag) / 1e-30

    for path in names:
        along = {path: drawn(7, names[path].shape)}
        ours = np.sum(np.asarray(gradient[path]) * along[path])
        np.testing.assert_allclose(ours, slope_along(along), rtol=1e-12, atol=1e-12, err_msg=path)
    np.testing.assert_allclose(ahead, slope_along(named(direction)), rtol=1e-12, atol=1e-12)


# Types that meet.


MEETINGS = {  # inputs, parameters, x64
    "float32": (f32, f32, False),
    "float32 with x64 on": (f32, f32, True),
    "float64": (f64, f64, True),
    "bfloat16": (bf16, bf16, False),
    "float64 inputs": (f64, f32, True),
    "float64 parameters": (f32, f64, True),
    "bfloat16 inputs": (bf16, f32, False),
    "bfloat16 parameters": (f32, bf16, False),
    "whole numbers as inputs": (jnp.int32, f32, False),
}
LOOPS = {
    "run_sequence": lambda cell, xs: run_sequence(cell, xs),
    "nnx.RNN": lambda cell, xs: nnx.RNN(cell, time_major=True, return_carry=True)(xs),
    "parallel": lambda cell, xs: cell.parallel(cell.initialize_carry((B, N)), xs),
}


def types(tree):
    return {a.dtype for a in jax.tree.leaves(tree)}


@each_cell
@pytest.mark.parametrize("meeting", MEETINGS)
def test_every_cell_trains_whatever_types_meet(name, meeting):
    """Traced only: outputs as JAX promotes, gradients and carries in types of their own, clocks whole numbers."""
    x_type, p_type, x64 = MEETINGS[meeting]
    with jax.enable_x64(x64):
        graph, params = nnx.split(abstract(small(name), N))
        params = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, p_type), params)
        xs = jax.ShapeDtypeStruct((T, B, N), x_type)
        wide = jnp.promote_types(x_type, p_type)
        for how, loop in LOOPS.items():
            if how == "parallel" and not hasattr(abstract(small(name), N), "parallel"):
                continue

            def functional(params, xs, loop=loop):
                carry, ys = loop(nnx.merge(graph, params), xs)
                return ys.astype(f32).sum(), (carry, ys)

            asked = (0, 1) if jnp.issubdtype(x_type, jnp.floating) else 0
            slopes, (carry, ys) = jax.eval_shape(
                jax.grad(functional, argnums=asked, has_aux=True), params, xs
            )
            slope, x_slope = slopes if asked else (slopes, None)
            assert ys.dtype == wide
            assert types(slope) == {p_type}
            assert types(x_slope) <= {x_type}
            held = wide if how == "run_sequence" else p_type
            first = jax.tree.leaves(nnx.merge(graph, params).initialize_carry((B, N)))
            assert [a.dtype for a in jax.tree.leaves(carry)] == [
                held if floating(a) else "int32" for a in first
            ]


@each_cell
def test_a_carry_that_is_given_keeps_its_types(name):
    cell = abstract(small(name), N)
    carry = jax.tree.map(
        lambda a: a.astype(f16) if floating(a) else a, cell.initialize_carry((B, N), nnx.Rngs(0))
    )
    after, _ = jax.eval_shape(
        lambda cell, carry, x: run_sequence(cell, x, carry=carry), cell, carry, jnp.ones((T, B, N))
    )
    assert [a.dtype for a in jax.tree.leaves(after)] == [a.dtype for a in jax.tree.leaves(carry)]


@each_cell
def test_a_gradient_in_bfloat16_points_where_that_in_float32_does(name):
    graph, shapes = nnx.split(abstract(small(name), N))
    leaves, tree = jax.tree.flatten(shapes)
    params = tree.unflatten([jnp.asarray(drawn(k, a.shape), bf16) for k, a in enumerate(leaves)])
    xs, weights = (jnp.asarray(drawn(s, shape), bf16) for s, shape in ((90, (T, B, N)), (91, (T, B, H))))

    def gradient(*values):
        slopes = jax.grad(lambda p, xs, w: (w * run_sequence(nnx.merge(graph, p), xs)[1]).sum())(*values)
        return jnp.concatenate([a.ravel().astype(f32) for a in jax.tree.leaves(slopes)])

    wide = jax.tree.map(lambda a: a.astype(f32), (params, xs, weights))
    rough, fine = (jax.jit(gradient, compiler_options=QUICK)(*v) for v in ((params, xs, weights), wide))
    # Rounding each number to 8 bits turns the gradient by some hundredths; a term left out, by tenths.
    assert jnp.linalg.norm(rough - fine) < 0.08 * jnp.linalg.norm(fine)


def test_weights_start_from_the_same_numbers_with_x64_on():
    spec = LSTM(hidden=H, initial=Initial(chrono=9, biases="uniform", recurrent="identity"))

    def weights(x64):
        with jax.enable_x64(x64):
            return jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(spec.build(N, nnx.Rngs(3)))))

    narrow, wide = weights(False), weights(True)
    assert types(narrow) == types(wide) == {np.dtype("float32")}
    jax.tree.map(np.testing.assert_array_equal, narrow, wide)


def test_a_trial_is_the_same_program_with_x64_on():
    """Digests are of all that is computed: equal ones, equal bits."""
    trial = Trial(
        cell=LSTM(hidden=2),
        task=Adding(length=4),
        optimizer=Adam(learning_rate=0.01),
        seed=0,
        steps=2,
        batch=2,
        evaluate_every=2,
        validation_batches=1,
        test_batches=1,
    )
    cohort = Cohort((trial,), 1)

    def trained(x64):
        with jax.enable_x64(x64):
            program = Program(cohort.structure, 1)
            state, report = program.advance(program.start(cohort))
            return program.digest, jax.tree.map(np.asarray, (state.params, report))

    digest, numbers = trained(False)
    wide, same = trained(True)
    assert digest == wide
    jax.tree.map(np.testing.assert_array_equal, numbers, same)


# Both modes, and their form.


def plain_affine(x, W, h, R, b):
    return x @ W + h @ R + b


FUNCTIONS = {
    "affine": (affine, plain_affine, [(B, N), (N, H), (B, H), (H, H), (H,)]),
    "affine of one sequence": (affine, plain_affine, [(N,), (N, H), (H,), (H, H), (H,)]),
    "product": (product, jnp.matmul, [(B, N), (N, H)]),
    "product of many": (product, jnp.matmul, [(2, B, N), (N, H)]),
    "split": (
        lambda a: jnp.stack(split(a, 2)) * jnp.array([[[1.0]], [[2.0]]]),
        lambda a: jnp.stack(jnp.split(a, 2, -1)) * jnp.array([[[1.0]], [[2.0]]]),
        [(B, H)],
    ),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@jax.enable_x64(True)
def test_derivatives_of_every_order_and_mode_are_those_of_the_plain_products(function):
    ours, plain, shapes = FUNCTIONS[function]
    values = tuple(jnp.asarray(drawn(k, shape)) for k, shape in enumerate(shapes))
    everyone = tuple(range(len(values)))

    def derivatives(f):
        def curved(*values):
            return jnp.tanh(f(*values)).sum()

        for_one = jax.grad(curved, everyone)
        batch = jax.tree.map(lambda a: jnp.stack([a, 2 * a]), values)
        return {
            "jacfwd": jax.jacfwd(f, everyone)(*values),
            "jacrev": jax.jacrev(f, everyone)(*values),
            "hessian": jax.hessian(curved, everyone)(*values),
            "reverse over forward": jax.jacrev(jax.jacfwd(curved, everyone), everyone)(*values),
            "reverse over reverse": jax.jacrev(jax.jacrev(curved, everyone), everyone)(*values),
            "a gradient of each": jax.vmap(for_one)(*batch),
            "the gradient of all": jax.grad(lambda *v: jax.vmap(curved)(*v).sum(), everyone)(*batch),
            "weights shared": jax.grad(
                lambda x, *rest: jax.vmap(curved, (0, *[None] * len(rest)))(x, *rest).sum(), everyone
            )(batch[0], *values[1:]),
            "some alone": [jax.grad(curved, k)(*values) for k in everyone],
            "from a checkpoint": jax.grad(jax.checkpoint(curved), everyone)(*values),
        }

    found, wanted = (jax.jit(partial(derivatives, f), compiler_options=QUICK)() for f in (ours, plain))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12), found, wanted)


def dots(jaxpr):
    for line in jaxpr.eqns:
        if line.primitive.name == "dot_general":
            yield tuple(tuple(v.aval.shape) for v in line.invars)
        for inner in jax.extend.core.jaxprs_in_params(line.params):
            yield from dots(inner)


def test_the_backward_pass_is_products_of_rows_by_columns_and_none_is_for_inputs_that_are_data():
    graph, params = nnx.split(abstract(LSTM(hidden=H), N))

    def loss(params, xs):
        return run_sequence(nnx.merge(graph, params), xs)[1].sum()

    xs = jax.ShapeDtypeStruct((T, B, N), f32)
    program = jax.make_jaxpr(jax.grad(loss))(params, xs).jaxpr
    assert all(plain for _, plain in filter(None, map(product_of, lines(program))))
    forward, state, weights = ((B, N + H), (N + H, 4 * H)), ((B, 4 * H), (4 * H, H)), ((N + H, B), (B, 4 * H))
    assert sorted(dots(program)) == sorted([forward, state, weights])
    both = jax.make_jaxpr(jax.grad(loss, argnums=(0, 1)))(params, xs).jaxpr
    assert sorted(dots(both)) == sorted([forward, state, weights, ((B, 4 * H), (4 * H, N))])


@each_cell
def test_every_cell_has_a_forward_mode_and_second_derivatives(name):
    graph, params = nnx.split(abstract(small(name), N))
    xs = jax.ShapeDtypeStruct((T, B, N), f32)

    def loss(params, xs):
        return run_sequence(nnx.merge(graph, params), xs)[1].sum()

    def curvature(params, xs):
        return jax.jvp(jax.grad(lambda p: loss(p, xs)), (params,), (params,))[1]

    def slope_of_slope(params, xs):
        return jax.grad(lambda p: jax.jvp(lambda p: loss(p, xs), (p,), (p,))[1])(params)

    for function in (curvature, slope_of_slope):
        shapes = jax.eval_shape(function, params, xs)
        assert [a.shape for a in jax.tree.leaves(shapes)] == [a.shape for a in jax.tree.leaves(params)]
