"""Cells with the mistakes that are met in the wild, and cells laid out in other ways, for the kit to find out."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

sigma = jax.nn.sigmoid


class Base(nnx.RNNCellBase):
    """c and y, or h alone, from one fused `(n + h, gates h)` matrix and one bias."""

    gates, states = 4, 2

    def __init__(self, inputs, hidden, rngs):
        self.hidden = hidden
        self.kernel = nnx.Param(jnp.zeros((inputs + hidden, self.gates * hidden)))
        self.bias = nnx.Param(jnp.zeros(self.gates * hidden))
        self.peep = nnx.Param(jnp.zeros((3 * hidden,)))

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        zero = jnp.zeros((*input_shape[:-1], self.hidden))
        return (zero,) * self.states

    @property
    def num_feature_axes(self):
        return 1

    def net(self, x, y):
        a = jnp.concatenate([x, y], -1) @ self.kernel[...] + self.bias[...]
        return jnp.split(a, self.gates, -1)


class NoPeep(Base):
    def __init__(self, inputs, hidden, rngs):
        super().__init__(inputs, hidden, rngs)
        del self.peep


class FusedLSTM(NoPeep):
    """Right, with everything in one matrix, the gates in the order o z f i, and the carry as (y, c)."""

    def __call__(self, carry, inputs):
        y, c = carry
        o, z, f, i = self.net(inputs, y)
        c = sigma(f) * c + sigma(i) * jnp.tanh(z)
        y = sigma(o) * jnp.tanh(c)
        return (y, c), y


class StateFirstLSTM(NoPeep):
    """Right, with the recurrent rows above the input's."""

    def net(self, x, y):
        return jnp.split(jnp.concatenate([y, x], -1) @ self.kernel[...] + self.bias[...], 4, -1)

    __call__ = FusedLSTM.__call__


class TransposedLSTM(nnx.RNNCellBase):
    """Right, with matrices as PyTorch stores them and two biases."""

    def __init__(self, inputs, hidden, rngs):
        self.hidden = hidden
        self.weight_ih = nnx.Param(jnp.zeros((4 * hidden, inputs)))
        self.weight_hh = nnx.Param(jnp.zeros((4 * hidden, hidden)))
        self.bias_ih = nnx.Param(jnp.zeros(4 * hidden))
        self.bias_hh = nnx.Param(jnp.zeros(4 * hidden))

    def __call__(self, carry, inputs):
        c, y = carry
        a = inputs @ self.weight_ih[...].T + y @ self.weight_hh[...].T + self.bias_ih[...] + self.bias_hh[...]
        i, f, z, o = jnp.split(a, 4, -1)
        c = sigma(f) * c + sigma(i) * jnp.tanh(z)
        y = sigma(o) * jnp.tanh(c)
        return (c, y), y

    initialize_carry = Base.initialize_carry
    states = 2
    num_feature_axes = 1


class NoOutputTanh(NoPeep):
    def __call__(self, carry, inputs):
        c, y = carry
        z, i, f, o = self.net(inputs, y)
        c = sigma(f) * c + sigma(i) * jnp.tanh(z)
        y = sigma(o) * c
        return (c, y), y


class HardSigmoidForget(NoPeep):
    def __call__(self, carry, inputs):
        c, y = carry
        z, i, f, o = self.net(inputs, y)
        c = jax.nn.hard_sigmoid(f) * c + sigma(i) * jnp.tanh(z)
        y = sigma(o) * jnp.tanh(c)
        return (c, y), y


class AddsOneToForget(NoPeep):
    def __call__(self, carry, inputs):
        c, y = carry
        i, z, f, o = self.net(inputs, y)
        c = sigma(f + 1) * c + sigma(i) * jnp.tanh(z)
        y = sigma(o) * jnp.tanh(c)
        return (c, y), y


class PeepsAtTheOldCell(Base):
    """The output gate sees c, where it should see c'."""

    def __call__(self, carry, inputs):
        c, y = carry
        z, i, f, o = self.net(inputs, y)
        p_i, p_f, p_o = jnp.split(self.peep[...], 3)
        o = sigma(o + p_o * c)
        c = sigma(f + p_f * c) * c + sigma(i + p_i * c) * jnp.tanh(z)
        y = o * jnp.tanh(c)
        return (c, y), y


class OnlyTwoPeepholes(Base):
    """No peephole on the output gate: its third of `peep` does nothing."""

    def __call__(self, carry, inputs):
        c, y = carry
        z, i, f, o = self.net(inputs, y)
        p_i, p_f, _ = jnp.split(self.peep[...], 3)
        c = sigma(f + p_f * c) * c + sigma(i + p_i * c) * jnp.tanh(z)
        y = sigma(o) * jnp.tanh(c)
        return (c, y), y


class DeafLSTM(TransposedLSTM):
    """Does not hear its own output."""

    def __call__(self, carry, inputs):
        c, y = carry
        (c, y), out = super().__call__((c, 0 * y), inputs)
        return (c, y), out


class DecayingClockwork(nnx.RNNCellBase):
    """Modules at rest decay, where they should hold; `keep = 1` is the right cell, without its mask."""

    keep, mask = 0.9, True

    def __init__(self, inputs, hidden, rngs):
        self.hidden = hidden
        self.W = nnx.Param(jnp.zeros((inputs, hidden)))
        self.R = nnx.Param(jnp.zeros((hidden, hidden)))
        self.b = nnx.Param(jnp.zeros(hidden))

    def __call__(self, carry, inputs):
        h, t = carry
        T = np.repeat([1, 2, 4, 8], self.hidden // 4)
        R = jnp.where(T[:, None] >= T[None, :], self.R[...], 0.0) if self.mask else self.R[...]
        new = jnp.tanh(inputs @ self.W[...] + h @ R + self.b[...])
        h = jnp.where(t % T == 0, new, self.keep * h)
        return (h, t + 1), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        batch = input_shape[:-1]
        return jnp.zeros((*batch, self.hidden)), jnp.zeros((*batch, 1), jnp.int32)

    num_feature_axes = 1


class UnmaskedClockwork(DecayingClockwork):
    keep, mask = 1.0, False


class RightClockwork(DecayingClockwork):
    keep = 1.0


class DeafClockwork(RightClockwork):
    def __call__(self, carry, inputs):
        h, t = carry
        T = np.repeat([1, 2, 4, 8], self.hidden // 4)
        h = jnp.where(t % T == 0, jnp.tanh(inputs @ self.W[...] + self.b[...]), h)
        return (h, t + 1), h


class RestlessClockwork(nnx.RNNCellBase):
    """A clock that nothing looks at."""

    __init__ = DecayingClockwork.__init__
    initialize_carry = DecayingClockwork.initialize_carry
    num_feature_axes = 1

    def __call__(self, carry, inputs):
        h, t = carry
        h = jnp.tanh(inputs @ self.W[...] + h @ self.R[...] + self.b[...])
        return (h, t + 1), h


# Cells that break the contract while their equations are right.


class BatchMean(FusedLSTM):
    """Lets the sequences of a batch hear each other."""

    def net(self, x, y):
        return super().net(x - x.mean(axis=0, keepdims=True) if x.ndim == 2 and x.shape[0] > 1 else x, y)


class InfiniteGradient(FusedLSTM):
    """√(x²) in place of |x|: no gradient at 0."""

    def net(self, x, y):
        return super().net(jnp.where(x >= 0, jnp.sqrt(x * x), -jnp.sqrt(x * x)), y)


class OneBatchDimension(FusedLSTM):
    def net(self, x, y):
        return super().net(x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1]))


class NarrowCarry(FusedLSTM):
    """A carry that loses half its digits."""

    def __call__(self, carry, inputs):
        (y, c), out = super().__call__(carry, inputs)
        return (y, c.astype(jnp.bfloat16)), out


class IdleWeights(FusedLSTM):
    """Has a bias that nothing reads."""

    def __init__(self, inputs, hidden, rngs):
        super().__init__(inputs, hidden, rngs)
        self.unused = nnx.Param(jnp.zeros(hidden))
