"""How much the loss depends on the carry of each step: the norm of dL/ds_{T-k} by the lag k = 1 ... T.

Perturbations e, all zero, are added to the carry before each step,

    s_t, y_t = cell(s_{t-1} + e_{t-1}, x_t)

and the gradient of the loss with respect to them is dL/ds. Nothing is asked of the cell, and one backward pass gives
all lags. (Hochreiter 1991 and Bengio, Simard & Frasconi 1994 are about the same quantity.)
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Step = Callable[[Any, Array], tuple[Any, Array]]
SHARE = 0.01  # of the influence at lag 1: what counts as remembered


def influence(
    step: Step, first: Any, inputs: Array, loss: Callable[[Array], Array], mask: Array | None = None
) -> Array:
    """Norms `(T, B)` of dL_b/ds by lag, lag 1 first: the norm over all floating numbers carried for sequence b.

    Args:
        step: `(carry, x (B, n)) -> (carry, y)`, sequences independent of each other.
        first: the carry before the first step, its arrays `(B, ...)`.
        inputs: `(T, B, n)`.
        loss: of all outputs `(T, B, ...)`, the losses `(B,)` of the sequences.
        mask: `(T, B)` bool, False at steps that do not count, where the carry is held; None: all count.
    """
    both: tuple[list[Array], Any] = jax.tree.flatten(first)
    leaves, tree = both
    moving = [k for k, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]
    T, B = inputs.shape[:2]
    counts = jnp.ones((T, B), bool) if mask is None else mask

    def total(perturbations: list[Array]) -> Array:
        def perturbed(carry: Any, at: Any) -> tuple[Any, Array]:
            x, counted, added = at
            flat = list(jax.tree.leaves(carry))
            for k, change in zip(moving, added, strict=True):
                flat[k] = flat[k] + change
            carry = tree.unflatten(flat)
            after, y = step(carry, x)
            return jax.tree.map(lambda a, b: jnp.where(shaped(counted, a), a, b), after, carry), y

        _, outputs = jax.lax.scan(perturbed, first, (inputs, counts, perturbations))
        return loss(outputs).sum()

    zeros = [jnp.zeros((T, *leaves[k].shape), leaves[k].dtype) for k in moving]
    slopes = jax.grad(total)(zeros)
    flat = jnp.concatenate([slope.reshape(T, B, -1) for slope in slopes], axis=-1)
    largest = jnp.abs(flat).max(-1, keepdims=True)  # so that no square is too small for its type
    unit = jnp.where(largest > 0, flat / jnp.where(largest > 0, largest, 1), 0)
    return jnp.flip(largest[..., 0] * jnp.sqrt((unit**2).sum(-1)), 0)


def shaped(flags: Array, like: Array) -> Array:
    return flags.reshape(flags.shape + (1,) * (like.ndim - flags.ndim))


def horizon(norms: np.ndarray, share: float = SHARE) -> int:
    """The memory horizon: the largest lag at which the influence is above `share` of that at lag 1. norms: `(T,)`, lag
    1 first. 0 where nothing flows at all, and where the network diverged (norms that are no numbers)."""
    above = np.flatnonzero(norms > share * norms[0]) if norms[0] > 0 else np.array([], int)
    return int(above[-1]) + 1 if len(above) else 0
