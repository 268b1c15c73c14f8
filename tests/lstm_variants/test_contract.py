"""What every cell of the catalogue promises; a newcomer is covered on joining."""

import ast
import dataclasses
import functools
import inspect
import json
import math
import operator
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, arrays, normal, numpy, quickly, randomised, run, step

import lstm_variants
from lstm_variants import CELLS, CellSpec, Initial
from lstm_variants.measure import flops, output_size, parameter_count, state_size

pytestmark = pytest.mark.slow

T, B, N, H = 8, 2, 3, 8
each_cell = pytest.mark.parametrize("name", CELLS)

# Beside the defaults, values of the fields of structure that formulas name.
OTHER_STRUCTURES = {
    "lstm1997": [{"size": 4, "biases": "gates"}, {"size": 2, "biases": "none"}],
    "lstm2000": [{"size": 4}],
    "depth_gated": [{"layers": 3}],
    "clockwork": [{"periods": (2, 5)}],
    "grid": [{"layers": 3}, {"layers": 3, "tied": True}],
    "grid_depth": [{"layers": 3}, {"layers": 3, "tied": True}],
    "transformer": [{"heads": 4, "context": 5, "expansion": 3}],
}
MEASURES = {
    "parameters": lambda cell, n: parameter_count(cell),
    "state": state_size,
    "flops": flops,
}


def spec_of(name, **fields):
    return CELLS[name](**{"hidden": H} | fields)


def floats(spec, prefix=""):
    """Dotted paths of the knobs of a spec, those of the specs inside it too."""
    found = []
    for field in dataclasses.fields(spec):
        if dataclasses.is_dataclass(value := getattr(spec, field.name)):
            found += floats(value, f"{prefix}{field.name}.")
        elif field.type in (float, "float"):
            found.append(f"{prefix}{field.name}")
    return found


def with_floats(spec, values):
    """The spec with knobs put in by dotted path; they may be tracers."""
    for path, value in values.items():
        *inside, last = path.split(".")
        value = {last: value}
        for field in reversed(inside):
            value = {field: dataclasses.replace(getattr(spec, field), **value)}
        spec = dataclasses.replace(spec, **value)
    return spec


def letter(path):
    """First letter of the parameter at a path: W R b p w; "R" for each of Clockwork's R.0, R.1, ..."""
    return next(part for part in reversed(path.split(".")) if not part.isdigit())[0]


def those_with(knob):
    """The cells whose spec has a knob that ends in this name ("": any)."""
    return [name for name in CELLS if any(path.endswith(knob) for path in floats(spec_of(name)))]


def cell_of(name, seed=0, **fields):
    """A cell with random non-zero parameters, biases and peepholes among them."""
    return randomised(abstract(spec_of(name, **fields), N), seed)


def assert_close(a, b):
    """Equal but for the order of float32 sums over a few steps."""
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6), a, b)


# The spec.


@each_cell
def test_spec_is_a_frozen_keyword_only_value(name):
    spec = spec_of(name)
    assert isinstance(spec, CellSpec)
    assert all(f.kw_only for f in dataclasses.fields(spec))
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.hidden = 1
    assert spec == spec_of(name)
    assert hash(spec) == hash(spec_of(name))
    assert spec != spec_of(name, hidden=2 * H)
    assert json.loads(json.dumps(dataclasses.asdict(spec)))["hidden"] == H


@each_cell
def test_spec_fields_are_knobs_or_structure(name):
    def look(spec, prefix=""):
        for field in dataclasses.fields(spec):
            value, path = getattr(spec, field.name), f"{prefix}{field.name}"
            if isinstance(value, Initial):
                look(value, f"{path}.")
            else:
                assert type(value) in (int, str, bool, tuple, float)
                assert isinstance(value, float) == (path in floats(spec_of(name))), path

    look(spec_of(name))


@each_cell
def test_spec_names_its_reference_and_the_file_opens_with_it(name):
    reference = CELLS[name].reference
    assert "\n" not in reference
    years = {word for word in reference.replace(",", " ").replace(";", " ").split() if word.isdigit()}
    assert years, "a reference has a year"
    assert all(year in inspect.getmodule(CELLS[name]).__doc__ for year in years)


@each_cell
def test_spec_says_what_it_is_for_and_by_whom_that_is_known(name):
    purpose = CELLS[name].purpose
    assert purpose.endswith(".")
    assert 40 < len(purpose) < 300
    assert re.search(r"\(?[A-Z].* (19|20)\d\d", purpose), "a source with a year"
    assert [other for other, spec in CELLS.items() if spec.purpose == purpose] == [name]


@each_cell
@pytest.mark.parametrize("measure", MEASURES)
def test_formulas_say_what_is_measured_on_the_built_module(name, measure):
    sizes = [(1, 4, {}), (8, 8, {}), (5, 12, {})]
    sizes += [(7, 16, structure) for structure in OTHER_STRUCTURES.get(name, [])]
    for n, h, structure in sizes:
        spec = spec_of(name, hidden=h, **structure)
        known = {"n": n, "h": h, "len": len} | vars(spec)
        counted = eval(getattr(spec, measure), {"__builtins__": {}}, known)
        assert counted == MEASURES[measure](abstract(spec, n), n), (n, h, structure)


@each_cell
def test_formulas_are_tried_with_other_values_of_the_fields_they_name(name):
    texts = [getattr(CELLS[name], measure) for measure in MEASURES]
    names = {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert names - {"n", "h", "len"} == {field for other in OTHER_STRUCTURES.get(name, []) for field in other}


@each_cell
@pytest.mark.parametrize("hidden", [0, -3, 8.0, True, "8"])
def test_bad_hidden_is_refused_when_the_spec_is_made(name, hidden):
    with pytest.raises(ValueError, match=r"hidden.*got hidden="):
        spec_of(name, hidden=hidden)


@each_cell
def test_misspelt_field_is_refused(name):
    with pytest.raises(TypeError):
        spec_of(name, hiden=8)


@pytest.mark.parametrize("name", those_with(""))
def test_floats_are_checked_only_on_request(name):
    def check(spec):
        """As the harness does: the specs inside, then the spec."""
        for field in dataclasses.fields(spec):
            if dataclasses.is_dataclass(value := getattr(spec, field.name)):
                check(value)
        if hasattr(spec, "check"):
            spec.check()

    check(spec_of(name))
    for path in floats(spec_of(name)):
        for bad in (math.nan, math.inf):
            spec = with_floats(spec_of(name), {path: bad})  # may be a tracer: no check here
            owner = Initial if path.startswith("initial.") else CELLS[name]
            with pytest.raises(ValueError, match=f"{owner.__name__} needs a finite {path.split('.')[-1]}"):
                check(spec)


def in_haste(function, *examples):
    """The compiled function: compiling takes longer than running here."""
    return quickly(function).lower(*examples).compile()


@functools.cache
def start(name):
    """`(seed, **knobs by path) -> state of parameters`, one compiled program for all: floats are traced."""
    plain = spec_of(name, initial=Initial(inputs="uniform", recurrent="uniform"))  # sooner than orthogonal
    defaults = {path: operator.attrgetter(path)(plain) for path in floats(plain)}
    program = in_haste(
        lambda key, knobs: nnx.state(with_floats(plain, knobs).build(N, nnx.Rngs(key))),
        *(jax.random.key(0), defaults),
    )
    return lambda seed=0, **knobs: program(jax.random.key(seed), defaults | knobs)


@pytest.mark.parametrize("name", those_with(""))
def test_floats_are_traced_and_compile_once_and_every_scale_is_a_factor(name):
    plain, scaled = arrays(start(name)()), {}
    for path in floats(spec_of(name)):
        moved = arrays(start(name)(**{path: 4.0}))
        changed = {p for p in plain if not np.array_equal(plain[p], moved[p])}
        if path.endswith("_scale"):
            assert all(np.array_equal(moved[p], 4 * plain[p]) for p in changed)
            assert not changed & scaled.keys(), "one scale a matrix"
            scaled |= dict.fromkeys(changed, path)
        else:
            assert changed, f"{path} moves nothing"
    for p, array in plain.items():
        assert (p in scaled) == (array.ndim == 2), f"{p}: a scale for every matrix and nothing else"
        if letter(p) == "R" or array.shape[0] == N:
            assert scaled[p] == f"initial.{'recurrent' if letter(p) == 'R' else 'input'}_scale"


@pytest.mark.parametrize("name", those_with(""))
def test_floats_are_no_part_of_the_graph(name):
    graphs = [
        nnx.split(abstract(with_floats(spec_of(name), dict.fromkeys(floats(spec_of(name)), value)), N))[0]
        for value in (0.5, 2.0)
    ]
    assert graphs[0] == graphs[1]
    assert hash(graphs[0]) == hash(graphs[1])


@pytest.mark.parametrize("name", those_with("forget_bias"))
def test_forget_bias_is_the_share_of_the_state_that_is_kept_at_first(name):
    only_biases = jax.tree.map_with_path(
        lambda path, p: np.asarray(p) * any(str(getattr(k, "key", k)).startswith("b") for k in path),
        start(name)(forget_bias=1.5),
    )
    cell = nnx.merge(nnx.split(abstract(spec_of(name), N))[0], only_biases)
    carry = jax.tree.map(np.ones_like, cell.initialize_carry((N,)))
    after, _ = step(cell, carry, jnp.zeros(N))
    np.testing.assert_allclose(jax.tree.leaves(after)[0], 1 / (1 + math.exp(-1.5)), rtol=1e-6)


@each_cell
def test_weights_depend_on_the_seed_and_on_nothing_else(name):
    first, again, other = (arrays(start(name)(seed)) for seed in (0, 0, 1))
    assert all(np.array_equal(first[path], again[path]) for path in first)
    assert all(not np.array_equal(first[path], other[path]) for path in first if letter(path) in "WRpw")


# The module.


@each_cell
def test_zero_carry_is_a_named_tuple_and_needs_no_random_numbers(name):
    for batch in [(), (3,), (2, 3)]:
        carry = cell_of(name).initialize_carry((*batch, N))
        assert isinstance(carry, tuple)
        assert hasattr(carry, "_fields")
        assert all(leaf.shape[:-1] == batch for leaf in jax.tree.leaves(carry))
        assert not any(np.any(leaf) for leaf in jax.tree.leaves(carry))


@each_cell
def test_module_holds_integers_strings_tuples_modules_and_parameters(name):
    def allowed(value):
        if isinstance(value, tuple):
            return all(isinstance(v, int) for v in value)
        return isinstance(value, int | str | nnx.Param)

    cell = abstract(spec_of(name), N)
    for _, module in nnx.iter_modules(cell):
        for attribute, value in vars(module).items():
            if not attribute.startswith("_") and not isinstance(value, nnx.Module):
                assert allowed(value), f"{attribute} is a {type(value).__name__}"
    assert all(isinstance(leaf, nnx.Param) for _, leaf in nnx.to_flat_state(nnx.state(cell)))


@each_cell
def test_leading_dimensions_are_batch(name):
    cell, xs = cell_of(name), normal(1, T, B, N)
    carries, _ = numpy(run(cell, xs))

    def at(*times):
        """One step from the carries of these times on, all at once: batch `(times, B)`."""
        times = list(times)
        return numpy(step(cell, jax.tree.map(lambda a: a[times], carries), np.asarray(xs)[times]))

    def first(tree):
        return jax.tree.map(lambda a: a[0], tree)

    together = at(2, 5)
    assert_close(first(together), first(at(2)))
    one = numpy(step(cell, jax.tree.map(lambda a: a[2, 0], carries), xs[2, 0]))
    assert_close(first(first(together)), one)


@each_cell
def test_carry_keeps_shape_and_type_from_step_to_step(name):
    cell, x = cell_of(name), normal(1, 2, N)
    carry = cell.initialize_carry((2, N))
    after, _ = jax.eval_shape(cell, carry, x)
    assert type(after) is type(carry)
    kinds = [[(a.shape, a.dtype) for a in jax.tree.leaves(c)] for c in (carry, after)]
    assert kinds[0] == kinds[1]


@each_cell
def test_cell_drops_into_flax_rnn(name):
    xs, lengths = normal(1, T, B, N), jnp.array([T, T - 2])
    carries, ys = run(cell_of(name), xs)
    rnn = nnx.RNN(cell_of(name), time_major=True, return_carry=True)
    carry, outputs = rnn(xs, seq_lengths=lengths)
    assert_close(outputs, ys)
    assert_close(carry, jax.tree.map(lambda a: np.asarray(a)[lengths - 1, np.arange(B)], carries))


@each_cell
def test_scan_and_jit_and_vmap_change_nothing(name):
    cell, xs = cell_of(name), normal(1, T, B, N)
    carry, scanned = cell.initialize_carry((B, N)), run(cell, xs)
    one_by_one = quickly(jax.vmap(lambda cell, carry, x: cell(carry, x), in_axes=(None, 0, 0)))
    for t, x in enumerate(xs):
        mapped = one_by_one(cell, carry, x)
        carry, y = step(cell, carry, x)
        assert_close(mapped, (carry, y))
        assert_close(jax.tree.map(lambda a, t=t: np.asarray(a)[t], scanned), (carry, y))


@each_cell
def test_no_output_depends_on_a_later_input(name):
    xs = normal(1, T, B, N)
    _, before = run(cell_of(name), xs)
    _, after = run(cell_of(name), xs.at[5].add(10.0))
    assert np.array_equal(before[:5], after[:5])
    assert not np.array_equal(before[5], after[5])


@each_cell
def test_no_sequence_depends_on_its_neighbour(name):
    xs = normal(1, T, B, N)
    _, before = run(cell_of(name), xs)
    _, after = run(cell_of(name), xs.at[:, 1].set(jnp.nan))
    assert np.array_equal(before[:, 0], after[:, 0])
    assert np.isnan(after[:, 1]).any()


@each_cell
def test_gradients_through_flax_rnn_stay_finite_over_many_steps_with_large_inputs(name):
    """Under jit and grad, and without a first carry: a carry drawn with a key would raise here."""
    xs = 100 * normal(1, B, 200, N)

    graph, params = nnx.split(abstract(spec_of(name), N))
    gradient = in_haste(jax.grad(lambda params: nnx.RNN(nnx.merge(graph, params))(xs).sum()), params)
    # √3: recurrent matrices with a spectral radius of about 1, where gradients do not vanish.
    slopes = arrays(gradient(start(name)(**{"initial.recurrent_scale": 3**0.5})))
    assert all(np.isfinite(slope).all() for slope in slopes.values())


@each_cell
def test_measured_sizes_are_those_of_a_step(name):
    cell = cell_of(name)
    carry, y = jax.eval_shape(cell, cell.initialize_carry((N,)), jnp.ones(N))
    assert output_size(cell, N) == y.size
    assert state_size(cell, N) == sum(a.size for a in jax.tree.leaves(carry) if a.dtype == jnp.float32)


@each_cell
def test_half_precision_stays_half_and_close(name):
    """Arithmetic in bfloat16 alone: both runs have the rounded weights and inputs."""

    def cast(tree, kind):
        tree = numpy(tree)
        return jax.tree.map(lambda a: a.astype(kind) if jnp.issubdtype(a.dtype, jnp.floating) else a, tree)

    def ran(kind):
        graph, params = nnx.split(randomised(abstract(spec_of(name), N), scale=0.4))
        cell = nnx.merge(graph, cast(cast(params, jnp.bfloat16), kind))
        xs = cast(cast(normal(1, T, B, N), jnp.bfloat16), kind)
        half = kind == jnp.bfloat16
        carries, ys = run(cell, xs, cast(cell.initialize_carry((B, N)), kind) if half else None)
        floating = [a for a in jax.tree.leaves(carries) if jnp.issubdtype(a.dtype, jnp.floating)]
        assert {a.dtype for a in [ys, *floating]} == {jnp.dtype(kind)}
        return [np.asarray(a, np.float64) for a in [ys, *floating]]

    # bfloat16 keeps 8 bits: an operation errs by up to 2**-9. Some ten of them a step, for 8 steps of which each
    # forgets about half of what was before, add up to 1 % (seen: 0.3 to 0.8 %).
    for half, single in zip(ran(jnp.bfloat16), ran(jnp.float32), strict=True):
        assert 0 < np.sqrt(np.mean((half - single) ** 2)) < 0.02 * np.sqrt(np.mean(single**2))


# The catalogue.


def test_every_file_has_one_cell_which_is_in_the_catalogue_and_says_where_it_is_from():
    """A cell's spec is a class with a method `build`, whatever else it says or forgot to say."""
    folder = Path(lstm_variants.__file__).parent / "cells"
    found = {}
    for path in folder.glob("*.py"):
        if path.stem != "__init__":
            found[path.stem] = specs_in(path)
    assert {stem: len(specs) for stem, specs in found.items()} == dict.fromkeys(found, 1)
    stated = {(stem, name) for stem, ((name, _),) in found.items()}
    assert stated == {(spec.__module__.rpartition(".")[2], spec.__name__) for spec in CELLS.values()}
    owed = {"reference", "purpose", *MEASURES}
    assert {name: owed - said for ((name, said),) in found.values() if owed - said} == {}


def specs_in(path):
    """Name of every class with a method `build`, and the class variables that it states."""
    return [
        (node.name, {line.target.id for line in node.body if isinstance(line, ast.AnnAssign)})
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(line, ast.FunctionDef) and line.name == "build" for line in node.body)
    ]


def test_a_cell_that_forgot_its_reference_is_seen(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class Mine:\n    hidden: int = 3\n\n    def build(self, inputs, rngs): ...\n")
    assert specs_in(path) == [("Mine", {"hidden"})]


def test_the_package_offers_every_spec_of_the_catalogue_by_its_name():
    assert [s for s in CELLS.values() if getattr(lstm_variants, s.__name__, None) is not s] == []


def test_the_package_offers_what_each_cells_file_defines_and_no_module():
    for spec in CELLS.values():
        cell = type(nnx.eval_shape(lambda spec=spec: spec().build(3, nnx.Rngs(0))))
        assert getattr(lstm_variants, cell.__name__) is cell
        assert {spec.__name__, cell.__name__} <= set(lstm_variants.__all__)
    assert {"LSTMState", "GRUState", "CELLS", "run_sequence"} <= set(lstm_variants.__all__)
    assert not any(inspect.ismodule(getattr(lstm_variants, name)) for name in lstm_variants.__all__)
