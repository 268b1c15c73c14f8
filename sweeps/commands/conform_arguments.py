"""What `lstm-variants conform` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    results_option(parser)
    parser.add_argument(
        "cells",
        nargs="+",
        metavar="CELL",
        help="package.module:Cell, file.py:Cell, a cell from `list`, or all",
    )
    held = parser.add_mutually_exclusive_group()
    held.add_argument("--as", dest="claim", metavar="NAME", help="hold it against these equations")
    held.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="hold it against equations of your own (docs/conformance.md)",
    )
    parser.add_argument(
        "--with",
        dest="extra",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="argument for making the cell, such as layers=3; repeatable",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a cell, one a line")
    form.add_argument("--markdown", action="store_true", help="one table")
