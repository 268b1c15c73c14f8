"""What `lstm-variants match` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument("cells", nargs="+", metavar="CELL", help="a cell from `lstm-variants list`, or all")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--parameters", type=int, metavar="N", help="trainable parameters")
    budget.add_argument("--flops", type=int, metavar="N", help="FLOPs per time step and sequence")
    budget.add_argument(
        "--state", type=int, metavar="N", help="state size: numbers carried from step to step"
    )
    parser.add_argument("--inputs", type=int, required=True, metavar="N", help="input features")
    parser.add_argument(
        "--attend",
        action="store_true",
        help="cells whose read-out attends to all states, within the same budget",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line and cell")
