"""What a cell owes to the rest of the project.

A cell is a `flax.nnx.RNNCellBase`: `cell(carry, x) -> (carry, y)` on arrays with leading batch
dimensions `(..., features)`, so it drops into `nnx.RNN` and any Flax cell drops into our harness.
Ours promise a little more: the carry is a NamedTuple, the zero carry needs no random numbers, and
the module holds nothing but integers, tuples of integers, submodules and `nnx.Param`.

A *spec* is the value that stands for a cell in a trial: a frozen, keyword-only dataclass whose
`float` fields are knobs (traced, never a reason to compile again) and whose other fields are
structure. `build` may be called inside a trace, where the floats are tracers: so it may not branch
on them, and their ranges are checked by `check`, which is called before anything runs.
"""

from typing import ClassVar, Protocol, runtime_checkable

from flax import nnx


@runtime_checkable
class CellSpec(Protocol):
    """A frozen, keyword-only dataclass that builds a cell.

    reference: where the equations come from, one line.
    parameters: number of parameters as a Python expression in `n` (inputs), `h` (hidden units) and
        the spec's own integer fields; checked against the built module.
    """

    reference: ClassVar[str]
    parameters: ClassVar[str]

    def build(self, inputs: int, rngs: nnx.Rngs) -> nnx.RNNCellBase:
        """Make the module for `inputs` features; `rngs.params` draws the initial weights."""
        ...


def at_least(name: str, field: str, value: int, low: int, why: str) -> None:
    """Raise ValueError unless `value >= low`; the message says what was given and why not."""
    if value < low:
        raise ValueError(f"{name} needs {field} >= {low} {why}; got {field}={value}.")
