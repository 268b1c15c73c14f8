"""Optimisers as specs. Every float is a knob: the optax chain is built inside the trace from tracers.

(`optax.inject_hyperparams` is not used: it changes Adam's numbers.)
"""

import math
from dataclasses import dataclass

import jax.numpy as jnp
import optax


def clipped(clip: float, rest: optax.GradientTransformation) -> optax.GradientTransformation:
    """`rest` after clipping the gradient to the global norm `clip`; infinity leaves it as it is."""
    return optax.chain(optax.clip_by_global_norm(clip), rest)


def cooled(learning_rate: float, cooldown: float, steps: int) -> optax.Schedule:
    """`learning_rate`, falling linearly to 0 over the last `cooldown` of the updates; 0: constant.

    With a constant rate a network that has solved its task may lose it again for a moment; whether its last
    step falls into such a moment is chance, which costs a comparison of final scores its power.
    """
    return lambda count: learning_rate * jnp.clip((steps - count) / jnp.maximum(cooldown * steps, 1), 0, 1)


def check_common(name: str, learning_rate: float, clip: float, weight_decay: float, cooldown: float) -> None:
    """The ranges that all optimisers share. Raises ValueError."""
    if not 0 < learning_rate < math.inf:
        raise ValueError(f"{name} needs a finite learning_rate > 0; got learning_rate={learning_rate!r}.")
    if not clip > 0:
        raise ValueError(f"{name} needs clip > 0 (inf disables clipping); got clip={clip!r}.")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(f"{name} needs a finite weight_decay >= 0; got weight_decay={weight_decay!r}.")
    if not 0 <= cooldown <= 1:
        raise ValueError(
            f"{name} needs a cooldown from 0 to 1, a share of the steps; got cooldown={cooldown!r}."
        )


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Adam (Kingma & Ba 2015) after clipping by global norm; decoupled weight decay as in AdamW.

    cooldown: share of the updates, the last ones, over which the learning rate falls linearly to 0.
    """

    learning_rate: float
    clip: float = 1.0
    b1: float = 0.9
    b2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    cooldown: float = 0.0

    def check(self) -> None:
        """Raises ValueError for a number out of its range."""
        check_common("Adam", self.learning_rate, self.clip, self.weight_decay, self.cooldown)
        if not (0 <= self.b1 < 1 and 0 <= self.b2 < 1 and self.eps > 0):
            raise ValueError(
                f"Adam needs 0 <= b1, b2 < 1 and eps > 0; got b1={self.b1!r}, b2={self.b2!r}, eps={self.eps!r}."
            )

    def build(self, steps: int) -> optax.GradientTransformation:
        rate = cooled(self.learning_rate, self.cooldown, steps)
        rest = optax.adamw(rate, b1=self.b1, b2=self.b2, eps=self.eps, weight_decay=self.weight_decay)
        return clipped(self.clip, rest)


@dataclass(frozen=True, kw_only=True)
class SGD:
    """SGD with (Nesterov) momentum, the optimiser of Greff et al. 2017.

    learning_rate: step per update before momentum. Greff et al. scale theirs by (1 - momentum); do the
    same in a study by sampling the product if you compare learning rates with theirs.
    """

    learning_rate: float
    momentum: float = 0.9
    clip: float = math.inf
    weight_decay: float = 0.0
    cooldown: float = 0.0
    nesterov: bool = True

    def check(self) -> None:
        """Raises ValueError for a number out of its range."""
        check_common("SGD", self.learning_rate, self.clip, self.weight_decay, self.cooldown)
        if not 0 <= self.momentum < 1:
            raise ValueError(f"SGD needs 0 <= momentum < 1; got momentum={self.momentum!r}.")

    def build(self, steps: int) -> optax.GradientTransformation:
        rate = cooled(self.learning_rate, self.cooldown, steps)
        sgd = optax.sgd(rate, momentum=self.momentum, nesterov=self.nesterov)
        return clipped(self.clip, optax.chain(optax.add_decayed_weights(self.weight_decay), sgd))
