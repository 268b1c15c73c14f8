"""Benchmarks: what a training step, a study and a sweep cost here, beside the alternatives, in one run.

A section is a module of this package with

    run(options) -> list[dict]     measure; rows are flat, of JSON's types, with the section's name as "section"
    table(rows) -> str             these rows as Markdown, a pure function

and, where it needs PyTorch, `NEEDS_TORCH = True`. It imports nothing heavy itself: what is measured runs in child
processes or is imported inside `run`. Rows hold every round's seconds; medians and ratios are made by `table`.
"""

from dataclasses import dataclass
from pathlib import Path

SECTIONS = ("step", "sizes", "peers", "rate", "study", "ablation", "scaling", "orchestration")


@dataclass(frozen=True, kw_only=True)
class Options:
    """quick: tiny sizes and few rounds, to see that everything runs; its numbers mean nothing. rounds: how often
    each measurement is made; None: what its section finds worth the time. out: the
    directory of the results, for sections that write files of their own. cells, settings: for `step`, these alone;
    empty: all."""

    quick: bool = False
    rounds: int | None = None
    out: Path = Path("results/bench")
    cells: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
