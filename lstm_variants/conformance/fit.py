"""Which parameter of a cell plays which part in given equations, found by trying.

Parameters are cut into tiles, one a matrix or vector of the equations (`tiles.py`). All tiles but some are set
to zero, and one more is switched on: the part it plays is the one (which letter, transposed or not) that gives
the same new carry and output as the cell does. Tiles whose part is certain are fixed first and lend their light
to the rest: an input gate shows only once the block input is not zero. So a cell with T tiles costs a few times
T² evaluations at five units and not T! ones, whatever the order and layout of its gates.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lstm_variants.conformance.adapter import Adapter, CanNotCheck
from lstm_variants.conformance.language import Equations
from lstm_variants.conformance.tiles import Tile, tilings

POINTS = 6  # random (carry, input) pairs at which a step is compared
Matrices = tuple[tuple[str, int], ...]
TOLERANCE = 3e-5  # of values of order 1 in float32, against wrong terms of order 0.1


@dataclass(frozen=True)
class Part:
    """The letter that a tile stands for, and whether its matrix is used as `x M` (else `M x`)."""

    role: str
    transposed: bool = False


@dataclass
class Probe:
    """A cell with random weights and random points, and what it makes of them with some tiles switched on."""

    cell: Adapter
    seed: int = 0
    odd: bool = False
    known: dict[frozenset[Tile], tuple[tuple[np.ndarray, ...], np.ndarray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, h = self.cell.inputs, self.cell.hidden
        generator = np.random.default_rng(self.seed)
        self.weights = {
            name: generator.normal(0, 0.7, np.shape(a)).astype(np.float32)
            for name, a in self.cell.parameters.items()
        }
        self.x = generator.normal(size=(POINTS, n)).astype(np.float32)
        self.floating = [
            k for k, a in enumerate(self.cell.carry) if np.issubdtype(np.asarray(a).dtype, np.floating)
        ]
        for k in self.floating:
            if np.shape(self.cell.carry[k]) != (h,):
                raise CanNotCheck(
                    f"{self.cell.name} carries an array of shape {np.shape(self.cell.carry[k])}; the kit compares "
                    f"equations over vectors of the {h} units."
                )
        self.carry = tuple(
            generator.normal(size=a.shape).astype(np.float32) if k in self.floating else a
            for k, a in enumerate(self.cell.start(POINTS))
        )

    @cached_property
    def tilings(self) -> dict[Matrices, list[tuple[Tile, ...]]]:
        """The ways to cut the parameters, by how many matrices of each kind that makes.

        Raises CanNotCheck for a parameter that cannot be cut.
        """
        found: dict[Matrices, list[tuple[Tile, ...]]] = {}
        for tiles in tilings(self.cell, self.odd):
            found.setdefault(matrices(tile.kind for tile in tiles), []).append(tiles)
        if not found:
            raise CanNotCheck(f"{self.cell.name} has a parameter that acts on inputs alone.")
        return found

    @property
    def usual(self) -> tuple[Tile, ...]:
        """The usual way to cut them."""
        return next(iter(self.tilings.values()))[0]

    def run(self, on: frozenset[Tile]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """New floating carry and output, each (units, points), with these tiles switched on."""
        if on not in self.known:
            values = {leaf: np.zeros_like(a) for leaf, a in self.weights.items()}
            for tile in on:
                tile.of(values[tile.leaf])[...] = tile.of(self.weights[tile.leaf])
            after, y = self.cell.step(values, self.carry, self.x)
            self.known[on] = tuple(np.asarray(after[k], np.float64).T for k in self.floating), np.asarray(y).T
        return self.known[on]

    def alike(self, a: object, b: object) -> bool:
        return largest_difference(a, b) < TOLERANCE


def matrices(kinds: Iterable[str]) -> Matrices:
    """How many of each kind, vectors left out."""
    return tuple(sorted(Counter(kind for kind in kinds if kind != "vector").items()))


def largest_difference(a: object, b: object) -> float:
    """Of two (carry, output) pairs, relative to values above 1; infinite where one is not finite."""
    worst = 0.0
    for u, v in zip([*a[0], a[1]], [*b[0], b[1]], strict=True):  # type: ignore[index]
        if u.shape != v.shape:
            return float("inf")
        with np.errstate(invalid="ignore"):
            d = np.abs(u - v) / np.maximum(1.0, np.abs(v))
        worst = max(worst, float(d.max()) if np.isfinite(d).all() else float("inf"))
    return worst


@dataclass(frozen=True)
class Fit:
    """Equations that a cell computes: the part of every tile, and which vectors of the equations it lacks.

    order: for each carried array of the cell, the letter it stands for. idle: tiles without any effect.
    """

    equations: Equations
    parts: Mapping[Tile, Part]
    order: tuple[str, ...]
    missing: tuple[str, ...]
    idle: tuple[Tile, ...]


def fit(probe: Probe, equations: Equations) -> Fit | None:
    """The way in which the cell computes the equations, or None. Vectors (biases, peepholes) may be missing."""
    if len(probe.floating) != len(equations.state):
        return None
    wanted = matrices(role.kind for role in equations.roles.values())
    for tiles in probe.tilings.get(wanted, []):
        for order in itertools.permutations(equations.state):
            found = Search(probe, equations, tiles, order).first()
            if found is not None:
                return found
    return None


@dataclass
class Search:
    """The search for the parts, for one tiling and one order of the carry."""

    probe: Probe
    equations: Equations
    tiles: tuple[Tile, ...]
    order: tuple[str, ...]

    def __post_init__(self) -> None:
        n, h = self.probe.cell.inputs, self.probe.cell.hidden
        shapes = {"input": (h, n), "square": (h, h), "vector": (h, 1)}
        self.zeros = {name: np.zeros(shapes[role.kind]) for name, role in self.equations.roles.items()}
        self.point = {
            letter: self.probe.carry[k].T.astype(np.float64)
            for letter, k in zip(self.order, self.probe.floating, strict=True)
        } | {"x": self.probe.x.T.astype(np.float64)}

    def values(self, parts: Mapping[Tile, Part]) -> dict[str, np.ndarray]:
        """Everything that the equations define, by name (a prime is `_new`), of the units at the points."""
        values = {**self.zeros, **self.point}
        for tile, part in parts.items():
            block = tile.of(self.probe.weights[tile.leaf]).astype(np.float64)
            block = block[:, None] if block.ndim == 1 else block.T if part.transposed else block
            values[part.role] = values[part.role] + block
        with np.errstate(all="ignore"):
            return self.equations.step(values)

    def predict(self, parts: Mapping[Tile, Part]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        after = self.values(parts)
        ones = np.ones((self.probe.cell.hidden, self.probe.x.shape[0]))
        new = tuple(after[f"{letter}_new"] * ones for letter in self.order)
        return new, after[self.equations.output.replace("'", "_new")] * ones

    def agrees(self, parts: Mapping[Tile, Part]) -> bool:
        return self.probe.alike(self.predict(parts), self.probe.run(frozenset(parts)))

    def options(self, tile: Tile, parts: Mapping[Tile, Part]) -> list[Part]:
        """Every part that this tile may play, given the certain ones."""
        taken = {part.role for part in parts.values()}
        found = []
        for role in self.equations.roles.values():
            if role.kind != tile.kind or (role.kind != "vector" and role.name in taken):
                continue
            for transposed in self.ways(tile):
                part = Part(role.name, transposed)
                if self.agrees({**parts, tile: part}):
                    found.append(part)
        return found

    def ways(self, tile: Tile) -> tuple[bool, ...]:
        if tile.kind == "vector":
            return (False,)
        if tile.kind == "input":
            return (tile.of(self.probe.weights[tile.leaf]).shape[0] == self.probe.cell.inputs,)
        return (True, False)

    def first(self) -> Fit | None:
        if not self.agrees({}):
            return None
        return next(self.assign({}), None)

    def assign(self, parts: dict[Tile, Part]) -> Iterator[Fit]:
        """Fix what is certain, then branch over what is not; yields complete fits."""
        parts = dict(parts)
        while True:
            todo = [tile for tile in self.tiles if tile not in parts]
            if not todo:
                break
            unsure: list[tuple[Tile, list[Part]]] = []
            dark = []
            progress = False
            for tile in todo:
                with_it = frozenset([*parts, tile])
                if self.probe.alike(self.probe.run(with_it), self.probe.run(frozenset(parts))):
                    dark.append(tile)  # for now
                    continue
                options = self.options(tile, parts)
                if not options:
                    return
                if len(options) == 1:
                    parts[tile] = options[0]
                    progress = True
                else:
                    unsure.append((tile, options))
            if progress:
                continue
            if not unsure:  # two matrices in a row show nothing until both are on: guess one of them
                unsure = [(tile, self.options(tile, parts)) for tile in dark if tile.kind != "vector"]
            if not unsure:
                break
            tile, options = min(unsure, key=lambda pair: len(pair[1]))
            for part in options:
                yield from self.assign({**parts, tile: part})
            return
        yield from self.complete(parts)

    def complete(self, parts: dict[Tile, Part]) -> Iterator[Fit]:
        """The fit, if every matrix of the equations has its tile and other random numbers agree too."""
        idle = tuple(tile for tile in self.tiles if tile not in parts)
        used = {part.role for part in parts.values()}
        lacking = [role for role in self.equations.roles.values() if role.name not in used]
        if any(role.kind != "vector" for role in lacking):
            return
        again = Search(Probe(self.probe.cell, self.probe.seed + 1), self.equations, self.tiles, self.order)
        if again.agrees(parts) and self.agrees(parts):
            yield Fit(self.equations, parts, self.order, tuple(role.name for role in lacking), idle)
