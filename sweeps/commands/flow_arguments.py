"""What `lstm-variants flow` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option

SEEDS = 16  # networks per cell


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument(
        "cells", nargs="*", metavar="CELL", help="a cell from `list`, package.module:Cell, or file.py:Cell"
    )
    parser.add_argument(
        "--study",
        metavar="STUDY",
        help="in place of cells: measure the confirmed networks of a study, from its results, and keep it there",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="with --study: number of workers, as in `sweep` (0: none)"
    )
    parser.add_argument("--task", default="adding", metavar="NAME", help="default: adding")
    parser.add_argument(
        "--length", type=int, metavar="T", help="sequence length of the task (or its lag, delay or distance)"
    )
    parser.add_argument("--hidden", type=int, default=16, metavar="N", help="hidden units (default: 16)")
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="networks per cell (default: 16; with --study 9 per cell and task)",
    )
    parser.add_argument(
        "--steps", type=int, default=400, metavar="N", help="optimiser updates, an even number (default: 400)"
    )
    parser.add_argument(
        "--sequences", type=int, default=32, metavar="N", help="measured on this many (default: 32)"
    )
    parser.add_argument(
        "--learning-rate", type=float, default=0.01, metavar="X", help="of Adam (default: 0.01)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first network (default: 0)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="set any field of the trials, such as task.countries=4 or optimizer.clip=inf; repeatable",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("flow"),
        metavar="DIR",
        help="folder for flow.png, flow.svg, flow.csv and summary.csv (default: flow)",
    )
