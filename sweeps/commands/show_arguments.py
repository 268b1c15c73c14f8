"""What `lstm-variants show` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument("task", metavar="TASK", help="a task from `lstm-variants list`, or file.py:Task")
    parser.add_argument(
        "--sequences", type=int, default=3, metavar="N", help="number of sequences to print (default: 3)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field of the task, such as length=20; repeatable",
    )
