"""A cell of any framework, as the kit sees it: named parameters and one step.

    Adapter(name="mine", inputs=3, hidden=5,
            parameters={"weight": np.zeros((8, 20)), "bias": np.zeros(20)},
            carry=(np.zeros(5), np.zeros(5)),
            step=lambda parameters, carry, x: (new_carry, y))

`parameters` gives names and shapes (the values do not matter), `carry` the first carry of one sequence as a
flat tuple of arrays. `step` takes parameters by name, a carry and an input with one leading batch dimension,
all NumPy float32 (clocks: as given), and returns the new carry, in the same order, and the output. `adapt`
makes an adapter of Flax cells, NNX and Linen, and of our specs; tests/lstm_variants/test_conformance.py
shows one for `torch.nn.LSTMCell` in twelve lines.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lstm_variants.contract import CellSpec

Arrays = tuple[np.ndarray, ...]
Step = Callable[[Mapping[str, np.ndarray], Arrays, np.ndarray], tuple[Sequence[np.ndarray], np.ndarray]]

# A step runs a few dozen times, on small sizes: to compile it takes longest, and without optimisations less than half.
quickly = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})

# Small sizes at which no product of matrices can be taken for another; cells with rules of their own about
# the number of units (heads, modules, blocks) get the first that they accept.
SIZES = ((3, 5), (3, 8), (5, 6), (5, 12), (7, 16), (3, 4))


class CanNotCheck(ValueError):
    """The kit cannot say anything about this cell; the message says why."""


@dataclass(frozen=True)
class Adapter:
    """A cell with `inputs` features and `hidden` units; see above. `module`: the Flax cell, where it is one.

    formula: number of parameters as the cell itself documents it, where it does. like: shapes of the parameters of
    a second cell of this make, with other `sizes` (inputs, units), which tell axes of gates from others. shared:
    numbers of the carried arrays that have no batch dimension, such as one counter for all sequences.
    """

    name: str
    inputs: int
    hidden: int
    parameters: Mapping[str, np.ndarray]
    carry: Arrays
    step: Step
    module: nnx.RNNCellBase | flax.linen.Module | None = None
    formula: int | None = None
    like: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    sizes: tuple[int, int] = (0, 0)
    shared: frozenset[int] = frozenset()

    def start(self, batch: int) -> Arrays:
        """The first carry of a batch."""
        return tuple(
            np.asarray(a) if k in self.shared else np.broadcast_to(a, (batch, *np.shape(a)))
            for k, a in enumerate(self.carry)
        )


def adapt(thing: Any, name: str = "", options: Mapping[str, Any] | None = None) -> Adapter:
    """An adapter for a cell class, a spec class or value, a built NNX cell, or a function that makes one.

    Cell classes are called as `Cell(inputs, hidden, rngs=rngs, **options)` (NNX), `Cell(features=hidden,
    **options)` (Linen) or `Spec(hidden=hidden, **options)`; functions as `make(inputs, hidden, **options)`.
    Raises CanNotCheck if none works.
    """
    options = dict(options or {})
    name = name or getattr(thing, "__name__", type(thing).__name__)
    if isinstance(thing, Adapter):
        return guarded(thing)
    if not callable(thing) and not isinstance(thing, CellSpec):
        raise CanNotCheck(f"{name} is a {type(thing).__name__}; the kit checks cells, specs, or an Adapter.")
    reasons = []
    for n, h in SIZES:
        try:
            made = build(thing, n, h, options)
            if isinstance(made, Adapter):
                return guarded(made)
            if isinstance(made, flax.linen.Module):
                return guarded(compared(of_linen(made, name, n, h), thing, options))
            if isinstance(made, nnx.RNNCellBase):
                cell = of_nnx(made, name, n, h, formula(thing, n, h, options))
                return guarded(compared(cell, thing, options))
        except Exception as error:  # whatever a foreign cell does; perhaps not at another size
            reasons.append(in_words(error))
            continue
        raise CanNotCheck(
            f"{name} made a {type(made).__name__}, which is neither a Flax cell nor an Adapter."
        )
    raise CanNotCheck(
        f"{name} could not be made and called with {SIZES[0][0]} inputs and {SIZES[0][1]} units, nor with other "
        f"sizes: {reasons[0].rstrip('.')}. Give what it needs with --with NAME=VALUE, or write a function "
        "(inputs, hidden) that makes it."
    )


def in_words(error: Exception) -> str:
    """The first line of an error, with its type where that says more than that something does not fit."""
    line = (str(error).splitlines() or [""])[0]
    usual = isinstance(error, TypeError | ValueError | AttributeError | KeyError)
    return line if usual and line else f"{type(error).__name__}: {line}".removesuffix(": ")


def guarded(cell: Adapter) -> Adapter:
    """The same, whose step raises CanNotCheck for whatever the cell raises when it is called."""

    def step(parameters: Mapping[str, np.ndarray], carry: Arrays, x: np.ndarray) -> Any:
        try:
            return cell.step(parameters, carry, x)
        except Exception as error:
            shape = " x ".join(map(str, np.shape(x)))
            raise CanNotCheck(
                f"{cell.name} raised an error when it was called with an input of {shape} numbers: "
                f"{type(error).__name__}: {in_words(error).removeprefix(f'{type(error).__name__}: ')}"
            ) from error

    return replace(cell, step=step)


def compared(cell: Adapter, thing: Any, options: dict[str, Any]) -> Adapter:
    """The cell beside the shapes of another size of it, where it can be made in one."""
    for n, h in SIZES:
        if n == cell.inputs or h == cell.hidden:
            continue
        try:
            made = build(thing, n, h, options)
            shapes = linen_shapes(made, n) if isinstance(made, flax.linen.Module) else nnx_shapes(made)
        except Exception:  # as in `adapt`
            continue
        here = {name: np.shape(a) for name, a in cell.parameters.items()}
        if shapes != here and shapes.keys() == here.keys():
            return replace(cell, like=shapes, sizes=(n, h))
    return cell


def nnx_shapes(cell: nnx.RNNCellBase) -> dict[str, tuple[int, ...]]:
    flat = nnx.to_flat_state(nnx.state(cell, nnx.Param))
    return {".".join(map(str, path)): tuple(jnp.shape(leaf[...])) for path, leaf in flat}


def linen_shapes(cell: Any, n: int) -> dict[str, tuple[int, ...]]:
    key, x = jax.random.key(0), jnp.zeros((n,))
    shapes = jax.eval_shape(cell.init, key, cell.initialize_carry(key, (n,)), x)["params"]
    flat: list[Any] = jax.tree.leaves_with_path(shapes)
    return {".".join(str(getattr(k, "key", k)) for k in path): tuple(a.shape) for path, a in flat}


def without_batch(single: list[Any], several: list[Any]) -> frozenset[int]:
    """Which carried arrays have for a batch the shape that they have for one sequence."""
    pairs = enumerate(zip(single, several, strict=True))
    return frozenset(k for k, (a, b) in pairs if np.shape(a) == np.shape(b))


def build(thing: Any, n: int, h: int, options: dict[str, Any]) -> Any:
    """The cell of n inputs and h units that a thing stands for. Raises TypeError for one that is no cell."""
    make: Any = thing
    if isinstance(thing, type) and issubclass(thing, nnx.RNNCellBase):
        return blank(lambda: make(n, h, rngs=nnx.Rngs(0), **options))
    if isinstance(thing, type) and issubclass(thing, flax.linen.Module):
        return thing(features=h, **options)
    if isinstance(thing, type) and hasattr(thing, "build"):
        return blank(lambda: make(hidden=h, **options).build(n, nnx.Rngs(0)))
    if isinstance(thing, CellSpec) and not isinstance(thing, type):
        return blank(lambda: make.build(n, nnx.Rngs(0)))
    if inspect.isfunction(thing) or inspect.isbuiltin(thing) or isinstance(thing, type):
        made = thing(n, h, **options)
        return made.build(n, nnx.Rngs(0)) if isinstance(made, CellSpec) else made
    raise TypeError(f"a {type(thing).__name__} is not a cell")


def blank(make: Callable[[], nnx.RNNCellBase]) -> nnx.RNNCellBase:
    """The cell with all parameters zero, so that no initialiser is compiled; as made, if it holds more than
    parameters."""
    abstract = nnx.eval_shape(make)
    parts: Any = nnx.split(abstract, nnx.Param, ...)
    graph, params, rest = parts
    if jax.tree.leaves(rest):
        return make()
    return nnx.merge(graph, jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), params), rest)


def formula(thing: Any, n: int, h: int, options: Mapping[str, Any]) -> int | None:
    """The number of parameters that a spec of ours documents."""
    text = getattr(thing, "parameters", None)
    if not isinstance(text, str):
        return None
    spec = thing(hidden=h, **options) if isinstance(thing, type) else thing
    fields = {name: getattr(spec, name) for name in spec.__dataclass_fields__}
    known = {"n": n, "len": len, **fields, "h": fields.get("hidden", h)}
    return int(eval(text, {"__builtins__": {}}, known))


def of_nnx(cell: nnx.RNNCellBase, name: str, n: int, h: int, count: int | None = None) -> Adapter:
    """A built `nnx.RNNCellBase`; its parameters are its `nnx.Param`s, named by their path."""
    parts: Any = nnx.split(cell, nnx.Param, ...)
    graph, params, rest = parts
    both: tuple[list[Any], Any] = jax.tree.flatten(params)
    leaves, tree = both
    names = [".".join(map(str, path)) for path, _ in nnx.to_flat_state(params)]
    carry: tuple[list[Any], Any] = jax.tree.flatten(cell.initialize_carry((n,), nnx.Rngs(0)))
    first, carry_tree = carry
    first = [jnp.asarray(a) for a in first]

    @quickly
    def jitted(leaves: list[Any], carry: list[Any], x: Any) -> Any:
        copy = nnx.merge(graph, tree.unflatten(leaves), rest)
        after, y = copy(carry_tree.unflatten(carry), x)
        return jax.tree.leaves(after), y

    def step(parameters: Mapping[str, np.ndarray], carry: Arrays, x: np.ndarray) -> Any:
        after, y = jitted([parameters[name] for name in names], list(carry), x)
        return tuple(np.asarray(a) for a in after), np.asarray(y)

    jax.eval_shape(jitted, leaves, first, jnp.zeros(n))  # raises here if these sizes do not suit it
    return Adapter(
        name=name,
        inputs=n,
        hidden=h,
        parameters={name: np.asarray(leaf) for name, leaf in zip(names, leaves, strict=True)},
        carry=tuple(np.asarray(a) for a in first),
        step=step,
        module=cell,
        formula=count,
        shared=without_batch(first, jax.tree.leaves(cell.initialize_carry((2, n), nnx.Rngs(0)))),
    )


def of_linen(cell: flax.linen.Module, name: str, n: int, h: int) -> Adapter:
    """A `flax.linen` cell; its parameters are its collection "params"."""
    key, x = jax.random.key(0), jnp.zeros((n,))
    carry = cell.initialize_carry(key, (n,))  # type: ignore[attr-defined]
    shapes = jax.eval_shape(cell.init, key, carry, x)["params"]
    params = jax.tree.map(lambda a: np.zeros(a.shape, a.dtype), shapes)
    both: tuple[list[Any], Any] = jax.tree.flatten_with_path(params)
    flat, tree = both
    names = [".".join(str(getattr(k, "key", k)) for k in path) for path, _ in flat]
    carries: tuple[list[Any], Any] = jax.tree.flatten(carry)
    first, carry_tree = carries
    first = [jnp.asarray(a) for a in first]

    @quickly
    def jitted(leaves: list[Any], carry: list[Any], x: Any) -> Any:
        after, y = cell.apply({"params": tree.unflatten(leaves)}, carry_tree.unflatten(carry), x)
        return jax.tree.leaves(after), y

    def step(parameters: Mapping[str, np.ndarray], carry: Arrays, x: np.ndarray) -> Any:
        after, y = jitted([parameters[name] for name in names], list(carry), x)
        return tuple(np.asarray(a) for a in after), np.asarray(y)

    return Adapter(
        name=name,
        inputs=n,
        hidden=h,
        parameters={name: np.asarray(leaf) for name, (_, leaf) in zip(names, flat, strict=True)},
        carry=tuple(np.asarray(a) for a in first),
        step=step,
        module=cell,
        shared=without_batch(first, jax.tree.leaves(cell.initialize_carry(key, (2, n)))),
    )
