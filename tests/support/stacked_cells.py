"""A right LSTM with peepholes whose parameters lie in many ways, cells with counters, and one with layer norm."""

import jax
import jax.numpy as jnp
from flax import nnx

# How arrays hold four kernels (4, k, h): their shape, and the way back.
KERNELS = {
    "side by side": (lambda k, h: (k, 4 * h), lambda a, h: a.reshape(-1, 4, h).transpose(1, 0, 2)),
    "transposed": (lambda k, h: (4 * h, k), lambda a, h: a.reshape(4, h, -1).transpose(0, 2, 1)),
    "one on another": (lambda k, h: (4 * k, h), lambda a, h: a.reshape(4, -1, h)),
    "unit by unit": (lambda k, h: (k, 4 * h), lambda a, h: a.reshape(-1, h, 4).transpose(2, 0, 1)),
    "gates first": (lambda k, h: (4, k, h), lambda a, h: a),
    "gates first, transposed": (lambda k, h: (4, h, k), lambda a, h: a.transpose(0, 2, 1)),
    "gates between": (lambda k, h: (k, 4, h), lambda a, h: a.transpose(1, 0, 2)),
    "gates last": (lambda k, h: (k, h, 4), lambda a, h: a.transpose(2, 0, 1)),
}
VECTORS = {  # likewise of vectors (gates, h)
    "joined": (lambda g, h: (g * h,), lambda a, g: a.reshape(g, -1)),
    "rows": (lambda g, h: (g, h), lambda a, g: a),
    "columns": (lambda g, h: (h, g), lambda a, g: a.T),
    "unit by unit": (lambda g, h: (h * g,), lambda a, g: a.reshape(-1, g).T),
    "with an axis to spare": (lambda g, h: (1, g * h), lambda a, g: a.reshape(g, -1)),
}


class Cell(nnx.RNNCellBase):
    num_feature_axes = 1

    def zeros(self, *shape):
        return nnx.Param(jnp.zeros(shape))

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        zero = jnp.zeros((*input_shape[:-1], self.hidden))
        return zero, zero


class StackedPeephole(Cell):
    """together: W and R in one array, in turns."""

    def __init__(self, inputs, hidden, *, kernels="side by side", vectors="joined", together=False, rngs):
        self.hidden, self.kernels, self.vectors, self.together = hidden, kernels, vectors, together
        shape, shapes = KERNELS[kernels][0], VECTORS[vectors][0]
        if together:
            self.K = self.zeros(4 * (inputs + hidden), hidden)
        else:
            self.W, self.R = self.zeros(*shape(inputs, hidden)), self.zeros(*shape(hidden, hidden))
        self.b, self.p = self.zeros(*shapes(4, hidden)), self.zeros(*shapes(3, hidden))

    def __call__(self, carry, x):
        c, y = carry
        if self.together:
            K = self.K[...].reshape(4, -1, self.hidden)
            W, R = K[:, : x.shape[-1]], K[:, x.shape[-1] :]
        else:
            W, R = (KERNELS[self.kernels][1](a[...], self.hidden) for a in (self.W, self.R))
        b, p = (VECTORS[self.vectors][1](a[...], g) for a, g in ((self.b, 4), (self.p, 3)))
        z, i, f, o = (x @ W[k] + y @ R[k] + b[k] for k in range(4))
        c_new = jnp.tanh(z) * jax.nn.sigmoid(i + p[0] * c) + c * jax.nn.sigmoid(f + p[1] * c)
        y = jnp.tanh(c_new) * jax.nn.sigmoid(o + p[2] * c_new)
        return (c_new, y), y


class Counting(Cell):
    """A vanilla RNN that counts its steps, once for the whole batch, and does not look at the count."""

    def __init__(self, inputs, hidden, *, rngs):
        self.hidden = hidden
        self.W, self.R, self.b = self.zeros(inputs, hidden), self.zeros(hidden, hidden), self.zeros(hidden)

    def next(self, h, x, t):
        return jnp.tanh(x @ self.W[...] + h @ self.R[...] + self.b[...])

    def __call__(self, carry, x):
        h, t = carry
        h = self.next(h, x, t)
        return (h, t + 1), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        return jnp.zeros((*input_shape[:-1], self.hidden)), jnp.int32(0)


class Ticking(Counting):
    """A Clockwork RNN of the periods 1 and 2, on that count."""

    def next(self, h, x, t):
        T = jnp.repeat(jnp.array([1, 2]), jnp.array([self.hidden // 2, self.hidden - self.hidden // 2]),
                       total_repeat_length=self.hidden)  # fmt: skip
        R = jnp.where(T[:, None] >= T, self.R[...], 0)
        return jnp.where(t % T == 0, jnp.tanh(x @ self.W[...] + h @ R + self.b[...]), h)


class LayerNormLSTM(Cell):
    """Ba et al. 2016, gates i f z o; `by_gate` is the norm of each gate for itself."""

    def __init__(self, inputs, hidden, *, by_gate=False, rngs):
        self.hidden, self.by_gate = hidden, by_gate
        self.W, self.R = self.zeros(inputs, 4 * hidden), self.zeros(hidden, 4 * hidden)
        self.a_x, self.a_h, self.b = (self.zeros(4 * hidden) for _ in range(3))
        self.a_c, self.b_c = self.zeros(hidden), self.zeros(hidden)

    def norm(self, a):
        return (a - a.mean(-1, keepdims=True)) / jnp.sqrt(a.var(-1, keepdims=True) + 1e-5)

    def __call__(self, carry, x):
        c, y = carry
        parts = x @ self.W[...], y @ self.R[...]
        if self.by_gate:
            parts = [jnp.concatenate([self.norm(g) for g in jnp.split(a, 4, -1)], -1) for a in parts]
        else:
            parts = [self.norm(a) for a in parts]
        i, f, z, o = jnp.split(parts[0] * self.a_x[...] + parts[1] * self.a_h[...] + self.b[...], 4, -1)
        c = jnp.tanh(z) * jax.nn.sigmoid(i) + c * jax.nn.sigmoid(f)
        y = jnp.tanh(self.norm(c) * self.a_c[...] + self.b_c[...]) * jax.nn.sigmoid(o)
        return (c, y), y


class HardLSTM(Cell):
    """Hard sigmoids as Keras had them."""

    def __init__(self, inputs, hidden, *, slope=0.2, rngs):
        self.hidden, self.slope = hidden, slope
        self.W, self.R = self.zeros(inputs, 4 * hidden), self.zeros(hidden, 4 * hidden)
        self.b = self.zeros(4 * hidden)

    def __call__(self, carry, x):
        c, y = carry
        i, f, z, o = jnp.split(x @ self.W[...] + y @ self.R[...] + self.b[...], 4, -1)
        i, f, o = (jnp.clip(self.slope * a + 0.5, 0, 1) for a in (i, f, o))
        c = jnp.tanh(z) * i + c * f
        y = jnp.tanh(c) * o
        return (c, y), y


class MinimalGatedUnit(Counting):
    """Zhou et al. 2016: forget gate and candidate. peeping: as the page of the kit writes it, without reset."""

    def __init__(self, inputs, hidden, *, peeping=False, rngs):
        self.hidden, self.peeping = hidden, peeping
        self.W, self.R, self.b = (
            self.zeros(inputs, 2 * hidden),
            self.zeros(2, hidden, hidden),
            self.zeros(2, hidden),
        )
        if peeping:
            self.p = self.zeros(hidden)

    def __call__(self, carry, x):
        (h,) = carry
        (w_f, w_h), (R_f, R_h), (b_f, b_h) = jnp.split(x @ self.W[...], 2, -1), self.R[...], self.b[...]
        f = jax.nn.sigmoid(w_f + h @ R_f + b_f)
        recalled = h @ R_h + self.p[...] * h if self.peeping else (f * h) @ R_h
        h = (1 - f) * h + f * jnp.tanh(w_h + recalled + b_h)
        return (h,), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        return (jnp.zeros((*input_shape[:-1], self.hidden)),)
