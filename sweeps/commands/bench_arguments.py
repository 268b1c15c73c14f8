"""What `lstm-variants bench` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    results_option(parser)
    parser.add_argument(
        "--only",
        metavar="SECTIONS",
        help="a list such as step,rate of step, sizes, peers, rate, study, ablation, scaling and orchestration "
        "(default: all)",
    )
    parser.add_argument("--cells", metavar="NAMES", help="training steps of these cells alone: lstm,gru")
    parser.add_argument(
        "--one-core", action="store_true", help="training steps on one pinned core alone, not on all as well"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="measure everything N times (default: 3 to 5, by what it takes)",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes: whether it runs, not how fast")
    parser.add_argument("--json", action="store_true", help="print all measurements in place of the tables")
    parser.add_argument(
        "--out", default="results/bench", metavar="DIR", help="where to write (default: results/bench)"
    )
