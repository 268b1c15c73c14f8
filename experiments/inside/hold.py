"""The same network with a gate that says one thing whatever comes: what does it score without it?"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from experiments.cohort import network_of
from experiments.flow.gates import Traced
from experiments.inside.layers import Part, parts
from experiments.inside.names import Gate, gates_of
from experiments.inside.record import Record, block
from experiments.precision import with_products_in, without_x64
from experiments.streams import stream
from experiments.tasks.contract import Batch, TaskSpec, part
from experiments.trial import Trial
from lstm_variants import output_size

Array = jax.Array
Setting = Mapping[
    str, float | list[np.ndarray]
]  # by gate what it is held at: a number, or by part an array (h,)


class Held(nnx.RNNCellBase):
    """A cell of which some gates are replaced. flags: by gate, whether it is (G,). values: what it says then (G, h)."""

    def __init__(self, cell: nnx.RNNCellBase, gates: tuple[Gate, ...], flags: Array, values: Array):
        self.cell = cell
        self.gates = gates
        self.flags = nnx.Variable(flags)
        self.values = nnx.Variable(values)

    def __call__(self, carry: Any, inputs: Array) -> tuple[Any, Array]:
        def step(carry: Any, x: Array) -> tuple[Any, Array]:
            return self.cell(carry, x)

        units = jax.eval_shape(step, carry, inputs)[1].shape[-1]

        def change(place: int, value: Array) -> Array:
            for k, gate in enumerate(self.gates):
                if gate.place == place:
                    own = value[..., block(gate, units)]
                    said = jnp.where(self.flags[k], self.values[k].astype(value.dtype), own)
                    value = value.at[..., block(gate, units)].set(said)
            return value

        return Traced(step, carry, inputs)(carry, inputs, [], change=change)

    def initialize_carry(self, input_shape: Any, rngs: Any = None, carry_init: Any = None) -> Any:
        return self.cell.initialize_carry(input_shape, rngs)

    @property
    def num_feature_axes(self) -> int:
        return 1


def mean_of(found: Record, name: str) -> list[np.ndarray]:
    """What a gate says on average, by part (h,): over the sequences and the steps that count."""
    mask = found.batch.mask
    weights = np.ones(found.batch.inputs.shape[:2]) if mask is None else np.asarray(mask, float)
    return [np.einsum("tb,tbh->h", weights, track.gates[name]) / weights.sum() for track in found.tracks]


@without_x64
def scores(
    trial: Trial, parameters: np.ndarray, batch: Batch, settings: Sequence[Setting] = ({},)
) -> np.ndarray:
    """The score of every sequence under every setting, (settings, B); its mean is the score of the batch."""
    gates = gates_of(trial.cell)
    build = network_of(trial, stream(0, "init"))[1]
    task = part(trial.task, "test")
    widths = [units_of(one) for one in flat(build(jnp.asarray(parameters)), task.inputs)]
    flags = np.array([[gate.name in setting for gate in gates] for setting in settings], bool)
    values = [
        np.array(
            [[at(setting.get(gate.name, 0.0), k, h) for gate in gates] for setting in settings], np.float32
        )
        for k, h in enumerate(widths)
    ]

    def read(parameters: Array, flags: Array, values: list[Array]) -> Array:
        network = build(parameters)
        for one, said in zip(flat(network, task.inputs), values, strict=True):
            if gates:
                one.put(Held(one.cell, gates, flags, said))
        return single(task, network(batch.inputs, mask=batch.mask, scored=task.scored), batch)

    def every(parameters: Array, flags: Array, values: list[Array]) -> Array:
        return jax.lax.map(lambda setting: read(parameters, *setting), (flags, values))

    run = jax.jit(with_products_in(trial.precision, every))
    return np.asarray(run(jnp.asarray(parameters), jnp.asarray(flags), [jnp.asarray(v) for v in values]))


def flat(network: Any, inputs: int) -> list[Part]:
    """All parts, the lowest first."""
    return [one for layer in parts(network, inputs) for one in layer]


def units_of(one: Part) -> int:
    """Units of what a part puts out."""
    return output_size(one.cell, one.inputs)


def at(value: float | list[np.ndarray], k: int, units: int) -> np.ndarray:
    """What a gate of part k is to say, (h,)."""
    return np.broadcast_to(value[k] if isinstance(value, list) else value, (units,))


def single(task: TaskSpec, outputs: Array, batch: Batch) -> Array:
    """The score of every sequence, each a batch of its own."""
    tree = (outputs, batch.inputs, batch.targets, batch.mask, batch.counts)

    def one(parts: Any) -> Array:
        outputs, *rest = jax.tree.map(lambda a: a[:, None], parts)
        return task.measure(outputs, Batch(*rest)).score

    return jax.vmap(one, in_axes=1)(tree)
