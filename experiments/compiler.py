"""What XLA is told of a program: the one place for its options, and the rule that chooses among them.

XLA runs a program for a CPU as a graph of small functions. A time step of an LSTM, forward and backward, is some
thirty of them, and with up to 32 hidden units it takes longer to start them than to run them. `ONE_FUNCTION` makes a
loop over time one function, with its products written out: at 16 units twice as fast and compiled in half the time.
Larger products are better left to the libraries that XLA calls, and so are networks that do not step through time:
`LIBRARIES` leaves a program as XLA would make it. `training_options` looks at the update in the traced program: one
function where it steps through time, with no large product and not many multiplications beside its other operations.

An option that the user has set in `XLA_FLAGS` stays as it is set there. One that this version of XLA does not know is
left out, with a warning.
"""

import math
import os
import platform
import re
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from jax.extend.core import jaxprs_in_params

Options = dict[str, Any]

LIBRARIES: Options = {"xla_disable_hlo_passes": "small-while-loop-hoisting"}

# `init` runs once a cohort, so its machine code need not be good: this compiles five times faster.
QUICK: Options = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False} | LIBRARIES

# LLVM's level 1 compiles 1.1 to 1.6 times faster than XLA's default, 3, and trains 1.0 to 1.5 times faster. XLA's
# vectors for x86 are 256 bits; on processors with 512 training is 1.05 to 1.2 times faster, others ignore it.
GOOD: Options = {"xla_backend_optimization_level": 1, "xla_cpu_prefer_vector_width": 512}

# What works on all steps at once is up to 1.5 times faster at XLA's default level.
PARALLEL: Options = {"xla_backend_optimization_level": 3}

ONE_FUNCTION: Options = {
    "xla_cpu_multi_thread_eigen": False,
    "xla_cpu_experimental_ynn_fusion_type": "",
}

# Multiplications in one product, up to where XLA's own code is no slower than the libraries: of rows by columns, and of
# any other kind, where it is slow (a transposed matrix, many products at once). And multiplications to each other
# operation of a step: beyond, what is saved in starting operations is lost in the products.
PLAIN, OTHER, EACH = 2**19, 2**12, 30_000

EXTRA = "xla_backend_extra_options"
UNKNOWN = re.compile(r"No such compile option: '(\w+)'")
unknown: set[str] = set()  # options that this version of XLA refused


def extra_options() -> dict[str, str]:
    """Of these XLA hears from the environment alone, when it first computes; `LIBRARIES` undoes them for a program.

    A tile of 8 rows by two vectors fills 32 registers, as AVX-512 and ARM have them; with the 16 of other processors
    for x86, 4 rows are 1.2 times faster.
    """
    rows = (
        "4:8" if platform.machine() in ("x86_64", "AMD64") and "avx512f" not in processor_flags() else "8:4"
    )
    return {
        "xla_cpu_small_while_loop_byte_threshold": "1000000000",
        "xla_force_enable_experimental_llvm_ir_gemm": "",
        "xla_llvm_ir_gemm_tile_size": f"{rows}:2*vectwidth",
    }


def processor_flags() -> set[str]:
    """What Linux says that the processor can do; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line.split() for line in lines if line.startswith("flags")), ()))


def flags_in(text: str) -> dict[str, str]:
    """`XLA_FLAGS` as name to value ("true" for a bare flag); `EXTRA` once, with the entries of all its mentions."""
    found, entries = dict[str, str](), list[str]()
    for word in shlex.split(text):
        name, _, value = word.lstrip("-").partition("=")
        entries += [entry for entry in value.split(",") if entry] if name == EXTRA else []
        found[name] = value or "true"
    return found | ({EXTRA: ",".join(entries)} if entries else {})


def with_extra_options(text: str, ours: dict[str, str]) -> str:
    """`XLA_FLAGS` (or the file that it names) with our extra options beside the user's, whose values stay."""
    if text and not text.lstrip().startswith("-") and Path(text).is_file():
        text = Path(text).read_text()
    theirs = flags_in(text).get(EXTRA, "")
    named = {entry.partition("=")[0] for entry in theirs.split(",")}
    added = [f"{name}={value}" if value else name for name, value in ours.items() if name not in named]
    # All of them in one flag: whether a second mention adds to the first or replaces it is not documented.
    merged = ",".join(([theirs] if theirs else []) + added)
    return f"{text} --{EXTRA}={merged}".strip() if added else text


os.environ["XLA_FLAGS"] = with_extra_options(os.environ.get("XLA_FLAGS", ""), extra_options())


def allowed(options: Options) -> Options:
    """The options less those that the user has set, or that XLA is known not to know."""
    theirs = flags_in(os.environ.get("XLA_FLAGS", ""))
    kept = {name: value for name, value in options.items() if name not in theirs.keys() | unknown}
    passes = "xla_disable_hlo_passes"  # a list, to which ours is added
    if passes in options and passes in theirs:
        kept[passes] = f"{theirs[passes]},{options[passes]}"
    return kept


def compile_with(lowered: Any, options: Options) -> Any:
    """Compile a lowered program with as many of the options as are `allowed`."""
    while True:
        try:
            return lowered.compile(compiler_options=allowed(options))
        except Exception as error:  # which kind depends on the version of JAX
            found = UNKNOWN.search(str(error))
            if found is None or found[1] not in allowed(options):
                raise
            unknown.add(found[1])
            warnings.warn(
                f"The XLA of JAX {jax.__version__} does not know the option {found[1]}. It is skipped; training "
                "may be slower.",
                stacklevel=2,
            )


def training_options(program: Any) -> Options:
    """For the traced program of `advance` (a jaxpr), on this process's device."""
    if jax.default_backend() != "cpu":
        return {}
    update = next(bodies(program, "while", "body_jaxpr"), program)
    steps = [line for step in bodies(update, "scan", "jaxpr") for line in lines(step)]
    found = [product for line in steps if (product := product_of(line))]
    if not found:
        return GOOD | LIBRARIES | PARALLEL
    each = sum(terms for terms, _ in found) / max(1, len(steps) - len(found))
    everywhere = (product for line in lines(update) if (product := product_of(line)))
    small = all(terms <= (PLAIN if plain else OTHER) for terms, plain in everywhere)
    return GOOD | (ONE_FUNCTION if small and each <= EACH else LIBRARIES)


def bodies(program: Any, name: str, parameter: str) -> Iterator[Any]:
    """The bodies of the outermost loops of a kind, in order."""
    for line in program.eqns:
        if line.primitive.name == name:
            yield line.params[parameter].jaxpr
        else:
            for inner in jaxprs_in_params(line.params):
                yield from bodies(inner, name, parameter)


def lines(program: Any) -> Iterator[Any]:
    """Its operations, with those of the programs within."""
    for line in program.eqns:
        inner = list(jaxprs_in_params(line.params))
        if not inner:
            yield line
        for one in inner:
            yield from lines(one)


def product_of(line: Any) -> tuple[int, bool] | None:
    """Of a matrix product its multiplications, and whether it is one of rows by columns; None for other operations."""
    if line.primitive.name != "dot_general":
        return None
    (contracted, others), (batch, _) = line.params["dimension_numbers"]
    shape = line.invars[0].aval.shape
    terms = line.outvars[0].aval.size * math.prod(shape[i] for i in contracted)
    return terms, not batch and (*contracted, *others) == (len(shape) - 1, 0)
