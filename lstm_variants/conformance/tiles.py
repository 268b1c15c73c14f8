"""The ways to cut a cell's parameters into matrices and vectors, one a gate.

    (n, 4h), (4h, n)          four input matrices side by side; likewise (h, 4h)
    (n + h, 4h)               four of each, the input's rows first or last
    (4n, h), (4n + 4h, h)     on top of each other; of two kinds one after the other, or in turns
    (n, 4h) unit by unit      the gates of a unit side by side: a step of 4 along the axis
    (4, n, h), (n, 4, h) ...  an axis of their own for the gates, anywhere; (3, h), (h, 3), (1, h): vectors

What an axis is, is told from a second cell of the same make with other numbers of inputs and units (`Adapter.like`).
Where there is none, as for a cell that was built before it came here, each way that the size allows is tried.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from lstm_variants.conformance.adapter import Adapter, CanNotCheck

Choice = TypeVar("Choice")
MOST, FEW = 300, 40  # ways to cut all parameters of a cell, where their axes leave it open; of odd ones
GATES = 8  # longest axis that is taken for one of gates unless it is known


class Ends(NamedTuple):
    """A part of an axis."""

    start: int
    stop: int
    step: int = 1

    @property
    def size(self) -> int:
        return len(range(*self))


class Axis(NamedTuple):
    """inputs, units: how many blocks of n and of h make up an axis; neither: it lists the gates."""

    inputs: int
    units: int


LIST = Axis(0, 0)


@dataclass(frozen=True)
class Tile:
    """A cut of one parameter: `kind` "input", "square" or "vector"; `cut` is the part of each axis, `listed` the
    axes that list gates, of which it has one."""

    leaf: str
    cut: tuple[Ends, ...]
    kind: str
    listed: tuple[int, ...] = ()

    def of(self, array: np.ndarray) -> np.ndarray:
        """This part of the parameter's array, a view: a matrix or a vector."""
        return array[tuple(slice(*ends) for ends in self.cut)].squeeze(self.listed)

    @property
    def size(self) -> int:
        return math.prod(ends.size for ends in self.cut)


class Style(NamedTuple):
    """How blocks lie along an axis. mixed: of n and h, where there are both. woven: unit by unit."""

    mixed: str = "inputs first"
    woven: bool = False


MIXED = ("inputs first", "units first", "inputs first, in turns", "units first, in turns")
STYLES = tuple(Style(mixed, woven) for woven in (False, True) for mixed in MIXED)


def tilings(cell: Adapter, odd: bool = False) -> Iterator[tuple[Tile, ...]]:
    """All ways to cut the parameters, the usual ones first: blocks lie in the same style in all of them, or, if `odd`,
    in one parameter otherwise than in another. Raises CanNotCheck where there is none."""
    n, h = cell.inputs, cell.hidden
    shapes = {name: np.shape(a) for name, a in cell.parameters.items()}
    known = {name: axes(shape, n, h, cell.like.get(name), cell.sizes) for name, shape in shapes.items()}
    for name, readings in known.items():
        if not readings:
            raise CanNotCheck(
                f"{cell.name} has a parameter {name} of shape {shapes[name]}; the kit knows vectors and matrices "
                f"made of blocks of {n} inputs and {h} units, in one array or in one a gate."
            )
        if all(map(on_inputs, readings)):
            raise CanNotCheck(f"{cell.name} has a parameter {name} that acts on inputs alone.")

    def cuts(name: str, styles: Iterable[Style]) -> list[tuple[Tile, ...]]:
        made = (tuple(tiles(name, shapes[name], r, n, h, style)) for style in styles for r in known[name])
        return [cut for cut in dict.fromkeys(made) if all(tile.kind for tile in cut)]

    seen: set[tuple[Tile, ...]] = set()
    for styles in [STYLES] if odd else [[style] for style in STYLES]:
        choices = [cuts(name, styles) for name in shapes]
        for chosen in itertools.islice(usual_first(choices), FEW if odd else MOST):
            made = tuple(itertools.chain(*chosen))
            if made not in seen:
                seen.add(made)
                yield made


def usual_first(choices: list[list[Choice]]) -> Iterator[list[Choice]]:
    """One choice of each: the first of all, then another of one of them, of two, and so on."""
    if not all(choices):
        return
    for others in range(len(choices) + 1):
        for places in itertools.combinations(range(len(choices)), others):
            for made in itertools.product(*(choices[k][1:] for k in places)):
                changed = dict(zip(places, made, strict=True))
                yield [changed.get(k, options[0]) for k, options in enumerate(choices)]


def axes(
    shape: Sequence[int], n: int, h: int, other: Sequence[int] | None, sizes: tuple[int, int]
) -> list[tuple[Axis, ...]]:
    """What the axes of a parameter may be: one answer where `other`, its shape at other `sizes`, tells them apart."""
    if other is not None and len(other) == len(shape):
        found = [[grown(a, b, n, h, *sizes)] for a, b in zip(shape, other, strict=True)]
    else:
        found = [guesses(size, n, h) for size in shape]
    whole = [[axis for axis in options if axis is not None] for options in found]
    readings = [r for r in itertools.product(*whole) if sum(axis != LIST for axis in r) in (1, 2)]
    return sorted(readings, key=lambda reading: reading.count(LIST))  # matrices first


def grown(size: int, other: int, n: int, h: int, n2: int, h2: int) -> Axis | None:
    """inputs n + units h = size and inputs n2 + units h2 = other, in whole numbers."""
    if size == other:
        return LIST
    d = n * h2 - h * n2
    inputs, units = (size * h2 - other * h) / d, (other * n - size * n2) / d
    if inputs < 0 or units < 0 or inputs % 1 or units % 1:
        return None
    return Axis(int(inputs), int(units))


def guesses(size: int, n: int, h: int) -> list[Axis | None]:
    """Blocks of h alone, with one of n, of n alone; a short axis may list gates."""
    found: list[Axis | None] = []
    if size % h == 0:
        found.append(Axis(0, size // h))
    if size >= n and (size - n) % h == 0:
        found.append(Axis(1, (size - n) // h))
    for count in range(2, size // n + 1):
        if size == count * n or size == count * (n + h):
            found.append(Axis(count, 0 if size == count * n else count))
    return found + ([LIST] if size <= GATES else [])


def on_inputs(reading: tuple[Axis, ...]) -> bool:
    return all(axis.units == 0 for axis in reading)


def tiles(
    leaf: str, shape: Sequence[int], reading: tuple[Axis, ...], n: int, h: int, style: Style
) -> Iterator[Tile]:
    """The tiles of one parameter; the kind of one that is on inputs alone is empty."""
    listed = tuple(k for k, axis in enumerate(reading) if axis == LIST)
    cuts = [list(ends(size, axis, n, h, style)) for size, axis in zip(shape, reading, strict=True)]
    for cut in itertools.product(*cuts):
        sizes = [part.size for k, part in enumerate(cut) if k not in listed]
        inputs = [axis.inputs > 0 and part.size == n for axis, part in zip(reading, cut, strict=True)]
        kind = "vector" if len(sizes) == 1 else "input" if any(inputs) else "square"
        yield Tile(leaf, cut, "" if sum(inputs) == len(sizes) else kind, listed)


def ends(size: int, axis: Axis, n: int, h: int, style: Style) -> Iterator[Ends]:
    """The blocks along an axis."""
    inputs, units = axis
    if axis == LIST:
        yield from (Ends(k, k + 1) for k in range(size))
    elif style.woven and 0 in axis:
        yield from (Ends(k, size, inputs + units) for k in range(inputs + units))
    else:
        first, second = ([n] * inputs, [h] * units)
        if style.mixed.startswith("units"):
            first, second = second, first
        turns = style.mixed.endswith("turns") and inputs == units
        steps = [s for pair in zip(first, second, strict=True) for s in pair] if turns else first + second
        yield from itertools.starmap(Ends, itertools.pairwise([0, *itertools.accumulate(steps)]))
