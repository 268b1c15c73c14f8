"""What `lstm-variants conform` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument(
        "cells",
        nargs="+",
        metavar="CELL",
        help="package.module:Cell, file.py:Cell, a cell from `list`, or all",
    )
    held = parser.add_mutually_exclusive_group()
    held.add_argument(
        "--as", dest="claim", metavar="NAME", help="check the cell against these published equations"
    )
    held.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="check the cell against your own equations (see docs/conformance.md)",
    )
    parser.add_argument(
        "--with",
        dest="extra",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="argument for the cell's constructor, such as layers=3; repeatable",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object per line and cell")
    form.add_argument("--markdown", action="store_true", help="print one Markdown table")
