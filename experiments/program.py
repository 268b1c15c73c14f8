"""The compiled form of a structure: what is kept, one a worker, so that nothing compiles twice."""

import hashlib
import time
from typing import Any

import jax
import jax.numpy as jnp

from experiments.cohort import Cohort, make_advance, make_init
from experiments.compiler import QUICK, allowed, compile_with, training_options
from experiments.layout import AUTO, Layout
from experiments.precision import without_x64
from experiments.specs import knobs
from experiments.state import Report, State
from experiments.trial import Trial


class Program:
    """`init` and `advance` for cohorts of one structure and size, compiled when constructed.

    size: rounded up to what the layout's devices share equally. seconds: spent compiling so far. digest: hash of
    what `init` and `advance` compute, as traced, and of how they are compiled: equal digests, equal numbers on the
    same device, with the same versions.
    results: tree structure of what `advance` gives.
    """

    @without_x64
    def __init__(self, bare: Trial, size: int, layout: Layout = AUTO):
        start = time.perf_counter()
        self.bare, self.layout, self.size = bare, layout, layout.padded(size)
        init = jax.jit(make_init(bare, layout), **layout.shardings)
        arguments = cohort_shapes(bare, self.size)
        traced = init.lower(*arguments)
        self.init = compile_with(traced, QUICK)
        self.state_shapes: State = jax.eval_shape(init, *arguments)
        self.advances: dict[int, Any] = {}
        self.seconds = time.perf_counter() - start
        texts = traced.as_text(), str(allowed(QUICK)), self.compile(self.size)
        self.digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        self.results = self.advances[self.size].out_tree

    @without_x64
    def start(self, cohort: Cohort) -> State:
        """The state of a cohort before its first update."""
        return self.init(*Cohort(cohort.trials, self.size).stack())

    @without_x64
    def compile(self, size: int) -> str:
        """Compile `advance` for cohorts of a size; returns what was traced and how it was compiled."""
        start = time.perf_counter()
        shapes = jax.tree.map(
            lambda s: jax.ShapeDtypeStruct((size, *s.shape[1:]), s.dtype), self.state_shapes
        )
        advance = jax.jit(make_advance(self.bare, self.layout), donate_argnums=0, **self.layout.shardings)
        traced = advance.trace(shapes)
        lowered = traced.lower()
        options = training_options(traced.jaxpr.jaxpr)
        self.advances[size] = compile_with(lowered, options)
        self.seconds += time.perf_counter() - start
        return f"{lowered.as_text()}\n{allowed(options)}"

    @without_x64
    def advance(self, state: State) -> tuple[State, Report]:
        """Train all members to their next evaluation. The arrays of `state` are used up."""
        return self.advances[len(state.step)](state)


def cohort_shapes(bare: Trial, size: int) -> tuple[Any, ...]:
    """Shapes of what `Cohort.stack` makes."""
    members = jax.ShapeDtypeStruct((size,), jnp.float32)
    return (
        {path: members for path in knobs(bare)},
        jax.ShapeDtypeStruct((size,), jnp.uint32),
        jax.ShapeDtypeStruct((size,), jnp.bool_),
    )
