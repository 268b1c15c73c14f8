"""Which training steps are measured, and beside what: `step.py` says what a step is."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

Case = dict[str, Any]

SIZES = ((32, 32), (64, 64), (128, 128))
LENGTH, LONGER = 100, 400
# torch.nn.GRU resets after the recurrent product: the equations of gru_after, the nearest to those of gru.
LIBRARY = {"lstm": "LSTM", "gru": "GRU", "gru_after": "GRU", "rnn": "RNN"}
NO_LOOP = ("grid_depth", "transformer")
MEMBERS = tuple(4**k for k in range(7))
ONE_CORE, ALL_CORES = "one core", "all cores"
QUICK_CELLS = ("lstm", "peephole")


def settings(backend: str, available: int) -> tuple[str, ...]:
    """The settings of cores to measure in."""
    if backend != "cpu":
        return (backend,)
    return (ONE_CORE, ALL_CORES) if available > 1 else (ONE_CORE,)


def cases(cells: Iterable[str], *, quick: bool = False, backend: str = "cpu") -> Iterator[Case]:
    """The training steps to measure."""
    for cell in cells:
        sizes = [(*size, LENGTH, 1) for size in SIZES] + [(32, 32, LONGER, 1)]
        if cell in ("lstm", "gru", "rnn"):
            sizes.append((64, 64, LONGER, 1))
        if cell == "lstm" and backend != "cpu":
            sizes += [(32, 32, LENGTH, members) for members in MEMBERS[1:]]
        if quick:
            sizes = [(4, 4, 8, 1)]
        yield from (step_case(cell, *size) for size in sizes)


def step_case(cell: str, batch: int, hidden: int, length: int, members: int = 1) -> Case:
    """What a side builds; members: trials of the cohort."""
    sizes = {"batch": batch, "hidden": hidden, "length": length, "members": members}
    return {"what": "step", "cell": cell, **sizes}


def beside(case: Case, forms: Iterable[str], eager: Collection[str]) -> dict[str, tuple[str, str]]:
    """What a case is measured beside: `{side: (process, form there)}`. forms: what there is in JAX. eager: the cells
    that are written as a loop in PyTorch."""
    cell, found = case["cell"], dict[str, tuple[str, str]]()
    if case["members"] > 1:
        return found
    if cell in LIBRARY:
        found[f"torch.nn.{LIBRARY[cell]}"] = "torch", "library"
    if cell in eager:
        found["PyTorch, batched" if cell in NO_LOOP else "PyTorch, eager"] = "torch", "eager"
    if cell == "lstm":
        names = {"flax": "flax.nnx.RNN", "cudnn": "jax.experimental.rnn"}
        found |= {names[form]: ("jax", form) for form in forms}
    return found
