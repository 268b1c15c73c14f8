"""The largest Lyapunov exponent of the carry: the mean of log |v_t| / |v_{t-1}| with v_t = (ds_t/ds_{t-1}) v_{t-1}.

Below 0 a small change of the carry dies away, at 0 it stays, above 0 it grows. The network is driven by the task's
inputs; the first steps, in which v turns into the direction that grows fastest, do not count.
"""

from typing import Any

import jax
import jax.numpy as jnp

from experiments.flow.influence import Step, shaped

Array = jax.Array
TURNING = 0.2  # share of the steps that do not count


def exponent(step: Step, first: Any, inputs: Array, key: Array, mask: Array | None = None) -> Array:
    """One number a sequence `(B,)`, in nats a step; minus infinity where a change is gone altogether.

    Arguments as of `influence`; key: draws the first v.
    """
    T, B = inputs.shape[:2]
    counts = jnp.ones((T, B), bool) if mask is None else mask
    both: tuple[list[Array], Any] = jax.tree.flatten(first)
    leaves, tree = both
    moving = [k for k, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]

    def moved(carry: Any, x: Array, v: list[Array]) -> tuple[Any, list[Array]]:
        flat = list(jax.tree.leaves(carry))

        def onward(parts: list[Array]) -> tuple[list[Array], Any]:
            whole = list(flat)
            for k, part in zip(moving, parts, strict=True):
                whole[k] = part
            after, _ = step(tree.unflatten(whole), x)
            new = jax.tree.leaves(after)
            return [new[k] for k in moving], after

        _, tangents, after = jax.jvp(onward, ([flat[k] for k in moving],), (v,), has_aux=True)
        return after, tangents

    def one(state: tuple[Any, list[Array]], at: Any) -> tuple[tuple[Any, list[Array]], Array]:
        carry, v = state
        x, counted = at
        after, new = moved(carry, x, v)
        size = jnp.sqrt(sum((part.reshape(B, -1) ** 2).sum(-1) for part in new))
        new = [part / shaped(jnp.where(size > 0, size, 1), part) for part in new]
        held = jax.tree.map(lambda a, b: jnp.where(shaped(counted, a), a, b), (after, new), (carry, v))
        return held, jnp.where(counted, jnp.log(size), 0.0)

    drawn = [jax.random.normal(jax.random.fold_in(key, k), leaves[k].shape, leaves[k].dtype) for k in moving]
    size = jnp.sqrt(sum((part.reshape(B, -1) ** 2).sum(-1) for part in drawn))
    unit = [part / shaped(size, part) for part in drawn]
    _, growth = jax.lax.scan(one, (first, unit), (inputs, counts))
    from_here = counts & (jnp.cumsum(counts, axis=0) > TURNING * counts.sum(0))
    return jnp.where(from_here, growth, 0.0).sum(0) / jnp.maximum(from_here.sum(0), 1)
