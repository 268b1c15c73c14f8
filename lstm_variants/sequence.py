"""A cell over whole sequences: padding, packed sequences, both directions of time.

    x'_t = x_t where m_t, else 0           a padded step may hold anything, NaN too
    s_t⁻ = s_first where r_t, else s_t     a reset comes before the step, padded or not
    s_{t+1}, y_t = cell(s_t⁻, x'_t)        where m_t
    s_{t+1}, y_t = s_t⁻, 0                 where not: the carry is held, bit for bit

Time comes first, T steps, then the batch. m mask and r reset are `(T, ...)` with the batch's shape, for padding
anywhere and for several sequences packed end to end. Without them the traced program is that of `unroll`.

A cell may have a method for all steps at once, `parallel(carry, inputs, *, mask=None, reset=None) -> (carry,
outputs)`, which computes what the loop computes, a reset going back to the cell's own first carry. It is used
in place of the loop, except that resets to another first carry (`first`) take the loop. If it has a keyword
`last` too, it is told how many outputs are kept, and a carry of None stands for the cell's own first one: what
is not there need not be computed. A cell that says `steps_on_cpu` is run by the loop on a CPU, where that is the
faster of the two.

Types are those that JAX promotes to. The carry keeps its type from step to step; the cell's own first one is brought to
the type of parameters and inputs together, so that float64 inputs meet no float32 on their way. (`nnx.RNN` asks the
cell, which knows its parameters alone: there the carry has their type.)
"""

import inspect
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.plumbing import widened
from lstm_variants.unroll import unroll

Array = jax.Array


def run_sequence(
    cell: nnx.RNNCellBase,
    inputs: Array,
    *,
    carry: Any = None,
    first: Any = None,
    mask: Array | None = None,
    reset: Array | None = None,
    reverse: bool = False,
    last: int | None = None,
) -> tuple[Any, Array]:
    """Run any cell, ours or Flax's, over `inputs`.

    Args:
        cell: the cell.
        inputs: `(T, ..., n)`.
        carry: the carry before the first step that is run; None: `first`.
        first: the carry that every sequence starts with; None: the cell's own, from `initialize_carry`.
        mask: `(T, ...)` bool; False: the step does not count, the carry is held and the output 0.
        reset: `(T, ...)` bool; True: a new sequence starts with this step, so that nothing passes between it
            and the step before, in either direction.
        reverse: run from step T - 1 down to step 0. Everything stays in the order of `inputs`.
        last: how many outputs to keep, those of the steps T - last ... T - 1; None: all.

    Returns:
        `(carry, outputs)`: the carry after the step that was run last, and y `(last, ..., k)`.

    Raises:
        ValueError: for a mask or reset that is not bool of the shape `(T, ...)`, or a `last` not in 1 ... T.
    """
    T = inputs.shape[0]
    last = T if last is None else last
    if not 1 <= last <= T:
        raise ValueError(f"run_sequence can keep 1 to T={T} outputs; got last={last}.")
    for name, flags in (("mask", mask), ("reset", reset)):
        if flags is not None:
            check_flags(name, flags, inputs.shape[: inputs.ndim - cell.num_feature_axes])
    stepped = getattr(cell, "steps_on_cpu", False) and jax.default_backend() == "cpu"
    parallel = (
        None if stepped or (reset is not None and first is not None) else getattr(cell, "parallel", None)
    )
    sparing = parallel is not None and "last" in inspect.signature(parallel).parameters
    if mask is not None:
        inputs = choose(mask, inputs, jnp.zeros_like(inputs))
    if reverse:
        inputs, mask = jax.tree.map(lambda a: jnp.flip(a, 0), (inputs, mask))
        if reset is not None:  # met from behind, a sequence starts one step before the next one's first
            reset = jnp.concatenate([jnp.zeros_like(reset[:1]), jnp.flip(reset[1:], 0)])
    if first is None and (reset is not None or carry is None) and not sparing:
        first = widened(cell.initialize_carry(inputs.shape[1:], nnx.Rngs(0)), inputs)  # some draw their zeros
    carry = first if carry is None else carry
    if parallel is None:
        carry, outputs = loop(cell, carry, (inputs, mask, reset), first, last, reverse)
    else:
        less = {"last": last} if sparing and not reverse else {}
        carry, outputs = parallel(carry, inputs, mask=mask, reset=reset, **less)
        outputs = outputs[:last] if reverse else outputs[-last:]
        mask = None if mask is None else mask[:last] if reverse else mask[-last:]
        outputs = outputs if mask is None else choose(mask, outputs, jnp.zeros_like(outputs))
    return carry, jnp.flip(outputs, 0) if reverse else outputs


def loop(cell: nnx.RNNCellBase, carry: Any, xs: Any, first: Any, last: int, early: bool) -> tuple[Any, Array]:
    """Step by step over `(inputs, mask, reset)`; keep the outputs of the last steps, or, if `early`, the first."""
    graph, state = nnx.split(cell)

    def step(carry: Any, at: Any) -> tuple[Any, Array]:
        x, counts, new = at
        if new is not None:
            carry = choose(new, first, carry)
        after, y = nnx.merge(graph, state)(carry, x)
        if counts is None:
            return after, y
        return choose(counts, after, carry), choose(counts, y, jnp.zeros_like(y))

    if not early or last == len(xs[0]):
        return unroll(step, carry, xs, last)
    heard, silent = (jax.tree.map(lambda a, s=s: a[s], xs) for s in (slice(0, last), slice(last, None)))
    carry, outputs = unroll(step, carry, heard, last)
    return unroll(step, carry, silent, 1)[0], outputs


def lengths_mask(lengths: Array, T: int, *, padding: str = "right") -> Array:
    """Mask `(T, ...)` of sequences that have `lengths` (...) steps, padded to T on the "right" or "left".

    Raises ValueError for another side.
    """
    if padding not in ("right", "left"):
        raise ValueError(f"lengths_mask needs padding = right | left; got padding={padding!r}.")
    lengths = jnp.asarray(lengths)
    t = jnp.arange(T).reshape(T, *[1] * lengths.ndim)
    return t < lengths if padding == "right" else t >= T - lengths


def choose(flags: Array, new: Any, old: Any) -> Any:
    """`new` where the flags (...) hold, else `old`, leaf by leaf `(..., features)`."""

    def leaf(new: Array, old: Array) -> Array:
        return jnp.where(flags.reshape(flags.shape + (1,) * (new.ndim - flags.ndim)), new, old)

    return jax.tree.map(leaf, new, old)


def check_flags(name: str, flags: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless `flags` is bool of this shape."""
    if jnp.result_type(flags) != jnp.bool_ or jnp.shape(flags) != shape:
        raise ValueError(
            f"run_sequence needs {name} as bool of shape (T, batch) = {shape}; got {jnp.result_type(flags)} of "
            f"shape {jnp.shape(flags)}. For lengths use lengths_mask(lengths, T)."
        )
