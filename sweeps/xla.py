"""Compiled programs kept on disk, so that the next sweep, or the next worker, need not compile them again.

JAX's persistent cache writes each entry under its own name and reads it whole or not at all, so that
processes may share a folder. Machine code for one processor can crash another: there is a folder for each kind
of processor and version of XLA. What is loaded is the same machine code, and gives the same bits.
"""

import functools
import hashlib
import os
import platform
from pathlib import Path

import jax
import jaxlib

from sweeps import cache


def folder() -> Path | None:
    """Where compiled programs are kept: below `$LSTM_VARIANTS_CACHE`, or the user's cache folder; None where
    the variable says "off" or there is no such folder."""
    if os.environ.get(cache.VARIABLE) == cache.OFF:
        return None
    if (chosen := cache.chosen()) is not None:
        return chosen / machine()
    usual = cache.usual()
    return None if usual is None else usual / "xla" / machine()


@functools.cache
def machine() -> str:
    """Twelve hexadecimal digits that differ where machine code may not be exchanged."""
    known = [platform.system(), platform.machine(), jax.__version__, jaxlib.__version__]
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        known += sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    except OSError:
        known += [platform.processor()]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12]


def switch_on() -> None:
    """Make this process keep what it compiles, and use what it finds. A folder that cannot be written is
    no error: everything is compiled, as without a cache."""
    place = folder()
    if place is None or jax.config.values["jax_compilation_cache_dir"]:  # the user's own choice
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(place))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")  # these write paths into the key


def deterministic_flags() -> dict[str, str]:
    """What makes XLA use no operation on a GPU whose result depends on the order of its threads."""
    return {"XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()}
