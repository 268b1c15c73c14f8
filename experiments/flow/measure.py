"""What flows through a trial's network, on sequences of its task that it was not trained on."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from experiments.cohort import network_of
from experiments.evaluation import measure
from experiments.flow.exponent import exponent
from experiments.flow.gates import watched
from experiments.flow.influence import influence
from experiments.flow.stepped import refusal, stepped
from experiments.precision import with_products_in
from experiments.streams import stream
from experiments.tasks.contract import part
from experiments.trial import Trial

Array = jax.Array
SHUT, OPEN = 0.1, 0.9


class Measured(NamedTuple):
    """norms (T,): mean over the sequences of the norm of dL/ds by lag, lag 1 first. kept (T,): mean over units and
    sequences of the product of what is kept of c over as many last steps; NaN for cells without c. exponent: mean over
    the sequences. shut, open: shares of all gate values below 0.1 and above 0.9; NaN without gates. score: on these
    sequences."""

    norms: Array
    kept: Array
    exponent: Array
    shut: Array
    open: Array
    score: Array


def make_measure(bare: Trial, sequences: int) -> Callable[[Array, Array], Measured]:
    """`(parameters (P,), seed) -> Measured` for networks of this structure, not compiled. Raises ValueError as
    `stepped` does."""
    vector, network = network_of(bare, stream(0, "init"))
    if reason := refusal(network(vector).cell):
        raise ValueError(reason)
    task = part(bare.task, "test")

    def measured(parameters: Array, seed: Array) -> Measured:
        whole = network(parameters)
        batch = task.sample(stream(seed, "test", 0), sequences)
        step, first = stepped(whole.cell, batch.inputs.shape[1:])

        def last_loss(outputs: Array) -> Array:
            """Of the last output alone, so that a lag is the same for all that it is about."""
            scored = outputs[-task.scored :]
            scored = jnp.concatenate([jax.lax.stop_gradient(scored[:-1]), scored[-1:]])
            read = scored @ whole.readout.kernel[...] + whole.readout.bias[...]  # type: ignore[index]
            return task.measure(read, batch).loss * sequences * task.scored

        norms = influence(step, first, batch.inputs, last_loss, batch.mask)
        kept, shut, opened = said(step, first, batch.inputs, batch.mask)
        return Measured(
            norms=norms.mean(1),
            kept=kept,
            exponent=exponent(step, first, batch.inputs, stream(seed, "noise", 0), batch.mask).mean(),
            shut=shut,
            open=opened,
            score=measure(network, parameters, batch, task).score,
        )

    return with_products_in(bare.precision, measured)


def said(step: Any, first: Any, inputs: Array, mask: Array | None) -> tuple[Array, Array, Array]:
    """What is kept of c by lag (T,), and the shares of gate values that are shut and open, of steps that count."""
    T, B = inputs.shape[:2]
    counts = jnp.ones((T, B), bool) if mask is None else mask
    seen = watched(step, first, inputs[0])

    def one(carry: Any, at: Any) -> tuple[Any, tuple[Any, Any]]:
        x, counted = at
        after, gates, kept = seen(carry, x)

        def hold(a: Array, b: Array) -> Array:
            return jnp.where(counted.reshape(B, *[1] * (a.ndim - 1)), a, b)

        flags = [(g.reshape(B, -1) < SHUT, g.reshape(B, -1) > OPEN) for g in gates if g.shape[:1] == (B,)]
        shares = (
            jnp.stack([jnp.concatenate(side, -1).mean(-1) for side in zip(*flags, strict=True)])
            if flags
            else None
        )
        kept = None if kept is None else hold(kept, jnp.ones_like(kept))
        return jax.tree.map(hold, after, carry), (shares, kept)

    _, (shares, kept) = jax.lax.scan(one, first, (inputs, counts))
    nothing = jnp.full((), jnp.nan)
    if shares is None:
        shut = opened = nothing
    else:
        weights = counts / counts.sum()
        shut, opened = (shares * weights[:, None]).sum((0, 2))
    if kept is None:
        return jnp.full((T,), jnp.nan), shut, opened
    return jnp.cumprod(jnp.flip(kept, 0), axis=0).mean((1, 2)), shut, opened
