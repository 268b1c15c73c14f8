"""Transformer block: causal self-attention over a sliding window, stepped as a recurrent cell.

Vaswani et al. 2017, "Attention is all you need" (attention and feed-forward layer); Xiong et al. 2020 (both
behind a layer norm: pre-norm); Su et al. 2021 (rotary positions); Ba, Kiros & Hinton 2016 (layer norm).

    u = W_x x + b_x                        input projection
    LN(a) = g ⊙ (a - mean a) / √(var a + ε) + b
    q, k, v = W_q LN_a(u), W_k LN_a(u), W_v LN_a(u), each cut into heads of d = h / heads units
    s_a = (ρ^a q) · k_a / √d               score of the step a steps ago, 0 ≤ a < c, head by head
    m = u + W_o Σ_a softmax(s)_a v_a       over the steps that there are, this one included
    y = m + W_2 max(0, W_1 LN_f(m) + b_1) + b_2

x input (n), u m y (h), ε = 1e-5. State: k and v of the last c = `context` steps. ρ^a turns the pairs
(q_j, q_{j+d/2}) by the angles a · 10000^(-2j/d): Su et al. turn q and k by their positions, and in the product
only the distance a is left, so that no sequence is too long. Nothing normalises y. With e = `expansion`:
parameters h(n + 1) + (4 + 2e)h² + (5 + e)h, state 2ch, operations a step 2nh + (8 + 4e)h² + (20 + 2e)h + 8 +
7ch + 4c heads. One step costs the whole window whatever it holds.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, refuse_chrono
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, widened, zeros
from lstm_variants.products import split

Array = jax.Array
EPSILON = 1e-5


class TransformerState(NamedTuple):
    """k, v: keys (not turned) and values of the last c steps, oldest first, (..., c h). t: how many of them are
    there, c at most: int32 (..., 1)."""

    k: Array
    v: Array
    t: Array


class TransformerCell(nnx.RNNCellBase):
    """`(TransformerState, x (..., n)) -> (TransformerState, y (..., h))`; q k v in W, units of a head together."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        heads: int = 2,
        context: int = 128,
        expansion: int = 4,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.heads = heads
        self.context = context
        self.W_x = kernel(rngs, initial, inputs, hidden)
        self.b_x = bias(rngs, initial, hidden, 0.0)
        self.g_a = nnx.Param(jnp.ones(hidden, jnp.float32))
        self.b_a = bias(rngs, initial, hidden, 0.0)
        self.W = recurrent(rngs, initial, hidden, gates=3)
        self.W_o = recurrent(rngs, initial, hidden)
        self.g_f = nnx.Param(jnp.ones(hidden, jnp.float32))
        self.b_f = bias(rngs, initial, hidden, 0.0)
        self.W_1 = kernel(rngs, initial, hidden, expansion * hidden)
        self.b_1 = bias(rngs, initial, expansion * hidden, 0.0)
        self.W_2 = kernel(rngs, initial, expansion * hidden, hidden)
        self.b_2 = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: TransformerState, inputs: Array) -> tuple[TransformerState, Array]:
        u, q, k, v = self.look(inputs)
        k = jnp.concatenate([carry.k[..., self.hidden :], k], axis=-1)
        v = jnp.concatenate([carry.v[..., self.hidden :], v], axis=-1)
        t = jnp.minimum(carry.t + 1, self.context)
        age = np.arange(self.context)[::-1]
        keys, values = (self.cut(a.reshape(*t.shape[:-1], self.context, self.hidden)) for a in (k, v))
        turned = rotate(self.cut(q)[..., None, :, :], age)  # one copy for every age: (..., c, heads, d)
        e = exponentials(jnp.moveaxis((turned * keys).sum(-1), -1, -2), (t > age)[..., None, :])
        read = jnp.einsum("...hc,...chd->...hd", e, values) / e.sum(-1)[..., None]
        return keeping(carry, TransformerState(k, v, t)), self.speak(u, read.reshape(u.shape))

    def parallel(
        self,
        carry: TransformerState | None,
        inputs: Array,
        *,
        mask: Array | None = None,
        reset: Array | None = None,
        last: int | None = None,
    ) -> tuple[TransformerState, Array]:
        """All steps at once, in the fuller form that `run_sequence` knows: `last` (T + c) scores a head."""
        T, *batch, _ = inputs.shape
        c, asking = self.context, slice(-(last or T), None)
        old = widened(self.initialize_carry(inputs.shape[1:]), inputs) if carry is None else carry
        u, *qkv = self.look(inputs)
        # Time goes behind the batch: q (..., T, h); k and v (..., c + T, h), what was held first.
        q, k, v = (jnp.moveaxis(a, 0, -2) for a in qkv)
        k, v = (jnp.concatenate([a.reshape(*batch, c, -1), b], -2) for a, b in ((old.k, k), (old.v, v)))

        # Of the c steps held and of the T new ones: does it count, which place has it among those that count,
        # which part of a packed sequence is it in? Size 1 stands for a batch that is all alike.
        held = jnp.arange(-c, 0).reshape(*[1] * len(batch), c)
        alike = jnp.zeros((*held.shape[:-1], T), bool)
        counts = ~alike if mask is None else jnp.moveaxis(mask, 0, -1)
        starts = alike if reset is None else jnp.moveaxis(reset, 0, -1)
        there = joined(held >= (0 if carry is None else -carry.t), counts)
        place = joined(held, jnp.cumsum(counts, axis=-1) - 1)
        part = joined(held * 0, jnp.cumsum(starts, axis=-1))

        seen = slice(c if carry is None else 0, None)
        age = place[..., asking, None] - place[..., None, seen]
        same = part[..., asking, None] == part[..., None, seen]
        allowed = there[..., None, seen] & same & (age >= 0) & (age < c)
        turned = rotate(self.cut(q[..., asking, :]), place[..., asking])
        keys = rotate(self.cut(k[..., seen, :]), place[..., seen])
        e = exponentials(jnp.einsum("...thd,...shd->...hts", turned, keys), allowed[..., None, :, :])
        read = jnp.einsum("...hts,...shd->...thd", e, self.cut(v[..., seen, :]))
        read = (read / jnp.moveaxis(e.sum(-1), -1, -2)[..., None]).reshape(*batch, -1, self.hidden)
        y = self.speak(u[asking], jnp.moveaxis(read, -2, 0))
        if mask is not None:
            y = jnp.where(mask[asking][..., None], y, 0.0)

        # The window holds the last c of those held and of those that count; what a reset forgot is 0.
        alive = part == part[..., -1:]
        k, v = (jnp.where(alive[..., None], a, 0.0) for a in (k, v))
        if mask is None:
            k, v = k[..., T:, :], v[..., T:, :]
        else:
            order = jnp.argsort(joined(held < 0, counts), axis=-1, stable=True)[..., T:, None]
            k, v = (jnp.take_along_axis(a, order, axis=-2) for a in (k, v))
        t = jnp.minimum((there & alive).sum(-1, keepdims=True), c)
        k, v = k.reshape(*batch, -1), v.reshape(*batch, -1)
        return keeping(old, TransformerState(k, v, jnp.broadcast_to(t, (*batch, 1)))), y

    def look(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """u and q / √d, k, v, all (..., h)."""
        u = x @ self.W_x[...] + self.b_x[...]
        q, k, v = split(norm(u, self.g_a[...], self.b_a[...]) @ self.W[...], 3)
        return u, q * (self.heads / self.hidden) ** 0.5, k, v

    def speak(self, u: Array, attended: Array) -> Array:
        """y from u and what the heads have read, (..., h)."""
        m = u + attended @ self.W_o[...]
        a = jax.nn.relu(norm(m, self.g_f[...], self.b_f[...]) @ self.W_1[...] + self.b_1[...])
        return m + (a @ self.W_2[...] + self.b_2[...])

    def cut(self, a: Array) -> Array:
        """(..., h) into heads (..., heads, d)."""
        return a.reshape(*a.shape[:-1], self.heads, -1)

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> TransformerState:
        size = self.context * self.hidden
        k, v = zeros(lambda *arrays: arrays, self.W, input_shape, size, size)
        return TransformerState(k, v, jnp.zeros((*input_shape[:-1], 1), jnp.int32))

    @property
    def num_feature_axes(self) -> int:
        return 1


def norm(a: Array, g: Array, b: Array) -> Array:
    """Layer norm over the last axis."""
    a = a - a.mean(-1, keepdims=True)
    return a * jax.lax.rsqrt((a * a).mean(-1, keepdims=True) + EPSILON) * g + b


def rotate(a: Array, steps: Array | np.ndarray) -> Array:
    """ρ^steps a: heads (..., heads, d) turned by whole numbers (...). Constants are made while tracing."""
    xp = np if isinstance(steps, np.ndarray) else jnp
    half = a.shape[-1] // 2
    speed = (10_000.0 ** (-np.arange(half) / half)).astype(jnp.promote_types(a.dtype, jnp.float32))
    angle = steps[..., None, None] * speed
    cos, sin = xp.cos(angle).astype(a.dtype), xp.sin(angle).astype(a.dtype)
    a, b = a[..., :half], a[..., half:]
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def exponentials(s: Array, allowed: Array) -> Array:
    """exp s up to a factor for each row, 0 where not allowed (if nothing is: of no meaning, but finite)."""
    s = jnp.where(allowed, s, max(-1e30, float(jnp.finfo(s.dtype).min)))
    return jnp.exp(s - jax.lax.stop_gradient(s.max(-1, keepdims=True)))


def joined(held: Array, new: Array) -> Array:
    """(..., c) and (..., T) -> (..., c + T), a batch of size 1 repeated."""
    batch = jnp.broadcast_shapes(held.shape[:-1], new.shape[:-1])
    return jnp.concatenate([jnp.broadcast_to(a, (*batch, a.shape[-1])) for a in (held, new)], axis=-1)


@dataclass(frozen=True, kw_only=True)
class TransformerBlock:
    """hidden: units h. heads: of h / heads units each, an even number. context: steps it can look back, the
    present one included. expansion: the feed-forward layer has e h units. initial: start of the weights, of the
    square W_q W_k W_v W_o as its `recurrent`, of W_x W_1 W_2 as its `inputs`.

    The first carry has no steps in it, so that a learned one (`Layers`) would not be heard.
    """

    reference: ClassVar[str] = "Vaswani et al. 2017; pre-norm: Xiong et al. 2020; rotary: Su et al. 2021"
    purpose: ClassVar[str] = (
        "To ask whether recurrence is needed: every step looks at the last c ones directly, near or far, "
        "and all steps are trained at once (Vaswani et al. 2017)."
    )
    parameters: ClassVar[str] = "h*(n + 1) + (4 + 2*expansion)*h*h + (5 + expansion)*h"
    state: ClassVar[str] = "2*context*h"
    flops: ClassVar[str] = (
        "2*n*h + (8 + 4*expansion)*h*h + (20 + 2*expansion)*h + 8 + 7*context*h + 4*context*heads"
    )

    hidden: int = 32
    heads: int = 2
    context: int = 128
    expansion: int = 4
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("TransformerBlock", "hidden", self.hidden, 1, "unit")
        refuse_chrono("TransformerBlock", self.initial)
        at_least("TransformerBlock", "heads", self.heads, 1, "head")
        at_least("TransformerBlock", "context", self.context, 1, "step, the present one")
        at_least("TransformerBlock", "expansion", self.expansion, 1, "time the units")
        if self.hidden % (2 * self.heads):
            raise ValueError(
                f"TransformerBlock needs hidden divisible by 2 * heads, since units are turned in pairs; got "
                f"hidden={self.hidden}, heads={self.heads}."
            )

    def build(self, inputs: int, rngs: nnx.Rngs) -> TransformerCell:
        return TransformerCell(
            inputs,
            self.hidden,
            heads=self.heads,
            context=self.context,
            expansion=self.expansion,
            initial=self.initial,
            rngs=rngs,
        )
