"""What else one would use in JAX: `flax.nnx.RNN(OptimizedLSTMCell)` with optax, and cuDNN's LSTM on a GPU.

The step is ours: adding problem, squared error of a linear read-out of the last output, clipping to the norm 1, Adam.
Ten steps are one jitted call; the data is given, and the same for all ten. Building compiles that call.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from sweeps.bench.processes import Work

Array = jax.Array
TOGETHER = 10


def describe() -> dict[str, Any]:
    """Backend and device of this process."""
    forms = ["flax"]
    if jax.default_backend() == "gpu":
        try:
            from jax.experimental import rnn  # noqa: F401

            forms.append("cudnn")
        except ImportError:
            pass
    return {"backend": jax.default_backend(), "forms": forms}


def build(case: dict[str, Any]) -> tuple[Work, dict[str, Any]]:
    """The work of a case, compiled, and what there is to say of it."""
    x = jax.random.uniform(jax.random.key(0), (case["length"], case["batch"], 2))
    if case["form"] == "stacked":
        return stacked(x, case["hidden"], case["members"]), {}
    made = {"flax": flax, "cudnn": cudnn}[case["form"]]
    return training(*made(x, case["hidden"]), x), {}


def training(params: Any, output: Callable[[Any, Array], Array], x: Array) -> Work:
    """Steps of `output(params, x) -> (B, 1)`."""
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))
    targets = x[:, :, :1].sum(0)

    def ten(params: Any, moments: Any, x: Array, targets: Array) -> tuple[Any, Any]:
        def one(carry: Any, _: None) -> tuple[Any, None]:
            params, moments = carry
            gradient = jax.grad(lambda p: jnp.mean((output(p, x) - targets) ** 2))(params)
            change, moments = optimizer.update(gradient, moments, params)
            return (optax.apply_updates(params, change), moments), None

        return jax.lax.scan(one, (params, moments), None, length=TOGETHER)[0]

    state = params, optimizer.init(params)
    compiled = jax.jit(ten, donate_argnums=(0, 1)).lower(*state, x, targets).compile()

    def work(steps: int) -> int:
        nonlocal state
        calls = -(-steps // TOGETHER)
        for _ in range(calls):
            state = compiled(*state, x, targets)
        jax.block_until_ready(state)
        return calls * TOGETHER

    return work


def flax(x: Array, hidden: int) -> tuple[Any, Callable[[Any, Array], Array]]:
    rngs = nnx.Rngs(0)
    network = nnx.RNN(nnx.OptimizedLSTMCell(2, hidden, rngs=rngs), time_major=True, rngs=rngs)
    parts: Any = nnx.split((network, nnx.Linear(hidden, 1, rngs=rngs)), nnx.Param, ...)
    graph, params, rest = parts
    zeros = jnp.zeros((x.shape[1], hidden))

    def output(params: Any, x: Array) -> Array:
        network, readout = nnx.merge(graph, params, rest)
        return readout(network(x, initial_carry=(zeros, zeros))[-1])

    return params, output


def stacked(x: Array, hidden: int, members: int) -> Work:
    """Steps of many LSTMs side by side, as one writes it in plain JAX."""
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))
    shapes = {"K": (2 + hidden, 4 * hidden), "b": (4 * hidden,), "W": (hidden, 1), "c": (1,)}
    keys = dict(zip(shapes, jax.random.split(jax.random.key(0), len(shapes)), strict=True))
    params = {
        name: jax.random.uniform(keys[name], (members, *shape), minval=-1, maxval=1) / hidden**0.5
        for name, shape in shapes.items()
    }
    targets, zeros = x[:, :, :1].sum(0), jnp.zeros((x.shape[1], hidden))

    def loss(p: dict[str, Array], x: Array, targets: Array) -> Array:
        def step(carry: tuple[Array, Array], x: Array) -> tuple[tuple[Array, Array], None]:
            c, y = carry
            z, i, f, o = jnp.split(jnp.concatenate([x, y], -1) @ p["K"] + p["b"], 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(z)
            return (c, jax.nn.sigmoid(o) * jnp.tanh(c)), None

        (_, y), _ = jax.lax.scan(step, (zeros, zeros), x)
        return jnp.mean((y @ p["W"] + p["c"] - targets) ** 2)

    def one(params: Any, moments: Any, x: Array, targets: Array) -> tuple[Any, Any]:
        change, moments = optimizer.update(jax.grad(loss)(params, x, targets), moments, params)
        return optax.apply_updates(params, change), moments

    def ten(state: Any, x: Array, targets: Array) -> Any:
        every: Any = jax.vmap(one, in_axes=(0, 0, None, None))
        return jax.lax.scan(lambda s, _: (every(*s, x, targets), None), state, None, length=TOGETHER)[0]

    state = params, jax.vmap(optimizer.init)(params)
    compiled = jax.jit(ten, donate_argnums=0).lower(state, x, targets).compile()

    def work(steps: int) -> int:
        nonlocal state
        calls = -(-steps // TOGETHER)
        for _ in range(calls):
            state = compiled(state, x, targets)
        jax.block_until_ready(state)
        return calls * TOGETHER

    return work


def cudnn(x: Array, hidden: int) -> tuple[Any, Callable[[Any, Array], Array]]:
    """`jax.experimental.rnn`, batch first."""
    from jax.experimental import rnn

    T, B, n = x.shape
    key, other = jax.random.split(jax.random.key(0))
    weights = rnn.init_lstm_weight(key, n, hidden, 1, False)
    params = weights, jax.random.normal(other, (hidden, 1)) / hidden**0.5, jnp.zeros(1)
    zeros, lengths = jnp.zeros((1, B, hidden)), jnp.full(B, T, jnp.int32)

    def output(params: Any, x: Array) -> Array:
        weights, W, b = params
        arrays = jnp.swapaxes(x, 0, 1), zeros, zeros, weights, lengths
        y, _, _ = rnn.lstm(*arrays, n, hidden, 1, 0.0, False)  # one layer, no dropout, one direction
        return y[:, -1] @ W + b

    return params, output
