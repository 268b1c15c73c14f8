"""The Clockwork RNN, which is about when and from where, seen from outside: nothing is read but its outputs.

A unit ticks at the steps at which its new state depends on the input. At the first step all units tick, and
atanh of the new state is then an affine map of input and state, from which W, R and b are measured, whatever
parameters hold them.
"""

import math
from dataclasses import dataclass

import numpy as np

from lstm_variants.conformance.adapter import Adapter

STEPS = 48
LINES = (
    "ĥ = tanh(W x + R h + b)",
    "R_ij = 0 unless T_i ≤ T_j",
    "h'_i = ĥ_i if t mod T_i = 0",
    "h'_i = h_i otherwise",
    "y = h'",
)


@dataclass(frozen=True)
class Clocks:
    """periods: of every unit, 0 where unknown. broken: (line that differs, what it does instead), or None."""

    periods: tuple[int, ...]
    broken: tuple[str, str] | None

    @property
    def words(self) -> str:
        kinds = sorted(set(self.periods), key=lambda period: period or STEPS)
        texts = [str(period) if period else f"{STEPS} or more" for period in kinds]
        return (
            f"Clockwork RNN, modules of {self.periods.count(kinds[0])} units with periods {', '.join(texts)}"
        )


def has_clock(cell: Adapter) -> bool:
    """One vector of units, and an integer that counts."""
    kinds = [np.issubdtype(np.asarray(a).dtype, np.integer) for a in cell.carry]
    vectors = [np.shape(a) for a, clock in zip(cell.carry, kinds, strict=True) if not clock]
    return any(kinds) and vectors == [(cell.hidden,)]


def clocks(cell: Adapter) -> Clocks:
    """Watch a cell that `has_clock` for `STEPS` steps."""
    generator = np.random.default_rng(8)
    weights = {  # away from 0, so that a weight that is there shows
        name: (generator.choice([-1, 1], np.shape(a)) * generator.uniform(0.1, 0.5, np.shape(a))).astype(
            np.float32
        )
        for name, a in cell.parameters.items()
    }
    state = next(k for k, a in enumerate(cell.carry) if np.issubdtype(np.asarray(a).dtype, np.floating))
    n, h = cell.inputs, cell.hidden

    def first(points: int) -> list[np.ndarray]:
        return [a.copy() for a in cell.start(points)]

    def at(
        carry: tuple[np.ndarray, ...], x: np.ndarray
    ) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
        after, y = cell.step(weights, carry, x)
        return tuple(np.asarray(a) for a in after), np.asarray(after[state]), np.asarray(y)

    # Ticks and rest, along one sequence.
    carry, xs, states = tuple(first(1)), [], []
    ticks, resting, outputs = np.zeros((STEPS, h), bool), np.ones((STEPS, h), bool), True
    for t in range(STEPS):
        x = generator.normal(size=(1, n)).astype(np.float32)
        old = carry[state]
        _, other, _ = at(carry, x + generator.normal(size=(1, n)).astype(np.float32))
        carry, new, y = at(carry, x)
        ticks[t], resting[t] = (new != other)[0], (new == old)[0]
        outputs &= np.array_equal(y, new)
        xs.append(x[0])
        states.append((old[0], new[0]))
    periods = tuple(math.gcd(*map(int, np.flatnonzero(ticks[:, unit]))) for unit in range(h))
    T = np.array([p or STEPS for p in periods])
    due = np.arange(STEPS)[:, None] % T == 0

    # W, R and b, from the first step.
    points = 4 * (n + h + 1)
    x1, s = generator.normal(size=(points, n)), generator.uniform(-1, 1, size=(points, h))
    start = first(points)
    start[state] = s.astype(np.float32)
    _, new, _ = at(tuple(start), x1.astype(np.float32))
    known = np.concatenate([x1, s, np.ones((points, 1))], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.arctanh(new.astype(np.float64))
    found = np.linalg.lstsq(known, a, rcond=None)[0] if np.isfinite(a).all() else None
    R = np.zeros((h, h)) if found is None else found[n : n + h].T
    heard, allowed = np.abs(R) > 1e-2, T[:, None] <= T[None, :]

    along = np.array([np.concatenate([x, old, [1.0]]) for x, (old, _) in zip(xs, states, strict=True)])
    wrong = np.abs(np.tanh(along @ (0 if found is None else found)) - [new for _, new in states]) > 1e-3

    broken = None
    if found is None or np.abs(known @ found - a).max() > 1e-3:
        broken = LINES[0], "the new state is not tanh of an affine map of input and state"
    elif not np.array_equal(ticks, due):
        t, unit = np.argwhere(ticks != due)[0]
        seen = ", ".join(map(str, np.flatnonzero(ticks[:, unit])[:6]))
        broken = LINES[2], f"unit {unit} takes input at the steps {seen}, ..., which is no period"
    elif np.any(heard & ~allowed):
        i, j = np.argwhere(heard & ~allowed)[0]
        broken = LINES[1], f"a unit of period {T[i]} hears one of period {T[j]}"
    elif np.any(allowed & ~heard):
        i, j = np.argwhere(allowed & ~heard)[0]
        broken = LINES[0], f"unit {i}, of period {T[i]}, does not hear unit {j}, of period {T[j]}"
    elif found is not None and np.abs(found[-1]).max() < 1e-2:
        broken = LINES[0], "no b"
    elif due.all():
        broken = LINES[3], "no unit ever rests: a vanilla RNN"
    elif not np.all(resting | due):
        t, unit = np.argwhere(~(resting | due))[0]
        broken = LINES[3], f"unit {unit}, of period {T[unit]}, changes at step {t}, where it rests"
    elif np.any(wrong & due):
        t, unit = np.argwhere(wrong & due)[0]
        broken = LINES[0], f"unit {unit} follows another map at step {t} than at the first step"
    elif not outputs:
        broken = LINES[4], "the output is not the new state of all units"
    return Clocks(periods, broken)
