"""The contract of a cell.

A cell is a `flax.nnx.RNNCellBase`: `cell(carry, x) -> (carry, y)` on arrays with leading batch
dimensions `(..., features)`, so it drops into `nnx.RNN` and any Flax cell drops into our harness.
Ours guarantee a little more: the carry is a NamedTuple whose arrays are all `(..., size)`, the zero
carry needs no random numbers, and the module holds nothing but integers, strings, tuples of
integers, submodules and `nnx.Param`.

A *spec* is the value that stands for a cell in a trial: a frozen, keyword-only dataclass whose
`float` fields are knobs (traced, never a reason to compile again) and whose other fields are
structure. Structure is checked when the spec is made. `build` may be called inside a trace, where
the floats are tracers: so it may not branch on them, and a spec with floats has a method
`check() -> None` that raises ValueError, to be called before anything runs.

A spec in the catalogue `CELLS` also says, as class variables,

    reference    where the equations come from, one line
    purpose      what the cell is for, one or two sentences with their source
    parameters   the number of parameters as a Python expression in `n` (inputs), `h` (hidden units),
                 the spec's other fields of structure and `len`; checked against the built module
    state        the floating-point numbers carried from step to step, likewise
    flops        the operations of one step of one sequence, as `measure.flops` counts them, likewise

and call their number of units `hidden`.
"""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Protocol, runtime_checkable

from flax import nnx


@runtime_checkable
class CellSpec(Protocol):
    """A frozen, keyword-only dataclass that builds a cell."""

    def build(self, inputs: int, rngs: nnx.Rngs) -> nnx.RNNCellBase:
        """Make the module for `inputs` features; `rngs.params` draws the initial weights."""
        ...


def at_least(name: str, field: str, value: int, low: int, why: str) -> None:
    """Raise ValueError unless `value` is an integer >= `low`; the message says what was given and why not."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} needs an integer {field}; got {field}={value!r}.")
    if value < low:
        raise ValueError(f"{name} needs {field} >= {low} {why}; got {field}={value}.")


def one_of(name: str, field: str, value: str, choices: Sequence[str]) -> None:
    """Raise ValueError unless `value` is among `choices`."""
    if value not in choices:
        raise ValueError(f"{name} needs {field} = {' | '.join(choices)}; got {field}={value!r}.")


def finite(name: str, field: str, value: float, why: str) -> None:
    """Raise ValueError unless `value` is a finite number."""
    if not math.isfinite(value):
        raise ValueError(f"{name} needs a finite {field} {why}; got {field}={value}.")
