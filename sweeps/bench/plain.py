"""One training as one would write it by hand in Flax and optax: an `nnx.RNN(OptimizedLSTMCell)` on adding.

    python -m sweeps.bench.plain --seed 3 --learning-rate 0.003 --hidden 32 --length 50 --batch 32 --steps 500

The same sizes, distribution of data, clipping, optimiser and evaluations as in `sweeps.bench.study`; the data is made
inside the step, and the whole training is one compiled call. Writes one line of JSON.
"""

import argparse
import functools
import json
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

Array = jax.Array
TEST_BATCHES, WRONG = 16, 0.08


def sample(key: Array, length: int, batch: int) -> tuple[Array, Array]:
    """Values and markers (T, B, 2), and the sum of the two that are marked (B, 1)."""
    first, second, third = jax.random.split(key, 3)
    values = jax.random.uniform(first, (length, batch))
    half, step = length // 2, jnp.arange(length)[:, None]
    a = jax.random.randint(second, (batch,), 0, half)
    b = jax.random.randint(third, (batch,), half, length)
    marker = ((step == a) | (step == b)).astype(values.dtype)
    return jnp.stack([values, marker], -1), (values * marker).sum(0)[:, None]


def trainer(
    hidden: int, length: int, batch: int, steps: int
) -> Callable[[Array, Array], tuple[Array, Array]]:
    """`(seed, learning_rate) -> (test loss, fraction wrong)`, jitted."""

    def run(seed: Array, learning_rate: Array) -> tuple[Array, Array]:
        draw, data, test = jax.random.split(jax.random.key(seed), 3)
        rngs = nnx.Rngs(draw)
        model = nnx.RNN(nnx.OptimizedLSTMCell(2, hidden, rngs=rngs), time_major=True, rngs=rngs)
        parts: Any = nnx.split((model, nnx.Linear(hidden, 1, rngs=rngs)), nnx.Param, ...)
        graph, params, rest = parts
        zeros = jnp.zeros((batch, hidden))
        optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(learning_rate))

        def errors(params: nnx.State, key: Array) -> Array:
            x, target = sample(key, length, batch)
            model, readout = nnx.merge(graph, params, rest)
            return readout(model(x, initial_carry=(zeros, zeros))[-1]) - target

        def step(carry: tuple[nnx.State, optax.OptState], key: Array):  # type: ignore[no-untyped-def]
            params, moments = carry
            gradient = jax.grad(lambda p: jnp.mean(errors(p, key) ** 2))(params)
            change, moments = optimizer.update(gradient, moments, params)
            return (optax.apply_updates(params, change), moments), None

        start = params, optimizer.init(params)
        (params, _), _ = jax.lax.scan(step, start, jax.random.split(data, steps))
        _, wrong = jax.lax.scan(
            lambda p, key: (p, errors(p, key)), params, jax.random.split(test, TEST_BATCHES)
        )
        return jnp.mean(wrong**2), jnp.mean(jnp.abs(wrong) > WRONG)

    return jax.jit(run)


kept = functools.cache(trainer)


def train(
    *, seed: int, learning_rate: float, hidden: int, length: int, batch: int, steps: int, keep: bool = False
) -> dict[str, float]:
    """Test loss and fraction wrong. keep: keep the compiled function for the next call in this process."""
    make = kept if keep else trainer
    loss, wrong = make(hidden, length, batch, steps)(jnp.uint32(seed), jnp.float32(learning_rate))
    return {"test_loss": float(loss), "test_error": float(wrong)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=float, required=True)
    for name in ("seed", "hidden", "length", "batch", "steps"):
        parser.add_argument(f"--{name}", type=int, required=True)
    print(json.dumps(train(**vars(parser.parse_args()))))
