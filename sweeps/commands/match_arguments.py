"""What `lstm-variants match` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    results_option(parser)
    parser.add_argument("cells", nargs="+", metavar="CELL", help="a cell from `lstm-variants list`, or all")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--parameters", type=int, metavar="N", help="trained numbers")
    budget.add_argument("--flops", type=int, metavar="N", help="operations of one step of one sequence")
    budget.add_argument("--state", type=int, metavar="N", help="numbers carried from step to step")
    parser.add_argument("--inputs", type=int, required=True, metavar="N", help="features of the input")
    parser.add_argument("--json", action="store_true", help="one JSON object a cell, one a line")
