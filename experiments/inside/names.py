"""What the gates of a cell are called: the letters of the equations that the conformance kit finds it to compute.

The kit finds which parameter plays which part. With these, and random weights and points, the equations give a value
for every letter, and the traced program one for every σ: where the two are equal the σ has that letter. The order of
the σ in a program does not depend on sizes, so that the letters hold for a trained cell too. A σ that has no letter
is no gate (the LSTM of 1997 squashes with it), unless none has one: then all are gates without a name.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from experiments.flow.gates import Traced
from experiments.inside.layers import inner, step_of
from lstm_variants.conformance import KNOWN, CanNotCheck, adapt
from lstm_variants.conformance.fit import Fit, Probe, Search
from lstm_variants.conformance.language import left, parse
from lstm_variants.conformance.verdict import best

INPUTS = 3
CLOSE = 1e-4  # float32 of the program against float64 of the equations


class Gate(NamedTuple):
    """place: of its σ in the program of a step. piece: which block of units of what that σ gives."""

    name: str
    place: int
    piece: int


def gates_of(spec: Any) -> tuple[Gate, ...]:
    """The gates of a cell, or of the cell in layers; none for a cell without σ."""
    return gates_of_cell(inner(spec))


@functools.cache
def gates_of_cell(spec: Any) -> tuple[Gate, ...]:
    places = list(pieces(*sigmas(spec)))
    if found := named(spec, places) if places else {}:
        return tuple(Gate(found[at], *at) for at in places if at in found)
    return tuple(Gate(f"gate {n}", *at) for n, at in enumerate(places, 1))


def pieces(sigmas: list[Any], units: int) -> Iterator[tuple[int, int]]:
    """Places of all blocks of so many units."""
    for place, value in enumerate(sigmas):
        for piece in range(max(1, value.shape[-1] // units)):
            yield place, piece


def sigmas(spec: Any) -> tuple[list[Any], int]:
    """Shapes of what the σ of a step give, and the number of units of its output."""

    def given() -> tuple[list[jax.Array], jax.Array]:
        cell = spec.build(INPUTS, nnx.Rngs(0))
        x = jnp.zeros((1, INPUTS))
        gates: list[jax.Array] = []
        carry = cell.initialize_carry((1, INPUTS), nnx.Rngs(0))
        _, y = Traced(step_of(cell), carry, x)(carry, x, gates)
        return gates, y

    found, y = jax.eval_shape(given)
    return found, y.shape[-1]


def named(spec: Any, places: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Letters by place and piece; none for a cell whose equations are not known."""
    try:
        fields = {f.name: getattr(spec, f.name) for f in dataclasses.fields(spec) if f.name != "hidden"}
        adapter = adapt(type(spec), options=fields)
        probe = Probe(adapter)
        found = best(probe, KNOWN)
    except (CanNotCheck, TypeError):
        return {}
    if found is None or adapter.module is None:
        return {}
    letters = dict(lettered(probe, found))
    heard = heard_at(probe)
    names: dict[tuple[int, int], str] = {}
    for place, piece in places:
        block = heard[place][:, piece * adapter.hidden : (piece + 1) * adapter.hidden].T
        for name, value in letters.items():
            if np.shape(value) == block.shape and np.abs(value - block).max() < CLOSE:
                names[place, piece] = name
                break
    return names


def lettered(probe: Probe, found: Fit) -> Iterator[tuple[str, np.ndarray]]:
    """The equations' values with the cell's weights, by letter, of what is not carried on as the cell's memory."""
    search = Search(probe, found.equations, tuple(found.parts), found.order)
    values = search.values(found.parts)
    for line in found.equations.lines:
        letter = left(line)
        target: Any = parse(line).targets[0]
        if "σ" in line:
            yield letter.rstrip("'").replace("_", ""), np.asarray(values[target.id])


def heard_at(probe: Probe) -> list[np.ndarray]:
    """What the σ of the cell give with the probe's weights at its points, each (points, width)."""
    cell: Any = probe.cell.module
    parts: Any = nnx.split(cell, nnx.Param, ...)
    graph, params, rest = parts
    names = [".".join(map(str, path)) for path, _ in nnx.to_flat_state(params)]
    both: tuple[list[Any], Any] = jax.tree.flatten(params)
    leaves, tree = both
    values = [probe.weights[name].reshape(leaf.shape) for name, leaf in zip(names, leaves, strict=True)]
    weighted = nnx.merge(graph, tree.unflatten(values), rest)
    form: Any = jax.tree.structure(cell.initialize_carry((len(probe.x), probe.cell.inputs), nnx.Rngs(0)))
    carry, x = form.unflatten(list(probe.carry)), jnp.asarray(probe.x)
    gates: list[jax.Array] = []
    Traced(step_of(weighted), carry, x)(carry, x, gates)
    return [np.asarray(gate) for gate in gates]
