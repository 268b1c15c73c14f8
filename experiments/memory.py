"""Memory that a cohort needs, from the traced program alone: nothing is compiled or run.

A program is a list of operations. Each one's results are held from there to their last use; the peak of that sum,
with the peak inside of loops and branches, is what the device must have. What the compiler does about it is
left out but for one thing: operations that only arrange numbers are taken to cost nothing. That comes to 0.9 to
1.2 times what XLA says for `vmap` on a CPU: almost all of it is what the backward pass keeps of every step, which no
compiler can save. Whatever the engine decides to keep or to compute again is in the trace, so that it counts.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from experiments.cohort import make_advance, make_init
from experiments.layout import AUTO, Layout
from experiments.precision import without_x64
from experiments.program import cohort_shapes
from experiments.trial import Trial

SAFETY = 0.7  # share of a device's memory that is counted on
ARRANGE = {"broadcast_in_dim", "convert_element_type", "iota", "reshape", "squeeze", "transpose"}


@without_x64
def cohort_bytes(bare: Trial, size: int, layout: Layout = AUTO) -> int:
    """Bytes that `advance` of a cohort needs on each of the layout's devices."""
    share = layout.padded(size) // layout.mesh.size
    one_device = replace(layout, devices=1)
    state = jax.eval_shape(make_init(bare, one_device), *cohort_shapes(bare, share))
    traced = jax.make_jaxpr(make_advance(bare, one_device))(state)
    return sum(map(array_bytes, jax.tree.leaves((state, traced.consts)))) + peak_bytes(traced.jaxpr)


def most_members(bare: Trial, memory: float, layout: Layout = AUTO) -> int:
    """Largest cohort of this structure for devices with `memory` bytes each; 0 where not one member fits."""
    one_device = replace(layout, devices=1)
    one, two = (cohort_bytes(bare, size, one_device) for size in (1, 2))
    most = 1 + (SAFETY * memory - one) // (two - one)
    return max(0, int(most)) * layout.mesh.size


def peak_bytes(jaxpr: Any) -> int:
    """Most bytes of results that are held at once, arguments excluded."""
    last = {
        v: i for i, line in enumerate(jaxpr.eqns) for v in (*line.invars, *line.outvars) if is_variable(v)
    }
    last |= {v: len(jaxpr.eqns) for v in jaxpr.outvars if is_variable(v)}
    ending: dict[int, list[Any]] = {}
    for v, i in last.items():
        ending.setdefault(i, []).append(v)
    held, now, peak = dict[Any, int](), 0, 0
    for i, line in enumerate(jaxpr.eqns):
        held |= {v: 0 if line.primitive.name in ARRANGE else array_bytes(v.aval) for v in line.outvars}
        now += sum(held[v] for v in line.outvars)
        peak = max(peak, now + max(map(peak_bytes, inner_programs(line)), default=0))
        now -= sum(held.pop(v, 0) for v in ending.get(i, ()))
    return peak


def inner_programs(line: Any) -> Iterator[Any]:
    """Bodies and branches of one line of a traced program."""
    for value in line.params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(part, "jaxpr", part)
            if hasattr(inner, "eqns"):
                yield inner


def is_variable(v: Any) -> bool:
    return not hasattr(v, "val")  # else a literal number


def array_bytes(array: Any) -> int:
    """Bytes of an array, or of one that has this shape and type."""
    return int(np.prod(array.shape)) * array.dtype.itemsize
