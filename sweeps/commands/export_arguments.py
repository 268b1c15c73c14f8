"""What `lstm-variants export` takes."""

import argparse

from sweeps.terminal.arguments import study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    parser.add_argument(
        "--out", default="-", metavar="FILE", help="the sweep file (default: standard output)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="set a field of the study before it is written, such as steps=4000; repeatable",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="use this seed instead of the study's own")
