"""The number of units at which a cell meets a budget, so that cells are compared at equal price.

    match(GRU(), inputs=3, parameters=10_000).spec.hidden        56
    print(match(GRU(), inputs=3, parameters=10_000))
    GRU(hidden=56): 10,080 parameters, 0.8 % more than 10,000

Every number is measured on the built module. Sizes that a spec refuses (Clockwork's modules are equal parts,
a transformer's heads too) are passed over, so that the nearest size may be far from the budget: a `Match`
says how far.
"""

import dataclasses
import functools
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flax import nnx

from lstm_variants import measure
from lstm_variants.contract import CellSpec, at_least

TOLERANCE = 0.01
LARGEST = 2**17  # units: beyond any budget that is met in practice
MEASURES: dict[str, Callable[[Any, int], int]] = {
    "parameters": lambda cell, inputs: measure.parameter_count(cell),
    "flops": measure.flops,
    "state": measure.state_size,
}
WORDS = {"parameters": "parameters", "flops": "operations per step", "state": "numbers of state"}


@dataclass(frozen=True, kw_only=True)
class Match:
    """spec: with the `hidden` that comes nearest. measure: "parameters" | "flops" | "state". target: the budget.
    value: what the built module has."""

    spec: CellSpec
    measure: str
    target: int
    value: int

    @property
    def hidden(self) -> int:
        return hidden_of(self.spec)

    @property
    def error(self) -> float:
        """`value` relative to `target`: 0.02 is 2 % more."""
        return (self.value - self.target) / self.target

    @property
    def within(self) -> bool:
        return abs(self.error) <= TOLERANCE

    @property
    def words(self) -> str:
        """How well it fits: "exactly as requested", "0.8 % more than 10,000", or that no size comes nearer."""
        if self.value == self.target:
            return "exactly as requested"
        percent = 100 * abs(self.error)
        size = f"{percent:.0f}" if percent >= 100 else f"{percent:.3g}"
        words = f"{size} % {'more' if self.error > 0 else 'fewer'} than {self.target:,}"
        return words if self.within else f"{words}, and no size comes closer"

    def __str__(self) -> str:
        name = f"{type(self.spec).__name__}(hidden={self.hidden})"
        return f"{name}: {self.value:,} {WORDS[self.measure]}, {self.words}"


def match(
    spec: CellSpec,
    *,
    inputs: int,
    parameters: int | None = None,
    flops: int | None = None,
    state: int | None = None,
) -> Match:
    """The size at which `spec` comes nearest to a number of parameters, of operations a step, or of state.

    Args:
        spec: any spec with a field `hidden`, or with one inside its `cell` (such as `Stacked`), whose measures
            grow with it; its own `hidden` does not matter.
        inputs: features of the input.
        parameters, flops, state: the budget, exactly one of them; see `measure.py` for what is counted.

    Raises:
        ValueError: for no budget or several, a budget below 1, a spec without `hidden`, and a budget that no
            size reaches. A budget that even the smallest size exceeds gives that size.
    """
    budgets = {"parameters": parameters, "flops": flops, "state": state}
    given = {name: budget for name, budget in budgets.items() if budget is not None}
    if len(given) != 1:
        got = ", ".join(f"{name}={budget}" for name, budget in given.items()) or "none"
        raise ValueError(f"match needs one budget, parameters, flops or state; got {got}.")
    ((name, target),) = given.items()
    at_least("match", name, target, 1, "to be met")
    at_least("match", "inputs", inputs, 1, "feature")
    hidden_of(spec)

    @functools.cache
    def value(hidden: int) -> int:
        sized = resized(spec, hidden)
        return MEASURES[name](nnx.eval_shape(lambda: sized.build(inputs, nnx.Rngs(0))), inputs)

    def ordinary(hidden: int) -> bool:
        # Where h = n some cells do without a projection (MUT1), so that this one size may be cheaper than the
        # size below: it would mislead the bisection and is tried apart.
        return hidden != inputs and admissible(spec, hidden)

    def up(hidden: int) -> int:
        return next(filter(ordinary, range(hidden, 2 * LARGEST)), 2 * LARGEST)

    high = up(1)
    while high <= LARGEST and value(high) < target:
        high = up(2 * high)
    if high > LARGEST:
        raise ValueError(
            f"No size up to hidden={LARGEST} brings {type(spec).__name__} to {target:,} {WORDS[name]}."
        )
    above = up(bisect_left(range(high), target, lo=1, key=lambda h: value(up(h))))
    below = next(filter(ordinary, range(above - 1, 0, -1)), above)
    tried = [below, above, *([inputs] if admissible(spec, inputs) else [])]
    best = min(tried, key=lambda h: (abs(value(h) - target), h))
    return Match(spec=resized(spec, best), measure=name, target=target, value=value(best))


def hidden_of(spec: Any) -> int:
    """`hidden` of the spec or of the cell inside it. Raises ValueError."""
    inner = spec
    while not hasattr(inner, "hidden"):
        if not hasattr(inner, "cell"):
            raise ValueError(f"match needs a spec with a field `hidden` to choose; got {spec!r}.")
        inner = inner.cell
    return inner.hidden


def resized(spec: Any, hidden: int) -> Any:
    """The spec with another `hidden`, its own or that of the cell inside it."""
    if hasattr(spec, "hidden"):
        return dataclasses.replace(spec, hidden=hidden)
    return dataclasses.replace(spec, cell=resized(spec.cell, hidden))


def admissible(spec: Any, hidden: int) -> bool:
    try:
        resized(spec, hidden)
    except ValueError:
        return False
    return True
