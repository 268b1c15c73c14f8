"""What `lstm-variants diagram` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument(
        "cell",
        metavar="CELL",
        help="a cell from `list`, package.module:Cell, file.py:Cell, all, or attention (of the read-out)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to draw: FILE.svg or FILE.png, with all a folder (default: CELL.svg here)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--compare", metavar="OTHER", help="draw another cell below, and point out where the two differ"
    )
    form.add_argument("--unroll", type=int, metavar="N", help="draw N steps side by side")
