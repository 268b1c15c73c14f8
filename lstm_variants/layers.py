"""Layers of a cell over whole sequences: two directions, learned first carries, noise and dropout.

    x⁰ = D_input(x + noise ξ)              ξ ~ N(0, 1): Greff et al. 2017; dropout: Srivastava et al. 2014
    →yˡ = cellˡ forward over D(xˡ⁻¹)       D from layer 2 on, between layers only: Zaremba et al. 2014
    ←yˡ = cell'ˡ backward over it          with weights of its own: Schuster & Paliwal 1997
    xˡ = →yˡ, or →yˡ and ←yˡ side by side; the output is xᴸ, without dropout
    or, to attend, tanh(W_c [c; xᴸ])       c weighs all of xᴸ up to the present step: see `attention.py`

D keeps each number of each step with probability 1 - rate and divides it by 1 - rate. All of this happens in
training alone, where a key is given. Nothing random ever touches the recurrent connections.

`Stacked` is a cell made of cells: all layers at one step, for `nnx.RNN` or a loop of your own. `Layers` takes
the sequence, layer by layer: it is what to use where a layer must see all steps before the next begins (two
directions), where a cell computes all steps at once, and for everything that a cell cannot have.
"""

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.attention import Attention
from lstm_variants.contract import CellSpec, at_least, finite
from lstm_variants.measure import output_size
from lstm_variants.sequence import run_sequence

Array = jax.Array


class Knob(nnx.Variable):
    """A number that a module carries without training it, and that is no part of its graph."""


class LayersModel(nnx.Module):
    """`(T, ..., n) -> (carry, (last, ..., k))`; the carry has one entry per layer, of two directions a pair, and to
    attend one more, a `Memory`."""

    def __init__(self, spec: "Layers", inputs: int, *, rngs: nnx.Rngs):
        layers, sizes, first = [], [inputs], []
        for _ in range(spec.layers):
            n = sizes[-1]
            cells = [spec.cell.build(n, rngs) for _ in range(1 + spec.bidirectional)]
            sizes.append(sum(output_size(cell, n) for cell in cells))
            layers.append(nnx.List(cells))
            for cell in cells if spec.learned_carry else []:
                leaves = jax.tree.leaves(cell.initialize_carry((n,), nnx.Rngs(0)))
                first.append(nnx.List([nnx.Param(leaf) for leaf in leaves if floating(leaf)]))
        self.layers = nnx.List(layers)
        self.first = nnx.List(first)
        self.sizes = tuple(sizes)
        self.attention = nnx.List([Attention(sizes[-1], rngs=rngs)] if spec.attend else [])
        self.noise = Knob(jnp.asarray(spec.noise, jnp.float32))
        self.input_dropout = Knob(jnp.asarray(spec.input_dropout, jnp.float32))
        self.dropout = Knob(jnp.asarray(spec.dropout, jnp.float32))

    def __call__(
        self,
        inputs: Array,
        *,
        mask: Array | None = None,
        reset: Array | None = None,
        carry: tuple[Any, ...] | None = None,
        last: int | None = None,
        key: Array | None = None,
    ) -> tuple[tuple[Any, ...], Array]:
        """Run all layers over a sequence.

        Args:
            inputs: `(T, ..., n)`.
            mask, reset: `(T, ...)` bool, as in `run_sequence`; a reset goes back to the learned carry.
            carry: where to start, as returned by an earlier call (the backward direction starts with its part
                at the last step); None: the first carries.
            last: how many outputs to keep, those of the last steps; None: all. At the last step the backward
                direction of the top layer has seen that step alone.
            key: draws noise and dropout; None, as in evaluation: there is none.

        Returns:
            `(carry, outputs)`: the final carries, and `(last, ..., k)`.
        """
        x, carries, batch = inputs, [], inputs.shape[1:-1]
        if key is not None:
            key, *keys = jax.random.split(key, 1 + len(self.layers))
            x = noisy(x, self.noise[...], key)
        for i, cells in enumerate(self.layers):
            if key is not None:
                x = dropped(x, self.dropout[...] if i else self.input_dropout[...], keys[i])
            after, outputs = [], []
            for d, cell in enumerate(cells):
                first = self.learned(i * len(cells) + d, cell, (*batch, self.sizes[i]))
                start = None if carry is None else carry[i] if len(cells) == 1 else carry[i][d]
                kept = last if i == len(self.layers) - 1 and not self.attention else None
                s, y = run_sequence(
                    cell, x, carry=start, first=first, mask=mask, reset=reset, reverse=d == 1, last=kept
                )
                after.append(s)
                outputs.append(y)
            carries.append(after[0] if len(cells) == 1 else tuple(after))
            x = outputs[0] if len(cells) == 1 else jnp.concatenate(outputs, axis=-1)
        for attention in self.attention:
            before = None if carry is None else carry[-1]
            memory, x = attention(x, mask=mask, reset=reset, memory=before, last=last)
            carries.append(memory)
        return tuple(carries), x

    def learned(self, index: int, cell: nnx.RNNCellBase, shape: tuple[int, ...]) -> Any:
        """The learned first carry of a cell for a batch; None if it is not learned."""
        if not self.first:
            return None
        zero, values = cell.initialize_carry(shape, nnx.Rngs(0)), iter(self.first[index])
        return jax.tree.map(
            lambda a: jnp.broadcast_to(next(values)[...], a.shape) if floating(a) else a, zero
        )


def attention_weights(
    model: LayersModel, inputs: Array, *, mask: Array | None = None, reset: Array | None = None
) -> Array:
    """How much each step of a network that attends looks at each step up to it.

    Args:
        model: built with `attend=True`.
        inputs, mask, reset: `(T, ..., n)` and `(T, ...)`, as for the model.

    Returns:
        α `(..., T, T)`: row t over the steps s sums to 1; 0 where s > t, where s is padded and, all of it, where t is.

    Raises:
        ValueError: for a model that does not attend.
    """
    if not isinstance(model, LayersModel) or not model.attention:
        raise ValueError(
            "attention_weights needs a network that attends, such as Layers(cell=LSTM(), attend=True).build(...); "
            f"got {type(model).__name__}{'' if not isinstance(model, LayersModel) else ' with attend=False'}."
        )
    carry, _ = model(inputs, mask=mask, reset=reset)
    y = carry[-1].y
    weights, _ = model.attention[0].weigh(y, mask, reset, None, len(y))
    return weights if mask is None else jnp.where(jnp.moveaxis(mask, 0, -1)[..., None], weights, 0)


def noisy(x: Array, deviation: Array, key: Array) -> Array:
    """A normal number added to each. Where the knob is 0 nothing is drawn (on a CPU; `vmap` computes both)."""

    def drawn() -> Array:
        return (x + deviation * jax.random.normal(key, x.shape)).astype(x.dtype)

    return jax.lax.cond(deviation > 0, drawn, lambda: x)


def dropped(x: Array, rate: Array, key: Array) -> Array:
    """Each number 0 with probability `rate`, else divided by 1 - rate; likewise free at 0."""

    def drawn() -> Array:
        return jnp.where(jax.random.uniform(key, x.shape) < rate, 0.0, x / (1 - rate)).astype(x.dtype)

    return jax.lax.cond(rate > 0, drawn, lambda: x)


def floating(leaf: Array) -> bool:
    return jnp.issubdtype(leaf.dtype, jnp.floating)


@dataclass(frozen=True, kw_only=True)
class Layers:
    """cell: any spec of a cell, ours or not. layers: how many. bidirectional: each layer reads the sequence in
    both directions (the task's future too). learned_carry: the first carries are parameters (not the clocks in
    them), one for all sequences. noise: standard deviation of what is added to the input. input_dropout,
    dropout: rates in [0, 1), of the input and between layers. attend: the output attends to all outputs of the top
    layer up to its own step, by content (`attention.py`); with two directions these have heard the future.

    With its defaults it computes what the cell alone computes, bit for bit.
    """

    cell: CellSpec
    layers: int = 1
    bidirectional: bool = False
    learned_carry: bool = False
    noise: float = 0.0
    input_dropout: float = 0.0
    dropout: float = 0.0
    attend: bool = field(default=False, metadata={"added": True})  # `ADDED` of experiments.specs: ids stay

    def __post_init__(self) -> None:
        at_least("Layers", "layers", self.layers, 1, "layer")
        if not isinstance(self.cell, CellSpec) or isinstance(self.cell, type | Layers):
            raise ValueError(
                f"Layers needs the spec of a cell, such as LSTM(hidden=32); got cell={self.cell!r}."
            )

    def check(self) -> None:
        """Raises ValueError for a number out of its range."""
        if hasattr(self.cell, "check"):
            self.cell.check()
        finite("Layers", "noise", self.noise, "(a standard deviation; 0 for none)")
        if self.noise < 0:
            raise ValueError(f"Layers needs noise >= 0, a standard deviation; got noise={self.noise}.")
        for name in ("input_dropout", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"Layers needs {name} >= 0 and < 1, the fraction of values dropped; got "
                    f"{name}={getattr(self, name)}."
                )

    def build(self, inputs: int, rngs: nnx.Rngs) -> LayersModel:
        return LayersModel(self, inputs, rngs=rngs)
