"""Randomness has an address: every draw comes from (seed, stream, index) and from nothing else.

A Threefry key is 64 bits wide; ours are the seed in the high word and stream and index in the low one, so
that addressing costs no generator calls (each would be compiled into every program). Threefry is built
for such related keys (Salmon et al. 2011: a counter-based generator with a strong mixing function).
"""

import jax
import jax.numpy as jnp

# The low words of each stream. "init" has a single draw, so later streams took words of its own when they came.
STREAMS = {
    "init": range(0, 2**28),
    "longer": range(2**28, 2**29),
    "noise": range(2**29, 2**30),
    "data": range(2**30, 2 * 2**30),
    "validation": range(2 * 2**30, 3 * 2**30),
    "test": range(3 * 2**30, 4 * 2**30),
}


def stream(seed: jax.Array | int, name: str, index: jax.Array | int = 0) -> jax.Array:
    """Key of draw number `index`, below `len(STREAMS[name])`, of a stream, for a seed in [0, 2**32)."""
    start = jnp.uint32(STREAMS[name].start)
    words = jnp.stack([jnp.asarray(seed, jnp.uint32), start + jnp.asarray(index, jnp.uint32)])
    return jax.random.wrap_key_data(words, impl="threefry2x32")
