"""Where training starts: how a cell's weights are drawn, as a value that a trial carries.

    lecun        N(0, 1 / fan_in), cut at two deviations        LeCun et al. 1998
    glorot       U(-a, a), a = √(6 / (fan_in + fan_out))       Glorot & Bengio 2010
    orthogonal   a random orthogonal matrix                    Saxe et al. 2014
    identity     the identity matrix                           Le, Jaitly & Hinton 2015
    uniform      U(-1/√h, 1/√h), h units                       the convention of PyTorch
    normal       N(0, 1)
    zeros        0

each times a scale, and gate by gate: a gate's matrix is drawn as if it stood alone. `IRNN` is the start of
Le et al. for `VanillaRNN(activation="relu")`. Chrono initialisation (Tallec & Ollivier 2018) spreads the
time scales of the memory up to `chrono` steps:

    b_f = log u,  u ~ U(1, chrono - 1),  b_i = -b_f
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite, one_of

Array = jax.Array

DRAWS = {
    "lecun": nnx.initializers.lecun_normal(),
    "glorot": nnx.initializers.glorot_uniform(),
    "orthogonal": nnx.initializers.orthogonal(),
    "normal": nnx.initializers.normal(1.0),
    "zeros": nnx.initializers.zeros_init(),
}
RECTANGULAR = ("lecun", "glorot", "orthogonal", "uniform", "normal", "zeros")
SQUARE = (*RECTANGULAR, "identity")
VECTOR = ("zeros", "uniform", "normal")


@dataclass(frozen=True, kw_only=True)
class Initial:
    """How weights start.

    inputs, recurrent, biases: kinds of draw for W (n, h), for R (h, h) and for b (h,), from the table above.
    input_scale, recurrent_scale: factors. What `biases` draws is added to a cell's forget bias. chrono: longest
    dependency in steps, in place of the forget bias of cells that have one; 0: not used.
    """

    inputs: str = "lecun"
    recurrent: str = "orthogonal"
    biases: str = "zeros"
    input_scale: float = 1.0
    recurrent_scale: float = 1.0
    chrono: int = 0

    def __post_init__(self) -> None:
        one_of("Initial", "inputs", self.inputs, RECTANGULAR)
        one_of("Initial", "recurrent", self.recurrent, SQUARE)
        one_of("Initial", "biases", self.biases, VECTOR)
        at_least("Initial", "chrono", self.chrono, 0, "steps")
        if 0 < self.chrono < 3:
            raise ValueError(
                f"Initial needs chrono >= 3 steps, or 0 for none (b_f = log u, u in 1 ... chrono - 1); "
                f"got chrono={self.chrono}."
            )

    def check(self) -> None:
        finite("Initial", "input_scale", self.input_scale, "(1 is the textbook value)")
        finite("Initial", "recurrent_scale", self.recurrent_scale, "(1 is the textbook value)")


STANDARD = Initial()
IRNN = Initial(inputs="normal", input_scale=0.001, recurrent="identity")


def draw(kind: str, key: Array, shape: tuple[int, ...], hidden: int) -> Array:
    """One gate's matrix `(rows, hidden)` or bias `(hidden,)`, before its scale: float32 with x64 on too, where
    JAX would draw float64 and, from the same key, other numbers."""
    if kind == "uniform":
        return jax.random.uniform(key, shape, jnp.float32, -1.0, 1.0) / hidden**0.5
    if kind == "identity":
        return jnp.eye(shape[0], shape[-1], dtype=jnp.float32)
    if kind == "orthogonal" and jax.default_backend() == "cpu":
        # jaxlib shares out a stack of matrices over the threads on which it runs: where several such calls make each of
        # them wait for the help of others, all wait for ever. One matrix is never shared out.
        alone = jax.custom_batching.sequential_vmap(lambda key: DRAWS[kind](key, shape, jnp.float32))
        return alone(key)
    return DRAWS[kind](key, shape, jnp.float32)


def memory_biases(
    rngs: nnx.Rngs, initial: Initial, hidden: int, forget_bias: float | Array
) -> tuple[float | Array, float | Array]:
    """Starts of b_f and b_i: `forget_bias` and 0, or what chrono initialisation draws, `(hidden,)` each."""
    if not initial.chrono:
        return forget_bias, 0.0
    forget = jnp.log(jax.random.uniform(rngs.params(), (hidden,), jnp.float32, 1.0, initial.chrono - 1.0))
    return forget, -forget


def check_memory(name: str, initial: Initial, forget_bias: float, default: float = 1.0) -> None:
    """Raise ValueError for a forget bias that is not finite, or that chrono initialisation would ignore."""
    finite(name, "forget_bias", forget_bias, "(5 keeps the memory for about 150 steps)")
    if initial.chrono and forget_bias != default:
        raise ValueError(
            f"{name} takes either forget_bias or chrono initialisation, which draws that bias itself; got "
            f"forget_bias={forget_bias} and chrono={initial.chrono}. Leave forget_bias at {default}."
        )


def refuse_chrono(name: str, initial: Initial) -> None:
    """Raise ValueError for chrono initialisation of a cell that has no gate for it to start."""
    if initial.chrono:
        raise ValueError(
            f"{name} has no forget gate for chrono initialisation to start; got chrono={initial.chrono}. "
            "Leave chrono at 0."
        )
