"""The compiled form of a structure: what is kept, one a worker, so that nothing compiles twice."""

import jax
import jax.numpy as jnp

from experiments.cohort import Cohort, State, make_advance, make_init
from experiments.specs import knobs
from experiments.trial import Trial

# `init` runs once a cohort, so its machine code need not be good: this compiles three times faster.
QUICKLY: dict[str, str | bool] = {"xla_backend_optimization_level": "0"}


class Program:
    """`init` and `advance` for cohorts of one structure and size, compiled when constructed."""

    def __init__(self, bare: Trial, size: int):
        members = jax.ShapeDtypeStruct((size,), jnp.float32)
        arguments = (
            {path: members for path in knobs(bare)},
            jax.ShapeDtypeStruct((size,), jnp.uint32),
            jax.ShapeDtypeStruct((size,), jnp.bool_),
        )
        init = jax.jit(make_init(bare))
        self.init = init.lower(*arguments).compile(compiler_options=QUICKLY)
        advance = jax.jit(make_advance(bare), donate_argnums=0)
        self.advance = advance.lower(jax.eval_shape(init, *arguments)).compile()

    def start(self, cohort: Cohort) -> State:
        """The state of a cohort before its first update."""
        return self.init(*cohort.stack())
