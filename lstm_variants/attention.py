"""Attention over what a recurrent network has put out so far, by content: an option of the read-out (`Layers`).

    e_ts = y_t · W_a y_s                   score of step s at step t
    α_ts = exp e_ts / Σ_{r ≤ t} exp e_tr   weight of step s ≤ t, the present one included
    c_t = Σ_{s ≤ t} α_ts y_s               context
    a_t = tanh(W_c [c_t; y_t])             what is read in place of y_t

Attention by content is Bahdanau, Cho & Bengio 2015 (their score is v · tanh(W y_t + U y_s)); this score, "general",
and a_t are those of Luong, Pham & Manning 2015. There a decoder looks at the states of an encoder; here, causally, a
network at its own, as in Daniluk et al. 2017. Steps are weighed by what they hold and not by where they are.

y output of the top layer (k), W_a (k, k), W_c (k, 2k), no biases: parameters 3k². The recurrence does not hear a_t.
All the y_s are remembered: the state grows by k a step, and the operations grow too: at step t 6k² + k + (4k + 5)t.
Padded steps and what lies before a reset have no weight.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.cells.transformer import exponentials
from lstm_variants.initial import STANDARD
from lstm_variants.plumbing import kernel
from lstm_variants.products import product

Array = jax.Array


class Memory(NamedTuple):
    """y (M, ..., k): the outputs of M earlier steps. there (M, ...) bool: which of them can be attended to."""

    y: Array
    there: Array


class Attention(nnx.Module):
    """`(y (T, ..., k)) -> (Memory, a (last, ..., k))`."""

    def __init__(self, size: int, *, rngs: nnx.Rngs):
        self.W_a = kernel(rngs, STANDARD, size, size)
        self.W_c = kernel(rngs, STANDARD, 2 * size, size)

    def __call__(
        self,
        y: Array,
        *,
        mask: Array | None = None,
        reset: Array | None = None,
        memory: Memory | None = None,
        last: int | None = None,
    ) -> tuple[Memory, Array]:
        """Arguments as those of `LayersModel`; memory: what an earlier call has returned."""
        last = len(y) if last is None else last
        weights, whole = self.weigh(y, mask, reset, memory, last)
        context = jnp.einsum("...ts,s...k->t...k", weights, whole.y)
        read = jnp.tanh(product(jnp.concatenate([context, y[-last:]], axis=-1), self.W_c[...]))
        return whole, read if mask is None else jnp.where(mask[-last:, ..., None], read, 0)

    def weigh(
        self, y: Array, mask: Array | None, reset: Array | None, memory: Memory | None, last: int
    ) -> tuple[Array, Memory]:
        """α `(..., last, M + T)` of the last steps over the M remembered ones and these T, and all that can be attended
        to from here on. Rows of padded steps are finite and mean nothing."""
        T, batch = len(y), y.shape[1:-1]
        old = Memory(y[:0], jnp.ones((0, *batch), bool)) if memory is None else memory
        ys = jnp.concatenate([old.y, y]) if len(old.y) else y
        there = jnp.concatenate([old.there, jnp.ones((T, *batch), bool) if mask is None else mask])
        steps = jnp.arange(len(ys))
        allowed = jnp.moveaxis(there, 0, -1)[..., None, :] & (steps <= steps[-last:, None])
        if reset is not None:  # steps with equal numbers are of one sequence
            part = jnp.concatenate([jnp.zeros(old.there.shape, jnp.int32), jnp.cumsum(reset, axis=0)])
            there &= part == part[-1]
            part = jnp.moveaxis(part, 0, -1)
            allowed &= part[..., -last:, None] == part[..., None, :]
        scores = jnp.einsum("t...k,s...k->...ts", product(y[-last:], self.W_a[...]), ys)
        e = exponentials(scores, allowed)
        return e / e.sum(-1, keepdims=True), Memory(ys, there)
