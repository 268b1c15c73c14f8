"""What any recurrent cell owes to the code around it, whatever its equations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lstm_variants.conformance.adapter import Adapter, quickly

T, B = 6, 6  # as many points as the comparison of equations takes, so that a step is compiled once
CLOSE = 1e-5  # the same sums in another order, in float32, over six steps


@dataclass(frozen=True)
class Promise:
    """kept: True, False, or None where it cannot be asked of this cell (`detail` says why)."""

    name: str
    kept: bool | None
    detail: str = ""


class Broken(Exception):
    pass


def promises(cell: Adapter) -> tuple[Promise, ...]:
    """All of them, asked one by one; what a check raises is its answer."""
    found = []
    for name, check, needs_module in CHECKS:
        if needs_module and cell.module is None:
            found.append(Promise(name, None, "tested for Flax cells only"))
            continue
        try:
            check(cell)
            found.append(Promise(name, True))
        except Broken as broken:
            found.append(Promise(name, False, str(broken)))
        except Exception as error:  # any other failure of foreign code is an answer, too
            text = str(error).strip().splitlines() or [""]
            found.append(Promise(name, False, f"{type(error).__name__}: {text[0]}"))
    return tuple(found)


def inputs(cell: Adapter, *shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(*shape, cell.inputs)).astype(np.float32)


def weights(cell: Adapter) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(6)
    return {
        name: generator.normal(0, 0.5, np.shape(a)).astype(np.float32) for name, a in cell.parameters.items()
    }


def loop(cell: Adapter, xs: np.ndarray) -> tuple[Any, np.ndarray]:
    carry, ys = cell.start(xs.shape[1]), []
    for x in xs:
        after, y = cell.step(weights(cell), carry, x)
        carry = tuple(after)
        ys.append(np.asarray(y))
    return carry, np.stack(ys)


def close(a: Any, b: Any) -> bool:
    return all(
        np.shape(u) == np.shape(v) and np.allclose(u, v, rtol=CLOSE, atol=CLOSE)
        for u, v in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )


def batch_dimensions(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    if cell.shared:
        shape = np.shape(cell.carry[min(cell.shared)])
        raise Broken(
            f"the carry holds an array of shape {shape} for a batch of any size, so that no mask or reset can treat "
            f"it sequence by sequence; a counter for each is (..., 1)"
        )
    xs = inputs(cell, T, B)
    carry, ys = loop(cell, xs)
    for b in range(B):
        one, y = loop(cell, xs[:, b : b + 1])
        if not close((one, y), (tuple(a[b : b + 1] for a in carry), ys[:, b : b + 1])):
            raise Broken("a sequence in a batch gives other results than alone")
    if cell.module is not None:
        module = Module(cell)
        flat = module.step(module.carry((B * 2,)), inputs(cell, B * 2))
        square = module.step(module.carry((B, 2)), inputs(cell, B * 2).reshape(B, 2, -1))
        if not close(jax.tree.map(lambda a: a.reshape(B * 2, -1), square), flat):
            raise Broken("two leading batch dimensions give other numbers than one")
        single = module.step(module.carry(()), inputs(cell, B * 2)[0])
        if not close(single, jax.tree.map(lambda a: a[0], flat)):
            raise Broken("no batch dimension gives other numbers than one")


def no_memory_outside_the_carry(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    xs = inputs(cell, T, B)
    if not all(np.array_equal(a, b) for a, b in zip(loop(cell, xs)[1], loop(cell, xs)[1], strict=True)):
        raise Broken("the same sequence again gives other outputs")


def no_future(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    xs = inputs(cell, T, B)
    later = xs.copy()
    later[3:] += 10
    outputs = [(loop(cell, a)[1], "") for a in (xs, later)]
    if cell.module is not None and hasattr(cell.module, "parallel"):
        module = Module(cell)
        run = jax.jit(module.merged().parallel)
        outputs += [
            (np.asarray(run(module.carry((B,)), jnp.asarray(a))[1]), " in its parallel form")
            for a in (xs, later)
        ]
    for (before, words), (after, _) in zip(outputs[::2], outputs[1::2], strict=True):
        if not np.array_equal(before[:3], after[:3]):
            raise Broken(f"an output depends on a later input{words}")


def no_neighbours(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    xs = inputs(cell, T, B)
    other = xs.copy()
    other[:, 1] += 10
    if not np.array_equal(loop(cell, xs)[1][:, 0], loop(cell, other)[1][:, 0]):
        raise Broken("a sequence depends on another one of the batch")


def carry_keeps_its_form(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    first = cell.start(B)
    after, _ = cell.step(weights(cell), first, inputs(cell, B))
    for a, b in zip(first, after, strict=True):
        if (np.shape(a), np.asarray(a).dtype) != (np.shape(b), np.asarray(b).dtype):
            raise Broken(f"{np.shape(a)} {np.asarray(a).dtype} becomes {np.shape(b)} {np.asarray(b).dtype}")


class Module:
    """The Flax cell behind an adapter, NNX or Linen, with random weights, as functions of its parameters."""

    def __init__(self, cell: Adapter):
        self.cell, self.module = cell, cell.module
        drawn = [jnp.asarray(a) for a in weights(cell).values()]  # in the order of the leaves
        if isinstance(self.module, nnx.Module):
            parts: Any = nnx.split(self.module, nnx.Param, ...)
            self.graph, params, self.rest = parts
        else:
            assert isinstance(self.module, flax.linen.Module)
            key = jax.random.key(0)
            params = jax.eval_shape(self.module.init, key, self.carry(()), jnp.zeros(cell.inputs))["params"]
        tree: Any = jax.tree.structure(params)
        self.params = tree.unflatten(drawn)

    def merged(self) -> Any:
        return nnx.merge(self.graph, self.params, self.rest)

    def carry(self, batch: tuple[int, ...]) -> Any:
        module: Any = self.module
        shape = (*batch, self.cell.inputs)
        if isinstance(self.module, nnx.Module):
            return module.initialize_carry(shape, nnx.Rngs(0))
        return module.initialize_carry(jax.random.key(0), shape)

    def step(self, carry: Any, x: Any, params: Any = None) -> Any:
        params = self.params if params is None else params
        if isinstance(self.module, nnx.Module):
            return nnx.merge(self.graph, params, self.rest)(carry, jnp.asarray(x))
        assert self.module is not None
        return self.module.apply({"params": params}, carry, jnp.asarray(x))


def finite_gradients(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    module, xs = Module(cell), jnp.asarray(100 * inputs(cell, 100, B))

    def loss(params: Any, xs: Any) -> Any:
        return jax.lax.scan(lambda carry, x: module.step(carry, x, params), module.carry((B,)), xs)[1].sum()

    gradient = quickly(jax.grad(loss, argnums=(0, 1)))
    for scale in (1.0, 0.0):
        slopes = gradient(module.params, scale * xs)
        if not all(np.isfinite(a).all() for a in jax.tree.leaves(slopes)):
            raise Broken(f"over 100 steps with inputs of size {100 * scale:.0f} a gradient is not finite")


def transformations(cell: Adapter) -> None:
    """Raises Broken where the cell does not keep this promise."""
    module, xs = Module(cell), jnp.asarray(inputs(cell, 3, B))
    carry, plain = module.carry((B,)), []
    axes = [None if k in cell.shared else 0 for k in range(len(cell.carry))]
    batched: Any = jax.tree.structure(carry).unflatten(axes)  # type: ignore[attr-defined]
    jitted = jax.jit(module.step)
    mapped = jax.jit(jax.vmap(module.step, in_axes=(batched, 0), out_axes=(batched, 0)))
    for x in xs:
        eager = module.step(carry, x)
        if not close(jitted(carry, x), eager):
            raise Broken("jit changes the numbers")
        if not close(mapped(carry, x), eager):
            raise Broken("vmap over the batch changes the numbers")
        carry, y = eager
        plain.append(y)
    if not close(jax.lax.scan(jitted, module.carry((B,)), xs), (carry, jnp.stack(plain))):
        raise Broken("scan gives other numbers than the loop")


CHECKS: tuple[tuple[str, Callable[[Adapter], None], bool], ...] = (
    ("batch dimensions lead", batch_dimensions, False),
    ("no memory outside the carry", no_memory_outside_the_carry, False),
    ("no output depends on a later input", no_future, False),
    ("no sequence depends on its neighbour", no_neighbours, False),
    ("the carry keeps shapes and types", carry_keeps_its_form, False),
    ("gradients are finite", finite_gradients, True),
    ("jit, vmap and scan change nothing", transformations, True),
)
