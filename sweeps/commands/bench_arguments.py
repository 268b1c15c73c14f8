"""What `lstm-variants bench` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument(
        "--only",
        metavar="SECTIONS",
        help="comma-separated list, from step, sizes, peers, rate, study, ablation, scaling and orchestration "
        "(default: all)",
    )
    parser.add_argument(
        "--cells", metavar="NAMES", help="time training steps of these cells only, such as lstm,gru"
    )
    parser.add_argument(
        "--one-core",
        action="store_true",
        help="time training steps on one pinned core only, not also on all cores",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="number of rounds of measurement (default: 3 to 5, depending on cost)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to check that it runs; timings mean nothing"
    )
    parser.add_argument("--json", action="store_true", help="print all measurements instead of the tables")
    parser.add_argument(
        "--out", default="results/bench", metavar="DIR", help="output directory (default: results/bench)"
    )
