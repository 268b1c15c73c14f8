"""What goes on in a network while it reads: gates and states of every step, and what it says."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.cohort import network_of
from experiments.flow.gates import Traced
from experiments.inside.layers import Part, over_time, parts, step_of
from experiments.inside.names import Gate, gates_of
from experiments.precision import with_products_in, without_x64
from experiments.specs import structure
from experiments.streams import stream
from experiments.tasks.contract import Batch, part
from experiments.trial import Trial

Array = jax.Array
WIDE = 256  # numbers of a state beyond which it is a window of the past and no memory of units


class Track(NamedTuple):
    """Of one part of a network. name: of the part, empty where it is the only one. gates: by name (T, B, h). states: by
    name (T, B, k), after each step; what is too wide to be shown left out. output: (T, B, k)."""

    name: str
    gates: dict[str, np.ndarray]
    states: dict[str, np.ndarray]
    output: np.ndarray


class Record(NamedTuple):
    """batch: what was read. tracks: of all parts, the lowest first. outputs: of the read-out (S, B, k)."""

    batch: Batch
    tracks: tuple[Track, ...]
    outputs: np.ndarray

    @property
    def state(self) -> np.ndarray:
        """All that is carried, of all parts, (T, B, k); the outputs where what is carried is too wide."""
        arrays = [a for track in self.tracks for a in (track.states.values() or [track.output])]
        return np.concatenate(arrays, axis=-1)

    @property
    def units(self) -> list[tuple[str, int]]:
        """What each number of `state` is: which array's, and its place there."""
        return [
            (f"{track.name}: {name}" if track.name else name, i)
            for track in self.tracks
            for name, a in (track.states or {"output": track.output}).items()
            for i in range(a.shape[-1])
        ]


@functools.cache
def sampler(task: Any, number: int) -> Any:
    """`seed -> Batch` of the first test sequences of a trial with this seed."""
    return jax.jit(lambda seed: task.sample(stream(seed, "test", 0), number))


@without_x64
def test_batch(trial: Trial, sequences: int) -> Batch:
    """The first test sequences of a trial; of a task that has but one, that one."""
    number = 1 if getattr(trial.task, "single", False) else sequences
    task: Any = part(trial.task, "test")
    batch: Batch = sampler(task, number)(jnp.uint32(trial.seed))
    return batch


@functools.cache
def recorder(bare: Trial) -> Any:
    """`(parameters, batch) -> (gates, states and output of every part, outputs)`, compiled once for a structure."""
    gates = gates_of(bare.cell)

    def read(parameters: Array, batch: Batch) -> Any:
        network = network_of(bare, stream(0, "init"))[1](parameters)
        found, x = [], batch.inputs
        for layer in parts(network, bare.task.inputs):
            tracks = [followed(p, gates, x, batch.mask) for p in layer]
            found += tracks
            x = jnp.concatenate([output for *_, output in tracks], axis=-1)
        return found, network(batch.inputs, mask=batch.mask, scored=bare.task.scored)

    return jax.jit(with_products_in(bare.precision, read))


@without_x64
def record(trial: Trial, parameters: np.ndarray, batch: Batch) -> Record:
    """Run a trial's network with these parameters (P,) over a batch."""
    bare, gates = structure(trial), gates_of(trial.cell)
    found, outputs = recorder(bare)(jnp.asarray(parameters), batch)
    network = network_of(bare, stream(0, "init"))[1](jnp.asarray(parameters))
    names = [p.name for layer in parts(network, trial.task.inputs) for p in layer]
    tracks = [
        Track(
            name,
            {gate.name: np.asarray(heard[gate.name]) for gate in gates},
            as_numpy(states),
            np.asarray(output),
        )
        for name, (heard, states, output) in zip(names, found, strict=True)
    ]
    return Record(jax.tree.map(np.asarray, batch), tuple(map(without_doubles, tracks)), np.asarray(outputs))


def as_numpy(arrays: dict[str, Array]) -> dict[str, np.ndarray]:
    return {name: np.asarray(a) for name, a in arrays.items()}


def without_doubles(track: Track) -> Track:
    """The track less what it would show twice, as the carried output of an LSTM's is."""
    kept: dict[str, np.ndarray] = {}
    for name, a in track.states.items():
        if not any(np.array_equal(a, other) for other in kept.values()):
            kept[name] = a
    return track._replace(states=kept)


def followed(part: Part, gates: tuple[Gate, ...], inputs: Array, mask: Array | None) -> Any:
    """Gates, states and output of one part over `inputs` (T, B, n)."""
    first = part.first(inputs.shape[1:])
    traced = Traced(step_of(part.cell), first, inputs[0])

    def step(carry: Any, x: Array) -> tuple[Any, Any]:
        heard: list[Array] = []
        after, y = traced(carry, x, heard)
        said = {gate.name: heard[gate.place][..., block(gate, y.shape[-1])] for gate in gates}
        return after, (said, states_of(after), y)

    return over_time(step, first, inputs, mask, part.backward)


def block(gate: Gate, units: int) -> slice:
    return slice(gate.piece * units, (gate.piece + 1) * units)


def states_of(carry: Any) -> dict[str, Array]:
    """The floating arrays of a carry that are not too wide, by the names of their fields."""
    found = {}
    leaves: list[Any] = jax.tree.leaves_with_path(carry)
    for path, leaf in leaves:
        if jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.ndim == 2 and leaf.shape[-1] <= WIDE:
            found[name_of(path) or "h"] = leaf
    return found


def name_of(path: Any) -> str:
    """`c` for `.c`, `m1` for `.m[0]`."""
    words = []
    for key in path:
        number = getattr(key, "idx", None)
        words.append(
            str(number + 1) if number is not None else str(getattr(key, "name", getattr(key, "key", key)))
        )
    return "".join(words)
