"""All steps of a linear recurrence at once.

    h_t = a_t ⊙ h_{t-1} + b_t              t = 1 ... T

Two steps in a row are one step of the same form: (a, b) then (a', b') is (a' ⊙ a, a' ⊙ b + b'). This is
associative, so a parallel scan (Blelloch 1990) has all T steps after 2 log₂ T rounds, in place of T steps one after
the other, for about twice the operations. That is for accelerators: on a CPU stepping is faster (minGRU, batch 32,
h = 64, T = 1000, forward and backward on two cores: 0.08 s against 0.25 s for the scan).
"""

import jax
import jax.numpy as jnp

Array = jax.Array


def linear_scan(
    a: Array, b: Array, h: Array, mask: Array | None = None, reset: Array | None = None
) -> tuple[Array, Array]:
    """The states of all steps, as if stepped one by one.

    Args:
        a, b: coefficients, time first, `(T, ..., h)`.
        h: the state before the first step, `(..., h)`.
        mask: `(T, ...)`, False: the step does not count, the state is held and the output is 0.
        reset: `(T, ...)`, True: the state is set to 0 before the step, whether it counts or not.

    Returns:
        `(h_T, outputs)`, `(..., h)` and `(T, ..., h)`.
    """
    if mask is not None:
        a, b = jnp.where(mask[..., None], a, 1), jnp.where(mask[..., None], b, 0)
    if reset is not None:
        a = jnp.where(reset[..., None], 0, a)
    a, b = jax.lax.associative_scan(_both, (a, b))
    hs = a * h + b
    return hs[-1], hs if mask is None else jnp.where(mask[..., None], hs, 0)


def _both(first: tuple[Array, Array], then: tuple[Array, Array]) -> tuple[Array, Array]:
    """The one step that does what these two do."""
    return then[0] * first[0], then[0] * first[1] + then[1]
